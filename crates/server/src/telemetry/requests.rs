//! Counts and times requests by route.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use ferroflow_web::RouteFacts;
use prometheus_client::encoding::{EncodeLabel, EncodeLabelSet, LabelSetEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// From a tenth of a millisecond, which a write may cost, to the longest that clients wait.
const LATENCY_BOUNDS_SECONDS: [f64; 14] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0,
];

/// The metrics of requests.
#[derive(Debug, Clone)]
pub(crate) struct RequestMetrics {
    answered: Family<Answered, Counter>,
    latency: Family<Matched, Histogram, fn() -> Histogram>,
    in_flight: Gauge<i64, AtomicI64>,
    refused: Counter,
}

impl RequestMetrics {
    /// Makes the metrics and registers them.
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            answered: Family::default(),
            latency: Family::new_with_constructor(|| Histogram::new(LATENCY_BOUNDS_SECONDS)),
            in_flight: Gauge::default(),
            refused: Counter::default(),
        };
        registry.register(
            "ferroflow_http_requests",
            "Requests answered, by route template and status",
            metrics.answered.clone(),
        );
        registry.register_with_unit(
            "ferroflow_http_request_duration",
            "Time from a request's head to the head of its answer, by route template",
            Unit::Seconds,
            metrics.latency.clone(),
        );
        registry.register(
            "ferroflow_http_requests_in_flight",
            "Requests being worked on",
            metrics.in_flight.clone(),
        );
        registry.register(
            "ferroflow_http_requests_over_rate",
            "Requests refused because their caller had sent too many",
            metrics.refused.clone(),
        );
        metrics
    }

    /// Counts one answer.
    pub(crate) fn observe(&self, route: Option<&Arc<RouteFacts>>, status: u16, elapsed: Duration) {
        let matched = Matched(route.cloned());
        self.latency
            .get_or_create(&matched)
            .observe(elapsed.as_secs_f64());
        self.answered
            .get_or_create(&Answered { matched, status })
            .inc();
    }

    /// Counts a request whose caller had sent too many.
    pub(crate) fn refuse(&self) {
        self.refused.inc();
    }

    /// Counts a request as being worked on, and returns how many there are with it.
    pub(crate) fn enter(&self) -> i64 {
        self.in_flight.inc() + 1
    }

    /// Ends what [`Self::enter`] began.
    pub(crate) fn leave(&self) {
        self.in_flight.dec();
    }
}

/// A route, compared by identity: it is looked up for each request. None when no route matched.
#[derive(Debug, Clone)]
struct Matched(Option<Arc<RouteFacts>>);

impl Matched {
    fn address(&self) -> Option<*const RouteFacts> {
        self.0.as_ref().map(Arc::as_ptr)
    }
}

impl PartialEq for Matched {
    fn eq(&self, other: &Self) -> bool {
        self.address() == other.address()
    }
}

impl Eq for Matched {}

impl Hash for Matched {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.address().hash(state);
    }
}

impl EncodeLabelSet for Matched {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), fmt::Error> {
        // What clients make up is never a label: it would grow without end.
        let (method, path, operation) = match &self.0 {
            Some(facts) => (facts.method.as_str(), facts.path.as_str(), facts.operation),
            None => ("", "unmatched", ""),
        };
        ("method", method).encode(encoder.encode_label())?;
        ("route", path).encode(encoder.encode_label())?;
        ("operation", operation).encode(encoder.encode_label())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Answered {
    matched: Matched,
    status: u16,
}

impl EncodeLabelSet for Answered {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), fmt::Error> {
        self.matched.encode(encoder)?;
        ("status", self.status).encode(encoder.encode_label())
    }
}
