//! Where the files of a new model version may come from.
//!
//! A version's files are read with the server's rights, so its source must be something that the
//! caller may name: a place inside of the run or logged model that the request names, another
//! version, or storage that the server itself does not reach.

mod places;
mod reference;

use ferroflow_model::model_versions::{ModelVersion, Stage};
use ferroflow_model::registered_models::{Alias, ModelName};
use ferroflow_model::{Context, Error, ErrorKind, ModelId, Result, RunId, Tag};
use ferroflow_service::Service;

use places::{check_local, check_path, check_within, invalid, is_proxied, not_contained};
use reference::{Reference, Which};

use crate::call::Call;
use crate::locations::check_host;
use crate::uri::Uri;
use crate::wire::model_versions::CreateModelVersion;

/// The tag of models and versions that are prompts.
const PROMPT_TAG: &str = "mlflow.prompt.is_prompt";
/// What clients and stores say in place of a prompt's source.
const PROMPT_SOURCES: [&str; 2] = ["dummy-source", "prompt-template"];

/// Where a version comes from, checked.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// What the version says.
    pub(crate) uri: String,
    /// What its files are read from, where that is another place.
    pub(crate) storage_location: Option<String>,
    /// The run that made it; empty when the client says so.
    pub(crate) run_id: Option<String>,
    /// The logged model that it was made from.
    pub(crate) model_id: Option<ModelId>,
}

/// Checks the source of a new version, and finds the run and logged model that it names.
pub(crate) async fn resolve(call: &Call<CreateModelVersion>, tags: &[Tag]) -> Result<Source> {
    let text = call.message.source.as_deref().unwrap_or_default();
    call.service.check_version_source(text)?;
    let is_prompt = is_prompt(tags);
    if is_prompt && !PROMPT_SOURCES.contains(&text) {
        return Err(Error::invalid(format!(
            "Invalid prompt source: '{text}'. Prompt sources must use an MLflow placeholder."
        )));
    }
    check_host("source", text, &call.options)?;
    if is_prompt {
        return Ok(Source {
            uri: text.to_owned(),
            run_id: call.message.run_id.clone(),
            ..Source::default()
        });
    }
    let source = trace_copy(call, text).await?;
    if source.model_id.is_some() {
        check_model_source(call, &source).await?;
    } else {
        check_run_source(call, &source).await?;
    }
    Ok(source)
}

/// Whether tags mark a prompt; of equal keys the last counts.
fn is_prompt(tags: &[Tag]) -> bool {
    let tag = tags.iter().rev().find(|tag| tag.key == PROMPT_TAG);
    tag.is_some_and(|tag| tag.value.eq_ignore_ascii_case("true"))
}

/// A copy of another version inherits that one's run and logged model.
async fn trace_copy(call: &Call<CreateModelVersion>, text: &str) -> Result<Source> {
    let given = Source {
        uri: text.to_owned(),
        storage_location: None,
        run_id: call.message.run_id.clone(),
        model_id: non_empty(call.message.model_id.as_deref()).map(ModelId::new),
    };
    let uri = Uri::parse(text);
    if uri.scheme != "models" {
        return Ok(given);
    }
    if !uri.authority.is_empty() {
        return Err(invalid(
            text,
            "Registered model sources must use the active model registry.",
        ));
    }
    let Reference::Version(name, which) = Reference::parse(text)? else {
        return Ok(given);
    };
    let origin = find_version(call, text, &name, which).await?;
    check_same_origin(call, text, &origin)?;
    Ok(Source {
        uri: format!("models:/{name}/{}", origin.version),
        storage_location: Some(origin.location().to_owned()),
        run_id: given.run_id.or(origin.run_id.map(RunId::into_string)),
        model_id: match &call.message.model_id {
            Some(_) => given.model_id,
            None => origin.model_id,
        },
    })
}

fn check_same_origin(
    call: &Call<CreateModelVersion>,
    text: &str,
    origin: &ModelVersion,
) -> Result<()> {
    let run_id = origin.run_id.as_ref().map_or("", |id| id.as_str());
    let model_id = origin.model_id.as_ref().map_or("", |id| id.as_str());
    let is_same =
        |given: &Option<String>, inherited| given.as_deref().is_none_or(|id| id == inherited);
    if is_same(&call.message.run_id, run_id) && is_same(&call.message.model_id, model_id) {
        return Ok(());
    }
    Err(invalid(
        text,
        "The run_id and model_id request parameters must match the referenced model version.",
    ))
}

