//! Operations on what runs read and write: datasets, logged models, and MLflow's old record of
//! models.

use std::collections::BTreeMap;

use ferroflow_model::datasets::{Dataset, DatasetInput, ModelOutput};
use ferroflow_model::runs::LogInputs;
use ferroflow_model::{Error, ModelId, Resource, Result, RunId, Tag, ascii_json, spaced_json};
use serde::Serialize;
use serde_json::Value as AnyJson;

use crate::call::{Answer, Call};
use crate::json::Json;
use crate::routes::{POST, Routes};
use crate::validate::{check_length, run_id_of_form};
use crate::wire::runs as wire;
use crate::wire::runs::{DatasetInputMessage, LogModel, LogOutputs};

const NAME_CHARACTERS: usize = 500;
const DIGEST_CHARACTERS: usize = 36;
const SCHEMA_CHARACTERS: usize = 1_048_575;
const SOURCE_CHARACTERS: usize = 65_535;
const PROFILE_CHARACTERS: usize = 16_777_215;
const TAG_KEY_CHARACTERS: usize = 255;
const TAG_VALUE_CHARACTERS: usize = 500;

/// The routes of what runs read and write.
pub(crate) fn declare(routes: &mut Routes) {
    let mut group = routes.group(Resource::Runs);
    group.write(POST, "runs/log-inputs", "logInputs", log_inputs);
    group.write(POST, "runs/outputs", "logOutputs", log_outputs);
    group.write(POST, "runs/log-model", "logModel", log_model);
}

/// `POST runs/log-inputs`
pub(crate) async fn log_inputs(call: Call<wire::LogInputs>) -> Answer {
    let inputs = inputs(call.message)?;
    call.service.log_inputs(&call.context, inputs).await?;
    Ok(Json::empty())
}

fn inputs(wire: wire::LogInputs) -> Result<LogInputs> {
    let run_id = run_id_of_form(wire.run_id.unwrap_or_default())?;
    let datasets = wire.datasets.into_iter().map(dataset_input);
    let models = wire.models.into_iter();
    Ok(LogInputs {
        run_id,
        datasets: datasets.collect::<Result<_>>()?,
        models: models
            .map(|model| ModelId::new(model.model_id.unwrap_or_default()))
            .collect(),
    })
}

fn dataset_input(wire: DatasetInputMessage) -> Result<DatasetInput> {
    let dataset = dataset(wire.dataset.unwrap_or_default())?;
    let tags = wire.tags.into_iter().map(|wire| {
        let tag = Tag::from(wire);
        check_length("key", TAG_KEY_CHARACTERS, &tag.key)?;
        check_length("value", TAG_VALUE_CHARACTERS, &tag.value)?;
        Ok(tag)
    });
    Ok(DatasetInput {
        tags: tags.collect::<Result<_>>()?,
        dataset,
    })
}

fn dataset(wire: wire::Dataset) -> Result<Dataset> {
    let dataset = Dataset {
        name: wire.name.unwrap_or_default(),
        digest: wire.digest.unwrap_or_default(),
        source_type: wire.source_type.unwrap_or_default(),
        source: wire.source.unwrap_or_default(),
        schema: wire.schema,
        profile: wire.profile,
    };
    let schema = dataset.schema.as_deref().unwrap_or_default();
    let profile = dataset.profile.as_deref().unwrap_or_default();
    check_length("name", NAME_CHARACTERS, &dataset.name)?;
    check_length("digest", DIGEST_CHARACTERS, &dataset.digest)?;
    check_length("source", SOURCE_CHARACTERS, &dataset.source)?;
    check_length("schema", SCHEMA_CHARACTERS, schema)?;
    check_length("profile", PROFILE_CHARACTERS, profile)?;
    Ok(dataset)
}

