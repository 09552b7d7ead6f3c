//! Points of one series, packed: each is the difference of its step and of its time to the one
//! before, in as few bytes as these need, and its value in eight.

use ferroflow_model::metrics::Point;
use ferroflow_model::{Error, Result};

/// How large a block gets. With its columns it just fits into a row that SQLite keeps in one
/// place: four to a page of 4096 bytes.
const FULL: usize = 940;

/// A block that is being written. It has at least one point.
#[derive(Debug, Clone)]
pub(super) struct Block {
    data: Vec<u8>,
    count: i64,
    step: i64,
    timestamp_ms: i64,
}

impl Block {
    /// A block of one point.
    pub(super) fn of(point: Point) -> Self {
        let mut block = Self {
            data: Vec::with_capacity(32),
            count: 0,
            step: 0,
            timestamp_ms: 0,
        };
        block.encode(point);
        block
    }

    /// A block that was written before; the step and time of its last point are those of `last`.
    pub(super) fn resume(data: Vec<u8>, count: i64, last: Point) -> Self {
        Self {
            data,
            count,
            step: last.step,
            timestamp_ms: last.timestamp_ms,
        }
    }

    /// Adds a point, unless the block is full.
    fn push(&mut self, point: Point) -> bool {
        let size = self.data.len();
        let (step, timestamp_ms) = (self.step, self.timestamp_ms);
        self.encode(point);
        if self.data.len() <= FULL {
            return true;
        }
        self.data.truncate(size);
        self.count -= 1;
        (self.step, self.timestamp_ms) = (step, timestamp_ms);
        false
    }

    fn encode(&mut self, point: Point) {
        push_difference(&mut self.data, point.step.wrapping_sub(self.step));
        push_difference(
            &mut self.data,
            point.timestamp_ms.wrapping_sub(self.timestamp_ms),
        );
        self.data.extend(point.value.to_le_bytes());
        self.count += 1;
        (self.step, self.timestamp_ms) = (point.step, point.timestamp_ms);
    }

    /// Adds points, and answers the blocks that became full on the way.
    pub(super) fn fill(&mut self, points: impl IntoIterator<Item = Point>) -> Vec<Self> {
        let mut full = Vec::new();
        for point in points {
            if !self.push(point) {
                full.push(std::mem::replace(self, Self::of(point)));
            }
        }
        full
    }

    /// Packs points into blocks of about the same size, so that each has room for more.
    pub(super) fn pack(points: &[Point]) -> Vec<Self> {
        let Some((first, rest)) = points.split_first() else {
            return Vec::new();
        };
        let mut block = Self::of(*first);
        if block.fill(rest.iter().copied()).is_empty() {
            return vec![block];
        }
        let (left, right) = points.split_at(points.len() / 2);
        [Self::pack(left), Self::pack(right)].concat()
    }

    /// What is stored.
    pub(super) fn data(&self) -> &[u8] {
        &self.data
    }

    /// How many points there are.
    pub(super) const fn count(&self) -> i64 {
        self.count
    }

    /// The points.
    pub(super) fn points(&self) -> Result<Vec<Point>> {
        let mut points = Vec::new();
        unpack(&self.data, &mut points)?;
        Ok(points)
    }
}

/// Adds the points of a block to `points`, in their order.
pub(super) fn unpack(data: &[u8], points: &mut Vec<Point>) -> Result<()> {
    let mut rest = data;
    let mut last = Point {
        value: 0.0,
        timestamp_ms: 0,
        step: 0,
    };
    while !rest.is_empty() {
        last = take_point(&mut rest, last)
            .ok_or_else(|| Error::internal("a block of points is damaged"))?;
        points.push(last);
    }
    Ok(())
}

fn take_point(rest: &mut &[u8], last: Point) -> Option<Point> {
    let step = last.step.wrapping_add(take_difference(rest)?);
    let timestamp_ms = last.timestamp_ms.wrapping_add(take_difference(rest)?);
    let (value, others) = rest.split_first_chunk()?;
    *rest = others;
    Some(Point {
        value: f64::from_le_bytes(*value),
        timestamp_ms,
        step,
    })
}

/// Writes small differences of either sign in few bytes: seven bits in each, the last one marked.
fn push_difference(data: &mut Vec<u8>, difference: i64) {
    let mut rest = ((difference << 1) ^ (difference >> 63)).cast_unsigned();
    while rest >= 0x80 {
        data.push(low_byte(rest) | 0x80);
        rest >>= 7;
    }
    data.push(low_byte(rest));
}

const fn low_byte(number: u64) -> u8 {
    number.to_le_bytes()[0]
}

fn take_difference(rest: &mut &[u8]) -> Option<i64> {
    let mut number = 0_u64;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, others) = rest.split_first()?;
        *rest = others;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(step: i64, timestamp_ms: i64, value: f64) -> Point {
        Point {
            value,
            timestamp_ms,
            step,
        }
    }

    fn bits(points: &[Point]) -> Vec<(i64, i64, u64)> {
        let bits = |point: &Point| (point.step, point.timestamp_ms, point.value.to_bits());
        points.iter().map(bits).collect()
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let points = [
            point(i64::MIN, 0, f64::NAN),
            point(-1, i64::MAX, f64::MIN),
            point(0, 0, 0.0),
            point(1, 1_700_000_000_000, 0.1),
            point(i64::MAX, 3, f64::MAX),
        ];
        let mut block = Block::of(points[0]);
        assert!(block.fill(points[1..].iter().copied()).is_empty());
        assert_eq!(block.count(), 5);
        assert_eq!(bits(&block.points().unwrap()), bits(&points));
        let mut resumed = Block::resume(block.data().to_vec(), 5, points[4]);
        assert!(resumed.fill([point(7, 8, 9.0)]).is_empty());
        assert_eq!(
            bits(&resumed.points().unwrap()[5..]),
            [(7, 8, 9.0_f64.to_bits())]
        );
    }

    #[test]
    fn a_full_block_is_followed_by_another() {
        let points: Vec<Point> = (0..1000).map(|n| point(n, n * 1000, 0.5)).collect();
        let mut open = Block::of(points[0]);
        let mut blocks = open.fill(points[1..].iter().copied());
        assert!(
            blocks
                .iter()
                .all(|block| (FULL - 28..=FULL).contains(&block.data().len()))
        );
        blocks.push(open);
        let unpacked: Vec<Point> = blocks
            .iter()
            .flat_map(|block| block.points().unwrap())
            .collect();
        assert_eq!(unpacked, points);
        // A step and a second apart, a point takes eleven bytes.
        assert_eq!(blocks[1].count(), 85);
    }

    #[test]
    fn packing_leaves_room_in_each_block() {
        let points: Vec<Point> = (0..100).map(|n| point(n, n, 0.5)).collect();
        let blocks = Block::pack(&points);
        assert_eq!(
            blocks.iter().map(Block::count).collect::<Vec<_>>(),
            [50, 50]
        );
        assert!(Block::pack(&[]).is_empty());
    }

    #[test]
    fn damage_is_found() {
        for data in [&[2_u8][..], &[2, 2, 0, 0], &[0x80; 12]] {
            assert!(unpack(data, &mut Vec::new()).is_err());
        }
    }
}
