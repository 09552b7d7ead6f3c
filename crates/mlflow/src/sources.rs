//! Where the files of a new model version may come from.
//!
//! A version's files are read with the server's rights, so its source must be something that the
//! caller may name: a place inside of the run or logged model that the request names, another
//! version, or storage that the server itself does not reach.

use ferroflow_model::model_versions::{ModelVersion, Stage};
use ferroflow_model::registered_models::{Alias, ModelName};
use ferroflow_model::{Error, ErrorKind, ModelId, Result, RunId, Tag, VersionNumber};

use crate::call::Call;
use crate::locations::check_host;
use crate::registered_models::model_name;
use crate::uri::{Uri, decode_fully};
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

/// What the files of a version are read from.
pub(crate) fn location(version: &ModelVersion) -> &str {
    version
        .storage_location
        .as_deref()
        .unwrap_or(&version.source)
}

/// Checks the source of a new version, and finds the run and logged model behind it.
pub(crate) async fn resolve(call: &Call<CreateModelVersion>, tags: &[Tag]) -> Result<Source> {
    let text = call.message.source.as_deref().unwrap_or_default();
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
    let mut source = trace_copy(call, text).await?;
    if source.model_id.is_some() {
        check_model_source(call, &source).await?;
    } else {
        check_run_source(call, &source).await?;
    }
    find_logged_model(call, &mut source).await?;
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
        storage_location: Some(location(&origin).to_owned()),
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
            let stages = match stage {
                Some(stage) => vec![Stage::parse(&stage)?],
                None => Vec::new(),
            };
            let latest = service.get_latest_versions(context, name, stages).await?;
            let newest = latest.into_iter().max_by_key(|version| version.version);
            newest.ok_or_else(|| {
                Error::not_found(format!("No versions of model with name '{name}' found"))
            })
        }
    }
}

/// What a `models:` URI names.
#[derive(Debug, PartialEq, Eq)]
enum Reference {
    /// A logged model.
    LoggedModel(String),
    /// A version of a registered model.
    Version(ModelName, Which),
}

/// Which version of a registered model.
#[derive(Debug, PartialEq, Eq)]
enum Which {
    Number(VersionNumber),
    Alias(String),
    /// The newest one, of a stage or of all.
    Latest(Option<String>),
}

impl Reference {
    /// Reads `models:/m-id`, `models:/name/3`, `models:/name/stage`, `models:/name/latest` and
    /// `models:/name@alias`.
    fn parse(text: &str) -> Result<Self> {
        let uri = Uri::parse(text);
        let path = uri.path.strip_prefix('/').unwrap_or_default();
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match parts[..] {
            [""] => Err(not_contained(text, "model_id")),
            [name, suffix] if !name.trim().is_empty() && !suffix.trim().is_empty() => {
                Ok(Self::Version(lookup_name(name)?, Which::of_suffix(suffix)?))
            }
            [part] => match part.rsplit_once('@') {
                Some((name, alias)) if !alias.trim().is_empty() => Ok(Self::Version(
                    lookup_name(name)?,
                    Which::Alias(alias.to_owned()),
                )),
                Some(_) => Err(not_contained(text, "model_id")),
                None => Ok(Self::LoggedModel(part.to_owned())),
            },
            _ => Err(not_contained(text, "model_id")),
        }
    }
}

impl Which {
    fn of_suffix(suffix: &str) -> Result<Self> {
        if suffix.bytes().all(|b| b.is_ascii_digit()) {
            VersionNumber::parse(suffix).map(Self::Number)
        } else if suffix.eq_ignore_ascii_case(Alias::LATEST) {
            Ok(Self::Latest(None))
        } else {
            Ok(Self::Latest(Some(suffix.to_owned())))
        }
    }
}

