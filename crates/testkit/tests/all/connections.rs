//! What happens below HTTP's requests: silence, unwanted bodies, early answers.

use std::time::Duration;

use ferroflow_server::config::Settings;
use ferroflow_testkit::TestServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::front::server;
use crate::gate::PATIENCE;

#[tokio::test]
async fn a_client_that_falls_silent_is_let_go() {
    let limit = |settings: &mut Settings| settings.idle_timeout_seconds = 1;
    let server = server().configure(limit).start().await;
    let in_the_head = "GET /test/facts HTTP/1.1\r\nhost: localhost\r\n";
    let in_the_body =
        "POST /test/bytes HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n123";
    for sent in [in_the_head, in_the_body, ""] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        let closed = timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "after {sent:?}");
        assert!(!rest.starts_with(b"HTTP/1.1 200"), "after {sent:?}");
    }
    server.stop().await;
}

/// Sends the pieces with pauses between them, and reads until the server closes.
async fn converse(server: &TestServer, pieces: &[&str]) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    for piece in pieces {
        stream.write_all(piece.as_bytes()).await.unwrap();
        sleep(Duration::from_millis(100)).await;
    }
    let mut said = String::new();
    let read = timeout(PATIENCE, stream.read_to_string(&mut said)).await;
    read.unwrap().unwrap();
    said
}

const LAST: &str = "GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn a_connection_survives_a_body_that_nobody_wanted() {
    let server = server().start().await;
    let head = "POST /nowhere HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\n";
    let said = converse(&server, &[head, "123", "45", LAST]).await;
    assert!(said.starts_with("HTTP/1.1 404"), "{said}");
    assert!(said.contains("HTTP/1.1 200"), "{said}");

    let chunked = "POST /nowhere HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n";
    let said = converse(&server, &[chunked, "3\r\nabc\r\n", "0\r\n\r\n", LAST]).await;
    assert!(said.contains("HTTP/1.1 200"), "{said}");
    server.stop().await;
}

#[tokio::test]
async fn a_body_is_asked_for_only_when_it_is_wanted() {
    let server = server().start().await;
    let head = |path: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n"
        )
    };
    let refused = converse(&server, &[&head("/nowhere")]).await;
    assert!(refused.starts_with("HTTP/1.1 404"), "{refused}");
    let taken = converse(&server, &[&head("/test/bytes"), "12345", LAST]).await;
    assert!(
        taken.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200"),
        "{taken}"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_is_still_sending_sees_the_refusal() {
    let limit = |settings: &mut Settings| settings.max_body_bytes = 1024;
    let server = server().configure(limit).start().await;
    let bytes = 8 * 1024 * 1024;
    let head =
        format!("POST /test/bytes HTTP/1.1\r\nhost: localhost\r\ncontent-length: {bytes}\r\n\r\n");
    let said = converse(&server, &[&head, &"x".repeat(bytes), LAST]).await;
    assert!(said.starts_with("HTTP/1.1 413"), "{said}");
    assert!(said.contains("HTTP/1.1 200"), "{said}");
    server.stop().await;
}
