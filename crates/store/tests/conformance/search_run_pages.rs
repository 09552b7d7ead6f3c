//! How the pages of a search over runs follow each other.

use ferroflow_model::{ErrorKind, Page, RunId, ViewType};
use ferroflow_store::runs::DeleteRun;
use ferroflow_store::search::RunSearch;

use crate::harness::on_each_engine;
use crate::search_run_fixtures::{RUNS, Sketch, create, ids, search};
use crate::search_runs::ORDERS;

#[tokio::test]
async fn pages_together_are_the_whole_in_every_order() {
    on_each_engine(async |test| {
        for sketch in RUNS {
            create(test, *sketch).await;
        }
        for (order_by, expected) in ORDERS {
            for max_results in 1..=5 {
                let mut token = None;
                let mut all = String::new();
                loop {
                    let page = search(test, "", order_by, max_results, token);
                    let page = test.read(page).await.unwrap();
                    assert!((1..=max_results).contains(&page.items.len()));
                    all += &ids(&page.items);
                    token = page.next_page_token;
                    if token.is_none() {
                        break;
                    }
                }
                assert_eq!(all, *expected, "{order_by:?} by {max_results}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn runs_that_come_or_go_neither_repeat_nor_hide_others() {
    on_each_engine(async |test| {
        for sketch in RUNS {
            create(test, *sketch).await;
        }
        let first = test.read(search(test, "", &[], 2, None)).await.unwrap();
        assert_eq!(ids(&first.items), "ab");
        // Ahead of the page, into it, and the very row that the page ended with.
        create(
            test,
            Sketch {
                id: "A",
                start_ms: 9,
                ..RUNS[3]
            },
        )
        .await;
        create(
            test,
            Sketch {
                id: "bb",
                start_ms: 4,
                ..RUNS[3]
            },
        )
        .await;
        test.write(DeleteRun {
            run_id: RunId::new("b"),
        })
        .await
        .unwrap();
        let second = search(test, "", &[], 2, first.next_page_token);
        let second = test.read(second).await.unwrap();
        assert_eq!(ids(&second.items), "bbc");
        let third = search(test, "", &[], 2, second.next_page_token);
        let third = test.read(third).await.unwrap();
        assert_eq!(
            (ids(&third.items).as_str(), third.next_page_token),
            ("de", None)
        );
    })
    .await;
}

#[tokio::test]
async fn a_token_continues_its_own_search_alone() {
    on_each_engine(async |test| {
        for sketch in RUNS {
            create(test, *sketch).await;
        }
        let first = test.read(search(test, "", &[], 2, None)).await.unwrap();
        let token = || first.next_page_token.clone();
        let refused = async |search: RunSearch| {
            let error = test.read(search).await.err().unwrap();
            assert_eq!(error.kind(), ErrorKind::InvalidParameter);
            error.message().to_owned()
        };
        let other = "Invalid page token: it continues another search.";
        let filtered = search(test, "run_id != 'x'", &[], 2, token());
        assert!(refused(filtered).await.starts_with(other));
        let ordered = search(test, "", &["start_time DESC"], 2, token());
        assert!(refused(ordered).await.starts_with(other));
        let all = RunSearch {
            view: ViewType::All,
            ..search(test, "", &[], 2, token())
        };
        assert!(refused(all).await.starts_with(other));
        let broken = search(test, "", &[], 2, Some("broken".to_owned()));
        assert_eq!(
            refused(broken).await,
            "Invalid page token, could not base64-decode"
        );
        // Another page size, and an empty token, are fine.
        let wider = test.read(search(test, "", &[], 9, token())).await.unwrap();
        assert_eq!(ids(&wider.items), "cde");
        let empty = test
            .read(search(test, "", &[], 1, Some(String::new())))
            .await
            .unwrap();
        assert_eq!(ids(&empty.items), "a");
    })
    .await;
}

#[tokio::test]
async fn a_page_may_be_empty_or_huge() {
    on_each_engine(async |test| {
        create(test, RUNS[0]).await;
        let none = test.read(search(test, "", &[], 0, None)).await.unwrap();
        assert_eq!(none, Page::empty());
        let all = test
            .read(search(test, "", &[], 50_000, None))
            .await
            .unwrap();
        assert_eq!(ids(&all.items), "a");
    })
    .await;
}
