//! What the store's transactions cost, read when somebody asks.

use std::fmt;
use std::sync::Arc;

use ferroflow_service::Service;
use ferroflow_store::{DURATION_BUCKETS_US, GROUP_BUCKETS, StatsSnapshot, TransactionSnapshot};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

const MICROSECONDS_PER_SECOND: f64 = 1e6;

/// Shows the store's counters in the words of Prometheus.
pub(super) struct StoreCollector(Arc<Service>);

impl StoreCollector {
    pub(super) fn new(service: &Arc<Service>) -> Self {
        Self(Arc::clone(service))
    }
}

impl fmt::Debug for StoreCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreCollector")
    }
}

impl Collector for StoreCollector {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let stats = self.0.db().stats();
        queue(&stats, &mut encoder)?;
        groups(&stats, &mut encoder)?;
        durations(&stats, &mut encoder)?;
        let errors = "Transactions that ended with an error, refused requests included";
        counts(
            &stats,
            &mut encoder,
            "ferroflow_transaction_errors",
            errors,
            |it| it.errors,
        )?;
        let retries = "How often a transaction was run again";
        counts(
            &stats,
            &mut encoder,
            "ferroflow_transaction_retries",
            retries,
            |it| it.retries,
        )
    }
}

fn queue(stats: &StatsSnapshot, encoder: &mut DescriptorEncoder) -> Result<(), fmt::Error> {
    let depth = ConstGauge::new(stats.queue_depth);
    depth.encode(encoder.encode_descriptor(
        "ferroflow_writer_queue_depth",
        "Commands that wait for the writer of the SQLite file",
        None,
        MetricType::Gauge,
    )?)
}

fn groups(stats: &StatsSnapshot, encoder: &mut DescriptorEncoder) -> Result<(), fmt::Error> {
    let mut metric = encoder.encode_descriptor(
        "ferroflow_writer_group_size",
        "Commits of the SQLite file by the number of commands in them",
        None,
        MetricType::Histogram,
    )?;
    let bounds = GROUP_BUCKETS.iter().map(|bound| float(*bound));
    let buckets = buckets(bounds, &stats.group_sizes);
    let commits = stats.group_sizes.iter().sum();
    metric.encode_histogram::<NoLabelSet>(float(stats.grouped), commits, &buckets, None)
}

fn durations(stats: &StatsSnapshot, encoder: &mut DescriptorEncoder) -> Result<(), fmt::Error> {
    let mut family = encoder.encode_descriptor(
        "ferroflow_transaction_duration",
        "Time from asking for a transaction to its end, by name",
        Some(&Unit::Seconds),
        MetricType::Histogram,
    )?;
    for transaction in &stats.transactions {
        let bounds = DURATION_BUCKETS_US
            .iter()
            .map(|bound| float(*bound) / MICROSECONDS_PER_SECOND);
        let buckets = buckets(bounds, &transaction.buckets);
        let seconds = float(transaction.duration_us) / MICROSECONDS_PER_SECOND;
        let labels = [("transaction", transaction.name)];
        let mut metric = family.encode_family(&labels)?;
        metric.encode_histogram::<NoLabelSet>(seconds, transaction.count, &buckets, None)?;
    }
    Ok(())
}

fn counts(
    stats: &StatsSnapshot,
    encoder: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    count: impl Fn(&TransactionSnapshot) -> u64,
) -> Result<(), fmt::Error> {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for transaction in &stats.transactions {
        let labels = [("transaction", transaction.name)];
        let mut metric = family.encode_family(&labels)?;
        metric.encode_counter::<NoLabelSet, _, u64>(&count(transaction), None)?;
    }
    Ok(())
}

/// Bounds with their counts; the last bucket holds what is above all bounds.
fn buckets(bounds: impl Iterator<Item = f64>, counts: &[u64]) -> Vec<(f64, u64)> {
    bounds
        .chain([f64::INFINITY])
        .zip(counts.iter().copied())
        .collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "metrics are floats, as Prometheus has them"
)]
fn float(count: u64) -> f64 {
    count as f64
}
