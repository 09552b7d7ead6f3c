//! The one path type that reaches a backend.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use ferroflow_model::{Error, Result};
use percent_encoding::percent_decode_str;

/// The longest path, in bytes of UTF-8: what a key of S3 and GCS may have, so that a tree on a
/// local disk can move to an object store.
pub const MAX_PATH_BYTES: usize = 1024;

/// The longest name between two slashes, in bytes of UTF-8: what common file systems allow.
pub const MAX_NAME_BYTES: usize = 255;

/// Names that begin so belong to the server; a client can neither read nor write nor list them.
pub(crate) const RESERVED_PREFIX: &str = ".ferroflow-";

/// The longest text looked at. Encoding triples each byte per round, so this is far above any
/// honest path and bounds the work of decoding.
const MAX_ENCODED_BYTES: usize = 16 * 1024;

/// How many rounds of percent-encoding are undone before a path counts as an attack.
const MAX_DECODINGS: usize = 10;

/// What the reference server answers for each path that it refuses.
const INVALID_PATH: &str = "Invalid path";

/// A relative path that cannot leave the artifact root, in canonical form.
///
/// Percent-encoding is undone until nothing changes, as MLflow does it, and the checks are made
/// on what is left: the text that was checked is the text that names the file. Refused are
/// `.`, `..` and empty segments, absolute paths, schemes and drive letters, backslashes, control
/// characters, `#` and `?` (stock clients put names into URLs as they are, so such a name could
/// be written but not read back), names of the server's own, and what is too long.
///
/// The root is a path too, but only for listing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArtifactPath(String);

impl ArtifactPath {
    /// The root itself, which can be listed and joined to, never written or deleted.
    pub const fn root() -> Self {
        Self(String::new())
    }

    /// Parses the path of a file, or of a directory named without a trailing slash.
    pub fn parse(text: &str) -> Result<Self> {
        let decoded = decode(text)?;
        if let Some(directory) = decoded.strip_suffix('/') {
            check(directory)?;
            return Err(Error::invalid(
                "Artifact path must include a filename (cannot end with '/').",
            ));
        }
        check(&decoded)?;
        Ok(Self(decoded.into_owned()))
    }

    /// Parses the path of a directory: one trailing slash is dropped, and empty is the root.
    pub fn parse_directory(text: &str) -> Result<Self> {
        let decoded = decode(text)?;
        if decoded.is_empty() {
            return Ok(Self::root());
        }
        let directory = decoded
            .strip_suffix('/')
            .filter(|path| !path.is_empty())
            .unwrap_or(&decoded);
        check(directory)?;
        Ok(Self(directory.to_owned()))
    }

    /// The path `inner` below this one; an error only when both together are too long.
    pub fn join(&self, inner: &Self) -> Result<Self> {
        if self.is_root() {
            return Ok(inner.clone());
        }
        if inner.is_root() {
            return Ok(self.clone());
        }
        let joined = format!("{self}/{inner}");
        check_length(&joined)?;
        Ok(Self(joined))
    }

    /// A path of the server's own, which no client could name.
    pub(crate) const fn internal(path: String) -> Self {
        Self(path)
    }

    /// The entry `name` of this directory, or `None` when no client could name it so.
    pub(crate) fn child(&self, name: &str) -> Option<Self> {
        if self.is_root() {
            return Self::parse(name).ok().filter(|path| path.0 == name);
        }
        // This directory may be one of the server's own; only the name below it is checked.
        let below_any = format!("directory/{name}");
        Self::parse(&below_any)
            .ok()
            .filter(|path| path.0 == below_any)?;
        let path = format!("{self}/{name}");
        check_length(&path).ok().map(|()| Self(path))
    }

    /// The canonical text, without a leading or trailing slash; empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the root itself.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The last segment; empty for the root.
    pub fn name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&*self.0, |(_, name)| name)
    }

    /// The directory that holds this path; the root holds itself.
    #[must_use]
    pub fn parent(&self) -> Self {
        Self(self.parent_str().to_owned())
    }

    pub(crate) fn parent_str(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(parent, _)| parent)
    }

    /// Whether this is `directory` or lies below it.
    pub fn is_within(&self, directory: &Self) -> bool {
        directory.is_root()
            || self
                .0
                .strip_prefix(&directory.0)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl fmt::Display for ArtifactPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ArtifactPath {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

/// Undoes percent-encoding until nothing changes. Bytes that are not UTF-8 become U+FFFD, as in
/// the reference server.
fn decode(text: &str) -> Result<Cow<'_, str>> {
    if text.len() > MAX_ENCODED_BYTES {
        return Err(too_long());
    }
    let mut decoded = Cow::Borrowed(text);
    for _ in 0..MAX_DECODINGS {
        match percent_decode_str(&decoded).decode_utf8_lossy() {
            Cow::Borrowed(_) => return Ok(decoded),
            Cow::Owned(next) => decoded = Cow::Owned(next),
        }
    }
    Err(Error::invalid(INVALID_PATH))
}

fn check(path: &str) -> Result<()> {
    if path.contains(['\\', '#']) || path.contains(char::is_control) {
        return Err(Error::invalid(INVALID_PATH));
    }
    if path.contains('?') {
        return Err(Error::invalid(
            "Invalid path: '?' is not allowed in an artifact path.",
        ));
    }
    if path.starts_with('/') || names_another_place(path) {
        return Err(Error::invalid(INVALID_PATH));
    }
    check_length(path)?;
    path.split('/').try_for_each(check_name)
}

fn check_length(path: &str) -> Result<()> {
    if path.len() > MAX_PATH_BYTES {
        Err(too_long())
    } else {
        Ok(())
    }
}

fn too_long() -> Error {
    Error::invalid(format!(
        "Invalid path: an artifact path has at most {MAX_PATH_BYTES} bytes, and each of its \
         names at most {MAX_NAME_BYTES}."
    ))
}

/// Whether the path begins like a URI (`s3://...`, any `file:`) or a Windows drive (`C:...`).
fn names_another_place(path: &str) -> bool {
    let Some((scheme, rest)) = path.split_once(':') else {
        return false;
    };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c));
    is_scheme && (scheme.len() == 1 || scheme.eq_ignore_ascii_case("file") || rest.starts_with('/'))
}

fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || name == "." {
        return Err(Error::invalid(
            "Invalid path: empty names and '.' are not allowed in an artifact path.",
        ));
    }
    if is_dots(name) {
        return Err(Error::invalid(INVALID_PATH));
    }
    if name.len() > MAX_NAME_BYTES {
        return Err(too_long());
    }
    if is_reserved(name) {
        return Err(Error::invalid(format!(
            "Invalid path: names that begin with '{RESERVED_PREFIX}' are reserved."
        )));
    }
    Ok(())
}

/// Whether some system would read this name as `.` or `..`: Windows drops trailing dots and
/// spaces, and servers behind a proxy drop `;parameters`.
fn is_dots(name: &str) -> bool {
    let bare = name.split(';').next().unwrap_or_default();
    !bare.is_empty() && bare.chars().all(|c| c == '.' || c == ' ')
}

/// Compares without case, for file systems that do.
fn is_reserved(name: &str) -> bool {
    name.get(..RESERVED_PREFIX.len())
        .is_some_and(|prefix| prefix.eq_ignore_ascii_case(RESERVED_PREFIX))
}
