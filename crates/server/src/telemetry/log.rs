//! The log, on standard error.

use std::io;
use std::panic::{self, PanicHookInfo};

use anyhow::Result;
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

use crate::config::{LogFormat, Settings};

/// Sends events and panics to standard error. To be called once.
pub(crate) fn start(settings: &Settings) -> Result<()> {
    let layer = fmt::layer().with_writer(io::stderr);
    let layer = match settings.log_format {
        LogFormat::Text => layer
            .with_ansi(io::IsTerminal::is_terminal(&io::stderr()))
            .boxed(),
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry()
        .with(settings.log_filter()?)
        .with(layer)
        .try_init()?;
    panic::set_hook(Box::new(log_panic));
    Ok(())
}

fn log_panic(info: &PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("(not a text)");
    let place = info.location().map(ToString::to_string);
    tracing::error!(panic = message, place, "a thread panicked");
}
