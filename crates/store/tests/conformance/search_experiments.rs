//! Searching experiments, and the datasets that their runs read.

use ferroflow_model::datasets::{Dataset, DatasetInput, DatasetSummary};
use ferroflow_model::runs::LogInputs as Inputs;
use ferroflow_model::{ExperimentId, PageRequest, RunId, ViewType};
use ferroflow_search::{Filter, OrderBy};
use ferroflow_store::WriteContext;
use ferroflow_store::experiments::{DatasetSearch, DeleteExperiment, RenameExperiment};
use ferroflow_store::runs::{CreateRun, LogInputs};
use ferroflow_store::search::{ExperimentSearch, Search};

use crate::experiments::{create_experiment, new_experiment};
use crate::harness::{NOW_MS, TestDb, on_each_engine};
use crate::runs::{new_run, tag};

fn search(test: &TestDb, filter: &str, order_by: &[&str], view: ViewType) -> ExperimentSearch {
    ExperimentSearch {
        tenant: test.tenant,
        search: Search {
            filter: Filter::parse(filter).unwrap(),
            order_by: OrderBy::parse_each(order_by).unwrap(),
            page: PageRequest {
                max_results: 100,
                page_token: None,
            },
            keys: test.db().keys(),
        },
        view,
    }
}

async fn found_in(test: &TestDb, filter: &str, order_by: &[&str], view: ViewType) -> Vec<i64> {
    let page = test
        .read(search(test, filter, order_by, view))
        .await
        .unwrap();
    assert_eq!(page.next_page_token, None);
    page.items
        .iter()
        .map(|experiment| experiment.id.number())
        .collect()
}

async fn found(test: &TestDb, filter: &str, order_by: &[&str]) -> Vec<i64> {
    found_in(test, filter, order_by, ViewType::ActiveOnly).await
}

/// Experiments 1 to 4, of which 4 is deleted, beside the default one.
async fn populate(test: &TestDb) {
    let later = |ms| WriteContext {
        now_ms: NOW_MS + ms,
        ..test.context()
    };
    for (name, tags, ms) in [
        ("Abc", &[("team", "red")][..], 10),
        ("abd", &[("team", "Blue"), ("x", "")], 10),
        ("b_c", &[], 20),
        ("gone", &[("team", "red")], 30),
    ] {
        let new = new_experiment(test, name, tags).await;
        test.write_with(later(ms), new).await.unwrap();
    }
    let (id, name) = (ExperimentId::new(1), Some("abc".to_owned()));
    test.write_with(later(40), RenameExperiment { id, name })
        .await
        .unwrap();
    let delete = DeleteExperiment {
        id: ExperimentId::new(4),
        permanently: false,
    };
    test.write_with(later(50), delete).await.unwrap();
}

#[tokio::test]
async fn filters_match_as_in_the_reference() {
    on_each_engine(async |test| {
        populate(test).await;
        let from = NOW_MS + 10;
        for (filter, expected) in [
            ("", vec![3, 1, 2, 0]),
            ("name = 'abc'", vec![1]),
            ("name != 'abc'", vec![3, 2, 0]),
            ("name LIKE 'ab%'", vec![1, 2]),
            ("name LIKE 'AB%'", vec![]),
            ("name ILIKE 'AB%'", vec![1, 2]),
            ("name LIKE '__c'", vec![3, 1]),
            ("experiment_id = '2'", vec![2]),
            ("attribute.experiment_id != '2'", vec![3, 1, 0]),
            ("experiment_id IN ('1', '3', '4')", vec![3, 1]),
            ("experiment_id NOT IN ('1', '3')", vec![2, 0]),
            (&format!("creation_time = {from}"), vec![1, 2]),
            (&format!("creation_time > {from}"), vec![3]),
            (&format!("last_update_time > {from}"), vec![3, 1]),
            ("tags.team = 'red'", vec![1]),
            ("tag.team != 'red'", vec![2]),
            ("tags.team ILIKE 'b%'", vec![2]),
            ("tags.team IS NULL", vec![3, 0]),
            ("tags.x IS NOT NULL", vec![2]),
            ("tags.unheard IS NULL AND name LIKE '%c'", vec![3, 1]),
            ("tags.unheard = 'x'", vec![]),
        ] {
            assert_eq!(found(test, filter, &[]).await, expected, "{filter}");
        }
        assert_eq!(found_in(test, "", &[], ViewType::DeletedOnly).await, [4]);
        assert_eq!(
            found_in(test, "", &[], ViewType::All).await,
            [4, 3, 1, 2, 0]
        );
        assert_eq!(
            found_in(test, "tags.team = 'red'", &[], ViewType::All).await,
            [4, 1]
        );
    })
    .await;
}

