//! Narrowing a search: from the indexes on values to a few rows that hold all matches of a filter.

use ferroflow_model::Result;
use ferroflow_search::{Comparison, Expression, Filter, NumericOperator, Predicate, TextOperator};

use super::filter::{SideTable, push_column};
use super::order::NO_KEY;
use super::sql::Sql;
use crate::conn::{Conn, Engine};

/// A range of an index that holds all rows which a comparison matches.
pub(super) struct Range<'a> {
    /// A statement that selects the row keys of the range.
    entries: Sql<'a>,
    /// The same for those entries alone that match, where the index does not put them together.
    matching: Option<Sql<'a>>,
}

/// Which ranges of indexes hold all rows that a filter matches.
pub(super) enum Ranges<'a> {
    /// One range.
    One(Range<'a>),
    /// A match is in each of these.
    All(Vec<Self>),
    /// A match is in one of these.
    Any(Vec<Self>),
}

/// Index entries that are read to narrow a search of the registry.
const REGISTRY_ENTRIES: usize = 4_000;

/// The rows of the registry that a filter may match, when they are few; `range` as in
/// [`Ranges::of`].
pub(super) async fn narrow_registry<'a, C: Conn, F>(
    conn: &mut C,
    filter: Option<&'a Filter<F>>,
    range: impl Fn(&'a Comparison<F>) -> Option<Range<'a>>,
) -> Result<Option<Vec<i64>>> {
    match filter.and_then(|filter| Ranges::of(filter, &range)) {
        Some(ranges) => ranges.read(conn, REGISTRY_ENTRIES).await,
        None => Ok(None),
    }
}

/// Appends the condition that a row is one of these, if they are known, and ` AND +`. The plus
/// keeps the engines from the index that what follows could use.
pub(super) fn push_few<'a>(sql: &mut Sql<'a>, row_key: &str, rows: Option<&'a [i64]>) {
    if let Some(rows) = rows {
        sql.push_any_of(row_key, rows);
        sql.push(" AND +");
    }
}

/// Appends the condition that a row, which an index gives, is one of these. They are hashed, not
/// looked up one by one.
pub(super) fn push_among<'a>(sql: &mut Sql<'a>, row_key: &str, rows: &'a [i64]) {
    let number = sql.argument(rows);
    sql.push(sql.engine.among(row_key, number));
}

impl<'a> Ranges<'a> {
    /// The ranges of a filter, when it has any; `range` answers that of one comparison.
    pub(super) fn of<F>(
        filter: &'a Filter<F>,
        range: &impl Fn(&'a Comparison<F>) -> Option<Range<'a>>,
    ) -> Option<Self> {
        match filter {
            Expression::Comparison(comparison) => range(comparison).map(Self::One),
            Expression::And(operands) => {
                let ranges = operands
                    .iter()
                    .filter_map(|operand| Self::of(operand, range));
                let ranges: Vec<Self> = ranges.collect();
                (!ranges.is_empty()).then_some(Self::All(ranges))
            }
            Expression::Or(operands) => {
                let ranges = operands.iter().map(|operand| Self::of(operand, range));
                ranges.collect::<Option<_>>().map(Self::Any)
            }
            Expression::Not(_) => None,
        }
    }

    /// The rows that are in the ranges, as sorted row keys. Nothing when more than `entries` of
    /// the indexes would have to be read to tell; what cannot be told of one range may be told
    /// without it.
    pub(super) async fn read<C: Conn>(
        &self,
        conn: &mut C,
        entries: usize,
    ) -> Result<Option<Vec<i64>>> {
        let each = self.each();
        let share = entries / each.len().max(1);
        let mut sets = Vec::with_capacity(each.len());
        for range in each {
            sets.push(range.read(conn, share).await?);
        }
        Ok(self.combine(&mut sets.into_iter()))
    }

    /// Each range, from left to right.
    fn each(&self) -> Vec<&Range<'a>> {
        match self {
            Self::One(range) => vec![range],
            Self::All(ranges) | Self::Any(ranges) => ranges.iter().flat_map(Self::each).collect(),
        }
    }

    /// Combines what was found in each range, in their order.
    fn combine(&self, sets: &mut impl Iterator<Item = Option<Vec<i64>>>) -> Option<Vec<i64>> {
        match self {
            Self::One(_) => sets.next().flatten(),
            Self::All(ranges) => ranges
                .iter()
                .filter_map(|range| range.combine(sets))
                .reduce(|a, b| intersection(&a, &b)),
            Self::Any(ranges) => {
                // All are taken, even behind one that is not known.
                let sets: Vec<_> = ranges.iter().map(|range| range.combine(sets)).collect();
                let mut union = sets.into_iter().collect::<Option<Vec<_>>>()?.concat();
                union.sort_unstable();
                union.dedup();
                Some(union)
            }
        }
    }
}

