//! What all operations share: parameters of the path and the headers, headers of answers, errors.

use std::collections::{BTreeMap, BTreeSet};

use ferroflow_model::{ErrorKind, limits};
use http::StatusCode;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::schemas::Schemas;
use crate::answer::AnswerHeader;
use crate::error::{ErrorBody, NO_OPERATION, status_and_code};
use crate::fields::Text;

/// Describes all components.
pub(super) fn describe(mut schemas: Schemas) -> Value {
    let responses = errors(&schemas.part_of_answers::<ErrorBody<'static>>());
    json!({
        "parameters": parameters(),
        "headers": headers(),
        "responses": responses,
        "schemas": schemas.into_named(),
    })
}

fn parameters() -> Value {
    type TenantKey = Text<1, { limits::TENANT_KEY_CHARACTERS }>;
    type RetryToken = Text<1, { limits::RETRY_TOKEN_CHARACTERS }>;
    let path = |name: &str| json!({"name": name, "in": "path", "required": true, "schema": schema::<TenantKey>()});
    let header = |name: &str, description: &str, schema: Value| json!({"name": name, "in": "header", "description": description, "schema": schema});
    json!({
        "aiDataPlatformId": path("aiDataPlatformId"),
        "workspaceKey": path("workspaceKey"),
        "opc-retry-token": header(
            "opc-retry-token",
            "Makes a repeated request have one effect, for 24 hours.",
            schema::<RetryToken>(),
        ),
        "if-match": header(
            "if-match",
            "The change is made only while the thing has this entity tag.",
            json!({"type": "string"}),
        ),
        "opc-request-id": header(
            "opc-request-id",
            "Finds the request in the server's log; the answer repeats it.",
            json!({
                "type": "string",
                "maxLength": limits::REQUEST_ID_CHARACTERS,
                "pattern": "^[A-Za-z0-9_-]*$",
            }),
        ),
        "dh-user-principal": header(
            "dh-user-principal",
            "Accepted, and without effect.",
            json!({"type": "string"}),
        ),
    })
}

fn schema<T: JsonSchema>() -> Value {
    T::json_schema(&mut SchemaGenerator::default()).to_value()
}

fn headers() -> Value {
    let text = |description: &str, required: bool| json!({"description": description, "required": required, "schema": {"type": "string"}});
    json!({
        "opc-request-id": text("The id of the request: the client's own, or else one that the server made.", true),
        "etag": text("The entity tag of the state that the thing has now.", true),
        "opc-next-page": text("The token of the next page; absent on the last one.", false),
        "retry-after": {
            "description": "How many seconds to wait before the next try.",
            "required": true,
            "schema": {"type": "integer", "minimum": 1},
        },
    })
}

/// The headers of an operation's answer.
pub(super) fn answer_headers(own: AnswerHeader) -> Value {
    match own {
        AnswerHeader::Nothing => references(&["opc-request-id"]),
        AnswerHeader::Etag => references(&["opc-request-id", "etag"]),
        AnswerHeader::NextPage => references(&["opc-request-id", "opc-next-page"]),
    }
}

fn references(headers: &[&str]) -> Value {
    let reference = |name: &&str| {
        let place = format!("#/components/headers/{name}");
        ((*name).to_owned(), json!({"$ref": place}))
    };
    headers.iter().map(reference).collect::<Map<_, _>>().into()
}

/// One response for each status, with the codes that it can have.
fn errors(body: &Value) -> Map<String, Value> {
    let mut codes: BTreeMap<StatusCode, BTreeSet<&str>> = BTreeMap::new();
    let rows = ErrorKind::ALL.map(status_and_code);
    for (status, code) in rows.into_iter().chain([NO_OPERATION]) {
        codes.entry(status).or_default().insert(code);
    }
    let response = |(status, codes)| (response_name(status), error(status, &codes, body));
    let mut errors: Map<_, _> = codes.into_iter().map(response).collect();
    // Not all of the request has been read, so there is no operation yet to answer it.
    let too_long = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    let description = "The request line and the headers are too long together. There is no body.";
    errors.insert(response_name(too_long), json!({"description": description}));
    errors
}

fn error(status: StatusCode, codes: &BTreeSet<&str>, body: &Value) -> Value {
    let headers = match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            references(&["opc-request-id", "retry-after"])
        }
        _ => references(&["opc-request-id"]),
    };
    let schema = json!({"allOf": [body, {"properties": {"code": {"enum": codes}}}]});
    json!({
        "description": status.canonical_reason(),
        "headers": headers,
        "content": {"application/json": {"schema": schema}},
    })
}

/// The name of the response that describes a status.
pub(super) fn response_name(status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or_default();
    reason.replace(' ', "")
}
