//! Searching logged models.

use ferroflow_model::logged_models::{LoggedModelStatus, NewLoggedModel};
use ferroflow_model::metrics::{MetricDataset, NewMetric};
use ferroflow_model::{ExperimentId, ModelId, PageRequest, RunId};
use ferroflow_search::{Filter, LoggedModelOrder, OrderBy};
use ferroflow_store::logged_models::{CreateLoggedModel, DeleteLoggedModel, FinalizeLoggedModel};
use ferroflow_store::runs::LogBatch;
use ferroflow_store::search::{LoggedModelClause, LoggedModelSearch, Search};
use ferroflow_store::{KeyedValue, WriteContext};

use crate::experiments::create_experiment;
use crate::harness::{NOW_MS, TestDb, on_each_engine};
use crate::run_data::metric;
use crate::runs::{create_run, empty_batch};

async fn keyed(test: &TestDb, values: &[(&str, &str)]) -> Vec<KeyedValue> {
    let mut keyed = Vec::new();
    for (key, value) in values {
        let (key_id, value) = (test.key(key).await, (*value).to_owned());
        keyed.push(KeyedValue { key_id, value });
    }
    keyed
}

async fn create(
    test: &TestDb,
    id: &str,
    ms: i64,
    source: Option<(&str, &str)>,
    params: &[(&str, &str)],
    tags: &[(&str, &str)],
) {
    let create = CreateLoggedModel {
        new: NewLoggedModel {
            experiment_id: ExperimentId::DEFAULT,
            name: None,
            model_type: source.map(|(model_type, _)| model_type.to_owned()),
            source_run_id: source.map(|(_, run)| RunId::new(run)),
            params: Vec::new(),
            tags: Vec::new(),
        },
        model_id: ModelId::new(id),
        name: format!("model-{id}"),
        params: keyed(test, params).await,
        tags: keyed(test, tags).await,
        keys: test.db().keys(),
    };
    let context = WriteContext {
        now_ms: NOW_MS + ms,
        ..test.context()
    };
    test.write_with(context, create).await.unwrap();
}

/// Logs a point of run `r1` to a model.
async fn log(test: &TestDb, id: &str, key: &str, at: i64, value: f64, dataset: Option<&str>) {
    let point = NewMetric {
        metric: metric(key, at, at, value),
        model_id: Some(ModelId::new(id)),
        dataset: dataset.map(|name| MetricDataset {
            name: name.to_owned(),
            digest: format!("{name}-digest"),
        }),
    };
    let batch = LogBatch {
        metrics: vec![point],
        metric_keys: vec![test.key(key).await],
        ..empty_batch("r1")
    };
    test.write(batch).await.unwrap();
}

/// Models a to d, and e, which is deleted.
async fn populate(test: &TestDb) {
    create_run(test, "r1").await;
    create(
        test,
        "a",
        1,
        Some(("Agent", "r1")),
        &[("depth", "3")],
        &[("team", "red")],
    )
    .await;
    create(test, "b", 2, None, &[("depth", "10")], &[]).await;
    create(test, "c", 2, Some(("agent", "r2")), &[], &[("team", "Red")]).await;
    create(test, "d", 3, None, &[], &[]).await;
    create(test, "e", 4, None, &[], &[]).await;
    log(test, "a", "loss", 1, 9.0, Some("train")).await;
    log(test, "a", "loss", 2, 0.5, Some("eval")).await;
    log(test, "b", "loss", 1, f64::NAN, Some("train")).await;
    log(test, "c", "loss", 1, 3.0, None).await;
    log(test, "c", "acc", 1, 1.0, Some("eval")).await;
    let (model_id, keys) = (ModelId::new("c"), test.db().keys());
    let status = LoggedModelStatus::Ready;
    test.write(FinalizeLoggedModel {
        model_id,
        status,
        keys,
    })
    .await
    .unwrap();
    test.write(DeleteLoggedModel {
        model_id: ModelId::new("e"),
    })
    .await
    .unwrap();
}

/// `metrics.loss` or `metrics.loss@train`, with a direction.
fn clause(text: &str) -> LoggedModelClause {
    let (field, direction) = text.split_once(' ').unwrap();
    let (field, dataset) = match field.split_once('@') {
        Some((field, dataset)) => (field, Some(dataset)),
        None => (field, None),
    };
    LoggedModelClause {
        order: OrderBy {
            field: LoggedModelOrder::parse_field_name(field).unwrap(),
            ascending: direction == "ASC",
        },
        dataset_name: dataset.map(str::to_owned),
        dataset_digest: dataset.map(|dataset| format!("{dataset}-digest")),
    }
}

fn search(test: &TestDb, filter: &str, order_by: &[&str]) -> LoggedModelSearch {
    LoggedModelSearch {
        tenant: test.tenant,
        search: Search {
            filter: Filter::parse(filter).unwrap(),
            order_by: order_by.iter().map(|text| clause(text)).collect(),
            page: PageRequest {
                max_results: 100,
                page_token: None,
            },
            keys: test.db().keys(),
        },
        experiment_ids: vec![ExperimentId::DEFAULT],
        datasets: Vec::new(),
    }
}

