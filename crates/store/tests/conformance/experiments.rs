//! Experiments: numbers, names, tags, and the bin.

use ferroflow_model::experiments::Experiment;
use ferroflow_model::{ErrorKind, Etag, ExperimentId, LifecycleStage, MissingTag, Result};
use ferroflow_store::experiments::{
    ArtifactLocation, CreateExperiment, DeleteExperiment, GetExperiment, GetExperimentByName,
    RenameExperiment, RestoreExperiment, TagExperiment,
};
use ferroflow_store::runs::{DeleteRun, PurgeRun};
use ferroflow_store::{KeyedChanges, KeyedValue, WriteContext};
use futures_util::future::join_all;

use crate::harness::{NOW_MS, TestDb, count, on_each_engine, on_postgres};
use crate::runs::{get_run, new_run, tag};

/// An experiment with these tags, as the service asks for it.
pub(crate) async fn new_experiment(
    test: &TestDb,
    name: &str,
    tags: &[(&str, &str)],
) -> CreateExperiment {
    let keys: Vec<&str> = tags.iter().map(|(key, _)| *key).collect();
    CreateExperiment {
        name: name.to_owned(),
        artifact_location: ArtifactLocation::Below("mlflow-artifacts:/".to_owned()),
        tags: tags.iter().map(|(key, value)| tag(key, value)).collect(),
        tag_keys: test.db().intern(&keys).await.unwrap(),
        keys: test.db().keys(),
    }
}

/// Creates an experiment.
pub(crate) async fn create_experiment(
    test: &TestDb,
    name: &str,
    tags: &[(&str, &str)],
) -> Experiment {
    let new = new_experiment(test, name, tags).await;
    test.write(new).await.unwrap()
}

async fn get(test: &TestDb, id: ExperimentId) -> Result<Experiment> {
    let (tenant, keys) = (test.tenant, test.db().keys());
    test.read(GetExperiment { tenant, id, keys }).await
}

async fn delete(test: &TestDb, id: ExperimentId, permanently: bool) -> Result<Etag> {
    test.write(DeleteExperiment { id, permanently }).await
}

async fn change_tags(
    test: &TestDb,
    context: WriteContext,
    id: ExperimentId,
    set: &[(&str, &str)],
    delete: &[&str],
) -> Result<Etag> {
    let mut changes = KeyedChanges {
        set: Vec::new(),
        delete: Vec::new(),
        missing: MissingTag::Refuse,
    };
    for (key, value) in set {
        let (key_id, value) = (test.key(key).await, (*value).to_owned());
        changes.set.push(KeyedValue { key_id, value });
    }
    for key in delete {
        let key_id = test.db().find_keys(&[key]).await.unwrap()[0];
        changes.delete.push((key_id, (*key).to_owned()));
    }
    test.write_with(context, TagExperiment { id, changes })
        .await
}

fn told(result: Result<impl Sized>) -> (ErrorKind, String) {
    let error = result.err().unwrap();
    (error.kind(), error.message().to_owned())
}

fn unknown(id: i64) -> (ErrorKind, String) {
    let message = format!("No Experiment with id={id} exists");
    (ErrorKind::NotFound, message)
}

#[tokio::test]
async fn an_experiment_is_read_as_it_was_created() {
    on_each_engine(async |test| {
        let created = create_experiment(test, "iris", &[("b", "2"), ("a", "")]).await;
        assert_eq!(created.id, ExperimentId::new(1));
        assert_eq!(created.artifact_location, "mlflow-artifacts:/1");
        assert_eq!(created.tags, [tag("a", ""), tag("b", "2")]);
        assert_eq!((created.created_ms, created.updated_ms), (NOW_MS, NOW_MS));

        test.restart().await;
        assert_eq!(get(test, created.id).await.unwrap(), created);
        let (tenant, keys) = (test.tenant, test.db().keys());
        let by_name = |name: &str| GetExperimentByName {
            tenant,
            name: name.to_owned(),
            keys: keys.clone(),
        };
        assert_eq!(test.read(by_name("iris")).await.unwrap(), created);
        assert_eq!(
            told(test.read(by_name("Iris")).await),
            (
                ErrorKind::NotFound,
                "Could not find experiment with name 'Iris'".to_owned()
            )
        );
        assert_eq!(told(get(test, ExperimentId::new(2)).await), unknown(2));
    })
    .await;
}

#[tokio::test]
async fn each_workspace_begins_with_experiment_0_and_counts_on() {
    on_each_engine(async |test| {
        create_experiment(test, "a", &[]).await;
        let chosen = CreateExperiment {
            artifact_location: ArtifactLocation::Chosen("s3://b/c".to_owned()),
            ..new_experiment(test, "b", &[]).await
        };
        let chosen = test.write(chosen).await.unwrap();
        assert_eq!(
            (chosen.id.number(), chosen.artifact_location.as_str()),
            (2, "s3://b/c")
        );

        let tenant = test.tenant("default", "other").await;
        let context = WriteContext {
            tenant,
            ..test.context()
        };
        let new = new_experiment(test, "a", &[]).await;
        let other = test.write_with(context, new).await.unwrap();
        assert_eq!(other.id.number(), 1);
        let default = get(test, ExperimentId::DEFAULT).await.unwrap();
        assert_eq!(default.name, "Default");
    })
    .await;
}

