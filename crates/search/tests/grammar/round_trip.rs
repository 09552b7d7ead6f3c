//! Whatever the tree holds, its text parses to the same tree; whatever the text holds, parsing ends.

use std::fmt::Debug;

use ferroflow_search::{
    Attribute, Comparison, DatasetAttribute, ExperimentAttribute, ExperimentField, Expression,
    Field, Filter, FilterField, LoggedModelAttribute, LoggedModelField, ModelVersionAttribute,
    ModelVersionField, ModelVersionOrder, NumericOperator, OrderBy, Predicate,
    RegisteredModelField, RegisteredModelOrder, RunAttribute, RunField, RunOrder, TextOperator,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::everything::parse_as_everything;

/// Any text the store can hold, often of the characters that the grammar cares about.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["[^\u{0}]{0,12}", "[ '\"`.,()=%_aN\\\\]{0,12}"]
}

fn any_of<A: Attribute + Debug>() -> impl Strategy<Value = A> {
    select(A::ALL)
}

fn text() -> BoxedStrategy<Predicate> {
    let operators = [
        TextOperator::Equal,
        TextOperator::NotEqual,
        TextOperator::Like,
        TextOperator::ILike,
    ];
    prop_oneof![
        (select(operators.to_vec()), any_text())
            .prop_map(|(operator, value)| Predicate::Text { operator, value }),
        (any::<bool>(), vec(any_text(), 1..4))
            .prop_map(|(negated, values)| Predicate::TextIn { negated, values }),
    ]
    .boxed()
}

fn keyed_text() -> BoxedStrategy<Predicate> {
    let null = any::<bool>().prop_map(|negated| Predicate::IsNull { negated });
    prop_oneof![text(), null].boxed()
}

fn numeric_operator() -> impl Strategy<Value = NumericOperator> {
    select(vec![
        NumericOperator::Equal,
        NumericOperator::NotEqual,
        NumericOperator::Less,
        NumericOperator::LessOrEqual,
        NumericOperator::Greater,
        NumericOperator::GreaterOrEqual,
    ])
}

fn number() -> BoxedStrategy<Predicate> {
    let value = any::<f64>().prop_filter("NaN equals nothing", |value| !value.is_nan());
    let value = prop_oneof![value, Just(f64::INFINITY), Just(f64::NEG_INFINITY)];
    (numeric_operator(), value)
        .prop_map(|(operator, value)| Predicate::Number { operator, value })
        .boxed()
}

fn integer() -> BoxedStrategy<Predicate> {
    (numeric_operator(), any::<i64>())
        .prop_map(|(operator, value)| Predicate::Integer { operator, value })
        .boxed()
}

fn identity(value: impl Strategy<Value = i64> + Clone + 'static) -> BoxedStrategy<Predicate> {
    let operator = select(vec![NumericOperator::Equal, NumericOperator::NotEqual]);
    prop_oneof![
        (operator, value.clone())
            .prop_map(|(operator, value)| Predicate::Integer { operator, value }),
        (any::<bool>(), vec(value, 1..4))
            .prop_map(|(negated, values)| Predicate::IntegerIn { negated, values }),
    ]
    .boxed()
}

fn experiment() -> BoxedStrategy<Comparison<ExperimentField>> {
    let attribute = any_of().prop_flat_map(|attribute| {
        let predicate = match attribute {
            ExperimentAttribute::Name => text(),
            ExperimentAttribute::ExperimentId => identity(any::<i64>()),
            ExperimentAttribute::CreationTime | ExperimentAttribute::LastUpdateTime => integer(),
        };
        (Just(ExperimentField::Attribute(attribute)), predicate)
    });
    comparison(prop_oneof![
        attribute,
        (any_text().prop_map(ExperimentField::Tag), keyed_text())
    ])
}

fn run() -> BoxedStrategy<Comparison<RunField>> {
    let attribute = any_of().prop_flat_map(|attribute| {
        let predicate = match attribute {
            RunAttribute::StartTime | RunAttribute::EndTime => integer(),
            _ => text(),
        };
        (Just(RunField::Attribute(attribute)), predicate)
    });
    comparison(prop_oneof![
        attribute,
        (any_text().prop_map(RunField::Metric), number()),
        (any_text().prop_map(RunField::Param), keyed_text()),
        (any_text().prop_map(RunField::Tag), keyed_text()),
        (
            any_of::<DatasetAttribute>().prop_map(RunField::Dataset),
            text()
        ),
    ])
}

fn registered_model() -> BoxedStrategy<Comparison<RegisteredModelField>> {
    comparison(prop_oneof![
        (Just(RegisteredModelField::Name), text()),
        (any_text().prop_map(RegisteredModelField::Tag), keyed_text()),
    ])
}

