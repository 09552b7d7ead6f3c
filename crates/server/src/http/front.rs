//! What every request goes through before its route and after it.
//!
//! One plain function in place of a stack of layers: the whole budget of a write is a tenth of a
//! millisecond of CPU, and the order of the steps is part of the server's safety.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::response::Response;
use ferroflow_model::{Caller, Error, ErrorKind};
use ferroflow_web::{BodyBudget, BodyLimit, MatchedRoute, RequestId, host_of};
use futures_util::FutureExt;
use http::header::{self, HeaderValue};
use http::{Request, StatusCode};
use tokio::time::timeout;
use tower::Service;
use tracing::{Level, debug, enabled, error};

use super::dialect::{Dialect, not_found};
use super::prefix::StaticPrefix;
use super::rate_limit::{Counted, Rate, RateLimiter};
use super::security::Security;
use crate::probes;
use crate::routes::Routers;
use crate::telemetry::RequestMetrics;

/// What a client waits before it tries again what the server could not do.
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// What a request may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Bytes of a body that is read whole.
    pub(crate) body_bytes: usize,
    /// Bytes of all bodies that are read whole, at once.
    pub(crate) total_body_bytes: usize,
    /// Requests worked on at once.
    pub(crate) concurrent_requests: usize,
    /// How long a request may take whose bodies are not streamed.
    pub(crate) request_timeout: Duration,
    /// How many requests each caller may send; without it, as many as they like.
    pub(crate) rate: Option<Rate>,
}

/// Takes requests in, and sends answers out.
pub(crate) struct Front {
    routers: Routers,
    security: Security,
    limits: Limits,
    body_limit: BodyLimit,
    prefix: StaticPrefix,
    rate_limiter: Option<RateLimiter>,
    metrics: RequestMetrics,
    anonymous: Arc<Caller>,
}

impl Front {
    /// Puts all that goes for every request before the routers.
    pub(crate) fn new(
        routers: Routers,
        security: Security,
        limits: Limits,
        prefix: StaticPrefix,
        metrics: RequestMetrics,
    ) -> Self {
        Self {
            routers,
            security,
            limits,
            body_limit: BodyLimit::new(limits.body_bytes, BodyBudget::new(limits.total_body_bytes)),
            prefix,
            rate_limiter: limits.rate.map(RateLimiter::new),
            metrics,
            anonymous: Arc::new(Caller::anonymous()),
        }
    }

    /// Answers one request, whatever happens. `address` is where its connection comes from.
    pub(crate) async fn answer(&self, mut request: Request<Body>, address: IpAddr) -> Response {
        let started = Instant::now();
        let has_route = self.prefix.remove(&mut request);
        let dialect = self.routers.dialects.choose(&request);
        let request_id = dialect.request_id(request.headers());
        let matched = MatchedRoute::default();
        let page = Page::that_sent(&request);
        let logged = enabled!(Level::DEBUG).then(|| describe(&request));

        let refused = self.security.intercept(&request, dialect);
        let throttled = || self.throttle(&request, dialect, address, started);
        let mut response = match refused.or_else(throttled) {
            Some(response) => response,
            None if !has_route => not_found(request).await,
            None => match self.work(request, dialect, &request_id, &matched).await {
                Ok(response) => response,
                Err(error) => dialect.error(&error),
            },
        };

        self.seal(&mut response, page.as_ref());
        if let Ok(value) = HeaderValue::from_str(&request_id) {
            let header = dialect.request_id_header();
            response.headers_mut().entry(header).or_insert(value);
        }
        let (status, elapsed) = (response.status().as_u16(), started.elapsed());
        self.metrics.observe(matched.get(), status, elapsed);
        if let Some(request) = logged {
            let duration_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
            debug!(
                request_id = &*request_id,
                request, status, duration_us, "answered"
            );
        }
        response
    }

