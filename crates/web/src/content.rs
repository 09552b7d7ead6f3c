//! The headers under which stored files are sent: a browser saves them and never runs them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use unicode_normalization::UnicodeNormalization;

/// What may stand unencoded in the value of `filename*` (RFC 5987, `attr-char`).
const NOT_ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The `Content-Type` of a file by its name.
///
/// Text, code and markup are all `text/plain`, as MLflow has most of them, so that no browser takes
/// an artifact for a page or a script of the server's origin; send `X-Content-Type-Options: nosniff`
/// with it. A compressed file has the type of what is in it, as in MLflow. What is not known is
/// `application/octet-stream`.
pub fn content_type(name: &str) -> &'static str {
    match extension(name) {
        Some((stem, "gz" | "bz2" | "xz" | "br" | "Z")) if extension(stem).is_some() => {
            content_type(stem)
        }
        Some((_, extension)) => type_of_extension(&extension.to_ascii_lowercase()),
        None if matches!(name, "MLmodel" | "MLproject") => "text/plain",
        None => "application/octet-stream",
    }
}

/// The stem of a name and what follows its last dot.
fn extension(name: &str) -> Option<(&str, &str)> {
    let split = name.rsplit_once('.');
    split.filter(|(stem, _)| !stem.is_empty())
}

#[rustfmt::skip]
fn type_of_extension(extension: &str) -> &'static str {
    match extension {
        "txt" | "log" | "err" | "cfg" | "conf" | "cnf" | "cf" | "ini" | "properties" | "prop"
        | "hocon" | "toml" | "yaml" | "yml" | "xml" | "xsl" | "wsdl" | "rdf" | "json" | "jsonl"
        | "webmanifest" | "js" | "mjs" | "ts" | "py" | "py3" | "csv" | "tsv" | "md" | "rst"
        | "ipynb" | "html" | "htm" | "xhtml" | "css" | "sgml" | "n3" | "c" | "cc" | "cpp" | "h"
        | "hpp" | "java" | "kt" | "scala" | "go" | "rs" | "r" | "rb" | "pl" | "sh" | "bat"
        | "ksh" | "sql" | "tex" | "srt" | "vtt" | "vcf" | "diff" | "patch" => "text/plain",
        "png" => "image/png",
        "jpg" | "jpeg" | "jpe" => "image/jpeg",
        "gif" => "image/gif",
        "svg" | "svgz" => "image/svg+xml",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "bmp" => "image/bmp",
        "ico" => "image/vnd.microsoft.icon",
        "tif" | "tiff" => "image/tiff",
        "heic" => "image/heic",
        "heif" => "image/heif",
        "pbm" => "image/x-portable-bitmap",
        "pgm" => "image/x-portable-graymap",
        "ppm" => "image/x-portable-pixmap",
        "pnm" => "image/x-portable-anymap",
        "mp3" | "mp2" => "audio/mpeg",
        "m4a" => "audio/mp4",
        "wav" => "audio/x-wav",
        "aif" | "aiff" | "aifc" => "audio/x-aiff",
        "au" | "snd" => "audio/basic",
        "aac" | "adts" => "audio/aac",
        "flac" => "audio/flac",
        "ogg" => "audio/ogg",
        "opus" => "audio/opus",
        "3gp" | "3gpp" => "audio/3gpp",
        "3g2" | "3gpp2" => "audio/3gpp2",
        "mid" | "midi" => "audio/midi",
        "mp4" => "video/mp4",
        "mpeg" | "mpg" | "mpe" | "mpa" | "m1v" => "video/mpeg",
        "webm" => "video/webm",
        "mov" | "qt" => "video/quicktime",
        "avi" => "video/x-msvideo",
        "mkv" => "video/x-matroska",
        "ttf" => "font/ttf",
        "otf" => "font/otf",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "tar" | "tgz" | "taz" | "tz" | "tbz2" | "txz" => "application/x-tar",
        "7z" => "application/x-7z-compressed",
        "zst" => "application/zstd",
        "rar" => "application/vnd.rar",
        "wasm" => "application/wasm",
        "h5" => "application/x-hdf5",
        "hdf" => "application/x-hdf",
        "nc" | "cdf" => "application/x-netcdf",
        "ps" | "eps" | "ai" => "application/postscript",
        "rtf" => "application/rtf",
        "doc" | "dot" => "application/msword",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xls" => "application/vnd.ms-excel",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "ppt" | "pps" => "application/vnd.ms-powerpoint",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "odt" => "application/vnd.oasis.opendocument.text",
        "ods" => "application/vnd.oasis.opendocument.spreadsheet",
        "odp" => "application/vnd.oasis.opendocument.presentation",
        _ => "application/octet-stream",
    }
}