impl<'a> Range<'a> {
    /// All entries that a statement selects, whose `WHERE` can go on.
    pub(super) fn whole(entries: Sql<'a>) -> Self {
        Self {
            entries,
            matching: None,
        }
    }

    /// The sorted row keys; nothing when more than `entries` would have to be read.
    async fn read<C: Conn>(&self, conn: &mut C, entries: usize) -> Result<Option<Vec<i64>>> {
        let limit = i64::try_from(entries).unwrap_or(i64::MAX);
        let sql = match &self.matching {
            Some(_) if self.is_longer(conn, limit).await? => return Ok(None),
            Some(matching) => matching.clone(),
            None => {
                let mut sql = self.entries.clone();
                sql.push_argument(" LIMIT ", limit.saturating_add(1));
                sql
            }
        };
        let mut row_keys: Vec<i64> = conn
            .query(&sql.text, &sql.arguments, |row| row.get(0))
            .await?;
        if row_keys.len() > entries {
            return Ok(None);
        }
        row_keys.sort_unstable();
        row_keys.dedup();
        Ok(Some(row_keys))
    }

    /// Whether the range has more entries than that: the engine passes over them.
    async fn is_longer<C: Conn>(&self, conn: &mut C, entries: i64) -> Result<bool> {
        let mut sql = self.entries.clone();
        sql.push_argument(" LIMIT 1 OFFSET ", entries);
        let next = conn.query_optional(&sql.text, &sql.arguments, |row| row.get::<i64>(0));
        Ok(next.await?.is_some())
    }
}

/// What two sorted lists have in common.
fn intersection(a: &[i64], b: &[i64]) -> Vec<i64> {
    let mut rest = b;
    let mut common = Vec::new();
    for key in a {
        rest = &rest[rest.partition_point(|other| other < key)..];
        if rest.first() == Some(key) {
            common.push(*key);
        }
    }
    common
}

/// The range of an index on values that holds all rows which a comparison with a value under an
/// interned key matches. `parents` appends which experiments, and ` AND`, where the index begins
/// with them.
pub(super) fn range_of_values<'a>(
    engine: Engine,
    table: SideTable,
    key_id: Option<i64>,
    predicate: &'a Predicate,
    parents: impl FnOnce(&mut Sql<'a>),
) -> Option<Range<'a>> {
    if matches!(predicate, Predicate::IsNull { negated: false }) {
        return None;
    }
    let mut sql = Sql::new(engine);
    sql.push(format_args!(
        "SELECT x.{} FROM {} x WHERE ",
        table.owner, table.name
    ));
    parents(&mut sql);
    sql.push_argument("x.key_id = ", key_id.unwrap_or(NO_KEY));
    if push_indexed(&mut sql, predicate) {
        return Some(Range::whole(sql));
    }
    let mut matching = sql.clone();
    matching.push(" AND ");
    let value = engine.value_in_index(table.name, table.owner);
    push_column(&mut matching, &value, predicate);
    Some(Range {
        entries: sql,
        matching: Some(matching),
    })
}

/// Appends ` AND` and what an index tells of a predicate; nothing where any value will do. False
/// when the index does not put together what matches.
fn push_indexed<'a>(sql: &mut Sql<'a>, predicate: &'a Predicate) -> bool {
    match predicate {
        Predicate::Text {
            operator: TextOperator::Equal,
            value,
        } => {
            let number = sql.argument(value);
            sql.push(" AND ");
            sql.push(sql.engine.indexed_text_is("x.value", number));
        }
        Predicate::TextIn {
            negated: false,
            values,
        } => {
            let number = sql.argument(values.as_slice());
            sql.push(" AND ");
            sql.push(sql.engine.indexed_text_any_of("x.value", number));
        }
        Predicate::Number { operator, value } if *operator != NumericOperator::NotEqual => {
            let operator = operator.text();
            let condition = format_args!(" AND x.is_nan = FALSE AND x.value {operator} ");
            sql.push_argument(condition, *value);
        }
        Predicate::Text { .. } | Predicate::TextIn { .. } => return false,
        // All rows that have a value.
        _ => {}
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_in_common_what_is_in_both() {
        assert_eq!(intersection(&[1, 3, 5, 9], &[2, 3, 4, 9, 10]), [3, 9]);
        assert_eq!(intersection(&[], &[1]), [0; 0]);
        assert_eq!(intersection(&[1], &[]), [0; 0]);
    }
}
