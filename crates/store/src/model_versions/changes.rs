//! Changing and deleting versions.

use std::sync::Arc;

use ferroflow_model::model_versions::{DescriptionChange, ModelVersion, Stage, TransitionStage};
use ferroflow_model::registered_models::ModelName;
use ferroflow_model::{Error, Etag, Result, VersionNumber};

use super::read::{
    VersionRow, add_model_facts, add_tags_and_aliases, find_version, recall_version,
};
use super::{BUMP_VERSION, no_such_version, version_key};
use crate::audit::version_state;
use crate::command::{Applied, Change, Mutation, ResultKey, WriteContext};
use crate::conn::Conn;
use crate::registered_models::{BUMP_MODEL, TOUCH_MODEL};
use crate::tags::{KeyedChanges, MODEL_VERSION_TAGS};
use crate::{KeyCache, args};

/// Locks a version's model, then reads the version with its tags and aliases; the caller's
/// precondition is checked. All changes of versions take the lock of the model first, so that they
/// cannot wait for each other in a circle.
async fn begin<C: Conn>(
    conn: &mut C,
    write: &WriteContext,
    keys: &KeyCache,
    name: &ModelName,
    version: VersionNumber,
) -> Result<VersionRow> {
    let lock = format!(
        "SELECT model_pk FROM registered_models WHERE platform_pk = $1 AND name = $2{}",
        conn.engine().for_update()
    );
    let args = args![write.tenant.platform, name.as_str()];
    let locked = conn.query_optional(&lock, args, |row| row.get::<i64>(0));
    if locked.await?.is_none() {
        return Err(no_such_version(name, version));
    }
    let mut row = find_version(conn, write.tenant, name, version).await?;
    write.check(row.version.etag)?;
    add_tags_and_aliases(conn, keys, std::slice::from_mut(&mut row)).await?;
    Ok(row)
}

/// The outcome of a change, with the states before and after.
fn applied<T>(out: T, before: &ModelVersion, after: Option<&ModelVersion>) -> Applied<T> {
    Applied {
        out,
        result: before.etag.next().into(),
        change: Change {
            entity: "model_version",
            key: version_key(&before.name, before.version),
            before: version_state(before),
            after: after.and_then(version_state),
        },
    }
}

/// The outcome of a change that answers with the whole version, as it now is.
async fn answer<C: Conn>(
    conn: &mut C,
    keys: &KeyCache,
    before: &ModelVersion,
    mut row: VersionRow,
) -> Result<Applied<ModelVersion>> {
    add_model_facts(conn, keys, std::slice::from_mut(&mut row)).await?;
    let after = row.version;
    Ok(applied(after.clone(), before, Some(&after)))
}

/// Changes the description of a version.
pub struct UpdateModelVersion {
    /// The registered model.
    pub name: ModelName,
    /// The version.
    pub version: VersionNumber,
    /// What becomes of it.
    pub description: DescriptionChange,
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
        const SQL: &str = "UPDATE model_versions SET description = $2, \
            updated_ms = $3, revision = revision + 1 WHERE version_pk = $1";
        let mut row = begin(conn, write, &self.keys, &self.name, self.version).await?;
        let before = row.version.clone();
        match &self.description {
            DescriptionChange::Keep => {}
            DescriptionChange::Clear => row.version.description = None,
            DescriptionChange::Set(text) => row.version.description = Some(text.clone()),
        }
        let description = row.version.description.as_ref();
        let args = args![row.version_pk, description, write.now_ms];
        conn.execute_each_one(&[(SQL, args), (BUMP_MODEL, args![row.model_pk])])
            .await?;
        row.version.updated_ms = write.now_ms;
        row.version.etag = before.etag.next();
        answer(conn, &self.keys, &before, row).await
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
        let mut row = begin(conn, write, &self.keys, name, *version).await?;
        if self.transition.archive_existing {
            self.archive_others(conn, write, &row).await?;
        }
        conn.execute_each_one(&[
            (MOVE, args![row.version_pk, stage.as_str(), write.now_ms]),
            (TOUCH_MODEL, args![row.model_pk, write.now_ms]),
        ])
        .await?;
        let before = row.version.clone();
        row.version.stage = *stage;
        row.version.updated_ms = write.now_ms;
        row.version.etag = before.etag.next();
        answer(conn, &self.keys, &before, row).await
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
        row: &VersionRow,
    ) -> Result<()> {
        const ARCHIVE: &str = "UPDATE model_versions SET stage = $4, updated_ms = $5, \
            revision = revision + 1 WHERE model_pk = $1 AND stage = $2 AND version_pk <> $3";
        let args = args![
            row.model_pk,
            self.transition.stage.as_str(),
            row.version_pk,
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
        const TAGS: &str = "DELETE FROM model_version_tags WHERE version_pk = $1";
        const ALIASES: &str =
            "DELETE FROM registered_model_aliases WHERE model_pk = $1 AND version = $2";
        const VERSION: &str = "DELETE FROM model_versions WHERE version_pk = $1";
        const COUNT: &str = "UPDATE registered_models SET version_count = version_count - 1, \
            updated_ms = $2, revision = revision + 1 WHERE model_pk = $1";
        let row = begin(conn, write, &self.keys, &self.name, self.version).await?;
        let (version_pk, model_pk) = (row.version_pk, row.model_pk);
        conn.execute_all(&[
            (TAGS, args![version_pk]),
            (ALIASES, args![model_pk, self.version.number()]),
        ])
        .await?;
        conn.execute_each_one(&[
            (VERSION, args![version_pk]),
            (COUNT, args![model_pk, write.now_ms]),
        ])
        .await?;
        let before = row.version;
        Ok(applied(before.etag.next(), &before, None))
    }

    /// A deletion that is asked for again has had its effect; what is gone needs no row.
    async fn recall<C: Conn>(
        &self,
        _: &mut C,
        _: &WriteContext,
        result: ResultKey,
    ) -> Result<Option<Etag>> {
        Ok(Some(result.into()))
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
        let row = begin(conn, write, &self.keys, &self.name, self.version).await?;
        let missing = |key: &str| missing_tag(key, &self.name, self.version);
        let version_pk = row.version_pk;
        MODEL_VERSION_TAGS
            .change(conn, version_pk, None, &self.changes, missing)
            .await?;
        conn.execute_each_one(&[
            (BUMP_VERSION, args![version_pk]),
            (BUMP_MODEL, args![row.model_pk]),
        ])
        .await?;
        let tags = MODEL_VERSION_TAGS
            .load(conn, &self.keys, &[version_pk])
            .await?;
        let before = row.version;
        let after = ModelVersion {
            tags: tags.tags(version_pk),
            ..before.clone()
        };
        Ok(applied(before.etag.next(), &before, Some(&after)))
    }

    async fn recall<C: Conn>(
        &self,
        conn: &mut C,
        _: &WriteContext,
        result: ResultKey,
    ) -> Result<Option<Etag>> {
        const SQL: &str = "SELECT version_pk FROM model_versions WHERE version_pk = $1";
        conn.query_optional(SQL, args![result.row], |_| Ok(result.into()))
            .await
    }
}

fn missing_tag(key: &str, name: &ModelName, version: VersionNumber) -> Error {
    Error::not_found(format!(
        "Model version tag with key={key} not found for {name}/{version}"
    ))
}
