//! Host and Origin checks: a web page that a user happens to visit must not reach this server.
//!
//! A page can make its own host name point to 127.0.0.1 (DNS rebinding), so the Host header must
//! be one that the operator knows. And a page may send requests across origins, so a request that
//! changes something must come from no page, from a page of loopback, or from a known origin.

use axum::body::Body;
use axum::response::Response;
use ferroflow_model::{Error, ErrorKind};
use ferroflow_web::host_of;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Request, StatusCode};

use super::dialect::Dialect;
use super::patterns::Patterns;

const UNKNOWN_HOST: &str = "Invalid Host header - possible DNS rebinding attack detected";
const CROSS_ORIGIN: &str = "Cross-origin request blocked";
const UNCHECKED_PATHS: [&str; 2] = ["/health", "/version"];
const LOOPBACK: [&str; 4] = ["localhost", "127.0.0.1", "[::1]", "0.0.0.0"];
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, DELETE, OPTIONS, PATCH");
const PREFLIGHT_SECONDS: HeaderValue = HeaderValue::from_static("600");
const TRUE: HeaderValue = HeaderValue::from_static("true");
const ANY: HeaderValue = HeaderValue::from_static("*");
const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("SAMEORIGIN");

/// Which hosts and origins are known.
#[derive(Debug, Clone)]
pub(crate) struct Security {
    hosts: Patterns,
    origins: Patterns,
    is_checking: bool,
    frame_options: Option<HeaderValue>,
}

impl Security {
    /// `listening_host` is what the operator listens on: a client may use that name.
    pub(crate) fn new(
        listening_host: &str,
        allowed_hosts: &[String],
        allowed_origins: &[String],
    ) -> Self {
        let host = if listening_host.contains(':') {
            format!("[{listening_host}]")
        } else {
            listening_host.to_owned()
        };
        let configured = allowed_hosts.iter().map(String::as_str);
        let hosts = LOOPBACK
            .into_iter()
            .chain([host.as_str()])
            .chain(configured);
        Self {
            hosts: Patterns::new(hosts),
            origins: Patterns::new(allowed_origins.iter().map(String::as_str)),
            is_checking: true,
            frame_options: Some(SAME_ORIGIN),
        }
    }

    /// Says who may frame pages by another value of the header; `NONE` for no header.
    pub(crate) fn framed_by(mut self, value: &str) -> Self {
        let value = value.to_ascii_uppercase();
        let header = || HeaderValue::from_str(&value).ok();
        self.frame_options = (value != "NONE").then(header).flatten();
        self
    }

    /// Neither checks nor hardens, which the operator has asked for by name.
    pub(crate) fn disabled(mut self) -> Self {
        self.is_checking = false;
        self.frame_options = None;
        self
    }

    /// The answer to a request that goes no further: one from a page that may not send it, or the
    /// question of a browser whether it may.
    pub(super) fn intercept(&self, request: &Request<Body>, dialect: Dialect) -> Option<Response> {
        if !self.is_checking {
            return None;
        }
        let host = host_of(request.uri(), request.headers());
        if !self.knows_host(host) && !UNCHECKED_PATHS.contains(&request.uri().path()) {
            return Some(refusal(dialect, UNKNOWN_HOST));
        }
        let origin = request.headers().get(header::ORIGIN)?;
        // No browser sends an empty one; it is as good as none, as for `mlflow server`.
        if origin.is_empty() {
            return None;
        }
        let known = self.knows_origin(origin, host);
        if is_preflight(request) {
            return Some(preflight(request.headers(), known));
        }
        (changes_state(request.method()) && !known).then(|| refusal(dialect, CROSS_ORIGIN))
    }

