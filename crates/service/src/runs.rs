//! Operations on runs.

use std::collections::HashSet;

use ferroflow_model::datasets::ModelOutput;
use ferroflow_model::runs::{LogBatch, LogInputs, NewRun, Run, RunInfo, SearchRuns, UpdateRun};
use ferroflow_model::{
    Context, Error, Etag, ExperimentId, Page, Param, Result, RunId, Tag, TagChanges,
};
use ferroflow_store::runs as store;
use ferroflow_store::search::{Effort, RunSearch};

use crate::Service;
use crate::names::random_name;
use crate::tags::distinct;

/// The tag that follows the name of a run, and that the name follows.
const NAME_TAG: &str = "mlflow.runName";

/// The tag that lists the models which a run logged.
const MODELS_TAG: &str = "mlflow.log-model.history";

impl Service {
    /// Creates a run in an active experiment.
    pub async fn create_run(&self, context: &Context, new: NewRun) -> Result<Run> {
        check_distinct(&new.tags)?;
        let name = given_name(new.name, &new.tags)?;
        let name = name.unwrap_or_else(|| random_name(self.random()));
        let tags = with_name(new.tags, &name);
        let create = store::CreateRun {
            run_id: RunId::new(self.new_hex_id()),
            experiment_id: new.experiment_id.unwrap_or(ExperimentId::DEFAULT),
            name,
            user_id: new.user_id,
            start_ms: new.start_ms.unwrap_or_else(|| self.now_ms()),
            tag_keys: self.intern_tags(context, &tags).await?,
            tags,
            keys: self.db.keys(),
        };
        self.write(context, create).await
    }

    /// Reads a run with the latest value of each metric.
    pub async fn get_run(&self, context: &Context, run_id: &RunId) -> Result<Run> {
        let (run_id, keys) = (run_id.clone(), self.db.keys());
        self.read(context, |tenant| store::GetRun {
            tenant,
            run_id,
            keys,
        })
        .await
    }

    /// Changes the status, end time or name of an active run.
    pub async fn update_run(&self, context: &Context, mut update: UpdateRun) -> Result<RunInfo> {
        update.name = update.name.filter(|name| !name.is_empty());
        let name_key = self.intern_key(context, NAME_TAG).await?;
        self.write(context, store::UpdateRun { update, name_key })
            .await
    }

    /// Deletes a run; again has no effect.
    pub async fn delete_run(
        &self,
        context: &Context,
        run_id: &RunId,
        permanently: bool,
    ) -> Result<Etag> {
        let run_id = run_id.clone();
        if permanently {
            self.write(context, store::PurgeRun { run_id }).await
        } else {
            self.write(context, store::DeleteRun { run_id }).await
        }
    }

    /// Restores a run; again has no effect.
    pub async fn restore_run(&self, context: &Context, run_id: &RunId) -> Result<Etag> {
        let run_id = run_id.clone();
        self.write(context, store::RestoreRun { run_id }).await
    }

    /// Lists runs.
    pub async fn search_runs(&self, context: &Context, search: SearchRuns) -> Result<Page<Run>> {
        context.workspace()?;
        let (experiment_ids, view) = (search.experiment_ids, search.view);
        let search = self.search(search.filter.as_deref(), &search.order_by, search.page)?;
        self.read(context, |tenant| RunSearch {
            tenant,
            search,
            experiment_ids,
            view,
            effort: Effort::default(),
        })
        .await
    }

    /// Sets and deletes tags of an active run.
    pub async fn tag_run(
        &self,
        context: &Context,
        run_id: &RunId,
        mut changes: TagChanges,
    ) -> Result<Etag> {
        changes.set = distinct_run_tags(changes.set);
        let tag = store::TagRun {
            run_id: run_id.clone(),
            name: name_among(&changes.set),
            changes: self.keyed_changes(context, changes).await?,
        };
        self.write(context, tag).await
    }

    /// Logs one param to an active run.
    pub async fn log_param(&self, context: &Context, run_id: RunId, param: Param) -> Result<Etag> {
        let batch = LogBatch {
            run_id,
            metrics: Vec::new(),
            params: vec![param],
            tags: Vec::new(),
        };
        let mut log = self.keyed_batch(context, batch).await?;
        log.is_one_param = true;
        self.write(context, log).await
    }

    /// Logs metrics, params and tags to an active run, all or nothing.
    pub async fn log_batch(&self, context: &Context, batch: LogBatch) -> Result<Etag> {
        check_distinct_params(&batch.params)?;
        let log = self.keyed_batch(context, batch).await?;
        self.write(context, log).await
    }

    async fn keyed_batch(&self, context: &Context, batch: LogBatch) -> Result<store::LogBatch> {
        let tags = distinct_run_tags(batch.tags);
        let metric_names: Vec<&str> = batch
            .metrics
            .iter()
            .map(|new| new.metric.key.as_str())
            .collect();
        let param_names: Vec<&str> = batch
            .params
            .iter()
            .map(|param| param.key.as_str())
            .collect();
        Ok(store::LogBatch {
            metric_keys: self.intern(context, &metric_names).await?,
            param_keys: self.intern(context, &param_names).await?,
            name: name_among(&tags),
            tags: self.keyed_tags(context, tags).await?,
            run_id: batch.run_id,
            metrics: batch.metrics,
            params: batch.params,
            is_one_param: false,
        })
    }

    /// Records datasets and models that an active run read.
    pub async fn log_inputs(&self, context: &Context, inputs: LogInputs) -> Result<Etag> {
        self.write(context, store::LogInputs { inputs }).await
    }

