//! Searching registered models.

use ferroflow_model::registered_models::RegisteredModel;
use ferroflow_model::{Page, Result};
use ferroflow_search::{
    Comparison, Filter, OrderBy, Predicate, RegisteredModelField, RegisteredModelOrder,
    TextOperator,
};

use super::Search;
use super::filter::{SideTable, push_column, push_filter, push_keyed};
use super::narrow::{narrow_registry, push_few, range_of_values};
use super::order::Order;
use super::order_key::Content;
use super::page::{Found, find_page, select};
use super::sql::Sql;
use crate::args;
use crate::command::{Query, Tenant};
use crate::conn::Conn;
use crate::keys::KeyIds;
use crate::registered_models::{MODEL_COLUMNS, PROMPT_TAG, complete_models, model_row};
use crate::tags::REGISTERED_MODEL_TAGS;

const TAGS: SideTable = SideTable::of(&REGISTERED_MODEL_TAGS, "m");

/// Lists registered models, by default in the order of their names. Prompts are hidden unless
/// the filter asks for them.
pub struct RegisteredModelSearch {
    /// The tenant.
    pub tenant: Tenant,
    /// Filter, order and page.
    pub search: Search<RegisteredModelField, OrderBy<RegisteredModelOrder>>,
}

impl Query for RegisteredModelSearch {
    type Out = Page<RegisteredModel>;
    const NAME: &'static str = "registered_models.search";
    const IS_LONG: bool = true;

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Page<RegisteredModel>> {
        let found = self.find(conn).await?;
        let sql = format!(
            "SELECT {MODEL_COLUMNS} FROM registered_models m WHERE {}",
            conn.engine().any_of("m.model_pk", 1)
        );
        let rows = conn
            .query(&sql, args![found.row_keys.as_slice()], model_row)
            .await?;
        let rows = found.in_order(rows, |row| row.model_pk);
        Ok(Page {
            items: complete_models(conn, &self.search.keys, rows).await?,
            next_page_token: found.next_page_token,
        })
    }
}

impl RegisteredModelSearch {
    async fn find<C: Conn>(&self, conn: &mut C) -> Result<Found> {
        let search = &self.search;
        let keys = search.keys.find(conn, &self.key_names()).await?;
        let few = self.few(conn, &keys).await?;
        let order = order(&search.order_by);
        let mut sql = select(conn.engine(), "m.model_pk", "registered_models m", &order);
        push_few(&mut sql, "m.model_pk", few.as_deref());
        sql.push_argument("m.platform_pk = ", self.tenant.platform);
        let with_prompts = asks_for_prompts(search.filter.as_ref(), prompt_tag);
        push_prompts(&mut sql, with_prompts);
        push_filter(&mut sql, search.filter.as_ref(), |sql, comparison| {
            push_comparison(sql, comparison, &keys, with_prompts);
        });
        let request = (&search.filter, &search.order_by);
        find_page(conn, sql, &order, &search.page, &request).await
    }

    /// The models that may match, when tags tell that they are few.
    async fn few<C: Conn>(&self, conn: &mut C, keys: &KeyIds) -> Result<Option<Vec<i64>>> {
        let engine = conn.engine();
        let filter = self.search.filter.as_ref();
        narrow_registry(conn, filter, |comparison| match &comparison.field {
            // Prompts are shown and hidden by a column.
            RegisteredModelField::Tag(key) if key != PROMPT_TAG => {
                let key_id = keys.get(key);
                range_of_values(engine, TAGS, key_id, &comparison.predicate, |_| ())
            }
            _ => None,
        })
        .await
    }

    fn key_names(&self) -> Vec<&str> {
        let fields = self.search.fields();
        let keys = fields.filter_map(|field| match field {
            RegisteredModelField::Tag(key) => Some(key.as_str()),
            RegisteredModelField::Name => None,
        });
        keys.collect()
    }
}

fn order(clauses: &[OrderBy<RegisteredModelOrder>]) -> Order<'static> {
    let mut order = Order::default();
    for OrderBy { field, ascending } in clauses {
        match field {
            RegisteredModelOrder::Name => order.column("m.name", Content::Text, *ascending),
            RegisteredModelOrder::LastUpdateTime => {
                order.column("m.updated_ms", Content::Integer, *ascending);
            }
        }
    }
    if !clauses
        .iter()
        .any(|clause| clause.field == RegisteredModelOrder::Name)
    {
        order.column("m.name", Content::Text, true);
    }
    order
}

fn push_comparison<'a>(
    sql: &mut Sql<'a>,
    comparison: &'a Comparison<RegisteredModelField>,
    keys: &KeyIds,
    with_prompts: bool,
) {
    match &comparison.field {
        RegisteredModelField::Name => push_column(sql, "m.name", &comparison.predicate),
        // Prompts are hidden already, so the condition has nothing left to say.
        RegisteredModelField::Tag(key) if key == PROMPT_TAG && !with_prompts => sql.push("TRUE"),
        RegisteredModelField::Tag(key) => {
            push_keyed(sql, TAGS, keys.get(key), &comparison.predicate);
        }
    }
}

fn prompt_tag(field: &RegisteredModelField) -> bool {
    matches!(field, RegisteredModelField::Tag(key) if key == PROMPT_TAG)
}

/// Whether a filter asks for prompts: it says of their tag that it is `true`, or not `false`.
pub(super) fn asks_for_prompts<F>(
    filter: Option<&Filter<F>>,
    is_prompt_tag: impl Fn(&F) -> bool,
) -> bool {
    let mut comparisons = filter.into_iter().flat_map(Filter::comparisons);
    comparisons.any(|comparison| {
        is_prompt_tag(&comparison.field)
            && match &comparison.predicate {
                Predicate::Text {
                    operator: TextOperator::Equal,
                    value,
                } => value.eq_ignore_ascii_case("true"),
                Predicate::Text {
                    operator: TextOperator::NotEqual,
                    value,
                } => value.eq_ignore_ascii_case("false"),
                _ => false,
            }
    })
}

/// Appends ` AND` and the condition that hides prompts.
pub(super) fn push_prompts(sql: &mut Sql<'_>, with_prompts: bool) {
    if !with_prompts {
        sql.push(" AND NOT m.is_prompt");
    }
}
