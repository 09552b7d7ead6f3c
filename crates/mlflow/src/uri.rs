//! Artifact URIs, taken apart as Python's `urllib` does, whose reading the checks rely on.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The parts of a URI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Uri<'a> {
    /// In lower case; empty when there is none.
    pub(crate) scheme: String,
    /// What stands between `//` and the path, with user and port.
    pub(crate) authority: &'a str,
    /// Without its `;params`, where the scheme knows those.
    pub(crate) path: &'a str,
    /// What follows `;` in the last segment of the path.
    pub(crate) params: &'a str,
    /// What follows `?`.
    pub(crate) query: &'a str,
    /// What follows `#`.
    pub(crate) fragment: &'a str,
}

impl<'a> Uri<'a> {
    /// Takes a URI apart. Any text is one.
    pub(crate) fn parse(text: &'a str) -> Self {
        let (scheme, rest) = split_scheme(text);
        let (authority, rest) = match rest.strip_prefix("//") {
            Some(rest) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
            None => ("", rest),
        };
        let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (path, params) = split_params(&scheme, path);
        Self {
            scheme,
            authority,
            path,
            params,
            query,
            fragment,
        }
    }

    /// The host, without user and port.
    pub(crate) fn host(&self) -> &'a str {
        let (_, host) = self
            .authority
            .rsplit_once('@')
            .unwrap_or(("", self.authority));
        match host.strip_prefix('[') {
            Some(rest) => rest.split_once(']').map_or(rest, |(host, _)| host),
            None => host.split_once(':').map_or(host, |(host, _)| host),
        }
    }

    /// The port; an error when what stands there is none.
    pub(crate) fn port(&self) -> Result<Option<u16>, std::num::ParseIntError> {
        let (_, host) = self
            .authority
            .rsplit_once('@')
            .unwrap_or(("", self.authority));
        let after_host = host.rsplit_once(']').map_or(host, |(_, rest)| rest);
        match after_host.rsplit_once(':') {
            Some((_, port)) if !port.is_empty() => port.parse().map(Some),
            _ => Ok(None),
        }
    }

    /// Whether it is a path on the machine that reads it.
    pub(crate) fn is_local(&self) -> bool {
        matches!(self.scheme.as_str(), "" | "file")
    }
}

fn split_scheme(text: &str) -> (String, &str) {
    let Some((scheme, rest)) = text.split_once(':') else {
        return (String::new(), text);
    };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    if is_scheme {
        (scheme.to_ascii_lowercase(), rest)
    } else {
        (String::new(), text)
    }
}

/// Only these schemes have params.
fn split_params<'a>(scheme: &str, path: &'a str) -> (&'a str, &'a str) {
    const WITH_PARAMS: [&str; 15] = [
        "", "ftp", "hdl", "prospero", "http", "imap", "https", "shttp", "rtsp", "rtsps", "rtspu",
        "sip", "sips", "mms", "sftp",
    ];
    let last = path.rfind('/').unwrap_or(0);
    match path[last..].find(';') {
        Some(at) if WITH_PARAMS.contains(&scheme) || scheme == "tel" => {
            (&path[..last + at], &path[last + at + 1..])
        }
        _ => (path, ""),
    }
}

/// Undoes percent-encoding until nothing changes.
pub(crate) fn decode_fully(text: &str) -> Cow<'_, str> {
    let mut decoded = Cow::Borrowed(text);
    loop {
        match percent_decode_str(&decoded).decode_utf8_lossy() {
            Cow::Borrowed(_) => return decoded,
            Cow::Owned(next) => decoded = Cow::Owned(next),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_taken_apart_as_python_does() {
        let uri = Uri::parse("S3://user@bucket:80/a/b;c?d=e#f");
        assert_eq!(uri.scheme, "s3");
        assert_eq!(uri.authority, "user@bucket:80");
        assert_eq!((uri.host(), uri.port()), ("bucket", Ok(Some(80))));
        assert_eq!((uri.path, uri.params), ("/a/b;c", ""));
        assert_eq!((uri.query, uri.fragment), ("d=e", "f"));
        assert_eq!(Uri::parse("http://h/a;b").params, "b");
        assert_eq!(Uri::parse("/a/b:c").scheme, "");
        assert_eq!(Uri::parse("1a:b").scheme, "");
        assert_eq!(Uri::parse("mlflow-artifacts:/a/b").path, "/a/b");
        assert_eq!(Uri::parse("http://[::1]:5000/").host(), "::1");
        assert!(Uri::parse("http://h:x/").port().is_err());
    }

    #[test]
    fn encoding_is_undone_to_the_end() {
        assert_eq!(decode_fully("a%25252e"), "a.");
        assert_eq!(decode_fully("100%"), "100%");
    }
}
