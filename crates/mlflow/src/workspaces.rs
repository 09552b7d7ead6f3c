//! Operations on workspaces, where the installation has them.

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use ferroflow_model::workspaces::{DeletionMode, Workspace, WorkspaceChanges, WorkspaceName};
use ferroflow_model::{Error, Permission, Resource, Result};
use http::{HeaderValue, StatusCode};

use crate::call::{Answer, Call};
use crate::json::{self, Json};
use crate::locations;
use crate::message::Message;
use crate::options::RoutesOptions;
use crate::routes::{DELETE, GET, PATCH, POST, Roots, Routes};
use crate::wire::workspaces::{
    CreateWorkspace, OneWorkspace, TraceArchivalConfig, UpdateWorkspace, WorkspaceList,
};

const ALL: &str = "/3.0/mlflow/workspaces";
const ONE: &str = "/3.0/mlflow/workspaces/{workspace_name}";

/// The longest text of a duration (MLflow).
const RETENTION_CHARACTERS: usize = 32;

/// The routes of workspaces. They are there in either case, to say why they do not answer.
pub(crate) fn declare(routes: &mut Routes) {
    let reads = Permission::read(Resource::Workspaces);
    let writes = Permission::write(Resource::Workspaces);
    let deletes = Permission::delete(Resource::Workspaces);
    let both = |method, path| (method, Roots::Both, path);
    if routes.options().has_workspaces {
        routes.add(both(GET, ALL), "listWorkspaces", reads, list);
        routes.add(both(POST, ALL), "createWorkspace", writes, create);
        routes.add(both(GET, ONE), "getWorkspace", reads, get);
        routes.add(both(PATCH, ONE), "updateWorkspace", writes, update);
        routes.add_raw(both(DELETE, ONE), "deleteWorkspace", deletes, delete);
        return;
    }
    routes.add_raw(both(GET, ALL), "listWorkspaces", reads, disabled);
    routes.add_raw(both(POST, ALL), "createWorkspace", writes, disabled);
    routes.add_raw(both(GET, ONE), "getWorkspace", reads, disabled);
    routes.add_raw(both(PATCH, ONE), "updateWorkspace", writes, disabled);
    routes.add_raw(both(DELETE, ONE), "deleteWorkspace", deletes, disabled);
}

/// All of `workspaces`, while they are off.
pub(crate) async fn disabled(call: Call<Request>) -> Answer<Response> {
    let path = call.message.uri().path();
    let base = path.split(ALL).next().unwrap_or_default();
    let endpoint = match call.path.get("workspace_name") {
        "" => ALL,
        _ => ONE,
    };
    Ok(json::response(
        StatusCode::SERVICE_UNAVAILABLE,
        HeaderValue::from_static("text/html; charset=utf-8"),
        Body::from(format!(
            "Endpoint: {base}{endpoint} disabled because the server is running without workspaces \
             support. To enable workspace, run `mlflow server` with `--enable-workspaces`"
        )),
    ))
}

/// `GET workspaces`
pub(crate) async fn list(call: Call<()>) -> Answer {
    let found = call.service.list_workspaces(&call.context).await?;
    Ok(Json::of(&WorkspaceList {
        workspaces: found.iter().map(Into::into).collect(),
    })?)
}

/// `POST workspaces`
pub(crate) async fn create(call: Call<CreateWorkspace>) -> Answer<Response> {
    let wire = call.message;
    let name = WorkspaceName::parse(&wire.name.unwrap_or_default())?;
    let archival = wire.trace_archival_config.unwrap_or_default();
    let given = changes(
        wire.description,
        wire.default_artifact_root,
        archival,
        &call.options,
    )?;
    let unless_empty = |text: Option<String>| text.filter(|text| !text.is_empty());
    let workspace = Workspace {
        name,
        description: given.description,
        default_artifact_root: unless_empty(given.default_artifact_root),
        trace_archival_location: unless_empty(given.trace_archival_location),
        trace_archival_retention: unless_empty(given.trace_archival_retention),
    };
    let made = call.service.create_workspace(&call.context, workspace);
    let answer = one(&made.await?)?;
    Ok((StatusCode::CREATED, answer).into_response())
}

/// `GET workspaces/{workspace_name}`
pub(crate) async fn get(call: Call<()>) -> Answer {
    let name = name(&call)?;
    one(&call.service.get_workspace(&call.context, name).await?)
}

