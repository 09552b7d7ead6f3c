//! Searching runs: what filters match, how orders sort, how pages follow each other.

use ferroflow_model::datasets::{Dataset, DatasetInput};
use ferroflow_model::metrics::{Metric, NewMetric};
use ferroflow_model::runs::{LogInputs as Inputs, Run, RunStatus, UpdateRun as Update};
use ferroflow_model::{ErrorKind, ExperimentId, Page, PageRequest, Param, Result, RunId, ViewType};
use ferroflow_search::{Filter, OrderBy};
use ferroflow_store::runs::{CreateRun, DeleteRun, LogBatch, LogInputs, UpdateRun};
use ferroflow_store::search::{RunSearch, Search};

use crate::experiments::create_experiment;
use crate::harness::{TestDb, on_each_engine};
use crate::run_data::metric;
use crate::runs::{empty_batch, new_run, tag};

/// What a run of these tests has.
#[derive(Clone, Copy, Default)]
struct Sketch<'a> {
    id: &'a str,
    name: &'a str,
    start_ms: i64,
    end_ms: Option<i64>,
    metrics: &'a [(&'a str, f64)],
    params: &'a [(&'a str, &'a str)],
    tags: &'a [(&'a str, &'a str)],
    /// Name, digest, context.
    dataset: Option<(&'a str, &'a str, &'a str)>,
}

