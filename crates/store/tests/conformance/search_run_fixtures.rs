//! The runs that searches over runs look at.

use ferroflow_model::datasets::{Dataset, DatasetInput};
use ferroflow_model::metrics::{Metric, NewMetric};
use ferroflow_model::runs::{LogInputs as Inputs, Run, RunStatus, UpdateRun as Update};
use ferroflow_model::{ExperimentId, PageRequest, Param, RunId, ViewType};
use ferroflow_search::{Filter, OrderBy};
use ferroflow_store::runs::{CreateRun, LogBatch, LogInputs, UpdateRun};
use ferroflow_store::search::{Effort, RunSearch, Search};

use crate::harness::TestDb;
use crate::run_data::metric;
use crate::runs::{empty_batch, new_run, tag};

/// What a run of these tests has.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sketch<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) start_ms: i64,
    pub(crate) end_ms: Option<i64>,
    pub(crate) metrics: &'a [(&'a str, f64)],
    pub(crate) params: &'a [(&'a str, &'a str)],
    pub(crate) tags: &'a [(&'a str, &'a str)],
    /// Name, digest, context.
    pub(crate) dataset: Option<(&'a str, &'a str, &'a str)>,
}

/// The runs that most tests look at: ties, gaps, NaN, and keys that only some have.
pub(crate) const RUNS: &[Sketch<'_>] = &[
    Sketch {
        id: "a",
        name: "Alpha",
        start_ms: 5,
        end_ms: Some(9),
        metrics: &[("loss", 0.5), ("acc", 1.0)],
        params: &[("depth", "3"), ("opt", "SGD")],
        tags: &[("team", "red")],
        dataset: Some(("iris", "d1", "train")),
    },
    Sketch {
        id: "b",
        name: "beta_1",
        start_ms: 4,
        end_ms: None,
        metrics: &[("loss", f64::NAN)],
        params: &[("depth", "10")],
        tags: &[("team", "Red")],
        dataset: Some(("iris", "d2", "eval")),
    },
    Sketch {
        id: "c",
        name: "gamma",
        start_ms: 4,
        end_ms: Some(7),
        metrics: &[("loss", -2.0), ("acc", f64::NAN)],
        params: &[("depth", "")],
        tags: &[("team", "blue%")],
        dataset: None,
    },
    Sketch {
        id: "d",
        name: "delta",
        start_ms: 3,
        end_ms: Some(9),
        metrics: &[],
        params: &[],
        tags: &[],
        dataset: Some(("wine", "d1", "")),
    },
    Sketch {
        id: "e",
        name: "Alpha",
        start_ms: 3,
        end_ms: None,
        metrics: &[("loss", 0.5)],
        params: &[("depth", "3")],
        tags: &[("team", "red\\")],
        dataset: None,
    },
];

/// Creates a run of the default experiment with all that it has.
pub(crate) async fn create(test: &TestDb, sketch: Sketch<'_>) {
    create_in(test, ExperimentId::DEFAULT, sketch).await;
}

/// Creates a run with all that it has.
pub(crate) async fn create_in(test: &TestDb, experiment_id: ExperimentId, sketch: Sketch<'_>) {
    let mut tags = vec![tag("mlflow.runName", sketch.name)];
    tags.extend(sketch.tags.iter().map(|(key, value)| tag(key, value)));
    let keys: Vec<&str> = tags.iter().map(|tag| tag.key.as_str()).collect();
    let tag_keys = test.db().intern(&keys).await.unwrap();
    let run = CreateRun {
        experiment_id,
        name: sketch.name.to_owned(),
        start_ms: sketch.start_ms,
        tags,
        tag_keys,
        ..new_run(test, sketch.id).await
    };
    test.write(run).await.unwrap();
    test.write(batch(test, sketch).await).await.unwrap();
    let run_id = RunId::new(sketch.id);
    let status = sketch.end_ms.map(|_| RunStatus::Finished);
    let update = Update {
        run_id: run_id.clone(),
        status,
        end_ms: sketch.end_ms,
        name: None,
    };
    let name_key = test.key("mlflow.runName").await;
    test.write(UpdateRun { update, name_key }).await.unwrap();
    if let Some((name, digest, context)) = sketch.dataset {
        let datasets = vec![input(name, digest, context)];
        let inputs = Inputs {
            run_id,
            datasets,
            models: Vec::new(),
        };
        test.write(LogInputs { inputs }).await.unwrap();
    }
}

async fn batch(test: &TestDb, sketch: Sketch<'_>) -> LogBatch {
    let metrics: Vec<Metric> = sketch
        .metrics
        .iter()
        .map(|(key, value)| metric(key, 0, 0, *value))
        .collect();
    let metric_names: Vec<&str> = sketch.metrics.iter().map(|(key, _)| *key).collect();
    let param_names: Vec<&str> = sketch.params.iter().map(|(key, _)| *key).collect();
    let param = |(key, value): &(&str, &str)| Param {
        key: (*key).to_owned(),
        value: (*value).to_owned(),
    };
    LogBatch {
        metrics: metrics.into_iter().map(NewMetric::from).collect(),
        metric_keys: test.db().intern(&metric_names).await.unwrap(),
        params: sketch.params.iter().map(param).collect(),
        param_keys: test.db().intern(&param_names).await.unwrap(),
        ..empty_batch(sketch.id)
    }
}

fn input(name: &str, digest: &str, context: &str) -> DatasetInput {
    let tags = match context {
        "" => Vec::new(),
        context => vec![tag("mlflow.data.context", context)],
    };
    let dataset = Dataset {
        name: name.to_owned(),
        digest: digest.to_owned(),
        source_type: "local".to_owned(),
        source: "{}".to_owned(),
        schema: None,
        profile: None,
    };
    DatasetInput { dataset, tags }
}

/// A search over the default experiment for active runs.
pub(crate) fn search(
    test: &TestDb,
    filter: &str,
    order_by: &[&str],
    max_results: usize,
    page_token: Option<String>,
) -> RunSearch {
    RunSearch {
        tenant: test.tenant,
        search: Search {
            filter: Filter::parse(filter).unwrap(),
            order_by: OrderBy::parse_each(order_by).unwrap(),
            page: PageRequest {
                max_results,
                page_token,
            },
            keys: test.db().keys(),
        },
        experiment_ids: vec![ExperimentId::DEFAULT],
        view: ViewType::ActiveOnly,
        effort: Effort::default(),
    }
}

/// The ids of runs, one after the other.
pub(crate) fn ids(runs: &[Run]) -> String {
    runs.iter().map(|run| run.info.run_id.as_str()).collect()
}
