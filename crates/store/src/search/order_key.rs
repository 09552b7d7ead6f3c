//! One key of an order, and the places of rows in it.

use std::borrow::Cow;

use ferroflow_model::Result;

use super::filter::SideTable;
use super::sql::Sql;
use crate::conn::Engine;
use crate::{Row, Value};

/// One key. Rows without a value come last, whatever the direction.
#[derive(Clone)]
pub(super) struct OrderKey {
    column: Cow<'static, str>,
    /// The column that an index has instead, when it holds less than all of this one.
    indexed: Option<String>,
    content: Content,
    ascending: bool,
    origin: Origin,
}

/// Which table a key is in.
#[derive(Clone)]
pub(super) enum Origin {
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

impl OrderKey {
    /// A key in `column`.
    pub(super) fn new(
        column: impl Into<Cow<'static, str>>,
        content: Content,
        ascending: bool,
        origin: Origin,
    ) -> Self {
        Self {
            column: column.into(),
            indexed: None,
            content,
            ascending,
            origin,
        }
    }

    /// The key among rows that all have a value, as an index gives them.
    pub(super) fn valued(&self, engine: Engine) -> Self {
        let content = match self.content {
            Content::Integer | Content::OptionalInteger => Content::Integer,
            Content::Number | Content::Metric => Content::Number,
            Content::Text | Content::OptionalText => Content::Text,
        };
        let indexed = match content {
            Content::Text => engine.indexed_column(&self.column),
            _ => None,
        };
        Self {
            indexed,
            content,
            ..self.clone()
        }
    }

    /// Appends the columns that [`place`](Self::place) reads, each with a comma before it.
    pub(super) fn push_columns(&self, sql: &mut Sql<'_>) {
        sql.push(format_args!(", {}", self.column));
        if self.is_metric() {
            sql.push(format_args!(", {}", self.is_nan()));
        }
    }

    /// Appends the table that the key is in. Rows without a value stay.
    pub(super) fn push_join(&self, sql: &mut Sql<'_>) {
        match &self.origin {
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

    /// Whether a row may lack the key.
    pub(super) fn is_optional(&self) -> bool {
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
                let argument = sql.engine.indexed_text(&argument);
                sql.push(format_args!(" AND {indexed} {operator} {argument}"));
            }
            None => sql.push(format_args!(" AND {} {operator} {argument}", self.column)),
        }
    }

    /// Appends the condition that this key alone puts a row after the place.
    pub(super) fn push_after<'a>(&self, sql: &mut Sql<'a>, place: &'a Place) {
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
    pub(super) fn push_same<'a>(&self, sql: &mut Sql<'a>, place: &'a Place) {
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
