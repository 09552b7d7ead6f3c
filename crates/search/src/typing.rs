//! Untyped clauses to typed comparisons: whether name, operator and value fit each other.

use ferroflow_model::{Error, ExperimentId, Result};

use crate::field::{FilterField, Kind, Scope};
use crate::filter::{Comparison, NumericOperator, Predicate, TextOperator};
use crate::limits::{MAX_LIST_ITEMS, check_count, excerpt};
use crate::logged_models::status_number;
use crate::syntax::{Clause, Comparator, Value, ValueKind};
use crate::wording::{Wording, fill, listed};

/// What stands on the left side, and how error messages speak of it.
struct Subject {
    scope: Scope,
    key: String,
    kind: Kind,
    bare_text: bool,
    wording: &'static Wording,
}

/// Types one clause for the entity of `F`.
pub(crate) fn compare<F: FilterField>(clause: Clause<'_>) -> Result<Comparison<F>> {
    let Clause {
        name,
        comparator,
        value,
    } = clause;
    let scope = name.scope().unwrap_or(Scope::Attribute);
    let key = excerpt(&name.key);
    let field = F::resolve(name)?;
    let subject = Subject {
        scope,
        key,
        kind: field.kind(),
        bare_text: F::BARE_TEXT,
        wording: F::WORDING,
    };
    let predicate = match comparator {
        Comparator::IsNull => subject.null_test(false),
        Comparator::IsNotNull => subject.null_test(true),
        _ => subject.predicate(comparator, value),
    }?;
    Ok(Comparison { field, predicate })
}

impl Subject {
    fn null_test(&self, negated: bool) -> Result<Predicate> {
        if self.kind == Kind::KeyedText {
            return Ok(Predicate::IsNull { negated });
        }
        Err(self.refused(self.wording.null, &[]))
    }

    /// Most entities look at the value first, so that it is what their errors are about.
    fn predicate(&self, comparator: Comparator<'_>, value: Value<'_>) -> Result<Predicate> {
        if self.wording.operator_first && !self.operators().contains(&comparator) {
            return Err(self.unsupported(comparator));
        }
        match self.kind {
            Kind::Text | Kind::KeyedText => self.text_predicate(comparator, value),
            Kind::Number => {
                let value = self.number(&value)?;
                let operator = self.numeric_operator(comparator)?;
                Ok(Predicate::Number { operator, value })
            }
            Kind::Integer { quoted, fraction } => {
                self.integer_predicate(quoted, fraction, comparator, &value)
            }
            Kind::ExperimentId => self.identity_predicate(comparator, &value, experiment_id),
            Kind::LoggedModelStatus => {
                self.identity_predicate(comparator, &value, logged_model_status)
            }
        }
    }

    fn text_predicate(&self, comparator: Comparator<'_>, value: Value<'_>) -> Result<Predicate> {
        if let Some(negated) = membership(comparator) {
            let values = self.list_texts(value)?;
            return Ok(Predicate::TextIn { negated, values });
        }
        let value = self.text(value)?;
        let operator = match comparator {
            Comparator::Equal => TextOperator::Equal,
            Comparator::NotEqual => TextOperator::NotEqual,
            Comparator::Like => TextOperator::Like,
            Comparator::ILike => TextOperator::ILike,
            _ => return Err(self.unsupported(comparator)),
        };
        Ok(Predicate::Text { operator, value })
    }

    fn integer_predicate(
        &self,
        quoted: bool,
        fraction: bool,
        comparator: Comparator<'_>,
        value: &Value<'_>,
    ) -> Result<Predicate> {
        let literal = match &value.kind {
            ValueKind::Quoted(text) if quoted => text.trim(),
            ValueKind::Bare => value.raw,
            _ => return Err(self.not_numeric(value)),
        };
        if let Ok(value) = literal.parse::<i64>() {
            let operator = self.numeric_operator(comparator)?;
            return Ok(Predicate::Integer { operator, value });
        }
        let number = match value.kind {
            ValueKind::Bare if quoted => {
                parse_number(literal).ok_or_else(|| self.not_text(value))?
            }
            ValueKind::Bare => parse_number(literal).ok_or_else(|| self.not_numeric(value))?,
            _ => return Err(self.not_whole(&excerpt(value.raw))),
        };
        let operator = self.numeric_operator(comparator)?;
        let value = if fraction {
            whole(number, operator)
        } else {
            None
        };
        let value = value.ok_or_else(|| self.not_whole(&format!("{number:?}")))?;
        Ok(Predicate::Integer { operator, value })
    }

