//! Searching experiments.

use ferroflow_model::experiments::Experiment;
use ferroflow_model::{Page, Result, ViewType};
use ferroflow_search::{Comparison, ExperimentAttribute, ExperimentField, OrderBy};

use super::Search;
use super::filter::{SideTable, push_column, push_filter, push_keyed};
use super::order::Order;
use super::order_key::Content;
use super::page::{Found, find_page, select};
use super::scope::push_view;
use super::sql::Sql;
use crate::command::{Query, Tenant};
use crate::conn::Conn;
use crate::experiments::load_experiments;
use crate::keys::KeyIds;
use crate::tags::EXPERIMENT_TAGS;

const TAGS: SideTable = SideTable::of(&EXPERIMENT_TAGS, "e");

/// Lists the experiments of a workspace. By default the newest comes first.
pub struct ExperimentSearch {
    /// The tenant.
    pub tenant: Tenant,
    /// Filter, order and page.
    pub search: Search<ExperimentField, OrderBy<ExperimentAttribute>>,
    /// Which lifecycle stages.
    pub view: ViewType,
}

impl Query for ExperimentSearch {
    type Out = Page<Experiment>;
    const NAME: &'static str = "experiments.search";
    const IS_LONG: bool = true;

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Page<Experiment>> {
        let found = self.find(conn).await?;
        let experiments = load_experiments(conn, &self.search.keys, &found.row_keys).await?;
        Ok(Page {
            items: found.in_order(experiments, |experiment| experiment.etag.row),
            next_page_token: found.next_page_token,
        })
    }
}

impl ExperimentSearch {
    async fn find<C: Conn>(&self, conn: &mut C) -> Result<Found> {
        let search = &self.search;
        let keys = search.keys.find(conn, &self.key_names()).await?;
        let order = order(&search.order_by);
        let mut sql = select(conn.engine(), "e.experiment_pk", "experiments e", &order);
        sql.push_argument("e.workspace_pk = ", self.tenant.workspace);
        push_view(&mut sql, "e.lifecycle", self.view);
        push_filter(&mut sql, search.filter.as_ref(), |sql, comparison| {
            push_comparison(sql, comparison, &keys);
        });
        let request = (&search.filter, &search.order_by, self.view);
        find_page(conn, sql, &order, &search.page, &request).await
    }

    fn key_names(&self) -> Vec<&str> {
        let fields = self.search.fields();
        let keys = fields.filter_map(|field| match field {
            ExperimentField::Tag(key) => Some(key.as_str()),
            ExperimentField::Attribute(_) => None,
        });
        keys.collect()
    }
}

/// Without clauses, MLflow breaks ties by the smaller number, and otherwise by the larger one.
fn order(clauses: &[OrderBy<ExperimentAttribute>]) -> Order<'static> {
    let mut order = Order::default();
    for OrderBy { field, ascending } in clauses {
        let (column, content) = attribute_order(*field);
        order.column(column, content, *ascending);
    }
    if clauses.is_empty() {
        order.column("e.created_ms", Content::Integer, false);
    }
    if !clauses
        .iter()
        .any(|clause| clause.field == ExperimentAttribute::ExperimentId)
    {
        order.column("e.number", Content::Integer, clauses.is_empty());
    }
    order
}

fn attribute_order(attribute: ExperimentAttribute) -> (&'static str, Content) {
    match attribute {
        ExperimentAttribute::Name => ("e.name", Content::Text),
        ExperimentAttribute::ExperimentId => ("e.number", Content::Integer),
        ExperimentAttribute::CreationTime => ("e.created_ms", Content::Integer),
        ExperimentAttribute::LastUpdateTime => ("e.updated_ms", Content::Integer),
    }
}

fn push_comparison<'a>(
    sql: &mut Sql<'a>,
    comparison: &'a Comparison<ExperimentField>,
    keys: &KeyIds,
) {
    match &comparison.field {
        ExperimentField::Attribute(attribute) => {
            push_column(sql, attribute_order(*attribute).0, &comparison.predicate);
        }
        ExperimentField::Tag(key) => {
            push_keyed(sql, TAGS, keys.get(key), &comparison.predicate);
        }
    }
}
