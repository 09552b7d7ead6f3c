//! The order of a search, and where in that order a page begins.
//!
//! A page begins after the last row of the page before, wherever that row would stand now: rows
//! that come or go in between neither repeat nor hide others, and the fiftieth page costs what
//! the first one does.

use std::borrow::Cow;
use std::fmt::{Arguments, Write as _};

use ferroflow_model::Result;

use super::filter::SideTable;
use super::sql::Sql;
use crate::{Row, Value};

/// Row keys begin with 1, so this one names a key that no row has.
pub(super) const NO_KEY: i64 = 0;

/// The keys that rows are ordered by, with the tables that some of them are in.
#[derive(Default)]
pub(super) struct Order {
    pub(super) keys: Vec<OrderKey>,
    pub(super) joins: String,
}

/// One key. Rows without a value come last, whatever the direction.
pub(super) struct OrderKey {
    column: Cow<'static, str>,
    content: Content,
    ascending: bool,
}

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// An integer in each row.
    Integer,
    /// An integer that a row may lack.
    OptionalInteger,
    /// A text in each row.
    Text,
    /// A text that a row may lack.
    OptionalText,
    /// A number that a row may lack, with a column that tells whether it stands for NaN. NaN comes
    /// after all numbers.
    Metric,
}

/// The place of a row in the order of one key.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Place {
    Integer(i64),
    Real(f64),
    Text(String),
    NaN,
    Missing,
}

impl Order {
    /// Adds a column of the rows that are searched.
    pub(super) fn column(&mut self, column: &'static str, content: Content, ascending: bool) {
        self.keys.push(OrderKey {
            column: column.into(),
            content,
            ascending,
        });
    }

    /// Adds the value under an interned key, which is text or a metric.
    pub(super) fn keyed(
        &mut self,
        sql: &mut Sql<'_>,
        table: SideTable,
        key_id: Option<i64>,
        content: Content,
        ascending: bool,
    ) {
        let alias = self.next_alias();
        let number = sql.argument(key_id.unwrap_or(NO_KEY));
        let SideTable { name, .. } = table;
        let belongs = table.belongs(&alias);
        self.join(format_args!(
            " LEFT JOIN {name} {alias} ON {belongs} AND {alias}.key_id = ${number}"
        ));
        self.joined(&alias, content, ascending);
    }

    /// Appends to the joins.
    pub(super) fn join(&mut self, join: Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.joins.write_fmt(join);
    }

    /// Adds the value of a table that [`joins`](Self::joins) holds under `alias`.
    pub(super) fn joined(&mut self, alias: &str, content: Content, ascending: bool) {
        self.keys.push(OrderKey {
            column: format!("{alias}.value").into(),
            content,
            ascending,
        });
    }

    /// An alias for the table of the next key.
    pub(super) fn next_alias(&self) -> String {
        format!("o{}", self.keys.len())
    }

    /// The columns that [`places`](Self::places) reads, each with a comma before it.
    pub(super) fn push_columns(&self, sql: &mut Sql<'_>) {
        for key in &self.keys {
            sql.push(format_args!(", {}", key.column));
            if key.content == Content::Metric {
                sql.push(format_args!(", {}", key.is_nan()));
            }
        }
    }

    /// Appends `ORDER BY` and its keys.
    pub(super) fn push_order(&self, sql: &mut Sql<'_>) {
        for (index, key) in self.keys.iter().enumerate() {
            sql.push(if index == 0 { " ORDER BY " } else { ", " });
            key.push_order(sql);
        }
    }

    /// Reads the places of a row, from the columns that begin at `column`.
    pub(super) fn places(&self, row: &Row<'_>, mut column: usize) -> Result<Vec<Place>> {
        let mut places = Vec::with_capacity(self.keys.len());
        for key in &self.keys {
            places.push(key.place(row, column)?);
            column += if key.content == Content::Metric { 2 } else { 1 };
        }
        Ok(places)
    }

