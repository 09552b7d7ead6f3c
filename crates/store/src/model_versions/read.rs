//! Reading versions.

use std::sync::Arc;

use ferroflow_model::model_versions::{ModelVersion, ModelVersionStatus, Stage};
use ferroflow_model::registered_models::ModelName;
use ferroflow_model::{Etag, ModelId, Result, RunId, VersionNumber};

use super::no_such_version;
use crate::command::{Query, Tenant};
use crate::conn::Conn;
use crate::logged_models::load_model_facts;
use crate::tags::MODEL_VERSION_TAGS;
use crate::{KeyCache, Row, Value, args};

/// The columns that [`version_row`] reads, from [`VERSION_TABLES`].
pub(crate) const VERSION_COLUMNS: &str = "v.version_pk, v.model_pk, m.name, v.version, \
    v.created_ms, v.updated_ms, v.user_id, v.stage, v.description, v.source, v.storage_location, \
    v.run_id, v.run_link, v.status, v.status_message, v.model_id, m.deployment_job_id, v.revision, \
    v.logged_model_pk";

/// Versions with the models that they belong to.
pub(crate) const VERSION_TABLES: &str =
    "model_versions v JOIN registered_models m ON m.model_pk = v.model_pk";

/// A version with its row keys, still without tags, aliases, params and metrics.
pub(crate) struct VersionRow {
    pub(crate) version_pk: i64,
    pub(crate) model_pk: i64,
    logged_model_pk: Option<i64>,
    pub(crate) version: ModelVersion,
}

/// Reads a row of [`VERSION_COLUMNS`].
pub(crate) fn version_row(row: &Row<'_>) -> Result<VersionRow> {
    let (version_pk, model_pk) = (row.get(0)?, row.get(1)?);
    let version = ModelVersion {
        name: ModelName::new(row.get::<String>(2)?),
        version: VersionNumber::new(row.get(3)?),
        created_ms: row.get(4)?,
        updated_ms: row.get(5)?,
        user_id: row.get(6)?,
        stage: Stage::parse(row.text(7)?)?,
        description: row.get(8)?,
        source: row.get(9)?,
        storage_location: row.get(10)?,
        run_id: row.get::<Option<String>>(11)?.map(RunId::new),
        run_link: row.get(12)?,
        status: ModelVersionStatus::parse(row.text(13)?)?,
        status_message: row.get(14)?,
        model_id: row.get::<Option<String>>(15)?.map(ModelId::new),
        deployment_job_id: row.get(16)?,
        tags: Vec::new(),
        aliases: Vec::new(),
        model_params: Vec::new(),
        model_metrics: Vec::new(),
        etag: Etag {
            row: version_pk,
            revision: row.get(17)?,
        },
    };
    Ok(VersionRow {
        version_pk,
        model_pk,
        logged_model_pk: row.get(18)?,
        version,
    })
}

/// Adds tags, aliases, and the params and metrics of logged models: one statement per kind,
/// however many versions there are.
pub(crate) async fn complete_versions<C: Conn>(
    conn: &mut C,
    keys: &KeyCache,
    mut rows: Vec<VersionRow>,
) -> Result<Vec<ModelVersion>> {
    add_tags_and_aliases(conn, keys, &mut rows).await?;
    add_model_facts(conn, keys, &mut rows).await?;
    Ok(rows.into_iter().map(|row| row.version).collect())
}

/// Adds what is governed beside the version's own fields: what audit rows tell.
pub(super) async fn add_tags_and_aliases<C: Conn>(
    conn: &mut C,
    keys: &KeyCache,
    rows: &mut [VersionRow],
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let version_pks: Vec<i64> = rows.iter().map(|row| row.version_pk).collect();
    let tags = MODEL_VERSION_TAGS.load(conn, keys, &version_pks).await?;
    let aliases = load_aliases(conn, &version_pks).await?;
    for row in rows {
        let place = (row.model_pk, row.version.version.number());
        let start = aliases.partition_point(|(this, _)| *this < place);
        let named = aliases[start..]
            .iter()
            .take_while(|(this, _)| *this == place);
        row.version.aliases = named.map(|(_, alias)| alias.clone()).collect();
        row.version.tags = tags.tags(row.version_pk);
    }
    Ok(())
}

/// Adds the params and metrics of the logged models that versions were made from.
pub(super) async fn add_model_facts<C: Conn>(
    conn: &mut C,
    keys: &KeyCache,
    rows: &mut [VersionRow],
) -> Result<()> {
    let row_keys: Vec<i64> = rows.iter().filter_map(|row| row.logged_model_pk).collect();
    let facts = load_model_facts(conn, keys, &row_keys).await?;
    for row in rows {
        if let Some(row_key) = row.logged_model_pk {
            row.version.model_params = facts.params(row_key);
            row.version.model_metrics = facts.latest_metrics(row_key);
        }
    }
    Ok(())
}

