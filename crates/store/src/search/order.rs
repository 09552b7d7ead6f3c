//! The order of a search, and where in that order a page begins.
//!
//! A page begins after the last row of the page before, wherever that row would stand now: rows
//! that come or go in between neither repeat nor hide others, and the fiftieth page costs what
//! the first one does.

use ferroflow_model::Result;

use super::filter::SideTable;
use super::order_key::{Content, OrderKey, Origin, Place, Values};
use super::sql::Sql;
use crate::conn::Engine;
use crate::{Row, Value};

/// Row keys begin with 1, so this one names a key that no row has.
pub(super) const NO_KEY: i64 = 0;

/// The keys that rows are ordered by.
#[derive(Clone, Default)]
pub(super) struct Order<'a> {
    pub(super) keys: Vec<OrderKey>,
    /// The places of all rows in keys ahead of these.
    settled: Vec<Place>,
    /// The first arguments of each statement in this order.
    arguments: Vec<Value<'a>>,
}

impl<'a> Order<'a> {
    /// Adds a column of the rows that are searched.
    pub(super) fn column(&mut self, column: &'static str, content: Content, ascending: bool) {
        let key = OrderKey::new(column, content, ascending, Origin::Rows);
        self.keys.push(key);
    }

    /// Adds the value under an interned key, which is text or a metric.
    pub(super) fn keyed(
        &mut self,
        table: SideTable,
        key_id: Option<i64>,
        content: Content,
        ascending: bool,
    ) {
        let key_id = key_id.unwrap_or(NO_KEY);
        let values = Values {
            table,
            alias: self.next_alias(),
            key_id,
            key: self.argument(key_id),
        };
        let column = format!("{}.value", values.alias);
        let origin = Origin::Values(values);
        self.keys
            .push(OrderKey::new(column, content, ascending, origin));
    }

    /// Adds the metric that `join` finds under [`next_alias`](Self::next_alias).
    pub(super) fn joined(&mut self, join: String, ascending: bool) {
        let column = format!("{}.value", self.next_alias());
        let origin = Origin::Joined(join);
        self.keys
            .push(OrderKey::new(column, Content::Metric, ascending, origin));
    }

    /// An alias for the table of the next key.
    pub(super) fn next_alias(&self) -> String {
        format!("o{}", self.keys.len())
    }

    /// Adds an argument of the joins; answers its number.
    pub(super) fn argument(&mut self, value: impl Into<Value<'a>>) -> usize {
        self.arguments.push(value.into());
        self.arguments.len()
    }

    /// Begins a statement in this order.
    pub(super) fn statement(&self, engine: Engine) -> Sql<'a> {
        Sql::with(engine, self.arguments.clone())
    }

    /// The order among rows that all have a value in the first key.
    pub(super) fn among_valued(&self, engine: Engine) -> Self {
        let mut order = self.clone();
        if let Some(first) = order.keys.first_mut() {
            *first = first.valued(engine);
        }
        order
    }

    /// The order among rows that all have this place in the first key.
    pub(super) fn among_equal(&self, place: Place) -> Self {
        let mut order = self.clone();
        order.keys.remove(0);
        order.settled.push(place);
        order
    }

    /// Appends the columns that [`places`](Self::places) reads, each with a comma before it.
    pub(super) fn push_columns(&self, sql: &mut Sql<'_>) {
        for key in &self.keys {
            key.push_columns(sql);
        }
    }

    /// Reads the places of a row, from the columns that begin at `column`.
    pub(super) fn places(&self, row: &Row<'_>, mut column: usize) -> Result<Vec<Place>> {
        let mut places = self.settled.clone();
        for key in &self.keys {
            places.push(key.place(row, column)?);
            column += if key.is_metric() { 2 } else { 1 };
        }
        Ok(places)
    }

    /// Appends the tables of all keys but the first `present`, which the statement has already.
    /// Rows without a value stay.
    pub(super) fn push_joins(&self, sql: &mut Sql<'_>, present: usize) {
        for key in self.keys.iter().skip(present) {
            key.push_join(sql);
        }
    }

    /// Appends `ORDER BY` and its keys.
    pub(super) fn push_order(&self, sql: &mut Sql<'_>) {
        for (index, key) in self.keys.iter().enumerate() {
            sql.push(if index == 0 { " ORDER BY " } else { ", " });
            key.push_order(sql);
        }
    }

    /// Appends ` AND` and the condition that a row comes after these places, if there are any.
    pub(super) fn push_after<'s>(&self, sql: &mut Sql<'s>, places: &'s [Place]) {
        let places = places.iter().skip(self.settled.len());
        let mut keys = self.keys.iter().zip(places).peekable();
        let Some((first, place)) = keys.peek() else {
            return;
        };
        if !first.is_optional() {
            // Rows before the place are not even looked at.
            first.push_from(sql, place);
        }
        sql.push(" AND (");
        let mut open = 0;
        while let Some((key, place)) = keys.next() {
            key.push_after(sql, place);
            if keys.peek().is_some() {
                sql.push(" OR (");
                key.push_same(sql, place);
                sql.push(" AND (");
                open += 1;
            }
        }
        sql.push("))".repeat(open));
        sql.push(")");
    }
}
