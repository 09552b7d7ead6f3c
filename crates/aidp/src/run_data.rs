//! What runs log: metrics, params, tags, datasets and model descriptions.

use std::sync::Arc;

use ferroflow_model::datasets::{Dataset, DatasetInput};
use ferroflow_model::limits::{BATCH_ENTITIES, BATCH_METRICS, BATCH_PARAMS, BATCH_TAGS};
use ferroflow_model::metrics::{Metric, NewMetric, finite};
use ferroflow_model::runs::{LogBatch, LogInputs};
use ferroflow_model::{Context, Error, Param, Permission, Resource, Result, Tag};
use ferroflow_service::Service;
use serde::{Deserialize, Serialize};

use crate::answer::{Answer, Empty};
use crate::fields::{Double, Integer, Object, Text, list, optional_text, required, required_text};
use crate::limits;
use crate::operation::{Operations, workspace};
use crate::runs::run_id;
use crate::tags::{KeyRule, KeyValue, KeyValues};

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

#[derive(Deserialize, Serialize)]
struct Batch {
    run_id: Option<Text>,
    metrics: Option<Vec<Object<Point>>>,
    params: KeyValues,
    tags: KeyValues,
}

/// A point of a metric in a request.
#[derive(Deserialize, Serialize)]
struct Point {
    key: Option<Text>,
    value: Option<Double>,
    timestamp: Option<Integer>,
    step: Option<Integer>,
}

#[derive(Deserialize, Serialize)]
struct OneMetric {
    run_id: Option<Text>,
    key: Option<Text>,
    value: Option<Double>,
    timestamp: Option<Integer>,
    step: Option<Integer>,
}

#[derive(Deserialize, Serialize)]
struct OneParam {
    run_id: Option<Text>,
    key: Option<Text>,
    value: Option<Text>,
}

#[derive(Deserialize, Serialize)]
struct Inputs {
    run_id: Option<Text>,
    dataset_inputs: Option<Vec<Object<InputFields>>>,
}

#[derive(Deserialize, Serialize)]
struct InputFields {
    dataset: Option<Object<DatasetFields>>,
    tags: KeyValues,
}

#[derive(Deserialize, Serialize)]
struct DatasetFields {
    name: Option<Text>,
    digest: Option<Text>,
    source_type: Option<Text>,
    source: Option<Text>,
    schema: Option<Text>,
    profile: Option<Text>,
}

#[derive(Deserialize, Serialize)]
struct Model {
    run_id: Option<Text>,
    model_json: Option<Text>,
}

impl Point {
    /// `place` comes before the names of its fields in messages.
    fn parse(self, place: impl std::fmt::Display) -> Result<NewMetric> {
        let timestamp = required(format_args!("{place}timestamp"), self.timestamp)?;
        if timestamp.0 < 0 {
            return Err(Error::invalid(format!(
                "Invalid value for parameter '{place}timestamp': it must not be negative, got {}.",
                timestamp.0
            )));
        }
        let metric = Metric {
            key: KeyRule::Entity.parse(format_args!("{place}key"), self.key)?,
            value: finite(required(format_args!("{place}value"), self.value)?.0),
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
            value: required_text("value", input.value, limits::PARAM_VALUE)?,
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
            metrics: list(
                "metrics",
                input.metrics,
                BATCH_METRICS,
                |index, Object(point)| point.parse(format_args!("metrics[{index}].")),
            )?,
            params: list("params", input.params, BATCH_PARAMS, param)?,
            tags: KeyRule::Entity.tags("tags", input.tags, BATCH_TAGS)?,
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

fn param(index: usize, Object(param): Object<KeyValue>) -> Result<Param> {
    let key = KeyRule::Entity.parse(format_args!("params[{index}].key"), param.key)?;
    let place = format_args!("params[{index}].value");
    let value = optional_text(place, param.value, limits::PARAM_VALUE)?.unwrap_or_default();
    Ok(Param { key, value })
}

impl TryFrom<Inputs> for LogInputs {
    type Error = Error;

    fn try_from(input: Inputs) -> Result<Self> {
        let (name, maximum) = ("dataset_inputs", limits::DATASET_INPUTS);
        Ok(Self {
            run_id: run_id(input.run_id)?,
            datasets: list(name, input.dataset_inputs, maximum, dataset_input)?,
            models: Vec::new(),
        })
    }
}

fn dataset_input(index: usize, Object(input): Object<InputFields>) -> Result<DatasetInput> {
    let dataset = required(
        format_args!("dataset_inputs[{index}].dataset"),
        input.dataset,
    )?;
    let place = format!("dataset_inputs[{index}].tags");
    let tags = list(
        &place,
        input.tags,
        limits::TAGS,
        |tag_index, Object(tag)| {
            let key = format_args!("{place}[{tag_index}].key");
            let value = format_args!("{place}[{tag_index}].value");
            Ok(Tag {
                key: required_text(key, tag.key, limits::INPUT_TAG_KEY)?,
                value: required_text(value, tag.value, limits::INPUT_TAG_VALUE)?,
            })
        },
    )?;
    Ok(DatasetInput {
        dataset: dataset.0.parse(index)?,
        tags,
    })
}

impl DatasetFields {
    fn parse(self, index: usize) -> Result<Dataset> {
        let at = |field: &'static str| format!("dataset_inputs[{index}].dataset.{field}");
        let (source_type, type_length) = (self.source_type, limits::DATASET_SOURCE_TYPE);
        Ok(Dataset {
            name: required_text(at("name"), self.name, limits::DATASET_NAME)?,
            digest: required_text(at("digest"), self.digest, limits::DATASET_DIGEST)?,
            source_type: required_text(at("source_type"), source_type, type_length)?,
            source: required_text(at("source"), self.source, limits::DATASET_SOURCE)?,
            schema: optional_text(at("schema"), self.schema, limits::DATASET_SCHEMA)?,
            profile: optional_text(at("profile"), self.profile, limits::DATASET_PROFILE)?,
        })
    }
}

async fn log_batch(service: Arc<Service>, context: Context, input: Batch) -> Result<Answer<Empty>> {
    let etag = service.log_batch(&context, input.try_into()?).await?;
    Ok(Answer::empty(etag))
}

async fn log_metric(
    service: Arc<Service>,
    context: Context,
    input: OneMetric,
) -> Result<Answer<Empty>> {
    let etag = service.log_batch(&context, input.try_into()?).await?;
    Ok(Answer::empty(etag))
}

async fn log_param(
    service: Arc<Service>,
    context: Context,
    input: OneParam,
) -> Result<Answer<Empty>> {
    let etag = service.log_batch(&context, input.try_into()?).await?;
    Ok(Answer::empty(etag))
}

async fn log_inputs(
    service: Arc<Service>,
    context: Context,
    input: Inputs,
) -> Result<Answer<Empty>> {
    let etag = service.log_inputs(&context, input.try_into()?).await?;
    Ok(Answer::empty(etag))
}

async fn log_model(service: Arc<Service>, context: Context, input: Model) -> Result<Answer<Empty>> {
    let id = run_id(input.run_id)?;
    let model_json = required_text("model_json", input.model_json, limits::MODEL_JSON)?;
    let etag = service.log_model(&context, &id, &model_json).await?;
    Ok(Answer::empty(etag))
}

#[cfg(test)]
mod tests;
