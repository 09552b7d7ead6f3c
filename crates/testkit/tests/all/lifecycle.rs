//! Starting, probing and stopping, on both engines.

use std::sync::Arc;

use ferroflow_model::Clock;
use ferroflow_server::{Effects, Server};
use ferroflow_testkit::{StoppedClock, TestServer, engines};
use http::Request;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::gate::{GATED, Gate, PATIENCE, until};

#[tokio::test]
async fn health_asks_the_store() {
    for engine in engines() {
        let server = TestServer::builder().engine(engine).start().await;
        let mut client = server.client().await;
        let healthy = client.get("/health").await;
        assert_eq!(
            (healthy.status.as_u16(), healthy.text()),
            (200, "OK"),
            "{engine:?}"
        );
        assert_eq!(healthy.header("content-type"), "text/plain; charset=utf-8");

        server.service().db().close().await;
        let ill = client.get("/health").await;
        assert_eq!(ill.status, 503, "{engine:?}");
        assert_eq!(ill.header("retry-after"), "1");
        server.stop().await;
    }
}

#[tokio::test]
async fn the_version_is_what_clients_compare_with_their_own() {
    let server = TestServer::start().await;
    let version = server.client().await.get("/version").await;
    assert_eq!(version.text(), "3.17.2");
    assert_eq!(
        version.header("server"),
        format!("ferroflow/{}", ferroflow_server::VERSION)
    );
    server.stop().await;
}

#[tokio::test]
async fn metrics_count_requests_by_route_and_transactions_by_name() {
    let server = TestServer::start().await;
    let mut client = server.client().await;
    client.get("/health").await;
    client.get("/health").await;
    client.get("/made/up/by/a/client").await;
    let metrics = client.get("/metrics").await;
    let text = metrics.text();
    for line in [
        r#"ferroflow_http_requests_total{method="GET",route="/health",operation="health",status="200"} 2"#,
        r#"ferroflow_http_requests_total{method="",route="unmatched",operation="",status="404"} 1"#,
        r#"ferroflow_http_request_duration_seconds_count{method="GET",route="/health",operation="health"} 2"#,
        r#"ferroflow_transaction_duration_seconds_count{transaction="health"} 2"#,
        r#"ferroflow_transaction_duration_seconds_bucket{le="+Inf",transaction="health"} 2"#,
        r#"ferroflow_transaction_retries_total{transaction="health"} 0"#,
        "ferroflow_writer_queue_depth 0",
        r#"ferroflow_writer_group_size_bucket{le="+Inf"}"#,
        "ferroflow_http_requests_in_flight 1",
        "process_resident_memory_bytes ",
        "process_cpu_seconds_total ",
        "# EOF",
    ] {
        assert!(
            text.lines().any(|found| found.starts_with(line)),
            "{line} is not in\n{text}"
        );
    }
    assert!(!text.contains("made/up"), "clients must not make labels");
    server.stop().await;
}

#[tokio::test]
async fn requests_in_flight_are_answered_before_the_server_stops() {
    let gate = Gate::default();
    let server = TestServer::builder().routes(gate.routes()).start().await;
    let mut busy = server.client().await;
    let mut idle = server.client().await;
    idle.get("/health").await;
    let answer = tokio::spawn(async move { busy.get(GATED).await });
    gate.arrival().await;

    let address = server.address();
    server.ask_to_stop();
    until("a stopping server takes no connections", async || {
        TcpStream::connect(address).await.is_err()
    })
    .await;
    until("idle connections are closed", async || {
        let request = Request::get("/health").body(bytes::Bytes::new());
        idle.try_send(request.unwrap()).await.is_err()
    })
    .await;
    gate.open();
    server.stop().await;
    assert_eq!(answer.await.unwrap().text(), "done");
}

#[tokio::test]
async fn a_request_cannot_keep_the_server_from_stopping() {
    let impatience =
        |settings: &mut ferroflow_server::config::Settings| settings.shutdown_grace_seconds = 0;
    let gate = Gate::default();
    let server = TestServer::builder()
        .routes(gate.routes())
        .configure(impatience)
        .start()
        .await;
    let mut client = server.client().await;
    let answer = tokio::spawn(async move { client.get(GATED).await });
    gate.arrival().await;
    timeout(PATIENCE, server.stop()).await.unwrap();
    answer.abort();
}

#[tokio::test]
async fn time_and_ids_can_be_given() {
    let clock = Arc::new(StoppedClock::at(1_700_000_000_000));
    let server = TestServer::builder()
        .deterministic(Arc::clone(&clock))
        .start()
        .await;
    clock.advance(5);
    assert_eq!(clock.now_ms(), 1_700_000_000_005);
    server.stop().await;
}

#[tokio::test]
async fn a_public_address_is_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let mut settings = ferroflow_server::config::Settings {
        host: "0.0.0.0".to_owned(),
        port: 0,
        data_dir: directory.path().join("data"),
        ..Default::default()
    };
    let refusal = Server::open(&settings, &Effects::real())
        .await
        .map(drop)
        .unwrap_err();
    assert!(refusal.to_string().contains("--allow-public"), "{refusal}");
    assert!(!settings.data_dir.exists(), "nothing was touched");
    settings.allow_public = true;
    Server::open(&settings, &Effects::real()).await.unwrap();
}
