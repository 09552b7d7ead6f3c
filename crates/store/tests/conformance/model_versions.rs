//! Model versions: numbered, changed, moved through stages, deleted.

use std::collections::BTreeSet;

use ferroflow_model::model_versions::{
    DescriptionChange, ModelVersion, ModelVersionStatus, Stage, TransitionStage,
};
use ferroflow_model::registered_models::UpdateRegisteredModel as Update;
use ferroflow_model::{ErrorKind, MissingTag, Result};
use ferroflow_store::KeyedChanges;
use ferroflow_store::model_versions::{
    DeleteModelVersion, LatestVersions, TagModelVersion, TransitionModelVersion, UpdateModelVersion,
};
use ferroflow_store::registered_models::UpdateRegisteredModel;
use futures_util::future::join_all;

use crate::harness::{NOW_MS, TestDb, count, on_each_engine, on_postgres};
use crate::registry::{
    bare_version, create_model, create_version, creation, delete_tags, get_model, get_version,
    kind, later, name, new_version, number, refusal, set_alias, set_tags, tags,
};

pub(crate) fn update(test: &TestDb, version: i64, description: Option<&str>) -> UpdateModelVersion {
    UpdateModelVersion {
        name: name("iris"),
        version: number(version),
        description: DescriptionChange::keep_or_set(description.map(str::to_owned)),
        keys: test.db().keys(),
    }
}

pub(crate) fn transition(
    test: &TestDb,
    version: i64,
    stage: Stage,
    archive_existing: bool,
) -> TransitionModelVersion {
    TransitionModelVersion {
        transition: TransitionStage {
            name: name("iris"),
            version: number(version),
            stage,
            archive_existing,
        },
        keys: test.db().keys(),
    }
}

pub(crate) fn delete(test: &TestDb, version: i64) -> DeleteModelVersion {
    DeleteModelVersion {
        name: name("iris"),
        version: number(version),
        keys: test.db().keys(),
    }
}

pub(crate) fn change_tags(test: &TestDb, version: i64, changes: KeyedChanges) -> TagModelVersion {
    TagModelVersion {
        name: name("iris"),
        version: number(version),
        changes,
        keys: test.db().keys(),
    }
}

async fn create_versions(test: &TestDb, versions: usize) {
    create_model(test, "iris").await;
    for _ in 0..versions {
        create_version(test, "iris").await;
    }
}

fn not_found(label: &str, version: i64) -> (ErrorKind, String) {
    let message = format!("Model Version (name={label}, version={version}) not found");
    (ErrorKind::NotFound, message)
}

#[tokio::test]
async fn a_version_is_read_as_it_was_created() {
    on_each_engine(async |test| {
        create_model(test, "iris").await;
        let mut job = UpdateRegisteredModel {
            update: Update {
                name: name("iris"),
                description: None,
                deployment_job_id: Some("job".to_owned()),
            },
            keys: test.db().keys(),
        };
        test.write(job).await.unwrap();
        let mut new = bare_version("iris");
        new.storage_location = Some("s3://bucket/model".to_owned());
        new.description = Some("first".to_owned());
        new.run_link = Some("https://example.com/r1".to_owned());
        new.tags = tags(&[("a", "1"), ("b", "")]);
        let source = new.source.clone();
        let create = creation(test, new).await;
        let created = test.write_with(later(test, 5), create).await.unwrap();
        assert_eq!(
            (created.name.as_str(), created.version),
            ("iris", number(1))
        );
        assert_eq!(
            (created.created_ms, created.updated_ms),
            (NOW_MS + 5, NOW_MS + 5)
        );
        assert_eq!(
            (created.stage, created.status),
            (Stage::None, ModelVersionStatus::Ready)
        );
        assert_eq!(created.source, source);
        assert_eq!(
            created.storage_location.as_deref(),
            Some("s3://bucket/model")
        );
        assert_eq!(created.description.as_deref(), Some("first"));
        assert_eq!(created.run_link, "https://example.com/r1");
        assert_eq!(created.deployment_job_id.as_deref(), Some("job"));
        assert_eq!(created.tags, tags(&[("a", "1"), ("b", "")]));
        assert_eq!((&created.run_id, &created.model_id), (&None, &None));
        test.restart().await;
        assert_eq!(get_version(test, "iris", 1).await.unwrap(), created);

        let model = get_model(test, "iris").await.unwrap();
        assert_eq!(model.updated_ms, NOW_MS + 5);
        assert_eq!(model.latest_versions, std::slice::from_ref(&created));
        job = UpdateRegisteredModel {
            update: Update {
                name: name("iris"),
                description: None,
                deployment_job_id: Some("other".to_owned()),
            },
            keys: test.db().keys(),
        };
        test.write(job).await.unwrap();
        let shown = get_version(test, "iris", 1).await.unwrap();
        assert_eq!(shown.deployment_job_id.as_deref(), Some("other"));
        assert_eq!(shown.etag, created.etag.next());
    })
    .await;
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    on_each_engine(async |test| {
        let unknown = refusal(test.write(new_version(test, "iris").await).await);
        let message = "Registered Model with name=iris not found".to_owned();
        assert_eq!(unknown, (ErrorKind::NotFound, message));
        for _ in ["no model", "no version"] {
            let changes = set_tags(test, &[("a", "1")]).await;
            let expected = not_found("iris", 1);
            assert_eq!(refusal(get_version(test, "iris", 1).await), expected);
            assert_eq!(refusal(test.write(update(test, 1, None)).await), expected);
            assert_eq!(
                refusal(test.write(change_tags(test, 1, changes)).await),
                expected
            );
            assert_eq!(refusal(test.write(delete(test, 1)).await), expected);
            let moved = test.write(transition(test, 1, Stage::Staging, false)).await;
            assert_eq!(refusal(moved), expected);
            if get_model(test, "iris").await.is_err() {
                create_model(test, "iris").await;
            }
        }
    })
    .await;
}

