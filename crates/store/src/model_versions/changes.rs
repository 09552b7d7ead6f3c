//! Changing and deleting versions.

use std::sync::Arc;

use ferroflow_model::model_versions::{ModelVersion, Stage, TransitionStage};
use ferroflow_model::registered_models::ModelName;
use ferroflow_model::{Error, Etag, Result, VersionNumber};

use super::read::{VersionRow, complete_versions, find_version, recall_version};
use super::{no_such_version, version_key};
use crate::audit::version_state;
use crate::command::{Applied, Change, Mutation, ResultKey, WriteContext};
use crate::conn::Conn;
use crate::registered_models::touch_model;
use crate::tags::{KeyedChanges, MODEL_VERSION_TAGS};
use crate::{KeyCache, args};

/// A version that is about to change: locked through its model, and its precondition checked.
struct Changing {
    model_pk: i64,
    version_pk: i64,
    before: ModelVersion,
}

/// Locks a version's model, then reads the version as it is. All changes of versions take the
/// lock of the model first, so that they cannot wait for each other in a circle.
async fn begin<C: Conn>(
    conn: &mut C,
    write: &WriteContext,
    keys: &KeyCache,
    name: &ModelName,
    version: VersionNumber,
) -> Result<Changing> {
    let lock = format!(
        "SELECT model_pk FROM registered_models WHERE platform_pk = $1 AND name = $2{}",
        conn.engine().for_update()
    );
    let args = args![write.tenant.platform, name.as_str()];
    if conn
        .query_optional(&lock, args, |row| row.get::<i64>(0))
        .await?
        .is_none()
    {
        return Err(no_such_version(name, version));
    }
    let row = find_version(conn, write.tenant, name, version).await?;
    let VersionRow {
        version_pk,
        model_pk,
        ..
    } = row;
    let before = complete_versions(conn, keys, write.tenant, vec![row])
        .await?
        .pop();
    let before = before.ok_or_else(|| no_such_version(name, version))?;
    write.check(before.etag)?;
    Ok(Changing {
        model_pk,
        version_pk,
        before,
    })
}

/// The outcome of a change, with the states before and after.
fn applied<T>(out: T, changing: &Changing, after: Option<&ModelVersion>) -> Applied<T> {
    let before = &changing.before;
    Applied {
        out,
        result: ResultKey {
            row: changing.version_pk,
            part: before.etag.revision + 1,
        },
        change: Change {
            entity: "model_version",
            key: version_key(&before.name, before.version),
            before: version_state(before),
            after: after.and_then(version_state),
        },
    }
}

async fn reload<C: Conn>(
    conn: &mut C,
    write: &WriteContext,
    keys: &KeyCache,
    version_pk: i64,
) -> Result<ModelVersion> {
    let version = recall_version(conn, keys, write.tenant, version_pk).await?;
    version.ok_or_else(|| Error::internal("a version just changed is gone"))
}

/// Changes the description of a version.
pub struct UpdateModelVersion {
    /// The registered model.
    pub name: ModelName,
    /// The version.
    pub version: VersionNumber,
    /// Absent: stays.
    pub description: Option<String>,
    /// Names of interned keys.
    pub keys: Arc<KeyCache>,
}

impl Mutation for UpdateModelVersion {
    type Out = ModelVersion;
    const OPERATION: &'static str = "model_versions.update";

    async fn apply<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
    ) -> Result<Applied<ModelVersion>> {
        const SQL: &str = "UPDATE model_versions SET description = COALESCE($2, description), \
            updated_ms = $3, revision = revision + 1 WHERE version_pk = $1";
        let changing = begin(conn, write, &self.keys, &self.name, self.version).await?;
        let args = args![changing.version_pk, self.description.as_ref(), write.now_ms];
        conn.execute_one(SQL, args).await?;
        let after = reload(conn, write, &self.keys, changing.version_pk).await?;
        Ok(applied(after.clone(), &changing, Some(&after)))
    }

    async fn recall<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
        result: ResultKey,
    ) -> Result<Option<ModelVersion>> {
        recall_version(conn, &self.keys, write.tenant, result.row).await
    }
}

/// Moves a version to a stage.
pub struct TransitionModelVersion {
    /// What to move where.
    pub transition: TransitionStage,
    /// Names of interned keys.
    pub keys: Arc<KeyCache>,
}

impl Mutation for TransitionModelVersion {
    type Out = ModelVersion;
    const OPERATION: &'static str = "model_versions.transition_stage";

    async fn apply<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
    ) -> Result<Applied<ModelVersion>> {
        const MOVE: &str = "UPDATE model_versions SET stage = $2, updated_ms = $3, \
            revision = revision + 1 WHERE version_pk = $1";
        let TransitionStage {
            name,
            version,
            stage,
            ..
        } = &self.transition;
        let changing = begin(conn, write, &self.keys, name, *version).await?;
        if self.transition.archive_existing {
            self.archive_others(conn, write, &changing).await?;
        }
        conn.execute_one(
            MOVE,
            args![changing.version_pk, stage.as_str(), write.now_ms],
        )
        .await?;
        touch_model(conn, write, changing.model_pk).await?;
        let after = reload(conn, write, &self.keys, changing.version_pk).await?;
        Ok(applied(after.clone(), &changing, Some(&after)))
    }

    async fn recall<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
        result: ResultKey,
    ) -> Result<Option<ModelVersion>> {
        recall_version(conn, &self.keys, write.tenant, result.row).await
    }
}

