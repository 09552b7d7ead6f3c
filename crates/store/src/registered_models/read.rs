//! Reading registered models.

use std::collections::HashMap;
use std::sync::Arc;

use ferroflow_model::model_versions::Stage;
use ferroflow_model::registered_models::{
    AliasTarget, ModelName, RegisteredModel, RegistrySummary,
};
use ferroflow_model::{Etag, Result, VersionNumber};

use super::no_such_model;
use crate::command::{Query, Tenant};
use crate::conn::Conn;
use crate::model_versions::load_latest_versions;
use crate::tags::REGISTERED_MODEL_TAGS;
use crate::{KeyCache, Row, Value, args};

/// The columns that [`model_row`] reads, from `registered_models m`.
pub(crate) const MODEL_COLUMNS: &str = "m.model_pk, m.name, m.created_ms, m.updated_ms, \
    m.description, m.deployment_job_id, m.revision";

/// A model with its row key, still without tags, aliases and versions.
pub(crate) struct ModelRow {
    pub(crate) model_pk: i64,
    pub(crate) model: RegisteredModel,
}

/// Reads a row of [`MODEL_COLUMNS`].
pub(crate) fn model_row(row: &Row<'_>) -> Result<ModelRow> {
    let model_pk = row.get(0)?;
    let model = RegisteredModel {
        name: ModelName::new(row.get::<String>(1)?),
        created_ms: row.get(2)?,
        updated_ms: row.get(3)?,
        description: row.get(4)?,
        deployment_job_id: row.get(5)?,
        tags: Vec::new(),
        aliases: Vec::new(),
        latest_versions: Vec::new(),
        etag: Etag {
            row: model_pk,
            revision: row.get(6)?,
        },
    };
    Ok(ModelRow { model_pk, model })
}

/// Adds tags, aliases and the newest version of each stage: one statement per kind, however many
/// models there are.
pub(crate) async fn complete_models<C: Conn>(
    conn: &mut C,
    keys: &KeyCache,
    rows: Vec<ModelRow>,
) -> Result<Vec<RegisteredModel>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let model_pks: Vec<i64> = rows.iter().map(|row| row.model_pk).collect();
    let tags = REGISTERED_MODEL_TAGS.load(conn, keys, &model_pks).await?;
    let mut aliases = load_aliases(conn, &model_pks).await?;
    let mut latest = HashMap::<i64, Vec<_>>::new();
    let newest = load_latest_versions(conn, keys, &model_pks, &Stage::ALL).await?;
    for (model_pk, version) in newest {
        latest.entry(model_pk).or_default().push(version);
    }
    let complete = |row: ModelRow| RegisteredModel {
        tags: tags.tags(row.model_pk),
        aliases: aliases.remove(&row.model_pk).unwrap_or_default(),
        latest_versions: latest.remove(&row.model_pk).unwrap_or_default(),
        ..row.model
    };
    Ok(rows.into_iter().map(complete).collect())
}

async fn load_aliases<C: Conn>(
    conn: &mut C,
    model_pks: &[i64],
) -> Result<HashMap<i64, Vec<AliasTarget>>> {
    let sql = format!(
        "SELECT model_pk, alias, version FROM registered_model_aliases WHERE {} \
         ORDER BY model_pk, alias",
        conn.engine().any_of("model_pk", 1)
    );
    let rows: Vec<(i64, AliasTarget)> = conn
        .query(&sql, &[Value::Ints(model_pks)], |row| {
            let version = VersionNumber::new(row.get(2)?);
            Ok((
                row.get(0)?,
                AliasTarget {
                    alias: row.get(1)?,
                    version,
                },
            ))
        })
        .await?;
    let mut aliases = HashMap::<i64, Vec<AliasTarget>>::new();
    for (model_pk, alias) in rows {
        aliases.entry(model_pk).or_default().push(alias);
    }
    Ok(aliases)
}

/// Finds a model by name.
pub(crate) async fn find_model<C: Conn>(
    conn: &mut C,
    tenant: Tenant,
    name: &ModelName,
) -> Result<ModelRow> {
    let sql = format!(
        "SELECT {MODEL_COLUMNS} FROM registered_models m WHERE m.platform_pk = $1 AND m.name = $2"
    );
    let found = conn
        .query_optional(&sql, args![tenant.platform, name.as_str()], model_row)
        .await?;
    found.ok_or_else(|| no_such_model(name))
}

/// Reads a model by row key, complete; nothing when it has been deleted.
pub(super) async fn recall_model<C: Conn>(
    conn: &mut C,
    keys: &KeyCache,
    tenant: Tenant,
    model_pk: i64,
) -> Result<Option<RegisteredModel>> {
    let sql = format!(
        "SELECT {MODEL_COLUMNS} FROM registered_models m \
         WHERE m.platform_pk = $1 AND m.model_pk = $2"
    );
    let rows = conn
        .query(&sql, args![tenant.platform, model_pk], model_row)
        .await?;
    Ok(complete_models(conn, keys, rows).await?.pop())
}

/// Reads one model.
pub struct GetRegisteredModel {
    /// The tenant.
    pub tenant: Tenant,
    /// The model.
    pub name: ModelName,
    /// Names of interned keys.
    pub keys: Arc<KeyCache>,
}

impl Query for GetRegisteredModel {
    type Out = RegisteredModel;
    const NAME: &'static str = "registered_models.get";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<RegisteredModel> {
        let row = find_model(conn, self.tenant, &self.name).await?;
        let models = complete_models(conn, &self.keys, vec![row]).await?;
        models
            .into_iter()
            .next()
            .ok_or_else(|| no_such_model(&self.name))
    }
}

/// Counts the models and versions whose names begin with a catalog and schema.
pub struct SummariseRegistry {
    /// The tenant.
    pub tenant: Tenant,
    /// `catalog.schema`.
    pub prefix: String,
}

impl Query for SummariseRegistry {
    type Out = RegistrySummary;
    const NAME: &'static str = "registered_models.summarise";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<RegistrySummary> {
        // `/` follows `.` in the order of bytes, and no name holds one: the names from
        // `prefix.` to `prefix/` are those below the prefix, found by the index on names.
        const SQL: &str = "SELECT count(*), COALESCE(CAST(sum(version_count) AS BIGINT), 0) \
            FROM registered_models WHERE platform_pk = $1 AND name >= $2 AND name < $3";
        let (first, end) = (format!("{}.", self.prefix), format!("{}/", self.prefix));
        conn.query_one(SQL, args![self.tenant.platform, &first, &end], |row| {
            Ok(RegistrySummary {
                registered_models: row.get(0)?,
                model_versions: row.get(1)?,
            })
        })
        .await
    }
}
