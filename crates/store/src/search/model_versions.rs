//! Searching model versions.

use ferroflow_model::model_versions::ModelVersion;
use ferroflow_model::registered_models::ModelName;
use ferroflow_model::{ErrorKind, Page, Result};
use ferroflow_search::{
    Comparison, Expression, Filter, ModelVersionAttribute, ModelVersionField, ModelVersionOrder,
    OrderBy, Predicate, TextOperator,
};

use super::Search;
use super::filter::{SideTable, push_column, push_filter, push_keyed, push_nullable};
use super::narrow::{narrow_registry, push_few, range_of_values};
use super::order::Order;
use super::order_key::Content;
use super::page::{Found, find_page, select};
use super::registered_models::{asks_for_prompts, push_prompts};
use super::sql::Sql;
use crate::args;
use crate::command::{Query, Tenant};
use crate::conn::Conn;
use crate::keys::KeyIds;
use crate::model_versions::{VERSION_COLUMNS, VERSION_TABLES, complete_versions, version_row};
use crate::registered_models::{PROMPT_TAG, find_model};
use crate::tags::MODEL_VERSION_TAGS;

const TAGS: SideTable = SideTable::of(&MODEL_VERSION_TAGS, "v");

/// Lists the versions of a platform. By default the latest update comes first. Prompts are
/// hidden unless the filter asks for them.
pub struct ModelVersionSearch {
    /// The tenant.
    pub tenant: Tenant,
    /// Filter, order and page.
    pub search: Search<ModelVersionField, OrderBy<ModelVersionOrder>>,
}

/// Which versions the filter leaves.
enum Scope {
    /// Those of all models.
    Platform,
    /// Those of the model with this row key.
    Model(i64),
    /// Those of one run.
    Run,
}

impl Query for ModelVersionSearch {
    type Out = Page<ModelVersion>;
    const NAME: &'static str = "model_versions.search";
    const IS_LONG: bool = true;

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Page<ModelVersion>> {
        let found = self.find(conn).await?;
        let sql = format!(
            "SELECT {VERSION_COLUMNS} FROM {VERSION_TABLES} WHERE {}",
            conn.engine().any_of("v.version_pk", 1)
        );
        let rows = conn
            .query(&sql, args![found.row_keys.as_slice()], version_row)
            .await?;
        let rows = found.in_order(rows, |row| row.version_pk);
        Ok(Page {
            items: complete_versions(conn, &self.search.keys, rows).await?,
            next_page_token: found.next_page_token,
        })
    }
}

impl ModelVersionSearch {
    async fn find<C: Conn>(&self, conn: &mut C) -> Result<Found> {
        let search = &self.search;
        let scope = self.scope(conn).await?;
        let keys = search.keys.find(conn, &self.key_names()).await?;
        let few = self.few(conn, &keys).await?;
        let order = order(&search.order_by, &scope);
        let mut sql = select(conn.engine(), "v.version_pk", VERSION_TABLES, &order);
        push_few(&mut sql, "v.version_pk", few.as_deref());
        match scope {
            Scope::Platform => sql.push_argument("v.platform_pk = ", self.tenant.platform),
            Scope::Model(model) => sql.push_argument("v.model_pk = ", model),
            // A run has few versions, and an index finds them. The plus keeps SQLite, which does
            // not know that they are few, from another index that gives the order.
            Scope::Run => sql.push_argument("0 + v.platform_pk = ", self.tenant.platform),
        }
        let with_prompts = asks_for_prompts(search.filter.as_ref(), prompt_tag);
        push_prompts(&mut sql, with_prompts);
        push_filter(&mut sql, search.filter.as_ref(), |sql, comparison| {
            push_comparison(sql, comparison, &keys, with_prompts);
        });
        let request = (&search.filter, &search.order_by);
        find_page(conn, sql, &order, &search.page, &request).await
    }

    /// The versions that may match, when tags tell that they are few.
    async fn few<C: Conn>(&self, conn: &mut C, keys: &KeyIds) -> Result<Option<Vec<i64>>> {
        let engine = conn.engine();
        let filter = self.search.filter.as_ref();
        narrow_registry(conn, filter, |comparison| match &comparison.field {
            // Prompts are shown and hidden by a column.
            ModelVersionField::Tag(key) if key != PROMPT_TAG => {
                let key_id = keys.get(key);
                range_of_values(engine, TAGS, key_id, &comparison.predicate, |_| ())
            }
            _ => None,
        })
        .await
    }