impl TransitionModelVersion {
    async fn archive_others<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
        changing: &Changing,
    ) -> Result<()> {
        const ARCHIVE: &str = "UPDATE model_versions SET stage = $4, updated_ms = $5, \
            revision = revision + 1 WHERE model_pk = $1 AND stage = $2 AND version_pk <> $3";
        let args = args![
            changing.model_pk,
            self.transition.stage.as_str(),
            changing.version_pk,
            Stage::Archived.as_str(),
            write.now_ms,
        ];
        conn.execute(ARCHIVE, args).await.map(drop)
    }
}

/// Deletes a version with its tags and aliases. Its number is not used again.
pub struct DeleteModelVersion {
    /// The registered model.
    pub name: ModelName,
    /// The version.
    pub version: VersionNumber,
    /// Names of interned keys.
    pub keys: Arc<KeyCache>,
}

impl Mutation for DeleteModelVersion {
    type Out = Etag;
    const OPERATION: &'static str = "model_versions.delete";

    async fn apply<C: Conn>(&self, conn: &mut C, write: &WriteContext) -> Result<Applied<Etag>> {
        const COUNT: &str = "UPDATE registered_models SET version_count = version_count - 1, \
            updated_ms = $2, revision = revision + 1 WHERE model_pk = $1";
        let changing = begin(conn, write, &self.keys, &self.name, self.version).await?;
        let (version_pk, model_pk) = (changing.version_pk, changing.model_pk);
        let by_pk = args![version_pk];
        conn.execute_all(&[
            (
                "DELETE FROM model_version_tags WHERE version_pk = $1",
                by_pk,
            ),
            ("DELETE FROM model_versions WHERE version_pk = $1", by_pk),
            (
                "DELETE FROM registered_model_aliases WHERE model_pk = $1 AND version = $2",
                args![model_pk, self.version.number()],
            ),
            (COUNT, args![model_pk, write.now_ms]),
        ])
        .await?;
        let etag = after(changing.before.etag);
        Ok(applied(etag, &changing, None))
    }

    /// A deletion that is asked for again has had its effect; what is gone needs no row.
    async fn recall<C: Conn>(
        &self,
        _: &mut C,
        _: &WriteContext,
        result: ResultKey,
    ) -> Result<Option<Etag>> {
        Ok(Some(Etag {
            row: result.row,
            part: 0,
            revision: result.part,
        }))
    }
}

/// Sets and deletes tags of a version.
pub struct TagModelVersion {
    /// The registered model.
    pub name: ModelName,
    /// The version.
    pub version: VersionNumber,
    /// The changes.
    pub changes: KeyedChanges,
    /// Names of interned keys.
    pub keys: Arc<KeyCache>,
}

impl Mutation for TagModelVersion {
    type Out = Etag;
    const OPERATION: &'static str = "model_versions.tag";

    async fn apply<C: Conn>(&self, conn: &mut C, write: &WriteContext) -> Result<Applied<Etag>> {
        let changing = begin(conn, write, &self.keys, &self.name, self.version).await?;
        let missing = |key: &str| missing_tag(key, &self.name, self.version);
        let version_pk = changing.version_pk;
        MODEL_VERSION_TAGS
            .change(conn, version_pk, None, &self.changes, missing)
            .await?;
        bump_version(conn, version_pk).await?;
        let reloaded = reload(conn, write, &self.keys, version_pk).await?;
        Ok(applied(reloaded.etag, &changing, Some(&reloaded)))
    }

    async fn recall<C: Conn>(
        &self,
        conn: &mut C,
        _: &WriteContext,
        result: ResultKey,
    ) -> Result<Option<Etag>> {
        const SQL: &str = "SELECT revision FROM model_versions WHERE version_pk = $1";
        conn.query_optional(SQL, args![result.row], |row| {
            Ok(Etag {
                row: result.row,
                part: 0,
                revision: row.get(0)?,
            })
        })
        .await
    }
}

fn missing_tag(key: &str, name: &ModelName, version: VersionNumber) -> Error {
    Error::not_found(format!(
        "Model version tag with key={key} not found for {name}/{version}"
    ))
}

/// Counts a change of a version that leaves its time of update, as tags and aliases do.
pub(crate) async fn bump_version<C: Conn>(conn: &mut C, version_pk: i64) -> Result<()> {
    const SQL: &str = "UPDATE model_versions SET revision = revision + 1 WHERE version_pk = $1";
    conn.execute_one(SQL, args![version_pk]).await
}

fn after(etag: Etag) -> Etag {
    Etag {
        revision: etag.revision + 1,
        ..etag
    }
}
