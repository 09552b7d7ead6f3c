//! Links in the root, as somebody with access to the disk could put there.
#![cfg(unix)]

use std::os::unix::fs::symlink;

use ferroflow_artifacts::{ListPage, Listing, UploadId};
use ferroflow_model::ErrorKind;

use crate::support::{Disk, once, path};

/// A root with links to a file and a directory outside, absolute and relative.
fn disk_with_links() -> Disk {
    let disk = Disk::new();
    let outside = disk.directory.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("secret"), b"secret").unwrap();
    std::fs::create_dir(disk.root().join("d")).unwrap();
    let links = [
        ("absolute_dir", outside.to_str().unwrap()),
        ("absolute_file", outside.join("secret").to_str().unwrap()),
        ("relative_dir", "../outside"),
        ("d/relative_dir", "../../outside"),
        ("d/relative_file", "../../outside/secret"),
        ("root", "/"),
        ("dangling", "../nowhere"),
        ("loop", "loop"),
    ]
    .map(|(name, target)| (name, target.to_owned()));
    for (name, target) in links {
        symlink(target, disk.root().join(name)).unwrap();
    }
    disk
}

const FILES: &[&str] = &[
    "absolute_file",
    "absolute_dir/secret",
    "relative_dir/secret",
    "d/relative_dir/secret",
    "d/relative_file",
    "root/etc/passwd",
    "loop/secret",
    "dangling",
    "loop",
];

const DIRECTORIES: &[&str] = &[
    "absolute_dir",
    "relative_dir",
    "d/relative_dir",
    "root",
    "root/etc",
    "dangling",
    "loop",
];

#[tokio::test]
async fn nothing_outside_is_read_or_listed() {
    let disk = disk_with_links();
    for name in FILES {
        assert_eq!(
            disk.kind_of_get(name).await,
            Some(ErrorKind::NotFound),
            "{name}"
        );
        let head = disk.store.head(&path(name)).await;
        assert_eq!(head.unwrap_err().kind(), ErrorKind::NotFound, "{name}");
    }
    for name in DIRECTORIES {
        let listing = disk
            .store
            .list(&path(name), ListPage::default())
            .await
            .unwrap();
        assert_eq!(listing, Listing::default(), "{name}");
    }
    assert_eq!(disk.names("").await, ["d"]);
    assert_eq!(disk.names("d").await, Vec::<String>::new());
}

#[tokio::test]
async fn nothing_outside_is_written() {
    let disk = disk_with_links();
    for (number, name) in DIRECTORIES
        .iter()
        .filter(|name| **name != "dangling")
        .enumerate()
    {
        for below in ["new", "new/deep", "secret"] {
            let target = path(&format!("{name}/{below}"));
            let error = disk.store.put(&target, once(b"x")).await.unwrap_err();
            assert_eq!(
                error.kind(),
                ErrorKind::InvalidParameter,
                "{target}: {error:?}"
            );

            let id = UploadId::parse(&format!("u{number}-{}", below.len())).unwrap();
            disk.store
                .create_multipart(&target, id.clone())
                .await
                .unwrap();
            let part = disk
                .store
                .put_part(&target, &id, 1, once(b"x"))
                .await
                .unwrap();
            let parts = vec![ferroflow_artifacts::CompletedPart {
                number: 1,
                etag: part.etag,
            }];
            let error = disk
                .store
                .complete_multipart(&target, &id, parts)
                .await
                .unwrap_err();
            assert_eq!(
                error.kind(),
                ErrorKind::InvalidParameter,
                "{target}: {error:?}"
            );
            disk.store.abort_multipart(&target, &id).await.unwrap();
        }
    }
    assert!(
        disk.store
            .put(&path("dangling/new"), once(b"x"))
            .await
            .is_err()
    );
    let outside = disk.directory.path().join("outside");
    assert_eq!(std::fs::read(outside.join("secret")).unwrap(), b"secret");
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 1);
    assert!(!disk.directory.path().join("nowhere").exists());
    disk.wait_until_clean().await;
}

#[tokio::test]
async fn a_write_replaces_a_link_and_not_what_it_points_to() {
    let disk = disk_with_links();
    disk.put("absolute_file", b"mine").await;
    assert_eq!(disk.get("absolute_file").await, b"mine");
    let outside = disk.directory.path().join("outside");
    assert_eq!(std::fs::read(outside.join("secret")).unwrap(), b"secret");
}

#[tokio::test]
async fn a_delete_takes_the_link_and_not_what_it_points_to() {
    let disk = disk_with_links();
    for name in FILES.iter().chain(DIRECTORIES).chain(&["d"]) {
        disk.store.delete(&path(name)).await.unwrap();
    }
    let outside = disk.directory.path().join("outside");
    assert_eq!(std::fs::read(outside.join("secret")).unwrap(), b"secret");
    assert!(std::fs::symlink_metadata(disk.root().join("absolute_dir")).is_err());
}

#[tokio::test]
async fn a_link_that_stays_inside_is_followed() {
    let disk = Disk::new();
    disk.put("real/file", b"1").await;
    disk.put("d/own", b"2").await;
    symlink("../real/file", disk.root().join("d/link")).unwrap();
    assert_eq!(disk.get("d/link").await, b"1");
    assert_eq!(disk.names("d").await, ["link", "own"]);
}

#[tokio::test]
async fn a_pipe_is_not_waited_for() {
    let disk = Disk::new();
    let made = std::process::Command::new("mkfifo")
        .arg(disk.root().join("pipe"))
        .status()
        .unwrap();
    assert!(made.success());
    assert_eq!(disk.kind_of_get("pipe").await, Some(ErrorKind::NotFound));
    assert_eq!(disk.names("").await, Vec::<String>::new());
}
