//! What each write to the registry carries: its retry token, its audit row, its event, and a new
//! entity tag for all that show the change.

use std::fmt::Debug;

use ferroflow_model::limits::RETRY_TOKEN_LIFETIME_MS;
use ferroflow_model::model_versions::{ModelVersion, Stage};
use ferroflow_model::registered_models::{RegisteredModel, UpdateRegisteredModel as Update};
use ferroflow_model::{ErrorKind, Etag, Result};
use ferroflow_store::model_versions::CreateModelVersion;
use ferroflow_store::registered_models::{
    CreateRegisteredModel, DeleteAlias, TagRegisteredModel, UpdateRegisteredModel,
};
use ferroflow_store::{
    Column, Conn, KeyedChanges, Mutation, PurgeRetryTokens, Query, Row, WriteContext,
};
use futures_util::future::join_all;

use crate::harness::{NOW_MS, TestDb, count, on_each_engine};
use crate::model_versions::{change_tags, delete, transition, update};
use crate::registered_models::{delete as delete_model, rename};
use crate::registry::{
    alias, bare_version, create_model, create_version, creation, effects, get_model, get_version,
    kind, name, new_model, new_version, set_alias, set_tags, tagged_model, tags,
};

/// Makes one command again and again: each time it is the same request.
trait Request<M> {
    fn make(&self) -> M;
}

impl<M, F: Fn() -> M> Request<M> for F {
    fn make(&self) -> M {
        self()
    }
}

/// Sends a request three times, and once more with another content: it has one effect.
async fn has_one_effect<M>(test: &TestDb, request: impl Request<M>) -> M::Out
where
    M: Mutation,
    M::Out: PartialEq + Debug,
{
    let token = M::OPERATION;
    let (audit, events) = effects(test).await;
    let context = || test.retry(token, 1);
    let first = test.write_with(context(), request.make()).await.unwrap();
    for _ in 0..2 {
        let again = test.write_with(context(), request.make()).await.unwrap();
        assert_eq!(again, first, "{token}");
    }
    let other = test.write_with(test.retry(token, 2), request.make()).await;
    assert_eq!(
        kind(other),
        Some(ErrorKind::RetryTokenInvalidated),
        "{token}"
    );
    assert_eq!(effects(test).await, (audit + 1, events + 1), "{token}");
    first
}

fn describe(test: &TestDb, label: &str) -> UpdateRegisteredModel {
    UpdateRegisteredModel {
        update: Update {
            name: name("iris"),
            description: Some(label.to_owned()),
            deployment_job_id: None,
        },
        keys: test.db().keys(),
    }
}

fn tag_model(test: &TestDb, changes: &KeyedChanges) -> TagRegisteredModel {
    TagRegisteredModel {
        name: name("iris"),
        changes: changes.clone(),
        keys: test.db().keys(),
    }
}

fn delete_alias() -> DeleteAlias {
    DeleteAlias {
        name: name("iris"),
        alias: alias("champion"),
    }
}

/// The command that creates a model, with its keys interned ahead.
fn model_creation(test: &TestDb, label: &str) -> CreateRegisteredModel {
    CreateRegisteredModel {
        new: ferroflow_model::registered_models::NewRegisteredModel {
            name: name(label),
            description: None,
            deployment_job_id: None,
            tags: Vec::new(),
        },
        tag_keys: Vec::new(),
        keys: test.db().keys(),
    }
}

fn version_creation(test: &TestDb, link_key: i64) -> CreateModelVersion {
    CreateModelVersion {
        new: bare_version("iris"),
        tag_keys: Vec::new(),
        link_key,
        keys: test.db().keys(),
    }
}

#[tokio::test]
async fn each_request_has_one_effect_however_often_it_comes() {
    on_each_engine(async |test| {
        let link_key = test.key("mlflow.modelVersions").await;
        let changes = set_tags(test, &[("a", "1")]).await;
        let test = &*test;
        has_one_effect(test, || model_creation(test, "iris")).await;
        has_one_effect(test, || version_creation(test, link_key)).await;
        has_one_effect(test, || describe(test, "flowers")).await;
        has_one_effect(test, || tag_model(test, &changes)).await;
        has_one_effect(test, || update(test, 1, Some("good"))).await;
        has_one_effect(test, || change_tags(test, 1, changes.clone())).await;
        has_one_effect(test, || transition(test, 1, Stage::Staging, true)).await;
        has_one_effect(test, || set_alias("iris", "champion", 1)).await;
        has_one_effect(test, delete_alias).await;
        has_one_effect(test, || rename(test, "iris", "rose")).await;
        test.write(rename(test, "rose", "iris")).await.unwrap();
        has_one_effect(test, || delete(test, 1)).await;
        has_one_effect(test, || delete_model(test, "iris")).await;
    })
    .await;
}

