//! How a bucket is reached.

use std::sync::Arc;
use std::time::Duration;

use ferroflow_model::{Error, Result};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::{ClientOptions, RetryConfig};
use tokio::sync::Semaphore;

use super::Bucket;
use super::receive::PARTS_IN_MEMORY;
use super::signed::Signing;

/// The scheme of locations in S3.
const SCHEME: &str = "s3://";

/// A store that does not answer within this is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A store that sends nothing for so long has gone; there is no bound on a whole transfer.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// A request that fails for a reason that may pass is repeated for at most this long.
const RETRY_TIMEOUT: Duration = Duration::from_secs(30);
const RETRIES: usize = 5;

/// What it takes to reach buckets, beside their names.
#[derive(Clone, Default)]
pub struct BucketOptions {
    /// Variables whose names begin with `AWS_`, with the meaning that they have for Amazon's
    /// tools: credentials, or where to get them, region, endpoint and encryption. Of those that say
    /// the same, the last counts.
    pub variables: Vec<(String, String)>,
    /// Whether the certificate of the store is not checked.
    pub ignore_tls: bool,
}

impl Bucket {
    /// The place of a location such as `s3://bucket/prefix`, which need not be there yet: nothing
    /// is sent.
    pub(crate) fn open(location: &str, options: &BucketOptions) -> Result<Self> {
        let (name, prefix) = parse(location)?;
        let builder = builder(options).with_bucket_name(name);
        let signing = Signing::of(&builder);
        let store = builder.build().map_err(Error::internal)?;
        Ok(Self {
            store,
            prefix: prefix.to_owned(),
            signing,
            parts_in_memory: Arc::new(Semaphore::new(PARTS_IN_MEMORY)),
        })
    }
}

/// Whether a location, such as `s3://bucket/prefix`, names a place in a bucket that the server can
/// open.
pub fn is_bucket(location: &str) -> bool {
    location.starts_with(SCHEME)
}

/// The bucket and the prefix of a location.
fn parse(location: &str) -> Result<(&str, &str)> {
    let rest = location.strip_prefix(SCHEME).unwrap_or_default();
    let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let prefix = prefix.trim_end_matches('/');
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let names_bucket = !name.is_empty() && name.bytes().all(is_name);
    let is_plain = |segment: &str| !segment.is_empty() && segment != "." && segment != "..";
    let has_plain_prefix = prefix.is_empty()
        || prefix.split('/').all(is_plain)
            && !prefix.contains(|letter: char| "?#\\".contains(letter) || letter.is_control());
    if names_bucket && has_plain_prefix {
        return Ok((name, prefix));
    }
    Err(Error::internal(format!(
        "`{location}` is not a location such as s3://bucket or s3://bucket/path"
    )))
}

fn builder(options: &BucketOptions) -> AmazonS3Builder {
    let mut builder = AmazonS3Builder::new();
    for (name, value) in &options.variables {
        // Amazon's tools have variables that mean nothing here, such as AWS_PAGER.
        if let Ok(key) = name.to_ascii_lowercase().parse() {
            builder = builder.with_config(key, value);
        }
    }
    let endpoint = [AmazonS3ConfigKey::S3Endpoint, AmazonS3ConfigKey::Endpoint];
    let endpoint = endpoint
        .iter()
        .find_map(|key| builder.get_config_value(key));
    let is_encrypted = endpoint.is_none_or(|endpoint| !endpoint.starts_with("http://"));
    builder
        // TLS vouches for the bytes; without it, their digest is signed.
        .with_unsigned_payload(is_encrypted)
        .with_client_options(client(!is_encrypted, options.ignore_tls))
        .with_retry(RetryConfig {
            max_retries: RETRIES,
            retry_timeout: RETRY_TIMEOUT,
            ..RetryConfig::default()
        })
}

fn client(is_plain_http: bool, ignore_tls: bool) -> ClientOptions {
    ClientOptions::new()
        .with_allow_http(is_plain_http)
        .with_allow_invalid_certificates(ignore_tls)
        .with_timeout_disabled()
        .with_connect_timeout(CONNECT_TIMEOUT)
        .with_read_timeout(READ_TIMEOUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_names_a_bucket_and_a_prefix() {
        for (location, expected) in [
            ("s3://bucket", ("bucket", "")),
            ("s3://bucket/", ("bucket", "")),
            ("s3://my.bucket-1/a/b c", ("my.bucket-1", "a/b c")),
            ("s3://bucket/a/", ("bucket", "a")),
        ] {
            assert_eq!(parse(location).ok(), Some(expected), "{location}");
        }
        for location in [
            "s3://",
            "s3:///a",
            "s3://user@bucket/a",
            "s3://bucket:80/a",
            "s3://bucket/a//b",
            "s3://bucket//a",
            "s3://bucket/../a",
            "s3://bucket/./a",
            "s3://bucket/a?x=1",
            "s3://bucket/a#x",
            "s3://bucket/a\\b",
        ] {
            assert!(parse(location).is_err(), "{location}");
        }
    }
}
