//! URLs by which clients reach objects themselves, without credentials, for a while.

use std::time::Duration;

use ferroflow_model::{Error, Result};
use http::{HeaderName, HeaderValue, Method};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::signer::{SignedUrlOptions, Signer};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Bucket;
use crate::{ArtifactPath, SignedUrl, UploadId};

/// How long clients have to send the parts of an upload: what Amazon's own tools give.
const PARTS_LIFETIME: Duration = Duration::from_hours(1);

/// What is left as it is in the name of a download (RFC 8187, `attr-char`).
const NOT_IN_NAME: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

impl Bucket {
    /// A URL to which a client may write an object, with the headers that it must send.
    pub(crate) async fn sign_upload(
        &self,
        path: &ArtifactPath,
        content_type: &str,
        lifetime: Duration,
    ) -> Result<SignedUrl> {
        let key = self.key(path)?;
        let mut headers = vec![("Content-Type", content_type.to_owned())];
        headers.extend(self.signing.encryption.iter().cloned());
        let mut options = SignedUrlOptions::new();
        for (name, value) in &headers {
            let value = HeaderValue::from_str(value).map_err(Error::internal)?;
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(Error::internal)?;
            options = options.with_signed_header(name, value);
        }
        Ok(SignedUrl {
            url: self.sign(Method::PUT, &key, lifetime, &options).await?,
            headers,
            size: None,
        })
    }

    /// A URL from which a client may read an object, as a download under its own name.
    pub(crate) async fn sign_download(
        &self,
        path: &ArtifactPath,
        lifetime: Duration,
    ) -> Result<SignedUrl> {
        let size = self.head(path).await?.size;
        let key = self.key(path)?;
        let disposition = ("response-content-disposition", attachment(path.name()));
        let options = SignedUrlOptions::new().with_query([disposition]);
        Ok(SignedUrl {
            url: self.sign(Method::GET, &key, lifetime, &options).await?,
            headers: Vec::new(),
            size: Some(size),
        })
    }

    /// The URLs to which the parts 1 to `count` of an upload are sent.
    pub(crate) async fn sign_parts(
        &self,
        path: &ArtifactPath,
        upload: &UploadId,
        count: u32,
    ) -> Result<Vec<String>> {
        let key = self.key(path)?;
        let mut urls = Vec::with_capacity(count as usize);
        for number in 1..=count {
            let number = number.to_string();
            let query = [
                ("partNumber", number.as_str()),
                ("uploadId", upload.as_str()),
            ];
            let options = SignedUrlOptions::new().with_query(query);
            urls.push(
                self.sign(Method::PUT, &key, PARTS_LIFETIME, &options)
                    .await?,
            );
            // Ten thousand signatures take a tenth of a second.
            tokio::task::consume_budget().await;
        }
        Ok(urls)
    }

    async fn sign(
        &self,
        method: Method,
        key: &Path,
        lifetime: Duration,
        options: &SignedUrlOptions,
    ) -> Result<String> {
        let signed = self.store.signed_url_opts(method, key, lifetime, options);
        let url = signed.await.map_err(Error::unavailable)?;
        Ok(url.into())
    }
}

/// How a browser is told to save a file instead of showing it.
fn attachment(name: &str) -> String {
    let is_plain = name
        .bytes()
        .all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if is_plain {
        let escaped = name.replace('\\', r"\\").replace('"', "\\\"");
        return format!("attachment; filename=\"{escaped}\"");
    }
    let encoded = utf8_percent_encode(name, NOT_IN_NAME);
    format!("attachment; filename*=UTF-8''{encoded}")
}

/// What a URL must say beside where it leads.
pub(super) struct Signing {
    /// Whether URLs can be signed at all: not without credentials, nor where each request carries a
    /// key that only this server knows.
    pub(super) is_possible: bool,
    /// How the store is to encrypt what is written.
    encryption: Vec<(&'static str, String)>,
}

impl Signing {
    /// What the options of a store mean for its URLs.
    pub(super) fn of(options: &AmazonS3Builder) -> Self {
        let value = |name: &str| {
            let key = name.parse::<AmazonS3ConfigKey>().ok()?;
            options
                .get_config_value(&key)
                .filter(|value| !value.is_empty())
        };
        let algorithm = value("aws_server_side_encryption");
        let is_anonymous = value("aws_skip_signature").as_deref() == Some("true");
        let has_own_key = algorithm.as_deref() == Some("sse-c");
        let headers = [
            ("x-amz-server-side-encryption", algorithm),
            (
                "x-amz-server-side-encryption-aws-kms-key-id",
                value("aws_sse_kms_key_id"),
            ),
        ];
        let headers = headers
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        Self {
            is_possible: !is_anonymous && !has_own_key,
            encryption: headers.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_download_keeps_its_name() {
        for (name, expected) in [
            ("model.pkl", "attachment; filename=\"model.pkl\""),
            ("a \"b\"", "attachment; filename=\"a \\\"b\\\"\""),
            ("é;.txt", "attachment; filename*=UTF-8''%C3%A9%3B.txt"),
        ] {
            assert_eq!(attachment(name), expected);
        }
    }

    #[test]
    fn urls_tell_how_to_encrypt() {
        let with = |variables: &[(&str, &str)]| {
            let keyed = variables
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), *value));
            Signing::of(
                &keyed.fold(AmazonS3Builder::new(), |builder, (key, value)| {
                    builder.with_config(key, value)
                }),
            )
        };
        let plain = with(&[]);
        assert!(plain.is_possible && plain.encryption.is_empty());
        let encrypted = with(&[
            ("aws_server_side_encryption", "aws:kms"),
            ("aws_sse_kms_key_id", "k1"),
        ]);
        let headers: Vec<_> = encrypted
            .encryption
            .iter()
            .map(|(_, value)| &**value)
            .collect();
        assert_eq!(headers, ["aws:kms", "k1"]);
        assert!(!with(&[("aws_skip_signature", "true")]).is_possible);
        assert!(!with(&[("aws_server_side_encryption", "sse-c")]).is_possible);
    }
}
