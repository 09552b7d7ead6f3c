//! Untyped clauses to typed comparisons: whether name, operator and value fit each other.
//!
//! Values are looked at before operators, as the reference does, so that its messages come first.

use ferroflow_model::{Error, ExperimentId, Result};

use crate::field::{FilterField, Kind, Scope};
use crate::filter::{Comparison, NumericOperator, Predicate, TextOperator};
use crate::limits::{MAX_LIST_ITEMS, check_count, excerpt};
use crate::logged_models::status_number;
use crate::syntax::{Clause, Comparator, Value, ValueKind};

/// How error messages speak of the left side.
struct Subject {
    scope: Scope,
    key: String,
    bare_text: bool,
}

/// Types one clause for the entity of `F`.
pub(crate) fn compare<F: FilterField>(clause: Clause<'_>) -> Result<Comparison<F>> {
    let Clause {
        name,
        comparator,
        value,
    } = clause;
    let subject = Subject {
        scope: name.scope().unwrap_or(Scope::Attribute),
        key: excerpt(&name.key),
        bare_text: F::BARE_TEXT,
    };
    let field = F::resolve(name)?;
    let predicate = match comparator {
        Comparator::IsNull => null_test(&subject, field.kind(), false),
        Comparator::IsNotNull => null_test(&subject, field.kind(), true),
        _ => predicate(&subject, field.kind(), comparator, value),
    }?;
    Ok(Comparison { field, predicate })
}

fn null_test(subject: &Subject, kind: Kind, negated: bool) -> Result<Predicate> {
    if kind == Kind::KeyedText {
        return Ok(Predicate::IsNull { negated });
    }
    Err(Error::invalid(format!(
        "IS NULL / IS NOT NULL is only supported for tags and params, not for '{}' '{}'",
        subject.scope.noun(),
        subject.key
    )))
}

fn predicate(
    subject: &Subject,
    kind: Kind,
    comparator: Comparator,
    value: Value<'_>,
) -> Result<Predicate> {
    match kind {
        Kind::Text | Kind::KeyedText => text_predicate(subject, kind, comparator, value),
        Kind::Number => {
            let value = subject.number(&value)?;
            Ok(Predicate::Number {
                operator: numeric_operator(comparator)?,
                value,
            })
        }
        Kind::Integer { quoted } => integer_predicate(subject, quoted, comparator, &value),
        Kind::ExperimentId => identity_predicate(comparator, &value, experiment_id),
        Kind::LoggedModelStatus => identity_predicate(comparator, &value, logged_model_status),
    }
}

fn text_predicate(
    subject: &Subject,
    kind: Kind,
    comparator: Comparator,
    value: Value<'_>,
) -> Result<Predicate> {
    if let Some(negated) = membership(comparator) {
        let values = list_items(value)?;
        let values = values
            .into_iter()
            .map(|item| subject.list_text(item))
            .collect::<Result<_>>()?;
        return Ok(Predicate::TextIn { negated, values });
    }
    let value = subject.text(value)?;
    let operator = match comparator {
        Comparator::Equal => TextOperator::Equal,
        Comparator::NotEqual => TextOperator::NotEqual,
        Comparator::Like => TextOperator::Like,
        Comparator::ILike => TextOperator::ILike,
        _ if kind == Kind::KeyedText => {
            let allowed = "=, !=, LIKE, ILIKE, IN, NOT IN, IS NULL, IS NOT NULL";
            return Err(invalid_comparator(comparator, allowed));
        }
        _ => {
            return Err(invalid_comparator(
                comparator,
                "=, !=, LIKE, ILIKE, IN, NOT IN",
            ));
        }
    };
    Ok(Predicate::Text { operator, value })
}

fn integer_predicate(
    subject: &Subject,
    quoted: bool,
    comparator: Comparator,
    value: &Value<'_>,
) -> Result<Predicate> {
    let literal = match &value.kind {
        ValueKind::Quoted(text) if quoted => text.trim(),
        ValueKind::Bare => value.raw,
        _ => return Err(subject.not_numeric(value)),
    };
    if let Ok(value) = literal.parse::<i64>() {
        return Ok(Predicate::Integer {
            operator: numeric_operator(comparator)?,
            value,
        });
    }
    let number = parse_number(literal).ok_or_else(|| subject.not_numeric(value))?;
    let operator = numeric_operator(comparator)?;
    let value = whole(number, operator).ok_or_else(|| {
        Error::invalid(format!(
            "Invalid value for numeric attribute '{}': {}. Expected an integer.",
            subject.key,
            excerpt(value.raw)
        ))
    })?;
    Ok(Predicate::Integer { operator, value })
}

/// The integer that stands for `number` in a comparison of integers: `> 1.5` is `> 1`, `>= 1.5` is
/// `>= 2`. No integer equals a fraction, which is a mistake worth telling.
fn whole(number: f64, operator: NumericOperator) -> Option<i64> {
    let rounded = match operator {
        NumericOperator::Greater | NumericOperator::LessOrEqual => number.floor(),
        NumericOperator::Less | NumericOperator::GreaterOrEqual => number.ceil(),
        NumericOperator::Equal | NumericOperator::NotEqual if number.fract() == 0.0 => number,
        NumericOperator::Equal | NumericOperator::NotEqual => return None,
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "`as` saturates, which keeps comparisons true"
    )]
    Some(rounded as i64)
}

