//! One server: opened from its configuration, run until it is asked to stop.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use ferroflow_artifacts::{ArtifactStore, BucketOptions, DirectRoot, Limits as ArtifactLimits};
use ferroflow_mlflow::RoutesOptions;
use ferroflow_service::Service;
use ferroflow_store::{Db, DbOptions};
use ferroflow_web::RouteTable;
use tokio::net::{TcpListener, lookup_host};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval_at};
use tracing::{error, info};

use crate::config::{ArtifactRoot, DatabaseUrl, Settings};
use crate::effects::Effects;
use crate::http::{Connections, Front, Limits, Security, Shutdown, StaticPrefix, Tls, serve};
use crate::probes::Probes;
use crate::routes::Routers;
use crate::scratch::ScratchDirectory;
use crate::telemetry::{self, RequestMetrics};

/// Retry tokens live for a day, so there is no hurry to forget them.
const CLEAN_UP_INTERVAL: Duration = Duration::from_mins(15);

/// A server that holds its port and its data, and answers once it runs.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    front: Arc<Front>,
    service: Arc<Service>,
    connections: Connections,
    tls: Option<Tls>,
    _scratch: Option<ScratchDirectory>,
}

impl Server {
    /// Takes the port, opens the data and migrates it where that is needed.
    pub async fn open(settings: &Settings, effects: &Effects) -> Result<Self> {
        Self::open_with_routes(settings, effects, RouteTable::new()).await
    }

    /// Opens a server with routes of the caller's own beside all others, as tests need them.
    pub async fn open_with_routes(
        settings: &Settings,
        effects: &Effects,
        extra: RouteTable<()>,
    ) -> Result<Self> {
        let tls = settings.certificate().map(Tls::open).transpose()?;
        let listener = listen(settings).await?;
        let address = listener.local_addr()?;
        let scratch = scratch_database(settings)?;
        let service = Arc::new(open_service(settings, scratch.as_ref(), effects).await?);

        let mut registry = telemetry::registry();
        let metrics = RequestMetrics::register(&mut registry);
        telemetry::register_store(&mut registry, &service);
        let probes = Probes::new(&service, settings.expose_metrics.then_some(registry));
        let routers = Routers::new(&mlflow_options(settings)?, &service, &probes, extra);
        let security = security(settings);
        Ok(Self {
            listener,
            address,
            front: Arc::new(Front::new(
                routers,
                security,
                limits(settings),
                StaticPrefix::new(&settings.static_prefix),
                metrics,
            )),
            service,
            connections: connections(settings),
            tls,
            _scratch: scratch,
        })
    }

    /// The address that clients connect to; port 0 has become a real one.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The core, for tests that look beneath the wire.
    pub fn service(&self) -> &Arc<Service> {
        &self.service
    }

    /// Serves until asked to stop; then lets requests in flight finish and closes the store, so
    /// that nothing acknowledged or queued is lost.
    pub async fn run(self, shutdown: &Shutdown) {
        let mut chores = JoinSet::new();
        chores.spawn(clean_up(Arc::clone(&self.service)));
        let acceptor = self.tls.as_ref().map(Tls::acceptor);
        if let Some(tls) = self.tls {
            chores.spawn(tls.follow_files());
        }
        let (front, connections) = (self.front, self.connections);
        serve(self.listener, front, connections, acceptor, shutdown).await;
        chores.abort_all();
        self.service.db().close().await;
        info!("stopped");
    }
}

async fn listen(settings: &Settings) -> Result<TcpListener> {
    let (host, port) = (settings.host.as_str(), settings.port);
    let found = lookup_host((host, port)).await;
    let addresses: Vec<_> = found
        .with_context(|| format!("the host `{host}` is unknown"))?
        .collect();
    let public = addresses.iter().find(|address| !address.ip().is_loopback());
    if let (Some(address), false) = (public, settings.allow_public) {
        bail!(
            "refusing to listen on {}: other machines reach it, and callers are not \
             authenticated; keep to 127.0.0.1, or accept that with --allow-public",
            address.ip()
        );
    }
    let listener = TcpListener::bind(addresses.as_slice()).await;
    listener.with_context(|| {
        format!("cannot listen on {host}:{port} (--host and --port choose another address)")
    })
}

/// The database that a server of artifacts alone has in place of the configured one: its service
/// needs one, but what is in it is nothing to keep.
fn scratch_database(settings: &Settings) -> Result<Option<ScratchDirectory>> {
    let make = || ScratchDirectory::make().context("cannot make a temporary directory");
    settings.artifacts_only.then(make).transpose()
}

