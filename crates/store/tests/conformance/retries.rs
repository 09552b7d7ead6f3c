//! What each write carries: retry token, audit row, event.

use ferroflow_model::limits::RETRY_TOKEN_LIFETIME_MS;
use ferroflow_model::{ErrorKind, Result, RunId};
use ferroflow_store::runs::{DeleteRun, PurgeRun, TagRun};
use ferroflow_store::{KeyedChanges, KeyedValue, PurgeRetryTokens, WriteContext};
use futures_util::future::join_all;

use crate::harness::{NOW_MS, count, on_each_engine, on_postgres};
use crate::runs::{create_run, get_run, new_run};

const RUNS: &str = "SELECT count(*) FROM runs";

fn kind<T>(result: Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

#[tokio::test]
async fn the_same_request_again_has_one_effect_and_the_same_answer() {
    on_each_engine(async |test| {
        let first = test
            .write_with(test.retry("t", 1), new_run(test, "r1").await)
            .await
            .unwrap();
        let again = test
            .write_with(test.retry("t", 1), new_run(test, "r2").await)
            .await
            .unwrap();
        assert_eq!(again, first);
        test.restart().await;
        let again = test
            .write_with(test.retry("t", 1), new_run(test, "r3").await)
            .await
            .unwrap();
        assert_eq!(again, first);
        assert_eq!(count(test, RUNS).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_token_belongs_to_one_request_of_one_caller_to_one_operation_of_one_tenant() {
    on_each_engine(async |test| {
        let create = async |context: WriteContext, run_id: &str| {
            test.write_with(context, new_run(test, run_id).await).await
        };
        create(test.retry("t", 1), "r1").await.unwrap();
        let other_request = create(test.retry("t", 2), "r2").await;
        assert_eq!(kind(other_request), Some(ErrorKind::RetryTokenInvalidated));
        assert_eq!(count(test, RUNS).await, 1);

        create(test.retry("other", 1), "r3").await.unwrap();
        let principal = "somebody else".to_owned();
        create(
            WriteContext {
                principal,
                ..test.retry("t", 1)
            },
            "r4",
        )
        .await
        .unwrap();
        let tenant = test.tenant("other", "default").await;
        create(
            WriteContext {
                tenant,
                ..test.retry("t", 1)
            },
            "r5",
        )
        .await
        .unwrap();
        let delete = DeleteRun {
            run_id: RunId::new("r1"),
        };
        test.write_with(test.retry("t", 1), delete).await.unwrap();
        assert_eq!(count(test, RUNS).await, 4);
    })
    .await;
}

#[tokio::test]
async fn a_token_whose_result_is_gone_is_refused() {
    on_each_engine(async |test| {
        let create = async |token: &str, run_id: &str| {
            test.write_with(test.retry(token, 1), new_run(test, run_id).await)
                .await
        };
        create("purged", "r1").await.unwrap();
        let purge = || PurgeRun {
            run_id: RunId::new("r1"),
        };
        let purged = test.write_with(test.retry("p", 1), purge()).await.unwrap();
        let again = create("purged", "r2").await;
        assert_eq!(kind(again), Some(ErrorKind::RetryTokenInvalidated));
        let again = test.write_with(test.retry("p", 1), purge()).await.unwrap();
        assert_eq!(again, purged, "what was to be deleted is deleted");

        let delete = DeleteRun {
            run_id: RunId::new("r1"),
        };
        let other_way = test.write_with(test.retry("p", 2), delete).await;
        assert_eq!(kind(other_way), Some(ErrorKind::RetryTokenInvalidated));

        create("deleted", "r3").await.unwrap();
        test.write(DeleteRun {
            run_id: RunId::new("r3"),
        })
        .await
        .unwrap();
        let again = create("deleted", "r4").await;
        assert_eq!(kind(again), Some(ErrorKind::RetryTokenInvalidated));
    })
    .await;
}

#[tokio::test]
async fn a_repeated_change_answers_with_the_etag_that_it_made() {
    on_each_engine(async |test| {
        create_run(test, "r1").await;
        let key_id = test.key("a").await;
        let tag = |value: &str| TagRun {
            run_id: RunId::new("r1"),
            name: None,
            changes: KeyedChanges {
                set: vec![KeyedValue {
                    key_id,
                    value: value.to_owned(),
                }],
                delete: Vec::new(),
                missing: ferroflow_model::MissingTag::Ignore,
            },
        };
        let first = test.write_with(test.retry("t", 1), tag("1")).await.unwrap();
        test.write(tag("2")).await.unwrap();
        let again = test.write_with(test.retry("t", 1), tag("1")).await.unwrap();
        assert_eq!(again, first);
        assert_eq!(get_run(test, "r1").await.unwrap().tags[0].value, "2");
    })
    .await;
}

#[tokio::test]
async fn a_token_is_forgotten_after_its_lifetime() {
    on_each_engine(async |test| {
        let at = |now_ms| WriteContext {
            now_ms,
            ..test.retry("t", 1)
        };
        let create = async |now_ms, run_id: &str| {
            test.write_with(at(now_ms), new_run(test, run_id).await)
                .await
                .unwrap()
                .info
                .run_id
        };
        let end_ms = NOW_MS + RETRY_TOKEN_LIFETIME_MS;
        assert_eq!(create(NOW_MS, "r1").await.as_str(), "r1");
        assert_eq!(create(end_ms - 1, "r2").await.as_str(), "r1");
        assert_eq!(create(end_ms, "r3").await.as_str(), "r3");
        assert_eq!(
            create(end_ms + 1, "r4").await.as_str(),
            "r3",
            "it begins anew"
        );

        let purge = |now_ms| PurgeRetryTokens { now_ms, limit: 10 };
        let end_ms = end_ms + RETRY_TOKEN_LIFETIME_MS;
        assert_eq!(test.db().run(purge(end_ms - 1)).await.unwrap(), 0);
        assert_eq!(test.db().run(purge(end_ms)).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_refused_request_leaves_its_token_free() {
    on_each_engine(async |test| {
        let delete = || DeleteRun {
            run_id: RunId::new("r1"),
        };
        let refused = test.write_with(test.retry("t", 1), delete()).await;
        assert_eq!(kind(refused), Some(ErrorKind::NotFound));
        create_run(test, "r1").await;
        test.write_with(test.retry("t", 1), delete()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn requests_with_one_token_at_once_have_one_effect() {
    on_each_engine(async |test| {
        let mut creations = Vec::new();
        for number in 0..8 {
            creations.push(new_run(test, &format!("r{number}")).await);
        }
        let write = |create| test.write_with(test.retry("t", 1), create);
        let runs = join_all(creations.into_iter().map(write)).await;
        let runs: Vec<_> = runs.into_iter().map(Result::unwrap).collect();
        assert!(runs.iter().all(|run| *run == runs[0]));
        assert_eq!(count(test, RUNS).await, 1);
    })
    .await;
}

#[tokio::test]
async fn requests_with_one_token_to_two_servers_have_one_effect() {
    on_postgres(async |test| {
        let second = test.second_server().await;
        for round in 0..20 {
            let token = format!("t{round}");
            let here = new_run(test, &format!("here{round}")).await;
            let there = new_run(test, &format!("there{round}")).await;
            let (here, there) = tokio::join!(
                test.write_with(test.retry(&token, 1), here),
                second.write(test.retry(&token, 1), there),
            );
            assert_eq!(here.unwrap(), there.unwrap());
        }
        assert_eq!(count(test, RUNS).await, 20);
        second.close().await;
    })
    .await;
}

#[tokio::test]
async fn each_write_leaves_an_audit_row_and_an_event() {
    on_each_engine(async |test| {
        test.write_with(test.retry("t", 1), new_run(test, "r1").await)
            .await
            .unwrap();
        test.write_with(test.retry("t", 1), new_run(test, "r2").await)
            .await
            .unwrap();
        test.write(DeleteRun {
            run_id: RunId::new("unknown"),
        })
        .await
        .unwrap_err();
        let of_run = "operation = 'runs.create' AND entity = 'run' AND entity_key = 'r1'";
        let by = "principal = 'tester' AND request_id = 'request'";
        let audit = format!("SELECT count(*) FROM audit_events WHERE {of_run} AND {by}");
        assert_eq!(count(test, &audit).await, 1);
        let event = format!("SELECT count(*) FROM outbox_events WHERE {of_run}");
        assert_eq!(count(test, &event).await, 1);
        for table in ["audit_events", "outbox_events"] {
            assert_eq!(
                count(test, &format!("SELECT count(*) FROM {table}")).await,
                1,
                "{table}"
            );
        }
    })
    .await;
}
