//! The history of metrics.

use ferroflow_model::metrics::{Metric, MetricHistory as Series, Point};
use ferroflow_model::{ErrorKind, Page, PageRequest, Result, RunId};
use ferroflow_store::metrics::MetricHistory;

use crate::harness::{TestDb, on_each_engine};
use crate::run_data::{metric, metrics_batch};
use crate::runs::create_run;

async fn history(
    test: &TestDb,
    run_id: &str,
    key: &str,
    page: Option<PageRequest>,
) -> Result<Page<Metric>> {
    let series = Series {
        run_id: RunId::new(run_id),
        key: key.to_owned(),
        page,
    };
    let key_id = test.key(key).await;
    let page = test
        .read(MetricHistory {
            tenant: test.tenant,
            series,
            key_id,
        })
        .await?;
    let metric = |point: &Point| metric(key, point.step, point.timestamp_ms, point.value);
    Ok(Page {
        items: page.items.iter().map(metric).collect(),
        next_page_token: page.next_page_token,
    })
}

fn points() -> Vec<Metric> {
    vec![
        metric("m", 7, 1, 0.5),
        metric("m", -2, 2, 9.0),
        metric("m", 1, 2, -1.0),
        metric("m", 1, 2, 0.0),
        metric("m", 1, 2, 3.0),
        metric("m", 0, 3, f64::MAX),
    ]
}

#[tokio::test]
async fn points_are_in_the_order_of_time_step_and_value() {
    on_each_engine(async |test| {
        create_run(test, "r1").await;
        let mut shuffled = points();
        shuffled.reverse();
        shuffled.push(metric("other", 0, 0, 0.0));
        test.write(metrics_batch(test, "r1", &shuffled).await)
            .await
            .unwrap();
        let all = history(test, "r1", "m", None).await.unwrap();
        assert_eq!(
            all,
            Page {
                items: points(),
                next_page_token: None
            }
        );
        for (run_id, key) in [("r1", "none"), ("r2", "m")] {
            assert_eq!(
                history(test, run_id, key, None).await.unwrap(),
                Page::empty()
            );
        }
    })
    .await;
}

#[tokio::test]
async fn pages_together_are_the_whole() {
    on_each_engine(async |test| {
        create_run(test, "r1").await;
        test.write(metrics_batch(test, "r1", &points()).await)
            .await
            .unwrap();
        for max_results in 1..=7 {
            let mut items = Vec::new();
            let mut page_token = None;
            loop {
                let request = PageRequest {
                    max_results,
                    page_token,
                };
                let page = history(test, "r1", "m", Some(request)).await.unwrap();
                assert!(page.items.len() <= max_results);
                items.extend(page.items);
                page_token = page.next_page_token;
                if page_token.is_none() {
                    break;
                }
            }
            assert_eq!(items, points(), "{max_results}");
        }
        let forged = PageRequest {
            max_results: 1,
            page_token: Some("MQ==".to_owned()),
        };
        let refused = history(test, "r1", "m", Some(forged)).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidParameter);
    })
    .await;
}

#[tokio::test]
async fn a_page_goes_on_behind_a_point_that_is_not_a_number() {
    on_each_engine(async |test| {
        create_run(test, "r1").await;
        let points = [
            metric("m", 1, 1, 0.0),
            metric("m", 1, 1, f64::NAN),
            metric("m", 1, 1, 2.0),
        ];
        test.write(metrics_batch(test, "r1", &points).await)
            .await
            .unwrap();
        let request = PageRequest {
            max_results: 2,
            page_token: None,
        };
        let first = history(test, "r1", "m", Some(request)).await.unwrap();
        assert!(first.items[1].value.is_nan());
        let request = PageRequest {
            max_results: 2,
            page_token: first.next_page_token,
        };
        let last = history(test, "r1", "m", Some(request)).await.unwrap();
        assert_eq!(
            last,
            Page {
                items: vec![metric("m", 1, 1, 2.0)],
                next_page_token: None
            }
        );
    })
    .await;
}
