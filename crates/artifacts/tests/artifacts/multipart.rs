//! Uploads in parts.

use std::time::UNIX_EPOCH;

use bytes::Bytes;
use ferroflow_artifacts::{ArtifactStore, CompletedPart, Limits, UploadId, UploadedPart};
use ferroflow_model::{ErrorKind, Result};
use futures_util::Stream;

use crate::support::{Disk, cut_after, frames, once, path};

fn id(text: &str) -> UploadId {
    UploadId::parse(text).unwrap()
}

impl Disk {
    async fn put_part(
        &self,
        upload: &str,
        number: u32,
        content: impl Stream<Item = Result<Bytes>> + Send,
    ) -> Result<UploadedPart> {
        self.store
            .put_part(&path("big"), &id(upload), number, content)
            .await
    }

    async fn part(&self, upload: &str, number: u32, content: &[u8]) -> CompletedPart {
        let put = self.put_part(upload, number, once(content));
        let part = put.await.unwrap();
        assert_eq!((part.number, part.size), (number, content.len() as u64));
        CompletedPart {
            number,
            etag: part.etag,
        }
    }

    async fn complete(&self, upload: &str, parts: Vec<CompletedPart>) -> Result<u64, ErrorKind> {
        let done = self
            .store
            .complete_multipart(&path("big"), &id(upload), parts)
            .await;
        done.map_err(|error| error.kind())
    }
}

#[tokio::test]
async fn parts_in_any_order_make_the_artifact() {
    let disk = Disk::new();
    disk.store
        .create_multipart(&path("big"), id("u1"))
        .await
        .unwrap();
    let third = disk.part("u1", 30, b"ccc").await;
    let first = disk.part("u1", 1, b"a").await;
    disk.part("u1", 2, b"not this").await;
    let second = disk.part("u1", 2, b"bb").await;
    disk.part("u1", 31, b"not named").await;
    assert_eq!(disk.names("").await, Vec::<String>::new());
    assert_eq!(disk.complete("u1", vec![first, second, third]).await, Ok(6));
    assert_eq!(disk.get("big").await, b"abbccc");
    assert_eq!(
        disk.complete("u1", vec![]).await,
        Err(ErrorKind::MissingParameter)
    );
    disk.wait_until_clean().await;
}

#[tokio::test]
async fn large_parts_keep_their_bytes() {
    let disk = Disk::new();
    disk.store
        .create_multipart(&path("big"), id("u"))
        .await
        .unwrap();
    let mut parts = Vec::new();
    for number in 1..=3 {
        let put = disk.put_part("u", number, frames(20, 100_000));
        parts.push(CompletedPart {
            number,
            etag: put.await.unwrap().etag,
        });
    }
    assert_eq!(disk.complete("u", parts).await, Ok(6_000_000));
    let content = disk.get("big").await;
    assert!(content[..2_000_000] == content[4_000_000..] && content[1_900_000] == 19);
}

#[tokio::test]
async fn a_wrong_completion_changes_nothing_and_can_be_repeated() {
    let disk = Disk::new();
    disk.store
        .create_multipart(&path("big"), id("u"))
        .await
        .unwrap();
    let one = disk.part("u", 1, b"a").await;
    let stale = disk.part("u", 2, b"old").await;
    let two = disk.part("u", 2, b"b").await;
    let unknown = CompletedPart {
        number: 3,
        etag: one.etag.clone(),
    };
    let wrong = [
        vec![two.clone(), one.clone()],
        vec![one.clone(), one.clone()],
        vec![one.clone(), stale],
        vec![one.clone(), unknown],
        vec![CompletedPart {
            number: 0,
            etag: one.etag.clone(),
        }],
        vec![CompletedPart {
            number: 10_001,
            etag: one.etag.clone(),
        }],
    ];
    for parts in wrong {
        assert_eq!(
            disk.complete("u", parts.clone()).await,
            Err(ErrorKind::InvalidParameter),
            "{parts:?}"
        );
    }
    assert_eq!(disk.names("").await, Vec::<String>::new());
    assert_eq!(disk.complete("u", vec![one, two]).await, Ok(2));
    assert_eq!(disk.get("big").await, b"ab");
}

#[tokio::test]
async fn an_upload_belongs_to_its_path() {
    let disk = Disk::new();
    disk.store
        .create_multipart(&path("big"), id("u"))
        .await
        .unwrap();
    let part = disk.part("u", 1, b"a").await;
    let other = path("other");
    let put = disk.store.put_part(&other, &id("u"), 1, once(b"x")).await;
    assert_eq!(put.unwrap_err().kind(), ErrorKind::NotFound);
    let done = disk
        .store
        .complete_multipart(&other, &id("u"), vec![part.clone()])
        .await;
    assert_eq!(done.unwrap_err().kind(), ErrorKind::NotFound);
    disk.store.abort_multipart(&other, &id("u")).await.unwrap();
    assert_eq!(disk.complete("u", vec![part]).await, Ok(1));
}

