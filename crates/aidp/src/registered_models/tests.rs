use ferroflow_model::model_versions::{ModelVersion, Stage};
use ferroflow_model::{ErrorKind, Etag, Tag, VersionNumber};
use serde_json::{Value, json};

use super::*;
use crate::{decode, query};

fn parse(body: &Value) -> Result<NewRegisteredModel> {
    decode::decode::<Create>(body.to_string().as_bytes())?.try_into()
}

#[test]
fn each_text_has_a_longest_and_one_past_it() {
    for (field, longest) in [
        ("name", 255),
        ("description", 5000),
        ("deployment_job_id", 255),
    ] {
        let body = |length: usize| {
            let mut body = json!({"name": "m"});
            body[field] = Value::from("ü".repeat(length));
            body
        };
        parse(&body(longest)).unwrap();
        let error = parse(&body(longest + 1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidParameter);
        assert!(error.message().contains(&format!("'{field}'")), "{error}");
    }
}

#[test]
fn a_new_model_has_a_name_that_can_be_addressed() {
    for name in ["", " ", "a/b", "a:b", "..", "a\0b"] {
        let error = parse(&json!({"name": name})).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidParameter, "{name:?}");
    }
    assert_eq!(
        parse(&json!({})).unwrap_err().kind(),
        ErrorKind::MissingParameter
    );
    assert_eq!(
        parse(&json!({"name": "c.s.m"})).unwrap().name.as_str(),
        "c.s.m"
    );
}

#[test]
fn an_empty_deployment_job_is_none_at_first_and_a_change_later() {
    let empty = json!({"name": "m", "deployment_job_id": ""});
    assert_eq!(parse(&empty).unwrap().deployment_job_id, None);
    let update: Update = decode::decode(empty.to_string().as_bytes()).unwrap();
    let update = UpdateRegisteredModel::try_from(update).unwrap();
    assert_eq!(update.deployment_job_id.as_deref(), Some(""));
    assert_eq!(update.description, None);
}

#[test]
fn a_search_has_pages_of_at_most_a_thousand() {
    let parse =
        |text: &str| query::decode::<Search>(text).and_then(SearchRegisteredModels::try_from);
    assert_eq!(parse("").unwrap().page.max_results, 100);
    assert_eq!(parse("max_results=1000").unwrap().page.max_results, 1000);
    assert_eq!(parse("max_results=1").unwrap().page.max_results, 1);
    for bad in ["0", "-1", "1001", "x"] {
        let error = parse(&format!("max_results={bad}")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidParameter, "{bad}");
        assert!(error.message().contains("'max_results'"), "{error}");
    }
    let search = parse("filter=name+LIKE+'iris'&order_by=name+DESC&page_token=abc").unwrap();
    assert_eq!(search.filter.as_deref(), Some("name LIKE '%iris%'"));
    assert_eq!(search.order_by, ["name DESC"]);
    assert_eq!(search.page.page_token.as_deref(), Some("abc"));
    assert!(parse("filter=name+~+'x'").is_err());
    assert!(parse("order_by=nothing").is_err());
}

fn version(number: i64, status: ModelVersionStatus) -> ModelVersion {
    ModelVersion {
        name: ModelName::new("m"),
        version: VersionNumber::new(number),
        created_ms: 1,
        updated_ms: 2,
        user_id: String::new(),
        stage: Stage::Production,
        description: Some(String::new()),
        source: "s".to_owned(),
        storage_location: None,
        run_id: None,
        run_link: String::new(),
        status,
        status_message: String::new(),
        tags: Vec::new(),
        aliases: Vec::new(),
        model_id: None,
        model_params: Vec::new(),
        model_metrics: Vec::new(),
        deployment_job_id: None,
        etag: Etag {
            row: 1,
            revision: 1,
        },
    }
}

#[test]
fn an_answer_shows_the_usable_latest_versions_and_the_aliases() {
    let model = RegisteredModel {
        name: ModelName::new("m"),
        created_ms: 1,
        updated_ms: 2,
        description: "d".to_owned(),
        deployment_job_id: Some("job".to_owned()),
        tags: vec![Tag {
            key: "k".to_owned(),
            value: "v".to_owned(),
        }],
        aliases: vec![AliasTarget {
            alias: "champion".to_owned(),
            version: VersionNumber::new(2),
        }],
        latest_versions: vec![
            version(2, ModelVersionStatus::Ready),
            version(3, ModelVersionStatus::FailedRegistration),
        ],
        etag: Etag {
            row: 1,
            revision: 1,
        },
    };
    let body = serde_json::to_value(RegisteredModelBody::from(model)).unwrap();
    let latest = body["latest_versions"].as_array().unwrap();
    assert_eq!(latest.len(), 1);
    assert_eq!(latest[0]["version"], "2");
    assert_eq!(
        body["aliases"],
        json!([{"alias": "champion", "version": "2"}])
    );
    assert_eq!(body["deployment_job_id"], "job");
    assert_eq!(body["deployment_job_state"], "NOT_SET_UP");
    assert_eq!(body["tags"], json!([{"key": "k", "value": "v"}]));
    assert!(body.get("deployment_summary").is_none());
}