/// `POST runs/outputs`
pub(crate) async fn log_outputs(call: Call<LogOutputs>) -> Answer {
    let run_id = RunId::new(call.message.run_id.unwrap_or_default());
    let models = call.message.models.unwrap_or_default().into_iter();
    let outputs = models
        .map(|model| ModelOutput {
            model_id: ModelId::new(model.model_id.unwrap_or_default()),
            step: model.step.unwrap_or_default(),
        })
        .collect();
    let logged = call.service.log_outputs(&call.context, &run_id, outputs);
    logged.await?;
    Ok(Json::empty())
}

/// `POST runs/log-model`
pub(crate) async fn log_model(call: Call<LogModel>) -> Answer {
    let run_id = RunId::new(call.message.run_id.unwrap_or_default());
    let model = model_record(&call.message.model_json.unwrap_or_default())?;
    let logged = call.service.log_model(&call.context, &run_id, &model);
    logged.await?;
    Ok(Json::empty())
}

/// What is kept of a model's description: what a tag has room for.
fn model_record(json: &str) -> Result<String> {
    let malformed = || {
        Error::invalid(format!(
            "Malformed model info. \n {json} \n is not a valid JSON."
        ))
    };
    let mut model: BTreeMap<String, AnyJson> =
        serde_json::from_str(json).map_err(|_| malformed())?;
    let required = ["artifact_path", "flavors", "run_id", "utc_time_created"];
    let missing: Vec<String> = required
        .iter()
        .filter(|field| !model.contains_key(**field))
        .map(|field| format!("'{field}'"))
        .collect();
    if !missing.is_empty() {
        return Err(Error::invalid(format!(
            "Model json is missing mandatory fields: {{{}}}",
            missing.join(", ")
        )));
    }
    let json = serde_json::to_string(&ModelRecord::of(&mut model)).map_err(Error::internal)?;
    Ok(ascii_json(&spaced_json(&json)))
}

/// The fields that are kept, in the order in which the reference keeps them.
#[derive(Serialize)]
struct ModelRecord<'a> {
    run_id: &'a AnyJson,
    artifact_path: &'a AnyJson,
    utc_time_created: &'a AnyJson,
    model_uuid: &'a AnyJson,
    flavors: &'a AnyJson,
}

impl<'a> ModelRecord<'a> {
    fn of(model: &'a mut BTreeMap<String, AnyJson>) -> Self {
        let flavors = model.get_mut("flavors").and_then(AnyJson::as_object_mut);
        let flavors = flavors.into_iter().flatten();
        for flavor in flavors.filter_map(|(_, flavor)| flavor.as_object_mut()) {
            flavor.remove("config");
        }
        let field = |name| model.get(name).unwrap_or(&AnyJson::Null);
        Self {
            run_id: field("run_id"),
            artifact_path: field("artifact_path"),
            utc_time_created: field("utc_time_created"),
            model_uuid: field("model_uuid"),
            flavors: field("flavors"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_record_leaves_configuration_out() {
        let record = model_record(
            r#"{"artifact_path":"a","flavors":{"f":{"config":{},"x":1}},"utc_time_created":"t",
                "run_id":"r","signature":{}}"#,
        );
        assert_eq!(
            record.unwrap(),
            r#"{"run_id": "r", "artifact_path": "a", "utc_time_created": "t", "model_uuid": null, "flavors": {"f": {"x": 1}}}"#
        );
    }

    #[test]
    fn a_model_record_needs_its_fields() {
        let message = model_record(r#"{"flavors":{},"run_id":"r","utc_time_created":"t"}"#);
        assert_eq!(
            message.unwrap_err().to_string(),
            "Model json is missing mandatory fields: {'artifact_path'}"
        );
        assert!(model_record("[1]").is_err());
        assert!(model_record("{").is_err());
    }

    #[test]
    fn datasets_have_sizes() {
        let wire = |digest: &str| wire::Dataset {
            digest: Some(digest.to_owned()),
            ..wire::Dataset::default()
        };
        assert!(dataset(wire(&"d".repeat(36))).is_ok());
        assert_eq!(
            dataset(wire(&"d".repeat(37))).unwrap_err().to_string(),
            "'digest' exceeds the maximum length of 36 characters"
        );
    }
}
