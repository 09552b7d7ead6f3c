//! The one mechanism of all operations: from an HTTP request to the service and back.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::response::{IntoResponse, Response};
use ferroflow_model::workspaces::WorkspaceName;
use ferroflow_model::{
    AbsentTenant, Context, Error, Permission, PlatformId, Resource, Result, Scope, WorkspaceKey,
};
use ferroflow_service::Service;
use ferroflow_web::{Reporter, facts};
use http::HeaderMap;
use http::request::Parts;

use crate::decode;
use crate::error::{FEATURE_DISABLED, Failure};
use crate::json::Json;
use crate::message::Message;
use crate::options::RoutesOptions;

/// What an operation answers.
pub(crate) type Answer<T = Json> = Result<T, Failure>;

/// What an operation is given: who asks for what, and whom to ask for it.
pub(crate) struct Call<M> {
    /// The core.
    pub(crate) service: Arc<Service>,
    /// Who asks, and for which tenant.
    pub(crate) context: Context,
    /// What the installation decides.
    pub(crate) options: Arc<RoutesOptions>,
    /// The parameters of the path.
    pub(crate) path: PathParameters,
    /// What is asked for.
    pub(crate) message: M,
}

/// The workspace that answers name, where they name one: that of the header.
pub(crate) fn workspace_name(context: &Context) -> &str {
    match context.absent_tenant {
        AbsentTenant::Refused => context.scope.platform.as_str(),
        AbsentTenant::Made => WorkspaceName::DEFAULT,
    }
}

/// An operation: an async function from its call to its answer.
pub(crate) trait Operation<M, T>: Clone + Send + Sync + 'static {
    /// Runs the operation.
    fn run(self, call: Call<M>) -> impl Future<Output = Answer<T>> + Send;
}

impl<M, T, F, R> Operation<M, T> for F
where
    F: Fn(Call<M>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Answer<T>> + Send,
{
    fn run(self, call: Call<M>) -> impl Future<Output = Answer<T>> + Send {
        self(call)
    }
}

/// Answers one request whose message is in its query string or body.
pub(crate) async fn serve<M, T>(
    service: Arc<Service>,
    options: Arc<RoutesOptions>,
    request: Request,
    operation: impl Operation<M, T>,
) -> Response
where
    M: Message + Send,
    T: IntoResponse,
{
    let (mut parts, body) = request.into_parts();
    let reporter = Reporter::of(&parts.extensions);
    let answered = async {
        let (context, path) = receive(&mut parts, &options).await?;
        let message = decode::read_request(&parts, body).await?;
        let call = Call {
            service,
            context,
            options,
            path,
            message,
        };
        operation.run(call).await
    };
    answer(answered.await, &reporter)
}

/// Answers one request that the operation reads itself, such as an upload.
pub(crate) async fn serve_raw<T: IntoResponse>(
    service: Arc<Service>,
    options: Arc<RoutesOptions>,
    request: Request,
    operation: impl Operation<Request, T>,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let reporter = Reporter::of(&parts.extensions);
    let answered = async {
        let (context, path) = receive(&mut parts, &options).await?;
        let call = Call {
            service,
            context,
            options,
            path,
            message: Request::from_parts(parts, body),
        };
        operation.run(call).await
    };
    answer(answered.await, &reporter)
}

fn answer<T: IntoResponse>(answered: Answer<T>, reporter: &Reporter) -> Response {
    match answered {
        Ok(answer) => answer.into_response(),
        Err(failure) => {
            if let Some(error) = failure.core() {
                reporter.report(error);
            }
            failure.into_response()
        }
    }
}

/// The parameters of a path, decoded.
#[derive(Debug, Default)]
pub(crate) struct PathParameters(Vec<(String, String)>);

impl PathParameters {
    /// The parameter of this name; empty when the path has none.
    pub(crate) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value)
    }
}

