//! Which paths there are, and that no operation takes another one.

use std::path::{Component, Path};

use ferroflow_artifacts::{ArtifactPath, MAX_NAME_BYTES, MAX_PATH_BYTES, UploadId};
use ferroflow_model::ErrorKind;
use proptest::prelude::*;

use crate::support::{Disk, once};

/// Attacks as a client could send them, after the decoding that HTTP itself does.
const TRICKS: &[&str] = &[
    "..",
    "../a",
    "a/..",
    "a/../b",
    "a/../../b",
    "%2e%2e",
    "%2e%2e/a",
    "%2E%2E%2Fa",
    "..%2fa",
    "a%2f..%2f..%2fb",
    "%252e%252e%252fa",
    "%25252e%25252e%25252fa",
    "%2525252525252525252e%2525252525252525252e/a",
    "..\\a",
    "a\\b",
    "a%5cb",
    "%255c%255chost%255cshare",
    "\\\\host\\share",
    "/",
    "/etc/passwd",
    "//etc/passwd",
    "%2fetc/passwd",
    "%252fetc/passwd",
    "C:",
    "C:a",
    "C:/a",
    "c:\\a",
    "%43%3a/a",
    "file:a",
    "file:/etc/passwd",
    "file:///etc/passwd",
    "FILE:///etc/passwd",
    "file%3a///etc/passwd",
    "http://host/a",
    "s3://bucket/a",
    "s3:/bucket/a",
    "mlflow-artifacts:/a",
    "a#b",
    "#",
    "a%23b",
    "a%2523b",
    "a?b",
    "a%3fb",
    "a\0b",
    "a%00b",
    "a%2500b",
    "a\nb",
    "a%0d%0ab",
    "a\u{7f}b",
    "a\u{85}b",
    ".",
    "./a",
    "a/./b",
    "a/.",
    "a//b",
    "a///b",
    "%2e/a",
    "a%2f%2fb",
    "...",
    "..../a",
    "a/.. /b",
    "a/. ",
    " /a",
    "..;/a",
    "a/..;x=1/b",
    ".;/a",
    "%2e%2e%3b/a",
    ".ferroflow-uploads",
    ".ferroflow-uploads/0/0",
    "a/.ferroflow-uploads",
    ".FerroFlow-Uploads/0",
    "%2eferroflow-uploads",
];

/// What real clients send, and the name that comes of it.
const HONEST: &[(&str, &str)] = &[
    ("model/MLmodel", "model/MLmodel"),
    ("0/3f2a/artifacts/a b.txt", "0/3f2a/artifacts/a b.txt"),
    ("a%20b.txt", "a b.txt"),
    ("a%2520b.txt", "a b.txt"),
    ("100%.txt", "100%.txt"),
    ("100%25.txt", "100%.txt"),
    ("50%zz", "50%zz"),
    ("50%ff", "50\u{fffd}"),
    (
        "a+b=c@d,e&f$g!h'(i)[j]{k}~l^m|n",
        "a+b=c@d,e&f$g!h'(i)[j]{k}~l^m|n",
    ),
    ("モデル/重み.bin", "モデル/重み.bin"),
    ("%E3%83%A2", "モ"),
    ("naïve/é.txt", "naïve/é.txt"),
    ("🦀", "🦀"),
    (".hidden", ".hidden"),
    ("..a", "..a"),
    ("a..", "a.."),
    ("a.", "a."),
    ("...a", "...a"),
    (" a ", " a "),
    ("a;b.txt", "a;b.txt"),
    ("a;", "a;"),
    ("loss:train.json", "loss:train.json"),
    ("2026-01-01T10:00:00.csv", "2026-01-01T10:00:00.csv"),
    ("run/C:x", "run/C:x"),
    ("notes:", "notes:"),
    ("filename", "filename"),
    ("*.txt", "*.txt"),
    ("\"quoted\"", "\"quoted\""),
    ("-rf", "-rf"),
    ("con", "con"),
    (".ferroflow", ".ferroflow"),
];

#[test]
fn every_trick_is_refused() {
    for trick in TRICKS {
        for parsed in [
            ArtifactPath::parse(trick),
            ArtifactPath::parse_directory(trick),
        ] {
            let error = parsed.expect_err(trick);
            assert_eq!(error.kind(), ErrorKind::InvalidParameter, "{trick:?}");
            assert!(
                error.message().starts_with("Invalid path"),
                "{trick:?}: {error}"
            );
        }
    }
}

#[test]
fn every_honest_path_is_taken_in_canonical_form() {
    for (text, canonical) in HONEST {
        let parsed = ArtifactPath::parse(text).expect(text);
        assert_eq!(parsed.as_str(), *canonical, "{text:?}");
        assert_eq!(
            ArtifactPath::parse_directory(&format!("{text}/")).expect(text),
            parsed
        );
        assert_eq!(ArtifactPath::parse(parsed.as_str()).expect(text), parsed);
    }
}

