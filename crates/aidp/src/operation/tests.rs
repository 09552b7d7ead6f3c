use axum::routing::any;
use axum::{Extension, Router};
use ferroflow_model::{Caller, Etag, IfMatch, Resource};
use ferroflow_web::{RequestId, RouteFacts};
use http::StatusCode;
use http_body_util::BodyExt;
use serde::Deserialize;
use tower::ServiceExt;

use super::*;
use crate::answer::{Listed, Tagged};
use crate::limits;

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Echo {
    name: Option<limits::Lookup>,
}

/// What an operation would be called with, as text.
async fn receive_as(kind: Kind, request: Request) -> Response<Body> {
    let (mut parts, body) = request.into_parts();
    let received = receive::<Echo>(&mut parts, body, kind, "echo").await;
    let text = match received {
        Ok((context, input)) => format!("{context:?} {:?}", input.name),
        Err(error) => return error_response(&error),
    };
    Response::new(Body::from(text))
}

fn router(kind: Kind) -> Router {
    let facts = RouteFacts {
        method: Method::POST,
        path: String::new(),
        operation: "echo",
        permission: Permission::read(Resource::Runs),
    };
    let handler = move |request: Request| receive_as(kind, request);
    Router::new()
        .route(&platform("echo"), any(handler))
        .route(&workspace("echo"), any(handler))
        .layer(Extension(Arc::new(facts)))
        .layer(Extension(Arc::new(Caller::anonymous())))
        .layer(Extension(RequestId("made-here".into())))
}

