//! Which indexes searches use; that each statement uses one at all is checked everywhere. On
//! SQLite alone, whose plans do not depend on statistics here: what must stay fast with a hundred
//! thousand rows is told by its plan with a handful.

use ferroflow_model::registered_models::ModelName;
use ferroflow_model::{ExperimentId, PageRequest, Result, ViewType};
use ferroflow_search::{Filter, OrderBy};
use ferroflow_store::registered_models::GetRegisteredModel;
use ferroflow_store::search::{Effort, ExperimentSearch, RunSearch, Search};
use ferroflow_store::{Conn, Query, Row, Value};

use crate::experiments::create_experiment;
use crate::harness::{TestDb, on_each_engine, on_postgres, on_sqlite};
use crate::plans::Plan;
use crate::search_registry::{create_model, create_version, models, versions};
use crate::search_run_fixtures::{RUNS, create};

/// The plan of the statement that uses `index`.
async fn plan<Q: Query>(test: &TestDb, query: Q, index: &str) -> String {
    test.plans.check();
    test.read(query).await.unwrap();
    let plans = test.plans.take().into_iter();
    let plans: Vec<String> = plans.map(|plan| plan.steps.join("\n")).collect();
    let found = plans.iter().find(|plan| plan.contains(index));
    assert!(found.is_some(), "no plan uses {index}: {plans:#?}");
    found.cloned().unwrap_or_default()
}

fn page(max_results: usize, page_token: Option<String>) -> PageRequest {
    PageRequest {
        max_results,
        page_token,
    }
}

fn runs(test: &TestDb, filter: &str, page: PageRequest) -> RunSearch {
    RunSearch {
        tenant: test.tenant,
        search: Search {
            filter: Filter::parse(filter).unwrap(),
            order_by: Vec::new(),
            page,
            keys: test.db().keys(),
        },
        experiment_ids: vec![ExperimentId::DEFAULT],
        view: ViewType::ActiveOnly,
        effort: Effort::default(),
    }
}

#[tokio::test]
async fn runs_come_out_of_their_index_in_order() {
    on_sqlite(async |test| {
        for sketch in RUNS {
            create(test, *sketch).await;
        }
        let first = runs(test, "", page(1, None));
        let token = test.read(first).await.unwrap().next_page_token;
        assert!(token.is_some());
        for filter in [
            "",
            "metrics.loss > -9 AND params.depth != '1' AND tags.`mlflow.runName` = 'Alpha'",
        ] {
            let search = walking(runs(test, filter, page(1, None)));
            let first = plan(test, search, "runs_by_start").await;
            assert!(!first.contains("TEMP B-TREE"), "{first}");
        }
        let next = plan(test, runs(test, "", page(1, token)), "runs_by_start").await;
        assert!(!next.contains("TEMP B-TREE"), "{next}");
        // The place where the page begins is found in the index, not by walking to it.
        assert!(next.contains("start_ms<?"), "{next}");
    })
    .await;
}

/// A search that takes the way of an index in its order, whatever the filter.
fn walking(search: RunSearch) -> RunSearch {
    let effort = Effort {
        first_entries: 0,
        sorted_rows: 0,
        first_steps: 1,
        more_entries: 0,
        merged_rows: 1_000,
    };
    RunSearch { effort, ..search }
}

fn by_metric(search: RunSearch) -> RunSearch {
    let mut search = search;
    search.search.order_by = OrderBy::parse_each(&["metrics.loss DESC"]).unwrap();
    search
}

#[tokio::test]
async fn runs_come_out_of_the_index_on_values_in_order() {
    on_sqlite(async |test| {
        for sketch in RUNS {
            create(test, *sketch).await;
        }
        let search = |token| by_metric(runs(test, "", page(1, token)));
        let token = test.read(search(None)).await.unwrap().next_page_token;
        let first = plan(test, search(None), "run_metrics_by_value").await;
        let next = plan(test, search(token), "run_metrics_by_value").await;
        for plan in [&first, &next] {
            // Only among equal values are runs sorted.
            assert!(plan.contains("LAST 2 TERMS OF ORDER BY"), "{plan}");
            assert!(!plan.contains("FOR ORDER BY"), "{plan}");
        }
        assert!(next.contains("value<?"), "{next}");
    })
    .await;
}

#[tokio::test]
async fn a_walk_begins_where_the_filter_lets_it() {
    on_sqlite(async |test| {
        for sketch in RUNS {
            create(test, *sketch).await;
        }
        let search = walking(by_metric(runs(test, "metrics.loss < 0.6", page(1, None))));
        // How far it comes in so many steps is looked up first, from where the walk itself begins.
        let steps = plan(test, search, "SEARCH o0 USING COVERING INDEX").await;
        assert!(steps.contains("is_nan=? AND value<?"), "{steps}");
        assert!(!steps.contains("SEARCH r "), "{steps}");
    })
    .await;
}

