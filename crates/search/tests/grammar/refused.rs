//! Filters that are refused, with what the message must say.

use ferroflow_model::ErrorKind;
use ferroflow_search::{
    ExperimentField, Filter, FilterField, LoggedModelField, ModelVersionField,
    RegisteredModelField, RunField,
};

fn check<F: FilterField>(table: &[(&str, &str)]) {
    for (text, message) in table {
        let Err(error) = Filter::<F>::parse(text) else {
            panic!("accepted: {text}")
        };
        assert_eq!(error.kind(), ErrorKind::InvalidParameter, "{text}");
        assert!(error.message().contains(message), "{text}: {error}");
    }
}

#[test]
fn broken_syntax() {
    check::<RunField>(&[
        ("tags.a", "Invalid clause(s) in filter string: 'tags.a'"),
        (
            "tags.a = 'x' AND",
            "Invalid clause(s) in filter string: 'AND'",
        ),
        ("AND tags.a = 'x'", "Invalid clause(s)"),
        (
            "tags.a = 'x' AND AND tags.b = 'y'",
            "'AND AND tags.b = 'y''",
        ),
        (
            "tags.a = 'x' tags.b = 'y'",
            "Invalid clause(s) in filter string: 'tags.b = 'y''",
        ),
        ("tags.a = 'x' , tags.b = 'y'", "', tags.b = 'y''"),
        ("tags.a = 'x';", "Invalid clause(s) in filter string: ';'"),
        ("tags.a = 'x' -- y", "'-- y'"),
        ("tags.a = 'x", "Invalid clause(s)"),
        ("tags.a = 'x''", "Invalid clause(s)"),
        ("tags.a = `x`", "Invalid clause(s)"),
        (
            "tags.a = 'a' 'b'",
            "Invalid clause(s) in filter string: ''b''",
        ),
        ("(tags.a = 'x'", "Invalid clause(s)"),
        ("tags.a = 'x')", "Invalid clause(s) in filter string: ')'"),
        ("()", "Invalid clause(s) in filter string: ')'"),
        ("NOT", "Invalid clause(s)"),
        ("NOTtags.a = 'x'", "Invalid entity type 'NOTtags'"),
        ("tags.a . b = 'x'", "Invalid clause(s)"),
        ("tags .a = 'x'", "Invalid clause(s)"),
        ("tags.a.`b` = 'x'", "Invalid clause(s)"),
        ("metrics. = 1", "Invalid clause(s)"),
        ("run name = 'x'", "Invalid clause(s)"),
        ("run_id IN 'a'", "Invalid clause(s)"),
        ("run_id IN ('a'", "Invalid clause(s)"),
        ("run_id IN (,)", "expected a non-empty list"),
        ("run_id IN ('a' 'b')", "Invalid clause(s)"),
        ("tags.a ISNULL", "Invalid clause(s)"),
        ("tags.a = '\0'", "must not contain the character NUL"),
    ]);
}

#[test]
fn names() {
    check::<RunField>(&[
        ("foo.a = 'x'", "Invalid entity type 'foo'. Valid values are"),
        ("Metrics.a > 1", "Invalid entity type 'Metrics'"),
        (
            "foo = 'x'",
            "Invalid attribute key 'foo' specified. Valid keys are [\"run_id\"",
        ),
        ("'x' = run_id", "Invalid attribute key 'x'"),
        ("5 < metrics.a", "Invalid attribute key '5'"),
        ("`tags.a` = 'x'", "Invalid attribute key 'tags.a'"),
        ("attribute.Status = 'x'", "Invalid attribute key 'Status'"),
        ("dataset.profile = 'x'", "Invalid dataset key 'profile'"),
    ]);
    check::<ExperimentField>(&[
        ("metrics.a > 1", "Invalid entity type 'metrics'"),
        ("run.name = 'x'", "Invalid entity type 'run'"),
        ("status = 'x'", "Invalid attribute key 'status'"),
    ]);
    check::<RegisteredModelField>(&[
        ("timestamp > 1", "Invalid attribute key 'timestamp'"),
        ("params.a = 'x'", "Invalid entity type 'params'"),
    ]);
    check::<ModelVersionField>(&[("creation_timestamp > 1", "Invalid attribute key")]);
    check::<LoggedModelField>(&[
        ("dataset.name = 'x'", "Invalid entity type 'dataset'"),
        ("run_id = 'x'", "Invalid attribute key 'run_id'"),
    ]);
}