fn request(path: &str, headers: &[(&str, &str)], body: &str) -> Request {
    let uri = format!("{BASE_PATH}/aiDataPlatforms/{path}");
    let mut request = Request::builder().method("POST").uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

async fn ask(kind: Kind, request: Request) -> (StatusCode, String) {
    let response = router(kind).oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

const JSON: (&str, &str) = ("content-type", "application/json");
const PATH: &str = "p/mlops/api/2.0/echo";

#[tokio::test]
async fn the_path_names_the_tenant_percent_decoded() {
    let path = "ocid1..a%C3%BC%20b/workspaces/w%2Fx/mlops/api/2.0/echo";
    let (status, text) = ask(Kind::Search, request(path, &[JSON], "{}")).await;
    assert_eq!(status, 200, "{text}");
    assert!(text.contains(r#"PlatformId("ocid1..aü b")"#), "{text}");
    assert!(text.contains(r#"Some(WorkspaceKey("w/x"))"#), "{text}");

    let (_, text) = ask(Kind::Search, request(PATH, &[JSON], "{}")).await;
    assert!(text.contains("workspace: None"), "{text}");
}

#[tokio::test]
async fn a_bad_tenant_is_refused() {
    for platform in ["%20", "a%00b", "%FF", &"p".repeat(501)] {
        let path = format!("{platform}/mlops/api/2.0/echo");
        let (status, text) = ask(Kind::Search, request(&path, &[JSON], "{}")).await;
        assert_eq!(status, 400, "{platform}: {text}");
        assert!(text.contains("InvalidParameter"), "{text}");
    }
}

#[tokio::test]
async fn only_changes_take_a_retry_token() {
    let headers = [
        JSON,
        ("opc-retry-token", "token-1"),
        ("if-match", "\"1-2-3\""),
    ];
    let (_, text) = ask(Kind::Change, request(PATH, &headers, "{}")).await;
    assert!(text.contains(r#"RetryToken("token-1")"#), "{text}");
    assert!(text.contains(r#"Tags(["1-2-3"])"#), "{text}");
    let (_, text) = ask(Kind::Search, request(PATH, &headers, "{}")).await;
    assert!(text.contains("retry: None"), "{text}");
}

#[tokio::test]
async fn a_retry_token_has_1_to_64_characters() {
    let with = |token: &str| request(PATH, &[JSON, ("opc-retry-token", token)], "{}");
    for token in ["t".to_owned(), "t".repeat(64)] {
        assert_eq!(ask(Kind::Change, with(&token)).await.0, 200);
    }
    for token in [String::new(), "t".repeat(65), "ü".to_owned()] {
        let (status, text) = ask(Kind::Change, with(&token)).await;
        assert_eq!(status, 400, "{token}: {text}");
        assert!(text.contains("opc-retry-token"), "{text}");
    }
}

#[tokio::test]
async fn a_body_must_be_json_by_its_type() {
    for good in [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/json;x=y",
    ] {
        let request = request(PATH, &[("content-type", good)], r#"{"name": "n"}"#);
        let (status, text) = ask(Kind::Change, request).await;
        assert_eq!(status, 200, "{good}: {text}");
        assert!(text.contains(r#"Some(Text("n"))"#), "{text}");
    }
    for bad in [
        "text/plain",
        "application/jsonp",
        "application/x-www-form-urlencoded",
        "",
    ] {
        let (status, text) = ask(Kind::Change, request(PATH, &[("content-type", bad)], "{}")).await;
        assert_eq!(status, 400, "{bad}");
        assert!(text.contains("CannotParseRequest"), "{text}");
    }
    assert_eq!(ask(Kind::Change, request(PATH, &[], "{}")).await.0, 400);
}

#[tokio::test]
async fn a_body_has_a_size() {
    let body = |bytes: usize| format!(r#"{{"x":"{}"}}"#, "x".repeat(bytes - 8));
    let at_limit = request(PATH, &[JSON], &body(BodyLimit::DEFAULT_BYTES));
    assert_eq!(ask(Kind::Change, at_limit).await.0, 200);
    let over = request(PATH, &[JSON], &body(BodyLimit::DEFAULT_BYTES + 1));
    let (status, text) = ask(Kind::Change, over).await;
    assert_eq!(status, 413);
    assert!(text.contains("RequestEntityTooLarge"), "{text}");
}

#[tokio::test]
async fn a_get_reads_its_query_and_needs_no_content_type() {
    let path = format!("{PATH}?name=a+b");
    let (status, text) = ask(Kind::Get, request(&path, &[], "")).await;
    assert_eq!(status, 200);
    assert!(text.contains(r#"Some(Text("a b"))"#), "{text}");
}

#[tokio::test]
async fn a_malformed_request_id_is_refused() {
    let with = |id: &str| request(PATH, &[JSON, ("opc-request-id", id)], "{}");
    let longest = "x".repeat(255);
    for good in ["", "a", "Az09_-", &longest] {
        assert_eq!(ask(Kind::Change, with(good)).await.0, 200, "{good}");
    }
    let too_long = "x".repeat(256);
    for bad in ["with space", "a/b", "a.b", "ü", &too_long] {
        let (status, text) = ask(Kind::Change, with(bad)).await;
        assert_eq!(status, 400, "{bad}");
        assert!(
            text.contains("InvalidParameter") && text.contains("opc-request-id"),
            "{text}"
        );
    }
}

#[test]
fn a_precondition_is_read() {
    let mut headers = HeaderMap::new();
    assert_eq!(headers::if_match(&headers).unwrap(), None);
    headers.insert("if-match", "*".parse().unwrap());
    assert_eq!(headers::if_match(&headers).unwrap(), Some(IfMatch::Any));
}

#[test]
fn answers_carry_their_tag_and_the_next_page() {
    let etag = Etag {
        row: 26,
        revision: 3,
    };
    let tagged = Tagged::empty(etag).encode().unwrap();
    assert_eq!(tagged.headers()["etag"], "\"3\"");
    assert_eq!(tagged.headers()["content-type"], "application/json");

    let page = ferroflow_model::Page {
        items: vec![1, 2],
        next_page_token: Some("t".to_owned()),
    };
    let answer = Listed::new(page, |item: i32| item, |items, token| (items, token));
    let response = answer.encode().unwrap();
    assert_eq!(response.headers()["opc-next-page"], "t");
    assert!(response.headers().get("etag").is_none());
}

/// The contract: 46 operations below `mlflow/` and the summary, and who takes a retry token is
/// what changes something.
#[test]
fn every_operation_of_the_contract_is_there() {
    let table = crate::routes("");
    let facts: Vec<_> = (table.facts())
        .filter(|route| route.operation != "getOpenApiDocument")
        .collect();
    assert_eq!(facts.len(), 47);
    let names: std::collections::BTreeSet<_> = facts.iter().map(|route| route.operation).collect();
    assert_eq!(names.len(), 47);
    let in_workspace = facts
        .iter()
        .filter(|route| route.path.contains("/workspaces/"))
        .count();
    assert_eq!(in_workspace, 28);
    assert!(facts.iter().all(|route| route.path.starts_with(BASE_PATH)));
    let reads = facts
        .iter()
        .filter(|route| route.method == Method::GET)
        .count();
    assert_eq!(reads, 10);
}
