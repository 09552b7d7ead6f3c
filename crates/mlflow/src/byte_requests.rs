//! Which bytes of a file a client asks for, and under which conditions (RFC 9110, 13 and 14).

use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::response::Response;
use ferroflow_model::Result;
use ferroflow_service::{ArtifactContent, ByteRange, Served};
use ferroflow_web::{content_disposition, content_type};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::call::Answer;

/// What a download asks for beside the file.
pub(crate) struct ByteRequest<'a> {
    range: Option<ByteRange>,
    /// The version that the range is meant of; of another one the whole is wanted.
    range_of: Option<&'a str>,
    /// The tags that the file must have one of. A time, as `If-Unmodified-Since` has it, is not heeded,
    /// as in the reference.
    wanted: Option<&'a str>,
    /// The tags that the client has already.
    known: Option<&'a str>,
    /// When what the client has was changed, in seconds since the Unix epoch.
    known_since: Option<u64>,
}

impl<'a> ByteRequest<'a> {
    /// Reads the headers of a request.
    pub(crate) fn of(headers: &'a HeaderMap) -> Self {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let range = text(header::RANGE).and_then(ByteRange::from_header);
        let known = text(header::IF_NONE_MATCH);
        // A tag says it better than a time.
        let time = text(header::IF_MODIFIED_SINCE).filter(|_| known.is_none());
        Self {
            range,
            range_of: text(header::IF_RANGE),
            wanted: text(header::IF_MATCH).filter(|tags| !tags.trim().is_empty()),
            known,
            known_since: time.and_then(seconds),
        }
    }

    /// Answers with what `open` opens.
    pub(crate) async fn serve<F>(&self, open: impl Fn(Option<ByteRange>) -> F) -> Answer<Response>
    where
        F: Future<Output = Result<ArtifactContent>>,
    {
        let mut content = open(self.range).await?;
        let mut validators = Validators::of(&content);
        if self.range.is_some() && !self.means(&validators) {
            content = open(None).await?;
            validators = Validators::of(&content);
        }
        if !self.wants(&validators) {
            return Ok(without_content(
                StatusCode::PRECONDITION_FAILED,
                &validators,
            ));
        }
        if self.knows(&validators) {
            return Ok(without_content(StatusCode::NOT_MODIFIED, &validators));
        }
        Ok(answer(&validators, content))
    }

    /// Whether the range is meant of this version.
    fn means(&self, validators: &Validators) -> bool {
        let version = self.range_of.map(str::trim);
        version.is_none_or(|it| it == validators.etag || it == validators.modified)
    }

    /// Whether this is a version that the client asks for; a weak tag is never enough.
    fn wants(&self, validators: &Validators) -> bool {
        let same = |tag: &str| tag == "*" || tag == validators.etag;
        (self.wanted).is_none_or(|tags| each_tag(tags).any(same))
    }

    fn knows(&self, validators: &Validators) -> bool {
        let same = |tag: &str| tag == "*" || tag.trim_start_matches("W/") == validators.etag;
        (self.known).is_some_and(|tags| each_tag(tags).any(same))
            || (self.known_since).is_some_and(|time| validators.modified_seconds <= time)
    }
}

/// What tells one version of a file from another.
struct Validators {
    etag: String,
    modified: String,
    modified_seconds: u64,
}

impl Validators {
    fn of(content: &ArtifactContent) -> Self {
        let info = &content.info;
        let modified = Duration::from_millis(u64::try_from(info.modified_ms).unwrap_or_default());
        Self {
            etag: format!("\"{}\"", info.etag),
            modified: httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + modified),
            modified_seconds: modified.as_secs(),
        }
    }

    fn write(&self, headers: &mut HeaderMap) {
        insert(headers, header::ETAG, &self.etag);
        insert(headers, header::LAST_MODIFIED, &self.modified);
        // A file can be replaced at any time, so a cache asks before it uses what it has.
        insert(headers, header::CACHE_CONTROL, "no-cache");
    }
}

fn each_tag(tags: &str) -> impl Iterator<Item = &str> {
    tags.split(',').map(str::trim)
}

fn without_content(status: StatusCode, validators: &Validators) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    validators.write(response.headers_mut());
    response
}