    /// Lets the pages of a known origin read the answer.
    pub(super) fn share(&self, origin: &HeaderValue, host: &str, answer: &mut HeaderMap) {
        if !self.is_checking || !self.knows_origin(origin, host) {
            return;
        }
        // A wildcard never goes with credentials: every page could then act as its visitor.
        if self.origins.has_wildcard() {
            answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
        } else {
            answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            answer.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
            answer.append(header::VARY, HeaderValue::from_static("Origin"));
        }
        answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, ANY);
    }

    /// Headers on every answer: browsers neither guess content types nor, unless told otherwise,
    /// let other sites frame pages.
    pub(super) fn harden(&self, answer: &mut HeaderMap) {
        answer.insert(header::X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
        if let Some(value) = &self.frame_options {
            answer.insert(header::X_FRAME_OPTIONS, value.clone());
        }
    }

    fn knows_host(&self, host: &str) -> bool {
        !host.is_empty() && (self.hosts.allow(without_port(host)) || self.hosts.allow(host))
    }

    /// A page of the server itself has the server's own, already checked, host as its origin.
    fn knows_origin(&self, origin: &HeaderValue, host: &str) -> bool {
        let Ok(origin) = origin.to_str() else {
            return false;
        };
        let authority = origin
            .split_once("://")
            .map_or("", |(_, authority)| authority);
        let is_local = || LOOPBACK[..3].contains(&without_port(authority));
        !authority.is_empty() && (authority == host || is_local()) || self.origins.allow(origin)
    }
}

/// Answers a browser that asks whether a page may send a request.
fn preflight(asked: &HeaderMap, known: bool) -> Response {
    if !known {
        return plain(StatusCode::BAD_REQUEST, "Disallowed CORS origin");
    }
    let mut response = plain(StatusCode::OK, "OK");
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS);
    if let Some(wanted) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    response
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !name.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
            // In `::1`, without brackets, the last colon does not begin a port.
            let is_bare_ipv6 = name.contains(':') && !name.ends_with(']');
            if is_bare_ipv6 { host } else { name }
        }
        _ => host,
    }
}

