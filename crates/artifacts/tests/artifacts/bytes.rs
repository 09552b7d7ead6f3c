//! Writing, reading and deleting.

use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use ferroflow_artifacts::{ArtifactStore, ByteRange, Limits, Served};
use ferroflow_model::{ErrorKind, Result};
use futures_util::{StreamExt, TryStreamExt, future, stream};

use crate::support::{Disk, collect, cut_after, frames, once, path};

/// What is read, and what is written, at once.
const CHUNK_BYTES: usize = 128 * 1024;
const BATCH_BYTES: usize = 512 * 1024;

#[tokio::test]
async fn what_is_put_is_what_is_read() {
    let disk = Disk::new();
    for size in [
        0,
        1,
        1000,
        CHUNK_BYTES - 1,
        CHUNK_BYTES,
        CHUNK_BYTES + 1,
        BATCH_BYTES - 1,
        BATCH_BYTES,
        BATCH_BYTES + 1,
        3_000_000,
    ] {
        let content: Vec<u8> = (0..size)
            .map(|index: usize| index.to_le_bytes()[1])
            .collect();
        assert_eq!(disk.put("a/b/c.bin", &content).await, size as u64);
        assert!(disk.get("a/b/c.bin").await == content, "{size}");
    }
    disk.wait_until_clean().await;
}

#[tokio::test]
async fn many_frames_of_any_size_keep_their_order() {
    let disk = Disk::new();
    for (count, size) in [(5000, 1), (40, 20_000), (7, 300_000), (3, 0)] {
        let put = disk
            .store
            .put(&path("f"), frames(count, size))
            .await
            .unwrap();
        assert_eq!(put, (count * size) as u64);
        let expected: Vec<Bytes> = frames(count, size).try_collect().await.unwrap();
        assert!(disk.get("f").await == expected.concat(), "{count} x {size}");
    }
}

#[tokio::test]
async fn an_answer_tells_size_time_and_tag() {
    let disk = Disk::new();
    disk.put("f", b"hello").await;
    let info = disk.store.head(&path("f")).await.unwrap();
    let opened = disk.store.open(&path("f"), None).await.unwrap();
    assert_eq!(opened.info, info);
    assert_eq!(info.size, 5);
    let modified = std::fs::metadata(disk.root().join("f"))
        .unwrap()
        .modified()
        .unwrap();
    let modified_ms = modified.duration_since(UNIX_EPOCH).unwrap().as_millis();
    assert_eq!(u128::try_from(info.modified_ms).unwrap(), modified_ms);

    disk.put("f", b"HELLO").await;
    assert_ne!(disk.store.head(&path("f")).await.unwrap().etag, info.etag);
}

#[tokio::test]
async fn ranges_are_served_as_asked() {
    let disk = Disk::new();
    let content: Vec<u8> = (0..600_000_u32)
        .map(|index| index.to_le_bytes()[0])
        .collect();
    disk.put("f", &content).await;
    let size = content.len() as u64;
    let cases = [
        (ByteRange::Between { first: 0, last: 0 }, Some(0..1)),
        (
            ByteRange::Between {
                first: 10,
                last: 299_999,
            },
            Some(10..300_000),
        ),
        (
            ByteRange::Between {
                first: 10,
                last: u64::MAX,
            },
            Some(10..size),
        ),
        (ByteRange::Between { first: 10, last: 9 }, None),
        (
            ByteRange::Between {
                first: size,
                last: size,
            },
            None,
        ),
        (ByteRange::From(0), Some(0..size)),
        (ByteRange::From(size - 1), Some(size - 1..size)),
        (ByteRange::From(size), None),
        (ByteRange::Last(1), Some(size - 1..size)),
        (ByteRange::Last(u64::MAX), Some(0..size)),
        (ByteRange::Last(0), None),
    ];
    for (range, expected) in cases {
        let opened = disk.store.open(&path("f"), Some(range)).await.unwrap();
        assert_eq!(opened.info.size, size);
        let served = expected.clone().map_or(Served::Unsatisfiable, Served::Part);
        assert_eq!(opened.served, served, "{range:?}");
        let part = expected.unwrap_or(0..0);
        let (start, end) = (
            usize::try_from(part.start).unwrap(),
            usize::try_from(part.end).unwrap(),
        );
        assert!(collect(opened).await == content[start..end], "{range:?}");
    }
    let whole = disk.store.open(&path("f"), None).await.unwrap();
    assert_eq!(whole.served, Served::Whole);
}

