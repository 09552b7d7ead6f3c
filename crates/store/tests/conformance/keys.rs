//! Interned keys: written once, remembered, and never wrong.

use ferroflow_model::{ErrorKind, Result};
use ferroflow_store::registered_models::TagRegisteredModel;
use futures_util::future::join_all;

use crate::harness::{count, on_each_engine, on_postgres};
use crate::registry::{create_model, get_model, kind, name, set_tags, tags};

const KEYS: &str = "SELECT count(*) FROM entity_keys";

#[tokio::test]
async fn a_key_has_one_id() {
    on_each_engine(async |test| {
        let ids = test.db().intern(&["a", "b", "a"]).await.unwrap();
        assert_eq!(ids[0], ids[2]);
        assert_ne!(ids[0], ids[1]);
        let again = test.db().intern(&["b", "c"]).await.unwrap();
        assert_eq!(again[0], ids[1]);
        test.restart().await;
        let after = test.db().intern(&["c", "b", "a"]).await.unwrap();
        assert_eq!(after, [again[1], ids[1], ids[0]]);
        assert_eq!(count(test, KEYS).await, 3);
        assert!(test.db().intern(&[]).await.unwrap().is_empty());
        let case = test.db().intern(&["A", "é", "e\u{301}"]).await.unwrap();
        assert!(!case.contains(&ids[0]) && case[1] != case[2]);
    })
    .await;
}

#[tokio::test]
async fn a_key_is_looked_for_without_being_made() {
    on_each_engine(async |test| {
        let a = test.key("a").await;
        let found = test.db().find_keys(&["b", "a", "b"]).await.unwrap();
        assert_eq!(found, [None, Some(a), None]);
        assert_eq!(count(test, KEYS).await, 1);
        let b = test.key("b").await;
        let found = test.db().find_keys(&["b", "a"]).await.unwrap();
        assert_eq!(
            found,
            [Some(b), Some(a)],
            "that it was unknown is not remembered"
        );
    })
    .await;
}

#[tokio::test]
async fn a_key_outlives_the_command_that_it_was_made_for() {
    on_each_engine(async |test| {
        let changes = set_tags(test, &[("fresh", "1")]).await;
        let tag = |changes| TagRegisteredModel {
            name: name("iris"),
            changes,
            keys: test.db().keys(),
        };
        let refused = test.write(tag(changes.clone())).await;
        assert_eq!(kind(refused), Some(ErrorKind::NotFound));
        create_model(test, "iris").await;
        test.write(tag(changes)).await.unwrap();
        let model = get_model(test, "iris").await.unwrap();
        assert_eq!(model.tags, tags(&[("fresh", "1")]));
        test.restart().await;
        assert_eq!(get_model(test, "iris").await.unwrap(), model);
    })
    .await;
}

#[tokio::test]
async fn many_keys_are_interned_at_once() {
    on_each_engine(async |test| {
        let names: Vec<String> = (0..500).map(|n| format!("key {n}")).collect();
        let batches = names.chunks(25).map(|chunk| {
            let names: Vec<&str> = chunk.iter().map(String::as_str).collect();
            let db = test.db();
            async move { db.intern(&names).await }
        });
        let ids: Vec<i64> = join_all(batches)
            .await
            .into_iter()
            .flat_map(Result::unwrap)
            .collect();
        test.restart().await;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(test.db().intern(&names).await.unwrap(), ids);
        assert_eq!(count(test, KEYS).await, 500);
    })
    .await;
}

#[tokio::test]
async fn servers_that_meet_keys_at_once_agree() {
    on_postgres(async |test| {
        let second = test.second_server().await;
        for round in 0..20 {
            let names: Vec<String> = (0..20).map(|n| format!("{round} {n}")).collect();
            let forwards: Vec<&str> = names.iter().map(String::as_str).collect();
            let backwards: Vec<&str> = forwards.iter().rev().copied().collect();
            let (here, there) =
                tokio::join!(test.db().intern(&forwards), second.intern(&backwards));
            let mut there = there.unwrap();
            there.reverse();
            assert_eq!(here.unwrap(), there);
        }
        assert_eq!(count(test, KEYS).await, 400);
        second.close().await;
    })
    .await;
}
