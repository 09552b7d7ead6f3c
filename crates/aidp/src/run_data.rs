//! What runs log: metrics, params, tags, datasets and model descriptions.

use std::sync::Arc;

use ferroflow_model::datasets::{Dataset, DatasetInput};
use ferroflow_model::limits::{BATCH_ENTITIES, BATCH_METRICS, BATCH_PARAMS, BATCH_TAGS};
use ferroflow_model::metrics::{Metric, NewMetric, finite};
use ferroflow_model::runs::{LogBatch, LogInputs};
use ferroflow_model::{Context, Error, Param, Permission, Resource, Result, Tag};
use ferroflow_service::Service;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::{Empty, Tagged};
use crate::fields::{Double, Integer, List, Object, Required};
use crate::limits;
use crate::operation::{Operations, workspace};
use crate::runs::run_id;
use crate::tags::{KeyRule, Tags};

/// Declares the operations that log to a run.
pub(crate) fn declare(operations: &mut Operations) {
    const WRITE: Permission = Permission::write(Resource::Runs);
    let at = |verb: &str| workspace(&format!("mlflow/runs/{verb}"));
    operations.change(at("log-batch"), "logExperimentRunBatch", WRITE, log_batch);
    operations.change(
        at("log-inputs"),
        "logExperimentRunInputs",
        WRITE,
        log_inputs,
    );
    operations.change(
        at("log-metric"),
        "logExperimentRunMetric",
        WRITE,
        log_metric,
    );
    operations.change(at("log-model"), "logExperimentRunModel", WRITE, log_model);
    operations.change(
        at("log-parameter"),
        "logExperimentRunParam",
        WRITE,
        log_param,
    );
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Batch {
    run_id: Required<limits::Lookup>,
    metrics: Option<List<Object<Point>, BATCH_METRICS>>,
    params: Option<List<Object<ParamFields>, BATCH_PARAMS>>,
    tags: Tags<BATCH_TAGS>,
}

/// A point of a metric in a request.
#[derive(Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "NewMetric")]
struct Point {
    key: Required<limits::Key>,
    value: Required<Double>,
    timestamp: Required<Integer<0>>,
    step: Option<Integer>,
}

/// A param in a request. Its value may be absent, which means empty.
#[derive(Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "NewParam")]
struct ParamFields {
    key: Required<limits::Key>,
    value: Option<limits::ParamValue>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct OneMetric {
    run_id: Required<limits::Lookup>,
    key: Required<limits::Key>,
    value: Required<Double>,
    timestamp: Required<Integer<0>>,
    step: Option<Integer>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct OneParam {
    run_id: Required<limits::Lookup>,
    key: Required<limits::Key>,
    value: Required<limits::ParamValue>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Inputs {
    run_id: Required<limits::Lookup>,
    dataset_inputs: Option<List<Object<InputFields>, { limits::DATASET_INPUTS }>>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "NewDatasetInput")]
struct InputFields {
    dataset: Required<Object<DatasetFields>>,
    tags: Option<List<Object<InputTagFields>, { limits::TAGS }>>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "NewInputTag")]
struct InputTagFields {
    key: Required<limits::InputTagKey>,
    value: Required<limits::InputTagValue>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "NewDataset")]
struct DatasetFields {
    name: Required<limits::DatasetName>,
    digest: Required<limits::DatasetDigest>,
    source_type: Required<limits::DatasetSourceType>,
    source: Required<limits::DatasetSource>,
    schema: Option<limits::DatasetSchema>,
    profile: Option<limits::DatasetProfile>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Model {
    run_id: Required<limits::Lookup>,
    model_json: Required<limits::ModelJson>,
}

impl Point {
    /// `place` comes before the names of its fields in messages.
    fn parse(self, place: impl std::fmt::Display) -> Result<NewMetric> {
        let timestamp = (self.timestamp).take(format_args!("{place}timestamp"))?;
        let value = self.value.take(format_args!("{place}value"))?;
        let metric = Metric {
            key: KeyRule::Entity.parse(format_args!("{place}key"), self.key)?,
            value: finite(value.0),
            timestamp_ms: timestamp.0,
            step: self.step.map_or(0, |Integer(step)| step),
        };
        Ok(metric.into())
    }
}

impl TryFrom<OneMetric> for LogBatch {
    type Error = Error;

    fn try_from(input: OneMetric) -> Result<Self> {
        let point = Point {
            key: input.key,
            value: input.value,
            timestamp: input.timestamp,
            step: input.step,
        };
        Ok(Self {
            run_id: run_id(input.run_id)?,
            metrics: vec![point.parse("")?],
            params: Vec::new(),
            tags: Vec::new(),
        })
    }
}

impl TryFrom<OneParam> for LogBatch {
    type Error = Error;

    fn try_from(input: OneParam) -> Result<Self> {
        let param = Param {
            key: KeyRule::Entity.parse("key", input.key)?,
            value: input.value.text("value")?,
        };
        Ok(Self {
            run_id: run_id(input.run_id)?,
            metrics: Vec::new(),
            params: vec![param],
            tags: Vec::new(),
        })
    }
}

impl TryFrom<Batch> for LogBatch {
    type Error = Error;

    fn try_from(input: Batch) -> Result<Self> {
        let batch = Self {
            run_id: run_id(input.run_id)?,
            metrics: (input.metrics.unwrap_or_default())
                .parse(|index, Object(point)| point.parse(format_args!("metrics[{index}].")))?,
            params: input.params.unwrap_or_default().parse(param)?,
            tags: KeyRule::Entity.tags("tags", input.tags)?,
        };
        let total = batch.metrics.len() + batch.params.len() + batch.tags.len();
        if total > BATCH_ENTITIES {
            return Err(Error::invalid(format!(
                "Invalid request: at most {BATCH_ENTITIES} metrics, params and tags together are allowed, got {total}."
            )));
        }
        Ok(batch)
    }
}

fn param(index: usize, Object(param): Object<ParamFields>) -> Result<Param> {
    Ok(Param {
        key: KeyRule::Entity.parse(format_args!("params[{index}].key"), param.key)?,
        value: param.value.map_or_else(String::new, String::from),
    })
}

impl TryFrom<Inputs> for LogInputs {
    type Error = Error;

    fn try_from(input: Inputs) -> Result<Self> {
        Ok(Self {
            run_id: run_id(input.run_id)?,
            datasets: (input.dataset_inputs.unwrap_or_default()).parse(dataset_input)?,
            models: Vec::new(),
        })
    }
}

fn dataset_input(index: usize, Object(input): Object<InputFields>) -> Result<DatasetInput> {
    let place = format!("dataset_inputs[{index}]");
    let Object(dataset) = input.dataset.take(format_args!("{place}.dataset"))?;
    let tags = input.tags.unwrap_or_default();
    Ok(DatasetInput {
        dataset: dataset.parse(&place)?,
        tags: tags.parse(|index, Object(tag)| {
            Ok(Tag {
                key: tag.key.text(format_args!("{place}.tags[{index}].key"))?,
                value: tag
                    .value
                    .text(format_args!("{place}.tags[{index}].value"))?,
            })
        })?,
    })
}

impl DatasetFields {
    /// `place` is that of the input in the request.
    fn parse(self, place: &str) -> Result<Dataset> {
        Ok(Dataset {
            name: self.name.text(format_args!("{place}.dataset.name"))?,
            digest: self.digest.text(format_args!("{place}.dataset.digest"))?,
            source_type: (self.source_type).text(format_args!("{place}.dataset.source_type"))?,
            source: self.source.text(format_args!("{place}.dataset.source"))?,
            schema: self.schema.map(String::from),
            profile: self.profile.map(String::from),
        })
    }
}

async fn log_batch(service: Arc<Service>, context: Context, input: Batch) -> Result<Tagged<Empty>> {
    let etag = service.log_batch(&context, input.try_into()?).await?;
    Ok(Tagged::empty(etag))
}

async fn log_metric(
    service: Arc<Service>,
    context: Context,
    input: OneMetric,
) -> Result<Tagged<Empty>> {
    let etag = service.log_batch(&context, input.try_into()?).await?;
    Ok(Tagged::empty(etag))
}

async fn log_param(
    service: Arc<Service>,
    context: Context,
    input: OneParam,
) -> Result<Tagged<Empty>> {
    let etag = service.log_batch(&context, input.try_into()?).await?;
    Ok(Tagged::empty(etag))
}

async fn log_inputs(
    service: Arc<Service>,
    context: Context,
    input: Inputs,
) -> Result<Tagged<Empty>> {
    let etag = service.log_inputs(&context, input.try_into()?).await?;
    Ok(Tagged::empty(etag))
}

async fn log_model(service: Arc<Service>, context: Context, input: Model) -> Result<Tagged<Empty>> {
    let id = run_id(input.run_id)?;
    let model_json = input.model_json.text("model_json")?;
    let etag = service.log_model(&context, &id, &model_json).await?;
    Ok(Tagged::empty(etag))
}

#[cfg(test)]
mod tests;
