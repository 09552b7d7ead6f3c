//! Registered models: created, changed, renamed, deleted.

use ferroflow_model::model_versions::{Stage, TransitionStage};
use ferroflow_model::registered_models::{RegistrySummary, UpdateRegisteredModel as Update};
use ferroflow_model::{ErrorKind, MissingTag, Result};
use ferroflow_store::model_versions::{TagModelVersion, TransitionModelVersion};
use ferroflow_store::registered_models::{
    DeleteRegisteredModel, GetVersionByAlias, PROMPT_TAG, RenameRegisteredModel, SummariseRegistry,
    TagRegisteredModel, UpdateRegisteredModel,
};
use ferroflow_store::{KeyedChanges, Tenant};
use futures_util::future::join_all;

use crate::harness::{NOW_MS, TestDb, count, on_each_engine, on_postgres};
use crate::registry::{
    alias, create_model, create_version, delete_tags, get_model, get_version, kind, later, name,
    new_model, number, refusal, set_alias, set_tags, tagged_model, tags,
};

fn update(test: &TestDb, label: &str, description: Option<&str>) -> UpdateRegisteredModel {
    UpdateRegisteredModel {
        update: Update {
            name: name(label),
            description: description.map(str::to_owned),
            deployment_job_id: None,
        },
        keys: test.db().keys(),
    }
}

pub(crate) fn rename(test: &TestDb, from: &str, to: &str) -> RenameRegisteredModel {
    RenameRegisteredModel {
        name: name(from),
        new_name: name(to),
        keys: test.db().keys(),
    }
}

pub(crate) fn delete(test: &TestDb, label: &str) -> DeleteRegisteredModel {
    DeleteRegisteredModel {
        name: name(label),
        keys: test.db().keys(),
    }
}

fn change_tags(test: &TestDb, label: &str, changes: KeyedChanges) -> TagRegisteredModel {
    TagRegisteredModel {
        name: name(label),
        changes,
        keys: test.db().keys(),
    }
}

fn not_found(label: &str) -> (ErrorKind, String) {
    let message = format!("Registered Model with name={label} not found");
    (ErrorKind::NotFound, message)
}

#[tokio::test]
async fn a_model_is_read_as_it_was_created() {
    on_each_engine(async |test| {
        let mut new = tagged_model(test, "iris", &[("a", "1"), ("b", "")]).await;
        new.new.description = Some("flowers".to_owned());
        new.new.deployment_job_id = Some("job".to_owned());
        let created = test.write(new).await.unwrap();
        assert_eq!(created.name, name("iris"));
        assert_eq!((created.created_ms, created.updated_ms), (NOW_MS, NOW_MS));
        assert_eq!(created.description, "flowers");
        assert_eq!(created.deployment_job_id.as_deref(), Some("job"));
        assert_eq!(created.tags, tags(&[("a", "1"), ("b", "")]));
        assert!(created.aliases.is_empty() && created.latest_versions.is_empty());
        test.restart().await;
        assert_eq!(get_model(test, "iris").await.unwrap(), created);
        assert_eq!(refusal(get_model(test, "Iris").await), not_found("Iris"));
    })
    .await;
}

#[tokio::test]
async fn a_name_is_taken_once() {
    on_each_engine(async |test| {
        let prompt = [(PROMPT_TAG, "true")];
        create_model(test, "iris").await;
        test.write(tagged_model(test, "greet", &prompt).await)
            .await
            .unwrap();
        let model = async |label| refusal(test.write(new_model(test, label).await).await);
        let prompt =
            async |label| refusal(test.write(tagged_model(test, label, &prompt).await).await);
        let taken = |message: &str| (ErrorKind::AlreadyExists, message.to_owned());
        assert_eq!(
            model("iris").await,
            taken("Registered Model (name=iris) already exists.")
        );
        assert_eq!(
            prompt("greet").await,
            taken("Prompt (name=greet) already exists.")
        );
        assert_eq!(
            model("greet").await,
            taken(
                "Tried to create a registered model with name 'greet', but the name is already taken by a prompt. MLflow does not allow creating a model and a prompt with the same name."
            )
        );
        assert_eq!(
            prompt("iris").await,
            taken(
                "Tried to create a prompt with name 'iris', but the name is already taken by a registered model. MLflow does not allow creating a model and a prompt with the same name."
            )
        );
    })
    .await;
}

