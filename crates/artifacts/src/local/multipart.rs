//! Uploads in parts. Each is a directory with one file per part, beside a file that holds the
//! path it was opened for; it outlives a restart of the server.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use cap_std::fs::Dir;
use ferroflow_model::{Error, ErrorKind, Result};
use futures_util::Stream;

use super::failure::write_failure;
use super::read::describe;
use super::receive::receive;
use super::scratch::{TemporaryFile, remove_any};
use super::{LocalDisk, blocking};
use crate::multipart::no_such_upload;
use crate::store::too_large;
use crate::{ArtifactPath, CompletedPart, UploadId, UploadedPart};

/// Where the uploads are, in the hidden directory.
pub(super) const DIRECTORY: &str = "multipart";

/// The file that holds the path; part files have numbers for names.
const TARGET: &str = "path";

impl LocalDisk {
    /// Opens the upload `id` to `path`.
    pub(crate) async fn create_multipart(
        self: &Arc<Self>,
        path: &ArtifactPath,
        id: &UploadId,
        open_uploads: usize,
    ) -> Result<()> {
        let (disk, path, id) = (Arc::clone(self), path.clone(), id.clone());
        blocking(move || {
            if disk.uploads.entries().map_err(Error::internal)?.count() >= open_uploads {
                return Err(Error::new(
                    ErrorKind::LimitExceeded,
                    format!("At most {open_uploads} multipart uploads can be open at a time."),
                ));
            }
            disk.create_upload(&path, &id)
        })
        .await
    }

    /// Stores one part; it is on disk when this answers.
    pub(crate) async fn put_part<S>(
        self: &Arc<Self>,
        path: &ArtifactPath,
        id: &UploadId,
        number: u32,
        content: S,
        limit: u64,
    ) -> Result<UploadedPart>
    where
        S: Stream<Item = Result<Bytes>> + Send,
    {
        let (disk, path, id) = (Arc::clone(self), path.clone(), id.clone());
        let (upload, path, id) = blocking(move || {
            let upload = disk.open_upload(&path, &id)?;
            Ok((upload, path, id))
        })
        .await?;
        receive(&self.scratch, content, limit, move |file, size| {
            let etag = keep_part(file, &upload, number).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => no_such_upload(&path, &id),
                _ => Error::internal(error),
            })?;
            Ok(UploadedPart { number, etag, size })
        })
        .await
    }

    /// Puts the parts together and gives the result its name.
    pub(crate) async fn complete_multipart(
        self: &Arc<Self>,
        path: &ArtifactPath,
        id: &UploadId,
        parts: Vec<CompletedPart>,
        limit: u64,
    ) -> Result<u64> {
        let (disk, path, id) = (Arc::clone(self), path.clone(), id.clone());
        blocking(move || {
            let upload = disk.open_upload(&path, &id)?;
            let mut whole = disk.scratch.create().map_err(Error::internal)?;
            let size = concatenate(&upload, &parts, whole.file(), limit)?;
            disk.publish(whole, &path)
                .map_err(|error| write_failure(&path, error))?;
            disk.remove_upload(id.as_str()).map_err(Error::internal)?;
            Ok(size)
        })
        .await
    }

    /// Drops the upload with its parts.
    pub(crate) async fn abort_multipart(
        self: &Arc<Self>,
        path: &ArtifactPath,
        id: &UploadId,
    ) -> Result<()> {
        let (disk, path, id) = (Arc::clone(self), path.clone(), id.clone());
        blocking(move || match disk.open_upload(&path, &id) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            Ok(_) => disk.remove_upload(id.as_str()).map_err(Error::internal),
        })
        .await
    }

    /// Drops uploads that got no part since `before_ms`, and what dead servers left.
    pub(crate) async fn sweep(self: &Arc<Self>, before_ms: i64) -> Result<usize> {
        let disk = Arc::clone(self);
        blocking(move || disk.sweep_now(before_ms).map_err(Error::internal)).await
    }

    fn sweep_now(&self, before_ms: i64) -> io::Result<usize> {
        self.scratch.sweep()?;
        let before = UNIX_EPOCH + Duration::from_millis(before_ms.try_into().unwrap_or(0));
        let mut dropped = 0;
        for entry in self.uploads.entries()? {
            let entry = entry?;
            let is_stale = match entry.metadata() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => false,
                metadata => metadata?.modified()?.into_std() < before,
            };
            if is_stale {
                self.remove_upload(&entry.file_name().to_string_lossy())?;
                dropped += 1;
            }
        }
        Ok(dropped)
    }

    /// Makes the directory out of sight and moves it in place, so that an upload that exists
    /// always knows its path.
    fn create_upload(&self, path: &ArtifactPath, id: &UploadId) -> Result<()> {
        let name = self.scratch.fresh_name();
        let scratch = self.scratch.dir();
        let prepare = || -> io::Result<()> {
            scratch.create_dir(&name)?;
            let upload = scratch.open_dir(&name)?;
            let mut target = upload.create(TARGET)?;
            target.write_all(path.as_str().as_bytes())?;
            target.sync_all()?;
            upload.open(".")?.sync_all()
        };
        let moved = prepare().and_then(|()| scratch.rename(&name, &self.uploads, id.as_str()));
        if let Err(error) = moved {
            remove_any(scratch, &name).map_err(Error::internal)?;
            return Err(match error.kind() {
                io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists => {
                    Error::already_exists(format!("The multipart upload '{id}' already exists."))
                }
                _ => Error::internal(error),
            });
        }
        self.uploads
            .open(".")
            .and_then(|dir| dir.sync_all())
            .map_err(Error::internal)
    }

    /// The directory of an upload, which must have been opened for this very path.
    fn open_upload(&self, path: &ArtifactPath, id: &UploadId) -> Result<Dir> {
        let found = self.uploads.open_dir(id.as_str()).and_then(|upload| {
            let target = upload.read_to_string(TARGET)?;
            Ok((target == path.as_str()).then_some(upload))
        });
        match found {
            Ok(upload) => upload.ok_or_else(|| no_such_upload(path, id)),
            Err(error) if is_no_upload(&error) => Err(no_such_upload(path, id)),
            Err(error) => Err(Error::internal(error)),
        }
    }

    fn remove_upload(&self, id: &str) -> io::Result<()> {
        match self.scratch.take(&self.uploads, id) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            trash => remove_any(self.scratch.dir(), &trash?),
        }
    }
}

