//! Searching logged models.

use std::fmt::Write as _;

use ferroflow_model::logged_models::LoggedModel;
use ferroflow_model::metrics::MetricDataset;
use ferroflow_model::{ExperimentId, Page, Result, ViewType};
use ferroflow_search::{
    Comparison, LoggedModelAttribute, LoggedModelField, LoggedModelOrder, OrderBy,
};

use super::Search;
use super::filter::{SideTable, push_column, push_filter, push_keyed, push_metric};
use super::order::{NO_KEY, Order};
use super::order_key::Content;
use super::page::{Found, find_page, select};
use super::scope::{find_experiments, push_experiments, push_view};
use super::sql::Sql;
use crate::args;
use crate::command::{Query, Tenant};
use crate::conn::Conn;
use crate::keys::KeyIds;
use crate::logged_models::{LOGGED_MODEL_COLUMNS, LOGGED_MODEL_TABLES, complete_models, model_row};
use crate::tags::{LOGGED_MODEL_PARAMS, LOGGED_MODEL_TAGS};

const METRICS: SideTable = SideTable {
    name: "logged_model_metrics",
    owner: "logged_model_pk",
    row: "l",
};
const PARAMS: SideTable = SideTable::of(&LOGGED_MODEL_PARAMS, "l");
const TAGS: SideTable = SideTable::of(&LOGGED_MODEL_TAGS, "l");

/// One key to order by: for a metric, the latest point on the dataset that is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedModelClause {
    /// Field and direction.
    pub order: OrderBy<LoggedModelOrder>,
    /// Only points on datasets of this name.
    pub dataset_name: Option<String>,
    /// Only points on datasets of this digest.
    pub dataset_digest: Option<String>,
}

/// Lists logged models of some experiments, never deleted ones. By default the newest comes first.
pub struct LoggedModelSearch {
    /// The tenant.
    pub tenant: Tenant,
    /// Filter, order and page.
    pub search: Search<LoggedModelField, LoggedModelClause>,
    /// Unknown ones are as if empty.
    pub experiment_ids: Vec<ExperimentId>,
    /// Metric conditions look at points on these alone; without any metric condition, a model
    /// must have some point on one of them. An empty digest stands for any.
    pub datasets: Vec<MetricDataset>,
}

impl Query for LoggedModelSearch {
    type Out = Page<LoggedModel>;
    const NAME: &'static str = "logged_models.search";
    const IS_LONG: bool = true;

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Page<LoggedModel>> {
        let found = self.find(conn).await?;
        let sql = format!(
            "SELECT {LOGGED_MODEL_COLUMNS} FROM {LOGGED_MODEL_TABLES} WHERE {}",
            conn.engine().any_of("l.logged_model_pk", 1)
        );
        let rows = conn
            .query(&sql, args![found.row_keys.as_slice()], model_row)
            .await?;
        let rows = found.in_order(rows, |row| row.logged_model_pk);
        Ok(Page {
            items: complete_models(conn, &self.search.keys, rows).await?,
            next_page_token: found.next_page_token,
        })
    }
}

impl LoggedModelSearch {
    async fn find<C: Conn>(&self, conn: &mut C) -> Result<Found> {
        let experiments = find_experiments(conn, self.tenant, &self.experiment_ids).await?;
        if experiments.is_empty() {
            return Ok(Found::NOTHING);
        }
        let search = &self.search;
        let keys = search.keys.find(conn, &self.key_names()).await?;
        let order = order(&search.order_by, &keys);
        let mut sql = select(
            conn.engine(),
            "l.logged_model_pk",
            "logged_models l",
            &order,
        );
        push_experiments(&mut sql, "l.experiment_pk", &experiments);
        push_view(&mut sql, "l.lifecycle", ViewType::ActiveOnly);
        push_filter(&mut sql, search.filter.as_ref(), |sql, comparison| {
            push_comparison(sql, comparison, &keys, &self.datasets);
        });
        self.push_datasets(&mut sql);
        let request = (
            &search.filter,
            &search.order_by,
            &self.experiment_ids,
            &self.datasets,
        );
        find_page(conn, sql, &order, &search.page, &request).await
    }

    fn key_names(&self) -> Vec<&str> {
        let fields = self.search.fields();
        let filtered = fields.filter_map(|field| match field {
            LoggedModelField::Metric(key)
            | LoggedModelField::Param(key)
            | LoggedModelField::Tag(key) => Some(key.as_str()),
            LoggedModelField::Attribute(_) => None,
        });
        let ordered = self
            .search
            .order_by
            .iter()
            .filter_map(|clause| match &clause.order.field {
                LoggedModelOrder::Metric(key) => Some(key.as_str()),
                LoggedModelOrder::Attribute(_) => None,
            });
        filtered.chain(ordered).collect()
    }

