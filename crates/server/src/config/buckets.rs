//! Where artifacts are and, when that is an object store, how it is reached.

use anyhow::{Result, ensure};
use ferroflow_artifacts::{BucketOptions, MAX_SIGNED_URL_SECONDS};

use super::settings::{is_address, within};
use super::{ArtifactRoot, Settings};

/// What an object store can be told of encryption; one that wants a key with each request is left
/// to the variables of the environment, which are not printed.
const ENCRYPTIONS: [&str; 4] = ["", "AES256", "aws:kms", "aws:kms:dsse"];

impl Settings {
    /// How buckets are reached; `variables` are those of the environment.
    pub(crate) fn bucket_options(
        &self,
        variables: impl Iterator<Item = (String, String)>,
    ) -> BucketOptions {
        let virtual_hosts = if self.s3_virtual_hosts { "true" } else { "" };
        let settings = [
            ("AWS_ENDPOINT_URL_S3", self.s3_endpoint_url.as_str()),
            ("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", virtual_hosts),
            ("AWS_SERVER_SIDE_ENCRYPTION", &self.s3_encryption),
            ("AWS_SSE_KMS_KEY_ID", &self.s3_encryption_key_id),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let variables = variables.filter(|(name, _)| name.starts_with("AWS_"));
        let named = variables.chain(settings);
        BucketOptions {
            variables: named.filter(|(_, value)| !value.is_empty()).collect(),
            ignore_tls: self.s3_ignore_tls,
        }
    }

    /// Checks what is said of artifacts.
    pub(super) fn check_artifacts(&self) -> Result<()> {
        let root = ArtifactRoot::new(&self.artifacts());
        ensure!(
            root.directory.is_some() || root.is_bucket(),
            "artifacts = \"{}\" is neither a directory nor a place in a bucket such as \
             s3://bucket/prefix",
            root.location
        );
        ensure!(
            ENCRYPTIONS.contains(&&*self.s3_encryption),
            "s3-encryption = \"{}\" is none of AES256, aws:kms and aws:kms:dsse",
            self.s3_encryption
        );
        let endpoint = &self.s3_endpoint_url;
        ensure!(
            endpoint.is_empty() || is_address(endpoint),
            "s3-endpoint-url = \"{endpoint}\" is not a URL such as https://objects.example.com"
        );
        let seconds = &self.signed_url_seconds;
        within("signed-url-seconds", seconds, 1..=MAX_SIGNED_URL_SECONDS)
    }
}