/// The `Content-Disposition` that makes a browser save a file under `name` (RFC 6266).
///
/// A name that is not ASCII is given twice: as `filename*`, and as what is left of it in ASCII,
/// letters without their accents, for clients that do not know that. The value is always a valid header: control characters
/// are dropped.
pub fn content_disposition(name: &str) -> String {
    let fallback: String = name
        .nfkd()
        .filter(|c| c.is_ascii() && !c.is_control())
        .collect();
    if name.is_ascii() {
        return format!("attachment; filename={}", token_or_quoted(&fallback));
    }
    let fallback = if fallback.is_empty() {
        "download"
    } else {
        &fallback
    };
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    format!(
        "attachment; filename={}; filename*=UTF-8''{}",
        token_or_quoted(fallback),
        utf8_percent_encode(&name, NOT_ATTR_CHAR)
    )
}

/// A value as HTTP wants it: as it is when it is a token, else quoted (RFC 9110, 5.6).
fn token_or_quoted(value: &str) -> String {
    let is_token_byte =
        |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !value.is_empty() && value.bytes().all(is_token_byte) {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_go_by_the_name() {
        let cases = [
            ("MLmodel", "text/plain"),
            ("conda.yaml", "text/plain"),
            ("page.html", "text/plain"),
            ("page.XHTML", "text/plain"),
            ("script.js", "text/plain"),
            ("script.mjs", "text/plain"),
            ("a.json", "text/plain"),
            ("plot.PNG", "image/png"),
            ("model.pkl", "application/octet-stream"),
            ("a.html.gz", "text/plain"),
            ("a.tar.gz", "application/x-tar"),
            ("a.tgz", "application/x-tar"),
            ("a.gz", "application/octet-stream"),
            (".tar.gz", "application/octet-stream"),
            ("a.csv.Z", "text/plain"),
            ("mail.mht", "application/octet-stream"),
            ("film.swf", "application/octet-stream"),
            ("noextension", "application/octet-stream"),
            (".json", "application/octet-stream"),
            ("a.", "application/octet-stream"),
            ("", "application/octet-stream"),
        ];
        for (name, expected) in cases {
            assert_eq!(content_type(name), expected, "{name}");
        }
    }

    #[test]
    fn dispositions_are_those_of_the_reference() {
        let cases = [
            ("a.txt", "attachment; filename=a.txt"),
            ("a b.txt", "attachment; filename=\"a b.txt\""),
            ("a\"b.txt", "attachment; filename=\"a\\\"b.txt\""),
            ("a\\b", "attachment; filename=\"a\\\\b\""),
            ("a,b", "attachment; filename=\"a,b\""),
            ("a'b", "attachment; filename=a'b"),
            ("a%b", "attachment; filename=a%b"),
            ("", "attachment; filename=\"\""),
            (
                "ünï.txt",
                "attachment; filename=uni.txt; filename*=UTF-8''%C3%BCn%C3%AF.txt",
            ),
            (
                "日本語",
                "attachment; filename=download; filename*=UTF-8''%E6%97%A5%E6%9C%AC%E8%AA%9E",
            ),
            (
                "日 (1)'.txt",
                "attachment; filename=\" (1)'.txt\"; filename*=UTF-8''%E6%97%A5%20%281%29%27.txt",
            ),
        ];
        for (name, expected) in cases {
            assert_eq!(content_disposition(name), expected, "{name}");
        }
    }

    #[test]
    fn a_name_cannot_break_out_of_its_header() {
        for name in ["a\r\nSet-Cookie: x", "é\r\n\0\u{85}x", "\n", "\u{7f}é"] {
            let value = content_disposition(name);
            assert!(http::HeaderValue::from_str(&value).is_ok(), "{value:?}");
            assert!(!value.contains(char::is_control), "{value:?}");
        }
    }
}
