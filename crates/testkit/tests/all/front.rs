//! What every request goes through, as clients see it.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::Request as AxumRequest;
use bytes::Bytes;
use ferroflow_model::{Caller, Permission, Resource};
use ferroflow_server::config::Settings;
use ferroflow_testkit::{Answer, Builder, Client, TestServer};
use ferroflow_web::{BodyLimit, Route, RouteTable, facts};
use http::{Method, Request, StatusCode};
use serde_json::json;
use tokio::time::sleep;

use crate::gate::{GATED, Gate};

async fn show_facts(request: AxumRequest) -> String {
    let facts = facts(request.extensions()).unwrap();
    format!("{} {}", facts.caller.principal, facts.request_id)
}

async fn count_bytes(request: AxumRequest) -> Result<String, StatusCode> {
    let limit = BodyLimit::of(request.extensions());
    let body = limit.read(request.into_body()).await;
    body.map(|body| body.len().to_string())
        .map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)
}

async fn panics() -> Result<(), Infallible> {
    panic!("s3cret")
}

/// Lasts longer than `a_request_that_takes_too_long` allows requests that do not stream.
async fn lasts() -> &'static str {
    sleep(Duration::from_millis(1500)).await;
    "done"
}

/// A server with routes that do what no real route does on purpose.
pub(crate) fn server() -> Builder {
    let open = Permission::PUBLIC;
    let streamed = Permission::read(Resource::Artifacts);
    let mut routes = RouteTable::new();
    let (get, post) = (Method::GET, Method::POST);
    routes.push(Route::new(
        get.clone(),
        "/test/facts",
        "facts",
        open,
        show_facts,
    ));
    routes.push(Route::new(
        get.clone(),
        "/20260430/test/facts",
        "facts",
        open,
        show_facts,
    ));
    routes.push(Route::new(
        post.clone(),
        "/test/bytes",
        "bytes",
        open,
        count_bytes,
    ));
    routes.push(Route::new(
        get.clone(),
        "/test/panics",
        "panics",
        open,
        panics,
    ));
    routes.push(Route::new(
        get.clone(),
        "/20260430/test/panics",
        "panics",
        open,
        panics,
    ));
    routes.push(Route::new(get, "/test/streams", "streams", streamed, lasts));
    TestServer::builder().routes(routes)
}

async fn send(client: &mut Client, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    client.send(request.body(Bytes::new()).unwrap()).await
}

#[tokio::test]
async fn every_answer_is_hardened_and_carries_a_request_id() {
    let server = server().start().await;
    let client = &mut server.client().await;
    for path in ["/health", "/test/facts", "/nowhere", "/test/panics"] {
        let answer = client.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "SAMEORIGIN", "{path}");
        assert_eq!(answer.header("x-request-id").len(), 32, "{path}");
    }
    server.stop().await;
}

#[tokio::test]
async fn handlers_learn_caller_and_request_id() {
    let server = server().start().await;
    let client = &mut server.client().await;
    let anonymous = Caller::anonymous().principal;

    let made = client.get("/test/facts").await;
    assert_eq!(
        made.text(),
        format!("{anonymous} {}", made.header("x-request-id"))
    );
    let kept = send(
        client,
        "GET",
        "/20260430/test/facts",
        &[("opc-request-id", "my_id-1")],
    )
    .await;
    assert_eq!(kept.text(), format!("{anonymous} my_id-1"));
    assert_eq!(kept.header("opc-request-id"), "my_id-1");
    let replaced = send(
        client,
        "GET",
        "/20260430/test/facts",
        &[("opc-request-id", "my id")],
    )
    .await;
    assert_eq!(replaced.header("opc-request-id").len(), 32);
    server.stop().await;
}