#[tokio::test]
async fn what_is_missing_is_not_found_and_a_directory_is_no_file() {
    let disk = Disk::new();
    disk.put("dir/file", b"1").await;
    for missing in ["other", "dir/other", "other/file", "dir/file/below"] {
        let error = disk.store.open(&path(missing), None).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{missing}");
        assert_eq!(error.message(), format!("No such artifact: '{missing}'"));
        assert_eq!(
            disk.store.head(&path(missing)).await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
    }
    let error = disk.store.open(&path("dir"), None).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::IsADirectory);
    assert_eq!(
        error.message(),
        "Artifact path refers to a directory, not a file: 'dir'"
    );
    assert_eq!(
        disk.store.head(&path("dir")).await.unwrap_err().kind(),
        ErrorKind::IsADirectory
    );
}

#[tokio::test]
async fn a_file_and_a_directory_do_not_replace_each_other() {
    let disk = Disk::new();
    disk.put("dir/file", b"1").await;
    for (taken, kind) in [
        ("dir", ErrorKind::IsADirectory),
        ("dir/file/below", ErrorKind::InvalidParameter),
        ("dir/file/far/below", ErrorKind::InvalidParameter),
    ] {
        let error = disk.store.put(&path(taken), once(b"2")).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{taken}: {error:?}");
    }
    assert_eq!(disk.get("dir/file").await, b"1");
    disk.wait_until_clean().await;
}

#[tokio::test]
async fn a_cut_upload_leaves_nothing_and_the_old_content_stands() {
    let disk = Disk::new();
    disk.put("kept", b"old").await;
    for count in [0, 1, 20, 200] {
        for name in ["kept", "new/file"] {
            let error = disk
                .store
                .put(&path(name), cut_after(count, 50_000))
                .await
                .unwrap_err();
            assert_eq!(error.message(), "The body was cut.");
        }
    }
    assert_eq!(disk.get("kept").await, b"old");
    assert_eq!(disk.names("").await, ["kept"]);
    disk.wait_until_clean().await;
}

#[tokio::test]
async fn a_dropped_upload_leaves_nothing() {
    let disk = Disk::new();
    let endless = frames(100, 50_000).chain(stream::pending::<Result<Bytes>>());
    let target = path("new/file");
    let put = disk.store.put(&target, endless);
    assert!(
        tokio::time::timeout(Duration::from_millis(200), put)
            .await
            .is_err()
    );
    assert_eq!(disk.names("").await, Vec::<String>::new());
    disk.wait_until_clean().await;
}

#[tokio::test]
async fn an_upload_is_invisible_until_it_is_whole() {
    let disk = Disk::new();
    let (send, receive) = tokio::sync::oneshot::channel::<()>();
    let last = stream::once(async {
        receive.await.unwrap();
        Ok(Bytes::from_static(b"end"))
    });
    let (store, target) = (disk.store.clone(), path("new/file"));
    let content = frames(20, 50_000).chain(last);
    let put = tokio::spawn(async move { store.put(&target, content).await });
    while disk.leftovers().is_empty() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(
        disk.kind_of_get("new/file").await,
        Some(ErrorKind::NotFound)
    );
    assert_eq!(disk.names("").await, Vec::<String>::new());
    send.send(()).unwrap();
    assert_eq!(put.await.unwrap().unwrap(), 1_000_003);
    assert_eq!(disk.names("new").await, ["file"]);
}

