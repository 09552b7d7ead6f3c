//! What clients may send, and the words that they are answered with when it is wrong.

use std::fmt::Debug;

use ferroflow_model::ViewType;
use ferroflow_model::logged_models::LoggedModelStatus;
use ferroflow_model::runs::RunStatus;
use http::Request;
use proptest::prelude::*;

use super::*;
use crate::wire::experiments::{CreateExperiment, SearchExperiments};
use crate::wire::logged_models::{FinalizeLoggedModel, SearchLoggedModels};
use crate::wire::metrics::LogMetric;
use crate::wire::model_versions::{SearchModelVersions, TransitionModelVersionStage};
use crate::wire::runs::{
    CreateRun, GetRun, LogBatch, LogInputs, LogOutputs, SearchRuns, UpdateRun,
};

fn refusal<T: Debug>(result: Result<T>) -> String {
    result.map_err(|error| error.to_string()).unwrap_err()
}

fn body<M: Message>(text: &str) -> M {
    from_body(text.as_bytes()).unwrap()
}

fn query<M: Message>(text: &str) -> M {
    from_query(text).unwrap()
}

/// A metric with these three fields as JSON.
fn metric(value: &str, timestamp: &str, step: &str) -> Result<LogMetric> {
    let text = format!(
        r#"{{"run_id":"r","key":"k","value":{value},"timestamp":{timestamp},"step":{step}}}"#
    );
    from_body(text.as_bytes())
}

#[test]
fn integers_come_in_many_spellings() {
    for text in ["5", "\"5\"", "5.0", "\"5.0\"", "5.9", "\"+5\"", "\"5e0\""] {
        let metric = metric("1", text, text).unwrap();
        assert_eq!(
            (metric.timestamp, metric.step),
            (Some(5), Some(5)),
            "{text}"
        );
    }
    for text in [
        "\"a\"",
        "\"\"",
        "\" 5\"",
        "\"5.5\"",
        "[]",
        "{}",
        "true",
        "1e30",
        "9223372036854775808",
        "\"inf\"",
    ] {
        assert!(metric("1", "1", text).is_err(), "{text}");
    }
    let lowest = metric("1", "1", "-9223372036854775808").unwrap();
    assert_eq!(lowest.step, Some(i64::MIN));
}

#[test]
fn doubles_come_in_many_spellings() {
    for (text, expected) in [
        ("1", 1.0),
        ("-1.25", -1.25),
        ("\"1.25\"", 1.25),
        ("\" 1.25 \"", 1.25),
        ("true", 1.0),
        ("\"Infinity\"", f64::INFINITY),
        ("\"-Infinity\"", f64::NEG_INFINITY),
        ("\"inf\"", f64::INFINITY),
        ("Infinity", f64::INFINITY),
        ("-Infinity", f64::NEG_INFINITY),
        ("18446744073709551615", 18_446_744_073_709_551_615.0),
    ] {
        let value = metric(text, "1", "1").unwrap().value.unwrap();
        assert_eq!(value.to_bits(), f64::to_bits(expected), "{text}");
    }
    assert!(metric("\"NaN\"", "1", "1").unwrap().value.unwrap().is_nan());
    assert!(metric("NaN", "1", "1").unwrap().value.unwrap().is_nan());
    for text in ["\"nan\"", "\"a\"", "[]", "{}"] {
        assert!(metric(text, "1", "1").is_err(), "{text}");
    }
}