#[tokio::test]
async fn a_foreign_host_is_refused_except_by_probes() {
    let hosts = |settings: &mut Settings| {
        settings.allowed_hosts = vec!["*.example.com".to_owned()];
    };
    let server = server().configure(hosts).start().await;
    let client = &mut server.client().await;
    for (path, host, status) in [
        ("/test/facts", "evil.example", 403),
        ("/metrics", "evil.example", 403),
        ("/health", "evil.example", 200),
        ("/version", "evil.example", 200),
        ("/test/facts", "ml.example.com:8080", 200),
        ("/test/facts", "localhost", 200),
    ] {
        let answer = send(client, "GET", path, &[("host", host)]).await;
        assert_eq!(answer.status, status, "{path} {host}");
    }
    let refused = send(client, "GET", "/test/facts", &[("host", "evil.example")]).await;
    assert_eq!(refused.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(
        refused.text(),
        "Invalid Host header - possible DNS rebinding attack detected"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_foreign_page_cannot_change_anything() {
    let server = server().start().await;
    let client = &mut server.client().await;
    let evil = [("origin", "https://evil.example")];
    let refused = send(client, "POST", "/test/bytes", &evil).await;
    assert_eq!(
        (refused.status.as_u16(), refused.text()),
        (403, "Cross-origin request blocked")
    );
    let local = send(
        client,
        "POST",
        "/test/bytes",
        &[("origin", "http://localhost:3000")],
    )
    .await;
    assert_eq!(local.status, 200);
    assert_eq!(
        local.header("access-control-allow-origin"),
        "http://localhost:3000"
    );
    let preflight = [
        ("origin", "http://localhost:3000"),
        ("access-control-request-method", "POST"),
    ];
    assert_eq!(
        send(client, "OPTIONS", "/test/bytes", &preflight)
            .await
            .status,
        200
    );
    server.stop().await;
}

#[tokio::test]
async fn a_body_over_the_configured_limit_is_refused() {
    let limit = |settings: &mut Settings| settings.max_body_bytes = 2000;
    let server = server().configure(limit).start().await;
    let client = &mut server.client().await;
    for (bytes, status) in [(2000, 200), (2001, 413)] {
        let request = Request::post("/test/bytes")
            .body(vec![b'x'; bytes].into())
            .unwrap();
        assert_eq!(client.send(request).await.status, status);
    }
    server.stop().await;
}

#[tokio::test]
async fn headers_over_the_limit_are_refused() {
    let limit = |settings: &mut Settings| settings.max_header_bytes = 8192;
    let server = server().configure(limit).start().await;
    let fits = "a".repeat(7000);
    let answer = send(
        &mut server.client().await,
        "GET",
        "/test/facts",
        &[("x-long", &fits)],
    )
    .await;
    assert_eq!(answer.status, 200);
    let too_long = "a".repeat(9000);
    let answer = send(
        &mut server.client().await,
        "GET",
        "/test/facts",
        &[("x-long", &too_long)],
    )
    .await;
    assert_eq!(answer.status, 431);
    server.stop().await;
}

#[tokio::test]
async fn a_panic_is_answered_and_the_server_lives() {
    let server = server().start().await;
    let client = &mut server.client().await;
    let mlflow = client.get("/test/panics").await;
    assert_eq!(mlflow.status, 500);
    assert_eq!(mlflow.json()["error_code"], "INTERNAL_ERROR");
    assert!(!mlflow.text().contains("s3cret"));
    let aidp = client.get("/20260430/test/panics").await;
    assert_eq!(aidp.status, 500);
    assert_eq!(aidp.json()["code"], "InternalServerError");
    assert_eq!(aidp.header("opc-request-id").len(), 32);
    assert_eq!(client.get("/health").await.status, 200);
    let metrics = client.get("/metrics").await;
    let counted = r#"{method="GET",route="/test/panics",operation="panics",status="500"} 1"#;
    assert!(metrics.text().contains(counted));
    assert!(
        metrics
            .text()
            .contains("\nferroflow_http_requests_in_flight 1\n")
    );
    server.stop().await;
}

#[tokio::test]
async fn what_does_not_exist_is_said_in_the_shape_of_the_dialect() {
    let server = server().start().await;
    let client = &mut server.client().await;
    let aidp = client.get("/20260430/nowhere").await;
    assert_eq!(
        (aidp.status.as_u16(), aidp.json()["code"].clone()),
        (404, json!("NotFound"))
    );
    let aidp = client.post("/20260430/test/facts", &json!({})).await;
    assert_eq!(
        (aidp.status.as_u16(), aidp.json()["code"].clone()),
        (405, json!("MethodNotAllowed"))
    );
    assert_eq!(aidp.header("allow"), "GET,HEAD");
    let mlflow = client.get("/api/2.0/mlflow/nowhere").await;
    assert_eq!(mlflow.status, 404);
    assert_eq!(mlflow.json()["error_code"], "ENDPOINT_NOT_FOUND");
    let mlflow = client.post("/health", &json!({})).await;
    assert_eq!(
        (mlflow.status.as_u16(), mlflow.header("allow")),
        (405, "GET,HEAD")
    );
    server.stop().await;
}

#[tokio::test]
async fn below_a_tenant_the_shape_of_errors_follows_the_client() {
    const TENANT: &str = "/20260430/aiDataPlatforms/p/workspaces/w/mlops";
    const MLFLOW: [(&str, &str); 1] = [("user-agent", "mlflow-python-client/3.17.2")];
    let create_run = format!("{TENANT}/api/2.0/mlflow/runs/create");
    let files = format!("{TENANT}/api/2.0/mlflow-artifacts/artifacts/a");
    let nowhere = format!("{TENANT}/api/2.0/mlflow/nowhere");
    let server = server().start().await;
    let client = &mut server.client().await;
    for (method, path, status, code) in [
        ("GET", nowhere.as_str(), 404, "ENDPOINT_NOT_FOUND"),
        ("PUT", &create_run, 405, "BAD_REQUEST"),
        ("POST", &create_run, 400, "INVALID_PARAMETER_VALUE"),
        ("GET", "/20260430/test/panics", 500, "INTERNAL_ERROR"),
    ] {
        let answer = send(client, method, path, &MLFLOW).await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(answer.json()["error_code"], code, "{method} {path}");
        assert_eq!(answer.header("x-request-id").len(), 32, "{method} {path}");
    }
    for (method, path, status, code) in [
        ("GET", nowhere.as_str(), 404, "NotFound"),
        ("PUT", &create_run, 405, "MethodNotAllowed"),
        ("POST", &create_run, 400, "CannotParseRequest"),
        ("GET", "/20260430/test/panics", 500, "InternalServerError"),
    ] {
        let answer = send(client, method, path, &[]).await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(answer.json()["code"], code, "{method} {path}");
        assert_eq!(answer.header("opc-request-id").len(), 32, "{method} {path}");
    }
    // What only MLflow has, it answers whoever asks.
    for (method, status, code) in [
        ("GET", 404, "RESOURCE_DOES_NOT_EXIST"),
        ("POST", 405, "BAD_REQUEST"),
    ] {
        let answer = send(client, method, &files, &[]).await;
        assert_eq!(answer.status, status, "{method}");
        assert_eq!(answer.json()["error_code"], code, "{method}");
    }
    server.stop().await;
}

#[tokio::test]
async fn requests_over_the_limit_are_sent_away() {
    let limit = |settings: &mut Settings| settings.max_concurrent_requests = 1;
    let gate = Gate::default();
    let server = server().routes(gate.routes()).configure(limit);
    let server = server.start().await;
    let mut busy = server.client().await;
    let answer = tokio::spawn(async move { busy.get(GATED).await });
    gate.arrival().await;
    let client = &mut server.client().await;
    let away = client.get("/20260430/test/facts").await;
    assert_eq!(
        (away.status.as_u16(), away.header("retry-after")),
        (503, "1")
    );
    assert_eq!(away.json()["code"], "ServiceUnavailable");
    let agent = [("user-agent", "mlflow-python-client/3.17.2")];
    let away = send(client, "GET", "/20260430/test/facts", &agent).await;
    assert_eq!(away.json()["error_code"], "TEMPORARILY_UNAVAILABLE");
    gate.open();
    assert_eq!(answer.await.unwrap().text(), "done");
    assert_eq!(client.get("/test/facts").await.status, 200);
    server.stop().await;
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_ended_unless_it_streams() {
    let limit = |settings: &mut Settings| settings.request_timeout_seconds = 1;
    let server = server().routes(Gate::default().routes()).configure(limit);
    let server = server.start().await;
    let client = &mut server.client().await;
    let ended = client.get(GATED).await;
    assert_eq!(ended.status, 503);
    assert_eq!(ended.json()["error_code"], "TEMPORARILY_UNAVAILABLE");
    let streamed = client.get("/test/streams").await;
    assert_eq!(streamed.text(), "done");
    server.stop().await;
}

#[tokio::test]
async fn all_is_below_the_prefix_and_only_there() {
    let prefixed = |settings: &mut Settings| settings.static_prefix = "/p".to_owned();
    let server = server().configure(prefixed).start().await;
    let mut client = server.client().await;
    let mut status = async |path: &str| client.get(path).await.status.as_u16();
    let default = "/api/2.0/mlflow/experiments/get?experiment_id=0";
    assert_eq!(status(&format!("/p{default}")).await, 200);
    assert_eq!(status(default).await, 404);
    assert_eq!(status("/p/health").await, 200);
    assert_eq!(status("/health").await, 404);
    assert_eq!(status("/p/20260430/openapi.json").await, 200);
    assert_eq!(status("/20260430/openapi.json").await, 404);
    assert_eq!(status("/metrics").await, 200);
    let files = "/2.0/mlflow-artifacts/artifacts";
    let put = Request::put(format!("/api{files}/a.txt")).body(Bytes::from("text"));
    assert_eq!(client.send(put.unwrap()).await.status, 200);
    for path in ["/p/api", "/p/ajax-api", "/api", "/ajax-api"] {
        let found = client.get(&format!("{path}{files}/a.txt")).await;
        assert_eq!(found.text(), "text", "{path}");
    }
    let delete = Request::delete(format!("/api{files}/a.txt")).body(Bytes::new());
    assert_eq!(client.send(delete.unwrap()).await.status, 404);
    server.stop().await;
}