#[tokio::test]
async fn too_much_is_refused_and_leaves_nothing() {
    let disk = Disk::with_limits(Limits {
        artifact_bytes: 1_000_000,
        ..Limits::default()
    });
    assert_eq!(
        disk.store
            .put(&path("f"), frames(10, 100_000))
            .await
            .unwrap(),
        1_000_000
    );
    for size in [100_001, 10_000_000] {
        let error = disk
            .store
            .put(&path("g"), frames(10, size))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
    }
    assert_eq!(disk.names("").await, ["f"]);
    disk.wait_until_clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_puts_at_once_one_wins_whole() {
    let disk = Disk::new();
    let puts = (0..32_u8).map(|number| {
        let store = disk.store.clone();
        tokio::spawn(async move {
            let content = stream::iter((0..10).map(move |_| Ok(Bytes::from(vec![number; 60_000]))));
            store.put(&path("deep/in/a/tree/f"), content).await
        })
    });
    for put in future::join_all(puts).await {
        assert_eq!(put.unwrap().unwrap(), 600_000);
    }
    let content = disk.get("deep/in/a/tree/f").await;
    assert_eq!(content.len(), 600_000);
    assert!(content.iter().all(|byte| *byte == content[0]));
    disk.wait_until_clean().await;
}

#[tokio::test]
async fn a_reader_keeps_the_content_that_it_opened() {
    let disk = Disk::new();
    let old = vec![1_u8; 1_500_000];
    disk.put("f", &old).await;
    let replaced = disk.store.open(&path("f"), None).await.unwrap();
    disk.put("f", b"new").await;
    assert!(collect(replaced).await == old);
    let deleted = disk.store.open(&path("f"), None).await.unwrap();
    disk.store.delete(&path("f")).await.unwrap();
    assert_eq!(collect(deleted).await, b"new");
}

#[tokio::test]
async fn a_file_that_shrinks_cuts_the_answer() {
    let disk = Disk::new();
    disk.put("f", &vec![1_u8; 2_000_000]).await;
    let opened = disk.store.open(&path("f"), None).await.unwrap();
    std::fs::File::options()
        .write(true)
        .open(disk.root().join("f"))
        .unwrap()
        .set_len(10)
        .unwrap();
    let error = opened.body.try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
}

#[tokio::test]
async fn delete_takes_files_and_trees_and_may_be_repeated() {
    let disk = Disk::new();
    for name in ["tree/a", "tree/b/c", "tree/b/d/e", "treetop", "other/f"] {
        disk.put(name, b"1").await;
    }
    for name in [
        "tree/b/c",
        "tree/b/c",
        "tree",
        "tree",
        "missing/x",
        "treetop/below",
    ] {
        disk.store.delete(&path(name)).await.unwrap();
    }
    assert_eq!(disk.names("").await, ["other", "treetop"]);
    assert_eq!(disk.kind_of_get("tree/a").await, Some(ErrorKind::NotFound));
    disk.put("tree/a", b"2").await;
    assert_eq!(disk.get("tree/a").await, b"2");
    disk.wait_until_clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn puts_and_deletes_of_a_tree_at_once_do_not_fail() {
    let disk = Disk::new();
    let tasks = (0..64_u32).map(|number| {
        let store = disk.store.clone();
        tokio::spawn(async move {
            if number % 4 == 0 {
                store.delete(&path("a/b")).await
            } else {
                store
                    .put(&path(&format!("a/b/c/{number}")), once(b"1"))
                    .await
                    .map(drop)
            }
        })
    });
    for done in future::join_all(tasks).await {
        done.unwrap().unwrap();
    }
    disk.wait_until_clean().await;
}

#[tokio::test]
async fn a_start_removes_what_a_crash_left_but_not_what_is_in_use() {
    let disk = Disk::new();
    let hidden = disk.root().join(".ferroflow-uploads");
    // A server that died: its lock is free again.
    std::fs::create_dir_all(hidden.join("7/tree")).unwrap();
    std::fs::write(hidden.join("7.lock"), b"").unwrap();
    std::fs::write(hidden.join("7/0"), b"half").unwrap();
    std::fs::write(hidden.join("7/tree/file"), b"half").unwrap();
    // A server that lives: this one, with an upload under way.
    let (send, receive) = tokio::sync::oneshot::channel::<()>();
    let last = stream::once(async {
        receive.await.unwrap();
        Ok(Bytes::from_static(b"end"))
    });
    let store = disk.store.clone();
    let put =
        tokio::spawn(async move { store.put(&path("f"), frames(9, 90_000).chain(last)).await });
    while disk.leftovers().len() < 3 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }

    let second = ArtifactStore::local(&disk.root(), Limits::default()).unwrap();
    assert_eq!(disk.leftovers().len(), 1);
    send.send(()).unwrap();
    assert_eq!(put.await.unwrap().unwrap(), 810_003);
    second.put(&path("g"), once(b"1")).await.unwrap();
    assert_eq!(disk.names("").await, ["f", "g"]);
    disk.wait_until_clean().await;
}
