use std::collections::BTreeSet;

use http_body_util::BodyExt;
use schemars::SchemaGenerator;

use super::*;
use crate::operation::{Kind, Operations};

fn operations() -> Vec<OperationFacts> {
    let mut operations = Operations::default();
    crate::declare(&mut operations);
    operations.into_parts().1
}

fn served() -> Value {
    document(&operations(), "/")
}

fn of<'a>(document: &'a Value, name: &str) -> &'a Value {
    let paths = document["paths"].as_object().unwrap();
    let mut operations = paths.values().flat_map(|path| path.as_object().unwrap());
    operations
        .find_map(|(_, operation)| (operation["operationId"] == name).then_some(operation))
        .unwrap()
}

fn names(list: &Value) -> BTreeSet<&str> {
    let names = list.as_array().unwrap().iter();
    names.map(|name| name.as_str().unwrap()).collect()
}

/// All `$ref` in a value.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                found.insert(reference.clone());
            }
            members.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere_and_no_component_is_idle() {
    let document = served();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    for reference in &found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    for (kind, components) in document["components"].as_object().unwrap() {
        for name in components.as_object().unwrap().keys() {
            let reference = format!("#/components/{kind}/{name}");
            assert!(found.contains(&reference), "{reference} is used nowhere");
        }
    }
}

/// Two structs of one name would be told apart by a number, or one would hide the other.
#[test]
fn no_two_schemas_have_one_name() {
    let document = served();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let numbered = |name: &&String| name.ends_with(|last: char| last.is_ascii_digit());
    assert_eq!(schemas.keys().find(numbered), None);
    let parts = |describe: fn(&OperationFacts) -> Describe, settings: fn() -> SchemaGenerator| {
        let mut generator = settings();
        for facts in operations() {
            describe(&facts)(&mut generator);
        }
        generator.take_definitions(false)
    };
    let requests = parts(|facts| facts.input, SchemaGenerator::default);
    let answers = parts(|facts| facts.output, SchemaGenerator::default);
    for name in requests.keys() {
        assert!(!answers.contains_key(name), "{name} is read and answered");
    }
}

#[test]
fn an_operation_says_what_it_takes() {
    let document = served();
    let create = of(&document, "createWorkspaceModelVersion");
    let parameters: Vec<_> = create["parameters"].as_array().unwrap().iter().collect();
    let expected = [
        "aiDataPlatformId",
        "workspaceKey",
        "opc-retry-token",
        "if-match",
        "opc-request-id",
        "dh-user-principal",
    ]
    .map(|name| json!({"$ref": format!("#/components/parameters/{name}")}));
    assert_eq!(parameters, expected.iter().collect::<Vec<_>>());
    let schema = &document["components"]["schemas"]["CreateWorkspaceModelVersionRequest"];
    assert_eq!(
        names(&schema["required"]),
        BTreeSet::from(["name", "source"])
    );
    assert_eq!(
        schema["properties"]["name"],
        json!({"type": "string", "minLength": 1, "maxLength": 255})
    );
    assert_eq!(
        schema["properties"]["description"],
        json!({"type": ["string", "null"], "minLength": 0, "maxLength": 5000})
    );
    assert_eq!(schema["properties"]["tags"]["maxItems"], 20);
    let tag = &document["components"]["schemas"]["NewTag"];
    assert_eq!(names(&tag["required"]), BTreeSet::from(["key"]));
    assert_eq!(tag["properties"]["key"]["maxLength"], 250);
}

#[test]
fn a_query_has_parameters_that_are_never_null() {
    let document = served();
    let list = of(&document, "listRegisteredModels");
    assert!(list.get("requestBody").is_none());
    let size = json!({
        "name": "max_results", "in": "query", "required": false,
        "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
    });
    let parameters = list["parameters"].as_array().unwrap();
    assert!(parameters.contains(&size), "{parameters:#?}");
    let get = of(&document, "getModelVersion")["parameters"]
        .as_array()
        .unwrap();
    let version = json!({
        "name": "version", "in": "query", "required": true,
        "schema": {"type": "string", "minLength": 1, "maxLength": 64},
    });
    assert!(get.contains(&version), "{get:#?}");
}

#[test]
fn an_answer_shows_what_is_always_there_and_what_may_be_absent() {
    let document = served();
    let schemas = &document["components"]["schemas"];
    let info = &schemas["RunInfo"];
    let required = names(&info["required"]);
    assert!(required.contains("run_id") && !required.contains("end_time"));
    assert_eq!(info["properties"]["end_time"]["type"], "integer");
    let version = &schemas["ModelVersion"];
    let state = json!({"$ref": "#/components/schemas/DeploymentJobState"});
    assert_eq!(version["properties"]["deployment_job_state"], state);
    let metric = names(&schemas["LoggedModelMetric"]["required"]);
    assert_eq!(
        metric,
        BTreeSet::from(["key", "value", "timestamp", "step", "run_id"])
    );
    let headers = |name: &str| &of(&document, name)["responses"]["200"]["headers"];
    assert!(headers("createExperiment").get("etag").is_some());
    assert!(headers("listExperiments").get("opc-next-page").is_some());
    assert_eq!(
        headers("renameRegisteredModel").as_object().unwrap().len(),
        1
    );
}

#[test]
fn each_error_is_there_where_it_can_be_answered() {
    let document = served();
    let statuses = |name: &str| -> Vec<&str> {
        let responses = of(&document, name)["responses"].as_object().unwrap();
        responses.keys().map(String::as_str).collect()
    };
    let reads = [
        "200", "400", "401", "403", "404", "429", "431", "500", "503",
    ];
    assert_eq!(statuses("getRegisteredModel"), reads);
    let searches = [
        "200", "400", "401", "403", "404", "413", "429", "431", "500", "503",
    ];
    assert_eq!(statuses("listExperimentRuns"), searches);
    let changes = [
        "200", "400", "401", "403", "404", "409", "412", "413", "429", "431", "500", "503",
    ];
    assert_eq!(statuses("createRegisteredModel"), changes);
    assert!(statuses("listArtifacts").contains(&"501"));
    let conflict = &document["components"]["responses"]["Conflict"];
    let codes = &conflict["content"]["application/json"]["schema"]["allOf"][1];
    assert_eq!(
        names(&codes["properties"]["code"]["enum"]),
        BTreeSet::from(["Conflict", "InvalidatedRetryToken"])
    );
}

/// Names beside the operation's own: a struct that is used where a query is read has no nested one.
#[test]
fn a_query_has_no_nested_structs() {
    for facts in operations() {
        if facts.kind == Kind::Get {
            let mut generator = SchemaGenerator::default();
            (facts.input)(&mut generator);
            assert!(generator.definitions().is_empty(), "{}", facts.name);
        }
    }
}

#[tokio::test]
async fn the_document_is_served_as_json() {
    let bytes = Bytes::from(served().to_string());
    let response = respond(&bytes);
    assert_eq!(response.headers()["content-type"], "application/json");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, bytes);
}