#[test]
fn comparators() {
    check::<RunField>(&[
        ("tags.a == 'x'", "Invalid comparator '=='"),
        ("tags.a <> 'x'", "Invalid comparator '<>'"),
        ("tags.a RLIKE 'x'", "Invalid comparator 'RLIKE'"),
        ("tags.a NOT LIKE 'x'", "Invalid comparator 'NOT LIKE'"),
        ("metrics.a BETWEEN 1 AND 2", "Invalid comparator 'BETWEEN'"),
        (
            "params.a > 'x'",
            "Invalid comparator '>' not one of '=, !=, LIKE",
        ),
        ("status <= 'x'", "Invalid comparator '<='"),
        (
            "metrics.a LIKE 1",
            "Invalid comparator 'LIKE' not one of '=, !=, <, <=, >, >='",
        ),
        ("start_time ILIKE 1", "Invalid comparator 'ILIKE'"),
        ("dataset.name < 'x'", "Invalid comparator '<'"),
        (
            "metrics.a IS NULL",
            "only supported for tags and params, not for 'metric' 'a'",
        ),
        ("end_time IS NOT NULL", "not for 'attribute' 'end_time'"),
    ]);
    check::<ExperimentField>(&[
        (
            "experiment_id LIKE '1'",
            "Invalid comparator 'LIKE' not one of '=, !=, IN, NOT IN'",
        ),
        ("experiment_id > 1", "Invalid comparator '>'"),
    ]);
    check::<LoggedModelField>(&[("status LIKE 'READY'", "Invalid comparator 'LIKE'")]);
}

#[test]
fn values() {
    check::<RunField>(&[
        (
            "metrics.a = 'x'",
            "Expected numeric value type for metric. Found 'x'",
        ),
        (
            "metrics.a > nan",
            "Expected numeric value type for metric. Found nan",
        ),
        (
            "metrics.a > -inf",
            "Expected numeric value type for metric. Found -inf",
        ),
        (
            "metrics.a > 0x10",
            "Expected numeric value type for metric. Found 0x10",
        ),
        (
            "metrics.a > 1.2.3",
            "Expected numeric value type for metric. Found 1.2.3",
        ),
        (
            "metrics.a IN (1, 2)",
            "Expected numeric value type for metric. Found (1, 2)",
        ),
        (
            "start_time > '5'",
            "Expected numeric value type for numeric attribute: start_time. Found '5'",
        ),
        (
            "start_time = 1.5",
            "Invalid value for numeric attribute 'start_time': 1.5",
        ),
        (
            "params.a = 5",
            "Expected a quoted string value for parameter (e.g. 'my-value'). Got value 5",
        ),
        ("tags.a = ('x')", "Expected a quoted string value for tag"),
        (
            "tags.a = b",
            "quote types used for string value b. Use either single or double quotes.",
        ),
        (
            "run_id IN ()",
            "expected a non-empty list of string values, but got empty list",
        ),
        ("run_id IN ('a', 1)", "got different type in list: 1"),
    ]);
    check::<ExperimentField>(&[
        (
            "experiment_id = 'x'",
            "Invalid experiment ID 'x'. Experiment ID must be a valid integer.",
        ),
        ("experiment_id = 1.5", "Invalid experiment ID '1.5'"),
        ("experiment_id IN ('1', 'x')", "Invalid experiment ID 'x'"),
        ("experiment_id IN ()", "expected a non-empty list"),
        ("experiment_id = ('1')", "Invalid experiment ID"),
        (
            "creation_time = '5'",
            "Expected numeric value type for numeric attribute: creation_time",
        ),
    ]);
    check::<ModelVersionField>(&[
        (
            "version_number = 'x'",
            "Expected numeric value type for numeric attribute: version_number",
        ),
        (
            "version_number = 1.5",
            "Invalid value for numeric attribute 'version_number'",
        ),
        ("version_number IN (1)", "Expected numeric value type"),
        ("name = 5", "Expected a quoted string value for attribute"),
    ]);
    check::<LoggedModelField>(&[
        ("status = 'DONE'", "Invalid status 'DONE'"),
        ("metrics.a > abc", "Expected numeric value type for metric"),
        ("creation_timestamp > '5'", "Expected numeric value type"),
    ]);
}
