//! Aliases: names for versions that can be moved.

use std::sync::Arc;

use ferroflow_model::model_versions::ModelVersion;
use ferroflow_model::registered_models::{Alias, ModelName};
use ferroflow_model::{Error, Etag, Result, VersionNumber};

use super::BUMP_MODEL;
use super::changes::{find_and_lock, lock_model, recall_etag};
use super::read::find_model;
use crate::command::{Applied, Change, Mutation, Query, ResultKey, Tenant, WriteContext};
use crate::conn::Conn;
use crate::model_versions::{BUMP_VERSION, no_such_version, recall_version};
use crate::{KeyCache, args};

/// Points an alias to a version, moving it from another.
pub struct SetAlias {
    /// The model.
    pub name: ModelName,
    /// The alias.
    pub alias: Alias,
    /// The version that it names from now on.
    pub version: VersionNumber,
}

impl Mutation for SetAlias {
    type Out = Etag;
    const OPERATION: &'static str = "registered_models.set_alias";

    async fn apply<C: Conn>(&self, conn: &mut C, write: &WriteContext) -> Result<Applied<Etag>> {
        const SQL: &str = "INSERT INTO registered_model_aliases (model_pk, alias, version) \
            VALUES ($1, $2, $3) ON CONFLICT (model_pk, alias) DO UPDATE SET \
            version = excluded.version";
        let missing = || no_such_version(&self.name, self.version);
        let Some(model) = find_and_lock(conn, write, &self.name).await? else {
            return Err(missing());
        };
        let model_pk = model.etag.row;
        let Some(version_pk) = find_version_pk(conn, model_pk, self.version).await? else {
            return Err(missing());
        };
        let earlier = find_target(conn, model_pk, &self.alias).await?;
        let args = args![model_pk, self.alias.as_str(), self.version.number()];
        conn.execute_each_one(&[
            (SQL, args),
            (BUMP_VERSION, args![version_pk]),
            (BUMP_MODEL, args![model_pk]),
        ])
        .await?;
        if let Some(earlier) = earlier.filter(|earlier| *earlier != self.version) {
            bump_earlier(conn, model_pk, earlier).await?;
        }
        Ok(applied(
            model.etag.next(),
            &self.name,
            &self.alias,
            earlier,
            Some(self.version),
        ))
    }

    async fn recall<C: Conn>(
        &self,
        conn: &mut C,
        _: &WriteContext,
        result: ResultKey,
    ) -> Result<Option<Etag>> {
        recall_etag(conn, result).await
    }
}

/// Deletes an alias; an unknown one is ignored.
pub struct DeleteAlias {
    /// The model.
    pub name: ModelName,
    /// The alias.
    pub alias: Alias,
}

impl Mutation for DeleteAlias {
    type Out = Etag;
    const OPERATION: &'static str = "registered_models.delete_alias";

    async fn apply<C: Conn>(&self, conn: &mut C, write: &WriteContext) -> Result<Applied<Etag>> {
        const SQL: &str = "DELETE FROM registered_model_aliases WHERE model_pk = $1 AND alias = $2";
        let model = lock_model(conn, write, &self.name).await?;
        let model_pk = model.etag.row;
        let Some(version) = find_target(conn, model_pk, &self.alias).await? else {
            return Ok(applied(model.etag, &self.name, &self.alias, None, None));
        };
        conn.execute_each_one(&[
            (SQL, args![model_pk, self.alias.as_str()]),
            (BUMP_MODEL, args![model_pk]),
        ])
        .await?;
        bump_earlier(conn, model_pk, version).await?;
        let etag = model.etag.next();
        Ok(applied(etag, &self.name, &self.alias, Some(version), None))
    }

    async fn recall<C: Conn>(
        &self,
        conn: &mut C,
        _: &WriteContext,
        result: ResultKey,
    ) -> Result<Option<Etag>> {
        recall_etag(conn, result).await
    }
}

/// The version that an alias names.
async fn find_target<C: Conn>(
    conn: &mut C,
    model_pk: i64,
    alias: &Alias,
) -> Result<Option<VersionNumber>> {
    const SQL: &str =
        "SELECT version FROM registered_model_aliases WHERE model_pk = $1 AND alias = $2";
    let args = args![model_pk, alias.as_str()];
    conn.query_optional(SQL, args, |row| row.get(0).map(VersionNumber::new))
        .await
}

async fn find_version_pk<C: Conn>(
    conn: &mut C,
    model_pk: i64,
    version: VersionNumber,
) -> Result<Option<i64>> {
    const SQL: &str = "SELECT version_pk FROM model_versions WHERE model_pk = $1 AND version = $2";
    conn.query_optional(SQL, args![model_pk, version.number()], |row| row.get(0))
        .await
}

/// Counts a change of the version that an alias named before: it shows its aliases.
async fn bump_earlier<C: Conn>(conn: &mut C, model_pk: i64, version: VersionNumber) -> Result<()> {
    const SQL: &str =
        "UPDATE model_versions SET revision = revision + 1 WHERE model_pk = $1 AND version = $2";
    conn.execute_one(SQL, args![model_pk, version.number()])
        .await
}

fn applied(
    etag: Etag,
    name: &ModelName,
    alias: &Alias,
    before: Option<VersionNumber>,
    after: Option<VersionNumber>,
) -> Applied<Etag> {
    let state = |version: Option<VersionNumber>| version.map(|v| format!("{{\"version\":{v}}}"));
    Applied {
        out: etag,
        result: etag.into(),
        change: Change {
            entity: "registered_model_alias",
            key: format!("{name}@{}", alias.as_str()),
            before: state(before),
            after: state(after),
        },
    }
}

/// Reads the version that an alias names; `latest` is the highest number.
pub struct GetVersionByAlias {
    /// The tenant.
    pub tenant: Tenant,
    /// The model.
    pub name: ModelName,
    /// The alias.
    pub alias: Alias,
    /// Names of interned keys.
    pub keys: Arc<KeyCache>,
}

impl Query for GetVersionByAlias {
    type Out = ModelVersion;
    const NAME: &'static str = "registered_models.get_version_by_alias";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<ModelVersion> {
        let model_pk = find_model(conn, self.tenant, &self.name).await?.model_pk;
        let is_latest = self.alias.as_str().eq_ignore_ascii_case(Alias::LATEST);
        let version_pk: Option<i64> = if is_latest {
            const NEWEST: &str = "SELECT version_pk FROM model_versions WHERE model_pk = $1 \
                ORDER BY version DESC LIMIT 1";
            conn.query_optional(NEWEST, args![model_pk], |row| row.get(0))
                .await?
        } else {
            const NAMED: &str = "SELECT v.version_pk FROM registered_model_aliases a \
                JOIN model_versions v ON v.model_pk = a.model_pk AND v.version = a.version \
                WHERE a.model_pk = $1 AND a.alias = $2";
            let args = args![model_pk, self.alias.as_str()];
            conn.query_optional(NAMED, args, |row| row.get(0)).await?
        };
        let version = match version_pk {
            Some(version_pk) => recall_version(conn, &self.keys, self.tenant, version_pk).await?,
            None => None,
        };
        version.ok_or_else(|| self.unknown(is_latest))
    }
}

impl GetVersionByAlias {
    /// MLflow says that an unknown alias is an invalid parameter, and clients rely on that.
    fn unknown(&self, is_latest: bool) -> Error {
        if is_latest {
            return Error::not_found(format!("Latest version not found for model {}.", self.name));
        }
        Error::invalid(format!(
            "Registered model alias {} not found.",
            self.alias.as_str()
        ))
    }
}
