//! The server under test.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use ferroflow_server::config::Settings;
use ferroflow_server::{Effects, Server, Shutdown};
use ferroflow_service::Service;
use ferroflow_web::RouteTable;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::database::Database;
use crate::{Client, Engine, SequentialIds, StoppedClock};

/// A running server with a database and a directory of its own.
pub struct TestServer {
    address: SocketAddr,
    shutdown: Shutdown,
    running: JoinHandle<()>,
    service: Arc<Service>,
    database: Database,
    directory: TempDir,
}

impl TestServer {
    /// Starts a server on SQLite, all else as it is by default.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// Starts a server that differs from the default.
    pub fn builder() -> Builder {
        Builder {
            engine: Engine::Sqlite,
            settings: Settings::default(),
            effects: Effects::real(),
            routes: RouteTable::new(),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A new connection to it.
    pub async fn client(&self) -> Client {
        Client::connect(self.address).await
    }

    /// The core, to look beneath the wire.
    pub fn service(&self) -> &Arc<Service> {
        &self.service
    }

    /// Where the data is.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Asks the server to stop, as a signal would, and does not wait.
    pub fn ask_to_stop(&self) {
        self.shutdown.requested.cancel();
    }

    /// Stops the server and removes its data.
    pub async fn stop(self) {
        self.ask_to_stop();
        self.running.await.expect("the server stops in order");
        self.database.remove().await;
    }
}

/// Says how a server differs from the default.
pub struct Builder {
    engine: Engine,
    settings: Settings,
    effects: Effects,
    routes: RouteTable<()>,
}

impl Builder {
    /// Runs on this engine.
    #[must_use]
    pub fn engine(mut self, engine: Engine) -> Self {
        self.engine = engine;
        self
    }

    /// Changes settings; where the data is and the port are the testkit's to say.
    #[must_use]
    pub fn configure(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Runs with this clock and ids that count up, so that each run answers the same.
    #[must_use]
    pub fn deterministic(mut self, clock: Arc<StoppedClock>) -> Self {
        self.effects = Effects {
            clock,
            ids: Arc::new(SequentialIds::default()),
        };
        self
    }

    /// Adds routes, for what no real route does on purpose.
    #[must_use]
    pub fn routes(mut self, routes: RouteTable<()>) -> Self {
        self.routes.extend(routes);
        self
    }

    /// Starts the server.
    pub async fn start(mut self) -> TestServer {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let database = Database::fresh(self.engine, directory.path()).await;
        self.settings.port = 0;
        self.settings.data_dir = directory.path().join("data");
        self.settings.database = Some(database.url.parse().expect("a database address"));
        let server = Server::open_with_routes(&self.settings, &self.effects, self.routes).await;
        let server = server.expect("the server starts");

        let shutdown = Shutdown::default();
        let (address, service) = (server.address(), Arc::clone(server.service()));
        let stop = shutdown.clone();
        let running = tokio::spawn(async move { server.run(&stop).await });
        TestServer {
            address,
            shutdown,
            running,
            service,
            database,
            directory,
        }
    }
}