fn answer(validators: &Validators, content: ArtifactContent) -> Response {
    let mut response = Response::new(Body::from_stream(content.body));
    let size = content.info.size;
    let headers = response.headers_mut();
    validators.write(headers);
    insert(headers, header::CONTENT_TYPE, content_type(&content.name));
    let disposition = content_disposition(&content.name);
    insert(headers, header::CONTENT_DISPOSITION, &disposition);
    insert(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    insert(headers, header::ACCEPT_RANGES, "bytes");
    let (status, range, length) = match content.served {
        Served::Whole => (StatusCode::OK, None, size),
        Served::Part(part) => {
            let range = format!("bytes {}-{}/{size}", part.start, part.end.saturating_sub(1));
            let length = part.end - part.start;
            (StatusCode::PARTIAL_CONTENT, Some(range), length)
        }
        Served::Unsatisfiable => {
            let range = format!("bytes */{size}");
            (StatusCode::RANGE_NOT_SATISFIABLE, Some(range), 0)
        }
    };
    if let Some(range) = range {
        insert(headers, header::CONTENT_RANGE, &range);
    }
    insert(headers, header::CONTENT_LENGTH, &length.to_string());
    *response.status_mut() = status;
    response
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// The seconds since the Unix epoch of a time as HTTP writes it.
fn seconds(date: &str) -> Option<u64> {
    let time = httpdate::parse_http_date(date).ok()?;
    let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(since_epoch.as_secs())
}

#[cfg(test)]
mod tests {
    use ferroflow_model::Error;
    use futures_util::{StreamExt, stream};

    use super::*;

    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";
    const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";

    /// A file of ten bytes.
    async fn open(range: Option<ByteRange>) -> Result<ArtifactContent> {
        let served = match range.map(|range| range.resolve(10)) {
            None => Served::Whole,
            Some(Some(part)) => Served::Part(part),
            Some(None) => Served::Unsatisfiable,
        };
        let bytes = match &served {
            Served::Whole => "0123456789".into(),
            Served::Part(part) => {
                let offset = |end: u64| usize::try_from(end).unwrap();
                "0123456789"[offset(part.start)..offset(part.end)].into()
            }
            Served::Unsatisfiable => bytes::Bytes::new(),
        };
        Ok(ArtifactContent {
            name: "b.txt".to_owned(),
            info: ferroflow_service::ArtifactInfo {
                size: 10,
                modified_ms: 784_111_777_123,
                etag: "e".to_owned(),
            },
            served,
            body: stream::iter([Ok::<_, Error>(bytes)]).boxed(),
        })
    }

    async fn ask(asked: &[(&'static str, &'static str)]) -> (u16, String, String) {
        let mut headers = HeaderMap::new();
        for (name, value) in asked {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        let answered = ByteRequest::of(&headers).serve(open).await;
        let response = answered.unwrap();
        let range = response.headers().get(header::CONTENT_RANGE);
        let range = range.map_or("", |value| value.to_str().unwrap()).to_owned();
        let status = response.status().as_u16();
        let body = ferroflow_web::read_body(response.into_body(), 100).await;
        let body = String::from_utf8(body.unwrap().to_vec()).unwrap();
        (status, range, body)
    }

    #[tokio::test]
    async fn ranges_and_their_conditions() {
        let whole = (200, "", "0123456789");
        let first = (206, "bytes 0-1/10", "01");
        let none = (416, "bytes */10", "");
        for (range, condition, expected) in [
            ("bytes=0-1", "", first),
            ("BYTES=0-1", "", first),
            ("bytes=8-", "", (206, "bytes 8-9/10", "89")),
            ("bytes=-3", "", (206, "bytes 7-9/10", "789")),
            ("bytes=-30", "", (206, "bytes 0-9/10", "0123456789")),
            ("bytes=9-100", "", (206, "bytes 9-9/10", "9")),
            ("bytes=10-", "", none),
            ("bytes=-0", "", none),
            ("bytes=5-2", "", none),
            ("bytes=a-b", "", none),
            ("items=0-1", "", whole),
            ("bytes=0-1,4-5", "", whole),
            ("bytes=0-1", "\"e\"", first),
            ("bytes=0-1", DATE, first),
            ("bytes=0-1", "\"f\"", whole),
            ("bytes=0-1", "W/\"e\"", whole),
            ("bytes=0-1", EARLIER, whole),
            ("bytes=0-1", "e", whole),
        ] {
            let mut asked = vec![("range", range)];
            asked.extend((!condition.is_empty()).then_some(("if-range", condition)));
            let (status, range_answered, body) = ask(&asked).await;
            let answered = (status, range_answered.as_str(), body.as_str());
            assert_eq!(answered, expected, "{range} {condition}");
        }
    }

    #[tokio::test]
    async fn what_a_client_has_is_not_sent_again() {
        for (name, value, expected) in [
            ("if-none-match", "\"e\"", 304),
            ("if-none-match", "\"x\", W/\"e\"", 304),
            ("if-none-match", "*", 304),
            ("if-none-match", "\"x\"", 200),
            ("if-modified-since", DATE, 304),
            ("if-modified-since", LATER, 304),
            ("if-modified-since", EARLIER, 200),
            ("if-modified-since", "yesterday", 200),
        ] {
            assert_eq!(ask(&[(name, value)]).await.0, expected, "{name}: {value}");
        }
        let both = [("if-none-match", "\"x\""), ("if-modified-since", DATE)];
        assert_eq!(ask(&both).await.0, 200);
    }

    #[tokio::test]
    async fn another_version_than_is_asked_for_is_not_sent() {
        for (tags, expected) in [
            ("\"e\"", 200),
            ("\"x\", \"e\"", 200),
            ("*", 200),
            ("", 200),
            ("\"x\"", 412),
            ("W/\"e\"", 412),
            ("e", 412),
        ] {
            let (status, _, body) = ask(&[("if-match", tags)]).await;
            assert_eq!(status, expected, "{tags}");
            assert_eq!(body.is_empty(), expected == 412, "{tags}");
        }
        for (condition, value) in [("range", "bytes=0-1"), ("if-none-match", "\"e\"")] {
            let asked = [("if-match", "\"x\""), (condition, value)];
            assert_eq!(ask(&asked).await.0, 412, "{condition}");
        }
        assert_eq!(ask(&[("if-unmodified-since", EARLIER)]).await.0, 200);
    }
}