/// `PATCH workspaces/{workspace_name}`
pub(crate) async fn update(call: Call<UpdateWorkspace>) -> Answer {
    let name = name(&call)?;
    let wire = call.message;
    let archival = wire.trace_archival_config.unwrap_or_default();
    let changes = changes(
        wire.description,
        wire.default_artifact_root,
        archival,
        &call.options,
    )?;
    if changes == WorkspaceChanges::default() {
        return Err(Error::invalid("Workspace update must have at least one key").into());
    }
    let updated = call.service.update_workspace(&call.context, name, changes);
    one(&updated.await?)
}

/// `DELETE workspaces/{workspace_name}`
pub(crate) async fn delete(call: Call<Request>) -> Answer<StatusCode> {
    let name = WorkspaceName::parse(call.path.get("workspace_name"))?;
    let query = call.message.uri().query().unwrap_or_default();
    let mode = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "mode");
    let mode = match mode {
        Some((_, mode)) => DeletionMode::parse(&mode)?,
        None => DeletionMode::Restrict,
    };
    let deleted = call.service.delete_workspace(&call.context, name, mode);
    deleted.await?;
    Ok(StatusCode::NO_CONTENT)
}

fn name<M: Message>(call: &Call<M>) -> Result<WorkspaceName> {
    WorkspaceName::parse(call.path.get("workspace_name"))
}

fn one(workspace: &Workspace) -> Answer {
    Ok(Json::of(&OneWorkspace {
        workspace: workspace.into(),
    })?)
}

/// What a request sets. An empty text clears, and so does one of spaces.
fn changes(
    description: Option<String>,
    artifact_root: Option<String>,
    archival: TraceArchivalConfig,
    options: &RoutesOptions,
) -> Result<WorkspaceChanges> {
    let checked = |text: Option<String>, check: &dyn Fn(&str) -> Result<()>| {
        let text = text.map(|text| text.trim().to_owned());
        if let Some(text) = text.as_deref().filter(|text| !text.is_empty()) {
            check(text)?;
        }
        Ok::<_, Error>(text)
    };
    Ok(WorkspaceChanges {
        description,
        default_artifact_root: checked(artifact_root, &|root| {
            locations::workspace_root(root, options)
        })?,
        trace_archival_location: checked(archival.location, &|location| {
            locations::archive(location, options)
        })?,
        trace_archival_retention: checked(archival.retention, &check_retention)?,
    })
}

/// Checks a number from 1 and a unit, such as `30d`.
fn check_retention(text: &str) -> Result<()> {
    const FIELD: &str = "trace_archival_config.retention";
    if text.chars().count() > RETENTION_CHARACTERS {
        return Err(Error::invalid(format!(
            "Invalid value for '{FIELD}'. Maximum length is {RETENTION_CHARACTERS} characters."
        )));
    }
    let number = text.strip_suffix(['m', 'h', 'd']).unwrap_or_default();
    let is_number = number.bytes().all(|digit| digit.is_ascii_digit());
    if is_number && !number.is_empty() && !number.starts_with('0') {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "Invalid value for '{FIELD}'. Expected a duration in the form `<int><unit>`, where unit \
         is one of 'm', 'h', or 'd' (for example '30d' or '12h')."
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        for text in ["1m", "12h", "30d", &format!("{}d", "1".repeat(31))] {
            assert!(check_retention(text).is_ok(), "{text}");
        }
        for text in [
            "d",
            "0d",
            "007d",
            "3w",
            "3D",
            "-1d",
            "1.5d",
            "3 d",
            "3",
            &"1".repeat(33),
        ] {
            assert!(check_retention(text).is_err(), "{text}");
        }
    }

    #[test]
    fn texts_of_spaces_clear() {
        let options = RoutesOptions::default();
        let archival = TraceArchivalConfig {
            location: Some(" ".to_owned()),
            retention: Some(" 7d ".to_owned()),
        };
        let changes = changes(Some(" ".to_owned()), None, archival, &options).unwrap();
        let text = |text: &str| Some(text.to_owned());
        let expected = WorkspaceChanges {
            description: text(" "),
            default_artifact_root: None,
            trace_archival_location: text(""),
            trace_archival_retention: text("7d"),
        };
        assert_eq!(changes, expected);
    }
}
