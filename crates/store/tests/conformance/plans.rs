//! How statements find their rows. What the suite runs, it also explains: no statement may look at
//! all rows of a table, because then its cost would grow with the rows of others.

use std::sync::{Arc, Mutex};

use ferroflow_model::Result;
use ferroflow_store::{BulkInsert, Command, Conn, Engine, Query, Row, Statement, Value};

/// What this index holds is listed whole, to the administrators of the server.
const LISTED_WHOLE: &str = "platforms_by_workspace";

/// How one statement finds its rows.
pub(crate) struct Plan {
    statement: String,
    pub(crate) steps: Vec<String>,
}

/// The plans of the statements that were run.
#[derive(Clone, Default)]
pub(crate) struct Plans(Arc<Mutex<Vec<Plan>>>);

impl Plans {
    /// The plans so far; they are forgotten.
    pub(crate) fn take(&self) -> Vec<Plan> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// Fails when a statement looked at all rows of a table.
    pub(crate) fn check(&self) {
        for Plan { statement, steps } in self.take() {
            let scan = find_scan(&steps);
            assert!(scan.is_none(), "{scan:?}: {statement}\n{steps:#?}");
        }
    }

    fn note(&self, statement: &str, steps: Vec<String>) {
        let statement = statement.to_owned();
        self.0.lock().unwrap().push(Plan { statement, steps });
    }
}

/// The step that looks at all rows of a table, if there is one.
fn find_scan(steps: &[String]) -> Option<&String> {
    let is_scan = |(index, step): &(usize, &String)| {
        let is_whole = scans_in_sqlite(steps, step) || scans_in_postgres(&steps[index + 1..], step);
        is_whole && !step.contains(LISTED_WHOLE)
    };
    steps.iter().enumerate().find(is_scan).map(|(_, step)| step)
}

/// What a subquery has found, the elements of a list and constants are no tables.
fn scans_in_sqlite(steps: &[String], step: &str) -> bool {
    let Some(scanned) = step.strip_prefix("SCAN ") else {
        return false;
    };
    let is_found_before = |other: &String| {
        let found = other.strip_prefix("CO-ROUTINE ");
        found.or_else(|| other.strip_prefix("MATERIALIZE ")) == Some(scanned)
    };
    let is_constant = scanned.contains("CONSTANT ROW") || scanned.contains("VIRTUAL TABLE");
    !is_constant && !steps.iter().any(is_found_before)
}

/// An index without a condition is read from end to end.
fn scans_in_postgres(next: &[String], step: &str) -> bool {
    let step = step.trim_start_matches([' ', '-', '>']);
    let mut details = next.iter().take_while(|next| !next.contains("->"));
    let is_index = step.starts_with("Index") || step.starts_with("Bitmap Index");
    step.starts_with("Seq Scan")
        || is_index && step.contains(" Scan ") && !details.any(|next| next.contains("Index Cond"))
}

/// A command or query that notes the plan of each statement before it runs it.
pub(crate) struct Explained<T> {
    pub(crate) inner: T,
    pub(crate) plans: Plans,
}

impl<C: Command> Command for Explained<C> {
    type Out = C::Out;
    const NAME: &'static str = C::NAME;

    async fn run<D: Conn>(&self, conn: &mut D) -> Result<C::Out> {
        let plans = &self.plans;
        self.inner.run(&mut Explain { conn, plans }).await
    }

    fn is_repeatable(&self) -> bool {
        self.inner.is_repeatable()
    }
}

impl<Q: Query> Query for Explained<Q> {
    type Out = Q::Out;
    const NAME: &'static str = Q::NAME;
    const IS_LONG: bool = Q::IS_LONG;

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Q::Out> {
        let plans = &self.plans;
        self.inner.run(&mut Explain { conn, plans }).await
    }
}

struct Explain<'a, C> {
    conn: &'a mut C,
    plans: &'a Plans,
}

impl<C: Conn> Explain<'_, C> {
    async fn explain(&mut self, sql: &str, args: &[Value<'_>]) -> Result<()> {
        let (verb, column) = match self.conn.engine() {
            Engine::Sqlite => ("EXPLAIN QUERY PLAN", 3),
            Engine::Postgres => ("EXPLAIN", 0),
        };
        let explain = format!("{verb} {sql}");
        let step = |row: &Row<'_>| row.get::<String>(column);
        let steps = self.conn.query(&explain, args, step).await?;
        self.plans.note(sql, steps);
        Ok(())
    }
}

impl<C: Conn> Conn for Explain<'_, C> {
    fn engine(&self) -> Engine {
        self.conn.engine()
    }

    async fn execute(&mut self, sql: &str, args: &[Value<'_>]) -> Result<u64> {
        self.explain(sql, args).await?;
        self.conn.execute(sql, args).await
    }

    async fn execute_all(&mut self, statements: &[Statement<'_>]) -> Result<Vec<u64>> {
        for (sql, args) in statements {
            self.explain(sql, args).await?;
        }
        self.conn.execute_all(statements).await
    }

    async fn query<T, F>(&mut self, sql: &str, args: &[Value<'_>], map: F) -> Result<Vec<T>>
    where
        T: Send,
        F: FnMut(&Row<'_>) -> Result<T> + Send,
    {
        self.explain(sql, args).await?;
        self.conn.query(sql, args, map).await
    }

    async fn insert(&mut self, bulk: &BulkInsert<'_>) -> Result<u64> {
        self.conn.insert(bulk).await
    }
}
