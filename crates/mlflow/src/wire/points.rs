//! Points as JSON, written straight into the answer: there may be many thousands.

use ferroflow_model::metrics::Point;
use ferroflow_model::{Error, Result, RunId};
use serde::Serialize;

/// How a value is written that is not a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotANumber {
    /// As a text, as protobuf does.
    Text,
    /// Bare, as Python does.
    Literal,
}

/// A list of points of one key, as it is written.
#[derive(Debug)]
pub(crate) struct PointList {
    json: Vec<u8>,
    /// What each point begins with.
    head: Vec<u8>,
    not_a_number: NotANumber,
    is_empty: bool,
}

impl PointList {
    /// The beginning of an answer.
    pub(crate) fn new(key: &str, not_a_number: NotANumber) -> Result<Self> {
        let mut head = b"{\"key\":".to_vec();
        write(&mut head, key)?;
        head.extend(b",\"value\":");
        Ok(Self {
            json: b"{\"metrics\":[".to_vec(),
            head,
            not_a_number,
            is_empty: true,
        })
    }

    /// Whether there was no point so far.
    pub(crate) const fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// What has been written and was not yet taken.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.json)
    }

    /// Writes points, with their run where it belongs to the answer.
    pub(crate) fn extend(&mut self, points: &[Point], run_id: Option<&RunId>) -> Result<()> {
        let mut tail = Vec::new();
        if let Some(run_id) = run_id {
            tail.extend(b",\"run_id\":");
            write(&mut tail, run_id.as_str())?;
        }
        tail.push(b'}');
        for point in points {
            self.push(point, &tail)?;
        }
        Ok(())
    }

    fn push(&mut self, point: &Point, tail: &[u8]) -> Result<()> {
        if !self.is_empty {
            self.json.push(b',');
        }
        self.is_empty = false;
        self.json.extend(&self.head);
        match self.not_a_number {
            _ if !point.value.is_nan() => write(&mut self.json, &point.value)?,
            NotANumber::Text => self.json.extend(b"\"NaN\""),
            NotANumber::Literal => self.json.extend(b"NaN"),
        }
        self.json.extend(b",\"timestamp\":");
        write(&mut self.json, &point.timestamp_ms)?;
        self.json.extend(b",\"step\":");
        write(&mut self.json, &point.step)?;
        self.json.extend(tail);
        Ok(())
    }

    /// What is left of the answer; the whole, when nothing was taken.
    pub(crate) fn finish(mut self, next_page_token: Option<&str>) -> Result<Vec<u8>> {
        self.json.push(b']');
        if let Some(token) = next_page_token {
            self.json.extend(b",\"next_page_token\":");
            write(&mut self.json, token)?;
        }
        self.json.push(b'}');
        Ok(self.json)
    }
}

fn write<T: Serialize + ?Sized>(json: &mut Vec<u8>, value: &T) -> Result<()> {
    serde_json::to_writer(json, value).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(value: f64) -> Point {
        Point {
            value,
            timestamp_ms: 7,
            step: -1,
        }
    }

    #[test]
    fn points_are_objects_in_a_list() {
        let mut list = PointList::new("a\"b", NotANumber::Text).unwrap();
        assert!(list.is_empty());
        list.extend(&[point(0.5), point(f64::NAN)], None).unwrap();
        list.extend(&[point(2.0)], Some(&RunId::new("r"))).unwrap();
        assert!(!list.is_empty());
        assert_eq!(
            String::from_utf8(list.finish(Some("t")).unwrap()).unwrap(),
            r#"{"metrics":[{"key":"a\"b","value":0.5,"timestamp":7,"step":-1},{"key":"a\"b","value":"NaN","timestamp":7,"step":-1},{"key":"a\"b","value":2.0,"timestamp":7,"step":-1,"run_id":"r"}],"next_page_token":"t"}"#
        );
    }

    #[test]
    fn pages_read_not_a_number_bare() {
        let mut list = PointList::new("m", NotANumber::Literal).unwrap();
        list.extend(&[point(f64::NAN)], None).unwrap();
        let json = list.finish(None).unwrap();
        assert_eq!(
            json,
            br#"{"metrics":[{"key":"m","value":NaN,"timestamp":7,"step":-1}]}"#
        );
    }

    #[test]
    fn no_points_are_an_empty_list() {
        let list = PointList::new("m", NotANumber::Literal).unwrap();
        assert_eq!(list.finish(None).unwrap(), b"{\"metrics\":[]}");
    }
}