    /// Appends the condition that datasets alone make, when no metric condition holds them.
    fn push_datasets<'a>(&'a self, sql: &mut Sql<'a>) {
        let mut fields = self.search.fields();
        let has_metric = fields.any(|field| matches!(field, LoggedModelField::Metric(_)));
        if self.datasets.is_empty() || has_metric {
            return;
        }
        sql.push(format_args!(
            " AND EXISTS (SELECT 1 FROM {} x WHERE {}",
            METRICS.name,
            METRICS.belongs("x")
        ));
        push_on_datasets(sql, &self.datasets);
        sql.push(")");
    }
}

/// Appends ` AND` and the condition that a point `x` was computed on one of these datasets; none
/// means any.
fn push_on_datasets<'a>(sql: &mut Sql<'a>, datasets: &'a [MetricDataset]) {
    for (index, dataset) in datasets.iter().enumerate() {
        sql.push(if index == 0 { " AND (" } else { " OR " });
        sql.push_argument("x.dataset_name = ", &dataset.name);
        if !dataset.digest.is_empty() {
            sql.push_argument(" AND x.dataset_digest = ", &dataset.digest);
        }
    }
    sql.push(if datasets.is_empty() { "" } else { ")" });
}

fn order<'a>(clauses: &'a [LoggedModelClause], keys: &KeyIds) -> Order<'a> {
    let mut order = Order::default();
    for clause in clauses {
        let OrderBy { field, ascending } = &clause.order;
        match field {
            LoggedModelOrder::Attribute(attribute) => {
                let (column, content) = attribute_order(*attribute);
                order.column(column, content, *ascending);
            }
            LoggedModelOrder::Metric(key) => {
                push_latest_point(&mut order, clause, keys.get(key).unwrap_or(NO_KEY));
            }
        }
    }
    let has = |attribute| {
        let field = LoggedModelOrder::Attribute(attribute);
        clauses.iter().any(|clause| clause.order.field == field)
    };
    if !has(LoggedModelAttribute::CreationTime) {
        order.column("l.created_ms", Content::Integer, false);
    }
    if !has(LoggedModelAttribute::ModelId) {
        order.column("l.model_id", Content::Text, true);
    }
    order
}

/// Adds the latest point of a series, of all runs.
fn push_latest_point<'a>(order: &mut Order<'a>, clause: &'a LoggedModelClause, key_id: i64) {
    let alias = order.next_alias();
    let SideTable { name, .. } = METRICS;
    let key = order.argument(key_id);
    let mut on_dataset = String::new();
    for (column, text) in [
        ("dataset_name", &clause.dataset_name),
        ("dataset_digest", &clause.dataset_digest),
    ] {
        if let Some(text) = text {
            let number = order.argument(text);
            let _ = write!(on_dataset, " AND x.{column} = ${number}");
        }
    }
    let join = format!(
        " LEFT JOIN {name} {alias} ON {} AND {alias}.key_id = ${key} \
         AND ({alias}.timestamp_ms, {alias}.step, {alias}.run_id) = \
         (SELECT x.timestamp_ms, x.step, x.run_id FROM {name} x \
         WHERE {} AND x.key_id = ${key}{on_dataset} \
         ORDER BY x.timestamp_ms DESC, x.step DESC, x.run_id LIMIT 1)",
        METRICS.belongs(&alias),
        METRICS.belongs("x"),
    );
    order.joined(join, clause.order.ascending);
}

fn attribute_order(attribute: LoggedModelAttribute) -> (&'static str, Content) {
    match attribute {
        LoggedModelAttribute::Name => ("l.name", Content::Text),
        LoggedModelAttribute::ModelId => ("l.model_id", Content::Text),
        // Clients cannot tell a text that is not set from an empty one.
        LoggedModelAttribute::ModelType => ("COALESCE(l.model_type, '')", Content::Text),
        LoggedModelAttribute::Status => ("l.status", Content::Integer),
        LoggedModelAttribute::SourceRunId => ("COALESCE(l.source_run_id, '')", Content::Text),
        LoggedModelAttribute::CreationTime => ("l.created_ms", Content::Integer),
        LoggedModelAttribute::LastUpdateTime => ("l.updated_ms", Content::Integer),
    }
}

fn push_comparison<'a>(
    sql: &mut Sql<'a>,
    comparison: &'a Comparison<LoggedModelField>,
    keys: &KeyIds,
    datasets: &'a [MetricDataset],
) {
    let predicate = &comparison.predicate;
    match &comparison.field {
        LoggedModelField::Attribute(attribute) => {
            push_column(sql, attribute_order(*attribute).0, predicate);
        }
        LoggedModelField::Metric(key) => {
            push_metric(sql, METRICS, keys.get(key), predicate, |sql| {
                push_on_datasets(sql, datasets);
            });
        }
        LoggedModelField::Param(key) => push_keyed(sql, PARAMS, keys.get(key), predicate),
        LoggedModelField::Tag(key) => push_keyed(sql, TAGS, keys.get(key), predicate),
    }
}
