//! A limit on how many requests each caller may send.

use std::time::Duration;

use bytes::Bytes;
use ferroflow_server::config::Settings;
use ferroflow_testkit::{Answer, Client, TestServer};
use http::Request;
use serde_json::json;
use tokio::time::sleep;

use crate::front::server;

const AIDP: &str = "/20260430/test/facts";
const MLFLOW: &str = "/test/facts";
const CERTAINLY_TOO_MANY: usize = 1000;

/// Far slower than a test sends, however busy its machine is.
fn slow(settings: &mut Settings) {
    settings.rate_limit = 1;
    settings.rate_limit_burst = 2;
}

async fn until_refused(client: &mut Client, path: &str) -> Answer {
    for _ in 0..CERTAINLY_TOO_MANY {
        let answer = client.get(path).await;
        if answer.status != 200 {
            return answer;
        }
    }
    panic!("{path} is not limited");
}

async fn refusals(server: &TestServer) -> (u64, u64) {
    let metrics = server.client().await.get("/metrics").await;
    let value = |name: &str| {
        let line = metrics.text().lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.rsplit_once(' ')?.1.parse().ok())
            .unwrap_or_default()
    };
    let answered =
        r#"ferroflow_http_requests_total{method="",route="unmatched",operation="",status="429"}"#;
    (
        value("ferroflow_http_requests_over_rate_total"),
        value(answered),
    )
}

#[tokio::test]
async fn requests_over_the_limit_are_refused_in_the_shape_of_the_dialect() {
    let server = server().configure(slow).start().await;
    let client = &mut server.client().await;
    let aidp = until_refused(client, AIDP).await;
    let (status, code) = (aidp.status.as_u16(), aidp.json()["code"].clone());
    assert_eq!((status, code), (429, json!("TooManyRequests")));
    assert_eq!(aidp.header("opc-request-id").len(), 32);
    let mlflow = until_refused(client, MLFLOW).await;
    let (status, code) = (mlflow.status.as_u16(), mlflow.json()["error_code"].clone());
    assert_eq!((status, code), (429, json!("REQUEST_LIMIT_EXCEEDED")));
    for refused in [&aidp, &mlflow] {
        assert_eq!(refused.header("retry-after"), "1");
        assert_eq!(refused.header("x-content-type-options"), "nosniff");
    }
    assert_eq!(refusals(&server).await, (2, 2));
    server.stop().await;
}

#[tokio::test]
async fn who_waits_as_long_as_is_said_is_served() {
    let server = server().configure(slow).start().await;
    let client = &mut server.client().await;
    for _ in 0..2 {
        let refused = until_refused(client, AIDP).await;
        let seconds = refused.header("retry-after").parse().unwrap();
        sleep(Duration::from_secs(seconds)).await;
        assert_eq!(client.get(AIDP).await.status, 200);
    }
    server.stop().await;
}

#[tokio::test]
async fn all_connections_of_a_caller_share_its_limit_but_probes_have_none() {
    let server = server().configure(slow).start().await;
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(server.client().await);
    }
    let mut refused = false;
    for turn in 0..CERTAINLY_TOO_MANY {
        let client = &mut clients[turn % 3];
        refused |= client.get(MLFLOW).await.status == 429;
        if refused {
            break;
        }
    }
    assert!(refused);
    for path in ["/health", "/version", "/metrics"].repeat(5) {
        assert_eq!(clients[0].get(path).await.status, 200, "{path}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_caller_cannot_choose_who_it_is_counted_as() {
    let server = server().configure(slow).start().await;
    let client = &mut server.client().await;
    let names = [
        "x-forwarded-for",
        "forwarded",
        "x-real-ip",
        "dh-user-principal",
    ];
    for name in names {
        let mut refused = false;
        for number in 0..CERTAINLY_TOO_MANY {
            let request = Request::get(MLFLOW).header(name, format!("10.0.0.{number}"));
            let answer = client.send(request.body(Bytes::new()).unwrap()).await;
            refused |= answer.status == 429;
            if refused {
                break;
            }
        }
        assert!(refused, "{name}");
    }
    server.stop().await;
}

#[tokio::test]
async fn without_a_limit_nobody_is_refused() {
    let server = server().start().await;
    let client = &mut server.client().await;
    for _ in 0..CERTAINLY_TOO_MANY {
        assert_eq!(client.get(MLFLOW).await.status, 200);
    }
    assert_eq!(refusals(&server).await, (0, 0));
    server.stop().await;
}
