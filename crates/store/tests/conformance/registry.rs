//! What tests of the registry share: models, versions, tags, and how to look at them.

use ferroflow_model::model_versions::{ModelVersion, NewModelVersion, UnknownOrigin};
use ferroflow_model::registered_models::{Alias, ModelName, NewRegisteredModel, RegisteredModel};
use ferroflow_model::{ErrorKind, MissingTag, Result, Tag, VersionNumber};
use ferroflow_store::model_versions::{CreateModelVersion, GetModelVersion};
use ferroflow_store::registered_models::{CreateRegisteredModel, GetRegisteredModel, SetAlias};
use ferroflow_store::{KeyedChanges, KeyedValue, Tenant, WriteContext};

use crate::harness::{NOW_MS, TestDb, count};
use crate::runs::tag;

/// The name of a model.
pub(crate) fn name(label: &str) -> ModelName {
    ModelName::new(label)
}

/// The number of a version.
pub(crate) fn number(number: i64) -> VersionNumber {
    VersionNumber::new(number)
}

/// An alias.
pub(crate) fn alias(label: &str) -> Alias {
    Alias::parse_for_lookup(label).unwrap()
}

/// Tags as the service passes them on: in the order of their keys.
pub(crate) fn tags(pairs: &[(&str, &str)]) -> Vec<Tag> {
    pairs.iter().map(|(key, value)| tag(key, value)).collect()
}

/// The ids of the keys of tags.
pub(crate) async fn tag_keys(test: &TestDb, tags: &[Tag]) -> Vec<i64> {
    let keys: Vec<&str> = tags.iter().map(|tag| tag.key.as_str()).collect();
    test.db().intern(&keys).await.unwrap()
}

/// A model without anything.
pub(crate) async fn new_model(test: &TestDb, label: &str) -> CreateRegisteredModel {
    tagged_model(test, label, &[]).await
}

/// A model with tags.
pub(crate) async fn tagged_model(
    test: &TestDb,
    label: &str,
    pairs: &[(&str, &str)],
) -> CreateRegisteredModel {
    let new = NewRegisteredModel {
        name: name(label),
        description: None,
        deployment_job_id: None,
        tags: tags(pairs),
    };
    CreateRegisteredModel {
        tag_keys: tag_keys(test, &new.tags).await,
        keys: test.db().keys(),
        new,
    }
}

/// Creates a model without anything.
pub(crate) async fn create_model(test: &TestDb, label: &str) -> RegisteredModel {
    test.write(new_model(test, label).await).await.unwrap()
}

/// Reads a model.
pub(crate) async fn get_model(test: &TestDb, label: &str) -> Result<RegisteredModel> {
    let (tenant, keys) = (test.tenant, test.db().keys());
    test.read(GetRegisteredModel {
        tenant,
        name: name(label),
        keys,
    })
    .await
}

/// A version of a model with nothing but a source.
pub(crate) fn bare_version(label: &str) -> NewModelVersion {
    NewModelVersion {
        name: name(label),
        source: "mlflow-artifacts:/0/r1/artifacts/model".to_owned(),
        storage_location: None,
        description: None,
        run_id: None,
        run_link: None,
        model_id: None,
        tags: Vec::new(),
        unknown_origin: UnknownOrigin::Refuse,
    }
}

/// The command that creates a version.
pub(crate) async fn creation(test: &TestDb, new: NewModelVersion) -> CreateModelVersion {
    CreateModelVersion {
        tag_keys: tag_keys(test, &new.tags).await,
        link_key: test.key("mlflow.modelVersions").await,
        keys: test.db().keys(),
        new,
    }
}

/// The command that creates a bare version.
pub(crate) async fn new_version(test: &TestDb, label: &str) -> CreateModelVersion {
    creation(test, bare_version(label)).await
}

/// Creates a bare version.
pub(crate) async fn create_version(test: &TestDb, label: &str) -> ModelVersion {
    test.write(new_version(test, label).await).await.unwrap()
}

/// Reads a version.
pub(crate) async fn get_version(test: &TestDb, label: &str, version: i64) -> Result<ModelVersion> {
    get_version_of(test, test.tenant, label, version).await
}

/// Reads a version of any tenant.
pub(crate) async fn get_version_of(
    test: &TestDb,
    tenant: Tenant,
    label: &str,
    version: i64,
) -> Result<ModelVersion> {
    test.read(GetModelVersion {
        tenant,
        name: name(label),
        version: number(version),
        keys: test.db().keys(),
    })
    .await
}

/// Points an alias to a version.
pub(crate) fn set_alias(label: &str, alias_text: &str, version: i64) -> SetAlias {
    SetAlias {
        name: name(label),
        alias: alias(alias_text),
        version: number(version),
    }
}

/// Sets tags.
pub(crate) async fn set_tags(test: &TestDb, pairs: &[(&str, &str)]) -> KeyedChanges {
    let tags = tags(pairs);
    let key_ids = tag_keys(test, &tags).await;
    let keyed = key_ids.into_iter().zip(tags);
    KeyedChanges {
        set: keyed
            .map(|(key_id, tag)| KeyedValue {
                key_id,
                value: tag.value,
            })
            .collect(),
        delete: Vec::new(),
        missing: MissingTag::Ignore,
    }
}

/// Deletes tags.
pub(crate) async fn delete_tags(
    test: &TestDb,
    names: &[&str],
    missing: MissingTag,
) -> KeyedChanges {
    let key_ids = test.db().find_keys(names).await.unwrap();
    let names = names.iter().map(|name| (*name).to_owned());
    KeyedChanges {
        set: Vec::new(),
        delete: key_ids.into_iter().zip(names).collect(),
        missing,
    }
}

/// The same write, this many milliseconds later.
pub(crate) fn later(test: &TestDb, after_ms: i64) -> WriteContext {
    WriteContext {
        now_ms: NOW_MS + after_ms,
        ..test.context()
    }
}

/// The kind of a refusal.
pub(crate) fn kind<T>(result: Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

/// The kind of a refusal and what it tells the client.
pub(crate) fn refusal<T: std::fmt::Debug>(result: Result<T>) -> (ErrorKind, String) {
    let error = result.unwrap_err();
    (error.kind(), error.message().to_owned())
}

/// How many audit rows and events there are.
pub(crate) async fn effects(test: &TestDb) -> (i64, i64) {
    (
        count(test, "SELECT count(*) FROM audit_events").await,
        count(test, "SELECT count(*) FROM outbox_events").await,
    )
}