#[tokio::test]
async fn a_name_is_taken_even_by_a_deleted_experiment_and_refusal_uses_no_number() {
    on_each_engine(async |test| {
        let first = create_experiment(test, "a", &[]).await;
        delete(test, first.id, false).await.unwrap();
        let again = new_experiment(test, "a", &[]).await;
        let taken = (
            ErrorKind::AlreadyExists,
            "Experiment(name=a) already exists.".to_owned(),
        );
        assert_eq!(told(test.write(again).await), taken);
        let second = create_experiment(test, "b", &[]).await;
        assert_eq!(second.id.number(), 2);

        let rename = |name: &str| RenameExperiment {
            id: second.id,
            name: Some(name.to_owned()),
        };
        assert_eq!(told(test.write(rename("a")).await), taken);
        let same = test.write(rename("b")).await.unwrap();
        assert_eq!(same.revision, 2);
    })
    .await;
}

#[tokio::test]
async fn a_rename_changes_name_time_and_etag() {
    on_each_engine(async |test| {
        let created = create_experiment(test, "a", &[("k", "v")]).await;
        let later = WriteContext {
            now_ms: NOW_MS + 5,
            ..test.context()
        };
        let rename = |name: Option<&str>| RenameExperiment {
            id: created.id,
            name: name.map(str::to_owned),
        };
        let unchanged = test.write_with(later.clone(), rename(None)).await.unwrap();
        assert_eq!(unchanged, created.etag);
        let etag = test.write_with(later, rename(Some("b"))).await.unwrap();
        let renamed = Experiment {
            name: "b".to_owned(),
            updated_ms: NOW_MS + 5,
            etag,
            ..created.clone()
        };
        assert_ne!(etag, created.etag);
        assert_eq!(get(test, created.id).await.unwrap(), renamed);

        let stale = test.if_match(created.etag);
        let refused = test.write_with(stale, rename(Some("c"))).await;
        assert_eq!(told(refused).0, ErrorKind::PreconditionFailed);
        let current = test.if_match(etag);
        test.write_with(current, rename(Some("c"))).await.unwrap();

        delete(test, created.id, false).await.unwrap();
        let refused = told(test.write(rename(Some("d"))).await);
        let message = "Cannot rename a non-active experiment.".to_owned();
        assert_eq!(refused, (ErrorKind::InvalidState, message));
    })
    .await;
}

#[tokio::test]
async fn tags_are_set_and_deleted_while_the_experiment_is_active() {
    on_each_engine(async |test| {
        let created = create_experiment(test, "a", &[("k", "v"), ("old", "1")]).await;
        let id = created.id;
        let later = || WriteContext {
            now_ms: NOW_MS + 5,
            ..test.context()
        };
        let etag = change_tags(test, later(), id, &[("k", "w"), ("new", "2")], &["old"]).await;
        let tagged = get(test, id).await.unwrap();
        assert_eq!(tagged.tags, [tag("k", "w"), tag("new", "2")]);
        assert_eq!((tagged.updated_ms, tagged.etag), (NOW_MS, etag.unwrap()));
        for key in ["old", "never interned"] {
            let message = format!("No tag with name: {key} in experiment with id {id}");
            assert_eq!(
                told(change_tags(test, later(), id, &[("k", "x")], &[key]).await),
                (ErrorKind::NotFound, message)
            );
        }
        assert_eq!(get(test, id).await.unwrap(), tagged);

        delete(test, id, false).await.unwrap();
        let message =
            format!("The experiment {id} must be in the 'active' state. Current state is deleted.");
        assert_eq!(
            told(change_tags(test, later(), id, &[("k", "x")], &[]).await),
            (ErrorKind::InvalidParameter, message)
        );
    })
    .await;
}

