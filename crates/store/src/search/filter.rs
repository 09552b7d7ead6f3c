//! From the syntax tree of a filter to a condition.
//!
//! Each comparison becomes a condition that is true or false, never unknown, so that `NOT` means
//! what it says: a row that lacks the field does not satisfy the comparison, and satisfies its
//! negation.

use ferroflow_search::{Comparison, Expression, Filter, NumericOperator, Predicate, TextOperator};

use super::sql::Sql;
use crate::tags::KeyedTable;

/// A table of values by owner and interned key, beside the rows that are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SideTable {
    /// Its name.
    pub(super) name: &'static str,
    /// The column that names the owner, there and in the rows that are searched.
    pub(super) owner: &'static str,
    /// The alias of the rows that are searched.
    pub(super) row: &'static str,
}

impl SideTable {
    /// A table of tags or params.
    pub(super) const fn of(table: &KeyedTable, row: &'static str) -> Self {
        Self {
            name: table.name,
            owner: table.owner,
            row,
        }
    }

    /// The condition that a row of the table, under `alias`, belongs to the row that is searched.
    pub(super) fn belongs(&self, alias: &str) -> String {
        let Self { owner, row, .. } = self;
        format!("{alias}.{owner} = {row}.{owner}")
    }
}

/// Appends ` AND` and the condition of a filter; `compare` appends that of one comparison.
pub(super) fn push_filter<'a, F>(
    sql: &mut Sql<'a>,
    filter: Option<&'a Filter<F>>,
    compare: impl Fn(&mut Sql<'a>, &'a Comparison<F>),
) {
    if let Some(filter) = filter {
        sql.push(" AND ");
        push_expression(sql, filter, &compare);
    }
}

/// The comparisons that all matches satisfy.
pub(super) fn demanded<F>(filter: &Filter<F>) -> Vec<&Comparison<F>> {
    match filter {
        Expression::And(operands) => operands.iter().flat_map(demanded).collect(),
        Expression::Comparison(comparison) => vec![comparison],
        Expression::Or(_) | Expression::Not(_) => Vec::new(),
    }
}

/// Recursion is bounded: the grammar limits how deep a filter nests.
fn push_expression<'a, F>(
    sql: &mut Sql<'a>,
    expression: &'a Filter<F>,
    compare: &impl Fn(&mut Sql<'a>, &'a Comparison<F>),
) {
    match expression {
        Expression::And(operands) => push_joined(sql, operands, " AND ", compare),
        Expression::Or(operands) => push_joined(sql, operands, " OR ", compare),
        Expression::Not(operand) => {
            sql.push("NOT (");
            push_expression(sql, operand, compare);
            sql.push(")");
        }
        Expression::Comparison(comparison) => compare(sql, comparison),
    }
}

fn push_joined<'a, F>(
    sql: &mut Sql<'a>,
    operands: &'a [Filter<F>],
    separator: &str,
    compare: &impl Fn(&mut Sql<'a>, &'a Comparison<F>),
) {
    for (index, operand) in operands.iter().enumerate() {
        sql.push(if index == 0 { "(" } else { separator });
        push_expression(sql, operand, compare);
    }
    sql.push(")");
}

/// Appends a condition on a column that each row has.
pub(super) fn push_column<'a>(sql: &mut Sql<'a>, column: &str, predicate: &'a Predicate) {
    match predicate {
        Predicate::Text { operator, value } => push_text(sql, column, *operator, value),
        Predicate::TextIn { negated, values } => {
            sql.push(if *negated { "NOT " } else { "" });
            sql.push_any_of(column, values.as_slice());
        }
        Predicate::Number { operator, value } => push_numeric(sql, column, *operator, *value),
        Predicate::Integer { operator, value } => push_numeric(sql, column, *operator, *value),
        Predicate::IntegerIn { negated, values } => {
            sql.push(if *negated { "NOT " } else { "" });
            sql.push_any_of(column, values.as_slice());
        }
        Predicate::IsNull { negated } => {
            sql.push(format_args!(
                "{column} IS {}NULL",
                if *negated { "NOT " } else { "" }
            ));
        }
    }
}

/// Appends a condition on a column that may be NULL.
pub(super) fn push_nullable<'a>(sql: &mut Sql<'a>, column: &str, predicate: &'a Predicate) {
    sql.push(format_args!("({column} IS NOT NULL AND "));
    push_column(sql, column, predicate);
    sql.push(")");
}

/// Appends a condition on the text under an interned key. A key without an id is in no row.
pub(super) fn push_keyed<'a>(
    sql: &mut Sql<'a>,
    table: SideTable,
    key_id: Option<i64>,
    predicate: &'a Predicate,
) {
    let is_absent = matches!(predicate, Predicate::IsNull { negated: false });
    let Some(key_id) = key_id else {
        sql.push(if is_absent { "TRUE" } else { "FALSE" });
        return;
    };
    sql.push(if is_absent { "NOT " } else { "" });
    push_exists(sql, table, key_id);
    if !matches!(predicate, Predicate::IsNull { .. }) {
        sql.push(" AND ");
        push_column(sql, "x.value", predicate);
    }
    sql.push(")");
}

/// Appends a condition on any number under an interned key; `restrict` appends what else the
/// row of that number, `x`, must satisfy. A NaN differs from every number, and that is all.
pub(super) fn push_metric<'a>(
    sql: &mut Sql<'a>,
    table: SideTable,
    key_id: Option<i64>,
    predicate: &'a Predicate,
    restrict: impl FnOnce(&mut Sql<'a>),
) {
    let Some(key_id) = key_id else {
        sql.push("FALSE");
        return;
    };
    push_exists(sql, table, key_id);
    sql.push(" AND (");
    push_column(sql, "x.value", predicate);
    let differs = matches!(
        predicate,
        Predicate::Number {
            operator: NumericOperator::NotEqual,
            ..
        }
    );
    sql.push(if differs {
        " OR x.is_nan)"
    } else {
        " AND NOT x.is_nan)"
    });
    restrict(sql);
    sql.push(")");
}

fn push_exists(sql: &mut Sql<'_>, table: SideTable, key_id: i64) {
    sql.push(format_args!(
        "EXISTS (SELECT 1 FROM {} x WHERE {}",
        table.name,
        table.belongs("x")
    ));
    sql.push_argument(" AND x.key_id = ", key_id);
}

fn push_text<'a>(sql: &mut Sql<'a>, column: &str, operator: TextOperator, value: &'a String) {
    let number = sql.argument(value);
    match operator {
        TextOperator::Equal => sql.push(format_args!("{column} = ${number}")),
        TextOperator::NotEqual => sql.push(format_args!("{column} <> ${number}")),
        TextOperator::Like => sql.push(sql.engine.like(column, number)),
        TextOperator::ILike => sql.push(sql.engine.ilike(column, number)),
    }
}

fn push_numeric<'a>(
    sql: &mut Sql<'a>,
    column: &str,
    operator: NumericOperator,
    value: impl Into<crate::Value<'a>>,
) {
    sql.push_argument(format_args!("{column} {} ", operator.text()), value);
}
