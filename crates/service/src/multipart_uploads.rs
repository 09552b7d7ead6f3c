//! Files that come in parts: begun, fed and ended through this server.

use ferroflow_artifacts::{ArtifactPath, ByteStream, CompletedPart, UploadId, UploadedPart};
use ferroflow_model::{Context, Error, Result};

use crate::Service;

/// An upload that gets no further part for so long is dropped.
const LIFETIME_MS: i64 = 24 * 60 * 60 * 1000;

/// The file that an upload makes, as clients name it.
pub struct UploadTarget<'a> {
    /// Its directory below the tenant's artifact root; empty: the root.
    pub directory: &'a str,
    /// The path that the file has on the client's disk; its last name is the artifact's.
    pub local_file: &'a str,
}

/// An upload that waits for its parts.
pub struct OpenUpload {
    /// Names the upload. Nobody can guess it, so who knows it may send parts.
    pub id: UploadId,
    /// Where the file will be, below the tenant's artifact root.
    pub path: ArtifactPath,
    /// How many parts are expected.
    pub parts: u32,
    /// Where the store takes each part, when clients send them there.
    pub signed_urls: Option<Vec<String>>,
}

impl Service {
    /// Begins an upload of `parts` parts.
    pub async fn create_multipart_upload(
        &self,
        context: &Context,
        target: UploadTarget<'_>,
        parts: i64,
    ) -> Result<OpenUpload> {
        let path = target.path()?;
        let parts = self.check_part_count(parts)?;
        let place = self.place_to_change(context, path.clone()).await?;
        let proposed = UploadId::parse(&self.new_hex_id())?;
        let id = self.artifacts.create_multipart(&place, proposed).await?;
        let signed_urls = self.artifacts.sign_parts(&place, &id, parts).await?;
        Ok(OpenUpload {
            id,
            path,
            parts,
            signed_urls,
        })
    }

    /// Stores one part of the upload to `path`; a part that is sent again replaces itself.
    pub async fn upload_part(
        &self,
        context: &Context,
        path: &str,
        upload_id: &str,
        number: u32,
        bytes: ByteStream,
    ) -> Result<UploadedPart> {
        let place = self.place_to_change(context, ArtifactPath::parse(path)?);
        let place = place.await?;
        let id = UploadId::parse(upload_id)?;
        self.artifacts.put_part(&place, &id, number, bytes).await
    }

    /// Makes the file of the parts named, in their order; answers its size in bytes.
    pub async fn complete_multipart_upload(
        &self,
        context: &Context,
        target: UploadTarget<'_>,
        upload_id: &str,
        parts: Vec<CompletedPart>,
    ) -> Result<u64> {
        let place = self.place_to_change(context, target.path()?).await?;
        let id = UploadId::parse(upload_id)?;
        self.artifacts.complete_multipart(&place, &id, parts).await
    }

    /// Ends an upload without a file; one that is not there is ended already.
    pub async fn abort_multipart_upload(
        &self,
        context: &Context,
        target: UploadTarget<'_>,
        upload_id: &str,
    ) -> Result<()> {
        let place = self.place_to_change(context, target.path()?).await?;
        let id = UploadId::parse(upload_id)?;
        self.artifacts.abort_multipart(&place, &id).await
    }

    /// Drops uploads that nobody has continued for a day; answers how many.
    pub async fn sweep_uploads(&self) -> Result<u64> {
        let before_ms = self.now_ms() - LIFETIME_MS;
        Ok(self.artifacts.sweep(before_ms).await? as u64)
    }

    fn check_part_count(&self, parts: i64) -> Result<u32> {
        let most = self.artifacts.limits().parts;
        let count = u32::try_from(parts).ok();
        let allowed = count.filter(|count| (1..=most).contains(count));
        allowed.ok_or_else(|| {
            Error::invalid(format!(
                "Invalid value {parts} for parameter 'num_parts': it is from 1 to {most}."
            ))
        })
    }
}

impl UploadTarget<'_> {
    fn path(&self) -> Result<ArtifactPath> {
        let directory = ArtifactPath::parse_directory(self.directory)?;
        directory.join(&ArtifactPath::parse(last_name(self.local_file))?)
    }
}

/// The name of a file by its path on whatever system the client runs.
fn last_name(local_file: &str) -> &str {
    let name = local_file.rsplit(['/', '\\']).next();
    name.unwrap_or(local_file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(directory: &str, local_file: &str) -> Option<String> {
        let target = UploadTarget {
            directory,
            local_file,
        };
        target.path().ok().map(|path| path.as_str().to_owned())
    }

    #[test]
    fn a_file_keeps_its_name_and_nothing_else_of_its_path() {
        for (directory, local_file, expected) in [
            (
                "0/run/artifacts",
                "/home/me/model.bin",
                "0/run/artifacts/model.bin",
            ),
            ("0/run/artifacts/", "model.bin", "0/run/artifacts/model.bin"),
            ("0", r"C:\Users\me\model.bin", "0/model.bin"),
            ("0", r"..\..\model.bin", "0/model.bin"),
            ("", "/etc/passwd", "passwd"),
        ] {
            assert_eq!(path(directory, local_file).as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_file_without_a_name_has_no_place() {
        for local_file in [
            "",
            "/",
            "/home/me/",
            "..",
            "a/..",
            r"a\..",
            "C:",
            "a/#",
            "a/%2e%2e",
        ] {
            assert_eq!(path("0", local_file), None, "{local_file}");
        }
        for directory in ["..", "/etc", "a/../b", "%2e%2e", r"a\b", "file:x", "a//b"] {
            assert_eq!(path(directory, "f"), None, "{directory}");
        }
    }
}