/// A predicate on numbers that are names: equality and membership alone.
fn identity_predicate(
    comparator: Comparator,
    value: &Value<'_>,
    parse: impl Fn(&Value<'_>) -> Result<i64>,
) -> Result<Predicate> {
    if let (Some(negated), ValueKind::List(items)) = (membership(comparator), &value.kind) {
        check_items(items)?;
        let values = items.iter().map(parse).collect::<Result<_>>()?;
        return Ok(Predicate::IntegerIn { negated, values });
    }
    let operator = match comparator {
        Comparator::Equal => NumericOperator::Equal,
        Comparator::NotEqual => NumericOperator::NotEqual,
        _ => return Err(invalid_comparator(comparator, "=, !=, IN, NOT IN")),
    };
    Ok(Predicate::Integer {
        operator,
        value: parse(value)?,
    })
}

fn experiment_id(value: &Value<'_>) -> Result<i64> {
    ExperimentId::parse(&excerpt(unquoted(value))).map(ExperimentId::number)
}

fn logged_model_status(value: &Value<'_>) -> Result<i64> {
    status_number(unquoted(value)).ok_or_else(|| {
        Error::invalid(format!(
            "Invalid status '{}' of a logged model. Expected 'PENDING', 'READY' or 'FAILED'.",
            excerpt(unquoted(value))
        ))
    })
}

fn unquoted<'a>(value: &'a Value<'_>) -> &'a str {
    match &value.kind {
        ValueKind::Quoted(text) => text,
        _ => value.raw,
    }
}

impl Subject {
    fn text(&self, value: Value<'_>) -> Result<String> {
        match value.kind {
            ValueKind::Quoted(text) => Ok(text.into_owned()),
            ValueKind::Bare if self.bare_text => Ok(value.raw.to_owned()),
            ValueKind::Bare if parse_number(value.raw).is_none() => Err(Error::invalid(format!(
                "Parameter value is either not quoted or unidentified quote types used for string \
                 value {}. Use either single or double quotes.",
                excerpt(value.raw)
            ))),
            _ => Err(Error::invalid(format!(
                "Expected a quoted string value for {} (e.g. 'my-value'). Got value {}",
                self.scope.noun(),
                excerpt(value.raw)
            ))),
        }
    }

    fn list_text(&self, item: Value<'_>) -> Result<String> {
        match item.kind {
            ValueKind::Quoted(text) => Ok(text.into_owned()),
            _ if self.bare_text => Ok(item.raw.to_owned()),
            _ => Err(Error::invalid(format!(
                "While parsing a list in the query, expected string value, punctuation, or \
                 whitespace, but got different type in list: {}",
                excerpt(item.raw)
            ))),
        }
    }

    fn number(&self, value: &Value<'_>) -> Result<f64> {
        match value.kind {
            ValueKind::Bare => parse_number(value.raw),
            _ => None,
        }
        .ok_or_else(|| self.not_numeric(value))
    }

    fn not_numeric(&self, value: &Value<'_>) -> Error {
        let found = excerpt(value.raw);
        Error::invalid(match self.scope {
            Scope::Attribute => format!(
                "Expected numeric value type for numeric attribute: {}. Found {found}",
                self.key
            ),
            scope => format!(
                "Expected numeric value type for {}. Found {found}",
                scope.noun()
            ),
        })
    }
}

/// A finite number, or an infinite one where the literal overflows; never a word such as `nan`.
fn parse_number(text: &str) -> Option<f64> {
    let numeric = text
        .bytes()
        .all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    if numeric { text.parse().ok() } else { None }
}

fn membership(comparator: Comparator) -> Option<bool> {
    match comparator {
        Comparator::In => Some(false),
        Comparator::NotIn => Some(true),
        _ => None,
    }
}

fn list_items(value: Value<'_>) -> Result<Vec<Value<'_>>> {
    let items = match value.kind {
        ValueKind::List(items) => items,
        _ => Vec::new(),
    };
    check_items(&items)?;
    Ok(items)
}

fn check_items(items: &[Value<'_>]) -> Result<()> {
    if items.is_empty() {
        return Err(Error::invalid(
            "While parsing a list in the query, expected a non-empty list of string values, but got \
             empty list",
        ));
    }
    check_count("values in a list of `filter`", items.len(), MAX_LIST_ITEMS)
}

fn numeric_operator(comparator: Comparator) -> Result<NumericOperator> {
    Ok(match comparator {
        Comparator::Equal => NumericOperator::Equal,
        Comparator::NotEqual => NumericOperator::NotEqual,
        Comparator::Less => NumericOperator::Less,
        Comparator::LessOrEqual => NumericOperator::LessOrEqual,
        Comparator::Greater => NumericOperator::Greater,
        Comparator::GreaterOrEqual => NumericOperator::GreaterOrEqual,
        _ => return Err(invalid_comparator(comparator, "=, !=, <, <=, >, >=")),
    })
}

fn invalid_comparator(comparator: Comparator, allowed: &str) -> Error {
    Error::invalid(format!(
        "Invalid comparator '{}' not one of '{allowed}'",
        comparator.text()
    ))
}
