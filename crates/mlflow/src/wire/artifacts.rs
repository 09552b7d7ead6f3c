//! Messages about artifacts.

use std::collections::BTreeMap;

use ferroflow_model::artifacts::FileInfo;
use ferroflow_service::SignedUrl;
use serde::Serialize;

use crate::message::Check::{Integer, Required, RunId, Text};
use crate::message::message;

message! {
    /// `GET artifacts/list`
    ListRunArtifacts {
        run_id: Option<String> => [Text, RunId],
        path: Option<String> => [Text],
        page_token: Option<String> => [Text],
        run_uuid: Option<String>,
    }

    /// `GET logged-models/{model_id}/artifacts/directories`
    ListLoggedModelArtifacts {
        artifact_directory_path: Option<String> => [Text],
        page_token: Option<String>,
        model_id: Option<String>,
    }

    /// `GET mlflow-artifacts/artifacts`
    ListProxiedArtifacts {
        path: Option<String>,
    }

    /// `POST mlflow-artifacts/mpu/create/{path}`
    CreateMultipartUpload {
        path: Option<String> => [Required, Text],
        num_parts: Option<i64> => [Integer],
    }

    /// A part of an upload.
    MultipartUploadPart {
        part_number: Option<i64>,
        etag: Option<String>,
        url: Option<String>,
    }

    /// `POST mlflow-artifacts/mpu/complete/{path}`
    CompleteMultipartUpload {
        path: Option<String> => [Required, Text],
        upload_id: Option<String> => [Text],
        parts: Option<Vec<MultipartUploadPart>> => [Required],
    }

    /// `POST mlflow-artifacts/mpu/abort/{path}`
    AbortMultipartUpload {
        path: Option<String> => [Required, Text],
        upload_id: Option<String> => [Text],
    }

    /// `POST artifacts/presigned-upload-url`
    CreatePresignedUploadUrl {
        run_id: Option<String> => [Text],
        model_id: Option<String> => [Text],
        path: Option<String> => [Required, Text],
        expiration: Option<i64> => [Integer],
    }

    /// `POST artifacts/presigned-download-url`
    CreatePresignedDownloadUrl {
        run_id: Option<String> => [Required, Text],
        path: Option<String> => [Required, Text],
        expiration: Option<i64> => [Integer],
    }
}

/// A file or directory, as clients are answered.
#[derive(Debug, Serialize)]
pub(crate) struct FileInfoView<'a> {
    path: &'a str,
    is_dir: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_size: Option<u64>,
}

impl<'a> FileInfoView<'a> {
    /// The file with the path that it is to be shown with. Like directories, empty files have no
    /// size.
    pub(crate) fn new(file: &FileInfo, path: &'a str) -> Self {
        Self {
            path,
            is_dir: file.is_dir,
            file_size: file.size.filter(|size| *size != 0),
        }
    }
}

/// Answers the lists of artifacts.
#[derive(Debug, Serialize)]
pub(crate) struct FileList<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) root_uri: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) files: Vec<FileInfoView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_page_token: Option<&'a str>,
}

/// Answers the beginning of an upload in parts.
#[derive(Debug, Serialize)]
pub(crate) struct UploadCredentials<'a> {
    pub(crate) upload_id: &'a str,
    pub(crate) credentials: Vec<PartCredential<'a>>,
}

/// Where one part is sent to.
#[derive(Debug, Serialize)]
pub(crate) struct PartCredential<'a> {
    pub(crate) url: String,
    pub(crate) part_number: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) headers: Option<PartHeaders<'a>>,
}

/// What a client sends with a part, as it would not by itself.
#[derive(Debug, Serialize)]
pub(crate) struct PartHeaders<'a> {
    /// The workspace that the upload belongs to.
    #[serde(rename = "X-MLFLOW-WORKSPACE")]
    pub(crate) workspace: &'a str,
}

/// Answers what asks for a signed URL of an artifact that clients keep themselves.
#[derive(Debug, Serialize)]
pub(crate) struct PresignedUrl<'a> {
    #[serde(rename = "presigned_url")]
    url: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_size: Option<u64>,
}

impl<'a> PresignedUrl<'a> {
    pub(crate) fn new(signed: &'a SignedUrl) -> Self {
        Self {
            url: &signed.url,
            headers: headers(signed),
            file_size: signed.size,
        }
    }
}

/// Answers the same of an artifact that clients have through this server; it has other names.
#[derive(Debug, Serialize)]
pub(crate) struct ProxiedPresignedUrl<'a> {
    url: &'a str,
    headers: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_size: Option<u64>,
}

impl<'a> ProxiedPresignedUrl<'a> {
    pub(crate) fn new(signed: &'a SignedUrl) -> Self {
        Self {
            url: &signed.url,
            headers: headers(signed),
            file_size: signed.size,
        }
    }
}

fn headers(signed: &SignedUrl) -> BTreeMap<&str, &str> {
    let headers = signed.headers.iter();
    headers
        .map(|(name, value)| (*name, value.as_str()))
        .collect()
}