    /// The answer to a caller that sends too many requests.
    fn throttle(
        &self,
        request: &Request<Body>,
        dialect: Dialect,
        address: IpAddr,
        now: Instant,
    ) -> Option<Response> {
        let limiter = self.rate_limiter.as_ref()?;
        if probes::PATHS.contains(&request.uri().path()) {
            return None;
        }
        let counted = Counted::of(&self.anonymous, address);
        let wait = limiter.admit(counted, now).err()?;
        self.metrics.refuse();
        Some(too_many_requests(dialect, wait))
    }

    /// Adds the headers that do not depend on what was asked.
    fn seal(&self, response: &mut Response, page: Option<&Page>) {
        let status = response.status();
        let headers = response.headers_mut();
        self.security.harden(headers);
        if let Some(page) = page {
            self.security.share(&page.origin, &page.host, headers);
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.entry(header::RETRY_AFTER).or_insert(RETRY_SECONDS);
        }
    }

    /// Limits, then authentication, then the route.
    async fn work(
        &self,
        mut request: Request<Body>,
        dialect: Dialect,
        request_id: &Arc<str>,
        matched: &MatchedRoute,
    ) -> Result<Response, Error> {
        let _place = Place::take(&self.metrics, self.limits.concurrent_requests)?;
        let extensions = request.extensions_mut();
        extensions.insert(RequestId(Arc::clone(request_id)));
        extensions.insert(Arc::clone(&self.anonymous));
        extensions.insert(self.body_limit.clone());
        extensions.insert(matched.clone());

        self.route(request, dialect, request_id, matched).await
    }

    async fn route(
        &self,
        request: Request<Body>,
        dialect: Dialect,
        request_id: &str,
        matched: &MatchedRoute,
    ) -> Result<Response, Error> {
        let mut router = self.routers.of(dialect);
        let handling = async move { router.call(request).await };
        let mut handling = pin!(AssertUnwindSafe(handling).catch_unwind());
        let outcome = match timeout(self.limits.request_timeout, &mut handling).await {
            Ok(outcome) => outcome,
            Err(_) if matched.get().is_some_and(|route| route.streams()) => handling.await,
            Err(_) => return Err(unavailable("The request took too long; try again.")),
        };
        match outcome {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(never)) => match never {},
            Err(_) => {
                let operation = matched.get().map_or("", |route| route.operation);
                error!(request_id, operation, "a request was ended by a panic");
                Err(Error::internal("a panic"))
            }
        }
    }
}

/// A place among the requests that are worked on, given back when dropped.
struct Place<'a>(&'a RequestMetrics);

impl<'a> Place<'a> {
    fn take(metrics: &'a RequestMetrics, places: usize) -> Result<Self, Error> {
        let taken = metrics.enter();
        let place = Self(metrics);
        if usize::try_from(taken).is_ok_and(|taken| taken > places) {
            return Err(unavailable(
                "The server is working on too many requests; try again.",
            ));
        }
        Ok(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// Says when to come back, in whole seconds: nobody who waits for them is refused again for having
/// come too early.
fn too_many_requests(dialect: Dialect, wait: Duration) -> Response {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let message = format!("Too many requests; try again after {seconds} s.");
    let mut response = dialect.error(&Error::new(ErrorKind::TooManyRequests, message));
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

fn unavailable(message: &'static str) -> Error {
    Error::new(ErrorKind::Unavailable, message)
}

/// The web page that sent a request, where one did.
struct Page {
    origin: HeaderValue,
    host: String,
}

impl Page {
    fn that_sent(request: &Request<Body>) -> Option<Self> {
        let origin = request.headers().get(header::ORIGIN)?.clone();
        let host = host_of(request.uri(), request.headers()).to_owned();
        Some(Self { origin, host })
    }
}

/// Method and path; a query may hold what a log should not.
fn describe(request: &Request<Body>) -> String {
    format!("{} {}", request.method(), request.uri().path())
}