#[tokio::test]
async fn runs_go_to_the_bin_and_come_back_with_their_experiment() {
    on_each_engine(async |test| {
        let id = create_experiment(test, "a", &[]).await.id;
        for run_id in ["r1", "r2"] {
            let mut run = new_run(test, run_id).await;
            run.experiment_id = id;
            test.write(run).await.unwrap();
        }
        let outside = test.write(new_run(test, "r3").await).await.unwrap();
        test.write(DeleteRun {
            run_id: outside.info.run_id.clone(),
        })
        .await
        .unwrap();
        assert_eq!(told(test.write(RestoreExperiment { id }).await), unknown(1));

        let etag = delete(test, id, false).await.unwrap();
        let deleted = get(test, id).await.unwrap();
        assert_eq!(
            (deleted.lifecycle, deleted.etag),
            (LifecycleStage::Deleted, etag)
        );
        for run_id in ["r1", "r2"] {
            let run = get_run(test, run_id).await.unwrap();
            assert_eq!(
                (run.info.lifecycle, run.info.etag.revision),
                (LifecycleStage::Deleted, 2)
            );
        }
        assert_eq!(told(delete(test, id, false).await), unknown(1));

        test.write(RestoreExperiment { id }).await.unwrap();
        assert_eq!(
            get(test, id).await.unwrap().lifecycle,
            LifecycleStage::Active
        );
        for (run_id, lifecycle) in [
            ("r1", LifecycleStage::Active),
            ("r2", LifecycleStage::Active),
            ("r3", LifecycleStage::Deleted),
        ] {
            assert_eq!(
                get_run(test, run_id).await.unwrap().info.lifecycle,
                lifecycle
            );
        }
    })
    .await;
}

#[tokio::test]
async fn only_an_empty_experiment_is_deleted_for_good() {
    on_each_engine(async |test| {
        let id = create_experiment(test, "a", &[("k", "v")]).await.id;
        let mut run = new_run(test, "r1").await;
        run.experiment_id = id;
        let run_id = test.write(run).await.unwrap().info.run_id;
        test.write(DeleteRun {
            run_id: run_id.clone(),
        })
        .await
        .unwrap();
        assert_eq!(told(delete(test, id, true).await).0, ErrorKind::Conflict);
        test.write(PurgeRun { run_id }).await.unwrap();
        let etag = delete(test, id, true).await.unwrap();
        assert_eq!(etag.revision, 2);
        assert_eq!(told(get(test, id).await), unknown(1));
        assert_eq!(count(test, "SELECT count(*) FROM experiment_tags").await, 0);

        let default = delete(test, ExperimentId::DEFAULT, true).await;
        assert_eq!(told(default).0, ErrorKind::Conflict);
        let again = create_experiment(test, "a", &[]).await;
        assert_eq!(again.id.number(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_repeated_request_has_one_effect() {
    on_each_engine(async |test| {
        let new = async || new_experiment(test, "a", &[("k", "v")]).await;
        let first = test
            .write_with(test.retry("t", 1), new().await)
            .await
            .unwrap();
        let again = test
            .write_with(test.retry("t", 1), new().await)
            .await
            .unwrap();
        assert_eq!(first, again);
        let other = test.write_with(test.retry("t", 2), new().await).await;
        assert_eq!(told(other).0, ErrorKind::RetryTokenInvalidated);

        let id = first.id;
        let delete = |permanently| DeleteExperiment { id, permanently };
        let deleted = test
            .write_with(test.retry("d", 1), delete(false))
            .await
            .unwrap();
        assert_eq!(
            test.write_with(test.retry("d", 1), delete(false))
                .await
                .unwrap(),
            deleted
        );
        let gone = test.write_with(test.retry("t", 1), new().await).await;
        assert_eq!(told(gone).0, ErrorKind::RetryTokenInvalidated);

        let purged = test
            .write_with(test.retry("p", 1), delete(true))
            .await
            .unwrap();
        assert_eq!(
            test.write_with(test.retry("p", 1), delete(true))
                .await
                .unwrap(),
            purged
        );
        let gone = test.write_with(test.retry("d", 1), delete(false)).await;
        assert_eq!(told(gone).0, ErrorKind::RetryTokenInvalidated);
    })
    .await;
}

#[tokio::test]
async fn numbers_and_names_stay_unique_under_contention() {
    on_each_engine(async |test| {
        let mut writes = Vec::new();
        for index in 0..20 {
            let new = new_experiment(test, &format!("e{}", index / 2), &[]).await;
            writes.push(test.write(new));
        }
        let outcomes = join_all(writes).await;
        let mut numbers: Vec<i64> = outcomes.iter().flatten().map(|e| e.id.number()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=10).collect::<Vec<_>>());
        for outcome in outcomes {
            assert!(outcome.is_ok() || told(outcome).0 == ErrorKind::AlreadyExists);
        }
    })
    .await;
}

#[tokio::test]
async fn a_name_is_given_once_by_renames_of_two_servers() {
    on_postgres(async |test| {
        let second = test.second_server().await;
        for round in 0..10 {
            let mut ids = Vec::new();
            for side in ["a", "b"] {
                ids.push(
                    create_experiment(test, &format!("{side}{round}"), &[])
                        .await
                        .id,
                );
            }
            let rename = |id| RenameExperiment {
                id,
                name: Some(format!("c{round}")),
            };
            let (here, there) = tokio::join!(
                test.write(rename(ids[0])),
                second.write(test.context(), rename(ids[1])),
            );
            assert!(here.is_ok() != there.is_ok());
            let refused = here.err().or(there.err()).unwrap();
            assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
        }
        second.close().await;
    })
    .await;
}
