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

const IDENTIFIER: &str = "Invalid comparison clause. Expected 'Identifier' found ";
const BROKEN_LIST: &str = "expected a non-empty list of string values, but got ill-formed list.";

/// What a message shows of a filter is what belongs to no comparison, word by word.
#[test]
fn stray_words() {
    for (text, words) in [
        ("tags.a", "'tags.a'"),
        ("tags.a >", "'tags.a', '>'"),
        ("tags.a = 'x' AND", "'AND'"),
        (
            "tags.a = 'x' AND AND tags.b = 'y'",
            "'AND AND tags.b = 'y''",
        ),
        ("tags.a = 'x' tags.b = 'y'", "'tags.b = 'y''"),
        ("tags.a = 'x' , tags.b = 'y'", "','"),
        ("tags.a = 'x';", "';'"),
        ("tags.a = 'x", "'tags.a', '=', ''', 'x'"),
        ("tags.a = x'", "'''"),
        ("tags.a = 'a' 'b'", "''b''"),
        ("(tags.a = 'x'", "'('"),
        ("tags.a = 'x')", "')'"),
        ("(tags.a = 'x') AND tags.b", "'tags.b'"),
        ("()", "')'"),
        ("NOT", "'NOT'"),
        ("tags.a = 'x' OR", "'OR'"),
        ("tags .a = 'x'", "'tags', '.'"),
        ("tags.a.`b` = 'x'", "'tags.a.`b`', '=', ''x''"),
        ("metrics. = 1", "'metrics.', '=', '1'"),
        ("run name = 'x'", "'run'"),
        ("run_id IN 'a'", "'run_id', 'IN', ''a''"),
        ("run_id IN ('a'", "'run_id', 'IN', '(', ''a''"),
        ("tags.a ISNULL", "'tags.a', 'ISNULL'"),
        (
            "metrics.a BETWEEN 1 AND 2",
            "'metrics.a', 'BETWEEN', '1', '2'",
        ),
        (
            "tags.`a b` ? tags.`c d",
            "'tags.`a b`', '?', 'tags.', '`', 'c', 'd'",
        ),
    ] {
        let error = Filter::<RunField>::parse(text).unwrap_err();
        let message = error.message();
        let words_of = message.strip_prefix("Invalid clause(s) in filter string: ");
        assert_eq!(words_of, Some(words), "{text}: {message}");
    }
    check::<ExperimentField>(&[
        ("name =", "Invalid clause(s) in filter string: name, ="),
        ("name 'a'", "Invalid clause(s) in filter string: name, 'a'"),
    ]);
    check::<LoggedModelField>(&[(
        "name = 'a",
        "Invalid filter string: \"name = 'a\". Expected a list of comparisons separated by 'AND'",
    )]);
}

#[test]
fn broken_syntax() {
    check::<RunField>(&[
        (" \n", "Invalid filter ' \n'. Could not be parsed."),
        (
            "tags.a = 'x'; tags.b = 'y'",
            "contained multiple expression \"tags.a = 'x'; tags.b = 'y'\". Provide AND-ed",
        ),
        (
            "tags.a = ';' OR",
            "Invalid clause(s) in filter string: 'OR'",
        ),
        ("NOTtags.a = 'x'", "Invalid entity type 'NOTtags'"),
        ("'x' = run_id", &format!("{IDENTIFIER}''x''")),
        ("5 < metrics.a", &format!("{IDENTIFIER}'5'")),
        ("run_id IN (,)", BROKEN_LIST),
        ("run_id IN ('a' 'b')", BROKEN_LIST),
        ("tags.a = (SELECT 1)", BROKEN_LIST),
        ("tags.a = '\0'", "must not contain the character NUL"),
    ]);
    check::<LoggedModelField>(&[
        (
            " ",
            "Invalid filter string: ' '. Expected a single SQL expression.",
        ),
        (
            "name = 'a'; name = 'b'",
            "Invalid filter string: \"name = 'a'; name = 'b'\". Expected a single SQL expression.",
        ),
    ]);
}