#[tokio::test]
async fn of_creations_of_one_name_at_once_one_succeeds() {
    on_each_engine(async |test| {
        let mut creations = Vec::new();
        for _ in 0..16 {
            creations.push(new_model(test, "iris").await);
        }
        let results = join_all(creations.into_iter().map(|create| test.write(create))).await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
        for result in results.into_iter().filter(Result::is_err) {
            assert_eq!(kind(result), Some(ErrorKind::AlreadyExists));
        }
    })
    .await;
}

#[tokio::test]
async fn an_update_changes_what_it_names() {
    on_each_engine(async |test| {
        let created = create_model(test, "iris").await;
        let described = update(test, "iris", Some("flowers"));
        let changed = test.write_with(later(test, 5), described).await.unwrap();
        assert_eq!(changed.description, "flowers");
        assert_eq!(
            (changed.created_ms, changed.updated_ms),
            (NOW_MS, NOW_MS + 5)
        );
        assert_ne!(changed.etag, created.etag);
        assert_eq!(get_model(test, "iris").await.unwrap(), changed);

        let mut job = update(test, "iris", None);
        job.update.deployment_job_id = Some("job".to_owned());
        let changed = test.write(job).await.unwrap();
        assert_eq!(changed.description, "flowers");
        assert_eq!(changed.deployment_job_id.as_deref(), Some("job"));
        let cleared = test.write(update(test, "iris", Some(""))).await.unwrap();
        assert_eq!(cleared.description, "");

        let unknown = test.write(update(test, "rose", None)).await;
        assert_eq!(refusal(unknown), not_found("rose"));
    })
    .await;
}

#[tokio::test]
async fn a_renamed_model_keeps_all_that_it_has() {
    on_each_engine(async |test| {
        test.write(tagged_model(test, "iris", &[("a", "1")]).await)
            .await
            .unwrap();
        let version = create_version(test, "iris").await;
        test.write(set_alias("iris", "champion", 1)).await.unwrap();
        let renamed = test
            .write_with(later(test, 5), rename(test, "iris", "rose"))
            .await
            .unwrap();
        assert_eq!(renamed.name, name("rose"));
        assert_eq!(renamed.updated_ms, NOW_MS + 5);
        assert_eq!(renamed.tags, tags(&[("a", "1")]));
        assert_eq!(renamed.aliases.len(), 1);
        assert_eq!(get_model(test, "rose").await.unwrap(), renamed);

        let moved = get_version(test, "rose", 1).await.unwrap();
        assert_eq!(
            (moved.name.as_str(), moved.updated_ms),
            ("rose", NOW_MS + 5)
        );
        assert_eq!(moved.aliases, ["champion"]);
        assert_ne!(moved.etag, version.etag, "it shows another name");
        assert_eq!(refusal(get_model(test, "iris").await), not_found("iris"));
        assert_eq!(
            kind(get_version(test, "iris", 1).await),
            Some(ErrorKind::NotFound)
        );
        create_model(test, "iris").await;
    })
    .await;
}

#[tokio::test]
async fn a_model_is_renamed_to_a_free_name_or_its_own() {
    on_each_engine(async |test| {
        let iris = create_model(test, "iris").await;
        create_model(test, "rose").await;
        let taken = refusal(test.write(rename(test, "iris", "rose")).await);
        let message = "Registered Model (name=rose) already exists.";
        assert_eq!(taken, (ErrorKind::AlreadyExists, message.to_owned()));
        assert_eq!(get_model(test, "iris").await.unwrap(), iris);
        let same = test.write(rename(test, "iris", "iris")).await.unwrap();
        assert_eq!(same.name, name("iris"));
        let unknown = test.write(rename(test, "lily", "tulip")).await;
        assert_eq!(refusal(unknown), not_found("lily"));
    })
    .await;
}

