//! Artifact bytes behind one type, and the one way a client's path becomes a place.
//!
//! [`ArtifactPath`] is a relative path that has been decoded and checked once; only that type
//! reaches a backend. [`ArtifactStore`] holds the bytes. Its operations are those that a local
//! directory and an object store both have, so that callers never ask which one it is.
//!
//! Nothing here blocks an async thread, holds a file in memory, or leaves half a file behind.

mod bucket;
mod direct_root;
mod local;
mod multipart;
mod path;
mod range;
mod signed_url;
mod store;
mod tenant;

pub use bucket::{BucketOptions, is_bucket};
pub use direct_root::DirectRoot;
pub use multipart::{CompletedPart, UploadId, UploadedPart};
pub use path::{ArtifactPath, MAX_NAME_BYTES, MAX_PATH_BYTES};
pub use range::{ByteRange, Served};
pub use signed_url::{MAX_SIGNED_URL_SECONDS, SignedUrl};
pub use store::{
    ArtifactContent, ArtifactInfo, ArtifactStore, ByteStream, FileInfo, Limits, ListPage, Listing,
    MAX_LIST_LIMIT,
};
