//! Where the artifacts of each tenant lie in the artifact store: one rule for both dialects.
//!
//! A workspace of the MLflow dialect has the directory `workspaces/<name>`, where MLflow has it too,
//! whichever dialect a request speaks. The default one has, beside that, all of the root but the
//! directories of others. Any other tenant has a directory that no client can spell.

use ferroflow_artifacts::{ArtifactPath, ArtifactStore};
use ferroflow_model::artifacts::split_query;
use ferroflow_model::workspaces::WorkspaceName;
use ferroflow_model::{Context, Error, ErrorKind, Result, Scope, WorkspaceKey};

use crate::Service;
use crate::service::authorise;
use crate::tenants::workspace_of;

/// The scheme of artifacts that clients read and write through this server.
pub(crate) const PROXY_SCHEME: &str = "mlflow-artifacts:";

/// The place that a path of a client is, if nothing more is to be asked.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// The client's own.
    Own(ArtifactPath),
    /// In the directory of this workspace, which is not the client's; it is the default
    /// workspace's when there is no such workspace.
    Of(String, ArtifactPath),
}

impl Service {
    /// The place of a path that a client of a tenant names.
    pub(crate) async fn place_of(&self, scope: &Scope, path: ArtifactPath) -> Result<ArtifactPath> {
        match place(scope, path)? {
            Place::Own(path) => Ok(path),
            // Runs that were moved here keep their files where they are.
            Place::Of(name, path) if !self.is_workspace(&name).await? => Ok(path),
            Place::Of(name, _) => Err(not_own(&name, WorkspaceName::DEFAULT)),
        }
    }

    /// The place of a path that a request for bytes names, which asks for no row.
    pub(crate) async fn place_to_read(
        &self,
        context: &Context,
        path: ArtifactPath,
    ) -> Result<ArtifactPath> {
        authorise(context)?;
        self.require_tenant(context).await?;
        self.place_of(&context.scope, path).await
    }

    /// The same of a request that changes them: not all that a tenant has.
    pub(crate) async fn place_to_change(
        &self,
        context: &Context,
        path: ArtifactPath,
    ) -> Result<ArtifactPath> {
        let place = self.place_to_read(context, path).await?;
        let own = workspace_of(&context.scope);
        let named = own.map(|own| ArtifactPath::of_workspace(own.as_str()));
        if place == directory(&context.scope) || named.as_ref() == Some(&place) {
            return Err(Error::invalid(
                "Invalid path: the root of the artifacts cannot be written or deleted.",
            ));
        }
        Ok(place)
    }

    /// The root of artifacts that a URI names, checked again at each use: the URI was written by a
    /// client.
    pub(crate) async fn root_at(&self, scope: &Scope, uri: &str) -> Result<Root<'_>> {
        if let Some(direct) = &self.direct_root
            && let Some(path) = direct.place(uri, &directory(scope))
        {
            let is_default = workspace_of(scope).is_some_and(|own| own.is_default());
            let path = match path? {
                path if is_default => self.place_of(scope, path).await?,
                path => path,
            };
            return Ok(Root {
                store: direct.store(),
                path,
            });
        }
        Ok(Root {
            store: &self.artifacts,
            path: self.place_of(scope, proxied_path(uri)?).await?,
        })
    }

    async fn is_workspace(&self, name: &str) -> Result<bool> {
        match WorkspaceName::parse(name) {
            Ok(name) => Ok(self.db.find_tenant(&name.scope()).await?.is_some()),
            Err(_) => Ok(false),
        }
    }
}

/// The artifacts of a run, a logged model or a version: a place in one of the stores.
pub(crate) struct Root<'a> {
    pub(crate) store: &'a ArtifactStore,
    pub(crate) path: ArtifactPath,
}

/// The directory that all artifacts of a tenant are in.
pub(crate) fn directory(scope: &Scope) -> ArtifactPath {
    match workspace_of(scope) {
        Some(own) if own.is_default() => ArtifactPath::root(),
        Some(own) => ArtifactPath::of_workspace(own.as_str()),
        None => {
            let workspace = scope.workspace.as_ref();
            let workspace = workspace.map_or(WorkspaceKey::DEFAULT, WorkspaceKey::as_str);
            ArtifactPath::of_tenant(scope.platform.as_str(), workspace)
        }
    }
}