/// Sends a request eight times at once: it has one effect, and every answer is the same.
async fn has_one_effect_at_once<M>(test: &TestDb, context: &WriteContext, request: impl Request<M>)
where
    M: Mutation,
    M::Out: PartialEq + Debug,
{
    let mut context = context.clone();
    if let Some(retry) = &mut context.retry {
        retry.operation = M::OPERATION;
    }
    let (audit, events) = effects(test).await;
    let requests = (0..8).map(|_| test.write_with(context.clone(), request.make()));
    let answers: Vec<M::Out> = join_all(requests)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{}",
        M::OPERATION
    );
    assert_eq!(
        effects(test).await,
        (audit + 1, events + 1),
        "{}",
        M::OPERATION
    );
}

#[tokio::test]
async fn each_request_has_one_effect_when_it_comes_at_once() {
    on_each_engine(async |test| {
        let link_key = test.key("mlflow.modelVersions").await;
        let changes = set_tags(test, &[("a", "1")]).await;
        let test = &*test;
        for round in 0..8 {
            let context = test.retry(&format!("t{round}"), 1);
            has_one_effect_at_once(test, &context, || model_creation(test, "iris")).await;
            has_one_effect_at_once(test, &context, || version_creation(test, link_key)).await;
            let etag = get_version(test, "iris", 1).await.unwrap().etag;
            let matching = WriteContext {
                if_match: test.if_match(etag).if_match,
                ..context.clone()
            };
            has_one_effect_at_once(test, &matching, || update(test, 1, Some("good"))).await;
            has_one_effect_at_once(test, &context, || change_tags(test, 1, changes.clone())).await;
            has_one_effect_at_once(test, &context, || set_alias("iris", "champion", 1)).await;
            has_one_effect_at_once(test, &context, delete_alias).await;
            has_one_effect_at_once(test, &context, || rename(test, "iris", "rose")).await;
            test.write(rename(test, "rose", "iris")).await.unwrap();
            has_one_effect_at_once(test, &context, || delete(test, 1)).await;
            has_one_effect_at_once(test, &context, || delete_model(test, "iris")).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_repeated_request_is_answered_with_the_present_state() {
    on_each_engine(async |test| {
        let model = new_model(test, "iris").await;
        test.write_with(test.retry("m", 1), model).await.unwrap();
        let create = async || {
            let create = new_version(test, "iris").await;
            test.write_with(test.retry("v", 1), create).await
        };
        let created = create().await.unwrap();
        test.write(update(test, 1, Some("good"))).await.unwrap();
        test.write(set_alias("iris", "champion", 1)).await.unwrap();
        test.write(rename(test, "iris", "rose")).await.unwrap();
        let again = create().await.unwrap();
        assert_eq!(again, get_version(test, "rose", 1).await.unwrap());
        assert_eq!((again.version, again.created_ms), (created.version, NOW_MS));
        assert_eq!(again.description.as_deref(), Some("good"));
        let model = new_model(test, "iris").await;
        let model = test.write_with(test.retry("m", 1), model).await.unwrap();
        assert_eq!(model, get_model(test, "rose").await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_request_whose_result_is_gone_is_refused() {
    on_each_engine(async |test| {
        let create_model_again = async || {
            let create = new_model(test, "iris").await;
            test.write_with(test.retry("m", 1), create).await
        };
        let create_again = async || {
            let create = new_version(test, "iris").await;
            test.write_with(test.retry("v", 1), create).await
        };
        let changes = set_tags(test, &[("a", "1")]).await;
        let tag_again = async || {
            let tag = change_tags(test, 1, changes.clone());
            test.write_with(test.retry("t", 1), tag).await
        };
        create_model_again().await.unwrap();
        create_again().await.unwrap();
        tag_again().await.unwrap();
        test.write(delete(test, 1)).await.unwrap();
        let gone = Some(ErrorKind::RetryTokenInvalidated);
        assert_eq!(kind(create_again().await), gone);
        assert_eq!(kind(tag_again().await), gone);
        create_version(test, "iris").await;
        assert_eq!(
            kind(create_again().await),
            gone,
            "another version is not the result"
        );
        test.write(delete_model(test, "iris")).await.unwrap();
        create_model(test, "iris").await;
        create_version(test, "iris").await;
        assert_eq!(kind(create_model_again().await), gone);
        assert_eq!(
            kind(create_again().await),
            gone,
            "nor is one of another model of that name"
        );
    })
    .await;
}

#[tokio::test]
async fn a_token_lives_for_a_day() {
    on_each_engine(async |test| {
        create_model(test, "iris").await;
        let create = async |after_ms: i64| {
            let context = WriteContext {
                now_ms: NOW_MS + after_ms,
                ..test.retry("t", 1)
            };
            let create = new_version(test, "iris").await;
            let version = test.write_with(context, create).await.unwrap();
            version.version.number()
        };
        let purge = async |after_ms: i64, limit: i64| {
            let now_ms = NOW_MS + after_ms;
            test.db()
                .run(PurgeRetryTokens { now_ms, limit })
                .await
                .unwrap()
        };
        assert_eq!(create(0).await, 1);
        assert_eq!(create(RETRY_TOKEN_LIFETIME_MS - 1).await, 1);
        assert_eq!(create(RETRY_TOKEN_LIFETIME_MS).await, 2);
        assert_eq!(create(RETRY_TOKEN_LIFETIME_MS + 1).await, 2);
        for token in ["a", "b", "c"] {
            let create = new_version(test, "iris").await;
            test.write_with(test.retry(token, 1), create).await.unwrap();
        }
        assert_eq!(purge(RETRY_TOKEN_LIFETIME_MS - 1, 10).await, 0);
        assert_eq!(purge(RETRY_TOKEN_LIFETIME_MS, 2).await, 2);
        assert_eq!(purge(RETRY_TOKEN_LIFETIME_MS, 2).await, 1);
        assert_eq!(count(test, "SELECT count(*) FROM retry_tokens").await, 1);
    })
    .await;
}

#[tokio::test]
async fn the_scopes_of_one_token_are_apart() {
    on_each_engine(async |test| {
        create_model(test, "iris").await;
        let workspace = test.tenant("default", "other").await;
        let platform = ferroflow_store::Tenant {
            workspace: 0,
            ..test.tenant
        };
        let mut numbers = Vec::new();
        for _ in 0..2 {
            for (tenant, principal) in [
                (test.tenant, "tester"),
                (workspace, "tester"),
                (platform, "tester"),
                (test.tenant, "somebody else"),
            ] {
                let context = WriteContext {
                    tenant,
                    principal: principal.to_owned(),
                    ..test.retry("t", 1)
                };
                let create = new_version(test, "iris").await;
                let version = test.write_with(context, create).await.unwrap();
                numbers.push(version.version.number());
            }
        }
        assert_eq!(numbers, [1, 2, 3, 4, 1, 2, 3, 4]);
        let other = test.write_with(test.retry_of("other", "t", 1), update(test, 1, None));
        assert_eq!(
            other.await.unwrap().version.number(),
            1,
            "another operation"
        );
    })
    .await;
}

#[tokio::test]
async fn a_refused_write_leaves_nothing() {
    on_each_engine(async |test| {
        create_model(test, "iris").await;
        create_version(test, "iris").await;
        let model = get_model(test, "iris").await.unwrap();
        let before = effects(test).await;
        let changes = set_tags(test, &[("a", "1")]).await;
        let stale = Etag {
            revision: 0,
            ..model.etag
        };
        let refused = async |result: Result<()>| {
            assert_eq!(kind(result), Some(ErrorKind::PreconditionFailed));
            assert_eq!(get_model(test, "iris").await.unwrap(), model);
            assert_eq!(effects(test).await, before);
        };
        let context = || test.if_match(stale);
        refused(
            test.write_with(context(), describe(test, "x"))
                .await
                .map(drop),
        )
        .await;
        refused(
            test.write_with(context(), tag_model(test, &changes))
                .await
                .map(drop),
        )
        .await;
        refused(
            test.write_with(context(), rename(test, "iris", "x"))
                .await
                .map(drop),
        )
        .await;
        refused(
            test.write_with(context(), delete_model(test, "iris"))
                .await
                .map(drop),
        )
        .await;
        refused(
            test.write_with(context(), set_alias("iris", "a", 1))
                .await
                .map(drop),
        )
        .await;
        refused(test.write_with(context(), delete_alias()).await.map(drop)).await;
        refused(
            test.write_with(context(), update(test, 1, Some("x")))
                .await
                .map(drop),
        )
        .await;
        let tag = change_tags(test, 1, changes.clone());
        refused(test.write_with(context(), tag).await.map(drop)).await;
        let enter = transition(test, 1, Stage::Staging, true);
        refused(test.write_with(context(), enter).await.map(drop)).await;
        refused(test.write_with(context(), delete(test, 1)).await.map(drop)).await;
        let create = new_version(test, "iris").await;
        refused(test.write_with(context(), create).await.map(drop)).await;

        let taken = test
            .write_with(test.retry("t", 1), new_model(test, "iris").await)
            .await;
        assert_eq!(kind(taken), Some(ErrorKind::AlreadyExists));
        assert_eq!(effects(test).await, before);
        assert_eq!(count(test, "SELECT count(*) FROM retry_tokens").await, 0);
    })
    .await;
}

/// The entity tags of the model and of its two versions.
async fn etags(test: &TestDb) -> [Etag; 3] {
    [
        get_model(test, "iris").await.unwrap().etag,
        get_version(test, "iris", 1).await.unwrap().etag,
        get_version(test, "iris", 2).await.unwrap().etag,
    ]
}

/// Makes a change, and tells which entity tags it changed: the model's, the first version's, the
/// second version's. The change is made under the precondition that the newest tag holds.
async fn changed<M: Mutation>(test: &TestDb, entity: usize, mutation: M) -> [bool; 3] {
    let before = etags(test).await;
    let matching = test.if_match(before[entity]);
    test.write_with(matching, mutation).await.unwrap();
    let after = etags(test).await;
    [0, 1, 2].map(|index| before[index] != after[index])
}

#[tokio::test]
async fn an_etag_changes_with_all_that_its_entity_shows() {
    on_each_engine(async |test| {
        create_model(test, "iris").await;
        create_version(test, "iris").await;
        create_version(test, "iris").await;
        let tags = set_tags(test, &[("a", "1")]).await;
        let test = &*test;
        let (model, first) = ([true, false, false], [true, true, false]);
        assert_eq!(changed(test, 0, describe(test, "flowers")).await, model);
        assert_eq!(changed(test, 0, tag_model(test, &tags)).await, model);
        assert_eq!(
            changed(test, 0, new_version(test, "iris").await).await,
            model
        );
        assert_eq!(changed(test, 1, update(test, 1, Some("good"))).await, first);
        assert_eq!(changed(test, 1, change_tags(test, 1, tags)).await, first);
        assert_eq!(
            changed(test, 1, transition(test, 1, Stage::Staging, false)).await,
            first
        );
        let archiving = transition(test, 2, Stage::Staging, true);
        assert_eq!(changed(test, 2, archiving).await, [true; 3]);
        assert_eq!(
            changed(test, 0, set_alias("iris", "champion", 1)).await,
            first
        );
        assert_eq!(
            changed(test, 0, set_alias("iris", "champion", 2)).await,
            [true; 3]
        );
        assert_eq!(changed(test, 0, delete_alias()).await, [true, false, true]);
        assert_eq!(
            changed(test, 0, rename(test, "iris", "iris")).await,
            [true; 3]
        );
        let before = etags(test).await;
        test.write(delete(test, 3)).await.unwrap();
        let after = etags(test).await;
        assert_eq!((after[1], after[2]), (before[1], before[2]));
        assert_ne!(after[0], before[0]);
    })
    .await;
}

/// The newest audit row: entity, key, and the states before and after.
struct NewestAudit;

type Audit = (String, String, Option<String>, Option<String>);

impl Query for NewestAudit {
    type Out = Audit;
    const NAME: &'static str = "test.newest_audit";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Audit> {
        const SQL: &str = "SELECT entity, entity_key, before_json, after_json FROM audit_events \
            ORDER BY event_pk DESC LIMIT 1";
        fn get<T: Column>(row: &Row<'_>, index: usize) -> Result<T> {
            row.get(index)
        }
        let audit = |row: &Row<'_>| Ok((get(row, 0)?, get(row, 1)?, get(row, 2)?, get(row, 3)?));
        conn.query_one(SQL, &[], audit).await
    }
}

fn model_json(model: &RegisteredModel) -> String {
    let tags: Vec<String> = model
        .tags
        .iter()
        .map(|tag| format!("\"{}\":\"{}\"", tag.key, tag.value))
        .collect();
    let RegisteredModel {
        name, description, ..
    } = model;
    format!(
        "{{\"name\":\"{name}\",\"description\":\"{description}\",\"tags\":{{{}}}}}",
        tags.join(",")
    )
}

fn version_json(version: &ModelVersion) -> String {
    let tags: Vec<String> = version
        .tags
        .iter()
        .map(|tag| format!("\"{}\":\"{}\"", tag.key, tag.value))
        .collect();
    let ModelVersion {
        name,
        version: number,
        description,
        source,
        aliases,
        ..
    } = version;
    let description = description.as_deref().unwrap_or_default();
    format!(
        "{{\"name\":\"{name}\",\"version\":{number},\"stage\":\"{}\",\"description\":\"{description}\",\
         \"source\":\"{source}\",\"tags\":{{{}}},\"aliases\":{aliases:?}}}",
        version.stage.as_str(),
        tags.join(",")
    )
}

#[tokio::test]
async fn an_audit_row_tells_the_states_before_and_after() {
    on_each_engine(async |test| {
        let newest = async || test.db().read(NewestAudit).await.unwrap();
        let model = |before, after| {
            (
                "registered_model".to_owned(),
                "iris".to_owned(),
                before,
                after,
            )
        };
        let version = |before, after| {
            (
                "model_version".to_owned(),
                "iris/1".to_owned(),
                before,
                after,
            )
        };
        let created = test
            .write(tagged_model(test, "iris", &[("a", "1")]).await)
            .await
            .unwrap();
        assert_eq!(newest().await, model(None, Some(model_json(&created))));
        let described = test.write(describe(test, "flowers")).await.unwrap();
        assert_eq!(
            newest().await,
            model(Some(model_json(&created)), Some(model_json(&described)))
        );
        let changes = set_tags(test, &[("b", "2")]).await;
        test.write(tag_model(test, &changes)).await.unwrap();
        let tagged = get_model(test, "iris").await.unwrap();
        assert_eq!(
            newest().await,
            model(Some(model_json(&described)), Some(model_json(&tagged)))
        );

        let mut new = bare_version("iris");
        new.tags = tags(&[("a", "1")]);
        let first = test.write(creation(test, new).await).await.unwrap();
        assert_eq!(newest().await, version(None, Some(version_json(&first))));
        test.write(set_alias("iris", "champion", 1)).await.unwrap();
        let named = Some("{\"version\":1}".to_owned());
        let champion = (
            "registered_model_alias".to_owned(),
            "iris@champion".to_owned(),
        );
        assert_eq!(newest().await, (champion.0, champion.1, None, named));
        let first = get_version(test, "iris", 1).await.unwrap();
        let staged = test
            .write(transition(test, 1, Stage::Staging, false))
            .await
            .unwrap();
        assert_eq!(
            newest().await,
            version(Some(version_json(&first)), Some(version_json(&staged)))
        );
        test.write(change_tags(test, 1, changes)).await.unwrap();
        let tagged = get_version(test, "iris", 1).await.unwrap();
        assert_eq!(
            newest().await,
            version(Some(version_json(&staged)), Some(version_json(&tagged)))
        );
        test.write(delete(test, 1)).await.unwrap();
        assert_eq!(newest().await, version(Some(version_json(&tagged)), None));
        let before = get_model(test, "iris").await.unwrap();
        test.write(delete_model(test, "iris")).await.unwrap();
        assert_eq!(newest().await, model(Some(model_json(&before)), None));

        let same = "SELECT count(*) FROM audit_events a JOIN outbox_events o \
            ON o.event_pk = a.event_pk AND o.operation = a.operation AND o.entity = a.entity \
            AND o.entity_key = a.entity_key AND o.at_ms = a.at_ms \
            AND o.after_json IS NOT DISTINCT FROM a.after_json";
        assert_eq!(count(test, same).await, effects(test).await.1);
    })
    .await;
}
