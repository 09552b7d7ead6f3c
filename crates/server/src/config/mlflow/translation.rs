//! Settings, made of what was said in MLflow's words.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use ferroflow_artifacts::is_bucket;
use ferroflow_service::SourcePattern;
use toml::{Table, Value};

use super::MlflowFlags;
use super::addresses;
use super::names::{NAMES, Then};
use crate::config::{DatabaseUrl, Settings, directory};

/// Addresses of private networks, which `mlflow server` serves by default.
const PRIVATE_HOSTS: [&str; 18] = [
    "10.*",
    "192.168.*",
    "172.16.*",
    "172.17.*",
    "172.18.*",
    "172.19.*",
    "172.20.*",
    "172.21.*",
    "172.22.*",
    "172.23.*",
    "172.24.*",
    "172.25.*",
    "172.26.*",
    "172.27.*",
    "172.28.*",
    "172.29.*",
    "172.30.*",
    "172.31.*",
];

/// What holds for `ferroflow server` where nobody says otherwise: what holds for `mlflow server`.
pub(in crate::config) fn defaults() -> Table {
    let mut table = Table::new();
    table.insert("data-dir".to_owned(), ".".into());
    table.insert("artifacts".to_owned(), "./mlartifacts".into());
    table.insert("allowed-hosts".to_owned(), PRIVATE_HOSTS.to_vec().into());
    table.insert("expose-metrics".to_owned(), false.into());
    table
}

/// Settings, and what the operator should know about them.
#[derive(Debug, Default)]
pub struct Translation {
    /// By key, as in the configuration file.
    pub(in crate::config) settings: Table,
    /// What had no effect, and why.
    pub(in crate::config) notes: Vec<String>,
    backend: Option<DatabaseUrl>,
}

impl Translation {
    /// Reads flags, and for those not given the environment.
    pub(in crate::config) fn of(
        flags: &MlflowFlags,
        environment: &impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self> {
        let mut translation = Self::default();
        for name in NAMES {
            let Some((by, value)) = flags.said(name, environment)? else {
                continue;
            };
            match name.then {
                Then::Ignore => translation.note(format!("{by} has no effect: {}", name.help)),
                Then::Refuse => bail!("{by} is refused: {}", name.help),
                then => translation.take(then, &value).context(by)?,
            }
        }
        translation.finish()?;
        Ok(translation)
    }

    fn take(&mut self, then: Then, value: &str) -> Result<()> {
        match then {
            Then::Text(key) => self.set(key, value),
            Then::List(key) => self.set(key, list(value)),
            Then::Number(key) => self.set(key, i64::from(number(value)?)),
            Then::Switch(key, on) => self.set(key, switch(value)? == on),
            Then::Presence(key) => self.set(key, true),
            Then::Set(set) => set(self, value)?,
            Then::Ignore | Then::Refuse => {}
        }
        Ok(())
    }

    /// What follows from several names together.
    fn finish(&mut self) -> Result<()> {
        if self.settings.contains_key("host") {
            self.set("allow-public", true);
        }
        if self.settings.contains_key("expose-metrics") {
            self.note("--expose-prometheus: /metrics is answered; the directory is not needed");
        }
        if self.settings.get("serve-artifacts") == Some(&Value::Boolean(false)) {
            let root = self.settings.entry("default-artifact-root");
            root.or_insert_with(|| "./mlruns".into());
        }
        let is_on = |key: &str| self.settings.get(key) == Some(&Value::Boolean(true));
        ensure!(
            self.backend.is_none() || !is_on("artifacts-only"),
            "--artifacts-only and --backend-store-uri do not go together: a server of artifacts \
             alone keeps no database"
        );
        Ok(())
    }

    fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.settings.insert(key.to_owned(), value.into());
    }

    fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    pub(super) fn backend_store(&mut self, uri: &str) -> Result<()> {
        let url = addresses::database(uri)?;
        self.set("database", url.expose());
        self.backend = Some(url);
        Ok(())
    }

    pub(super) fn registry_store(&mut self, uri: &str) -> Result<()> {
        self.same_store(uri)
    }

    pub(super) fn workspace_store(&mut self, uri: &str) -> Result<()> {
        self.same_store(uri)
    }

    fn same_store(&self, uri: &str) -> Result<()> {
        let url = addresses::database(uri)?;
        ensure!(
            self.backend.as_ref() == Some(&url),
            "all is kept in one database: leave it out, or give it the value of --backend-store-uri"
        );
        Ok(())
    }

    pub(super) fn artifacts_destination(&mut self, uri: &str) -> Result<()> {
        let place = match directory(uri) {
            Some(path) => path.display().to_string(),
            None if is_bucket(uri) => uri.to_owned(),
            None => bail!(
                "artifacts are kept in a directory of this machine, written as a path or file: URI, \
                 or in a bucket, as s3://bucket/path"
            ),
        };
        self.set("artifacts", place);
        Ok(())
    }

