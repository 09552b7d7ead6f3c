use ferroflow_model::ErrorKind;
use serde_json::{Value, json};

use super::*;
use crate::decode::decode;

fn parse(body: &Value) -> Result<NewModelVersion> {
    decode::<Create>(body.to_string().as_bytes())?.try_into()
}

fn with(field: &str, value: Value) -> Value {
    let mut body = json!({"name": "m", "source": "s"});
    body[field] = value;
    body
}

fn refusal(body: &Value) -> (ErrorKind, String) {
    let error = parse(body).expect_err("must be refused");
    (error.kind(), error.message().to_owned())
}

#[test]
fn the_fewest_fields_are_a_name_and_a_source() {
    let new = parse(&json!({"name": "m", "source": "s"})).unwrap();
    assert_eq!(new.name.as_str(), "m");
    assert_eq!(new.source, "s");
    assert_eq!(new.unknown_origin, UnknownOrigin::Refuse);
    assert_eq!(
        (new.description, new.run_id, new.run_link),
        (None, None, None)
    );
    assert_eq!((new.model_id, new.storage_location), (None, None));
    assert!(new.tags.is_empty());
}

#[test]
fn every_field_is_kept() {
    let new = parse(&json!({
        "name": "c.s.m", "source": "runs:/1/model", "description": "d", "run_id": "1",
        "run_link": "l", "model_id": "m-1",
        "tags": [{"key": "a", "value": "1"}, {"key": "b"}, {"key": "c", "value": null}],
    }))
    .unwrap();
    assert_eq!(new.description.as_deref(), Some("d"));
    assert_eq!(new.run_id, Some(RunId::new("1")));
    assert_eq!(new.run_link.as_deref(), Some("l"));
    assert_eq!(new.model_id, Some(ModelId::new("m-1")));
    let tags: Vec<_> = new
        .tags
        .iter()
        .map(|tag| (tag.key.as_str(), tag.value.as_str()))
        .collect();
    assert_eq!(tags, [("a", "1"), ("b", ""), ("c", "")]);
}

#[test]
fn each_text_has_a_longest_and_one_past_it() {
    for (field, shortest, longest) in [
        ("name", 1, 255),
        ("source", 1, 500),
        ("description", 0, 5000),
        ("run_id", 1, 32),
        ("run_link", 0, 500),
        ("model_id", 0, 36),
    ] {
        // Two bytes each, so that counting bytes would be noticed.
        let text = |length: usize| Value::from("ü".repeat(length));
        parse(&with(field, text(longest))).unwrap();
        let (kind, message) = refusal(&with(field, text(longest + 1)));
        assert_eq!(kind, ErrorKind::InvalidParameter, "{field}");
        assert!(message.contains(&format!("'{field}'")), "{message}");
        assert!(message.contains(&longest.to_string()), "{message}");
        assert_eq!(
            parse(&with(field, text(0))).is_ok(),
            shortest == 0,
            "{field}"
        );
    }
}

#[test]
fn each_required_field_is_missed_by_name() {
    for field in ["name", "source"] {
        let (kind, message) = refusal(&with(field, Value::Null));
        assert_eq!(kind, ErrorKind::MissingParameter);
        assert!(message.contains(&format!("'{field}'")), "{message}");
    }
    let (kind, message) = refusal(&with("tags", json!([{"key": "a"}, {"value": "v"}])));
    assert_eq!(kind, ErrorKind::MissingParameter);
    assert!(message.contains("'tags[1].key'"), "{message}");
}

#[test]
fn tags_have_a_count_and_lengths() {
    let tags = |count: usize| json!(vec![json!({"key": "k", "value": "v"}); count]);
    assert_eq!(parse(&with("tags", tags(20))).unwrap().tags.len(), 20);
    assert!(refusal(&with("tags", tags(21))).1.contains("at most 20"));

    let tag = |key: usize, value: usize| {
        let (key, value) = ("k".repeat(key), "v".repeat(value));
        with("tags", json!([{"key": key, "value": value}]))
    };
    parse(&tag(250, 8000)).unwrap();
    assert!(refusal(&tag(251, 0)).1.contains("'tags[0].key'"));
    assert!(refusal(&tag(0, 0)).1.contains("'tags[0].key'"));
    assert!(refusal(&tag(1, 8001)).1.contains("'tags[0].value'"));
}

#[test]
fn registry_tags_may_have_any_key() {
    let new = parse(&with("tags", json!([{"key": "a?b//../\"", "value": ""}]))).unwrap();
    assert_eq!(new.tags[0].key, "a?b//../\"");
}