async fn receive(parts: &mut Parts, options: &RoutesOptions) -> Answer<(Context, PathParameters)> {
    let path = read_path(parts).await?;
    let facts = facts(&parts.extensions)?;
    // Whether there are workspaces can be asked by a client that would like to use one.
    let named = named_workspace(&parts.headers).filter(|_| facts.permission != Permission::PUBLIC);
    let (scope, absent_tenant) = match named {
        None => (scope(&path)?, AbsentTenant::Made),
        Some(name) if options.has_workspaces => {
            (WorkspaceName::parse(&name)?.scope(), AbsentTenant::Refused)
        }
        Some(_) => return Err(no_workspaces()),
    };
    let context = Context {
        scope,
        absent_tenant,
        caller: facts.caller,
        permission: facts.permission,
        request_id: facts.request_id,
        retry: None,
        if_match: None,
    };
    if belongs_to_workspace(context.permission.resource) {
        context.workspace()?;
    }
    Ok((context, path))
}

/// Whether a workspace owns such things; the others belong to the platform, or to the server.
const fn belongs_to_workspace(resource: Resource) -> bool {
    match resource {
        Resource::Experiments | Resource::Runs | Resource::LoggedModels | Resource::Artifacts => {
            true
        }
        Resource::RegisteredModels | Resource::Server | Resource::Workspaces => false,
    }
}

async fn read_path(parts: &mut Parts) -> Result<PathParameters> {
    let parameters = RawPathParams::from_request_parts(parts, &())
        .await
        .map_err(|_| Error::invalid("The path is not percent-encoded UTF-8."))?;
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    Ok(PathParameters(parameters.iter().map(owned).collect()))
}

/// The header by which clients of a server with workspaces name one.
pub(crate) const WORKSPACE_HEADER: &str = "x-mlflow-workspace";
/// The path parameters of routes inside a tenant, as the AIDP dialect names them.
const PLATFORM_PARAMETER: &str = "aiDataPlatformId";
const WORKSPACE_PARAMETER: &str = "workspaceKey";

/// The workspace that a header names.
fn named_workspace(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let name = headers.get(WORKSPACE_HEADER)?.as_bytes().trim_ascii();
    (!name.is_empty()).then(|| String::from_utf8_lossy(name))
}

/// The answer to naming a workspace where there are none, as in the reference.
fn no_workspaces() -> Failure {
    Failure::new(
        FEATURE_DISABLED,
        "Workspace APIs are not available: workspaces are not enabled on this server",
    )
}

/// The tenant that a path names, else the root.
fn scope(path: &PathParameters) -> Result<Scope> {
    match (path.get(PLATFORM_PARAMETER), path.get(WORKSPACE_PARAMETER)) {
        ("", _) => Ok(Scope::root()),
        (platform, "") => Ok(Scope {
            platform: PlatformId::parse(platform)?,
            workspace: None,
        }),
        (platform, workspace) => Ok(Scope {
            platform: PlatformId::parse(platform)?,
            workspace: Some(WorkspaceKey::parse(workspace)?),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(parameters: &[(&str, &str)]) -> PathParameters {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        PathParameters(parameters.iter().map(owned).collect())
    }

    #[test]
    fn the_path_names_the_tenant() {
        assert_eq!(scope(&path(&[("model_id", "m")])).ok(), Some(Scope::root()));
        let platform = scope(&path(&[(PLATFORM_PARAMETER, "p")])).unwrap();
        assert_eq!(
            (platform.platform.as_str(), platform.workspace),
            ("p", None)
        );
        let tenant = [(PLATFORM_PARAMETER, "p"), (WORKSPACE_PARAMETER, "w")];
        let workspace = scope(&path(&tenant)).unwrap().workspace;
        assert_eq!(workspace, WorkspaceKey::parse("w").ok());
        let odd = [(PLATFORM_PARAMETER, "p"), (WORKSPACE_PARAMETER, "\n")];
        assert!(scope(&path(&odd)).is_err());
    }

    #[test]
    fn a_header_names_a_workspace() {
        let named = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(WORKSPACE_HEADER, http::HeaderValue::from_static(value));
            named_workspace(&headers).map(Cow::into_owned)
        };
        assert_eq!(named_workspace(&HeaderMap::new()), None);
        assert_eq!(named(" "), None);
        assert_eq!(named(" team ").as_deref(), Some("team"));
    }
}