fn place(scope: &Scope, path: ArtifactPath) -> Result<Place> {
    let Some(own) = workspace_of(scope) else {
        return directory(scope).join(&path).map(Place::Own);
    };
    match path.as_str().strip_prefix("workspaces") {
        Some("") => Err(Error::invalid(
            "Artifact paths prefixed with 'workspaces/' must include a workspace name.",
        )),
        Some(rest) if rest.starts_with('/') => {
            let named = rest.split('/').nth(1).unwrap_or_default();
            if named == own.as_str() {
                Ok(Place::Own(path))
            } else if own.is_default() {
                Ok(Place::Of(named.to_owned(), path))
            } else {
                Err(not_own(named, own.as_str()))
            }
        }
        _ => directory(scope).join(&path).map(Place::Own),
    }
}

fn not_own(named: &str, own: &str) -> Error {
    Error::invalid(format!(
        "Artifact path targets workspace '{named}' but the workspace specified in the request is \
         '{own}'."
    ))
}

/// The path that a URI names on this server.
fn proxied_path(uri: &str) -> Result<ArtifactPath> {
    // Clients drop the query and the fragment too.
    let (location, _) = split_query(uri);
    let path = location
        .strip_prefix(PROXY_SCHEME)
        .filter(|path| !path.starts_with("//"));
    let Some(path) = path else {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "These artifacts are kept outside of this server; read them from their own location.",
        ));
    };
    ArtifactPath::parse_directory(path.trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use ferroflow_model::PlatformId;

    use super::*;

    fn scope(platform: &str, workspace: Option<&str>) -> Scope {
        Scope {
            platform: PlatformId::parse(platform).unwrap(),
            workspace: workspace.map(|key| WorkspaceKey::parse(key).unwrap()),
        }
    }

    fn own(scope: &Scope, path: &str) -> Option<String> {
        match place(scope, ArtifactPath::parse_directory(path).unwrap()) {
            Ok(Place::Own(path)) => Some(path.as_str().to_owned()),
            _ => None,
        }
    }

    #[test]
    fn only_proxied_artifacts_have_a_place_here() {
        for uri in [
            "mlflow-artifacts:/0/run/artifacts",
            "mlflow-artifacts:/0/run/artifacts?a=/b#c",
        ] {
            let found = proxied_path(uri);
            let path = found.ok().map(|path| path.as_str().to_owned());
            assert_eq!(path.as_deref(), Some("0/run/artifacts"), "{uri}");
        }
        for uri in [
            "mlflow-artifacts://host/0",
            "s3://b/p",
            "/etc",
            "file:///etc",
        ] {
            let refused = proxied_path(uri).map_err(|error| error.kind());
            assert_eq!(refused, Err(ErrorKind::Unsupported), "{uri}");
        }
        assert!(proxied_path("mlflow-artifacts:/0/../../etc").is_err());
    }

    #[test]
    fn each_tenant_has_a_directory() {
        for (scope, path, expected) in [
            (Scope::root(), "0/a", Some("0/a")),
            (Scope::root(), "", Some("")),
            (Scope::root(), "workspaces2/a", Some("workspaces2/a")),
            (
                Scope::root(),
                "workspaces/default/1",
                Some("workspaces/default/1"),
            ),
            (Scope::root(), "workspaces", None),
            (Scope::root(), "workspaces/team/1", None),
            (scope("team", Some("default")), "", Some("workspaces/team")),
            (scope("team", None), "0/a", Some("workspaces/team/0/a")),
            (
                scope("team", None),
                "workspaces/team/a",
                Some("workspaces/team/a"),
            ),
            (scope("team", None), "workspaces", None),
            (scope("team", None), "workspaces/default/a", None),
            (scope("team", None), "workspaces/team2/a", None),
            (
                scope("team", Some("x")),
                "0",
                Some(".ferroflow-tenants/team/x/0"),
            ),
            (
                scope("default", Some("x")),
                "0",
                Some(".ferroflow-tenants/default/x/0"),
            ),
            (
                scope("P.1", None),
                "0",
                Some(".ferroflow-tenants/=50=2e1/default/0"),
            ),
        ] {
            assert_eq!(own(&scope, path).as_deref(), expected, "{scope:?} {path}");
        }
    }
}
