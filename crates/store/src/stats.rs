//! What transactions cost, by name: for the metrics page.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// Upper bounds of the duration buckets, in microseconds; one more bucket holds the rest.
pub const DURATION_BUCKETS_US: [u64; 10] = [
    50, 100, 250, 500, 1_000, 2_500, 5_000, 25_000, 100_000, 1_000_000,
];

/// Upper bounds of the group size buckets; one more bucket holds the rest.
pub const GROUP_BUCKETS: [u64; 7] = [1, 2, 4, 8, 16, 32, 64];

/// Counters that are added to without a lock.
#[derive(Debug, Default)]
pub struct Stats {
    transactions: RwLock<HashMap<&'static str, Arc<TransactionStats>>>,
    /// Commands that wait for SQLite's writer.
    pub(crate) queue_depth: AtomicU64,
    group_sizes: [AtomicU64; GROUP_BUCKETS.len() + 1],
    grouped: AtomicU64,
}

/// The counters of one transaction name.
#[derive(Debug, Default)]
pub(crate) struct TransactionStats {
    count: AtomicU64,
    errors: AtomicU64,
    retries: AtomicU64,
    duration_us: AtomicU64,
    buckets: [AtomicU64; DURATION_BUCKETS_US.len() + 1],
}

impl TransactionStats {
    /// Counts one finished transaction.
    pub(crate) fn finish(&self, duration: Duration, retries: u64, is_error: bool) {
        let duration_us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.count.fetch_add(1, Relaxed);
        self.errors.fetch_add(u64::from(is_error), Relaxed);
        self.retries.fetch_add(retries, Relaxed);
        self.duration_us.fetch_add(duration_us, Relaxed);
        self.buckets[bucket(&DURATION_BUCKETS_US, duration_us)].fetch_add(1, Relaxed);
    }
}

fn bucket(bounds: &[u64], value: u64) -> usize {
    bounds.partition_point(|bound| *bound < value)
}

/// The counters of one transaction name at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionSnapshot {
    /// The name, such as `model_versions.create`.
    pub name: &'static str,
    /// Finished transactions.
    pub count: u64,
    /// Those that ended with an error, refused requests included.
    pub errors: u64,
    /// How often one was run again.
    pub retries: u64,
    /// All durations together, in microseconds.
    pub duration_us: u64,
    /// Transactions by duration; bounds are [`DURATION_BUCKETS_US`].
    pub buckets: Vec<u64>,
}

/// All counters at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatsSnapshot {
    /// In the order of their names.
    pub transactions: Vec<TransactionSnapshot>,
    /// Commands that wait for SQLite's writer now.
    pub queue_depth: u64,
    /// Commits of SQLite's writer by the number of commands in them; bounds are
    /// [`GROUP_BUCKETS`].
    pub group_sizes: Vec<u64>,
    /// Commands committed in groups, all together.
    pub grouped: u64,
}

impl Stats {
    /// The counters of a name.
    pub(crate) fn transaction(&self, name: &'static str) -> Arc<TransactionStats> {
        let known = self
            .transactions
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(stats) = known.get(name) {
            return Arc::clone(stats);
        }
        drop(known);
        let mut known = self
            .transactions
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(name).or_default())
    }

    /// Counts one group commit.
    pub(crate) fn group(&self, size: usize) {
        let size = size as u64;
        self.group_sizes[bucket(&GROUP_BUCKETS, size)].fetch_add(1, Relaxed);
        self.grouped.fetch_add(size, Relaxed);
    }

    /// All counters now.
    pub fn snapshot(&self) -> StatsSnapshot {
        let known = self
            .transactions
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let mut transactions: Vec<_> = known
            .iter()
            .map(|(name, stats)| snapshot(name, stats))
            .collect();
        transactions.sort_by_key(|transaction| transaction.name);
        StatsSnapshot {
            transactions,
            queue_depth: self.queue_depth.load(Relaxed),
            group_sizes: self
                .group_sizes
                .iter()
                .map(|count| count.load(Relaxed))
                .collect(),
            grouped: self.grouped.load(Relaxed),
        }
    }
}

fn snapshot(name: &'static str, stats: &TransactionStats) -> TransactionSnapshot {
    TransactionSnapshot {
        name,
        count: stats.count.load(Relaxed),
        errors: stats.errors.load(Relaxed),
        retries: stats.retries.load(Relaxed),
        duration_us: stats.duration_us.load(Relaxed),
        buckets: stats
            .buckets
            .iter()
            .map(|count| count.load(Relaxed))
            .collect(),
    }
}