#[tokio::test]
async fn of_renames_to_one_name_at_once_one_succeeds() {
    on_each_engine(async |test| {
        for round in 0..20 {
            let names: Vec<String> = (0..6).map(|n| format!("m{round}-{n}")).collect();
            for label in &names {
                create_model(test, label).await;
            }
            let goal = format!("goal{round}");
            let renames = names
                .iter()
                .map(|label| test.write(rename(test, label, &goal)));
            let results = join_all(renames).await;
            assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
            for result in results.into_iter().filter(Result::is_err) {
                assert_eq!(kind(result), Some(ErrorKind::AlreadyExists));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_rename_meets_the_creation_of_its_name() {
    on_postgres(async |test| {
        for round in 0..20 {
            let (from, to) = (format!("from{round}"), format!("to{round}"));
            create_model(test, &from).await;
            let create = new_model(test, &to).await;
            let (renamed, created) =
                tokio::join!(test.write(rename(test, &from, &to)), test.write(create));
            assert!(renamed.is_ok() != created.is_ok());
            let refused = kind(renamed).or(kind(created));
            assert_eq!(refused, Some(ErrorKind::AlreadyExists));
        }
    })
    .await;
}

#[tokio::test]
async fn with_a_model_goes_all_that_it_has() {
    on_each_engine(async |test| {
        for label in ["iris", "rose"] {
            test.write(tagged_model(test, label, &[("a", "1")]).await)
                .await
                .unwrap();
            create_version(test, label).await;
            create_version(test, label).await;
            test.write(set_alias(label, "champion", 1)).await.unwrap();
            let tag = TagModelVersion {
                name: name(label),
                version: number(2),
                changes: set_tags(test, &[("b", "2")]).await,
                keys: test.db().keys(),
            };
            test.write(tag).await.unwrap();
        }
        test.write(delete(test, "iris")).await.unwrap();
        for (table, left) in [
            ("registered_models", 1),
            ("registered_model_tags", 1),
            ("registered_model_aliases", 1),
            ("model_versions", 2),
            ("model_version_tags", 1),
        ] {
            let sql = format!("SELECT count(*) FROM {table}");
            assert_eq!(count(test, &sql).await, left, "{table}");
        }
        assert_eq!(refusal(get_model(test, "iris").await), not_found("iris"));
        let again = refusal(test.write(delete(test, "iris")).await);
        assert_eq!(again, not_found("iris"));
        assert_eq!(
            get_version(test, "rose", 1).await.unwrap().aliases,
            ["champion"]
        );

        create_model(test, "iris").await;
        let version = create_version(test, "iris").await.version;
        assert_eq!(version, number(1), "another model of that name counts anew");
    })
    .await;
}

#[tokio::test]
async fn tags_are_set_replaced_and_deleted() {
    on_each_engine(async |test| {
        let created = create_model(test, "iris").await;
        let change = async |changes| {
            test.write_with(later(test, 5), change_tags(test, "iris", changes))
                .await
        };
        let set = set_tags(test, &[("a", "1"), ("b", "2")]).await;
        let etag = change(set).await.unwrap();
        let mut replace = set_tags(test, &[("a", "3"), ("c", "4")]).await;
        replace.delete = delete_tags(test, &["b", "a"], MissingTag::Refuse)
            .await
            .delete;
        let replaced = change(replace).await.unwrap();
        let model = get_model(test, "iris").await.unwrap();
        assert_eq!(model.tags, tags(&[("a", "3"), ("c", "4")]));
        assert_eq!(model.etag, replaced);
        assert!(etag != created.etag && replaced != etag);
        assert_eq!(model.updated_ms, NOW_MS, "tags leave the time of update");

        let absent = delete_tags(test, &["b", "never seen"], MissingTag::Ignore).await;
        change(absent).await.unwrap();
        let mut refused = delete_tags(test, &["a", "never seen"], MissingTag::Refuse).await;
        refused.set = set_tags(test, &[("d", "5")]).await.set;
        let message = "Registered model tag with key=never seen not found for iris";
        assert_eq!(
            refusal(change(refused).await),
            (ErrorKind::NotFound, message.to_owned())
        );
        let unchanged = get_model(test, "iris").await.unwrap();
        assert_eq!(unchanged.tags, model.tags);
        let unknown = change_tags(test, "rose", set_tags(test, &[("a", "1")]).await);
        assert_eq!(refusal(test.write(unknown).await), not_found("rose"));
    })
    .await;
}

#[tokio::test]
async fn a_model_shows_the_newest_version_of_each_stage() {
    on_each_engine(async |test| {
        create_model(test, "iris").await;
        for _ in 0..4 {
            create_version(test, "iris").await;
        }
        for version in [2, 3] {
            let transition = TransitionStage {
                name: name("iris"),
                version: number(version),
                stage: Stage::Production,
                archive_existing: false,
            };
            let keys = test.db().keys();
            test.write(TransitionModelVersion { transition, keys })
                .await
                .unwrap();
        }
        test.write(set_alias("iris", "champion", 3)).await.unwrap();
        let model = get_model(test, "iris").await.unwrap();
        let third = get_version(test, "iris", 3).await.unwrap();
        let fourth = get_version(test, "iris", 4).await.unwrap();
        assert_eq!(model.latest_versions, [third, fourth]);
        assert_eq!(model.aliases[0].version, number(3));
    })
    .await;
}

#[tokio::test]
async fn a_catalog_and_schema_are_summed_up() {
    on_each_engine(async |test| {
        for label in ["c.s.a", "c.s.b", "c.sx.a", "c.s", "cxs.a", "c.s/", "c.s-"] {
            create_model(test, label).await;
            create_version(test, label).await;
        }
        create_version(test, "c.s.b").await;
        let summary = async |tenant: Tenant, prefix: &str| {
            let prefix = prefix.to_owned();
            let summary = test.read(SummariseRegistry { tenant, prefix }).await;
            let RegistrySummary {
                registered_models,
                model_versions,
            } = summary.unwrap();
            (registered_models, model_versions)
        };
        assert_eq!(summary(test.tenant, "c.s").await, (2, 3));
        assert_eq!(summary(test.tenant, "none").await, (0, 0));
        let other = test.tenant("other", "default").await;
        assert_eq!(summary(other, "c.s").await, (0, 0));
    })
    .await;
}

#[tokio::test]
async fn names_and_texts_are_kept_as_they_are() {
    on_each_engine(async |test| {
        let label = "it's \"a\" 🌸; DROP TABLE runs; -- $1 ?1 \\ %_";
        let value = "é'\"\n\t🌸".repeat(15_000);
        let mut new = tagged_model(test, label, &[("ключ 'k\"", &value)]).await;
        new.new.description = Some(value.clone());
        let created = test.write(new).await.unwrap();
        test.restart().await;
        let read = get_model(test, label).await.unwrap();
        assert_eq!(read, created);
        assert_eq!(read.tags[0].value, value);
        assert_eq!(read.description, value);
    })
    .await;
}

#[tokio::test]
async fn a_text_with_nul_is_refused() {
    on_each_engine(async |test| {
        create_model(test, "iris").await;
        let created = test.write(new_model(test, "a\0b").await).await;
        assert_eq!(kind(created), Some(ErrorKind::InvalidParameter));
        let read = get_model(test, "a\0b").await;
        assert_eq!(kind(read), Some(ErrorKind::InvalidParameter));
        let update = test.write(update(test, "iris", Some("a\0b"))).await;
        assert_eq!(kind(update), Some(ErrorKind::InvalidParameter));
        let tag = change_tags(test, "iris", set_tags(test, &[("a", "\0")]).await);
        assert_eq!(
            kind(test.write(tag).await),
            Some(ErrorKind::InvalidParameter)
        );
        assert_eq!(
            kind(test.db().intern(&["\0"]).await),
            Some(ErrorKind::InvalidParameter)
        );
        assert_eq!(
            kind(test.db().find_keys(&["\0"]).await),
            Some(ErrorKind::InvalidParameter)
        );
        assert!(get_model(test, "iris").await.unwrap().tags.is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_alias_of_an_unknown_model_is_not_found() {
    on_each_engine(async |test| {
        let tenant = test.tenant;
        let read = test
            .read(GetVersionByAlias {
                tenant,
                name: name("rose"),
                alias: alias("champion"),
                keys: test.db().keys(),
            })
            .await;
        assert_eq!(refusal(read), not_found("rose"));
    })
    .await;
}
