//! Accepts connections, and lets those in flight finish when the server stops.

use std::sync::Arc;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Front;
use super::connection::Host;

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
    tls: Option<TlsAcceptor>,
    shutdown: &Shutdown,
) {
    let graceful = GracefulShutdown::new();
    let stopping = shutdown.requested.clone();
    let host = Arc::new(Host::new(front, connections, tls, stopping));
    tokio::select! {
        () = shutdown.requested.cancelled() => {}
        () = accept(&listener, &host, &graceful) => {}
    }
    drop(listener);
    drain(graceful, connections.shutdown_grace, &shutdown.hurried).await;
}

async fn accept(listener: &TcpListener, host: &Arc<Host>, graceful: &GracefulShutdown) {
    loop {
        match listener.accept().await {
            Ok((stream, address)) => host.spawn(stream, address.ip(), graceful.watcher()),
            Err(error) => {
                warn!(%error, "cannot accept a connection");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
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
