//! The one mechanism of all operations: from an HTTP request to the service and back.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::response::Response;
use bytes::Bytes;
use ferroflow_model::{
    AbsentTenant, Context, Error, ErrorKind, Permission, PlatformId, Result, Retry, Scope,
    WorkspaceKey,
};
use ferroflow_service::Service;
use ferroflow_web::{BodyLimit, Reporter, Route, RouteTable, facts};
use http::request::Parts;
use http::{HeaderMap, Method, header};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::answer::{Answer, AnswerHeader};
use crate::error::error_response;
use crate::fingerprint::fingerprint;
use crate::openapi::Describe;
use crate::{BASE_PATH, decode, headers, query};

/// The wire struct that an operation reads.
pub(crate) trait Input: DeserializeOwned + Serialize + JsonSchema + Send + 'static {}

impl<T: DeserializeOwned + Serialize + JsonSchema + Send + 'static> Input for T {}

/// An operation's own code: parse the input, call the service, shape the answer.
pub(crate) trait Call<I, A>: Clone + Send + Sync + 'static {
    fn call(
        self,
        service: Arc<Service>,
        context: Context,
        input: I,
    ) -> impl Future<Output = Result<A>> + Send;
}

impl<I, A, F, R> Call<I, A> for F
where
    F: Fn(Arc<Service>, Context, I) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Result<A>> + Send,
{
    fn call(
        self,
        service: Arc<Service>,
        context: Context,
        input: I,
    ) -> impl Future<Output = Result<A>> + Send {
        self(service, context, input)
    }
}

/// The operations declared so far.
#[derive(Default)]
pub(crate) struct Operations {
    table: RouteTable<Arc<Service>>,
    facts: Vec<OperationFacts>,
}

/// What the served document says of an operation, taken from what serves it.
pub(crate) struct OperationFacts {
    pub(crate) kind: Kind,
    pub(crate) path: String,
    pub(crate) name: &'static str,
    pub(crate) permission: Permission,
    /// Describes the wire struct that the operation reads.
    pub(crate) input: Describe,
    /// Describes the wire struct that the operation answers with.
    pub(crate) output: Describe,
    /// The header that belongs to the answer.
    pub(crate) header: AnswerHeader,
}

/// What distinguishes the kinds of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A GET with its input in the query string.
    Get,
    /// A POST that only reads, with its input in the body.
    Search,
    /// A POST that changes something, and takes a retry token.
    Change,
}

impl Operations {
    /// A GET with its input in the query string.
    pub(crate) fn get<I: Input, A: Answer + 'static>(
        &mut self,
        path: String,
        name: &'static str,
        permission: Permission,
        call: impl Call<I, A>,
    ) {
        self.declare(Kind::Get, path, name, permission, call);
    }

    /// A POST that only reads, with its input in the body.
    pub(crate) fn search<I: Input, A: Answer + 'static>(
        &mut self,
        path: String,
        name: &'static str,
        permission: Permission,
        call: impl Call<I, A>,
    ) {
        self.declare(Kind::Search, path, name, permission, call);
    }

    /// A POST that changes something, and takes a retry token.
    pub(crate) fn change<I: Input, A: Answer + 'static>(
        &mut self,
        path: String,
        name: &'static str,
        permission: Permission,
        call: impl Call<I, A>,
    ) {
        self.declare(Kind::Change, path, name, permission, call);
    }

    /// The routes of all operations, and what is known of each.
    pub(crate) fn into_parts(self) -> (RouteTable<Arc<Service>>, Vec<OperationFacts>) {
        (self.table, self.facts)
    }

    fn declare<I: Input, A: Answer + 'static>(
        &mut self,
        kind: Kind,
        path: String,
        name: &'static str,
        permission: Permission,
        call: impl Call<I, A>,
    ) {
        let handler = move |State(service): State<Arc<Service>>, request: Request| {
            serve(service, request, kind, name, call.clone())
        };
        let facts = OperationFacts {
            kind,
            path,
            name,
            permission,
            input: I::json_schema,
            output: A::Body::json_schema,
            header: A::HEADER,
        };
        let (method, path) = (kind.method(), facts.path.as_str());
        self.table
            .push(Route::new(method, path, name, permission, handler));
        self.facts.push(facts);
    }
}

