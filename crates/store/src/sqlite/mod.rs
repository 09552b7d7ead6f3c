//! The embedded engine: one writer thread, read-only connections, one file.

mod conn;
mod writer;

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ferroflow_model::{Error, Result};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use self::conn::{Access, SqliteConn};
use self::writer::{Writer, run_now};
use crate::command::{Command, Query};
use crate::conn::Engine;
use crate::migrations::{self, OpenError, Tables};
use crate::stats::Stats;

/// Long queries run on at most this many threads of their own.
const LONG_READERS: u32 = 4;

/// How long a close waits for long queries.
const CLOSE_WAIT: Duration = Duration::from_secs(1);

/// A SQLite database.
pub(crate) struct Sqlite {
    writer: Mutex<Option<Arc<Writer>>>,
    writer_thread: Mutex<Option<JoinHandle<()>>>,
    readers: Arc<Readers>,
    long_readers: Arc<Semaphore>,
    stats: Arc<Stats>,
    /// Held while the server runs, so that no second one opens the file.
    _lock: File,
}

/// Read-only connections.
struct Readers {
    path: PathBuf,
    /// Those that nobody uses now; nothing once the store is closed.
    idle: Mutex<Option<Vec<SqliteConn>>>,
}

impl Readers {
    /// Runs a query on a free connection, in a transaction of its own: it sees one state.
    fn run<Q: Query>(&self, query: &Q) -> Result<Q::Out> {
        let idle = self.idle().as_mut().map(Vec::pop);
        let mut conn = match idle.ok_or_else(closed)? {
            Some(conn) => conn,
            None => SqliteConn::open(&self.path, Access::Read).map_err(Error::unavailable)?,
        };
        conn.run("BEGIN")?;
        let outcome = run_now(query.run(&mut conn));
        conn.run("COMMIT")?;
        if let Some(idle) = self.idle().as_mut() {
            idle.push(conn);
        }
        outcome
    }

    fn idle(&self) -> MutexGuard<'_, Option<Vec<SqliteConn>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn closed() -> Error {
    Error::unavailable("the store is closed")
}

impl Sqlite {
    /// Opens or creates the file, migrates it, and starts the writer.
    pub(crate) fn open(
        path: &Path,
        now_ms: i64,
        stats: Arc<Stats>,
    ) -> std::result::Result<Self, OpenError> {
        if let Some(directory) = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
        {
            std::fs::create_dir_all(directory)?;
        }
        // Not even a lock file is put beside what is not ours.
        refuse_foreign(path)?;
        let lock = lock(path)?;
        let mut conn = SqliteConn::open(path, Access::Write)?;
        migrate(&mut conn, now_ms)?;
        let (writer, thread) = Writer::start(conn, Arc::clone(&stats))?;
        Ok(Self {
            writer: Mutex::new(Some(Arc::new(writer))),
            writer_thread: Mutex::new(Some(thread)),
            readers: Arc::new(Readers {
                path: path.to_owned(),
                idle: Mutex::new(Some(Vec::new())),
            }),
            long_readers: Arc::new(Semaphore::new(LONG_READERS as usize)),
            stats,
            _lock: lock,
        })
    }

    /// Runs a command in the next group.
    pub(crate) async fn run<C: Command>(&self, command: C) -> Result<C::Out> {
        let writer = self
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        match writer {
            Some(writer) => writer.run(command).await,
            None => Err(closed()),
        }
    }

    /// Runs a query: in place, or on a thread of its own when it may take long.
    pub(crate) async fn read<Q: Query>(&self, query: Q) -> Result<Q::Out> {
        let started = Instant::now();
        let outcome = if Q::IS_LONG {
            self.read_long(query).await
        } else {
            self.readers.run(&query)
        };
        self.stats
            .transaction(Q::NAME)
            .finish(started.elapsed(), 0, outcome.is_err());
        outcome
    }

    async fn read_long<Q: Query>(&self, query: Q) -> Result<Q::Out> {
        let permit = Arc::clone(&self.long_readers).acquire_owned().await;
        let permit = permit.map_err(Error::unavailable)?;
        let readers = Arc::clone(&self.readers);
        let task = tokio::task::spawn_blocking(move || {
            // The thread has it, for it goes on when nobody waits for the answer any more.
            let _permit = permit;
            readers.run(&query)
        });
        task.await.map_err(Error::internal)?
    }

    /// Fails when nothing can be written any more: the writer was closed, or has died.
    pub(crate) fn check_writer(&self) -> Result<()> {
        let thread = self
            .writer_thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return Ok(());
        }
        Err(Error::unavailable("the writer has ended"))
    }

    /// Lets the writer finish what is queued, and closes. The writer's connection is the last to
    /// close, since only that writes the log back into the file and takes it away.
    pub(crate) async fn close(&self) {
        self.close_readers().await;
        drop(
            self.writer
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let thread = self
            .writer_thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            // The thread ends once every running command has been answered.
            let joined = tokio::task::spawn_blocking(move || thread.join()).await;
            if !matches!(joined, Ok(Ok(()))) {
                tracing::error!("the writer did not end well");
            }
        }
    }

    /// Waits a moment for long queries, and closes the connections that nobody uses. One in use
    /// is closed by its query when that ends.
    async fn close_readers(&self) {
        let all = timeout(CLOSE_WAIT, self.long_readers.acquire_many(LONG_READERS)).await;
        if all.is_err() {
            // Whoever stops the server has waited long enough, and a reader has nothing to lose:
            // at worst the log stays beside the file, and the next start reads it.
            tracing::warn!("closing while long queries are running");
        }
        drop(self.readers.idle().take());
    }
}

