//! The typed tree of a filter.

use std::fmt::{self, Display};

use ferroflow_model::Result;

use crate::expression::Expression;
use crate::field::{FilterField, Quoted};
use crate::limits::{MAX_COMPARISONS, check_count};
use crate::syntax::parse_filter;
use crate::typing::compare;

/// A filter over the fields `F` of one entity; `Display` prints text that parses to the same tree.
pub type Filter<F> = Expression<Comparison<F>>;

/// One condition: what is asked of which field.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison<F> {
    /// The left side.
    pub field: F,
    /// The operator and the right side, of a type that fits the field.
    pub predicate: Predicate,
}

/// What is asked of a field. A row that lacks the field satisfies none of these but `IsNull`.
#[derive(Debug, Clone, PartialEq)]
pub enum Predicate {
    /// Compares text.
    Text {
        /// How.
        operator: TextOperator,
        /// The text or pattern.
        value: String,
    },
    /// Text is one of the values, or none of them.
    TextIn {
        /// `NOT IN`.
        negated: bool,
        /// At least one and at most [`crate::MAX_LIST_ITEMS`].
        values: Vec<String>,
    },
    /// Compares a floating-point number; a NaN in the store satisfies `NotEqual` alone.
    Number {
        /// How.
        operator: NumericOperator,
        /// Never NaN, perhaps infinite.
        value: f64,
    },
    /// Compares an integer.
    Integer {
        /// How.
        operator: NumericOperator,
        /// Times are in ms since the Unix epoch.
        value: i64,
    },
    /// An integer is one of the values, or none of them.
    IntegerIn {
        /// `NOT IN`.
        negated: bool,
        /// At least one and at most [`crate::MAX_LIST_ITEMS`].
        values: Vec<i64>,
    },
    /// The row has no such key; only of params and tags.
    IsNull {
        /// `IS NOT NULL`.
        negated: bool,
    },
}

/// How text is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextOperator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `LIKE`: `%` is any text, `_` any one character, no escapes; case matters.
    Like,
    /// `ILIKE`: as `LIKE`, but case does not matter.
    ILike,
}

/// How numbers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumericOperator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl<F: FilterField> Expression<Comparison<F>> {
    /// Parses a filter; `None` when there is no text, which means all rows. Blanks alone are refused.
    pub fn parse(text: &str) -> Result<Option<Self>> {
        let Some(syntax) = parse_filter(text, F::WORDING)? else {
            return Ok(None);
        };
        check_count(
            "comparisons in `filter`",
            syntax.comparisons().count(),
            MAX_COMPARISONS,
        )?;
        syntax.try_map(&mut compare).map(Some)
    }
}

impl<F> Expression<Comparison<F>> {
    /// Makes `LIKE 'x'` and `ILIKE 'x'` mean "contains x", as Oracle's dialect reads them.
    pub fn like_means_contains(&mut self) {
        self.for_each_mut(&mut |comparison| {
            if let Predicate::Text {
                operator: TextOperator::Like | TextOperator::ILike,
                value,
            } = &mut comparison.predicate
            {
                value.insert(0, '%');
                value.push('%');
            }
        });
    }
}

impl TextOperator {
    const fn text(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Like => "LIKE",
            Self::ILike => "ILIKE",
        }
    }
}

impl NumericOperator {
    /// The operator as it is written, here and in SQL.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

impl<F: Display> Display for Comparison<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.predicate)
    }
}

impl Display for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { operator, value } => {
                write!(f, "{} {}", operator.text(), Quoted(value, '\''))
            }
            Self::TextIn { negated, values } => {
                write_list(f, *negated, values.iter().map(|value| Quoted(value, '\'')))
            }
            Self::Number { operator, value } if value.is_infinite() => {
                // A literal that overflows is the grammar's way to say infinity.
                write!(
                    f,
                    "{} {}1e999",
                    operator.text(),
                    if *value < 0.0 { "-" } else { "" }
                )
            }
            Self::Number { operator, value } => write!(f, "{} {value:?}", operator.text()),
            Self::Integer { operator, value } => write!(f, "{} {value}", operator.text()),
            Self::IntegerIn { negated, values } => write_list(f, *negated, values.iter()),
            Self::IsNull { negated: false } => f.write_str("IS NULL"),
            Self::IsNull { negated: true } => f.write_str("IS NOT NULL"),
        }
    }
}

fn write_list(
    f: &mut fmt::Formatter<'_>,
    negated: bool,
    values: impl Iterator<Item: Display>,
) -> fmt::Result {
    f.write_str(if negated { "NOT IN (" } else { "IN (" })?;
    for (index, value) in values.enumerate() {
        f.write_str(if index > 0 { ", " } else { "" })?;
        value.fmt(f)?;
    }
    f.write_str(")")
}
