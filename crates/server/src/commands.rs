//! The command line.

use std::ffi::OsString;
use std::io::{self, Write};
use std::num::NonZero;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;

use crate::announce::announcement;
use crate::config::{self, Flags, Loaded, MlflowFlags, Settings};
use crate::effects::Effects;
use crate::http::Shutdown;
use crate::probes::VERSION;
use crate::server::Server;
use crate::telemetry::log;

/// Threads that still work after this long are left behind when the process ends.
const RUNTIME_GRACE: Duration = Duration::from_secs(1);

/// One server for ML experiments and models, for clients of MLflow and of Oracle's AIDP.
#[derive(Parser)]
#[command(name = "ferroflow", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server
    Serve(Flags),
    /// Start the server by the flags and variables of `mlflow server`
    Server(MlflowFlags),
    /// Print the configuration in force as a TOML file, secrets hidden
    Config(Flags),
    /// Print the version
    Version,
}

/// The command line's own description, from which documents are made.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the command that the arguments name.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let matches = match Cli::command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => error.exit(),
    };
    match run(&matches) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The chain of causes on one line; nothing can be done when nobody can read it.
            let _ = writeln!(io::stderr(), "ferroflow: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(matches: &ArgMatches) -> Result<()> {
    let cli = Cli::from_arg_matches(matches)?;
    match cli.command {
        Command::Serve(flags) => start(&load(&flags, matches)?),
        Command::Server(flags) => start(&config::load_mlflow(&flags)?),
        Command::Config(flags) => say(&config::print(&load(&flags, matches)?)?),
        Command::Version => say(&format!("ferroflow {VERSION}\n")),
    }
}

fn load(flags: &Flags, matches: &ArgMatches) -> Result<Loaded> {
    let (_, given) = matches.subcommand().context("no command was given")?;
    config::load(flags, given)
}

fn say(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

fn start(loaded: &Loaded) -> Result<()> {
    let settings = &loaded.settings;
    log::start(settings)?;
    for note in &loaded.notes {
        info!("{note}");
    }
    let runtime = runtime(settings)?;
    let outcome = runtime.block_on(serve(settings));
    runtime.shutdown_timeout(RUNTIME_GRACE);
    outcome
}

fn runtime(settings: &Settings) -> Result<Runtime> {
    let cores = || thread::available_parallelism().map_or(1, NonZero::get);
    let threads = match settings.worker_threads {
        0 => cores(),
        count => count,
    };
    Ok(Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()?)
}

async fn serve(settings: &Settings) -> Result<()> {
    let server = Server::open(settings, &Effects::real()).await?;
    let shutdown = Shutdown::default();
    stop_on_signals(shutdown.clone())?;
    say(&announcement(settings, server.address()))?;
    server.run(&shutdown).await;
    Ok(())
}

/// The first SIGTERM or SIGINT lets requests finish; the second does not wait for them.
fn stop_on_signals(shutdown: Shutdown) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        for token in [shutdown.requested, shutdown.hurried] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            token.cancel();
        }
    });
    Ok(())
}
