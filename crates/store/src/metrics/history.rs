//! The points of one series.

use std::fmt;

use ferroflow_model::metrics::{Metric, MetricHistory as Series};
use ferroflow_model::{Page, Result};

use super::metric_value;
use crate::args;
use crate::command::{Query, Tenant};
use crate::conn::Conn;
use crate::search::refused_token;

/// Reads the points of one series of one run, in the order of time, step and value. A page begins
/// where the last one ended, so that each costs the same.
pub struct MetricHistory {
    /// The tenant.
    pub tenant: Tenant,
    /// The series, and which page of it.
    pub series: Series,
    /// The interned key of the series.
    pub key_id: i64,
}

impl Query for MetricHistory {
    type Out = Page<Metric>;
    const NAME: &'static str = "metrics.history";
    // A series may have millions of points.
    const IS_LONG: bool = true;

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Page<Metric>> {
        const SQL: &str = "SELECT timestamp_ms, step, value, is_nan FROM metric_points \
            WHERE experiment_pk = $1 AND run_pk = $2 AND key_id = $3 \
            AND (timestamp_ms, step, value, is_nan) > ($4, $5, $6, $7) \
            ORDER BY timestamp_ms, step, value, is_nan LIMIT $8";
        let after = self.after()?;
        let Some((experiment_pk, run_pk)) = self.find_run(conn).await? else {
            return Ok(Page::empty());
        };
        // One point more than fits tells whether there is another page.
        let limit = self.size().saturating_add(1);
        let args = args![
            experiment_pk,
            run_pk,
            self.key_id,
            after.timestamp_ms,
            after.step,
            after.value,
            after.is_nan,
            i64::try_from(limit).unwrap_or(i64::MAX),
        ];
        let points = conn
            .query(SQL, args, |row| {
                Ok(Metric {
                    key: self.series.key.clone(),
                    value: metric_value(row, 2)?,
                    timestamp_ms: row.get(0)?,
                    step: row.get(1)?,
                })
            })
            .await?;
        Ok(self.page(points))
    }
}

impl MetricHistory {
    async fn find_run<C: Conn>(&self, conn: &mut C) -> Result<Option<(i64, i64)>> {
        const SQL: &str = "SELECT experiment_pk, run_pk FROM runs \
            WHERE platform_pk = $1 AND run_id = $2 AND workspace_pk = $3";
        let run_id = self.series.run_id.as_str();
        let args = args![self.tenant.platform, run_id, self.tenant.workspace];
        conn.query_optional(SQL, args, |row| Ok((row.get(0)?, row.get(1)?)))
            .await
    }

    /// The place after which the page begins.
    fn after(&self) -> Result<Place> {
        let token = self
            .series
            .page
            .as_ref()
            .and_then(|page| page.page_token.as_deref());
        token.map_or(Ok(Place::START), Place::parse)
    }

    /// How many points fit on the page.
    fn size(&self) -> usize {
        self.series
            .page
            .as_ref()
            .map_or(usize::MAX, |page| page.max_results)
    }

    fn page(&self, mut points: Vec<Metric>) -> Page<Metric> {
        let has_more = points.len() > self.size();
        points.truncate(self.size());
        let last = points.last().filter(|_| has_more);
        Page {
            next_page_token: last.map(|point| Place::of(point).to_string()),
            items: points,
        }
    }
}

/// The place of a point in its series. Its text is a page token: 49 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Place {
    timestamp_ms: i64,
    step: i64,
    value: f64,
    is_nan: bool,
}

impl Place {
    /// Before all points.
    const START: Self = Self {
        timestamp_ms: i64::MIN,
        step: i64::MIN,
        value: f64::MIN,
        is_nan: false,
    };

    fn of(point: &Metric) -> Self {
        let is_nan = point.value.is_nan();
        let value = if is_nan { 0.0 } else { point.value };
        Self {
            timestamp_ms: point.timestamp_ms,
            step: point.step,
            value,
            is_nan,
        }
    }

    fn parse(token: &str) -> Result<Self> {
        let number = |start: usize| {
            let digits = token.get(start..start + 16)?;
            u64::from_str_radix(digits, 16).ok()
        };
        let place = || {
            let value = f64::from_bits(number(32)?);
            let is_nan = match token.get(48..)? {
                "0" => false,
                "1" => true,
                _ => return None,
            };
            Some(Self {
                timestamp_ms: number(0)?.cast_signed(),
                step: number(16)?.cast_signed(),
                value: Some(value).filter(|value| value.is_finite())?,
                is_nan,
            })
        };
        place().ok_or_else(|| refused_token(token))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            timestamp_ms,
            step,
            value,
            is_nan,
        } = self;
        let (value, is_nan) = (value.to_bits(), u8::from(*is_nan));
        write!(f, "{timestamp_ms:016x}{step:016x}{value:016x}{is_nan}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_a_place() {
        for value in [0.1, -2.5e-300, f64::MAX, f64::NAN] {
            let point = Metric {
                key: String::new(),
                value,
                timestamp_ms: 17,
                step: -3,
            };
            let place = Place::of(&point);
            assert_eq!(Place::parse(&place.to_string()).ok(), Some(place));
        }
    }

    #[test]
    fn other_tokens_are_refused() {
        let token = Place::START.to_string();
        for token in [
            "",
            "x",
            "eyJvZmZzZXQiOiAxfQ==",
            &token[1..],
            &format!("{token}0"),
        ] {
            assert!(Place::parse(token).is_err(), "{token}");
        }
        let infinite = Place {
            value: f64::INFINITY,
            ..Place::START
        };
        assert!(Place::parse(&infinite.to_string()).is_err());
        assert!(Place::parse(&"ü".repeat(25)).is_err());
    }
}
