//! The order of a search, and where in that order a page begins.
//!
//! A page begins after the last row of the page before, wherever that row would stand now: rows
//! that come or go in between neither repeat nor hide others, and the fiftieth page costs what
//! the first one does.

use std::borrow::Cow;

use ferroflow_model::Result;

use super::filter::SideTable;
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

/// One key. Rows without a value come last, whatever the direction.
#[derive(Clone)]
pub(super) struct OrderKey {
    column: Cow<'static, str>,
    /// What an index holds of the column, when that is less than all of it.
    indexed: Option<String>,
    content: Content,
    ascending: bool,
    origin: Origin,
}

/// Which table a key is in.
#[derive(Clone)]
enum Origin {
    /// That of the rows that are searched.
    Rows,
    /// Another one, with the join that adds it.
    Joined(String),
    /// One of values by interned key.
    Values(Values),
}

/// The values under one interned key.
#[derive(Clone)]
pub(super) struct Values {
    pub(super) table: SideTable,
    /// What statements call the table.
    pub(super) alias: String,
    /// The key.
    pub(super) key_id: i64,
    /// The number of the argument that holds it in statements in this order.
    pub(super) key: usize,
}

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// An integer in each row.
    Integer,
    /// An integer that a row may lack.
    OptionalInteger,
    /// A number in each row.
    Number,
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

impl<'a> Order<'a> {
    /// Adds a column of the rows that are searched.
    pub(super) fn column(&mut self, column: &'static str, content: Content, ascending: bool) {
        self.push(column.into(), content, ascending, Origin::Rows);
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
        let column = format!("{}.value", values.alias).into();
        self.push(column, content, ascending, Origin::Values(values));
    }

    /// Adds the metric that `join` finds under [`next_alias`](Self::next_alias).
    pub(super) fn joined(&mut self, join: String, ascending: bool) {
        let column = format!("{}.value", self.next_alias()).into();
        self.push(column, Content::Metric, ascending, Origin::Joined(join));
    }

    fn push(
        &mut self,
        column: Cow<'static, str>,
        content: Content,
        ascending: bool,
        origin: Origin,
    ) {
        self.keys.push(OrderKey {
            column,
            indexed: None,
            content,
            ascending,
            origin,
        });
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
            first.content = match first.content {
                Content::Integer | Content::OptionalInteger => Content::Integer,
                Content::Number | Content::Metric => Content::Number,
                Content::Text | Content::OptionalText => Content::Text,
            };
            if first.content == Content::Text {
                first.indexed = engine.indexed_text(&first.column);
            }
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
            sql.push(format_args!(", {}", key.column));
            if key.is_metric() {
                sql.push(format_args!(", {}", key.is_nan()));
            }
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
            match &key.origin {
                Origin::Rows => {}
                Origin::Joined(join) => sql.push(join),
                Origin::Values(Values {
                    table, alias, key, ..
                }) => sql.push(format_args!(
                    " LEFT JOIN {} {alias} ON {} AND {alias}.key_id = ${key}",
                    table.name,
                    table.belongs(alias)
                )),
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

impl OrderKey {
    /// Whether a place in a token is one that this key can have.
    pub(super) fn accepts(&self, place: &Place) -> bool {
        match place {
            Place::Integer(_) => {
                matches!(self.content, Content::Integer | Content::OptionalInteger)
            }
            Place::Text(_) => matches!(self.content, Content::Text | Content::OptionalText),
            Place::Real(_) => matches!(self.content, Content::Number | Content::Metric),
            Place::NaN => self.content == Content::Metric,
            Place::Missing => self.is_optional(),
        }
    }

    /// Whether the key holds numbers with a fraction.
    pub(super) fn is_metric(&self) -> bool {
        self.content == Content::Metric
    }

    /// Whether the key holds a number in each row.
    pub(super) fn is_number(&self) -> bool {
        self.content == Content::Number
    }

    /// The column that the key is in.
    pub(super) fn column(&self) -> &str {
        &self.column
    }

    /// The values that the key takes, when they are under an interned key.
    pub(super) fn values(&self) -> Option<&Values> {
        match &self.origin {
            Origin::Values(values) => Some(values),
            Origin::Rows | Origin::Joined(_) => None,
        }
    }

    fn is_optional(&self) -> bool {
        use Content::{Metric, OptionalInteger, OptionalText};
        matches!(self.content, OptionalInteger | OptionalText | Metric)
    }

    /// The column that tells NaN stands beside the value.
    fn is_nan(&self) -> String {
        self.column.replace(".value", ".is_nan")
    }

    /// Appends the key as `ORDER BY` has it.
    pub(super) fn push_order(&self, sql: &mut Sql<'_>) {
        let Self { column, .. } = self;
        let direction = if self.ascending { "ASC" } else { "DESC" };
        if let Some(indexed) = &self.indexed {
            sql.push(format_args!("{indexed} {direction}, "));
        }
        match self.content {
            Content::Integer | Content::Number | Content::Text => {
                sql.push(format_args!("{column} {direction}"));
            }
            Content::OptionalInteger | Content::OptionalText => {
                sql.push(format_args!("{column} {direction} NULLS LAST"));
            }
            Content::Metric => sql.push(format_args!(
                "CASE WHEN {column} IS NULL THEN 2 WHEN {} THEN 1 ELSE 0 END, {column} {direction}",
                self.is_nan()
            )),
        }
    }

    /// Reads the place of a row, from the columns that begin at `column`.
    pub(super) fn place(&self, row: &Row<'_>, column: usize) -> Result<Place> {
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
            Content::Number | Content::Metric => row.get::<Option<f64>>(column)?.map(Place::Real),
        };
        Ok(place.unwrap_or(Place::Missing))
    }

    /// Appends ` AND` and the condition that what the index holds is at the place or after it.
    pub(super) fn push_from<'a>(&self, sql: &mut Sql<'a>, place: &'a Place) {
        let operator = if self.ascending { ">=" } else { "<=" };
        self.push_indexed(sql, operator, place);
    }

    /// Appends ` AND` and the condition that what the index holds comes before the place.
    pub(super) fn push_before<'a>(&self, sql: &mut Sql<'a>, place: &'a Place) {
        let operator = if self.ascending { "<" } else { ">" };
        self.push_indexed(sql, operator, place);
    }

    fn push_indexed<'a>(&self, sql: &mut Sql<'a>, operator: &str, place: &'a Place) {
        let Some(value) = place.value() else {
            return;
        };
        let argument = format!("${}", sql.argument(value));
        match &self.indexed {
            Some(indexed) => {
                let argument = sql.engine.indexed_text(&argument).unwrap_or(argument);
                sql.push(format_args!(" AND {indexed} {operator} {argument}"));
            }
            None => sql.push(format_args!(" AND {} {operator} {argument}", self.column)),
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