#[test]
fn a_stage_is_one_of_four_and_archiving_must_be_decided() {
    let parse = |body: Value| {
        decode::<Transition>(body.to_string().as_bytes()).and_then(TransitionStage::try_from)
    };
    let body = |stage: &str| json!({"name": "m", "version": "3", "stage": stage, "archive_existing_versions": true});
    let transition = parse(body("staging")).unwrap();
    assert_eq!(transition.stage, Stage::Staging);
    assert_eq!(transition.version, VersionNumber::new(3));
    assert!(transition.archive_existing);
    assert!(parse(body("Live")).is_err());
    let undecided = json!({"name": "m", "version": "3", "stage": "Staging"});
    let error = parse(undecided).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingParameter);
    assert!(error.message().contains("archive_existing_versions"));
}

#[test]
fn a_search_reads_one_text_of_clauses_and_like_as_contains() {
    let search = Search {
        filter: decode_text("name LIKE 'iris'"),
        max_results: None,
        page_token: decode_text(""),
        order_by: decode_text("name, version_number DESC"),
    };
    let search = SearchModelVersions::try_from(search).unwrap();
    assert_eq!(search.filter.as_deref(), Some("name LIKE '%iris%'"));
    assert_eq!(search.order_by, ["name ASC", "version_number DESC"]);
    assert_eq!(search.page.max_results, 1000);
    assert_eq!(search.page.page_token, None);
}

fn decode_text<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(Value::from(text)).unwrap()
}

#[test]
fn an_answer_has_lists_always_and_texts_where_they_are_set() {
    let version = ModelVersion {
        name: ModelName::new("m"),
        version: VersionNumber::new(7),
        created_ms: 1,
        updated_ms: 2,
        user_id: String::new(),
        stage: Stage::None,
        description: Some(String::new()),
        source: "s".to_owned(),
        storage_location: Some("internal".to_owned()),
        run_id: None,
        run_link: String::new(),
        status: ferroflow_model::model_versions::ModelVersionStatus::Ready,
        status_message: String::new(),
        tags: Vec::new(),
        aliases: Vec::new(),
        model_id: None,
        model_params: Vec::new(),
        model_metrics: Vec::new(),
        deployment_job_id: None,
        etag: ferroflow_model::Etag {
            row: 1,
            revision: 1,
        },
    };
    let body =
        |version: ModelVersion| serde_json::to_value(ModelVersionBody::from(version)).unwrap();
    let fewest = json!({
        "name": "m", "version": "7", "creation_timestamp": 1, "last_updated_timestamp": 2,
        "current_stage": "None", "source": "s", "status": "READY",
        "tags": [], "aliases": [], "model_metrics": [], "model_params": [],
    });
    assert_eq!(body(version.clone()), fewest);

    let full = ModelVersion {
        user_id: "u".to_owned(),
        description: Some("d".to_owned()),
        run_id: Some(RunId::new("r")),
        run_link: "l".to_owned(),
        status_message: "done".to_owned(),
        tags: vec![ferroflow_model::Tag {
            key: "k".to_owned(),
            value: "v".to_owned(),
        }],
        aliases: vec!["champion".to_owned()],
        model_id: Some(ModelId::new("m-1")),
        model_params: vec![ferroflow_model::Param {
            key: "depth".to_owned(),
            value: "3".to_owned(),
        }],
        model_metrics: vec![ferroflow_model::metrics::Metric {
            key: "loss".to_owned(),
            value: f64::NAN,
            timestamp_ms: 5,
            step: -1,
        }],
        deployment_job_id: Some("job".to_owned()),
        ..version
    };
    let mut expected = fewest;
    for (field, value) in [
        ("user_id", json!("u")),
        ("description", json!("d")),
        ("run_id", json!("r")),
        ("run_link", json!("l")),
        ("status_message", json!("done")),
        ("tags", json!([{"key": "k", "value": "v"}])),
        ("aliases", json!(["champion"])),
        ("model_id", json!("m-1")),
        ("model_params", json!([{"name": "depth", "value": "3"}])),
        (
            "model_metrics",
            json!([{"key": "loss", "value": "NaN", "timestamp": 5, "step": -1}]),
        ),
        (
            "deployment_job_state",
            json!({"job_id": "job", "job_state": "NOT_SET_UP", "run_state": "NO_VALID_DEPLOYMENT_JOB_FOUND"}),
        ),
    ] {
        expected[field] = value;
    }
    assert_eq!(body(full), expected);
}

proptest::proptest! {
    #[test]
    fn any_body_is_read_or_refused(body: Vec<u8>) {
        let _ = decode::<Create>(&body).and_then(NewModelVersion::try_from);
    }

    #[test]
    fn any_texts_are_read_or_refused(name: String, source: String, key: String, value: String) {
        let tags = json!([{"key": key, "value": value}]);
        let body = json!({"name": name, "source": source, "tags": tags, "run_id": key});
        let _ = parse(&body);
    }
}