#[test]
fn enumerations_come_by_name_or_number() {
    for (text, expected) in [
        ("\"FINISHED\"", Some(RunStatus::Finished)),
        ("3", Some(RunStatus::Finished)),
        ("\"3\"", Some(RunStatus::Finished)),
        ("\"unheard of\"", None),
        ("null", None),
    ] {
        let update: UpdateRun = body(&format!(r#"{{"run_id":"r","status":{text}}}"#));
        assert_eq!(update.status, expected, "{text}");
    }
    let unknown = from_body::<UpdateRun>(br#"{"run_id":"r","status":99}"#);
    assert_eq!(
        refusal(unknown),
        "Invalid value 99 for parameter 'status' supplied:  Hint: Value was of type 'int'. \
         See the API docs for more information about request parameters."
    );
    let search: SearchRuns = body(r#"{"run_view_type":"ALL"}"#);
    assert_eq!(search.run_view_type, Some(ViewType::All));
    let search: SearchExperiments = query("view_type=2&max_results=1");
    assert_eq!(search.view_type, Some(ViewType::DeletedOnly));
    let finalize: FinalizeLoggedModel = body(r#"{"model_id":"m","status":2}"#);
    assert_eq!(finalize.status, Some(LoggedModelStatus::Ready));
}

#[test]
fn unknown_keys_are_ignored_and_null_is_absent() {
    let run: CreateRun =
        body(r#"{"experiment_id":"1","unknown":{"a":[1,{"b":null}]},"user_id":null,"tags":null}"#);
    assert_eq!(run.experiment_id.as_deref(), Some("1"));
    assert_eq!((run.user_id, run.tags.len()), (None, 0));
}

#[test]
fn a_repeated_key_counts_once_and_the_last_wins() {
    let run: CreateRun = body(r#"{"user_id":"a","user_id":"b"}"#);
    assert_eq!(run.user_id.as_deref(), Some("b"));
}

#[test]
fn camel_case_is_understood_but_not_for_required_fields() {
    let run: CreateRun = body(r#"{"experimentId":"1","startTime":"5","runName":"n"}"#);
    assert_eq!(run.experiment_id.as_deref(), Some("1"));
    assert_eq!(
        (run.start_time, run.run_name.as_deref()),
        (Some(5), Some("n"))
    );
    assert_eq!(
        refusal(from_body::<GetRun>(br#"{"runId":"r"}"#)),
        "Missing value for required parameter 'run_id'. \
         See the API docs for more information about request parameters."
    );
    // Arguments of a query are known by their first spelling only.
    let search: SearchModelVersions = query("maxResults=5");
    assert_eq!(search.max_results, None);
}

#[test]
fn two_spellings_at_once_are_refused() {
    for text in [
        r#"{"run_id":"r","runId":"r"}"#,
        r#"{"runId":null,"run_id":"r"}"#,
    ] {
        assert_eq!(
            refusal(from_body::<GetRun>(text.as_bytes())),
            "Request specifies both 'run_id' and 'runId'; provide only one of them."
        );
    }
    let nested = r#"{"run_id":"r","datasets":[{"dataset":{"source_type":"a","sourceType":"b"}}]}"#;
    assert_eq!(
        refusal(from_body::<LogInputs>(nested.as_bytes())),
        "Request specifies both 'source_type' and 'sourceType'; provide only one of them."
    );
}

#[test]
fn what_is_no_object_counts_as_an_empty_one_or_is_refused() {
    for text in ["", "null", "{", "{\"a\":}", "nonsense", "{}x", "\u{0}"] {
        assert_eq!(body::<CreateRun>(text), CreateRun::default(), "{text:?}");
    }
    for text in ["[]", "[{}]", "5", "true", "\"[1]\"", "\"x\""] {
        assert!(from_body::<CreateRun>(text.as_bytes()).is_err(), "{text}");
    }
    let twice: CreateRun = body(r#""{\"user_id\": \"u\"}""#);
    assert_eq!(twice.user_id.as_deref(), Some("u"));
}

#[test]
fn an_old_client_may_name_the_run_by_its_old_field() {
    let run: GetRun = body(r#"{"run_uuid":"r"}"#);
    assert_eq!((run.run_id, run.run_uuid.as_deref()), (None, Some("r")));
    assert!(from_body::<GetRun>(br#"{"run_id":"","run_uuid":"r"}"#).is_err());
    assert!(from_query::<GetRun>("run_uuid=").is_err());
    let run: GetRun = query("run_uuid=r");
    assert_eq!(run.run_uuid.as_deref(), Some("r"));
}

#[test]
fn complaints_are_in_the_words_of_the_reference() {
    let docs = " See the API docs for more information about request parameters.";
    let missing = |name: &str| format!("Missing value for required parameter '{name}'.{docs}");
    let invalid = |value: &str, name: &str, kind: &str| {
        format!(
            "Invalid value {value} for parameter '{name}' supplied:  Hint: Value was of type '{kind}'.{docs}"
        )
    };
    let create = |text: &str| refusal(from_body::<CreateExperiment>(text.as_bytes()));
    assert_eq!(create("{}"), missing("name"));
    assert_eq!(create(r#"{"name":""}"#), missing("name"));
    assert_eq!(create(r#"{"name":null}"#), missing("name"));
    assert_eq!(create(r#"{"name":5}"#), invalid("5", "name", "int"));
    assert_eq!(
        create(r#"{"name":[1,"a"]}"#),
        invalid(r#"[1,"a"]"#, "name", "list")
    );
    assert_eq!(create(r#"{"name":true}"#), invalid("true", "name", "bool"));
    assert_eq!(create(r#"{"name":1.5}"#), invalid("1.5", "name", "float"));
    assert_eq!(
        create(r#"{"name":{"ü":1}}"#),
        invalid("{\"\\u00fc\":1}", "name", "dict")
    );
    assert_eq!(
        create(r#"{"name":"a","tags":"x"}"#),
        invalid("\"x\"", "tags", "str")
    );
    let search = |text: &str| refusal(from_body::<SearchRuns>(text.as_bytes()));
    assert_eq!(
        search(r#"{"max_results":50001}"#),
        invalid("50001", "max_results", "int")
    );
    assert_eq!(
        search(r#"{"order_by":["a",1]}"#),
        invalid(r#"["a",1]"#, "order_by", "list")
    );
    assert_eq!(
        refusal(from_query::<SearchModelVersions>("max_results=200001")),
        invalid("\"200001\"", "max_results", "str")
    );
    assert_eq!(
        refusal(from_query::<SearchModelVersions>("max_results=a")),
        invalid("\"a\"", "max_results", "str")
    );
    assert_eq!(
        refusal(from_body::<LogOutputs>(br#"{"run_id":"r"}"#)),
        missing("models")
    );
    assert_eq!(
        refusal(from_body::<SearchLoggedModels>(b"{}")),
        missing("experiment_ids")
    );
    assert!(from_body::<SearchLoggedModels>(br#"{"experiment_ids":[]}"#).is_ok());
}

#[test]
fn nested_values_of_a_wrong_type_are_refused_not_dropped() {
    let text = r#"{"run_id":"r","metrics":[{"key":"a","value":"x","timestamp":1}]}"#;
    let message = refusal(from_body::<LogBatch>(text.as_bytes()));
    assert!(
        message.starts_with("Invalid value \"x\" for parameter 'metrics[0].value' supplied:"),
        "{message}"
    );
    let text = r#"{"name":"a","tags":[{"key":1}]}"#;
    let message = refusal(from_body::<CreateExperiment>(text.as_bytes()));
    assert!(message.contains("'tags[0].key'"), "{message}");
}

#[test]
fn arguments_are_decoded_and_lists_are_repeated() {
    let search: SearchModelVersions =
        query("filter=name+%3D+%27a%26b%27&order_by=a&order_by=b&max_results=5&max_results=6");
    assert_eq!(search.filter.as_deref(), Some("name = 'a&b'"));
    assert_eq!(search.order_by, ["a", "b"]);
    assert_eq!(search.max_results, Some(5));
}

#[test]
fn booleans_of_a_query_are_words() {
    let base = "name=a&version=1&stage=None&archive_existing_versions";
    for (text, expected) in [("TRUE", true), ("false", false)] {
        let message: TransitionModelVersionStage = query(&format!("{base}={text}"));
        assert_eq!(message.archive_existing_versions, Some(expected));
    }
    let message = refusal(from_query::<TransitionModelVersionStage>(&format!(
        "{base}=1"
    )));
    assert_eq!(
        message,
        "Invalid boolean value: 1, must be 'true' or 'false'."
    );
}

async fn read(request: Request<Body>) -> Result<CreateRun> {
    let (parts, body) = request.into_parts();
    read_request(&parts, body).await
}

#[tokio::test]
async fn the_content_type_of_changes_is_checked() {
    let post = |content_type: Option<&str>| {
        let mut request = Request::post("/");
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        request.body(Body::from(r#"{"user_id":"u"}"#)).unwrap()
    };
    assert!(read(post(Some("application/json"))).await.is_ok());
    assert!(
        read(post(Some("application/json; charset=utf-8")))
            .await
            .is_ok()
    );
    assert_eq!(
        refusal(read(post(None)).await),
        "Bad Request. Content-Type header is missing."
    );
    assert_eq!(
        refusal(read(post(Some("text/plain"))).await),
        "Bad Request. Content-Type must be one of ['application/json']."
    );
}

#[tokio::test]
async fn a_get_without_arguments_reads_its_body() {
    let get = |uri: &str| {
        let body = Body::from(r#"{"user_id":"body"}"#);
        Request::get(uri).body(body).unwrap()
    };
    let user = |run: CreateRun| run.user_id.unwrap_or_default();
    assert_eq!(user(read(get("/x")).await.unwrap()), "body");
    assert_eq!(user(read(get("/x?user_id=query")).await.unwrap()), "query");
}

/// JSON that is like what clients send, but wrong in places.
fn some_json() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| serde_json::json!(number).to_string()),
        "[a-zA-Z0-9 .]{0,8}".prop_map(|text| format!("\"{text}\"")),
    ];
    let name = prop_oneof![
        Just("run_id"),
        Just("runId"),
        Just("run_uuid"),
        Just("metrics"),
        Just("params"),
        Just("tags"),
        Just("key"),
        Just("value"),
        Just("timestamp"),
        Just("step"),
        Just("datasets"),
        Just("dataset"),
        Just("experiment_ids"),
        Just("max_results"),
        Just("status"),
    ];
    scalar.prop_recursive(4, 32, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(","))),
            proptest::collection::vec((name.clone(), inner), 0..6).prop_map(|fields| {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(name, value)| format!("\"{name}\":{value}"))
                    .collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_body_makes_a_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = from_body::<LogBatch>(&bytes);
        let _ = from_body::<SearchLoggedModels>(&bytes);
    }

    #[test]
    fn no_json_makes_a_decoder_panic(text in some_json()) {
        let _ = from_body::<LogBatch>(text.as_bytes());
        let _ = from_body::<LogInputs>(text.as_bytes());
        let _ = from_body::<LogMetric>(text.as_bytes());
        let _ = from_body::<SearchRuns>(text.as_bytes());
        let _ = from_body::<UpdateRun>(text.as_bytes());
    }

    #[test]
    fn no_query_makes_a_decoder_panic(text in ".{0,100}") {
        let _ = from_query::<SearchModelVersions>(&text);
        let _ = from_query::<GetRun>(&text);
    }
}