fn lookup_name(name: &str) -> Result<ModelName> {
    model_name(Some(name.to_owned()))
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
async fn find_logged_model(call: &Call<CreateModelVersion>, source: &mut Source) -> Result<()> {
    let Some(model_id) = &source.model_id else {
        return Ok(());
    };
    let model = call
        .service
        .get_logged_model(&call.context, model_id, false);
    let model = model.await?;
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

/// Whether the files are on the server that is asked.
fn is_proxied(text: &str) -> bool {
    let uri = Uri::parse(text);
    let route = ["api", "2.0", "mlflow-artifacts", "artifacts"];
    match uri.scheme.as_str() {
        "mlflow-artifacts" => true,
        "http" | "https" => segments(uri.path)
            .windows(route.len())
            .any(|part| part == route),
        _ => false,
    }
}

fn segments(path: &str) -> Vec<String> {
    let parts = path.split('/').filter(|part| !part.is_empty());
    parts.map(|part| decode_fully(part).into_owned()).collect()
}

fn check_within(text: &str, root: &str, parameter: &str) -> Result<()> {
    let (uri, root) = (Uri::parse(text), Uri::parse(root));
    let root_path = segments(root.path);
    let is_within = uri.scheme == root.scheme
        && uri.authority.eq_ignore_ascii_case(root.authority)
        && !root_path.is_empty()
        && segments(uri.path).starts_with(&root_path);
    if is_within {
        Ok(())
    } else {
        Err(not_contained(text, parameter))
    }
}

fn check_local(text: &str, root: &str, parameter: &str) -> Result<()> {
    let (uri, root) = (Uri::parse(text), Uri::parse(root));
    let root_path = local_segments(root.path);
    let is_within = root.is_local()
        && !root_path.is_empty()
        && uri.path.starts_with('/')
        && uri.authority.is_empty()
        && local_segments(uri.path).starts_with(&root_path);
    if is_within {
        return Ok(());
    }
    let owner = if parameter == "run_id" {
        "run"
    } else {
        "model"
    };
    Err(invalid(
        text,
        &format!(
            "To use a local path as a model version source, the {parameter} request parameter has \
             to be specified and the local path has to be contained within the artifact directory \
             of the {owner} specified by the {parameter}."
        ),
    ))
}

/// The segments of a local path after `.` and `..` are resolved.
fn local_segments(path: &str) -> Vec<String> {
    let mut resolved = Vec::new();
    for part in segments(path) {
        match part.as_str() {
            "." => {}
            ".." => {
                resolved.pop();
            }
            _ => resolved.push(part),
        }
    }
    resolved
}

/// Refuses relative segments and NUL, however they are encoded, and paths that are not in their
/// normal form: what reads them later could read them differently.
fn check_path(text: &str) -> Result<()> {
    let decoded = decode_fully(&text.replace('+', " ")).into_owned();
    let is_relative = decoded.split('/').any(|part| part == "..");
    let uri = Uri::parse(&decoded);
    let path = uri.path.trim_end_matches('/');
    let is_normal =
        path.is_empty() || (path.starts_with('/') && !path.split('/').any(|part| part == "."));
    if !is_relative && is_normal && !path.contains('\0') {
        return Ok(());
    }
    Err(invalid(
        text,
        "If supplying a source as an http, https, local file path, ftp, objectstore, or \
         mlflow-artifacts uri, an absolute path must be provided without relative path references \
         present. Please provide an absolute path.",
    ))
}

fn not_contained(text: &str, parameter: &str) -> Error {
    invalid(
        text,
        &format!(
            "The {parameter} request parameter must identify the resource that contains the source."
        ),
    )
}

fn invalid(text: &str, reason: &str) -> Error {
    Error::invalid(format!("Invalid model version source: '{text}'. {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_name_models_and_versions() {
        let name = |text: &str| ModelName::new(text);
        for (text, expected) in [
            ("models:/m-1", Reference::LoggedModel("m-1".to_owned())),
            (
                "models:/iris/3",
                Reference::Version(name("iris"), Which::Number(VersionNumber::new(3))),
            ),
            (
                "models:/iris/LATEST",
                Reference::Version(name("iris"), Which::Latest(None)),
            ),
            (
                "models:/iris/Staging",
                Reference::Version(name("iris"), Which::Latest(Some("Staging".to_owned()))),
            ),
            (
                "models:/a@b@champion",
                Reference::Version(name("a@b"), Which::Alias("champion".to_owned())),
            ),
        ] {
            assert_eq!(Reference::parse(text).ok(), Some(expected), "{text}");
        }
        for text in [
            "models:",
            "models:/",
            "models:/a/",
            "models:/a/b/c",
            "models:/a@",
        ] {
            assert!(Reference::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn odd_paths_are_refused() {
        for text in [
            "s3://b/a/../c",
            "s3://b/a/%2e%2e/c",
            "s3://b/a/%252e%252e/c",
            "mlflow-artifacts:/a%00",
            "s3://b/./a",
            "dbfs:a/b",
        ] {
            assert!(check_path(text).is_err(), "{text}");
        }
        for text in [
            "s3://b/a/c",
            "s3://b",
            "mlflow-artifacts:/1/2/",
            "s3://b/a..b",
        ] {
            assert!(check_path(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn sources_lie_within_their_root() {
        let root = "mlflow-artifacts:/1/r/artifacts";
        assert!(check_within("mlflow-artifacts:/1/r/artifacts/model", root, "run_id").is_ok());
        assert!(check_within("mlflow-artifacts:/1/r%2Fartifacts/m", root, "run_id").is_err());
        assert!(check_within("mlflow-artifacts:/1/r2/artifacts", root, "run_id").is_err());
        assert!(check_within("mlflow-artifacts:/1/r/artifacts", "", "run_id").is_err());
        assert!(check_local("/data/r/m", "file:///data/r", "run_id").is_ok());
        for text in ["/data/r/../x", "/data", "data/r", "file://host/data/r"] {
            assert!(check_local(text, "/data/r", "run_id").is_err(), "{text}");
        }
        assert!(check_local("/data/r", root, "run_id").is_err());
    }

    #[test]
    fn proxied_sources_are_recognised() {
        assert!(is_proxied("mlflow-artifacts:/a"));
        assert!(is_proxied(
            "http://h/p/api/2.0/mlflow-artifacts/artifacts/a"
        ));
        assert!(!is_proxied("http://h/p/api/2.0/mlflow/artifacts/a"));
        assert!(!is_proxied("s3://api/2.0/mlflow-artifacts/artifacts/a"));
    }
}
