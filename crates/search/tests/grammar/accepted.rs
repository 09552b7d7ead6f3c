//! Filters with the trees they stand for, printed: printing is canonical and parses back.

use ferroflow_search::{
    Comparison, ExperimentField, Expression, Filter, FilterField, LoggedModelField,
    ModelVersionField, NumericOperator, Predicate, RegisteredModelField, RunAttribute, RunField,
    TextOperator,
};

fn check<F: FilterField>(table: &[(&str, &str)]) {
    for (text, printed) in table {
        let filter = Filter::<F>::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(filter.unwrap().to_string(), *printed, "{text}");
    }
}

#[test]
fn runs() {
    check::<RunField>(&[
        ("metrics.a > 1", "metrics.`a` > 1.0"),
        ("metric.a>=-1.5e3", "metrics.`a` >= -1500.0"),
        ("metrics.a <= .5", "metrics.`a` <= 0.5"),
        ("metrics.a != 5.", "metrics.`a` != 5.0"),
        ("metrics.a < 1E+2", "metrics.`a` < 100.0"),
        ("metrics.a < +1", "metrics.`a` < 1.0"),
        ("metrics.a = 1e999", "metrics.`a` = 1e999"),
        ("metrics.a > -1e999", "metrics.`a` > -1e999"),
        ("metrics.`a b/c` = 0", "metrics.`a b/c` = 0.0"),
        ("metrics.\"a b\" = 0", "metrics.`a b` = 0.0"),
        ("`metrics`.`a b` = 0", "metrics.`a b` = 0.0"),
        ("metrics.sys/cpu-1:x.y = 0", "metrics.`sys/cpu-1:x.y` = 0.0"),
        ("params.lr = '0.1'", "params.`lr` = '0.1'"),
        ("params.'lr' = \"0.1\"", "params.`lr` = '0.1'"),
        ("param.lr != 'x'", "params.`lr` != 'x'"),
        ("parameter.lr LIKE '%x_'", "params.`lr` LIKE '%x_'"),
        ("parameters.lr ilike 'X'", "params.`lr` ILIKE 'X'"),
        (
            "tags.mlflow.source.type='LOCAL'",
            "tags.`mlflow.source.type` = 'LOCAL'",
        ),
        ("tag.`` = ''", "tags.`` = ''"),
        ("tags.1a = 'x'", "tags.`1a` = 'x'"),
        ("tags.order = 'x'", "tags.`order` = 'x'"),
        ("tags.été = 'ü'", "tags.`été` = 'ü'"),
        ("tags.a = \"it's\"", "tags.`a` = 'it''s'"),
        ("tags.a = 'it''s'", "tags.`a` = 'it''s'"),
        ("tags.a = \"say \"\"hi\"\"\"", "tags.`a` = 'say \"hi\"'"),
        ("tags.`a``b` = ''''", "tags.`a``b` = ''''"),
        (
            "tags.a = 'C:\\' AND tags.b = 'x'",
            "tags.`a` = 'C:\\' AND tags.`b` = 'x'",
        ),
        ("tags.a = ' AND ('", "tags.`a` = ' AND ('"),
        ("tags.a IS NULL", "tags.`a` IS NULL"),
        ("params.a is  not\nnull", "params.`a` IS NOT NULL"),
        ("tags.a IN ('x', \"y\",)", "tags.`a` IN ('x', 'y')"),
        ("status IN ('FINISHED')", "status IN ('FINISHED')"),
        ("attribute.status = 'x'", "status = 'x'"),
        ("attributes.artifact_uri != 'x'", "artifact_uri != 'x'"),
        ("attr.user_id = 'x'", "user_id = 'x'"),
        ("run.run_name LIKE 'x%'", "run_name LIKE 'x%'"),
        ("`run name` = 'x'", "run_name = 'x'"),
        ("attribute.\"Run name\" = 'x'", "run_name = 'x'"),
        ("run.`Run Name` = 'x'", "run_name = 'x'"),
        ("run_id not  in('a','b')", "run_id NOT IN ('a', 'b')"),
        ("created > 5", "start_time > 5"),
        ("attribute.Created <= 5", "start_time <= 5"),
        ("end_time = 5.0", "end_time = 5"),
        ("start_time > 1.7e12", "start_time > 1700000000000"),
        ("start_time > 1.5", "start_time > 1"),
        ("start_time >= 1.5", "start_time >= 2"),
        ("start_time < 1.5", "start_time < 2"),
        ("start_time <= -1.5", "start_time <= -2"),
        ("start_time < 1e30", "start_time < 9223372036854775807"),
        ("dataset.name = 'x'", "datasets.`name` = 'x'"),
        ("datasets.digest IN ('x')", "datasets.`digest` IN ('x')"),
        (
            "datasets.context ILIKE 'train'",
            "datasets.`context` ILIKE 'train'",
        ),
        (
            "tags.a='x'AND(tags.b='y')",
            "tags.`a` = 'x' AND tags.`b` = 'y'",
        ),
        (
            "\n tags.a = 'x'\tand tags.b = 'y' And metrics.c > 1 ",
            "tags.`a` = 'x' AND tags.`b` = 'y' AND metrics.`c` > 1.0",
        ),
        (
            "tags.a = '1' OR tags.b = '2' AND tags.c = '3'",
            "tags.`a` = '1' OR tags.`b` = '2' AND tags.`c` = '3'",
        ),
        (
            "(tags.a = '1' OR tags.b = '2') AND tags.c = '3'",
            "(tags.`a` = '1' OR tags.`b` = '2') AND tags.`c` = '3'",
        ),
        (
            "NOT tags.a = '1' AND tags.b = '2'",
            "NOT tags.`a` = '1' AND tags.`b` = '2'",
        ),
        (
            "not(tags.a = '1' or tags.b = '2')",
            "NOT (tags.`a` = '1' OR tags.`b` = '2')",
        ),
        ("NOT NOT ((tags.a = '1'))", "NOT NOT tags.`a` = '1'"),
    ]);
}