async fn find_version(
    call: &Call<CreateModelVersion>,
    text: &str,
    name: &ModelName,
    which: Which,
) -> Result<ModelVersion> {
    let (service, context) = (&call.service, &call.context);
    let model = service.get_registered_model(context, name).await?;
    if is_prompt(&model.tags) {
        return Err(invalid(
            text,
            "Prompt versions cannot be used as model version sources.",
        ));
    }
    match which {
        Which::Number(number) => service.get_model_version(context, name, number).await,
        Which::Alias(alias) => {
            let alias = Alias::parse_for_lookup(&alias)?;
            service.get_version_by_alias(context, name, &alias).await
        }
        Which::Latest(stage) => {
            let stage = stage.map(|stage| Stage::parse(&stage)).transpose()?;
            let stages = stage.into_iter().collect();
            let latest = service.get_latest_versions(context, name, stages).await?;
            let newest = latest.into_iter().max_by_key(|version| version.version);
            newest.ok_or_else(|| {
                let stage = stage.map_or_else(String::new, |stage| {
                    format!(" and stage '{}'", stage.as_str())
                });
                Error::not_found(format!(
                    "No versions of model with name '{name}'{stage} found"
                ))
            })
        }
    }
}

/// Checks the source of a version that is made from a logged model.
async fn check_model_source(call: &Call<CreateModelVersion>, source: &Source) -> Result<()> {
    let text = &source.uri;
    let uri = Uri::parse(text);
    if uri.is_local() {
        let root = model_root(call, source).await?;
        return check_local(text, &root, "model_id");
    }
    check_path(text)?;
    match uri.scheme.as_str() {
        "models" => match Reference::parse(text)? {
            Reference::LoggedModel(id)
                if source
                    .model_id
                    .as_ref()
                    .is_none_or(|own| own.as_str() != id) =>
            {
                Err(not_contained(text, "model_id"))
            }
            _ => Ok(()),
        },
        "runs" => Err(not_contained(text, "model_id")),
        _ if is_proxied(text) => {
            let root = model_root(call, source).await?;
            check_within(text, &root, "model_id")
        }
        _ => Ok(()),
    }
}

/// Checks the source of a version that is made from the files of a run, or from anywhere else.
async fn check_run_source(call: &Call<CreateModelVersion>, source: &Source) -> Result<()> {
    let text = &source.uri;
    let uri = Uri::parse(text);
    let run_id = non_empty(source.run_id.as_deref());
    if uri.is_local() {
        let root = run_root(call, text, run_id).await?;
        return check_local(text, &root, "run_id");
    }
    check_path(text)?;
    match uri.scheme.as_str() {
        "runs" => {
            let path = uri.path.strip_prefix('/').unwrap_or_default();
            let named = path.split('/').next().filter(|id| !id.is_empty());
            if uri.authority.is_empty() && named.is_some() && named == run_id {
                return Ok(());
            }
            Err(not_contained(text, "run_id"))
        }
        "models" => match Reference::parse(text)? {
            Reference::LoggedModel(_) => Err(not_contained(text, "model_id")),
            Reference::Version(..) => Ok(()),
        },
        _ if is_proxied(text) => {
            let root = run_root(call, text, run_id).await?;
            check_within(text, &root, "run_id")
        }
        _ => Ok(()),
    }
}

/// The artifact root of the run that the request names; empty when it names none.
async fn run_root(
    call: &Call<CreateModelVersion>,
    text: &str,
    run_id: Option<&str>,
) -> Result<String> {
    let Some(run_id) = run_id else {
        return Ok(String::new());
    };
    let run_id = RunId::new(run_id);
    match call.service.get_run(&call.context, &run_id).await {
        Ok(run) => Ok(run.info.artifact_uri),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(not_contained(text, "run_id")),
        Err(error) => Err(error),
    }
}

/// The artifact root of the logged model that the version is made from.
async fn model_root(call: &Call<CreateModelVersion>, source: &Source) -> Result<String> {
    let Some(model_id) = &source.model_id else {
        return Ok(String::new());
    };
    let model = call
        .service
        .get_logged_model(&call.context, model_id, false);
    match model.await {
        Ok(model) => Ok(model.artifact_uri),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(not_contained(&source.uri, "model_id"))
        }
        Err(error) => Err(error),
    }
}

/// Fills in what the logged model knows: where its files are, and which run wrote it.
pub(crate) async fn find_logged_model(
    service: &Service,
    context: &Context,
    source: &mut Source,
) -> Result<()> {
    let Some(model_id) = &source.model_id else {
        return Ok(());
    };
    let model = service.get_logged_model(context, model_id, false).await?;
    if source.storage_location.is_none() && Uri::parse(&source.uri).scheme == "models" {
        source.storage_location = Some(model.artifact_uri);
    }
    if source.run_id.as_deref().is_none_or(str::is_empty) {
        source.run_id = model.source_run_id.map(RunId::into_string);
    }
    Ok(())
}

fn non_empty(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}