    pub(super) fn addressing_style(&mut self, style: &str) -> Result<()> {
        let is_virtual = match style {
            "virtual" => true,
            "auto" | "path" => false,
            _ => bail!("`{style}` is none of auto, path and virtual"),
        };
        self.set("s3-virtual-hosts", is_virtual);
        Ok(())
    }

    /// The arguments that MLflow hands to Amazon's library with each upload.
    pub(super) fn upload_arguments(&mut self, json: &str) -> Result<()> {
        let arguments: BTreeMap<String, String> = serde_json::from_str(json)
            .map_err(|_| anyhow!("`{json}` is not a JSON object of texts"))?;
        for (name, value) in arguments {
            let key = match name.as_str() {
                "ServerSideEncryption" => "s3-encryption",
                "SSEKMSKeyId" => "s3-encryption-key-id",
                _ => bail!(
                    "{name} is not supported: only ServerSideEncryption and SSEKMSKeyId are; leave \
                     it out, or let the bucket see to it"
                ),
            };
            self.set(key, value);
        }
        Ok(())
    }

    pub(super) fn signed_url_seconds(&mut self, text: &str) -> Result<()> {
        let seconds: u32 = text
            .parse()
            .map_err(|_| anyhow!("`{text}` is not a number"))?;
        self.set("signed-url-seconds", i64::from(seconds));
        Ok(())
    }

    pub(super) fn version_sources(&mut self, pattern: &str) -> Result<()> {
        SourcePattern::parse(pattern)?;
        self.set("model-version-source-regex", pattern);
        Ok(())
    }

    pub(super) fn development(&mut self, text: &str) -> Result<()> {
        if switch(text)? {
            self.set("log-level", "debug");
        }
        Ok(())
    }

    pub(super) fn logging_level(&mut self, level: &str) -> Result<()> {
        let level = match level.to_ascii_uppercase().as_str() {
            "CRITICAL" | "FATAL" | "ERROR" => "error",
            "WARNING" | "WARN" => "warn",
            "INFO" => "info",
            "DEBUG" | "NOTSET" => "debug",
            _ => bail!("`{level}` is none of CRITICAL, ERROR, WARNING, INFO and DEBUG"),
        };
        // `--dev` asks for more than the variable.
        if !self.settings.contains_key("log-level") {
            self.set("log-level", level);
        }
        Ok(())
    }

    pub(super) fn uvicorn_options(&mut self, options: &str) -> Result<()> {
        self.server_options("uvicorn", options, &["--ssl-"])
    }

    pub(super) fn gunicorn_options(&mut self, options: &str) -> Result<()> {
        let tls = [
            "--certfile",
            "--keyfile",
            "--ca-certs",
            "--ssl",
            "--cert-reqs",
        ];
        self.server_options("gunicorn", options, &tls)
    }

    fn server_options(&mut self, server: &str, options: &str, tls: &[&str]) -> Result<()> {
        let mut words = options.split_ascii_whitespace();
        if let Some(word) = words.find(|word| tls.iter().any(|tls| word.starts_with(tls))) {
            let option = word.split('=').next().unwrap_or(word);
            bail!(
                "{option} asks for TLS; give the files in FERROFLOW_TLS_CERT and FERROFLOW_TLS_KEY, \
                 and leave it out"
            );
        }
        self.note(format!(
            "--{server}-opts has no effect: there is no {server}"
        ));
        Ok(())
    }
}

fn number(text: &str) -> Result<u16> {
    text.parse()
        .map_err(|_| anyhow!("`{text}` is not a number from 0 to 65535"))
}

/// A switch as `mlflow server` reads it in the environment.
fn switch(text: &str) -> Result<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "y" | "on" | "t" => Ok(true),
        "false" | "0" | "no" | "n" | "off" | "f" => Ok(false),
        _ => bail!("`{text}` is neither true nor false"),
    }
}

fn list(text: &str) -> Value {
    let parts = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect::<Vec<_>>().into()
}

/// Refuses to begin an empty database beside what MLflow keeps in the same directory by default:
/// the operator would look at an empty server and fear that all was lost.
pub(in crate::config) fn refuse_mlflow_data(settings: &Settings) -> Result<()> {
    let directory = &settings.data_dir;
    let has_database = settings.database.is_some() || settings.artifacts_only;
    if has_database || directory.join("ferroflow.db").exists() {
        return Ok(());
    }
    for found in ["mlflow.db", "mlruns"] {
        let path = directory.join(found);
        if path.is_file() || is_file_store(&path) {
            bail!(
                "{} is here, which MLflow made; ferroflow does not read it and has left it \
                 untouched. To begin anew beside it, name a database of its own: \
                 --backend-store-uri sqlite:///ferroflow.db",
                path.display()
            );
        }
    }
    Ok(())
}

/// Whether a directory holds experiments as files: one directory each, by number.
fn is_file_store(path: &Path) -> bool {
    let Ok(entries) = fs::read_dir(path) else {
        return false;
    };
    let names = entries.flatten().map(|entry| entry.path());
    let is_number = |path: &Path| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
    };
    names
        .filter(|path| is_number(path))
        .any(|path| path.join("meta.yaml").exists())
}

#[cfg(test)]
mod tests;
