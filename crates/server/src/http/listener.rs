//! Accepts connections, and lets those in flight finish when the server stops.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::Front;
use super::body::receive;

/// After a failure to accept, such as too many open files: trying at once would fail again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What holds for each connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Connections {
    /// Bytes of the request line and the headers.
    pub(crate) header_bytes: usize,
    /// How long a client may be silent where it is its turn to send.
    pub(crate) idle_timeout: Duration,
    /// How long requests in flight may take to finish when the server stops.
    pub(crate) shutdown_grace: Duration,
}

/// Asks a server to stop.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    /// Finish what is in flight, then stop.
    pub requested: CancellationToken,
    /// Do not wait for what is in flight.
    pub hurried: CancellationToken,
}

/// Serves until asked to stop, then until requests in flight are answered or grace has run out.
pub(crate) async fn serve(
    listener: TcpListener,
    front: Arc<Front>,
    connections: Connections,
    shutdown: &Shutdown,
) {
    let graceful = GracefulShutdown::new();
    tokio::select! {
        () = shutdown.requested.cancelled() => {}
        () = accept(&listener, &front, connections, &graceful) => {}
    }
    drop(listener);
    drain(graceful, connections.shutdown_grace, &shutdown.hurried).await;
}

async fn accept(
    listener: &TcpListener,
    front: &Arc<Front>,
    connections: Connections,
    graceful: &GracefulShutdown,
) {
    let http = protocol(connections);
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let front = Arc::clone(front);
                let patience = connections.idle_timeout;
                spawn_connection(&http, stream, front, patience, graceful);
            }
            Err(error) => {
                warn!(%error, "cannot accept a connection");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn protocol(connections: Connections) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(connections.idle_timeout)
        .max_header_size(connections.header_bytes);
    http
}

fn spawn_connection(
    http: &http1::Builder,
    stream: TcpStream,
    front: Arc<Front>,
    patience: Duration,
    graceful: &GracefulShutdown,
) {
    // Answers are written whole; waiting to fill a packet would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "cannot set TCP_NODELAY");
    }
    let service = service_fn(move |request: Request<Incoming>| {
        let front = Arc::clone(&front);
        async move {
            let request = receive(request, patience);
            Ok::<Response, Infallible>(front.answer(request).await)
        }
    });
    let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
    tokio::spawn(async move {
        // Clients vanish all the time; that is no fault of the server.
        if let Err(error) = connection.await {
            debug!(%error, "a connection ended early");
        }
    });
}

async fn drain(graceful: GracefulShutdown, grace: Duration, hurried: &CancellationToken) {
    let open = graceful.count();
    info!(
        open_connections = open,
        "stopping: requests in flight may finish"
    );
    tokio::select! {
        outcome = timeout(grace, graceful.shutdown()) => if outcome.is_err() {
            warn!("stopping although requests are in flight: the grace is over");
        },
        () = hurried.cancelled() => {
            warn!("stopping although requests are in flight: asked a second time");
        }
    }
}
