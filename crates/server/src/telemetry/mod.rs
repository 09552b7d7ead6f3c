//! What operators see: the log, and the metrics.

pub(crate) mod log;
mod process;
mod requests;
mod store;

pub(crate) use requests::RequestMetrics;

use std::sync::Arc;

use ferroflow_service::Service;
use prometheus_client::registry::Registry;

/// An empty registry with the metrics of the process itself.
pub(crate) fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(process::ProcessCollector));
    registry
}

/// Adds the metrics of the store.
pub(crate) fn register_store(registry: &mut Registry, service: &Arc<Service>) {
    registry.register_collector(Box::new(store::StoreCollector::new(service)));
}