#[tokio::test]
async fn orders_break_ties_as_in_the_reference() {
    on_each_engine(async |test| {
        populate(test).await;
        for (order_by, expected) in [
            (&["name"][..], vec![0, 1, 2, 3]),
            (&["name DESC"], vec![3, 2, 1, 0]),
            (&["creation_time"], vec![0, 2, 1, 3]),
            (&["creation_time DESC"], vec![3, 2, 1, 0]),
            (&["creation_time DESC", "experiment_id"], vec![3, 1, 2, 0]),
            (&["last_update_time DESC"], vec![1, 3, 2, 0]),
            (&["experiment_id"], vec![0, 1, 2, 3]),
        ] {
            assert_eq!(found(test, "", order_by).await, expected, "{order_by:?}");
            for max_results in 1..=3 {
                let mut all = Vec::new();
                let mut token = None;
                loop {
                    let mut search = search(test, "", order_by, ViewType::ActiveOnly);
                    search.search.page = PageRequest {
                        max_results,
                        page_token: token,
                    };
                    let page = test.read(search).await.unwrap();
                    all.extend(page.items.iter().map(|experiment| experiment.id.number()));
                    token = page.next_page_token;
                    if token.is_none() {
                        break;
                    }
                }
                assert_eq!(all, expected, "{order_by:?} by {max_results}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn experiments_are_complete_and_of_one_workspace() {
    on_each_engine(async |test| {
        let created = create_experiment(test, "a", &[("k", "v")]).await;
        let named = |test: &TestDb| search(test, "name = 'a'", &[], ViewType::ActiveOnly);
        let page = test.read(named(test)).await.unwrap();
        assert_eq!(page.items, [created]);
        let tenant = test.tenant("default", "other").await;
        let elsewhere = ExperimentSearch {
            tenant,
            ..named(test)
        };
        assert!(test.read(elsewhere).await.unwrap().items.is_empty());
    })
    .await;
}

fn input(name: &str, context: Option<&str>) -> DatasetInput {
    DatasetInput {
        dataset: Dataset {
            name: name.to_owned(),
            digest: "d".to_owned(),
            source_type: "local".to_owned(),
            source: "{}".to_owned(),
            schema: None,
            profile: None,
        },
        tags: context
            .iter()
            .map(|value| tag("mlflow.data.context", value))
            .collect(),
    }
}

#[tokio::test]
async fn datasets_are_listed_once_per_context() {
    on_each_engine(async |test| {
        let experiment = create_experiment(test, "a", &[]).await.id;
        for (run_id, experiment_id, datasets) in [
            (
                "r1",
                ExperimentId::DEFAULT,
                [input("iris", Some("train")), input("wine", None)],
            ),
            (
                "r2",
                ExperimentId::DEFAULT,
                [input("iris", Some("train")), input("wine", Some("x"))],
            ),
            (
                "r3",
                experiment,
                [input("iris", Some("eval")), input("iris2", None)],
            ),
        ] {
            let run = CreateRun {
                experiment_id,
                ..new_run(test, run_id).await
            };
            test.write(run).await.unwrap();
            let inputs = Inputs {
                run_id: RunId::new(run_id),
                datasets: datasets.to_vec(),
                models: Vec::new(),
            };
            test.write(LogInputs { inputs }).await.unwrap();
        }
        let summary = |id: ExperimentId, name: &str, context: Option<&str>| DatasetSummary {
            experiment_id: id,
            name: name.to_owned(),
            digest: "d".to_owned(),
            context: context.map(str::to_owned),
        };
        let list = async |ids: &[ExperimentId]| {
            let (tenant, experiment_ids) = (test.tenant, ids.to_vec());
            let mut found = test
                .read(DatasetSearch {
                    tenant,
                    experiment_ids,
                })
                .await
                .unwrap();
            found.sort_by(|a, b| {
                (a.experiment_id, &a.name, &a.context).cmp(&(b.experiment_id, &b.name, &b.context))
            });
            found
        };
        let of_default = [
            summary(ExperimentId::DEFAULT, "iris", Some("train")),
            summary(ExperimentId::DEFAULT, "wine", None),
            summary(ExperimentId::DEFAULT, "wine", Some("x")),
        ];
        let of_other = [
            summary(experiment, "iris", Some("eval")),
            summary(experiment, "iris2", None),
        ];
        assert_eq!(list(&[ExperimentId::DEFAULT]).await, of_default);
        assert_eq!(list(&[experiment, ExperimentId::new(9)]).await, of_other);
        assert_eq!(
            list(&[experiment, ExperimentId::DEFAULT]).await,
            [&of_default[..], &of_other[..]].concat()
        );
        assert_eq!(list(&[]).await, []);
    })
    .await;
}