/// Moves a finished part to its upload, unless that has ended meanwhile.
fn keep_part(mut file: TemporaryFile, upload: &Dir, number: u32) -> io::Result<String> {
    file.sync()?;
    let etag = describe(&file.file().metadata()?)?.etag;
    file.rename_to(upload, &number.to_string())?;
    upload.open(".")?.sync_all()?;
    Ok(etag)
}

/// Copies the parts, inside the kernel where it can, one open file at a time.
fn concatenate(upload: &Dir, parts: &[CompletedPart], whole: &mut File, limit: u64) -> Result<u64> {
    let mut size = 0;
    for part in parts {
        let mut file = open_part(upload, part)?;
        size += io::copy(&mut file, whole).map_err(Error::internal)?;
        if size > limit {
            return Err(too_large(limit));
        }
    }
    Ok(size)
}

fn open_part(upload: &Dir, part: &CompletedPart) -> Result<File> {
    let opened = upload.open(part.number.to_string()).and_then(|file| {
        let file = file.into_std();
        let etag = describe(&file.metadata()?)?.etag;
        Ok((etag == part.etag).then_some(file))
    });
    let unknown = || {
        Error::invalid(format!(
            "Invalid value for parameter 'parts': part {} with ETag '{}' was not uploaded.",
            part.number, part.etag
        ))
    };
    match opened {
        Ok(file) => file.ok_or_else(unknown),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(unknown()),
        Err(error) => Err(Error::internal(error)),
    }
}

/// Object stores give ids that are too long for the name of a directory.
fn is_no_upload(error: &io::Error) -> bool {
    let kinds = [io::ErrorKind::NotFound, io::ErrorKind::InvalidFilename];
    kinds.contains(&error.kind())
}
