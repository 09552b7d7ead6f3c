//! What a search over runs must answer, told the plain way: each run is looked at, and all are
//! sorted.

use std::cmp::Ordering;

use ferroflow_model::datasets::DatasetInput;
use ferroflow_model::runs::Run;
use ferroflow_search::{
    Comparison, DatasetAttribute, Expression, Filter, NumericOperator, OrderBy, Predicate,
    RunAttribute, RunField, RunOrder, TextOperator,
};

/// The ids of the runs that match, in order.
pub(crate) fn expected(
    runs: &[Run],
    filter: Option<&Filter<RunField>>,
    order_by: &[OrderBy<RunOrder>],
) -> Vec<String> {
    let matching = |run: &&Run| filter.is_none_or(|filter| matches(filter, run));
    let mut found: Vec<&Run> = runs.iter().filter(matching).collect();
    found.sort_by(|a, b| in_order(order_by, a, b));
    let id = |run: &Run| run.info.run_id.as_str().to_owned();
    found.into_iter().map(id).collect()
}

fn matches(filter: &Filter<RunField>, run: &Run) -> bool {
    match filter {
        Expression::And(operands) => operands.iter().all(|operand| matches(operand, run)),
        Expression::Or(operands) => operands.iter().any(|operand| matches(operand, run)),
        Expression::Not(operand) => !matches(operand, run),
        Expression::Comparison(comparison) => compare(comparison, run),
    }
}

fn compare(comparison: &Comparison<RunField>, run: &Run) -> bool {
    let predicate = &comparison.predicate;
    match &comparison.field {
        RunField::Attribute(RunAttribute::RunName) => text(tag(run, "mlflow.runName"), predicate),
        RunField::Attribute(attribute) => match own(*attribute, run) {
            Some(Own::Text(value)) => text(Some(value), predicate),
            Some(Own::Integer(value)) => number(Some(value), predicate),
            None => false,
        },
        RunField::Metric(key) => number(metric(run, key), predicate),
        RunField::Param(key) => text(param(run, key), predicate),
        RunField::Tag(key) => text(tag(run, key), predicate),
        RunField::Dataset(attribute) => run
            .dataset_inputs
            .iter()
            .any(|input| text(dataset(input, *attribute), predicate)),
    }
}

fn text(value: Option<&str>, predicate: &Predicate) -> bool {
    if let Predicate::IsNull { negated } = predicate {
        return value.is_some() == *negated;
    }
    let Some(value) = value else {
        return false;
    };
    match predicate {
        Predicate::Text {
            operator,
            value: other,
        } => match operator {
            TextOperator::Equal => value == other,
            TextOperator::NotEqual => value != other,
            TextOperator::Like => like(value, other),
            TextOperator::ILike => like(&value.to_ascii_lowercase(), &other.to_ascii_lowercase()),
        },
        Predicate::TextIn { negated, values } => {
            values.iter().any(|other| value == other) != *negated
        }
        _ => unreachable!("{predicate:?} is not about text"),
    }
}

/// Whether a text matches a pattern.
fn like(text: &str, pattern: &str) -> bool {
    let Some(first) = pattern.chars().next() else {
        return text.is_empty();
    };
    let rest = &pattern[first.len_utf8()..];
    let mut starts = text.char_indices().map(|(start, _)| start);
    match first {
        '%' => like("", rest) || starts.any(|start| like(&text[start..], rest)),
        _ => text
            .strip_prefix(|c| first == '_' || c == first)
            .is_some_and(|tail| like(tail, rest)),
    }
}

#[expect(clippy::float_cmp, reason = "as the databases do")]
fn number(value: Option<f64>, predicate: &Predicate) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let (operator, other) = match predicate {
        Predicate::Number { operator, value } => (operator, *value),
        Predicate::Integer { operator, value } => (operator, *value as f64),
        _ => unreachable!("{predicate:?} is not about a number"),
    };
    value.is_some_and(|value| match operator {
        NumericOperator::Equal => value == other,
        NumericOperator::NotEqual => value != other,
        NumericOperator::Less => value < other,
        NumericOperator::LessOrEqual => value <= other,
        NumericOperator::Greater => value > other,
        NumericOperator::GreaterOrEqual => value >= other,
    })
}

