//! Untyped clauses to typed comparisons: whether name, operator and value fit each other.

use ferroflow_model::{Error, ExperimentId, Result};

use crate::comparators::Comparator;
use crate::field::{FilterField, Kind, Scope};
use crate::filter::{Comparison, NumericOperator, Predicate, TextOperator};
use crate::limits::{MAX_LIST_ITEMS, check_count, excerpt};
use crate::logged_models::status_number;
use crate::syntax::{Clause, Value, ValueKind};
use crate::wording::{Wording, fill, listed};

/// What stands on the left side, and how error messages speak of it.
struct Subject {
    scope: Scope,
    key: String,
    kind: Kind,
    bare_text: bool,
    wording: &'static Wording,
}

/// What stands on the right side of an integer.
#[derive(Clone, Copy)]
enum Literal {
    Integer(i64),
    /// A number that is written as no integer, or is too large for one.
    Number(f64),
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
        if self.wording.operator_first && !self.takes(comparator) {
            return Err(self.unsupported(comparator));
        }
        match self.kind {
            Kind::Text | Kind::KeyedText => self.text_predicate(comparator, value),
            Kind::Number => {
                let value = self.number(&value)?;
                let operator = self.accepted(comparator, numeric_operator)?;
                Ok(Predicate::Number { operator, value })
            }
            Kind::Integer { quoted, fraction } => {
                let literal = self.integer_literal(&value, quoted)?;
                let operator = self.accepted(comparator, numeric_operator)?;
                let value = match literal {
                    Literal::Integer(integer) => integer,
                    Literal::Number(number) => Some(number)
                        .filter(|_| fraction)
                        .and_then(|number| whole(number, operator))
                        .ok_or_else(|| self.not_whole(&format!("{number:?}")))?,
                };
                Ok(Predicate::Integer { operator, value })
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
        let operator = self.accepted(comparator, text_operator)?;
        Ok(Predicate::Text { operator, value })
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
        Ok(Predicate::Integer {
            operator: self.accepted(comparator, equality)?,
            value: parse(value)?,
        })
    }

    /// The operator that `of` reads a comparator as.
    fn accepted<O>(
        &self,
        comparator: Comparator<'_>,
        of: impl Fn(Comparator<'_>) -> Option<O>,
    ) -> Result<O> {
        of(comparator).ok_or_else(|| self.unsupported(comparator))
    }

    /// Whether the field takes an operator with a value.
    fn takes(&self, comparator: Comparator<'_>) -> bool {
        match self.kind {
            Kind::Text | Kind::KeyedText => {
                text_operator(comparator).is_some() || membership(comparator).is_some()
            }
            Kind::Number | Kind::Integer { .. } => numeric_operator(comparator).is_some(),
            Kind::ExperimentId | Kind::LoggedModelStatus => {
                equality(comparator).is_some() || membership(comparator).is_some()
            }
        }
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

    /// The number that an integer is compared with; within quotes too if they are `quoted`.
    fn integer_literal(&self, value: &Value<'_>, quoted: bool) -> Result<Literal> {
        let text = match &value.kind {
            ValueKind::Quoted(text) if quoted => text.trim(),
            ValueKind::Bare => value.raw,
            _ => return Err(self.not_numeric(value)),
        };
        if let Ok(integer) = text.parse() {
            return Ok(Literal::Integer(integer));
        }
        match value.kind {
            ValueKind::Bare => parse_number(text).map(Literal::Number).ok_or_else(|| {
                if quoted {
                    self.not_text(value)
                } else {
                    self.not_numeric(value)
                }
            }),
            _ => Err(self.not_whole(&excerpt(value.raw))),
        }
    }

    fn not_text(&self, value: &Value<'_>) -> Error {
        let is_bare = matches!(value.kind, ValueKind::Bare);
        let is_number = parse_number(value.raw).is_some();
        let is_literal = is_number || value.raw.eq_ignore_ascii_case("NULL");
        let template = match self.scope {
            _ if is_bare && !is_literal => {
                "Parameter value is either not quoted or unidentified quote types used for string \
                 value <value>. Use either single or double quotes."
            }
            Scope::Attribute if is_number => self.wording.number_for_text,
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
        let allowed = Comparator::WITH_VALUE
            .into_iter()
            .filter(|it| self.takes(*it));
        let allowed = listed(allowed.map(Comparator::text));
        self.refused(
            template,
            &[("<operator>", operator.trim()), ("<allowed>", &allowed)],
        )
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

fn text_operator(comparator: Comparator<'_>) -> Option<TextOperator> {
    match comparator {
        Comparator::Equal => Some(TextOperator::Equal),
        Comparator::NotEqual => Some(TextOperator::NotEqual),
        Comparator::Like => Some(TextOperator::Like),
        Comparator::ILike => Some(TextOperator::ILike),
        _ => None,
    }
}

fn numeric_operator(comparator: Comparator<'_>) -> Option<NumericOperator> {
    match comparator {
        Comparator::Less => Some(NumericOperator::Less),
        Comparator::LessOrEqual => Some(NumericOperator::LessOrEqual),
        Comparator::Greater => Some(NumericOperator::Greater),
        Comparator::GreaterOrEqual => Some(NumericOperator::GreaterOrEqual),
        _ => equality(comparator),
    }
}

fn equality(comparator: Comparator<'_>) -> Option<NumericOperator> {
    match comparator {
        Comparator::Equal => Some(NumericOperator::Equal),
        Comparator::NotEqual => Some(NumericOperator::NotEqual),
        _ => None,
    }
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