#[test]
fn experiments() {
    check::<ExperimentField>(&[
        ("name = 'x'", "name = 'x'"),
        ("\"name\" like 'x'", "name LIKE 'x'"),
        ("attribute.name ILIKE 'x'", "name ILIKE 'x'"),
        ("name IN ('x')", "name IN ('x')"),
        ("experiment_id = '7'", "experiment_id = 7"),
        ("experiment_id != 7", "experiment_id != 7"),
        (
            "experiment_id NOT IN ('1', 2)",
            "experiment_id NOT IN (1, 2)",
        ),
        ("creation_time >= 5", "creation_time >= 5"),
        ("attribute.last_update_time != 5", "last_update_time != 5"),
        ("tag.a IS NOT NULL", "tags.`a` IS NOT NULL"),
        ("tags.a LIKE '%'", "tags.`a` LIKE '%'"),
    ]);
}

#[test]
fn registered_models() {
    check::<RegisteredModelField>(&[
        ("name ilike '%x%'", "name ILIKE '%x%'"),
        ("attribute.name IN ('a.b.c', 'd')", "name IN ('a.b.c', 'd')"),
        (
            "tags.`mlflow.prompt.is_prompt` != 'true'",
            "tags.`mlflow.prompt.is_prompt` != 'true'",
        ),
    ]);
}

#[test]
fn model_versions() {
    check::<ModelVersionField>(&[
        ("name='x'", "name = 'x'"),
        ("run_id IN ('a')", "run_id IN ('a')"),
        ("source_path LIKE 's3://%'", "source_path LIKE 's3://%'"),
        ("version_number > 3", "version_number > 3"),
        ("version_number = '3'", "version_number = 3"),
        ("attribute.version_number <= 3", "version_number <= 3"),
        ("tag.a = 'x'", "tags.`a` = 'x'"),
    ]);
}

#[test]
fn logged_models() {
    check::<LoggedModelField>(&[
        ("name = 'x'", "name = 'x'"),
        ("name = abc", "name = 'abc'"),
        (
            "attributes.model_id IN ('m-1', m-2)",
            "model_id IN ('m-1', 'm-2')",
        ),
        ("model_type = \"agent\"", "model_type = 'agent'"),
        ("source_run_id != 'x'", "source_run_id != 'x'"),
        ("status = 'READY'", "status = 2"),
        (
            "status IN (1, 'LOGGED_MODEL_UPLOAD_FAILED')",
            "status IN (1, 3)",
        ),
        ("creation_time > 5", "creation_timestamp > 5"),
        (
            "attributes.creation_timestamp_ms > 5",
            "creation_timestamp > 5",
        ),
        (
            "last_updated_timestamp_ms < 5.5",
            "last_updated_timestamp < 6",
        ),
        ("metrics.a > 1e+5", "metrics.`a` > 100000.0"),
        ("params.lr = 0.01", "params.`lr` = '0.01'"),
        ("tags.a-b like 'x'", "tags.`a-b` LIKE 'x'"),
    ]);
}

#[test]
fn no_text_means_no_filter() {
    assert!(Filter::<RunField>::parse("").unwrap().is_none());
    assert!(Filter::<LoggedModelField>::parse("").unwrap().is_none());
}

#[test]
fn the_tree_is_typed() {
    let filter = Filter::<RunField>::parse("start_time > 5 AND NOT metrics.m = 1")
        .unwrap()
        .unwrap();
    let comparison = |field, predicate| Expression::Comparison(Comparison { field, predicate });
    let start_time = comparison(
        RunField::Attribute(RunAttribute::StartTime),
        Predicate::Integer {
            operator: NumericOperator::Greater,
            value: 5,
        },
    );
    let metric = comparison(
        RunField::Metric("m".to_owned()),
        Predicate::Number {
            operator: NumericOperator::Equal,
            value: 1.0,
        },
    );
    assert_eq!(
        filter,
        Expression::And(vec![start_time, Expression::Not(Box::new(metric))])
    );
}

#[test]
fn comparisons_come_from_left_to_right() {
    let text = "tags.a = '1' AND (tags.b = '2' OR NOT tags.c = '3') AND tags.d = '4'";
    let filter = Filter::<RunField>::parse(text).unwrap().unwrap();
    let fields: Vec<String> = filter.comparisons().map(|c| c.field.to_string()).collect();
    assert_eq!(fields, ["tags.`a`", "tags.`b`", "tags.`c`", "tags.`d`"]);
}

#[test]
fn like_can_mean_contains() {
    let text = "name LIKE 'x' AND NOT tags.a ilike 'y%' AND tags.b = 'z'";
    let mut filter = Filter::<RegisteredModelField>::parse(text)
        .unwrap()
        .unwrap();
    filter.like_means_contains();
    let expected = "name LIKE '%x%' AND NOT tags.`a` ILIKE '%y%%' AND tags.`b` = 'z'";
    assert_eq!(filter.to_string(), expected);
    let is_like = |c: &&Comparison<_>| {
        matches!(
            c.predicate,
            Predicate::Text {
                operator: TextOperator::Like,
                ..
            }
        )
    };
    assert_eq!(filter.comparisons().filter(is_like).count(), 1);
}
