//! The points of one series.

use std::fmt;

use ferroflow_model::metrics::{MetricHistory as Asked, Point};
use ferroflow_model::{Page, Result};

use super::order::number;
use super::series::find_series;
use crate::command::{Query, Tenant};
use crate::conn::Conn;
use crate::search::refused_token;

/// Reads the points of one series of one run, in the order of time, step and value. A page begins
/// where the last one ended; each costs the same, unless time went back while steps went on.
pub struct MetricHistory {
    /// The tenant.
    pub tenant: Tenant,
    /// The series, and which page of it.
    pub series: Asked,
    /// The interned key of the series.
    pub key_id: i64,
}

impl Query for MetricHistory {
    type Out = Page<Point>;
    const NAME: &'static str = "metrics.history";
    // A series may have millions of points.
    const IS_LONG: bool = true;
    // Points move from the tail into blocks.
    const IS_SNAPSHOT: bool = true;

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Page<Point>> {
        let after = self.after()?;
        let run_ids = std::slice::from_ref(&self.series.run_id);
        let series = find_series(conn, self.tenant, run_ids, self.key_id).await?;
        let Some(series) = series.get(&self.series.run_id) else {
            return Ok(Page::empty());
        };
        // One point more than fits tells whether there is another page.
        let points = series
            .read(conn, after, self.size().saturating_add(1))
            .await?;
        Ok(self.page(points))
    }
}

impl MetricHistory {
    /// The place after which the page begins.
    fn after(&self) -> Result<Option<Point>> {
        let token = self
            .series
            .page
            .as_ref()
            .and_then(|page| page.page_token.as_deref());
        let place = token.map(Place::parse).transpose()?;
        Ok(place.map(|Place(point)| point))
    }

    /// How many points fit on the page.
    fn size(&self) -> usize {
        self.series
            .page
            .as_ref()
            .map_or(usize::MAX, |page| page.max_results)
    }

    fn page(&self, mut points: Vec<Point>) -> Page<Point> {
        let has_more = points.len() > self.size();
        points.truncate(self.size());
        let last = points.last().filter(|_| has_more);
        Page {
            next_page_token: last.map(|point| Place(*point).to_string()),
            items: points,
        }
    }
}

/// The place of a point in its series. Its text is a page token: 49 hexadecimal digits.
struct Place(Point);

impl Place {
    fn parse(token: &str) -> Result<Self> {
        let number = |start: usize| {
            let digits = token.get(start..start + 16)?;
            u64::from_str_radix(digits, 16).ok()
        };
        let place = || {
            let value = Some(f64::from_bits(number(32)?)).filter(|value| value.is_finite())?;
            let value = match token.get(48..)? {
                "0" => value,
                "1" => f64::NAN,
                _ => return None,
            };
            Some(Self(Point {
                timestamp_ms: number(0)?.cast_signed(),
                step: number(16)?.cast_signed(),
                value,
            }))
        };
        place().ok_or_else(|| refused_token(token))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Point {
            timestamp_ms,
            step,
            value,
        } = self.0;
        let (value, is_nan) = number(value);
        let (value, is_nan) = (value.to_bits(), u8::from(is_nan));
        write!(f, "{timestamp_ms:016x}{step:016x}{value:016x}{is_nan}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(value: f64) -> Place {
        Place(Point {
            value,
            timestamp_ms: 17,
            step: -3,
        })
    }

    #[test]
    fn a_token_is_a_place() {
        for value in [0.1, -2.5e-300, f64::MAX, f64::NAN] {
            let token = place(value).to_string();
            let Place(point) = Place::parse(&token).unwrap();
            assert_eq!((point.timestamp_ms, point.step), (17, -3));
            assert_eq!(number(point.value), number(value));
        }
    }

    #[test]
    fn other_tokens_are_refused() {
        let token = place(0.5).to_string();
        for token in [
            "",
            "x",
            "eyJvZmZzZXQiOiAxfQ==",
            &token[1..],
            &format!("{token}0"),
        ] {
            assert!(Place::parse(token).is_err(), "{token}");
        }
        assert!(Place::parse(&place(f64::INFINITY).to_string()).is_err());
        assert!(Place::parse(&"ü".repeat(25)).is_err());
    }
}