    /// A predicate on numbers that are names: equality and membership alone.
    fn identity_predicate(
        &self,
        comparator: Comparator<'_>,
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
            _ => return Err(self.unsupported(comparator)),
        };
        Ok(Predicate::Integer {
            operator,
            value: parse(value)?,
        })
    }

    fn numeric_operator(&self, comparator: Comparator<'_>) -> Result<NumericOperator> {
        Ok(match comparator {
            Comparator::Equal => NumericOperator::Equal,
            Comparator::NotEqual => NumericOperator::NotEqual,
            Comparator::Less => NumericOperator::Less,
            Comparator::LessOrEqual => NumericOperator::LessOrEqual,
            Comparator::Greater => NumericOperator::Greater,
            Comparator::GreaterOrEqual => NumericOperator::GreaterOrEqual,
            _ => return Err(self.unsupported(comparator)),
        })
    }

    fn text(&self, value: Value<'_>) -> Result<String> {
        match value.kind {
            ValueKind::Quoted(text) => Ok(text.into_owned()),
            ValueKind::Bare if self.bare_text => Ok(value.raw.to_owned()),
            _ => Err(self.not_text(&value)),
        }
    }

    fn list_texts(&self, list: Value<'_>) -> Result<Vec<String>> {
        let raw = list.raw;
        let items = match list.kind {
            ValueKind::List(items) => items,
            _ => Vec::new(),
        };
        check_items(&items)?;
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            match item.kind {
                ValueKind::Quoted(text) => texts.push(text.into_owned()),
                _ if self.bare_text => texts.push(item.raw.to_owned()),
                _ => return Err(not_texts(raw)),
            }
        }
        Ok(texts)
    }

    fn number(&self, value: &Value<'_>) -> Result<f64> {
        match value.kind {
            ValueKind::Bare => parse_number(value.raw),
            _ => None,
        }
        .ok_or_else(|| self.not_numeric(value))
    }

    fn not_text(&self, value: &Value<'_>) -> Error {
        let is_bare = matches!(value.kind, ValueKind::Bare);
        let is_literal =
            parse_number(value.raw).is_some() || value.raw.eq_ignore_ascii_case("NULL");
        let template = match self.scope {
            _ if is_bare && !is_literal => {
                "Parameter value is either not quoted or unidentified quote types used for string \
                 value <value>. Use either single or double quotes."
            }
            Scope::Attribute => self.wording.text,
            Scope::Dataset => {
                "Expected a quoted string value for dataset attributes. Got value <value>"
            }
            _ => "Expected a quoted string value for <scope> (e.g. 'my-value'). Got value <value>",
        };
        self.refused(template, &[("<value>", &excerpt(value.raw))])
    }

    fn not_numeric(&self, value: &Value<'_>) -> Error {
        let template = match self.scope {
            Scope::Attribute => {
                "Expected numeric value type for numeric attribute: <key>. Found <value>"
            }
            _ => "Expected numeric value type for <scope>. Found <value>",
        };
        self.refused(template, &[("<value>", &excerpt(value.raw))])
    }

    /// The error for a value that integers are not compared with in the way that is asked for.
    fn not_whole(&self, value: &str) -> Error {
        self.refused(self.wording.fraction, &[("<value>", value)])
    }

    fn unsupported(&self, comparator: Comparator<'_>) -> Error {
        let template = match self.kind {
            Kind::ExperimentId => "Invalid comparator for experiment_id: <operator>",
            Kind::Text | Kind::LoggedModelStatus => self.wording.text_operator,
            Kind::Number | Kind::Integer { .. } => self.wording.number_operator,
            Kind::KeyedText => self.wording.keyed_operator,
        };
        let operator = excerpt(&comparator.text().to_uppercase());
        let allowed = listed(self.operators().iter().map(|allowed| allowed.text()));
        self.refused(
            template,
            &[("<operator>", operator.trim()), ("<allowed>", &allowed)],
        )
    }

    /// The operators that take a value, as error messages list them.
    fn operators(&self) -> &'static [Comparator<'static>] {
        match self.kind {
            Kind::Text | Kind::KeyedText => &[
                Comparator::Equal,
                Comparator::NotEqual,
                Comparator::Like,
                Comparator::ILike,
                Comparator::In,
                Comparator::NotIn,
            ],
            Kind::Number | Kind::Integer { .. } => &[
                Comparator::Less,
                Comparator::LessOrEqual,
                Comparator::Greater,
                Comparator::GreaterOrEqual,
                Comparator::Equal,
                Comparator::NotEqual,
            ],
            Kind::ExperimentId | Kind::LoggedModelStatus => &[
                Comparator::Equal,
                Comparator::NotEqual,
                Comparator::In,
                Comparator::NotIn,
            ],
        }
    }

    fn refused(&self, template: &str, values: &[(&str, &str)]) -> Error {
        let scope = self.scope.noun();
        let own = [
            ("<scopes>", self.scope.plural()),
            ("<scope>", scope),
            ("<key>", &self.key),
        ];
        Error::invalid(fill(template, &[values, &own].concat()))
    }
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

fn not_texts(list: &str) -> Error {
    // A list of one is written as Python writes it.
    let is_one = !list.contains(',');
    let items = list.trim_start_matches('(').trim_end_matches(')');
    Error::invalid(format!(
        "While parsing a list in the query, expected string value, punctuation, or whitespace, but \
         got different type in list: ({}{})",
        excerpt(items),
        if is_one { "," } else { "" }
    ))
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

fn check_items(items: &[Value<'_>]) -> Result<()> {
    if items.is_empty() {
        return Err(Error::invalid(
            "While parsing a list in the query, expected a non-empty list of string values, but got \
             empty list",
        ));
    }
    check_count("values in a list of `filter`", items.len(), MAX_LIST_ITEMS)
}