#[tokio::test]
async fn an_id_is_used_once_at_a_time() {
    let disk = Disk::new();
    disk.store
        .create_multipart(&path("big"), id("u"))
        .await
        .unwrap();
    let again = disk.store.create_multipart(&path("big"), id("u")).await;
    assert_eq!(again.unwrap_err().kind(), ErrorKind::AlreadyExists);
    let put = disk
        .store
        .put_part(&path("big"), &id("unknown"), 1, once(b"x"))
        .await;
    assert_eq!(put.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn an_abort_drops_the_parts_and_may_be_repeated() {
    let disk = Disk::new();
    disk.store
        .create_multipart(&path("big"), id("u"))
        .await
        .unwrap();
    let part = disk.part("u", 1, b"a").await;
    for _ in 0..2 {
        disk.store
            .abort_multipart(&path("big"), &id("u"))
            .await
            .unwrap();
    }
    assert_eq!(
        disk.complete("u", vec![part]).await,
        Err(ErrorKind::NotFound)
    );
    disk.wait_until_clean().await;
}

#[tokio::test]
async fn limits_hold_for_parts_and_uploads() {
    let limits = Limits {
        artifact_bytes: 5,
        part_bytes: 3,
        parts: 2,
        open_uploads: 1,
    };
    let disk = Disk::with_limits(limits);
    disk.store
        .create_multipart(&path("big"), id("u"))
        .await
        .unwrap();
    let more = disk.store.create_multipart(&path("big"), id("v")).await;
    assert_eq!(more.unwrap_err().kind(), ErrorKind::LimitExceeded);
    let one = disk.part("u", 1, b"aaa").await;
    let two = disk.part("u", 2, b"bbb").await;
    for (number, content, kind) in [
        (0, "x", ErrorKind::InvalidParameter),
        (3, "x", ErrorKind::InvalidParameter),
        (1, "xxxx", ErrorKind::TooLarge),
    ] {
        let put = disk.put_part("u", number, once(content.as_bytes()));
        assert_eq!(put.await.unwrap_err().kind(), kind);
    }
    assert_eq!(
        disk.complete("u", vec![one.clone(), two]).await,
        Err(ErrorKind::TooLarge)
    );
    assert_eq!(disk.complete("u", vec![one]).await, Ok(3));
    disk.wait_until_clean().await;
}

#[tokio::test]
async fn a_cut_part_leaves_the_part_before_it() {
    let disk = Disk::new();
    disk.store
        .create_multipart(&path("big"), id("u"))
        .await
        .unwrap();
    let part = disk.part("u", 1, b"a").await;
    let cut = disk
        .store
        .put_part(&path("big"), &id("u"), 1, cut_after(20, 50_000))
        .await;
    assert_eq!(cut.unwrap_err().message(), "The body was cut.");
    assert_eq!(disk.complete("u", vec![part]).await, Ok(1));
    disk.wait_until_clean().await;
}

#[tokio::test]
async fn an_upload_outlives_a_restart() {
    let mut disk = Disk::new();
    disk.store
        .create_multipart(&path("big"), id("u"))
        .await
        .unwrap();
    let part = disk.part("u", 1, b"a").await;
    disk.store = ArtifactStore::local(&disk.root(), Limits::default()).unwrap();
    assert_eq!(disk.complete("u", vec![part]).await, Ok(1));
}

#[tokio::test]
async fn a_sweep_drops_stale_uploads_alone() {
    let disk = Disk::new();
    disk.store
        .create_multipart(&path("big"), id("old"))
        .await
        .unwrap();
    let upload = disk.root().join(".ferroflow-uploads/multipart/old");
    let opened = std::fs::metadata(upload).unwrap().modified().unwrap();
    let now = i64::try_from(opened.duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    assert_eq!(disk.store.sweep(now - 60_000).await.unwrap(), 0);
    disk.part("old", 1, b"a").await;
    assert_eq!(disk.store.sweep(now + 60_000).await.unwrap(), 1);
    let put = disk
        .store
        .put_part(&path("big"), &id("old"), 1, once(b"x"))
        .await;
    assert_eq!(put.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(disk.store.sweep(-1).await.unwrap(), 0);
    disk.wait_until_clean().await;
}