    /// Most searches name one model. Its versions come out of an index in order, however many
    /// there are.
    async fn scope<C: Conn>(&self, conn: &mut C) -> Result<Scope> {
        let exact = |attribute| exact_text(self.search.filter.as_ref()?, attribute);
        if exact(ModelVersionAttribute::RunId).is_some_and(|run_id| !run_id.is_empty()) {
            return Ok(Scope::Run);
        }
        let Some(name) = exact(ModelVersionAttribute::Name) else {
            return Ok(Scope::Platform);
        };
        match find_model(conn, self.tenant, &ModelName::new(name)).await {
            Ok(model) => Ok(Scope::Model(model.model_pk)),
            // No model has the key 0. The page is looked for as any, so that its token is checked.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Scope::Model(0)),
            Err(error) => Err(error),
        }
    }

    fn key_names(&self) -> Vec<&str> {
        let fields = self.search.fields();
        let keys = fields.filter_map(|field| match field {
            ModelVersionField::Tag(key) => Some(key.as_str()),
            ModelVersionField::Attribute(_) => None,
        });
        keys.collect()
    }
}

/// The text that an attribute has in all rows, when the filter demands one.
fn exact_text(
    filter: &Filter<ModelVersionField>,
    attribute: ModelVersionAttribute,
) -> Option<&str> {
    match filter {
        Expression::And(operands) => operands
            .iter()
            .find_map(|operand| exact_text(operand, attribute)),
        Expression::Comparison(Comparison {
            field: ModelVersionField::Attribute(compared),
            predicate:
                Predicate::Text {
                    operator: TextOperator::Equal,
                    value,
                },
        }) if *compared == attribute => Some(value),
        _ => None,
    }
}

fn order(clauses: &[OrderBy<ModelVersionOrder>], scope: &Scope) -> Order<'static> {
    let mut order = Order::default();
    let has = |field| clauses.iter().any(|clause| clause.field == field);
    for OrderBy { field, ascending } in clauses {
        push_key(&mut order, *field, *ascending, scope);
    }
    if clauses.is_empty() {
        push_key(&mut order, ModelVersionOrder::LastUpdateTime, false, scope);
    }
    if !has(ModelVersionOrder::Name) {
        push_key(&mut order, ModelVersionOrder::Name, true, scope);
    }
    if !has(ModelVersionOrder::VersionNumber) {
        push_key(&mut order, ModelVersionOrder::VersionNumber, false, scope);
    }
    order
}

fn push_key(order: &mut Order<'_>, field: ModelVersionOrder, ascending: bool, scope: &Scope) {
    match (field, scope) {
        // All names are equal then, and without this key an index gives the order.
        (ModelVersionOrder::Name, Scope::Model(_)) => {}
        (ModelVersionOrder::Name, Scope::Platform | Scope::Run) => {
            order.column("m.name", Content::Text, ascending);
        }
        (ModelVersionOrder::VersionNumber, _) => {
            order.column("v.version", Content::Integer, ascending);
        }
        (ModelVersionOrder::Stage, _) => {
            order.column("v.stage", Content::Text, ascending);
        }
        (ModelVersionOrder::CreationTime, _) => {
            order.column("v.created_ms", Content::Integer, ascending);
        }
        (ModelVersionOrder::LastUpdateTime, _) => {
            order.column("v.updated_ms", Content::Integer, ascending);
        }
    }
}

fn push_comparison<'a>(
    sql: &mut Sql<'a>,
    comparison: &'a Comparison<ModelVersionField>,
    keys: &KeyIds,
    with_prompts: bool,
) {
    let predicate = &comparison.predicate;
    match &comparison.field {
        ModelVersionField::Attribute(ModelVersionAttribute::Name) => {
            push_column(sql, "m.name", predicate);
        }
        ModelVersionField::Attribute(ModelVersionAttribute::VersionNumber) => {
            push_column(sql, "v.version", predicate);
        }
        ModelVersionField::Attribute(ModelVersionAttribute::SourcePath) => {
            push_column(sql, "v.source", predicate);
        }
        ModelVersionField::Attribute(ModelVersionAttribute::RunId) => {
            push_run_id(sql, predicate);
        }
        // Prompts are hidden already, so the condition has nothing left to say.
        ModelVersionField::Tag(key) if key == PROMPT_TAG && !with_prompts => sql.push("TRUE"),
        ModelVersionField::Tag(key) => push_keyed(sql, TAGS, keys.get(key), predicate),
    }
}

/// MLflow stores an empty run id where there is none, so that a version without a run has
/// another run than the one named. An index helps where a run is named.
fn push_run_id<'a>(sql: &mut Sql<'a>, predicate: &'a Predicate) {
    match predicate {
        Predicate::Text {
            operator: TextOperator::Equal,
            value,
        } if !value.is_empty() => {
            push_nullable(sql, "v.run_id", predicate);
        }
        _ => push_column(sql, "COALESCE(v.run_id, '')", predicate),
    }
}

fn prompt_tag(field: &ModelVersionField) -> bool {
    matches!(field, ModelVersionField::Tag(key) if key == PROMPT_TAG)
}
