//! The served OpenAPI document and the router say the same.

use std::collections::{BTreeMap, BTreeSet};

use ferroflow_mlflow::RoutesOptions;
use ferroflow_model::Right;
use ferroflow_server::config::Settings;
use ferroflow_server::routes;
use ferroflow_testkit::TestServer;
use ferroflow_web::RouteFacts;
use serde_json::Value;

const DOCUMENT: &str = "/20260430/openapi.json";

/// The routes of the AIDP dialect, by method and path, without that of the document itself.
fn operations() -> BTreeMap<(String, String), RouteFacts> {
    let facts = routes::facts(&RoutesOptions::default()).into_iter();
    facts
        .filter(|route| route.path.starts_with("/20260430/") && route.path != DOCUMENT)
        .map(|route| ((route.method.to_string(), route.path.clone()), route))
        .collect()
}

async fn document() -> Value {
    let server = TestServer::start().await;
    let answer = server.client().await.get(DOCUMENT).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/json");
    let document = answer.json();
    server.stop().await;
    document
}

#[tokio::test]
async fn the_document_leads_clients_below_the_prefix() {
    let prefixed = |settings: &mut Settings| settings.static_prefix = "/ml".to_owned();
    let server = TestServer::builder().configure(prefixed).start().await;
    let answer = server.client().await.get(&format!("/ml{DOCUMENT}")).await;
    assert_eq!(answer.json()["servers"][0]["url"], "/ml");
    server.stop().await;
    assert_eq!(document().await["servers"][0]["url"], "/");
}

fn described(document: &Value) -> BTreeMap<(String, String), &Value> {
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| {
            ((method.to_ascii_uppercase(), path.clone()), operation)
        })
    });
    operations.collect()
}

/// Where each parameter is, and its name.
fn parameters(document: &Value, operation: &Value) -> BTreeSet<(String, String)> {
    let resolve = |parameter: &Value| {
        let parameter = match parameter["$ref"].as_str() {
            Some(place) => document.pointer(&place[1..]).unwrap(),
            None => parameter,
        };
        let text = |member: &str| parameter[member].as_str().unwrap().to_owned();
        (text("in"), text("name"))
    };
    let parameters = operation["parameters"].as_array().unwrap();
    parameters.iter().map(resolve).collect()
}

fn in_headers(names: &[&str]) -> BTreeSet<(String, String)> {
    let names = names.iter().copied();
    names
        .map(|name| ("header".to_owned(), name.to_owned()))
        .collect()
}

#[tokio::test]
async fn the_document_has_what_the_router_has() {
    let document = document().await;
    let (described, operations) = (described(&document), operations());
    assert!(operations.len() >= 47);
    assert!(described.keys().eq(operations.keys()));
    for (key, route) in &operations {
        assert_eq!(described[key]["operationId"], route.operation);
        let needs = format!("Needs: {}.", route.permission);
        assert_eq!(described[key]["description"], needs);
    }
}

#[tokio::test]
async fn each_operation_has_the_parameters_of_its_path_and_kind() {
    let document = document().await;
    let operations = operations();
    for (key, operation) in described(&document) {
        let (method, path) = &key;
        let found = parameters(&document, operation);
        let found_in = |place: &str| -> BTreeSet<_> {
            (found.iter())
                .filter(|parameter| parameter.0 == place)
                .cloned()
                .collect()
        };
        let placeholders = path.split(['{', '}']).skip(1).step_by(2);
        let in_path: BTreeSet<_> = placeholders
            .map(|name| ("path".to_owned(), name.to_owned()))
            .collect();
        assert_eq!(found_in("path"), in_path, "{path}");

        let changes = operations[&key].permission.right != Right::Read;
        let headers: &[&str] = if changes {
            &[
                "opc-request-id",
                "dh-user-principal",
                "opc-retry-token",
                "if-match",
            ]
        } else {
            &["opc-request-id", "dh-user-principal"]
        };
        assert_eq!(found_in("header"), in_headers(headers), "{path}");
        assert_eq!(
            operation.get("requestBody").is_some(),
            method == "POST",
            "{path}"
        );
        assert!(method == "GET" || found_in("query").is_empty(), "{path}");
    }
}

#[tokio::test]
async fn each_operation_says_how_it_can_fail() {
    let document = document().await;
    for ((_, path), operation) in described(&document) {
        for status in ["200", "400", "401", "403", "404", "429", "500", "503"] {
            let response = &operation["responses"][status];
            let response = match response["$ref"].as_str() {
                Some(place) => document.pointer(&place[1..]).unwrap(),
                None => response,
            };
            assert!(
                response["content"]["application/json"]["schema"].is_object(),
                "{path} {status}"
            );
            assert!(
                response["headers"]["opc-request-id"].is_object(),
                "{path} {status}"
            );
        }
    }
}
