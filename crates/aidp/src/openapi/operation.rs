//! The description of one operation.

use std::collections::BTreeSet;

use ferroflow_model::{ErrorKind, Resource};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::components::{answer_headers, response_name};
use super::schemas::Schemas;
use crate::error::status_and_code;
use crate::operation::{Kind, OperationFacts};

/// Describes an operation.
pub(super) fn describe(facts: &OperationFacts, schemas: &mut Schemas) -> Value {
    let mut operation = json!({
        "operationId": facts.name,
        "tags": [facts.permission.resource.to_string()],
        "description": format!("Needs: {}.", facts.permission),
    });
    let mut parameters = shared_parameters(facts);
    match facts.kind {
        Kind::Get => parameters.extend(query_parameters(&schemas.query(facts.input))),
        Kind::Search | Kind::Change => operation["requestBody"] = request_body(facts, schemas),
    }
    operation["parameters"] = parameters.into();
    operation["responses"] = responses(facts, schemas);
    operation
}

/// Those of the path and the headers.
fn shared_parameters(facts: &OperationFacts) -> Vec<Value> {
    let in_path = facts.path.split(['{', '}']).skip(1).step_by(2);
    let headers: &[&str] = match facts.kind {
        Kind::Change => &[
            "opc-retry-token",
            "if-match",
            "opc-request-id",
            "dh-user-principal",
        ],
        Kind::Get | Kind::Search => &["opc-request-id", "dh-user-principal"],
    };
    let reference = |name| json!({"$ref": format!("#/components/parameters/{name}")});
    in_path
        .chain(headers.iter().copied())
        .map(reference)
        .collect()
}

/// One for each property of what the query string is read into.
fn query_parameters(schema: &Value) -> Vec<Value> {
    let required = |name: &str| {
        let names = schema["required"].as_array();
        names.is_some_and(|names| names.iter().any(|required| required == name))
    };
    let parameter = |(name, property): (&String, &Value)| json!({"name": name, "in": "query", "required": required(name), "schema": property});
    let properties = schema["properties"].as_object();
    properties.into_iter().flatten().map(parameter).collect()
}

fn request_body(facts: &OperationFacts, schemas: &mut Schemas) -> Value {
    let schema = schemas.body(capitalized(facts.name, "Request"), facts.input);
    json!({"required": true, "content": {"application/json": {"schema": schema}}})
}

fn responses(facts: &OperationFacts, schemas: &mut Schemas) -> Value {
    let schema = schemas.answer(capitalized(facts.name, "Response"), facts.output);
    let mut responses = Map::new();
    let success = json!({
        "description": "Success",
        "headers": answer_headers(facts.header),
        "content": {"application/json": {"schema": schema}},
    });
    responses.insert("200".to_owned(), success);
    let by_the_protocol = [StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE];
    for status in failures(facts).into_iter().chain(by_the_protocol) {
        let reference =
            json!({"$ref": format!("#/components/responses/{}", response_name(status))});
        responses.insert(status.as_str().to_owned(), reference);
    }
    responses.into()
}

/// The statuses of the errors that an operation can answer.
fn failures(facts: &OperationFacts) -> BTreeSet<StatusCode> {
    let kinds = ErrorKind::ALL.into_iter();
    kinds
        .filter(|kind| can_fail(facts, *kind))
        .map(|kind| status_and_code(kind).0)
        .collect()
}

fn can_fail(facts: &OperationFacts, kind: ErrorKind) -> bool {
    match kind {
        ErrorKind::TooLarge => facts.kind != Kind::Get,
        ErrorKind::AlreadyExists
        | ErrorKind::Conflict
        | ErrorKind::InvalidState
        | ErrorKind::RetryTokenInvalidated
        | ErrorKind::PreconditionFailed => facts.kind == Kind::Change,
        ErrorKind::Unsupported => facts.permission.resource == Resource::Artifacts,
        ErrorKind::Unparsable
        | ErrorKind::InvalidParameter
        | ErrorKind::IsADirectory
        | ErrorKind::MissingParameter
        | ErrorKind::LimitExceeded
        | ErrorKind::RelatedNotFound
        | ErrorKind::Unauthenticated
        | ErrorKind::PermissionDenied
        | ErrorKind::NotFound
        | ErrorKind::TooManyRequests
        | ErrorKind::Internal
        | ErrorKind::Unavailable => true,
    }
}

/// Names of schemas begin with a capital letter.
fn capitalized(name: &str, suffix: &str) -> String {
    let (first, rest) = name.split_at(1);
    format!("{}{rest}{suffix}", first.to_ascii_uppercase())
}