/// Reads all pages of a search.
async fn all(test: &TestDb, size: usize, new: impl Fn() -> LoggedModelSearch) -> String {
    let mut ids = String::new();
    let mut page_token = None;
    loop {
        let mut search = new();
        search.search.page = PageRequest {
            max_results: size,
            page_token,
        };
        let page = test.read(search).await.unwrap();
        assert!(page.items.len() <= size);
        ids.extend(page.items.iter().map(|model| model.model_id.as_str()));
        page_token = page.next_page_token;
        if page_token.is_none() {
            return ids;
        }
    }
}

#[tokio::test]
async fn filters_match_as_in_the_reference() {
    on_each_engine(async |test| {
        populate(test).await;
        let from = NOW_MS + 2;
        for (filter, expected) in [
            ("", "dbca"),
            ("name = 'model-a'", "a"),
            ("name LIKE 'model-_'", "dbca"),
            ("model_id IN ('a', 'd', 'e')", "da"),
            ("model_type = 'Agent'", "a"),
            ("model_type ILIKE 'agent'", "ca"),
            ("model_type != 'Agent'", "dbc"),
            ("model_type = ''", "db"),
            ("NOT model_type = 'Agent'", "dbc"),
            ("source_run_id = 'r1'", "a"),
            ("source_run_id != 'r1'", "dbc"),
            ("status = 'READY'", "c"),
            ("status != 2", "dba"),
            (&format!("creation_timestamp = {from}"), "bc"),
            (&format!("creation_timestamp > {from}"), "d"),
            ("params.depth = '3'", "a"),
            ("params.depth != '3'", "b"),
            ("tags.team ILIKE 'red'", "ca"),
            ("metrics.loss > 5", "a"),
            ("metrics.loss < 5", "ca"),
            ("metrics.loss != 3", "ba"),
            ("metrics.unheard = 3", ""),
            ("metrics.acc = 1 AND metrics.loss = 3", "c"),
        ] {
            let found = all(test, 100, || search(test, filter, &[])).await;
            assert_eq!(found, expected, "{filter}");
        }
    })
    .await;
}

#[tokio::test]
async fn datasets_restrict_metric_conditions_or_stand_alone() {
    on_each_engine(async |test| {
        populate(test).await;
        let dataset = |name: &str, digest: &str| MetricDataset {
            name: name.to_owned(),
            digest: digest.to_owned(),
        };
        let train = || vec![dataset("train", "")];
        let eval = || vec![dataset("eval", "eval-digest")];
        let wrong = || vec![dataset("eval", "train-digest")];
        let both = || [train(), eval()].concat();
        for (filter, datasets, expected) in [
            ("", train(), "ba"),
            ("", eval(), "ca"),
            ("", wrong(), ""),
            ("", both(), "bca"),
            ("params.depth = '3'", both(), "a"),
            ("metrics.loss < 5", train(), ""),
            ("metrics.loss < 5", eval(), "a"),
            ("metrics.loss < 5", both(), "a"),
            ("metrics.acc = 1", both(), "c"),
            ("metrics.acc = 1", wrong(), ""),
        ] {
            let new = || LoggedModelSearch {
                datasets: datasets.clone(),
                ..search(test, filter, &[])
            };
            assert_eq!(all(test, 100, new).await, expected, "{filter} {datasets:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn orders_take_the_latest_point_of_the_dataset() {
    on_each_engine(async |test| {
        populate(test).await;
        for (order_by, expected) in [
            (&[][..], "dbca"),
            (&["creation_timestamp ASC"], "abcd"),
            (&["model_id DESC"], "dcba"),
            (&["model_type ASC"], "dbac"),
            (&["model_type DESC"], "cadb"),
            (&["source_run_id DESC"], "cadb"),
            (&["source_run_id ASC"], "dbac"),
            (&["status DESC", "name ASC"], "cabd"),
            (&["metrics.loss ASC"], "acbd"),
            (&["metrics.loss DESC"], "cabd"),
            (&["metrics.loss@train DESC"], "abdc"),
            (&["metrics.loss@eval ASC"], "adbc"),
            (&["metrics.acc ASC", "metrics.loss DESC"], "cabd"),
            (&["metrics.unheard ASC"], "dbca"),
        ] {
            for size in 1..=5 {
                let found = all(test, size, || search(test, "", order_by)).await;
                assert_eq!(found, expected, "{order_by:?} by {size}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_search_looks_at_its_experiments_and_tenant() {
    on_each_engine(async |test| {
        populate(test).await;
        create_experiment(test, "other", &[]).await;
        for (experiments, expected) in [(&[][..], ""), (&[1], ""), (&[7], ""), (&[0, 1], "dbca")] {
            let experiment_ids = || experiments.iter().copied().map(ExperimentId::new).collect();
            let new = || LoggedModelSearch {
                experiment_ids: experiment_ids(),
                ..search(test, "", &[])
            };
            assert_eq!(all(test, 2, new).await, expected, "{experiments:?}");
        }
        let tenant = test.tenant("default", "elsewhere").await;
        let new = || LoggedModelSearch {
            tenant,
            ..search(test, "", &[])
        };
        assert_eq!(all(test, 2, new).await, "");
        let page = test
            .read(search(test, "model_id = 'a'", &[]))
            .await
            .unwrap();
        assert_eq!(page.items[0].metrics.len(), 2);
        assert_eq!(page.items[0].params.len(), 1);
    })
    .await;
}