#[tokio::test]
async fn a_walk_looks_at_the_rows_that_may_match() {
    on_sqlite(async |test| {
        for sketch in RUNS {
            create(test, *sketch).await;
        }
        let filter = "metrics.loss > -9 AND params.depth != '1'";
        let mut search = walking(by_metric(runs(test, filter, page(1, None))));
        search.effort.first_entries = 1_000;
        let plan = plan(test, search, "SEARCH r ").await;
        assert!(plan.starts_with("SEARCH o0 USING COVERING"), "{plan}");
        // What cannot match is left before its run is looked up.
        let asked = plan.find("LIST SUBQUERY");
        assert!(asked.is_some() && asked < plan.find("SEARCH r "), "{plan}");
    })
    .await;
}

#[tokio::test]
async fn a_walk_that_is_nearly_over_is_not_narrowed() {
    on_sqlite(async |test| {
        for sketch in RUNS {
            create(test, *sketch).await;
        }
        for (first_steps, expected) in [(1, 3), (400, 1)] {
            let mut search = walking(runs(test, "params.depth LIKE 'none%'", page(1, None)));
            search.effort.first_steps = first_steps;
            search.effort.more_entries = 1_000;
            test.plans.check();
            test.read(search).await.unwrap();
            let plans = test.plans.take();
            let reads_index = |plan: &&Plan| plan.steps.concat().contains("run_params_by_value");
            // The first look, before the walk, is always taken; the second one takes two statements.
            let looks = plans.iter().filter(reads_index).count();
            assert_eq!(looks, expected, "{first_steps} steps");
        }
    })
    .await;
}

#[tokio::test]
async fn what_narrows_a_search_is_read_from_the_indexes_alone() {
    on_sqlite(async |test| {
        for sketch in RUNS {
            create(test, *sketch).await;
        }
        for (filter, index) in [
            (
                "metrics.loss > 0.1",
                "run_metrics_by_value (experiment_pk=? AND key_id=? AND is_nan=? AND value>?)",
            ),
            (
                "params.depth = '3'",
                "run_params_by_value (experiment_pk=? AND key_id=? AND value=?)",
            ),
            (
                "params.depth LIKE '%3'",
                "run_params_by_value (experiment_pk=? AND key_id=?)",
            ),
            (
                "tags.team IN ('red', 'blue')",
                "run_tags_by_value (experiment_pk=? AND key_id=? AND value=?)",
            ),
            (
                "run_name = 'Alpha'",
                "run_tags_by_value (experiment_pk=? AND key_id=? AND value=?)",
            ),
        ] {
            let plan = plan(test, runs(test, filter, page(1, None)), index).await;
            assert!(plan.contains("COVERING"), "{plan}");
        }
        // What was found is looked up, not looked for.
        let found = runs(test, "params.depth = '3'", page(1, None));
        plan(test, found, "SEARCH r USING INTEGER PRIMARY KEY").await;
    })
    .await;
}

#[tokio::test]
async fn several_experiments_give_their_first_runs_each() {
    on_sqlite(async |test| {
        for sketch in RUNS {
            create(test, *sketch).await;
        }
        let other = create_experiment(test, "other", &[]).await.id;
        let several = |search| RunSearch {
            experiment_ids: vec![ExperimentId::DEFAULT, other],
            view: ViewType::All,
            ..search
        };
        let search = several(runs(test, "", page(1, None)));
        let by_start = plan(test, search, "runs_by_start").await;
        let search = several(by_metric(runs(test, "", page(1, None))));
        let by_value = plan(test, search, "run_metrics_by_value").await;
        for plan in [by_start, by_value] {
            assert!(plan.contains("CORRELATED LIST SUBQUERY"), "{plan}");
            assert!(!plan.contains("FOR ORDER BY"), "{plan}");
        }
    })
    .await;
}

#[tokio::test]
async fn versions_of_one_model_come_out_of_their_index_in_order() {
    on_sqlite(async |test| {
        create_model(test, "iris", 0, &[]).await;
        for ms in 0..3 {
            create_version(test, "iris", ms, Some("r1"), &[]).await;
        }
        let filter = "name = 'iris'";
        let first = versions(test, filter, &[], page(1, None));
        let token = test.read(first).await.unwrap().next_page_token;
        assert!(token.is_some());
        for page in [page(1, None), page(1, token)] {
            let is_first = page.page_token.is_none();
            let search = versions(test, filter, &[], page);
            let plan = plan(test, search, "model_versions_by_update").await;
            assert!(!plan.contains("TEMP B-TREE"), "{plan}");
            assert!(is_first || plan.contains("updated_ms<?"), "{plan}");
        }
        for order in ["creation_timestamp ASC", "creation_timestamp DESC"] {
            let search = versions(test, filter, &[order], page(1, None));
            let plan = plan(test, search, "model_versions_by_creation").await;
            assert!(!plan.contains("B-TREE FOR ORDER BY"), "{plan}");
        }
        for filter in ["run_id = 'r1'", "name = 'iris' AND run_id = 'r1'"] {
            let of_run = versions(test, filter, &[], page(1, None));
            plan(test, of_run, "model_versions_by_run").await;
        }
        let by_creation = versions(test, "", &["creation_timestamp DESC"], page(1, None));
        plan(test, by_creation, "model_versions_of_platform_by_creation").await;
        let of_platform = versions(test, "", &[], page(1, None));
        let of_platform = plan(test, of_platform, "model_versions_by_platform").await;
        assert!(
            !of_platform.contains("TEMP B-TREE FOR ORDER BY"),
            "{of_platform}"
        );
    })
    .await;
}