async fn open_service(
    settings: &Settings,
    scratch: Option<&ScratchDirectory>,
    effects: &Effects,
) -> Result<Service> {
    make_data_dir(&settings.data_dir)?;
    let database = match scratch {
        Some(scratch) => DatabaseUrl::sqlite(&scratch.path().join("ferroflow.db")),
        None => settings.database(),
    };
    let options = DbOptions {
        url: database.expose().parse()?,
        pool_size: settings.database_pool_size,
        now_ms: effects.clock.now_ms(),
    };
    let opened = Db::open(options).await;
    let db = opened.with_context(|| database.to_string())?;
    let buckets = settings.bucket_options(std::env::vars_os().filter_map(unicode));
    let artifacts = open_artifacts(&ArtifactRoot::new(&settings.artifacts()), &buckets)?;
    let (clock, ids) = (Arc::clone(&effects.clock), Arc::clone(&effects.ids));
    let root = settings.default_artifact_root();
    let service_settings = ferroflow_service::Settings {
        artifact_root: root.location.clone(),
        has_workspaces: settings.enable_workspaces,
        version_sources: settings.version_sources()?,
    };
    let mut service = Service::new(db, artifacts, clock, ids, service_settings);
    if let (Some(direct), false) = (open_direct(&root, &buckets)?, settings.artifacts_only) {
        service = service.with_direct_root(direct);
    }
    service.prepare().await.map_err(|error| explain(&error))?;
    Ok(service)
}

fn unicode((name, value): (OsString, OsString)) -> Option<(String, String)> {
    Some((name.into_string().ok()?, value.into_string().ok()?))
}

/// Opens where artifacts are that clients read and write through this server.
fn open_artifacts(root: &ArtifactRoot, buckets: &BucketOptions) -> Result<ArtifactStore> {
    let limits = ArtifactLimits::default();
    let opened = match &root.directory {
        Some(directory) => ArtifactStore::local(directory, limits),
        None => ArtifactStore::bucket(&root.location, buckets, limits),
    };
    opened.map_err(|error| unopened(root, &error))
}

/// Opens where clients keep artifacts themselves, if it is a place that the server can read.
fn open_direct(root: &ArtifactRoot, buckets: &BucketOptions) -> Result<Option<DirectRoot>> {
    let limits = ArtifactLimits::default();
    let opened = match &root.directory {
        Some(directory) => DirectRoot::directory(directory, limits),
        None if root.is_bucket() => DirectRoot::bucket(&root.location, buckets, limits),
        None => return Ok(None),
    };
    opened.map(Some).map_err(|error| unopened(root, &error))
}

fn unopened(root: &ArtifactRoot, error: &ferroflow_model::Error) -> anyhow::Error {
    explain(error).context(format!("cannot keep artifacts in {}", root.location))
}

/// Only its owner may look into a data directory that the server makes: it holds what the server
/// would ask credentials for.
fn make_data_dir(path: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let made = builder.recursive(true).create(path);
    made.with_context(|| format!("cannot make the data directory {}", path.display()))
}

/// What an operator may read of an error: its cause too.
fn explain(error: &ferroflow_model::Error) -> anyhow::Error {
    match error.cause() {
        Some(cause) => anyhow!("{cause}"),
        None => anyhow!("{error}"),
    }
}

fn mlflow_options(settings: &Settings) -> Result<RoutesOptions> {
    let is_encrypted = settings.certificate().is_some();
    Ok(RoutesOptions {
        scheme: if is_encrypted { "https" } else { "http" },
        public_url: settings.public_url.clone(),
        static_prefix: settings.static_prefix.clone(),
        artifact_roots: vec![
            ArtifactRoot::new(&settings.artifacts()).location,
            settings.default_artifact_root().location,
        ],
        working_directory: std::env::current_dir()?,
        serve_artifacts: settings.serve_artifacts,
        truncate_long_values: settings.truncate_long_values,
        location_characters: settings.artifact_location_max_length,
        host_schemes: settings.allowed_host_addressed_artifact_schemes.clone(),
        artifacts_only: settings.artifacts_only,
        signed_url_lifetime: settings.signed_url_lifetime(),
        has_workspaces: settings.enable_workspaces,
    })
}

fn security(settings: &Settings) -> Security {
    let (hosts, origins) = (&settings.allowed_hosts, &settings.cors_allowed_origins);
    let security = Security::new(&settings.host, hosts, origins);
    let security = security.framed_by(&settings.x_frame_options);
    if settings.disable_security_middleware {
        security.disabled()
    } else {
        security
    }
}

fn limits(settings: &Settings) -> Limits {
    Limits {
        body_bytes: settings.max_body_bytes,
        total_body_bytes: settings.max_total_body_bytes,
        concurrent_requests: settings.max_concurrent_requests,
        request_timeout: settings.request_timeout(),
        rate: settings.rate(),
    }
}

fn connections(settings: &Settings) -> Connections {
    Connections {
        header_bytes: settings.max_header_bytes,
        idle_timeout: settings.idle_timeout(),
        shutdown_grace: settings.shutdown_grace(),
    }
}

/// Forgets retry tokens whose time is over, drops uploads that nobody continues, and takes away what
/// was in deleted workspaces. A failure
/// leaves them to the next round.
async fn clean_up(service: Arc<Service>) {
    let mut rounds = interval_at(Instant::now() + CLEAN_UP_INTERVAL, CLEAN_UP_INTERVAL);
    loop {
        rounds.tick().await;
        report(
            "forgot old retry tokens",
            service.purge_retry_tokens().await,
        );
        report("dropped abandoned uploads", service.sweep_uploads().await);
        report(
            "took away what was in deleted workspaces",
            service.purge_deleted_workspaces().await,
        );
    }
}

fn report(what: &str, outcome: ferroflow_model::Result<u64>) {
    match outcome {
        Ok(0) => {}
        Ok(count) => info!(count, "{what}"),
        Err(error) => error!(%error, cause = error.cause(), "could not finish: {what}"),
    }
}
