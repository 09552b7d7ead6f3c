//! Which indexes searches use. On SQLite alone, whose plans do not depend on statistics here:
//! what must stay fast with a hundred thousand rows is told by its plan with a handful.

use std::sync::Mutex;

use ferroflow_model::{ExperimentId, PageRequest, Result, ViewType};
use ferroflow_search::{Filter, OrderBy};
use ferroflow_store::search::{ExperimentSearch, RunSearch, Search};
use ferroflow_store::{BulkInsert, Conn, Engine, Query, Row, Statement, Value};

use crate::harness::{TestDb, on_each_engine};
use crate::runs::create_run;
use crate::search_registry::{create_model, create_version, models, versions};

/// A query that answers with the plans of its statements.
struct Explained<Q>(Q);

impl<Q: Query> Query for Explained<Q> {
    type Out = Vec<String>;
    const NAME: &'static str = "test.explain";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Vec<String>> {
        let plans = Mutex::default();
        let mut explain = Explain {
            conn,
            plans: &plans,
        };
        self.0.run(&mut explain).await?;
        Ok(plans.into_inner().unwrap())
    }
}

/// A connection that notes the plan of each statement before it runs it.
struct Explain<'a, C> {
    conn: &'a mut C,
    plans: &'a Mutex<Vec<String>>,
}

impl<C: Conn> Conn for Explain<'_, C> {
    fn engine(&self) -> Engine {
        self.conn.engine()
    }

    async fn execute(&mut self, sql: &str, args: &[Value<'_>]) -> Result<u64> {
        self.conn.execute(sql, args).await
    }

    async fn execute_all(&mut self, statements: &[Statement<'_>]) -> Result<Vec<u64>> {
        self.conn.execute_all(statements).await
    }

    async fn query<T, F>(&mut self, sql: &str, args: &[Value<'_>], map: F) -> Result<Vec<T>>
    where
        T: Send,
        F: FnMut(&Row<'_>) -> Result<T> + Send,
    {
        let explain = format!("EXPLAIN QUERY PLAN {sql}");
        let steps = self
            .conn
            .query(&explain, args, |row| row.get::<String>(3))
            .await?;
        self.plans.lock().unwrap().push(steps.join("\n"));
        self.conn.query(sql, args, map).await
    }

    async fn insert(&mut self, bulk: &BulkInsert<'_>) -> Result<u64> {
        self.conn.insert(bulk).await
    }
}

/// The plan of the statement that uses `index`.
async fn plan<Q: Query>(test: &TestDb, query: Q, index: &str) -> String {
    let plans = test.read(Explained(query)).await.unwrap();
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
    }
}

#[tokio::test]
async fn runs_come_out_of_their_index_in_order() {
    on_each_engine(async |test| {
        if test.db().engine() == Engine::Postgres {
            return;
        }
        for id in ["a", "b", "c"] {
            create_run(test, id).await;
        }
        let first = runs(test, "", page(1, None));
        let token = test.read(first).await.unwrap().next_page_token;
        assert!(token.is_some());
        for filter in [
            "",
            "metrics.loss > 1 AND params.p = '1' AND tags.`mlflow.runName` = 'x'",
        ] {
            test.db().intern(&["loss", "p"]).await.unwrap();
            let first = plan(test, runs(test, filter, page(1, None)), "runs_by_start").await;
            assert!(!first.contains("TEMP B-TREE"), "{first}");
        }
        let next = plan(test, runs(test, "", page(1, token)), "runs_by_start").await;
        assert!(!next.contains("TEMP B-TREE"), "{next}");
        // The place where the page begins is found in the index, not by walking to it.
        assert!(next.contains("start_ms<?"), "{next}");
    })
    .await;
}

#[tokio::test]
async fn versions_of_one_model_come_out_of_their_index_in_order() {
    on_each_engine(async |test| {
        if test.db().engine() == Engine::Postgres {
            return;
        }
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
        for filter in ["run_id = 'r1'", "name = 'iris' AND run_id = 'r1'"] {
            let of_run = versions(test, filter, &[], page(1, None));
            plan(test, of_run, "model_versions_by_run").await;
        }
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
async fn experiments_and_models_come_out_of_their_indexes_in_order() {
    on_each_engine(async |test| {
        if test.db().engine() == Engine::Postgres {
            return;
        }
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