    /// Appends ` AND` and the condition that a row comes after these places.
    pub(super) fn push_after<'a>(&self, sql: &mut Sql<'a>, places: &'a [Place]) {
        let mut keys = self.keys.iter().zip(places).peekable();
        if let Some((first, place)) = keys.peek() {
            first.push_bound(sql, place);
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

impl OrderKey {
    /// Whether a place in a token is one that this key can have.
    pub(super) fn accepts(&self, place: &Place) -> bool {
        match place {
            Place::Integer(_) => {
                matches!(self.content, Content::Integer | Content::OptionalInteger)
            }
            Place::Text(_) => matches!(self.content, Content::Text | Content::OptionalText),
            Place::Real(_) | Place::NaN => self.content == Content::Metric,
            Place::Missing => self.is_optional(),
        }
    }

    /// Whether the key holds numbers with a fraction.
    pub(super) fn is_metric(&self) -> bool {
        self.content == Content::Metric
    }

    fn is_optional(&self) -> bool {
        !matches!(self.content, Content::Integer | Content::Text)
    }

    /// The column that tells NaN stands beside the value.
    fn is_nan(&self) -> String {
        self.column.replace(".value", ".is_nan")
    }

    fn push_order(&self, sql: &mut Sql<'_>) {
        let Self { column, .. } = self;
        let direction = if self.ascending { "ASC" } else { "DESC" };
        match self.content {
            Content::Integer | Content::Text => sql.push(format_args!("{column} {direction}")),
            Content::OptionalInteger | Content::OptionalText => {
                sql.push(format_args!("{column} {direction} NULLS LAST"));
            }
            Content::Metric => sql.push(format_args!(
                "CASE WHEN {column} IS NULL THEN 2 WHEN {} THEN 1 ELSE 0 END, {column} {direction}",
                self.is_nan()
            )),
        }
    }

    fn place(&self, row: &Row<'_>, column: usize) -> Result<Place> {
        let place = match self.content {
            Content::Integer | Content::OptionalInteger => {
                row.get::<Option<i64>>(column)?.map(Place::Integer)
            }
            Content::Text | Content::OptionalText => {
                row.get::<Option<String>>(column)?.map(Place::Text)
            }
            Content::Metric if row.get::<Option<bool>>(column + 1)? == Some(true) => {
                Some(Place::NaN)
            }
            Content::Metric => row.get::<Option<f64>>(column)?.map(Place::Real),
        };
        Ok(place.unwrap_or(Place::Missing))
    }

    /// Appends ` AND` and what an index on the first key can use: rows before the place are not
    /// even looked at.
    fn push_bound<'a>(&self, sql: &mut Sql<'a>, place: &'a Place) {
        if let Some(value) = place.value()
            && !self.is_optional()
        {
            let operator = if self.ascending { ">=" } else { "<=" };
            sql.push_argument(format_args!(" AND {} {operator} ", self.column), value);
        }
    }

    /// Appends the condition that this key alone puts a row after the place.
    fn push_after<'a>(&self, sql: &mut Sql<'a>, place: &'a Place) {
        let Self { column, .. } = self;
        let operator = if self.ascending { ">" } else { "<" };
        match place.value() {
            Some(value) => {
                sql.push("(");
                sql.push_argument(format_args!("{column} {operator} "), value);
                if self.is_optional() {
                    sql.push(format_args!(" OR {column} IS NULL"));
                }
                if self.content == Content::Metric {
                    sql.push(format_args!(" OR {}", self.is_nan()));
                }
                sql.push(")");
            }
            None if *place == Place::NaN => sql.push(format_args!("{column} IS NULL")),
            None => sql.push("FALSE"),
        }
    }

    /// Appends the condition that a row has the same place in this key.
    fn push_same<'a>(&self, sql: &mut Sql<'a>, place: &'a Place) {
        let Self { column, .. } = self;
        match place.value() {
            Some(value) => {
                sql.push_argument(format_args!("{column} = "), value);
                if self.content == Content::Metric {
                    sql.push(format_args!(" AND NOT {}", self.is_nan()));
                }
            }
            None if *place == Place::NaN => sql.push(self.is_nan()),
            None => sql.push(format_args!("{column} IS NULL")),
        }
    }
}

impl Place {
    /// The value as an argument, when there is one.
    fn value(&self) -> Option<Value<'_>> {
        match self {
            Self::Integer(value) => Some(Value::Int(*value)),
            Self::Real(value) => Some(Value::Real(*value)),
            Self::Text(value) => Some(Value::Text(value)),
            Self::NaN | Self::Missing => None,
        }
    }
}