/// The aliases of versions, by model and number; those of other versions are not looked at.
async fn load_aliases<C: Conn>(
    conn: &mut C,
    version_pks: &[i64],
) -> Result<Vec<((i64, i64), String)>> {
    let sql = format!(
        "SELECT v.model_pk, v.version, a.alias FROM model_versions v \
         JOIN registered_model_aliases a ON a.model_pk = v.model_pk AND a.version = v.version \
         WHERE {}",
        conn.engine().any_of("v.version_pk", 1)
    );
    let mut aliases = conn
        .query(&sql, &[Value::Ints(version_pks)], |row| {
            Ok(((row.get(0)?, row.get(1)?), row.get(2)?))
        })
        .await?;
    aliases.sort_unstable();
    Ok(aliases)
}

/// Reads one version.
pub struct GetModelVersion {
    /// The tenant.
    pub tenant: Tenant,
    /// The registered model.
    pub name: ModelName,
    /// The version.
    pub version: VersionNumber,
    /// Names of interned keys.
    pub keys: Arc<KeyCache>,
}

impl Query for GetModelVersion {
    type Out = ModelVersion;
    const NAME: &'static str = "model_versions.get";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<ModelVersion> {
        let row = find_version(conn, self.tenant, &self.name, self.version).await?;
        let mut versions = complete_versions(conn, &self.keys, vec![row]).await?;
        versions
            .pop()
            .ok_or_else(|| no_such_version(&self.name, self.version))
    }
}

/// Finds a version by name and number.
pub(super) async fn find_version<C: Conn>(
    conn: &mut C,
    tenant: Tenant,
    name: &ModelName,
    version: VersionNumber,
) -> Result<VersionRow> {
    let sql = format!(
        "SELECT {VERSION_COLUMNS} FROM {VERSION_TABLES} \
         WHERE m.platform_pk = $1 AND m.name = $2 AND v.version = $3"
    );
    let args = args![tenant.platform, name.as_str(), version.number()];
    let found = conn.query_optional(&sql, args, version_row).await?;
    found.ok_or_else(|| no_such_version(name, version))
}

/// Reads a version by row key, complete; nothing when it has been deleted.
pub(crate) async fn recall_version<C: Conn>(
    conn: &mut C,
    keys: &KeyCache,
    tenant: Tenant,
    version_pk: i64,
) -> Result<Option<ModelVersion>> {
    let sql = format!(
        "SELECT {VERSION_COLUMNS} FROM {VERSION_TABLES} \
         WHERE m.platform_pk = $1 AND v.version_pk = $2"
    );
    let rows = conn
        .query(&sql, args![tenant.platform, version_pk], version_row)
        .await?;
    Ok(complete_versions(conn, keys, rows).await?.pop())
}

/// Reads the newest version of each of some stages of a model.
pub struct LatestVersions {
    /// The tenant.
    pub tenant: Tenant,
    /// The registered model.
    pub name: ModelName,
    /// The stages. The answer is in the order of the versions.
    pub stages: Vec<Stage>,
    /// Names of interned keys.
    pub keys: Arc<KeyCache>,
}

impl Query for LatestVersions {
    type Out = Vec<ModelVersion>;
    const NAME: &'static str = "model_versions.latest";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Vec<ModelVersion>> {
        let model = crate::registered_models::find_model(conn, self.tenant, &self.name).await?;
        let model_pks = [model.model_pk];
        let latest = load_latest_versions(conn, &self.keys, &model_pks, &self.stages).await?;
        Ok(latest.into_iter().map(|(_, version)| version).collect())
    }
}

/// The newest version of each of these stages, of each of these models, with the model's row key:
/// one statement, which looks at one index entry per model and stage. A stage is compared as a
/// range, so that its order says something: only the index on stages gives it, while PostgreSQL
/// would rather look for a rare stage among all versions from the last one down.
pub(crate) async fn load_latest_versions<C: Conn>(
    conn: &mut C,
    keys: &KeyCache,
    model_pks: &[i64],
    stages: &[Stage],
) -> Result<Vec<(i64, ModelVersion)>> {
    if model_pks.is_empty() || stages.is_empty() {
        return Ok(Vec::new());
    }
    let stages: Vec<String> = Stage::ALL
        .into_iter()
        .filter(|stage| stages.contains(stage))
        .map(|stage| format!("SELECT '{}' AS stage", stage.as_str()))
        .collect();
    let sql = format!(
        "SELECT {VERSION_COLUMNS} FROM registered_models m CROSS JOIN ({stages}) AS s \
         JOIN model_versions v ON v.model_pk = m.model_pk AND v.version = (SELECT n.version \
         FROM model_versions n WHERE n.model_pk = m.model_pk AND n.stage >= s.stage \
         AND n.stage <= s.stage ORDER BY n.stage, n.version DESC LIMIT 1) \
         WHERE {any} ORDER BY v.model_pk, v.version",
        stages = stages.join(" UNION ALL "),
        any = conn.engine().any_of("m.model_pk", 1),
    );
    let rows = conn
        .query(&sql, &[Value::Ints(model_pks)], version_row)
        .await?;
    let owners: Vec<i64> = rows.iter().map(|row| row.model_pk).collect();
    let versions = complete_versions(conn, keys, rows).await?;
    Ok(owners.into_iter().zip(versions).collect())
}
