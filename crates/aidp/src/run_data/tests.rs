use ferroflow_model::ErrorKind;
use serde_json::{Value, json};

use super::*;
use crate::decode::decode;

fn parse(body: &Value) -> Result<LogBatch> {
    decode::<Batch>(body.to_string().as_bytes())?.try_into()
}

fn refusal(field: &str, items: Value) -> String {
    let mut body = json!({"run_id": "r"});
    body[field] = items;
    parse(&body).unwrap_err().message().to_owned()
}

fn items(count: usize, item: fn(usize) -> Value) -> Value {
    (0..count).map(item).collect()
}

fn point(index: usize) -> Value {
    json!({"key": "loss", "value": 0.5, "timestamp": 1, "step": index})
}

fn entry(index: usize) -> Value {
    json!({"key": format!("k{index}"), "value": "v"})
}

#[test]
fn a_batch_may_be_as_large_as_mlflow_allows() {
    let body = json!({
        "run_id": "r",
        "metrics": items(800, point), "params": items(100, entry), "tags": items(100, entry),
    });
    let batch = parse(&body).unwrap();
    assert_eq!(
        (batch.metrics.len(), batch.params.len(), batch.tags.len()),
        (800, 100, 100)
    );
    assert_eq!(
        parse(&json!({"run_id": "r", "metrics": items(1000, point)}))
            .unwrap()
            .metrics
            .len(),
        1000
    );
}

#[test]
fn a_larger_batch_is_refused() {
    assert!(refusal("metrics", items(1001, point)).contains("'metrics'"));
    assert!(refusal("params", items(101, entry)).contains("'params'"));
    assert!(refusal("tags", items(101, entry)).contains("'tags'"));
    let body = json!({
        "run_id": "r",
        "metrics": items(801, point), "params": items(100, entry), "tags": items(100, entry),
    });
    assert!(parse(&body).unwrap_err().message().contains("1001"));
}

#[test]
fn a_bad_entry_is_named_by_its_place() {
    for (field, item, place) in [
        (
            "metrics",
            json!({"value": 1, "timestamp": 1}),
            "metrics[0].key",
        ),
        (
            "metrics",
            json!({"key": "k", "timestamp": 1}),
            "metrics[0].value",
        ),
        (
            "metrics",
            json!({"key": "k", "value": 1}),
            "metrics[0].timestamp",
        ),
        (
            "metrics",
            json!({"key": "k", "value": 1, "timestamp": -1}),
            "metrics[0].timestamp",
        ),
        (
            "metrics",
            json!({"key": "a//b", "value": 1, "timestamp": 1}),
            "metrics[0].key",
        ),
        (
            "metrics",
            json!({"key": "k", "value": 1, "timestamp": 1, "step": 0.5}),
            "metrics[0].step",
        ),
        ("params", json!({"key": "k".repeat(251)}), "params[0].key"),
        (
            "params",
            json!({"key": "p", "value": "v".repeat(6001)}),
            "params[0].value",
        ),
        (
            "tags",
            json!({"key": "t", "value": "v".repeat(8001)}),
            "tags[0].value",
        ),
        ("tags", json!({"key": "", "value": "v"}), "tags[0].key"),
    ] {
        let message = refusal(field, json!([item]));
        assert!(message.contains(&format!("'{place}'")), "{message}");
    }
}

#[test]
fn steps_default_to_zero_and_may_be_negative() {
    let body = json!({"run_id": "r", "metrics": [
        {"key": "a", "value": 1, "timestamp": "5"},
        {"key": "a", "value": 1, "timestamp": 5, "step": -3},
    ]});
    let steps: Vec<_> = parse(&body)
        .unwrap()
        .metrics
        .iter()
        .map(|new| new.metric.step)
        .collect();
    assert_eq!(steps, [0, -3]);
}

#[test]
fn one_metric_is_a_batch_of_one() {
    let body = br#"{"run_id": "r", "key": "loss", "value": NaN, "timestamp": 5, "step": "7"}"#;
    let batch: LogBatch = decode::<OneMetric>(body).unwrap().try_into().unwrap();
    assert!(batch.metrics[0].metric.value.is_nan());
    assert_eq!(
        (
            batch.metrics[0].metric.timestamp_ms,
            batch.metrics[0].metric.step
        ),
        (5, 7)
    );
    let missing =
        decode::<OneMetric>(br#"{"run_id": "r", "key": "loss", "timestamp": 5}"#).unwrap();
    let error = LogBatch::try_from(missing).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingParameter);
    assert!(error.message().contains("'value'"), "{error}");
}

#[test]
fn a_dataset_input_has_four_required_fields() {
    let dataset = json!({"name": "n", "digest": "d", "source_type": "t", "source": "s"});
    let parse = |dataset: &Value| {
        let tags = json!([{"key": "mlflow.data.context", "value": "training"}]);
        let inputs = json!([{"dataset": dataset, "tags": tags}]);
        let body = json!({"run_id": "r", "dataset_inputs": inputs});
        decode::<Inputs>(body.to_string().as_bytes()).and_then(LogInputs::try_from)
    };
    let inputs = parse(&dataset).unwrap();
    assert_eq!(inputs.datasets[0].dataset.name, "n");
    assert_eq!(inputs.datasets[0].dataset.schema, None);
    assert_eq!(inputs.datasets[0].tags[0].value, "training");
    for field in ["name", "digest", "source_type", "source"] {
        let mut incomplete = dataset.clone();
        incomplete[field] = Value::Null;
        let error = parse(&incomplete).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MissingParameter);
        let place = format!("'dataset_inputs[0].dataset.{field}'");
        assert!(error.message().contains(&place), "{error}");
    }
    for (field, longest) in [
        ("name", 500),
        ("digest", 36),
        ("source", 65_535),
        ("schema", 1_048_575),
    ] {
        let mut longer = dataset.clone();
        longer[field] = Value::from("x".repeat(longest));
        parse(&longer).unwrap();
        longer[field] = Value::from("x".repeat(longest + 1));
        assert!(parse(&longer).unwrap_err().message().contains(field));
    }
}

proptest::proptest! {
    #[test]
    fn any_entry_is_read_or_refused(key: String, value: String, number: f64, time: i64) {
        let body = json!({
            "run_id": "r",
            "metrics": [{"key": key, "value": number, "timestamp": time}],
            "params": [{"key": key, "value": value}],
            "tags": [{"key": value, "value": key}],
        });
        let _ = parse(&body);
    }
}