impl Kind {
    /// The HTTP method of such an operation.
    pub(crate) const fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Search | Self::Change => Method::POST,
        }
    }
}

/// The path of an operation on a platform's registry.
pub(crate) fn platform(operation: &str) -> String {
    format!("{BASE_PATH}/aiDataPlatforms/{{aiDataPlatformId}}/mlops/api/2.0/{operation}")
}

/// The path of an operation on a workspace's tracking data.
pub(crate) fn workspace(operation: &str) -> String {
    format!(
        "{BASE_PATH}/aiDataPlatforms/{{aiDataPlatformId}}/workspaces/{{workspaceKey}}/mlops/api/2.0/{operation}"
    )
}

/// Answers one request.
async fn serve<I: Input, A: Answer>(
    service: Arc<Service>,
    request: Request,
    kind: Kind,
    name: &'static str,
    call: impl Call<I, A>,
) -> Response<Body> {
    let (mut parts, body) = request.into_parts();
    let answered = async {
        let (context, input) = receive(&mut parts, body, kind, name).await?;
        call.call(service, context, input).await?.encode()
    };
    answered.await.unwrap_or_else(|error| {
        Reporter::of(&parts.extensions).report(&error);
        error_response(&error)
    })
}

/// Reads all that a request says.
async fn receive<I: Input>(
    parts: &mut Parts,
    body: Body,
    kind: Kind,
    name: &'static str,
) -> Result<(Context, I)> {
    headers::check_request_id(&parts.headers)?;
    let scope = scope(parts).await?;
    let (token, if_match) = match kind {
        Kind::Change => (
            headers::retry_token(&parts.headers)?,
            headers::if_match(&parts.headers)?,
        ),
        Kind::Get | Kind::Search => (None, None),
    };
    let facts = facts(&parts.extensions)?;
    let input: I = match kind {
        Kind::Get => query::decode(parts.uri.query().unwrap_or_default())?,
        Kind::Search | Kind::Change => decode::decode(&json_body(parts, body).await?)?,
    };
    let retry = match token {
        Some(token) => Some(Retry {
            operation: name,
            token,
            fingerprint: fingerprint(name, &scope, &input)?,
        }),
        None => None,
    };
    let context = Context {
        scope,
        absent_tenant: AbsentTenant::Made,
        caller: facts.caller,
        permission: facts.permission,
        request_id: facts.request_id,
        retry,
        if_match,
    };
    Ok((context, input))
}

/// The tenant that the path names.
async fn scope(parts: &mut Parts) -> Result<Scope> {
    let parameters = RawPathParams::from_request_parts(parts, &())
        .await
        .map_err(|_| Error::invalid("The path is not percent-encoded UTF-8."))?;
    let mut scope = Scope::default();
    for (name, value) in &parameters {
        match name {
            "aiDataPlatformId" => scope.platform = PlatformId::parse(value)?,
            "workspaceKey" => scope.workspace = Some(WorkspaceKey::parse(value)?),
            _ => {}
        }
    }
    Ok(scope)
}

async fn json_body(parts: &Parts, body: Body) -> Result<Bytes> {
    if !is_json(&parts.headers) {
        return Err(Error::new(
            ErrorKind::Unparsable,
            "The header 'content-type' must be 'application/json'.",
        ));
    }
    BodyLimit::of(&parts.extensions).read(body).await
}

/// Other types are refused: browsers send some of them across sites without asking.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return false;
    };
    let essence = value.as_bytes().split(|byte| *byte == b';').next();
    essence.is_some_and(|essence| {
        essence
            .trim_ascii()
            .eq_ignore_ascii_case(b"application/json")
    })
}

#[cfg(test)]
mod tests;
