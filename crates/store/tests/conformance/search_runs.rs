//! Searching runs: what filters match, and how orders sort.

use ferroflow_model::{ExperimentId, Page, RunId, ViewType};
use ferroflow_store::runs::{CreateRun, DeleteRun};
use ferroflow_store::search::RunSearch;

use crate::experiments::create_experiment;
use crate::harness::{TestDb, on_each_engine};
use crate::runs::new_run;
use crate::search_run_fixtures::{RUNS, Sketch, create, ids, search};

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
pub(crate) const ORDERS: &[(&[&str], &str)] = &[
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