/// Takes the lock file beside the database.
fn lock(path: &Path) -> std::result::Result<File, OpenError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(name)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse {
            path: path.display().to_string(),
        }),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Brings the schema to the newest version, one transaction per migration.
fn migrate(conn: &mut SqliteConn, now_ms: i64) -> std::result::Result<(), OpenError> {
    let connection = conn.connection();
    connection.execute_batch(migrations::BOOKKEEPING)?;
    let applied = connection
        .prepare(migrations::APPLIED)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<Vec<(i64, String)>>>()?;
    for migration in migrations::pending(&applied)? {
        let transaction = connection.transaction()?;
        transaction.execute_batch(&migration.sql(Engine::Sqlite))?;
        transaction.execute(
            &conn::number_arguments(migrations::RECORD),
            (
                migration.version,
                migration.name,
                migration.checksum(),
                now_ms,
            ),
        )?;
        transaction.commit()?;
    }
    Ok(())
}

/// Leaves a file of another program untouched: it is looked at before it is opened for writing.
fn refuse_foreign(path: &Path) -> std::result::Result<(), OpenError> {
    if std::fs::metadata(path).map_or(0, |file| file.len()) == 0 {
        return Ok(());
    }
    let mut conn = SqliteConn::open(path, Access::Read)?;
    let tables = conn.connection().query_row(
        "SELECT count(*), count(*) FILTER (WHERE name = 'ferroflow_migrations'), \
         count(*) FILTER (WHERE name IN ('alembic_version', 'experiments')) \
         FROM sqlite_schema WHERE type = 'table'",
        [],
        |row| {
            Ok(Tables {
                count: row.get(0)?,
                of_ferroflow: row.get(1)?,
                of_mlflow: row.get(2)?,
            })
        },
    )?;
    tables.check(path.display().to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use ferroflow_model::ErrorKind;
    use tempfile::TempDir;
    use tokio::sync::oneshot;

    use super::*;
    use crate::Conn;

    /// A query that says when it has begun, and ends when it is told to.
    struct Endless {
        begun: Mutex<Option<oneshot::Sender<()>>>,
        end: Mutex<mpsc::Receiver<()>>,
    }

    impl Query for Endless {
        type Out = ();
        const NAME: &'static str = "Endless";
        const IS_LONG: bool = true;

        async fn run<C: Conn>(&self, _conn: &mut C) -> Result<()> {
            let begun = self.begun.lock().unwrap().take();
            begun.unwrap().send(()).unwrap();
            let _ = self.end.lock().unwrap().recv();
            Ok(())
        }
    }

    /// A store, with a query running that ends when the sender is used or dropped.
    async fn busy(directory: &TempDir) -> (Arc<Sqlite>, JoinedRead, mpsc::Sender<()>) {
        let path = directory.path().join("test.db");
        let store = Arc::new(Sqlite::open(&path, 0, Arc::default()).unwrap());
        let (begun, has_begun) = oneshot::channel();
        let (end, told_to_end) = mpsc::channel();
        let query = Endless {
            begun: Mutex::new(Some(begun)),
            end: Mutex::new(told_to_end),
        };
        let reading = Arc::clone(&store);
        let reading = tokio::spawn(async move { reading.read(query).await });
        has_begun.await.unwrap();
        (store, reading, end)
    }

    type JoinedRead = tokio::task::JoinHandle<Result<()>>;

    #[tokio::test]
    async fn a_long_query_counts_until_it_ends() {
        let directory = TempDir::new().unwrap();
        let (store, reading, end) = busy(&directory).await;
        reading.abort();
        assert!(reading.await.unwrap_err().is_cancelled());
        let free = store.long_readers.available_permits();
        assert_eq!(free, LONG_READERS as usize - 1);
        end.send(()).unwrap();
        drop(store.long_readers.acquire_many(LONG_READERS).await.unwrap());
    }

    #[tokio::test]
    async fn a_long_query_does_not_keep_the_store_from_closing() {
        let directory = TempDir::new().unwrap();
        let (store, reading, end) = busy(&directory).await;
        store.close().await;
        assert!(!reading.is_finished());
        end.send(()).unwrap();
        reading.await.unwrap().unwrap();
        let late = store.readers.run(&Endless {
            begun: Mutex::default(),
            end: Mutex::new(mpsc::channel().1),
        });
        assert_eq!(late.unwrap_err().kind(), ErrorKind::Unavailable);
    }
}
