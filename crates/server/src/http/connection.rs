//! One connection, from its handshake to its end.

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::Front;
use super::body::receive;
use super::listener::Connections;

/// The first byte of every connection that begins with a TLS handshake (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 22;

/// What every connection is served by.
pub(super) struct Host {
    http: http1::Builder,
    front: Arc<Front>,
    connections: Connections,
    tls: Option<TlsAcceptor>,
    stopping: CancellationToken,
}

impl Host {
    pub(super) fn new(
        front: Arc<Front>,
        connections: Connections,
        tls: Option<TlsAcceptor>,
        stopping: CancellationToken,
    ) -> Self {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(connections.idle_timeout)
            .max_header_size(connections.header_bytes);
        Self {
            http,
            front,
            connections,
            tls,
            stopping,
        }
    }

    /// Begins to serve a connection; whatever its client does, others are served meanwhile.
    pub(super) fn spawn(self: &Arc<Self>, stream: TcpStream, address: IpAddr, watcher: Watcher) {
        // Answers are written whole; waiting to fill a packet would only delay them.
        if let Err(error) = stream.set_nodelay(true) {
            debug!(%error, "cannot set TCP_NODELAY");
        }
        let host = Arc::clone(self);
        match self.tls.clone() {
            None => tokio::spawn(async move { host.converse(stream, address, watcher).await }),
            Some(tls) => tokio::spawn(async move {
                match host.encrypt(tls, stream).await {
                    Some(Met::Encrypted(stream)) => host.converse(*stream, address, watcher).await,
                    Some(Met::Plain(stream)) => host.refuse(stream, watcher).await,
                    None => {}
                }
            }),
        };
    }

    /// Shakes hands, in the time that a client may be silent for and while the server is not
    /// stopping: until then no request is in flight.
    async fn encrypt(&self, tls: TlsAcceptor, stream: TcpStream) -> Option<Met> {
        let meeting = timeout(self.connections.idle_timeout, meet(tls, stream));
        let outcome = tokio::select! {
            () = self.stopping.cancelled() => return None,
            outcome = meeting => outcome,
        };
        match outcome {
            Ok(Ok(met)) => Some(met),
            Ok(Err(error)) => {
                debug!(%error, "a TLS handshake failed");
                None
            }
            Err(_) => {
                debug!("a TLS handshake took too long");
                None
            }
        }
    }

    async fn converse<Io>(&self, stream: Io, address: IpAddr, watcher: Watcher)
    where
        Io: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let patience = self.connections.idle_timeout;
        let service = service_fn(move |request: Request<Incoming>| {
            let front = &self.front;
            async move {
                let request = receive(request, patience);
                Ok::<Response, Infallible>(front.answer(request, address).await)
            }
        });
        let connection = self.http.serve_connection(TokioIo::new(stream), service);
        report(watcher.watch(connection).await);
    }

    /// Tells a client that does not encrypt what is wrong, in the only words that it understands.
    async fn refuse(&self, stream: TcpStream, watcher: Watcher) {
        let service = service_fn(async |_: Request<Incoming>| Ok::<_, Infallible>(only_https()));
        let mut http = self.http.clone();
        let connection = http.keep_alive(false);
        let connection = connection.serve_connection(TokioIo::new(stream), service);
        report(watcher.watch(connection).await);
    }
}

/// How a client of an encrypting server begins.
enum Met {
    Encrypted(Box<TlsStream<TcpStream>>),
    Plain(TcpStream),
}

async fn meet(tls: TlsAcceptor, stream: TcpStream) -> io::Result<Met> {
    let mut first = [0];
    let count = stream.peek(&mut first).await?;
    if count == 1 && first[0] != HANDSHAKE {
        return Ok(Met::Plain(stream));
    }
    let encrypted = tls.accept(stream).await?;
    Ok(Met::Encrypted(Box::new(encrypted)))
}

fn only_https() -> Response {
    const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
    let mut response = Response::new(Body::from("This port speaks HTTPS only.\n"));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response.headers_mut().insert(CONTENT_TYPE, TEXT);
    response
}

fn report(outcome: hyper::Result<()>) {
    // Clients vanish all the time; that is no fault of the server.
    if let Err(error) = outcome {
        debug!(%error, "a connection ended early");
    }
}