/// A field of the run itself.
enum Own<'a> {
    Text(&'a str),
    Integer(f64),
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn own(attribute: RunAttribute, run: &Run) -> Option<Own<'_>> {
    let info = &run.info;
    let integer = |value: i64| Own::Integer(value as f64);
    match attribute {
        RunAttribute::RunId => Some(Own::Text(info.run_id.as_str())),
        RunAttribute::RunName => Some(Own::Text(&info.name)),
        RunAttribute::UserId => Some(Own::Text(&info.user_id)),
        RunAttribute::Status => Some(Own::Text(info.status.as_str())),
        RunAttribute::ArtifactUri => Some(Own::Text(&info.artifact_uri)),
        RunAttribute::StartTime => info.start_ms.map(integer),
        RunAttribute::EndTime => info.end_ms.map(integer),
    }
}

fn metric(run: &Run, key: &str) -> Option<f64> {
    let metric = run.metrics.iter().find(|metric| metric.key == key)?;
    Some(metric.value)
}

fn param<'a>(run: &'a Run, key: &str) -> Option<&'a str> {
    let param = run.params.iter().find(|param| param.key == key)?;
    Some(&param.value)
}

fn tag<'a>(run: &'a Run, key: &str) -> Option<&'a str> {
    let tag = run.tags.iter().find(|tag| tag.key == key)?;
    Some(&tag.value)
}

fn dataset(input: &DatasetInput, attribute: DatasetAttribute) -> Option<&str> {
    match attribute {
        DatasetAttribute::Name => Some(&input.dataset.name),
        DatasetAttribute::Digest => Some(&input.dataset.digest),
        DatasetAttribute::Context => {
            let mut tags = input.tags.iter();
            let context = tags.find(|tag| tag.key == "mlflow.data.context")?;
            Some(&context.value)
        }
    }
}

fn in_order(order_by: &[OrderBy<RunOrder>], a: &Run, b: &Run) -> Ordering {
    let clauses = order_by.iter().map(|clause| clause_order(clause, a, b));
    let latest = b.info.start_ms.cmp(&a.info.start_ms);
    let by_id = a.info.run_id.as_str().cmp(b.info.run_id.as_str());
    clauses
        .chain([latest, by_id])
        .find(|ordering| ordering.is_ne())
        .unwrap_or(Ordering::Equal)
}

fn clause_order(clause: &OrderBy<RunOrder>, a: &Run, b: &Run) -> Ordering {
    let directed = |ordering: Ordering| {
        if clause.ascending {
            ordering
        } else {
            ordering.reverse()
        }
    };
    let texts = |a: Option<&str>, b: Option<&str>| match (a, b) {
        (Some(a), Some(b)) => directed(a.cmp(b)),
        _ => b.is_some().cmp(&a.is_some()),
    };
    let numbers = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (Some(a), Some(b)) if a.is_nan() || b.is_nan() => a.is_nan().cmp(&b.is_nan()),
        (Some(a), Some(b)) => directed(a.partial_cmp(&b).unwrap()),
        _ => b.is_some().cmp(&a.is_some()),
    };
    match &clause.field {
        RunOrder::Metric(key) => numbers(metric(a, key), metric(b, key)),
        RunOrder::Param(key) => texts(param(a, key), param(b, key)),
        RunOrder::Tag(key) => texts(tag(a, key), tag(b, key)),
        RunOrder::Attribute(attribute) => match (own(*attribute, a), own(*attribute, b)) {
            (Some(Own::Text(a)), Some(Own::Text(b))) => texts(Some(a), Some(b)),
            (a, b) => {
                let integer = |own| match own {
                    Some(Own::Integer(value)) => Some(value),
                    _ => None,
                };
                numbers(integer(a), integer(b))
            }
        },
    }
}

#[test]
fn patterns_match_as_they_say() {
    for (text, pattern) in [
        ("", "%"),
        ("abc", "a%c"),
        ("abc", "%b%"),
        ("é", "_"),
        ("aé", "a%_"),
    ] {
        assert!(like(text, pattern), "{text} {pattern}");
    }
    for (text, pattern) in [("abc", "a%b"), ("", "_"), ("abc", "ab"), ("abc", "_b")] {
        assert!(!like(text, pattern), "{text} {pattern}");
    }
}
