//! Where clients keep artifacts themselves, and the server reads them for them.

use std::path::Path;

use ferroflow_model::Result;
use ferroflow_model::artifacts::split_query;
use percent_encoding::percent_decode_str;

use crate::{ArtifactPath, ArtifactStore, BucketOptions, Limits};

/// A directory of this machine, or a place in a bucket, that artifact locations of runs may name
/// outright. Nothing outside of it is read, whatever a location says.
#[derive(Clone)]
pub struct DirectRoot {
    base: Base,
    store: ArtifactStore,
}

/// What all locations below a root begin with, without a slash at its end.
#[derive(Clone)]
enum Base {
    /// From the root of the file system on.
    Path(String),
    /// A URI.
    Uri(String),
}

impl DirectRoot {
    /// Opens a directory, creating it when it is missing. It blocks, so it is for the start of a
    /// server.
    pub fn directory(path: &Path, limits: Limits) -> Result<Self> {
        let store = ArtifactStore::local(path, limits)?;
        let base = Base::Path(path.to_string_lossy().trim_end_matches('/').to_owned());
        Ok(Self { base, store })
    }

    /// Opens a place in a bucket, such as `s3://bucket/prefix`.
    pub fn bucket(location: &str, options: &BucketOptions, limits: Limits) -> Result<Self> {
        let (location, _) = split_query(location);
        let store = ArtifactStore::bucket(location, options, limits)?;
        let base = Base::Uri(location.trim_end_matches('/').to_owned());
        Ok(Self { base, store })
    }

    /// What is in it.
    pub fn store(&self) -> &ArtifactStore {
        &self.store
    }

    /// The place that a location names, where that is below `tenant`, the directory of the tenant
    /// that asks. `None` where it is not.
    pub fn place(&self, location: &str, tenant: &ArtifactPath) -> Option<Result<ArtifactPath>> {
        let inner = match &self.base {
            Base::Path(base) => below(&local_path(location)?, base)?.to_owned(),
            Base::Uri(base) => below(split_query(location).0, base)?.to_owned(),
        };
        let inner = ArtifactPath::parse_directory(below(&inner, tenant.as_str())?);
        Some(inner.and_then(|inner| tenant.join(&inner)))
    }
}

/// What a path has below a directory.
fn below<'a>(path: &'a str, directory: &str) -> Option<&'a str> {
    match path.strip_prefix(directory)? {
        rest if directory.is_empty() || rest.is_empty() => Some(rest),
        rest => rest.strip_prefix('/'),
    }
}

/// The path that a location names on this machine.
fn local_path(location: &str) -> Option<String> {
    let Some(uri) = location.strip_prefix("file:") else {
        return location.starts_with('/').then(|| location.to_owned());
    };
    let path = uri.strip_prefix("//").unwrap_or(uri);
    let decoded = percent_decode_str(path).decode_utf8().ok()?;
    decoded.starts_with('/').then(|| decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use ferroflow_model::ErrorKind;

    use super::*;

    fn place(location: &str, tenant: &ArtifactPath) -> Option<Result<String, ErrorKind>> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a root");
        let root = DirectRoot::directory(&path, Limits::default()).unwrap();
        let location = location.replace("ROOT", path.to_str().unwrap());
        let place = root.place(&location, tenant)?;
        let text = place.map(|place| place.as_str().to_owned());
        Some(text.map_err(|error| error.kind()))
    }

    #[test]
    fn locations_below_the_root_have_a_place() {
        for (location, expected) in [
            ("ROOT/0/run/artifacts", "0/run/artifacts"),
            ("file://ROOT/0/run", "0/run"),
            ("file:ROOT/0/run", "0/run"),
            ("ROOT", ""),
            ("ROOT/", ""),
        ] {
            let found = place(location, &ArtifactPath::root());
            assert_eq!(found, Some(Ok(expected.to_owned())), "{location}");
        }
        let encoded = place(
            "file://ROOT/0".replace(' ', "%20").as_str(),
            &ArtifactPath::root(),
        );
        assert_eq!(encoded, Some(Ok("0".to_owned())));
    }

    #[test]
    fn other_locations_have_none() {
        for location in [
            "ROOT2/0",
            "/etc/passwd",
            "/",
            "",
            "file:///etc",
            "file://host/ROOT",
            "s3://bucket/a",
            "mlflow-artifacts:/0",
        ] {
            assert_eq!(place(location, &ArtifactPath::root()), None, "{location}");
        }
        for location in [
            "ROOT/../x",
            "ROOT/0/%2e%2e/x",
            "ROOT//x",
            "ROOT/.ferroflow-tenants/p",
        ] {
            let refused = place(location, &ArtifactPath::root());
            assert_eq!(
                refused,
                Some(Err(ErrorKind::InvalidParameter)),
                "{location}"
            );
        }
    }

    #[test]
    fn a_tenant_reads_its_own_directory() {
        let tenant = ArtifactPath::of_tenant("p", "w");
        let own = place("ROOT/.ferroflow-tenants/p/w/0/r", &tenant);
        let expected = ".ferroflow-tenants/p/w/0/r".to_owned();
        assert_eq!(own, Some(Ok(expected)));
        for location in [
            "ROOT/0/r",
            "ROOT/.ferroflow-tenants/p/w2/0",
            "ROOT/.ferroflow-tenants/p",
        ] {
            assert_eq!(place(location, &tenant), None, "{location}");
        }
    }

    #[test]
    fn locations_in_a_bucket_have_a_place() {
        let options = BucketOptions::default();
        let root = DirectRoot::bucket("s3://bucket/mlflow/?x=1", &options, Limits::default());
        let root = root.unwrap();
        let place = |location| {
            let place = root.place(location, &ArtifactPath::root())?;
            Some(place.ok().map(|place| place.as_str().to_owned()))
        };
        for (location, expected) in [
            ("s3://bucket/mlflow/0/run/artifacts", "0/run/artifacts"),
            ("s3://bucket/mlflow/0/run/artifacts?x=1", "0/run/artifacts"),
            ("s3://bucket/mlflow", ""),
        ] {
            assert_eq!(
                place(location),
                Some(Some(expected.to_owned())),
                "{location}"
            );
        }
        for location in [
            "s3://bucket/mlflow2/0",
            "s3://bucket/other",
            "s3://bucket2/mlflow/0",
            "S3://bucket/mlflow/0",
            "s3://bucket@host/mlflow/0",
            "/mlflow/0",
        ] {
            assert_eq!(place(location), None, "{location}");
        }
        assert_eq!(place("s3://bucket/mlflow/../other"), Some(None));
    }
}
