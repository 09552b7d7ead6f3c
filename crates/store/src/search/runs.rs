//! Searching runs.

use ferroflow_model::runs::Run;
use ferroflow_model::{ExperimentId, Page, Result, ViewType};
use ferroflow_search::{
    Comparison, DatasetAttribute, OrderBy, Predicate, RunAttribute, RunField, RunOrder,
    TextOperator,
};

use super::Search;
use super::filter::{
    SideTable, demanded, push_column, push_filter, push_keyed, push_metric, push_nullable,
};
use super::narrow::{Range, Ranges, range_of_values};
use super::order::Order;
use super::order_key::{Content, Values};
use super::page::{Found, Wanted};
use super::plan::{Effort, Plan, Rows};
use super::scope::{find_experiments, push_experiments};
use super::sql::Sql;
use crate::args;
use crate::command::{Query, Tenant};
use crate::conn::{Conn, Engine};
use crate::keys::KeyIds;
use crate::runs::{RUN_COLUMNS, RUN_TABLES, complete_runs, run_row};
use crate::tags::{RUN_PARAMS, RUN_TAGS};

const METRICS: SideTable = SideTable {
    name: "run_metrics",
    owner: "run_pk",
    row: "r",
};
const PARAMS: SideTable = SideTable::of(&RUN_PARAMS, "r");
const TAGS: SideTable = SideTable::of(&RUN_TAGS, "r");

/// The tag that filters read the name of a run from, as MLflow does.
const NAME_TAG: &str = "mlflow.runName";

/// Lists runs of some experiments. By default the latest start comes first.
pub struct RunSearch {
    /// The tenant.
    pub tenant: Tenant,
    /// Filter, order and page.
    pub search: Search<RunField, OrderBy<RunOrder>>,
    /// Unknown ones are as if empty.
    pub experiment_ids: Vec<ExperimentId>,
    /// Which lifecycle stages.
    pub view: ViewType,
    /// How much it may look at before it settles on a way.
    pub effort: Effort,
}

impl Query for RunSearch {
    type Out = Page<Run>;
    const NAME: &'static str = "runs.search";
    const IS_LONG: bool = true;

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Page<Run>> {
        let found = self.find(conn).await?;
        let sql = format!(
            "SELECT {RUN_COLUMNS} FROM {RUN_TABLES} WHERE {}",
            conn.engine().any_of("r.run_pk", 1)
        );
        let infos = conn
            .query(&sql, args![found.row_keys.as_slice()], run_row)
            .await?;
        let infos = found.in_order(infos, |info| info.etag.row);
        Ok(Page {
            items: complete_runs(conn, &self.search.keys, infos).await?,
            next_page_token: found.next_page_token,
        })
    }
}

impl RunSearch {
    async fn find<C: Conn>(&self, conn: &mut C) -> Result<Found> {
        let experiments = find_experiments(conn, self.tenant, &self.experiment_ids).await?;
        let search = &self.search;
        let keys = search.keys.find(conn, &self.key_names()).await?;
        let order = order(&search.order_by, &keys);
        let request = (
            &search.filter,
            &search.order_by,
            &self.experiment_ids,
            self.view,
        );
        let wanted = Wanted::new(&order, &search.page, &request)?;
        if experiments.is_empty() {
            return Ok(Found::NOTHING);
        }
        let runs = Runs {
            search: self,
            experiments: &experiments,
            keys: &keys,
        };
        let plan = Plan {
            engine: conn.engine(),
            rows: &runs,
            experiments: &experiments,
            view: self.view,
            order: &order,
            wanted: &wanted,
            ranges: runs.ranges(conn.engine()),
            effort: self.effort,
        };
        let hits = plan.find(conn).await?;
        wanted.found(hits)
    }

    fn key_names(&self) -> Vec<&str> {
        let fields = self.search.fields();
        let filtered = fields.filter_map(|field| match field {
            RunField::Metric(key) | RunField::Param(key) | RunField::Tag(key) => Some(key.as_str()),
            RunField::Attribute(RunAttribute::RunName) => Some(NAME_TAG),
            RunField::Attribute(_) | RunField::Dataset(_) => None,
        });
        let ordered = self
            .search
            .order_by
            .iter()
            .filter_map(|clause| match &clause.field {
                RunOrder::Metric(key) | RunOrder::Param(key) | RunOrder::Tag(key) => {
                    Some(key.as_str())
                }
                RunOrder::Attribute(_) => None,
            });
        filtered.chain(ordered).collect()
    }
}

/// What a search looks at, with the names of its keys resolved.
struct Runs<'a> {
    search: &'a RunSearch,
    experiments: &'a [i64],
    keys: &'a KeyIds,
}

impl Rows for Runs<'_> {
    const TABLE: &'static str = "runs r";
    const ROW_KEY: &'static str = "r.run_pk";
    const EXPERIMENT: &'static str = "r.experiment_pk";
    const LIFECYCLE: &'static str = "r.lifecycle";
    const INDEXED: &'static str = "r.start_ms";

    fn push_filter<'s>(&'s self, sql: &mut Sql<'s>) {
        push_filter(
            sql,
            self.search.search.filter.as_ref(),
            |sql, comparison| {
                push_comparison(sql, comparison, self.keys);
            },
        );
    }

    fn push_bounds<'s>(&'s self, sql: &mut Sql<'s>, values: &Values) {
        let filter = self.search.search.filter.as_ref();
        for comparison in filter.map(demanded).unwrap_or_default() {
            let RunField::Metric(key) = &comparison.field else {
                continue;
            };
            if values.table == METRICS && self.keys.get(key) == Some(values.key_id) {
                sql.push(" AND ");
                let column = format!("{}.value", values.alias);
                push_column(sql, &column, &comparison.predicate);
            }
        }
    }
}

