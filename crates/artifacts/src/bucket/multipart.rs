//! Uploads in parts that clients send to the object store themselves.

use ferroflow_model::{Error, Result};
use object_store::multipart::{MultipartStore, PartId};

use super::Bucket;
use super::failure::{failure, says};
use crate::multipart::no_such_upload;
use crate::{ArtifactPath, CompletedPart, UploadId};

impl Bucket {
    /// Opens an upload to `path`.
    pub(crate) async fn create_multipart(&self, path: &ArtifactPath) -> Result<UploadId> {
        let key = self.key(path)?;
        let created = self.store.create_multipart(&key).await;
        let id = created.map_err(|error| failure(path, error))?;
        UploadId::parse(&id).map_err(Error::internal)
    }

    /// Makes an object of the parts, and answers its size.
    pub(crate) async fn complete_multipart(
        &self,
        path: &ArtifactPath,
        id: &UploadId,
        parts: Vec<CompletedPart>,
    ) -> Result<u64> {
        let numbers = parts.iter().map(|part| part.number);
        if !numbers.eq(1..=u32::try_from(parts.len()).unwrap_or(u32::MAX)) {
            return Err(Error::invalid(
                "Invalid value for parameter 'parts': part numbers are 1, 2, 3 and so on, without \
                 gaps.",
            ));
        }
        let key = self.key(path)?;
        let parts = parts.into_iter().map(|part| PartId {
            content_id: format!("\"{}\"", part.etag),
        });
        let id_text = id.as_str().to_owned();
        let completed = self
            .store
            .complete_multipart(&key, &id_text, parts.collect());
        match completed.await {
            Ok(_) => Ok(self.head(path).await?.size),
            Err(error) if says(&error, "NoSuchUpload") => Err(no_such_upload(path, id)),
            Err(error)
                if ["InvalidPart", "EntityTooSmall"]
                    .iter()
                    .any(|code| says(&error, code)) =>
            {
                Err(Error::invalid(
                    "Invalid value for parameter 'parts': each part has been uploaded and has its \
                     own tag, and all but the last have at least 5 MiB.",
                ))
            }
            Err(error) => Err(failure(path, error)),
        }
    }

    /// Ends an upload and drops its parts.
    pub(crate) async fn abort_multipart(&self, path: &ArtifactPath, id: &UploadId) -> Result<()> {
        let key = self.key(path)?;
        let id = id.as_str().to_owned();
        match self.store.abort_multipart(&key, &id).await {
            Err(error) if says(&error, "NoSuchUpload") => Ok(()),
            aborted => aborted.map_err(|error| failure(path, error)),
        }
    }
}