#[tokio::test]
async fn the_newest_version_of_a_stage_is_looked_up() {
    on_each_engine(async |test| {
        create_model(test, "iris", 0, &[]).await;
        create_version(test, "iris", 1, None, &[]).await;
        let get = GetRegisteredModel {
            tenant: test.tenant,
            name: ModelName::new("iris"),
            keys: test.db().keys(),
        };
        plan(test, get, "model_versions_by_stage").await;
    })
    .await;
}

#[tokio::test]
async fn versions_are_found_by_a_tag() {
    on_each_engine(async |test| {
        create_tagged(test).await;
        for (filter, count) in [
            ("tags.team = 'red'", 1),
            ("name = 'iris' AND tags.team = 'red'", 1),
            ("run_id = 'r1' AND tags.team IN ('red', 'blue')", 1),
            ("tags.team = 'red' OR tags.team LIKE 'b%'", 2),
            ("run_id = 'r1' OR tags.team = 'blue'", 2),
        ] {
            let found = test.read(versions(test, filter, &[], page(9, None)));
            assert_eq!(found.await.unwrap().items.len(), count, "{filter}");
        }
    })
    .await;
}

async fn create_tagged(test: &TestDb) {
    create_model(test, "iris", 0, &[("team", "red")]).await;
    create_version(test, "iris", 1, Some("r1"), &[("team", "red")]).await;
    create_version(test, "iris", 2, None, &[("team", "blue")]).await;
}

#[tokio::test]
async fn few_versions_and_models_with_a_tag_are_looked_up() {
    on_sqlite(async |test| {
        create_tagged(test).await;
        let filter = "name = 'iris' AND tags.team = 'red'";
        let search = || versions(test, filter, &[], page(9, None));
        plan(test, search(), "COVERING INDEX model_version_tags_by_value").await;
        plan(test, search(), "SEARCH v USING INTEGER PRIMARY KEY").await;
        let search = || models(test, "tags.team = 'red'", &[], page(9, None));
        plan(
            test,
            search(),
            "COVERING INDEX registered_model_tags_by_value",
        )
        .await;
        plan(test, search(), "SEARCH m USING INTEGER PRIMARY KEY").await;
    })
    .await;
}

#[tokio::test]
async fn experiments_and_models_come_out_of_their_indexes_in_order() {
    on_sqlite(async |test| {
        let experiments = ExperimentSearch {
            tenant: test.tenant,
            search: Search {
                filter: None,
                order_by: Vec::<OrderBy<_>>::new(),
                page: page(1, None),
                keys: test.db().keys(),
            },
            view: ViewType::ActiveOnly,
        };
        let experiments = plan(test, experiments, "experiments_by_creation").await;
        assert!(!experiments.contains("TEMP B-TREE"), "{experiments}");
        let models = models(test, "", &[], page(1, None));
        let models = plan(test, models, "sqlite_autoindex_registered_models").await;
        assert!(!models.contains("TEMP B-TREE"), "{models}");
    })
    .await;
}

#[tokio::test]
async fn postgresql_reads_texts_from_the_index_alone() {
    on_postgres(async |test| {
        for sketch in RUNS {
            create(test, *sketch).await;
        }
        for (filter, index) in [
            ("params.depth LIKE '%3'", "run_params_by_value"),
            ("params.depth = '3'", "run_params_by_value"),
            ("tags.team != 'red'", "run_tags_by_value"),
        ] {
            let index = format!("Index Only Scan using {index}");
            plan(test, runs(test, filter, page(1, None)), &index).await;
        }
    })
    .await;
}

/// How PostgreSQL asks a list of many row keys.
struct Among;

impl Query for Among {
    type Out = Vec<String>;
    const NAME: &'static str = "test.among";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Vec<String>> {
        let among = conn.engine().among("r.run_pk", 1);
        let sql = format!("EXPLAIN SELECT r.run_pk FROM runs r WHERE {among}");
        // More than is thought to fit into the memory that one table may have by default.
        let row_keys = vec![1_i64; 400_000];
        let arguments = [Value::Ints(&row_keys)];
        let step = |row: &Row<'_>| row.get(0);
        conn.query(&sql, &arguments, step).await
    }
}

#[tokio::test]
async fn rows_that_may_match_are_hashed_however_many() {
    on_postgres(async |test| {
        let steps = test.db().read(Among).await.unwrap();
        let is_hashed = steps.iter().any(|step| step.contains("hashed SubPlan"));
        assert!(is_hashed, "{steps:#?}");
    })
    .await;
}