fn is_preflight(request: &Request<Body>) -> bool {
    request.method() == Method::OPTIONS
        && (request.headers()).contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn changes_state(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Oracle's clients are refused as with any error of theirs; `mlflow server` refuses in plain text.
fn refusal(dialect: Dialect, text: &'static str) -> Response {
    match dialect {
        Dialect::Aidp => dialect.error(&Error::new(ErrorKind::PermissionDenied, text)),
        Dialect::Mlflow | Dialect::MlflowInTenant => plain(StatusCode::FORBIDDEN, text),
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, host: &str, origin: Option<&str>) -> Request<Body> {
        let mut builder = Request::builder()
            .method(method)
            .uri("/api/x")
            .header("host", host);
        if let Some(origin) = origin {
            builder = builder.header("origin", origin);
        }
        builder.body(Body::empty()).unwrap()
    }

    fn refused(security: &Security, request: &Request<Body>) -> Option<u16> {
        security
            .intercept(request, Dialect::Mlflow)
            .map(|answer| answer.status().as_u16())
    }

    #[test]
    fn only_known_hosts_are_served() {
        let known = ["ml.example.com".to_owned(), "*.corp:8080".to_owned()];
        let security = Security::new("192.168.1.5", &known, &[]);
        let cases = [
            ("localhost", true),
            ("LOCALHOST:5000", true),
            ("127.0.0.1:5000", true),
            ("[::1]:5000", true),
            ("192.168.1.5:5000", true),
            ("192.168.1.6:5000", false),
            ("ml.example.com", true),
            ("ml.example.com:443", true),
            ("a.corp:8080", true),
            ("a.corp:8081", false),
            ("localhost.evil.example", false),
            ("localhost:5000.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("", false),
        ];
        for (host, served) in cases {
            let answer = refused(&security, &request("GET", host, None));
            assert_eq!(answer, (!served).then_some(403), "{host}");
        }
    }

    #[test]
    fn a_host_without_brackets_is_compared_whole() {
        assert_eq!(without_port("::1"), "::1");
        assert_eq!(without_port("[::1]:80"), "[::1]");
        assert_eq!(without_port("[::1]"), "[::1]");
        assert_eq!(without_port("name"), "name");
        let security = Security::new("::1", &[], &[]);
        assert!(security.knows_host("[::1]:5000"));
    }

    #[test]
    fn a_pattern_of_addresses_stands_for_no_name() {
        let known = ["10.*".to_owned(), "172.16.*".to_owned()];
        let security = Security::new("127.0.0.1", &known, &[]);
        for (host, served) in [
            ("10.1.2.3", true),
            ("10.1.2.3:5000", true),
            ("172.16.0.1", true),
            ("172.17.0.1", false),
            ("10.evil.example", false),
            ("10.1.2.3.evil.example:5000", false),
        ] {
            assert_eq!(security.knows_host(host), served, "{host}");
        }
    }

    #[test]
    fn what_is_disabled_neither_refuses_nor_hardens() {
        let security = Security::new("127.0.0.1", &[], &[]).disabled();
        let post = request("POST", "evil.example", Some("https://evil.example"));
        assert_eq!(refused(&security, &post), None);
        let mut headers = HeaderMap::new();
        security.share(&HeaderValue::from_static("https://a"), "a", &mut headers);
        security.harden(&mut headers);
        assert_eq!(headers.len(), 1, "{headers:?}");
        assert_eq!(headers["x-content-type-options"], "nosniff");
    }

    #[test]
    fn pages_are_framed_by_whom_the_operator_says() {
        let framed = |value: &str| {
            let mut headers = HeaderMap::new();
            let security = Security::new("127.0.0.1", &[], &[]).framed_by(value);
            security.harden(&mut headers);
            let value = headers.get("x-frame-options")?.to_str().unwrap();
            Some(value.to_owned())
        };
        assert_eq!(framed("deny").as_deref(), Some("DENY"));
        assert_eq!(framed("none"), None);
    }

    #[test]
    fn only_known_origins_change_state() {
        let hosts = ["ml.example.com".to_owned()];
        let origins = [
            "https://lab.example.com".to_owned(),
            "https://*.trusted".to_owned(),
        ];
        let security = Security::new("127.0.0.1", &hosts, &origins);
        let cases = [
            ("http://localhost:3000", true),
            ("http://[::1]", true),
            ("https://ml.example.com", true),
            ("https://lab.example.com", true),
            ("https://a.trusted", true),
            ("https://evil.example", false),
            ("http://localhost.evil.example", false),
            ("http://0.0.0.0", false),
            ("null", false),
            // No browser sends this: it names no page.
            ("", true),
        ];
        for (origin, served) in cases {
            let post = request("POST", "ml.example.com", Some(origin));
            assert_eq!(
                refused(&security, &post),
                (!served).then_some(403),
                "{origin}"
            );
            let get = request("GET", "ml.example.com", Some(origin));
            assert_eq!(refused(&security, &get), None, "{origin}");
        }
    }

    #[test]
    fn browsers_may_ask_first() {
        let origins = ["https://lab.example.com".to_owned()];
        let security = Security::new("127.0.0.1", &[], &origins);
        let ask = |origin: &'static str| {
            let mut request = request("OPTIONS", "localhost", Some(origin));
            let headers = request.headers_mut();
            headers.insert(
                "access-control-request-method",
                HeaderValue::from_static("PATCH"),
            );
            headers.insert(
                "access-control-request-headers",
                HeaderValue::from_static("x-a"),
            );
            let mut answer = security.intercept(&request, Dialect::Mlflow).unwrap();
            let origin = HeaderValue::from_static(origin);
            security.share(&origin, "localhost", answer.headers_mut());
            answer
        };
        let known = ask("https://lab.example.com");
        assert_eq!(known.status(), 200);
        assert_eq!(
            known.headers()["access-control-allow-origin"],
            "https://lab.example.com"
        );
        assert_eq!(known.headers()["access-control-allow-headers"], "x-a");
        assert_eq!(known.headers()["access-control-allow-credentials"], "true");
        let unknown = ask("https://evil.example");
        assert_eq!(unknown.status(), 400);
        assert!(
            !unknown
                .headers()
                .contains_key("access-control-allow-origin")
        );
    }

    #[test]
    fn a_wildcard_origin_never_goes_with_credentials() {
        let security = Security::new("127.0.0.1", &["*".to_owned()], &["*".to_owned()]);
        let mut headers = HeaderMap::new();
        let origin = HeaderValue::from_static("https://anyone.example");
        security.share(&origin, "any.host", &mut headers);
        assert_eq!(headers["access-control-allow-origin"], "*");
        assert!(!headers.contains_key("access-control-allow-credentials"));
        let post = request("POST", "any.host", Some("https://anyone.example"));
        assert_eq!(refused(&security, &post), None);
    }
}
