//! Which experiments and lifecycle stages a search looks at.

use ferroflow_model::{ExperimentId, Result, ViewType};

use super::sql::Sql;
use crate::command::Tenant;
use crate::conn::Conn;
use crate::{Value, args};

/// The row keys of those of these experiments that exist.
pub(super) async fn find_experiments<C: Conn>(
    conn: &mut C,
    tenant: Tenant,
    ids: &[ExperimentId],
) -> Result<Vec<i64>> {
    let sql = format!(
        "SELECT experiment_pk FROM experiments WHERE workspace_pk = $1 AND {}",
        conn.engine().any_of("number", 2)
    );
    let numbers: Vec<i64> = ids.iter().map(|id| id.number()).collect();
    let args = args![tenant.workspace, numbers.as_slice()];
    conn.query(&sql, args, |row| row.get(0)).await
}

/// Appends the condition that a row belongs to one of these experiments. A single one is compared
/// directly, so that the rows come out of an index in its order.
pub(super) fn push_experiments<'a>(sql: &mut Sql<'a>, column: &str, experiments: &'a [i64]) {
    match experiments {
        [experiment] => sql.push_argument(format_args!("{column} = "), *experiment),
        several => sql.push_any_of(column, Value::Ints(several)),
    }
}

/// Appends ` AND` and the condition that a row is in one of the stages.
pub(super) fn push_view(sql: &mut Sql<'_>, column: &str, view: ViewType) {
    match view {
        ViewType::ActiveOnly => sql.push(format_args!(" AND {column} = 'active'")),
        ViewType::DeletedOnly => sql.push(format_args!(" AND {column} = 'deleted'")),
        ViewType::All => {}
    }
}