impl<'a> Runs<'a> {
    fn ranges(&self, engine: Engine) -> Option<Ranges<'a>> {
        let filter = self.search.search.filter.as_ref()?;
        Ranges::of(filter, &|comparison| self.range(engine, comparison))
    }

    /// The range of an index that holds all runs which a comparison matches.
    fn range(&self, engine: Engine, comparison: &'a Comparison<RunField>) -> Option<Range<'a>> {
        let (table, key) = match &comparison.field {
            RunField::Metric(key) => (METRICS, key.as_str()),
            RunField::Param(key) => (PARAMS, key.as_str()),
            RunField::Tag(key) => (TAGS, key.as_str()),
            RunField::Attribute(RunAttribute::RunName) => (TAGS, NAME_TAG),
            RunField::Attribute(RunAttribute::RunId) => {
                return range_of_ids(engine, self.search.tenant, &comparison.predicate);
            }
            RunField::Attribute(_) | RunField::Dataset(_) => return None,
        };
        let key_id = self.keys.get(key);
        range_of_values(engine, table, key_id, &comparison.predicate, |sql| {
            push_experiments(sql, "x.experiment_pk", self.experiments);
            sql.push(" AND ");
        })
    }
}

/// The runs with these ids.
fn range_of_ids(engine: Engine, tenant: Tenant, predicate: &Predicate) -> Option<Range<'_>> {
    let names_ids = matches!(
        predicate,
        Predicate::Text {
            operator: TextOperator::Equal,
            ..
        } | Predicate::TextIn { negated: false, .. }
    );
    if !names_ids {
        return None;
    }
    let mut sql = Sql::new(engine);
    sql.push_argument(
        "SELECT r.run_pk FROM runs r WHERE r.platform_pk = ",
        tenant.platform,
    );
    sql.push(" AND ");
    push_column(&mut sql, "r.run_id", predicate);
    Some(Range::whole(sql))
}

fn order<'a>(clauses: &[OrderBy<RunOrder>], keys: &KeyIds) -> Order<'a> {
    let mut order = Order::default();
    for OrderBy { field, ascending } in clauses {
        let (table, key, content) = match field {
            RunOrder::Attribute(attribute) => {
                let (column, content) = attribute_order(*attribute);
                order.column(column, content, *ascending);
                continue;
            }
            RunOrder::Metric(key) => (METRICS, key, Content::Metric),
            RunOrder::Param(key) => (PARAMS, key, Content::OptionalText),
            RunOrder::Tag(key) => (TAGS, key, Content::OptionalText),
        };
        order.keyed(table, keys.get(key), content, *ascending);
    }
    let has = |attribute| {
        clauses
            .iter()
            .any(|clause| clause.field == RunOrder::Attribute(attribute))
    };
    if !has(RunAttribute::StartTime) {
        order.column("r.start_ms", Content::Integer, false);
    }
    if !has(RunAttribute::RunId) {
        order.column("r.run_id", Content::Text, true);
    }
    order
}

fn attribute_order(attribute: RunAttribute) -> (&'static str, Content) {
    match attribute {
        RunAttribute::RunId => ("r.run_id", Content::Text),
        RunAttribute::RunName => ("r.name", Content::Text),
        RunAttribute::UserId => ("r.user_id", Content::Text),
        RunAttribute::Status => ("r.status", Content::Text),
        RunAttribute::ArtifactUri => ("r.artifact_uri", Content::Text),
        RunAttribute::StartTime => ("r.start_ms", Content::Integer),
        RunAttribute::EndTime => ("r.end_ms", Content::OptionalInteger),
    }
}

fn push_comparison<'a>(sql: &mut Sql<'a>, comparison: &'a Comparison<RunField>, keys: &KeyIds) {
    let predicate = &comparison.predicate;
    match &comparison.field {
        RunField::Attribute(RunAttribute::RunName) => {
            push_keyed(sql, TAGS, keys.get(NAME_TAG), predicate);
        }
        RunField::Attribute(RunAttribute::EndTime) => push_nullable(sql, "r.end_ms", predicate),
        RunField::Attribute(attribute) => {
            push_column(sql, attribute_order(*attribute).0, predicate);
        }
        RunField::Metric(key) => push_metric(sql, METRICS, keys.get(key), predicate, |_| ()),
        RunField::Param(key) => push_keyed(sql, PARAMS, keys.get(key), predicate),
        RunField::Tag(key) => push_keyed(sql, TAGS, keys.get(key), predicate),
        RunField::Dataset(attribute) => {
            sql.push(dataset_tables(*attribute));
            push_column(sql, dataset_column(*attribute), predicate);
            sql.push(")");
        }
    }
}

/// The beginning of the condition that a run has an input with a property.
fn dataset_tables(attribute: DatasetAttribute) -> &'static str {
    match attribute {
        DatasetAttribute::Name | DatasetAttribute::Digest => {
            "EXISTS (SELECT 1 FROM run_dataset_inputs i \
             JOIN datasets d ON d.dataset_pk = i.dataset_pk WHERE i.run_pk = r.run_pk AND "
        }
        DatasetAttribute::Context => {
            "EXISTS (SELECT 1 FROM run_dataset_input_tags t \
             WHERE t.run_pk = r.run_pk AND t.name = 'mlflow.data.context' AND "
        }
    }
}

fn dataset_column(attribute: DatasetAttribute) -> &'static str {
    match attribute {
        DatasetAttribute::Name => "d.name",
        DatasetAttribute::Digest => "d.digest",
        DatasetAttribute::Context => "t.value",
    }
}