fn model_version() -> BoxedStrategy<Comparison<ModelVersionField>> {
    let attribute = any_of().prop_flat_map(|attribute| {
        let predicate = match attribute {
            ModelVersionAttribute::VersionNumber => integer(),
            _ => text(),
        };
        (Just(ModelVersionField::Attribute(attribute)), predicate)
    });
    comparison(prop_oneof![
        attribute,
        (any_text().prop_map(ModelVersionField::Tag), keyed_text())
    ])
}

fn logged_model() -> BoxedStrategy<Comparison<LoggedModelField>> {
    let attribute = any_of().prop_flat_map(|attribute| {
        let predicate = match attribute {
            LoggedModelAttribute::Status => identity(1..=3_i64),
            LoggedModelAttribute::CreationTime | LoggedModelAttribute::LastUpdateTime => integer(),
            _ => text(),
        };
        (Just(LoggedModelField::Attribute(attribute)), predicate)
    });
    comparison(prop_oneof![
        attribute,
        (any_text().prop_map(LoggedModelField::Metric), number()),
        (any_text().prop_map(LoggedModelField::Param), keyed_text()),
        (any_text().prop_map(LoggedModelField::Tag), keyed_text()),
    ])
}

fn comparison<F: Debug + 'static>(
    parts: impl Strategy<Value = (F, Predicate)> + 'static,
) -> BoxedStrategy<Comparison<F>> {
    parts
        .prop_map(|(field, predicate)| Comparison { field, predicate })
        .boxed()
}

fn filter<F: Debug + Clone + 'static>(
    comparison: BoxedStrategy<Comparison<F>>,
) -> impl Strategy<Value = Filter<F>> {
    comparison
        .prop_map(Expression::Comparison)
        .prop_recursive(5, 40, 4, |inner| {
            prop_oneof![
                vec(inner.clone(), 2..5).prop_map(Expression::And),
                vec(inner.clone(), 2..5).prop_map(Expression::Or),
                inner.prop_map(|operand| Expression::Not(Box::new(operand))),
            ]
        })
}

fn survives<F: FilterField + Debug + PartialEq>(filter: Filter<F>) -> Result<(), TestCaseError> {
    let text = filter.to_string();
    match Filter::<F>::parse(&text) {
        Ok(parsed) => prop_assert_eq!(parsed, Some(filter), "{}", text),
        Err(error) => prop_assert!(false, "{}: {}", text, error),
    }
    Ok(())
}

fn order_survives<F: Field + Debug + PartialEq>(field: F, ascending: bool) {
    let order = OrderBy { field, ascending };
    let text = order.to_string();
    assert_eq!(OrderBy::parse_each(&[&text]).unwrap(), [order], "{text}");
}

proptest! {
    #[test]
    fn experiments(filter in filter(experiment())) { survives(filter)?; }

    #[test]
    fn runs(filter in filter(run())) { survives(filter)?; }

    #[test]
    fn registered_models(filter in filter(registered_model())) { survives(filter)?; }

    #[test]
    fn model_versions(filter in filter(model_version())) { survives(filter)?; }

    #[test]
    fn logged_models(filter in filter(logged_model())) { survives(filter)?; }

    #[test]
    fn orders(
        key in any_text(),
        ascending in any::<bool>(),
        run in any_of::<RunAttribute>(),
        experiment in any_of::<ExperimentAttribute>(),
        registered_model in any_of::<RegisteredModelOrder>(),
        model_version in any_of::<ModelVersionOrder>(),
    ) {
        order_survives(RunOrder::Attribute(run), ascending);
        order_survives(RunOrder::Metric(key.clone()), ascending);
        order_survives(RunOrder::Param(key.clone()), ascending);
        order_survives(RunOrder::Tag(key), ascending);
        order_survives(experiment, ascending);
        order_survives(registered_model, ascending);
        order_survives(model_version, ascending);
    }

    #[test]
    fn any_text_ends(text in any::<String>()) { parse_as_everything(&text); }

    /// Text made of the grammar's own words comes much further than random characters do.
    #[test]
    fn any_words_end(words in vec(select(WORDS), 0..30)) { parse_as_everything(&words.concat()); }
}

const WORDS: &[&str] = &[
    "metrics.",
    "tags.",
    "params.",
    "attribute.",
    "dataset.",
    "name",
    "status",
    "start_time",
    "`a b`",
    "'x'",
    "\"y\"",
    "''",
    "'",
    "`",
    "=",
    "!=",
    "<",
    ">=",
    " LIKE ",
    " ilike ",
    " IN ",
    " NOT ",
    " IS NULL ",
    " AND ",
    " OR ",
    "(",
    ")",
    ",",
    " ",
    ".",
    "1",
    "-1.5e3",
    "é",
    "DESC",
    "\n",
];