#[tokio::test]
async fn every_honest_path_can_be_written_listed_read_and_deleted() {
    let disk = Disk::new();
    let mut canonical: Vec<&str> = HONEST.iter().map(|(_, canonical)| *canonical).collect();
    canonical.sort_unstable();
    canonical.dedup();
    for text in canonical {
        let path = ArtifactPath::parse(text).unwrap();
        disk.store
            .put(&path, once(text.as_bytes()))
            .await
            .expect(text);
        assert_eq!(disk.get(text).await, text.as_bytes());
        assert!(
            disk.names(path.parent().as_str())
                .await
                .contains(&path.name().to_owned()),
            "{text}"
        );
        disk.store.delete(&path).await.expect(text);
        assert_eq!(
            disk.kind_of_get(text).await,
            Some(ErrorKind::NotFound),
            "{text}"
        );
    }
}

#[tokio::test]
async fn the_root_can_be_listed_and_nothing_else() {
    let disk = Disk::new();
    disk.put("keep", b"1").await;
    let root = ArtifactPath::parse_directory("").unwrap();
    let id = UploadId::parse("u").unwrap();
    assert!(root.is_root());
    let kinds = [
        disk.store.put(&root, once(b"x")).await.unwrap_err().kind(),
        disk.store.delete(&root).await.unwrap_err().kind(),
        disk.store.open(&root, None).await.err().unwrap().kind(),
        disk.store.head(&root).await.unwrap_err().kind(),
        disk.store
            .create_multipart(&root, id)
            .await
            .unwrap_err()
            .kind(),
        ArtifactPath::parse("").unwrap_err().kind(),
    ];
    let (invalid, directory) = (ErrorKind::InvalidParameter, ErrorKind::IsADirectory);
    let refused = [invalid, invalid, directory, directory, invalid, invalid];
    assert_eq!(kinds, refused);
    assert_eq!(disk.names("").await, ["keep"]);
}

#[test]
fn a_file_needs_a_name_and_a_directory_may_end_in_a_slash() {
    let error = ArtifactPath::parse("a/b/").unwrap_err();
    assert_eq!(
        error.message(),
        "Artifact path must include a filename (cannot end with '/')."
    );
    assert_eq!(
        ArtifactPath::parse_directory("a/b/").unwrap().as_str(),
        "a/b"
    );
    assert!(ArtifactPath::parse_directory("a/b//").is_err());
    let absolute = ArtifactPath::parse_directory("/").unwrap_err();
    assert_eq!(absolute.message(), "Invalid path");
}

#[test]
fn names_and_paths_have_a_longest_length() {
    let name = "é".repeat(MAX_NAME_BYTES / 2);
    assert!(ArtifactPath::parse(&format!("{name}x")).is_ok());
    assert!(ArtifactPath::parse(&format!("{name}xx")).is_err());

    let longest = ["a"; MAX_PATH_BYTES.div_ceil(2)].join("/");
    assert_eq!(longest.len(), MAX_PATH_BYTES - 1);
    let longest = ArtifactPath::parse(&format!("{longest}a")).unwrap();
    assert!(ArtifactPath::parse(&format!("{longest}a")).is_err());
    assert!(ArtifactPath::root().join(&longest).is_ok());
    assert!(ArtifactPath::parse("a").unwrap().join(&longest).is_err());
    assert!(ArtifactPath::parse(&"%2561".repeat(100_000)).is_err());
}

#[test]
fn within_goes_by_whole_names() {
    let path = |text| ArtifactPath::parse(text).unwrap();
    assert!(path("a/b").is_within(&path("a")));
    assert!(path("a").is_within(&path("a")));
    assert!(path("a").is_within(&ArtifactPath::root()));
    assert!(!path("ab").is_within(&path("a")));
    assert!(!path("a").is_within(&path("a/b")));
    assert_eq!(path("a/b/c").parent(), path("a/b"));
    assert_eq!(path("a").parent(), ArtifactPath::root());
    assert_eq!(path("a").join(&path("b/c")).unwrap(), path("a/b/c"));
}

#[test]
fn upload_ids_are_plain_names() {
    for good in ["a", "0123456789abcdef", "A-b_c.d~e", &"x".repeat(1024)] {
        assert_eq!(UploadId::parse(good).unwrap().as_str(), good);
    }
    for bad in [
        "",
        ".",
        "..",
        ".a",
        "a/b",
        "../a",
        "a\\b",
        "a b",
        "é",
        "a\0",
        &"x".repeat(1025),
    ] {
        assert!(UploadId::parse(bad).is_err(), "{bad:?}");
    }
}

/// Pieces that attacks are made of, and others.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "..",
            ".",
            "/",
            "\\",
            "%2e",
            "%2f",
            "%5c",
            "%252e",
            "%252f",
            "%00",
            "%",
            "25",
            "2e",
            ":",
            ";",
            "#",
            "?",
            " ",
            "file:",
            "C:",
            ".ferroflow-",
            "a",
            "B",
            "é",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn what_is_accepted_stays_below_the_root(text in pieces()) {
        for path in [ArtifactPath::parse(&text), ArtifactPath::parse_directory(&text)] {
            let Ok(path) = path else { continue };
            let joined = Path::new("/root").join(path.as_str());
            prop_assert!(joined.starts_with("/root"));
            prop_assert!(
                Path::new(path.as_str()).components().all(|part| matches!(part, Component::Normal(_)))
            );
            prop_assert!(!path.as_str().contains(['\\', '\0', '#', '?']));
            prop_assert!(path.is_root() || ArtifactPath::parse(path.as_str()).unwrap() == path);
        }
    }
}
