//! What a client is given to reach an artifact without this server.

/// How long a signed URL may live, in seconds: what object stores allow.
pub const MAX_SIGNED_URL_SECONDS: u64 = 604_800;

/// A URL that stands for the right to one request, for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedUrl {
    /// Where the request goes.
    pub url: String,
    /// What it must have in its head.
    pub headers: Vec<(&'static str, String)>,
    /// The size of the artifact in bytes, where it is to be read.
    pub size: Option<u64>,
}
