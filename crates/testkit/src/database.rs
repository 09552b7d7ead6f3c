//! A database that nobody has used yet, for each server.

use std::path::Path;

use tokio_postgres::{Config, NoTls};

const POSTGRES_VARIABLE: &str = "FERROFLOW_TEST_POSTGRES";

/// The engines that a server can run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file.
    Sqlite,
    /// The server that `FERROFLOW_TEST_POSTGRES` names.
    Postgres,
}

/// The engines that can be tested here: PostgreSQL only where there is one.
pub fn engines() -> Vec<Engine> {
    let mut engines = vec![Engine::Sqlite];
    engines.extend(postgres_url().map(|_| Engine::Postgres));
    engines
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests are told so where PostgreSQL is"
)]
fn postgres_url() -> Option<String> {
    std::env::var(POSTGRES_VARIABLE).ok()
}

/// A fresh database; a PostgreSQL one lives until it is dropped.
pub(crate) struct Database {
    pub(crate) url: String,
    postgres_name: Option<String>,
}

impl Database {
    pub(crate) async fn fresh(engine: Engine, directory: &Path) -> Self {
        match engine {
            Engine::Sqlite => Self {
                url: format!("sqlite:{}", directory.join("ferroflow.db").display()),
                postgres_name: None,
            },
            Engine::Postgres => {
                let name = format!("testkit_{:032x}", rand::random::<u128>());
                administer(&format!("CREATE DATABASE {name}")).await;
                Self {
                    url: with_name(&administration(), &name),
                    postgres_name: Some(name),
                }
            }
        }
    }

    pub(crate) async fn remove(self) {
        if let Some(name) = self.postgres_name {
            administer(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

fn administration() -> String {
    postgres_url().expect("FERROFLOW_TEST_POSTGRES names a PostgreSQL server")
}

async fn administer(sql: &str) {
    let config: Config = administration().parse().expect("a PostgreSQL address");
    let (client, connection) = config
        .connect(NoTls)
        .await
        .expect("PostgreSQL is reachable");
    let driver = tokio::spawn(connection);
    client
        .batch_execute(sql)
        .await
        .expect("PostgreSQL does as told");
    drop(client);
    // The connection ends because its client is gone.
    let _ = driver.await;
}

/// Replaces the database's name, which is the path of the address.
fn with_name(url: &str, name: &str) -> String {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let (server, _) = address.rsplit_once('/').expect("an address with a path");
    let separator = if query.is_empty() { "" } else { "?" };
    format!("{server}/{name}{separator}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_is_replaced() {
        assert_eq!(
            with_name("postgres://u@h:1/a?b=c/d", "n"),
            "postgres://u@h:1/n?b=c/d"
        );
        assert_eq!(with_name("postgres://u@h:1/a", "n"), "postgres://u@h:1/n");
    }
}
