//! Aliases: names for versions that can be moved.

use ferroflow_model::model_versions::ModelVersion;
use ferroflow_model::{ErrorKind, Result};
use ferroflow_store::model_versions::DeleteModelVersion;
use ferroflow_store::registered_models::{DeleteAlias, GetVersionByAlias};

use crate::harness::{TestDb, count, on_each_engine};
use crate::registry::{
    alias, create_model, create_version, get_model, get_version, name, number, refusal, set_alias,
};

async fn by_alias(test: &TestDb, label: &str, alias_text: &str) -> Result<ModelVersion> {
    let (tenant, keys) = (test.tenant, test.db().keys());
    test.read(GetVersionByAlias {
        tenant,
        name: name(label),
        alias: alias(alias_text),
        keys,
    })
    .await
}

fn delete_alias(label: &str, alias_text: &str) -> DeleteAlias {
    DeleteAlias {
        name: name(label),
        alias: alias(alias_text),
    }
}

fn unknown(alias_text: &str) -> (ErrorKind, String) {
    let message = format!("Registered model alias {alias_text} not found.");
    (ErrorKind::InvalidParameter, message)
}

#[tokio::test]
async fn an_alias_names_one_version_and_moves() {
    on_each_engine(async |test| {
        create_model(test, "iris").await;
        for _ in 0..2 {
            create_version(test, "iris").await;
        }
        for (label, version) in [("champion", 1), ("a", 1), ("Champion", 2)] {
            test.write(set_alias("iris", label, version)).await.unwrap();
        }
        let first = get_version(test, "iris", 1).await.unwrap();
        assert_eq!(first.aliases, ["a", "champion"]);
        assert_eq!(by_alias(test, "iris", "champion").await.unwrap(), first);

        let etag = test.write(set_alias("iris", "champion", 2)).await.unwrap();
        let model = get_model(test, "iris").await.unwrap();
        assert_eq!(model.etag, etag);
        let named: Vec<_> = model
            .aliases
            .iter()
            .map(|target| (target.alias.as_str(), target.version.number()))
            .collect();
        assert_eq!(named, [("Champion", 2), ("a", 1), ("champion", 2)]);
        let second = get_version(test, "iris", 2).await.unwrap();
        assert_eq!(second.aliases, ["Champion", "champion"]);
        assert_eq!(by_alias(test, "iris", "champion").await.unwrap(), second);
        let left = get_version(test, "iris", 1).await.unwrap();
        assert_eq!(left.aliases, ["a"]);
        assert_ne!(left.etag, first.etag, "it shows its aliases");
        assert_eq!(left.updated_ms, first.updated_ms);
    })
    .await;
}

#[tokio::test]
async fn an_alias_is_deleted_or_was_not_there() {
    on_each_engine(async |test| {
        create_model(test, "iris").await;
        create_version(test, "iris").await;
        test.write(set_alias("iris", "champion", 1)).await.unwrap();
        let before = get_version(test, "iris", 1).await.unwrap();
        let etag = test.write(delete_alias("iris", "champion")).await.unwrap();
        assert_eq!(
            refusal(by_alias(test, "iris", "champion").await),
            unknown("champion")
        );
        let after = get_version(test, "iris", 1).await.unwrap();
        assert!(after.aliases.is_empty() && after.etag != before.etag);
        assert_eq!(get_model(test, "iris").await.unwrap().etag, etag);

        let again = test.write(delete_alias("iris", "champion")).await.unwrap();
        assert_eq!(again, etag, "nothing has changed");
        let message = "Registered Model with name=rose not found".to_owned();
        let refused = refusal(test.write(delete_alias("rose", "champion")).await);
        assert_eq!(refused, (ErrorKind::NotFound, message));
    })
    .await;
}

#[tokio::test]
async fn an_alias_needs_a_version() {
    on_each_engine(async |test| {
        create_model(test, "iris").await;
        for label in ["iris", "rose"] {
            let refused = refusal(test.write(set_alias(label, "champion", 1)).await);
            let message = format!("Model Version (name={label}, version=1) not found");
            assert_eq!(refused, (ErrorKind::NotFound, message));
        }
        assert_eq!(
            refusal(by_alias(test, "iris", "champion").await),
            unknown("champion")
        );
    })
    .await;
}

#[tokio::test]
async fn latest_is_the_highest_number() {
    on_each_engine(async |test| {
        create_model(test, "iris").await;
        let none = refusal(by_alias(test, "iris", "latest").await);
        let message = "Latest version not found for model iris.".to_owned();
        assert_eq!(none, (ErrorKind::NotFound, message));
        for _ in 0..11 {
            create_version(test, "iris").await;
        }
        let latest = by_alias(test, "iris", "latest").await.unwrap();
        assert_eq!(latest.version, number(11));
        test.write(deletion(test, 11)).await.unwrap();
        let latest = by_alias(test, "iris", "LATEST").await.unwrap();
        assert_eq!(latest.version, number(10));
    })
    .await;
}

fn deletion(test: &TestDb, version: i64) -> DeleteModelVersion {
    DeleteModelVersion {
        name: name("iris"),
        version: number(version),
        keys: test.db().keys(),
    }
}

#[tokio::test]
async fn with_a_version_go_its_aliases() {
    on_each_engine(async |test| {
        create_model(test, "iris").await;
        for _ in 0..2 {
            create_version(test, "iris").await;
        }
        for (label, version) in [("a", 1), ("b", 1), ("c", 2)] {
            test.write(set_alias("iris", label, version)).await.unwrap();
        }
        test.write(deletion(test, 1)).await.unwrap();
        let model = get_model(test, "iris").await.unwrap();
        assert_eq!(model.aliases.len(), 1);
        assert_eq!(model.aliases[0].alias, "c");
        assert_eq!(refusal(by_alias(test, "iris", "a").await), unknown("a"));
        let rows = "SELECT count(*) FROM registered_model_aliases";
        assert_eq!(count(test, rows).await, 1);
        test.write(set_alias("iris", "a", 2)).await.unwrap();
    })
    .await;
}
