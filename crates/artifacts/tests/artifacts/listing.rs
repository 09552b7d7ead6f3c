//! Listing directories.

use ferroflow_artifacts::{ArtifactPath, FileInfo, ListPage, Listing};

use crate::support::{Disk, path};

#[tokio::test]
async fn entries_come_by_name_with_their_sizes() {
    let disk = Disk::new();
    for (name, content) in [
        ("d/b.txt", "22"),
        ("d/a/x", "1"),
        ("d/Z", ""),
        ("d/é", "4444"),
    ] {
        disk.put(name, content.as_bytes()).await;
    }
    let listing = disk
        .store
        .list(&path("d"), ListPage::default())
        .await
        .unwrap();
    let file = |text: &str, size| FileInfo {
        path: path(text),
        is_dir: false,
        size: Some(size),
    };
    let directory = FileInfo {
        path: path("d/a"),
        is_dir: true,
        size: None,
    };
    let files = vec![
        file("d/Z", 0),
        directory,
        file("d/b.txt", 2),
        file("d/é", 4),
    ];
    assert_eq!(listing, Listing { files, next: None });
}

#[tokio::test]
async fn what_is_missing_or_a_file_has_no_entries() {
    let disk = Disk::new();
    disk.put("d/f", b"1").await;
    for name in ["missing", "d/missing", "d/f", "d/f/below"] {
        let listing = disk
            .store
            .list(&path(name), ListPage::default())
            .await
            .unwrap();
        assert_eq!(listing, Listing::default(), "{name}");
    }
}

#[tokio::test]
async fn the_root_does_not_show_the_hidden_directory() {
    let disk = Disk::new();
    assert_eq!(disk.names("").await, Vec::<String>::new());
    disk.put("a", b"1").await;
    assert_eq!(disk.names("").await, ["a"]);
    assert!(disk.root().join(".ferroflow-uploads").is_dir());
}

#[tokio::test]
async fn pages_cover_a_directory_once() {
    let disk = Disk::new();
    std::fs::create_dir(disk.root().join("d")).unwrap();
    let mut expected: Vec<String> = (0..25).map(|number| format!("f{number}")).collect();
    for name in &expected {
        std::fs::write(disk.root().join("d").join(name), b"1").unwrap();
    }
    expected.sort();
    for limit in [0, 1, 7, 24, 25, 26, usize::MAX] {
        let mut page = ListPage { after: None, limit };
        let mut seen = Vec::new();
        loop {
            let listing = disk.store.list(&path("d"), page.clone()).await.unwrap();
            assert!(listing.files.len() <= limit.max(1));
            seen.extend(listing.files.iter().map(|file| file.path.name().to_owned()));
            page.after = listing.next;
            if page.after.is_none() {
                break;
            }
        }
        assert_eq!(seen, expected, "limit {limit}");
    }
}

#[tokio::test]
async fn names_that_no_client_can_ask_for_are_not_shown() {
    let disk = Disk::new();
    for name in ["a#b", "a%20b", "a\\b", "a\nb", "good", "100%", "C:x", "..."] {
        std::fs::write(disk.root().join(name), b"1").unwrap();
    }
    assert_eq!(disk.names("").await, ["100%", "good"]);
    for file in disk
        .store
        .list(&ArtifactPath::root(), ListPage::default())
        .await
        .unwrap()
        .files
    {
        assert_eq!(disk.get(file.path.as_str()).await, b"1");
    }
}
