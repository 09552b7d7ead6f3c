//! One thread writes. It drains what is queued, commits it as one group, then answers all.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Waker};
use std::thread::JoinHandle;
use std::time::Instant;

use ferroflow_model::{Error, Result};
use tokio::sync::{mpsc, oneshot};

use super::conn::SqliteConn;
use crate::command::Command;
use crate::stats::Stats;

/// At most this many commands share a commit.
const GROUP: usize = 128;

/// At most this many commands wait; further callers wait for a place.
const QUEUE: usize = 1024;

/// Runs inside the group's transaction, or learns that there is none; what it returns is called
/// after the commit.
type Job = Box<dyn FnOnce(Result<&mut SqliteConn, &Error>) -> Answer + Send>;

/// Tells the caller how it ended: with the error of the commit, when that failed.
type Answer = Box<dyn FnOnce(Option<&Error>) + Send>;

/// The queue to the writer's thread.
pub(crate) struct Writer {
    queue: mpsc::Sender<Job>,
    stats: Arc<Stats>,
}

impl Writer {
    /// Starts the thread. It ends when the writer is dropped and the queue is empty.
    pub(crate) fn start(
        conn: SqliteConn,
        stats: Arc<Stats>,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let thread_stats = Arc::clone(&stats);
        let thread = std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || write(conn, jobs, &thread_stats))?;
        Ok((Self { queue, stats }, thread))
    }

    /// Queues a command and waits until it is committed.
    pub(crate) async fn run<C: Command>(&self, command: C) -> Result<C::Out> {
        let started = Instant::now();
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move |conn| run_job(conn, &command, sender));
        self.stats.queue_depth.fetch_add(1, Relaxed);
        let sent = self.queue.send(job).await;
        if sent.is_err() {
            self.stats.queue_depth.fetch_sub(1, Relaxed);
            return Err(stopped());
        }
        let outcome = receiver.await.unwrap_or_else(|_| Err(stopped()));
        self.stats
            .transaction(C::NAME)
            .finish(started.elapsed(), 0, outcome.is_err());
        outcome
    }
}

fn stopped() -> Error {
    Error::unavailable("the writer has stopped")
}

fn write(mut conn: SqliteConn, mut jobs: mpsc::Receiver<Job>, stats: &Stats) {
    let mut group = Vec::with_capacity(GROUP);
    while jobs.blocking_recv_many(&mut group, GROUP) > 0 {
        stats.queue_depth.fetch_sub(group.len() as u64, Relaxed);
        stats.group(group.len());
        commit_group(&mut conn, &mut group);
    }
}

fn commit_group(conn: &mut SqliteConn, group: &mut Vec<Job>) {
    let begun = conn.run("BEGIN IMMEDIATE");
    let answers: Vec<Answer> = group
        .drain(..)
        .map(|job| job(inside(conn, &begun)))
        .collect();
    let committed = begun.and_then(|()| conn.run("COMMIT"));
    if let Err(error) = &committed {
        tracing::error!(cause = ?error, "a group of writes could not be committed");
        // The failure may have ended the transaction itself; then there is nothing to roll back.
        let _ = conn.run("ROLLBACK");
    }
    for answer in answers {
        answer(committed.as_ref().err());
    }
}

/// The connection, while the group's transaction is open. A full or failing disk ends it, and a
/// command that ran then would commit alone.
fn inside<'a>(
    conn: &'a mut SqliteConn,
    begun: &'a Result<()>,
) -> Result<&'a mut SqliteConn, &'a Error> {
    match begun {
        Ok(()) if conn.in_transaction() => Ok(conn),
        Ok(()) => Err(&GROUP_IS_LOST),
        Err(error) => Err(error),
    }
}

static GROUP_IS_LOST: LazyLock<Error> =
    LazyLock::new(|| Error::unavailable("the group's transaction ended before its commit"));

/// Runs one command in a savepoint of its own, so that its failure leaves the group whole.
fn run_job<C: Command>(
    conn: Result<&mut SqliteConn, &Error>,
    command: &C,
    sender: oneshot::Sender<Result<C::Out>>,
) -> Answer {
    let outcome = match conn {
        Ok(conn) => in_savepoint(conn, |conn| run_now(command.run(conn))),
        Err(error) => Err(lost(error)),
    };
    Box::new(move |commit_error| {
        let outcome = commit_error.map_or(outcome, |error| Err(lost(error)));
        // The caller may have gone away; the write stands all the same.
        let _ = sender.send(outcome);
    })
}

/// The error of one command of a group that could not be committed.
fn lost(error: &Error) -> Error {
    Error::unavailable(format!("the group of writes was not committed: {error:?}"))
}

fn in_savepoint<T>(
    conn: &mut SqliteConn,
    run: impl FnOnce(&mut SqliteConn) -> Result<T>,
) -> Result<T> {
    conn.run("SAVEPOINT command")?;
    let outcome = catch_unwind(AssertUnwindSafe(|| run(conn)))
        .unwrap_or_else(|_| Err(Error::internal("a command panicked")));
    if outcome.is_err() {
        conn.run("ROLLBACK TO command")?;
    }
    conn.run("RELEASE command")?;
    outcome
}

/// Runs a future that awaits nothing but a SQLite connection: it is ready at the first poll.
pub(super) fn run_now<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => Err(Error::internal(
            "a command awaited something else than its database",
        )),
    }
}