/// The runs that most tests look at: ties, gaps, NaN, and keys that only some have.
const RUNS: &[Sketch<'_>] = &[
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

async fn create(test: &TestDb, sketch: Sketch<'_>) {
    let mut tags = vec![tag("mlflow.runName", sketch.name)];
    tags.extend(sketch.tags.iter().map(|(key, value)| tag(key, value)));
    let keys: Vec<&str> = tags.iter().map(|tag| tag.key.as_str()).collect();
    let tag_keys = test.db().intern(&keys).await.unwrap();
    let run = CreateRun {
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
fn search(
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
    }
}

fn ids(runs: &[Run]) -> String {
    runs.iter().map(|run| run.info.run_id.as_str()).collect()
}

async fn found(test: &TestDb, filter: &str, order_by: &[&str]) -> String {
    let page = test
        .read(search(test, filter, order_by, 100, None))
        .await
        .unwrap();
    assert_eq!(page.next_page_token, None);
    ids(&page.items)
}

#[tokio::test]
async fn filters_match_as_in_the_reference() {
    on_each_engine(async |test| {
        for sketch in RUNS {
            create(test, *sketch).await;
        }
        for (filter, expected) in [
            ("", "abcde"),
            ("metrics.loss = 0.5", "ae"),
            ("metrics.loss != 0.5", "bc"),
            ("metrics.loss < 0.5", "c"),
            ("metrics.loss <= 0.5", "ace"),
            ("metrics.loss > -3", "ace"),
            ("metrics.loss >= 0", "ae"),
            ("metrics.loss = 0", ""),
            ("metrics.acc != 7", "ac"),
            ("metrics.loss < 1e999", "ace"),
            ("metrics.unheard = 1", ""),
            ("metrics.unheard != 1", ""),
            ("params.depth = '3'", "ae"),
            ("params.depth != '3'", "bc"),
            ("params.depth = ''", "c"),
            ("params.depth LIKE '1_'", "b"),
            ("params.opt ILIKE 'sgd'", "a"),
            ("params.opt LIKE 'sgd'", ""),
            ("params.opt IS NULL", "bcde"),
            ("params.opt IS NOT NULL", "a"),
            ("params.unheard IS NULL", "abcde"),
            ("params.unheard IS NOT NULL", ""),
            ("params.depth IN ('3', '10')", "abe"),
            ("params.depth NOT IN ('3', '10')", "c"),
            ("tags.team = 'red'", "a"),
            ("tags.team != 'red'", "bce"),
            ("tags.team ILIKE 'RED'", "ab"),
            ("tags.team LIKE '%e%'", "abce"),
            (r"tags.team LIKE 'red\'", "e"),
            (r"tags.team LIKE '%\%'", "e"),
            ("tags.team = 'blue%'", "c"),
            ("run_id = 'c'", "c"),
            ("run_id IN ('a', 'e', 'zzz')", "ae"),
            ("run_id NOT IN ('a', 'e')", "bcd"),
            ("run_name = 'Alpha'", "ae"),
            ("attributes.`run name` ILIKE 'alpha'", "ae"),
            ("run_name LIKE 'beta__'", "b"),
            ("status = 'RUNNING'", "be"),
            ("status != 'RUNNING'", "acd"),
            ("user_id = 'ann'", "abcde"),
            ("start_time > 3", "abc"),
            ("start_time = 4", "bc"),
            ("end_time = 9", "ad"),
            ("end_time != 9", "c"),
            ("end_time < 100", "acd"),
            ("artifact_uri LIKE '%/0/a/artifacts'", "a"),
            ("datasets.name = 'iris'", "ab"),
            ("datasets.name != 'iris'", "d"),
            ("dataset.digest IN ('d1')", "ad"),
            ("dataset.context = 'eval'", "b"),
            ("dataset.context != 'eval'", "a"),
            (
                "metrics.loss > 0 AND params.depth = '3' AND tags.team = 'red'",
                "a",
            ),
            ("metrics.loss < 0 AND params.depth = '3'", ""),
        ] {
            assert_eq!(found(test, filter, &[]).await, expected, "{filter}");
        }
    })
    .await;
}

#[tokio::test]
async fn or_and_not_are_plain_logic() {
    on_each_engine(async |test| {
        for sketch in RUNS {
            create(test, *sketch).await;
        }
        for (filter, expected) in [
            ("metrics.loss < 0 OR tags.team = 'red'", "ac"),
            ("NOT metrics.loss = 0.5", "bcd"),
            ("NOT metrics.unheard = 0.5", "abcde"),
            ("NOT end_time = 9", "bce"),
            ("NOT (end_time = 9 OR run_id = 'b')", "ce"),
            ("NOT params.opt IS NULL", "a"),
            ("NOT datasets.name = 'iris'", "cde"),
            ("NOT run_id NOT IN ('a', 'b')", "ab"),
            (
                "(run_id = 'a' OR run_id = 'b') AND NOT tags.team = 'red'",
                "b",
            ),
            ("run_id = 'd' OR run_id = 'a' AND tags.team = 'blue'", "d"),
        ] {
            assert_eq!(found(test, filter, &[]).await, expected, "{filter}");
        }
    })
    .await;
}

/// Each order with the runs in that order.
const ORDERS: &[(&[&str], &str)] = &[
    (&[], "abcde"),
    (&["start_time ASC"], "debca"),
    (&["start_time DESC"], "abcde"),
    (&["run_id DESC"], "edcba"),
    (&["metrics.loss ASC"], "caebd"),
    (&["metrics.loss DESC"], "aecbd"),
    (&["metrics.acc"], "acbde"),
    (&["metrics.acc DESC"], "acbde"),
    (&["metrics.unheard DESC"], "abcde"),
    (&["params.depth"], "cbaed"),
    (&["params.depth DESC"], "aebcd"),
    (&["tags.team"], "bcaed"),
    (&["tags.team DESC"], "eacbd"),
    (&["end_time"], "cadbe"),
    (&["end_time DESC"], "adcbe"),
    (&["status DESC", "metrics.loss"], "ebcad"),
    (&["run_name", "run_id DESC"], "eabdc"),
    (
        &["metrics.loss DESC", "params.depth", "end_time DESC"],
        "aecbd",
    ),
    (&["metrics.acc", "metrics.loss DESC", "start_time"], "acebd"),
];

#[tokio::test]
async fn rows_without_a_value_come_last_in_both_directions() {
    on_each_engine(async |test| {
        for sketch in RUNS {
            create(test, *sketch).await;
        }
        for (order_by, expected) in ORDERS {
            assert_eq!(found(test, "", order_by).await, *expected, "{order_by:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn pages_together_are_the_whole_in_every_order() {
    on_each_engine(async |test| {
        for sketch in RUNS {
            create(test, *sketch).await;
        }
        for (order_by, expected) in ORDERS {
            for max_results in 1..=5 {
                let mut token = None;
                let mut all = String::new();
                loop {
                    let page = search(test, "", order_by, max_results, token);
                    let page = test.read(page).await.unwrap();
                    assert!((1..=max_results).contains(&page.items.len()));
                    all += &ids(&page.items);
                    token = page.next_page_token;
                    if token.is_none() {
                        break;
                    }
                }
                assert_eq!(all, *expected, "{order_by:?} by {max_results}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn runs_that_come_or_go_neither_repeat_nor_hide_others() {
    on_each_engine(async |test| {
        for sketch in RUNS {
            create(test, *sketch).await;
        }
        let first = test.read(search(test, "", &[], 2, None)).await.unwrap();
        assert_eq!(ids(&first.items), "ab");
        // Ahead of the page, into it, and the very row that the page ended with.
        create(
            test,
            Sketch {
                id: "A",
                start_ms: 9,
                ..RUNS[3]
            },
        )
        .await;
        create(
            test,
            Sketch {
                id: "bb",
                start_ms: 4,
                ..RUNS[3]
            },
        )
        .await;
        test.write(DeleteRun {
            run_id: RunId::new("b"),
        })
        .await
        .unwrap();
        let second = search(test, "", &[], 2, first.next_page_token);
        let second = test.read(second).await.unwrap();
        assert_eq!(ids(&second.items), "bbc");
        let third = search(test, "", &[], 2, second.next_page_token);
        let third = test.read(third).await.unwrap();
        assert_eq!(
            (ids(&third.items).as_str(), third.next_page_token),
            ("de", None)
        );
    })
    .await;
}

#[tokio::test]
async fn a_token_continues_its_own_search_alone() {
    on_each_engine(async |test| {
        for sketch in RUNS {
            create(test, *sketch).await;
        }
        let first = test.read(search(test, "", &[], 2, None)).await.unwrap();
        let token = || first.next_page_token.clone();
        let refused = async |search: RunSearch| {
            let error = test.read(search).await.err().unwrap();
            assert_eq!(error.kind(), ErrorKind::InvalidParameter);
            error.message().to_owned()
        };
        let other = "Invalid page token: it continues another search.";
        let filtered = search(test, "run_id != 'x'", &[], 2, token());
        assert!(refused(filtered).await.starts_with(other));
        let ordered = search(test, "", &["start_time DESC"], 2, token());
        assert!(refused(ordered).await.starts_with(other));
        let all = RunSearch {
            view: ViewType::All,
            ..search(test, "", &[], 2, token())
        };
        assert!(refused(all).await.starts_with(other));
        let broken = search(test, "", &[], 2, Some("?".to_owned()));
        assert_eq!(
            refused(broken).await,
            "Invalid page token, could not base64-decode"
        );
        // Another page size, and an empty token, are fine.
        let wider = test.read(search(test, "", &[], 9, token())).await.unwrap();
        assert_eq!(ids(&wider.items), "cde");
        let empty = test
            .read(search(test, "", &[], 1, Some(String::new())))
            .await
            .unwrap();
        assert_eq!(ids(&empty.items), "a");
    })
    .await;
}

#[tokio::test]
async fn a_search_looks_at_its_experiments_stages_and_tenant() {
    on_each_engine(async |test| {
        for sketch in RUNS {
            create(test, *sketch).await;
        }
        let experiment = create_experiment(test, "other", &[]).await.id;
        let run = CreateRun {
            experiment_id: experiment,
            ..new_run(test, "z").await
        };
        test.write(run).await.unwrap();
        test.write(DeleteRun {
            run_id: RunId::new("b"),
        })
        .await
        .unwrap();
        let found = async |experiments: &[i64], view| {
            let experiment_ids = experiments.iter().copied().map(ExperimentId::new).collect();
            let search = RunSearch {
                experiment_ids,
                view,
                ..search(test, "", &[], 100, None)
            };
            ids(&test.read(search).await.unwrap().items)
        };
        assert_eq!(found(&[], ViewType::All).await, "");
        assert_eq!(found(&[77], ViewType::All).await, "");
        assert_eq!(found(&[0], ViewType::ActiveOnly).await, "acde");
        assert_eq!(found(&[0], ViewType::DeletedOnly).await, "b");
        assert_eq!(found(&[0], ViewType::All).await, "abcde");
        assert_eq!(found(&[0, 77, 1], ViewType::ActiveOnly).await, "zacde");
        assert_eq!(found(&[1, 1], ViewType::ActiveOnly).await, "z");

        let tenant = test.tenant("default", "elsewhere").await;
        let elsewhere = RunSearch {
            tenant,
            ..search(test, "", &[], 100, None)
        };
        assert_eq!(test.read(elsewhere).await.unwrap(), Page::empty());
    })
    .await;
}

#[tokio::test]
async fn runs_are_complete() {
    on_each_engine(async |test| {
        create(test, RUNS[0]).await;
        test.restart().await;
        let page = test.read(search(test, "", &[], 1, None)).await.unwrap();
        let run = crate::runs::get_run(test, "a").await.unwrap();
        assert_eq!(run.metrics.len(), 2);
        assert_eq!(run.dataset_inputs.len(), 1);
        assert_eq!(page.items, [run]);
    })
    .await;
}

#[tokio::test]
async fn text_of_clients_is_never_sql() {
    on_each_engine(async |test| {
        let key = "x'; DROP TABLE runs; -- $1 ?1 \"`";
        let quoted = format!("`{}`", key.replace('`', "``"));
        let tags = [(key, key)];
        create(
            test,
            Sketch {
                id: "a",
                tags: &tags,
                params: &tags,
                ..Sketch::default()
            },
        )
        .await;
        create(
            test,
            Sketch {
                id: "b",
                ..Sketch::default()
            },
        )
        .await;
        let value = format!("'{}'", key.replace('\'', "''"));
        for operator in ["=", "LIKE", "ILIKE"] {
            let filter = format!("tags.{quoted} {operator} {value}");
            assert_eq!(found(test, &filter, &[]).await, "a", "{filter}");
        }
        let filter = format!("params.{quoted} IN ({value}) AND NOT run_id = {value}");
        let order = format!("params.{quoted} DESC");
        assert_eq!(found(test, &filter, &[&order]).await, "a");
        assert_eq!(found(test, "", &[&order]).await, "ab");
    })
    .await;
}

#[tokio::test]
async fn the_largest_filter_runs() {
    on_each_engine(async |test| {
        create(test, RUNS[0]).await;
        let conditions: Vec<String> = (0..100).map(|n| format!("tags.t{n} IS NULL")).collect();
        assert_eq!(found(test, &conditions.join(" AND "), &[]).await, "a");
        let conditions: Vec<String> = (0..100)
            .map(|n| format!("params.depth != 'v{n}'"))
            .collect();
        assert_eq!(found(test, &conditions.join(" AND "), &[]).await, "a");
        let order: Vec<String> = (0..32).map(|n| format!("metrics.m{n}")).collect();
        let order: Vec<&str> = order.iter().map(String::as_str).collect();
        assert_eq!(found(test, "", &order).await, "a");
    })
    .await;
}

#[tokio::test]
async fn a_page_may_be_empty_or_huge() -> Result<()> {
    on_each_engine(async |test| {
        create(test, RUNS[0]).await;
        let none = test.read(search(test, "", &[], 0, None)).await.unwrap();
        assert_eq!(none, Page::empty());
        let all = test
            .read(search(test, "", &[], 50_000, None))
            .await
            .unwrap();
        assert_eq!(ids(&all.items), "a");
    })
    .await;
    Ok(())
}
