//! The document that describes this dialect (OpenAPI 3.1).
//!
//! It is made from what serves: the declared operations, the wire structs that decode requests and
//! encode answers, the types of their fields, which hold the limits, and the table of errors. So
//! there is nothing beside the code that could fall behind it.

mod components;
mod operation;
mod schemas;

use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use ferroflow_model::Permission;
use ferroflow_service::Service;
use ferroflow_web::Route;
use http::Method;
use serde_json::{Map, Value, json};

pub(crate) use self::schemas::Describe;
use self::schemas::Schemas;
use crate::BASE_PATH;
use crate::answer::json_bytes;
use crate::operation::OperationFacts;

/// The route of the document. It is written once, when it is first asked for.
pub(crate) fn route(operations: Vec<OperationFacts>, static_prefix: &str) -> Route<Arc<Service>> {
    let base = if static_prefix.is_empty() {
        "/"
    } else {
        static_prefix
    };
    let base = base.to_owned();
    let path = format!("{BASE_PATH}/openapi.json");
    let write = move || Bytes::from(document(&operations, &base).to_string());
    let document = Arc::new(LazyLock::new(write));
    let answer = move || {
        let document = Arc::clone(&document);
        async move { respond(LazyLock::force(&document)) }
    };
    let name = "getOpenApiDocument";
    Route::new(Method::GET, path, name, Permission::PUBLIC, answer)
}

fn respond(document: &Bytes) -> Response<Body> {
    json_bytes(document.clone())
}

fn document(operations: &[OperationFacts], base: &str) -> Value {
    let mut schemas = Schemas::new();
    let mut paths = Map::new();
    for facts in operations {
        let path = paths
            .entry(facts.path.as_str())
            .or_insert_with(|| json!({}));
        let method = facts.kind.method().as_str().to_ascii_lowercase();
        path[method] = operation::describe(facts, &mut schemas);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Ferroflow: the AIDP dialect",
            "description": "Experiment tracking and the model registry, as Oracle AI Data Platform's MLOps REST API has them.",
            "version": BASE_PATH.trim_start_matches('/'),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base}],
        "paths": paths,
        "components": components::describe(schemas),
    })
}

#[cfg(test)]
mod tests;
