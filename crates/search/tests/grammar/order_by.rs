//! Order clauses, accepted and refused.

use ferroflow_search::{
    ExperimentAttribute, Field, LoggedModelAttribute, LoggedModelOrder, ModelVersionOrder, OrderBy,
    RegisteredModelOrder, RunAttribute, RunOrder,
};

fn printed<F: Field + PartialEq>(text: &str) -> String {
    let parsed =
        OrderBy::<F>::parse_each(&[text]).unwrap_or_else(|error| panic!("{text}: {error}"));
    parsed[0].to_string()
}

fn refused<F: Field + PartialEq>(text: &str, message: &str) {
    let Err(error) = OrderBy::<F>::parse_each(&[text]) else {
        panic!("accepted: {text}")
    };
    assert!(error.message().contains(message), "{text}: {error}");
}

#[test]
fn runs() {
    for (text, expected) in [
        ("start_time", "start_time ASC"),
        ("attribute.start_time asc", "start_time ASC"),
        ("attr.created Desc", "start_time DESC"),
        ("run.`Run name`", "run_name ASC"),
        ("metrics.`a b` DESC", "metrics.`a b` DESC"),
        ("metrics.a.b\tDESC", "metrics.`a.b` DESC"),
        (" params.\"x\" ", "params.`x` ASC"),
        ("tags.`a,b` DESC", "tags.`a,b` DESC"),
        ("tags.DESC", "tags.`DESC` ASC"),
    ] {
        assert_eq!(printed::<RunOrder>(text), expected, "{text}");
    }
    refused::<RunOrder>("", "Invalid order_by clause ''. Could not be parsed.");
    refused::<RunOrder>("a, b", "Could not be parsed.");
    refused::<RunOrder>("start_time DESC DESC", "Could not be parsed.");
    refused::<RunOrder>(
        "metrics.a b",
        "Invalid ordering key in order_by clause 'metrics.a b'.",
    );
    refused::<RunOrder>("metrics.`a", "Could not be parsed.");
    refused::<RunOrder>("foo DESC", "Invalid attribute key 'foo'");
    refused::<RunOrder>("dataset.name", "Invalid identifier type 'dataset'");
    refused::<RunOrder>("'run_name'", "Could not be parsed.");
    refused::<RunOrder>("Metrics.a", "Invalid entity type 'Metrics'");
}

#[test]
fn other_entities() {
    assert_eq!(
        printed::<ExperimentAttribute>("attribute.name DESC"),
        "name DESC"
    );
    assert_eq!(
        printed::<ExperimentAttribute>("experiment_id"),
        "experiment_id ASC"
    );
    refused::<ExperimentAttribute>("tags.a", "Invalid order_by entity: tag");
    refused::<ExperimentAttribute>("metrics.a", "Invalid entity type 'metrics'");
    assert_eq!(
        printed::<RegisteredModelOrder>("timestamp desc"),
        "last_updated_timestamp DESC"
    );
    assert_eq!(printed::<RegisteredModelOrder>("name"), "name ASC");
    for text in ["creation_timestamp", "tags.creation_timestamp"] {
        let message = format!(
            "Invalid order by key '{text}' specified. Valid keys are '{{'name', 'timestamp'}}'"
        );
        refused::<RegisteredModelOrder>(text, &message);
    }
    assert_eq!(
        printed::<ModelVersionOrder>("version_number DESC"),
        "version_number DESC"
    );
    assert_eq!(
        printed::<ModelVersionOrder>("creation_timestamp"),
        "creation_timestamp ASC"
    );
    assert_eq!(
        printed::<ModelVersionOrder>("version"),
        "version_number ASC"
    );
    assert_eq!(
        printed::<ModelVersionOrder>("current_stage DESC"),
        "stage DESC"
    );
    refused::<ModelVersionOrder>("run_id", "Invalid attribute key");
}

#[test]
fn duplicates_are_refused_under_any_name() {
    for clauses in [
        ["start_time", "created DESC"],
        ["metrics.a", "metric.`a` DESC"],
    ] {
        let error = OrderBy::<RunOrder>::parse_each(&clauses).unwrap_err();
        assert!(
            error
                .message()
                .starts_with("`order_by` contains duplicate fields"),
            "{error}"
        );
    }
    assert!(OrderBy::<RunOrder>::parse_each(&["metrics.a", "params.a"]).is_ok());
    assert!(
        OrderBy::<RegisteredModelOrder>::parse_list("timestamp, last_updated_timestamp").is_err()
    );
}

#[test]
fn of_experiments_a_duplicate_is_without_effect() {
    let parsed =
        OrderBy::<ExperimentAttribute>::parse_each(&["name", "experiment_id", "name DESC"]);
    let printed: Vec<String> = parsed.unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(printed, ["name ASC", "experiment_id ASC"]);
}

#[test]
fn one_text_may_hold_a_list() {
    let parsed = OrderBy::parse_list("metrics.`a, b` DESC , start_time").unwrap();
    let metric = RunOrder::Metric("a, b".to_owned());
    let start_time = RunOrder::Attribute(RunAttribute::StartTime);
    assert_eq!(
        parsed,
        [
            OrderBy {
                field: metric,
                ascending: false
            },
            OrderBy {
                field: start_time,
                ascending: true
            }
        ]
    );
    assert!(OrderBy::<RunOrder>::parse_list(" ").unwrap().is_empty());
    assert!(OrderBy::<RunOrder>::parse_list("start_time,").is_err());
    assert!(OrderBy::<RunOrder>::parse_list(",").is_err());
    let none: [&str; 0] = [];
    assert!(OrderBy::<RunOrder>::parse_each(&none).unwrap().is_empty());
}

#[test]
fn logged_models_are_ordered_by_field_names() {
    let created = LoggedModelOrder::Attribute(LoggedModelAttribute::CreationTime);
    for (text, expected) in [
        ("creation_time", created.clone()),
        ("attributes.creation_timestamp", created),
        (
            "name",
            LoggedModelOrder::Attribute(LoggedModelAttribute::Name),
        ),
        (
            "metrics.a b.c",
            LoggedModelOrder::Metric("a b.c".to_owned()),
        ),
        ("metrics.`a b`", LoggedModelOrder::Metric("a b".to_owned())),
    ] {
        assert_eq!(
            LoggedModelOrder::parse_field_name(text).unwrap(),
            expected,
            "{text}"
        );
    }
    for (text, message) in [
        ("", "Invalid order by field name: "),
        ("foo", "Invalid order by field name: foo"),
        (
            "params.a",
            "Invalid order by field name: params.a. Only metrics are supported.",
        ),
    ] {
        let error = LoggedModelOrder::parse_field_name(text).unwrap_err();
        assert_eq!(error.message(), message, "{text}");
    }
}