/// Each of 64 clients creates four versions, and sends every request twice, at once.
#[tokio::test]
async fn numbers_have_no_gap_and_no_repeat() {
    on_each_engine(async |test| {
        create_model(test, "iris").await;
        let client = async |client: usize| {
            let mut versions = Vec::new();
            for request in 0..4 {
                let token = format!("{client}-{request}");
                let context = || test.retry(&token, 1);
                let (one, two) = (
                    new_version(test, "iris").await,
                    new_version(test, "iris").await,
                );
                let (one, two) = tokio::join!(
                    test.write_with(context(), one),
                    test.write_with(context(), two),
                );
                let (one, two) = (one.unwrap(), two.unwrap());
                assert_eq!(one, two, "one request, one version");
                versions.push(one.version.number());
            }
            versions
        };
        let answered = join_all((0..64).map(client)).await.concat();
        let distinct: BTreeSet<i64> = answered.iter().copied().collect();
        assert_eq!(answered.len(), 256);
        assert_eq!(distinct, (1..=256).collect());
        assert_eq!(
            count(test, "SELECT count(*) FROM model_versions").await,
            256
        );
        assert_eq!(
            count(test, "SELECT version_count FROM registered_models").await,
            256
        );
    })
    .await;
}

#[tokio::test]
async fn two_servers_count_in_one_series() {
    on_postgres(async |test| {
        create_model(test, "iris").await;
        let second = test.second_server().await;
        let client = async |client: usize| {
            let db = if client.is_multiple_of(2) {
                test.db()
            } else {
                &second
            };
            let mut versions = Vec::new();
            for _ in 0..8 {
                let create = new_version(test, "iris").await;
                let version = db.write(test.context(), create).await.unwrap();
                versions.push(version.version.number());
            }
            versions
        };
        let answered = join_all((0..16).map(client)).await.concat();
        let distinct: BTreeSet<i64> = answered.into_iter().collect();
        assert_eq!(distinct, (1..=128).collect());
        second.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_deleted_number_is_not_used_again() {
    on_each_engine(async |test| {
        create_versions(test, 3).await;
        test.write(delete(test, 3)).await.unwrap();
        test.write(delete(test, 1)).await.unwrap();
        assert_eq!(create_version(test, "iris").await.version, number(4));
        assert_eq!(
            refusal(get_version(test, "iris", 3).await),
            not_found("iris", 3)
        );
        test.restart().await;
        assert_eq!(create_version(test, "iris").await.version, number(5));
    })
    .await;
}

#[tokio::test]
async fn a_deleted_version_takes_its_tags_along() {
    on_each_engine(async |test| {
        create_versions(test, 2).await;
        for version in [1, 2] {
            let changes = set_tags(test, &[("a", "1")]).await;
            test.write(change_tags(test, version, changes))
                .await
                .unwrap();
        }
        let before = get_model(test, "iris").await.unwrap();
        test.write_with(later(test, 5), delete(test, 1))
            .await
            .unwrap();
        let tags = "SELECT count(*) FROM model_version_tags";
        assert_eq!(count(test, tags).await, 1);
        assert_eq!(
            count(test, "SELECT version_count FROM registered_models").await,
            1
        );
        let after = get_model(test, "iris").await.unwrap();
        assert_eq!(after.updated_ms, NOW_MS + 5);
        assert_ne!(after.etag, before.etag);
        assert_eq!(
            refusal(test.write(delete(test, 1)).await),
            not_found("iris", 1)
        );
        get_version(test, "iris", 2).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_update_changes_what_it_names() {
    on_each_engine(async |test| {
        create_versions(test, 2).await;
        let before = get_version(test, "iris", 1).await.unwrap();
        let described = update(test, 1, Some("good"));
        let changed = test.write_with(later(test, 5), described).await.unwrap();
        assert_eq!(changed.description.as_deref(), Some("good"));
        assert_eq!(
            (changed.created_ms, changed.updated_ms),
            (NOW_MS, NOW_MS + 5)
        );
        assert_ne!(changed.etag, before.etag);
        assert_eq!(get_version(test, "iris", 1).await.unwrap(), changed);
        let kept = test.write(update(test, 1, None)).await.unwrap();
        assert_eq!(kept.description.as_deref(), Some("good"));
        let emptied = test.write(update(test, 1, Some(""))).await.unwrap();
        assert_eq!(emptied.description.as_deref(), Some(""));
        let clearing = UpdateModelVersion {
            description: DescriptionChange::Clear,
            ..update(test, 1, None)
        };
        let cleared = test.write(clearing).await.unwrap();
        assert_eq!(cleared.description, None);
        assert_eq!(get_version(test, "iris", 1).await.unwrap(), cleared);
        let model = get_model(test, "iris").await.unwrap();
        assert_eq!(
            model.updated_ms, NOW_MS,
            "a version's text leaves the model's time"
        );
    })
    .await;
}

#[tokio::test]
async fn tags_are_set_replaced_and_deleted() {
    on_each_engine(async |test| {
        create_versions(test, 2).await;
        let change = async |changes| {
            let change = change_tags(test, 1, changes);
            test.write_with(later(test, 5), change).await
        };
        change(set_tags(test, &[("a", "1"), ("b", "2")]).await)
            .await
            .unwrap();
        let mut replace = set_tags(test, &[("a", "3"), ("c", "4")]).await;
        replace.delete = delete_tags(test, &["b"], MissingTag::Refuse).await.delete;
        let etag = change(replace).await.unwrap();
        let version = get_version(test, "iris", 1).await.unwrap();
        assert_eq!(version.tags, tags(&[("a", "3"), ("c", "4")]));
        assert_eq!((version.etag, version.updated_ms), (etag, NOW_MS));
        change(delete_tags(test, &["b"], MissingTag::Ignore).await)
            .await
            .unwrap();
        let missing = refusal(change(delete_tags(test, &["b"], MissingTag::Refuse).await).await);
        let message = "Model version tag with key=b not found for iris/1".to_owned();
        assert_eq!(missing, (ErrorKind::NotFound, message));
        assert!(get_version(test, "iris", 2).await.unwrap().tags.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_stage_is_entered_alone_when_asked_for() {
    on_each_engine(async |test| {
        create_versions(test, 4).await;
        for version in [1, 2] {
            test.write(transition(test, version, Stage::Production, false))
                .await
                .unwrap();
        }
        test.write(transition(test, 4, Stage::Staging, true))
            .await
            .unwrap();
        let before = get_version(test, "iris", 1).await.unwrap();
        let staged = get_version(test, "iris", 4).await.unwrap();

        let enter = transition(test, 3, Stage::Production, true);
        let entered = test.write_with(later(test, 5), enter).await.unwrap();
        assert_eq!(
            (entered.stage, entered.updated_ms),
            (Stage::Production, NOW_MS + 5)
        );
        assert_eq!(get_version(test, "iris", 3).await.unwrap(), entered);
        for version in [1, 2] {
            let archived = get_version(test, "iris", version).await.unwrap();
            assert_eq!(
                (archived.stage, archived.updated_ms),
                (Stage::Archived, NOW_MS + 5)
            );
        }
        let archived = get_version(test, "iris", 1).await.unwrap();
        assert_ne!(archived.etag, before.etag, "it shows its stage");
        assert_eq!(get_version(test, "iris", 4).await.unwrap(), staged);
        assert_eq!(
            get_model(test, "iris").await.unwrap().updated_ms,
            NOW_MS + 5
        );

        let again = test
            .write(transition(test, 3, Stage::Production, true))
            .await;
        assert_eq!(
            again.unwrap().stage,
            Stage::Production,
            "it does not archive itself"
        );
    })
    .await;
}

async fn latest(test: &TestDb, label: &str, stages: &[Stage]) -> Result<Vec<ModelVersion>> {
    test.read(LatestVersions {
        tenant: test.tenant,
        name: name(label),
        stages: stages.to_vec(),
        keys: test.db().keys(),
    })
    .await
}

#[tokio::test]
async fn the_newest_version_of_each_stage_is_listed() {
    on_each_engine(async |test| {
        create_versions(test, 12).await;
        for (version, stage) in [
            (2, Stage::Production),
            (10, Stage::Production),
            (9, Stage::Production),
            (3, Stage::Staging),
            (12, Stage::Archived),
        ] {
            test.write(transition(test, version, stage, false))
                .await
                .unwrap();
        }
        test.write(set_alias("iris", "champion", 10)).await.unwrap();
        let numbers = async |stages: &[Stage]| -> Vec<i64> {
            let versions = latest(test, "iris", stages).await.unwrap();
            versions
                .iter()
                .map(|version| version.version.number())
                .collect()
        };
        assert_eq!(numbers(&Stage::ALL).await, [3, 10, 11, 12]);
        assert_eq!(numbers(&[Stage::Production, Stage::None]).await, [10, 11]);
        assert_eq!(numbers(&[]).await, [0; 0]);
        test.write(delete(test, 10)).await.unwrap();
        assert_eq!(numbers(&[Stage::Production]).await, [9]);
        let listed = latest(test, "iris", &[Stage::Staging]).await.unwrap();
        assert_eq!(listed, [get_version(test, "iris", 3).await.unwrap()]);
        let unknown = latest(test, "rose", &Stage::ALL).await;
        assert_eq!(kind(unknown), Some(ErrorKind::NotFound));
    })
    .await;
}

#[tokio::test]
async fn texts_are_kept_as_they_are() {
    on_each_engine(async |test| {
        create_model(test, "iris").await;
        let value = "é'\"\n\t🌸".repeat(15_000);
        let mut new = bare_version("iris");
        new.description = Some(value.clone());
        new.tags = tags(&[("k'\"🌸", &value)]);
        new.source = "s3://b/it's \"a\" 🌸 $1 ?2".to_owned();
        let created = test.write(creation(test, new).await).await.unwrap();
        test.restart().await;
        let read = get_version(test, "iris", 1).await.unwrap();
        assert_eq!(read, created);
        assert_eq!(read.tags[0].value, value);
        let mut nul = bare_version("iris");
        nul.source = "a\0b".to_owned();
        let refused = test.write(creation(test, nul).await).await;
        assert_eq!(kind(refused), Some(ErrorKind::InvalidParameter));
        assert_eq!(create_version(test, "iris").await.version, number(2));
    })
    .await;
}

#[tokio::test]
async fn a_changed_model_refuses_a_version_under_an_old_etag() {
    on_each_engine(async |test| {
        let created = create_model(test, "iris").await;
        let matching = test.if_match(created.etag);
        let create = async || {
            let create = new_version(test, "iris").await;
            test.write_with(matching.clone(), create).await
        };
        create().await.unwrap();
        // More often than there are connections: each must be fit for use after a refusal.
        for _ in 0..10 {
            assert_eq!(kind(create().await), Some(ErrorKind::PreconditionFailed));
        }
        for expected in 2..12 {
            assert_eq!(create_version(test, "iris").await.version, number(expected));
        }
    })
    .await;
}