#[test]
fn names() {
    check::<RunField>(&[
        (
            "foo.a = 'x'",
            "Invalid entity type 'foo'. Valid values are ['metric', 'parameter', 'tag', 'attribute', \
             'dataset']",
        ),
        ("Metrics.a > 1", "Invalid entity type 'Metrics'"),
        (
            "foo = 'x'",
            "Invalid attribute key 'foo' specified. Valid keys are '{'run_id', 'run_name', ",
        ),
        ("`tags.a` = 'x'", "Invalid attribute key 'tags.a'"),
        ("attribute.Status = 'x'", "Invalid attribute key 'Status'"),
        ("dataset.profile = 'x'", "Invalid dataset key 'profile'"),
    ]);
    check::<ExperimentField>(&[
        (
            "metrics.a > 1",
            "Invalid entity type 'metrics'. Valid entity types are ('attribute', 'tag', 'tags')",
        ),
        ("run.name = 'x'", "Invalid entity type 'run'"),
        ("status = 'x'", "Invalid attribute key 'status'"),
    ]);
    check::<RegisteredModelField>(&[
        ("timestamp > 1", "Invalid attribute key 'timestamp'"),
        ("params.a = 'x'", "Invalid entity type 'params'"),
    ]);
    check::<ModelVersionField>(&[("creation_timestamp > 1", "Invalid attribute key")]);
    check::<LoggedModelField>(&[
        (
            "dataset.name = 'x'",
            "Invalid entity type: 'dataset'. Expected one of",
        ),
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
        ("tags.a regexp 'x'", "Invalid comparator 'REGEXP'"),
        (
            "params.a > 'x'",
            "Invalid comparator '>' not one of '{'=', '!=', 'LIKE', 'ILIKE', 'IN', 'NOT IN'}'",
        ),
        ("status <= 'x'", "Invalid comparator '<='"),
        (
            "metrics.a LIKE 1",
            "Invalid comparator 'LIKE' not one of '{'<', '<=', '>', '>=', '=', '!='}'",
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
            "Invalid comparator for experiment_id: LIKE",
        ),
        (
            "experiment_id > 1",
            "Invalid comparator for experiment_id: >",
        ),
        ("name ~ 'x'", "Invalid comparator '~' not one of"),
        ("tags.a > 'x'", "Invalid comparator for tag: >"),
        (
            "name IS NULL",
            "IS NULL / IS NOT NULL is only supported for tags, not for attribute 'name'",
        ),
    ]);
    check::<RegisteredModelField>(&[
        ("name > 'x'", "Invalid comparator for attribute: >"),
        ("tags.a <> 'x'", "Invalid comparator for tag: <>"),
    ]);
    check::<ModelVersionField>(&[(
        "version_number LIKE '1'",
        "Invalid comparator for attribute version_number: LIKE",
    )]);
    check::<LoggedModelField>(&[
        (
            "status LIKE 'READY'",
            "operator for attributes.status: 'LIKE'",
        ),
        (
            "tags.a == x",
            "Invalid comparison operator for tags.a: '=='. Expected one of ('=', '!=', 'LIKE', 'ILIKE', \
             'IN', 'NOT IN').",
        ),
        // The operator before the value.
        (
            "metrics.a LIKE 'x'",
            "operator for metrics.a: 'LIKE'. Expected one of ('<', '<=',",
        ),
    ]);
}

#[test]
fn values_of_runs() {
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
            "run_name = 5",
            "Expected a quoted string value for attributes. Got value 5",
        ),
        (
            "run_name = null",
            "Expected a quoted string value for attributes. Got value null",
        ),
        ("run_name = `x`", "used for string value `x`. Use either"),
        (
            "dataset.name = 5",
            "Expected a quoted string value for dataset attributes. Got value 5",
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
        ("run_id IN ('a', 1)", "got different type in list: ('a', 1)"),
        ("run_id IN (x)", "got different type in list: (x,)"),
    ]);
}

#[test]
fn values_of_other_entities() {
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
        (
            "creation_time > 1.5",
            "Invalid value for numeric attribute 'creation_time': '1.5'",
        ),
    ]);
    check::<ModelVersionField>(&[
        (
            "version_number = 'x'",
            "Invalid value for numeric attribute 'version_number': 'x'",
        ),
        ("version_number = x", "used for string value x. Use either"),
        (
            "version_number = 1.5",
            "Invalid value for numeric attribute 'version_number'",
        ),
        ("version_number IN (1)", "Expected numeric value type"),
        (
            "name = 5",
            "Only the '{'version_number', 'creation_timestamp', 'last_updated_timestamp'}' attributes \
             support comparison with numeric values.",
        ),
        (
            "name = NULL",
            "Expected a quoted string value or a list of quoted string values for attributes. Got value NULL",
        ),
    ]);
    check::<LoggedModelField>(&[
        ("status = 'DONE'", "Invalid status 'DONE'"),
        ("metrics.a > abc", "Expected numeric value type for metric"),
        ("creation_timestamp > '5'", "Expected numeric value type"),
    ]);
}