    /// Records models that an active run wrote.
    pub async fn log_outputs(
        &self,
        context: &Context,
        run_id: &RunId,
        outputs: Vec<ModelOutput>,
    ) -> Result<Etag> {
        let run_id = run_id.clone();
        self.write(context, store::LogOutputs { run_id, outputs })
            .await
    }

    /// Appends a model description (JSON text) to the run tag `mlflow.log-model.history`.
    pub async fn log_model(
        &self,
        context: &Context,
        run_id: &RunId,
        model_json: &str,
    ) -> Result<Etag> {
        let log = store::LogModel {
            run_id: run_id.clone(),
            model_json: model_json.to_owned(),
            history_key: self.intern_key(context, MODELS_TAG).await?,
        };
        self.write(context, log).await
    }
}

/// The name that a new run is given, directly or by its tag; an empty one counts as none.
fn given_name(name: Option<String>, tags: &[Tag]) -> Result<Option<String>> {
    let is_given = |name: &String| !name.is_empty();
    let (name, tagged) = (name.filter(is_given), name_among(tags).filter(is_given));
    match (name, tagged) {
        (Some(name), Some(tagged)) if name != tagged => Err(Error::invalid(format!(
            "Both 'run_name' argument and '{NAME_TAG}' tag are specified, but with different values (run_name='{name}', {NAME_TAG}='{tagged}')."
        ))),
        (name, tagged) => Ok(name.or(tagged)),
    }
}

/// The tags of a new run, with its name among them.
fn with_name(mut tags: Vec<Tag>, name: &str) -> Vec<Tag> {
    tags.retain(|tag| tag.key != NAME_TAG);
    tags.push(Tag {
        key: NAME_TAG.to_owned(),
        value: name.to_owned(),
    });
    tags
}

/// Keeps the last tag of each key. A run cannot be renamed to nothing: such a tag is ignored.
fn distinct_run_tags(mut tags: Vec<Tag>) -> Vec<Tag> {
    tags.retain(|tag| tag.key != NAME_TAG || !tag.value.is_empty());
    distinct(tags)
}

/// The name that these tags give a run.
fn name_among(tags: &[Tag]) -> Option<String> {
    tags.iter()
        .find(|tag| tag.key == NAME_TAG)
        .map(|tag| tag.value.clone())
}

fn check_distinct(tags: &[Tag]) -> Result<()> {
    match repeated(tags.iter().map(|tag| tag.key.as_str())).as_slice() {
        [] => Ok(()),
        [key, ..] => Err(Error::invalid(format!(
            "Invalid value for parameter 'tags': the key '{key}' is given more than once."
        ))),
    }
}

fn check_distinct_params(params: &[Param]) -> Result<()> {
    let repeated = repeated(params.iter().map(|param| param.key.as_str()));
    if repeated.is_empty() {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "Duplicate parameter keys have been submitted: ['{}']. Please ensure the request contains only one param value per param key.",
        repeated.join("', '")
    )))
}

/// The keys that appear a second time, in order.
fn repeated<'a>(keys: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = HashSet::new();
    keys.filter(|key| !seen.insert(*key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(key: &str, value: &str) -> Tag {
        Tag {
            key: key.to_owned(),
            value: value.to_owned(),
        }
    }

    #[test]
    fn a_run_is_named_by_itself_or_by_its_tag() {
        let given = |name: &str, tags: &[Tag]| {
            let name = given_name(Some(name.to_owned()), tags);
            name.map_err(|error| error.to_string())
        };
        let named = |name: &str| Ok(Some(name.to_owned()));
        assert_eq!(given("a", &[]), named("a"));
        assert_eq!(given("a", &[tag(NAME_TAG, "a")]), named("a"));
        assert_eq!(given("a", &[tag(NAME_TAG, "")]), named("a"));
        assert_eq!(given("", &[tag("k", "v"), tag(NAME_TAG, "b")]), named("b"));
        assert_eq!(given("", &[tag(NAME_TAG, "")]), Ok(None));
        let conflict = "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='a', mlflow.runName='b').";
        assert_eq!(given("a", &[tag(NAME_TAG, "b")]), Err(conflict.to_owned()));
    }

    #[test]
    fn the_name_of_a_run_is_among_its_tags_once() {
        let tags = with_name(vec![tag(NAME_TAG, ""), tag("k", "v")], "a");
        assert_eq!(tags, [tag("k", "v"), tag(NAME_TAG, "a")]);
    }

    #[test]
    fn a_run_is_not_renamed_to_nothing() {
        let tags = vec![
            tag(NAME_TAG, "a"),
            tag(NAME_TAG, ""),
            tag("k", ""),
            tag("k", "v"),
        ];
        let tags = distinct_run_tags(tags);
        assert_eq!(tags, [tag("k", "v"), tag(NAME_TAG, "a")]);
        assert_eq!(name_among(&tags).as_deref(), Some("a"));
    }

    #[test]
    fn keys_are_given_once() {
        let param = |key: &str| Param {
            key: key.to_owned(),
            value: String::new(),
        };
        assert!(check_distinct_params(&[param("a"), param("b")]).is_ok());
        let error = check_distinct_params(&[param("a"), param("b"), param("a")]);
        let message = "Duplicate parameter keys have been submitted: ['a']. Please ensure the request contains only one param value per param key.";
        assert_eq!(
            error.map_err(|error| error.to_string()),
            Err(message.to_owned())
        );
        assert!(check_distinct(&[tag("k", "1"), tag("k", "1")]).is_err());
    }
}
