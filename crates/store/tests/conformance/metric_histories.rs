//! Holds every way to read points to a naive copy of what was logged: whatever the order in which
//! points came, with repetitions, equal steps, negative steps and NaN.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use ferroflow_model::metrics::{
    BulkHistory, Metric, MetricHistory as Series, Point, RunPoints, SampledHistory,
};
use ferroflow_model::{PageRequest, RunId};
use ferroflow_store::metrics;

use crate::harness::{TestDb, on_each_engine};
use crate::run_data::metrics_batch;
use crate::runs::create_run;

/// A point that can be compared and sorted: step, timestamp, value, whether it is NaN.
type Exact = (i64, i64, u64, bool);

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 % bound).unwrap()
    }
}

/// The points of one series as they should be.
#[derive(Default)]
struct Naive(BTreeMap<Exact, Metric>);

impl Naive {
    fn log(&mut self, metrics: &[Metric]) {
        for metric in metrics {
            self.0.insert(exact(metric.into()), metric.clone());
        }
    }

    fn history(&self) -> Vec<Exact> {
        let mut points: Vec<Exact> = self.0.keys().copied().collect();
        points.sort_by_key(|(step, timestamp, value, is_nan)| (*timestamp, *step, *value, *is_nan));
        points
    }

    /// NTILE, word by word: deal the rows into buckets, take the first of each, and see to it
    /// that the last row is there.
    fn sample(&self, wanted: usize, steps: &RangeInclusive<i64>) -> Vec<Exact> {
        let rows: Vec<Exact> = self
            .0
            .keys()
            .copied()
            .filter(|row| steps.contains(&row.0))
            .collect();
        let mut sampled = Vec::new();
        let mut rest = rows.as_slice();
        for bucket in 0..wanted {
            let size = rest.len().div_ceil(wanted - bucket);
            let (dealt, others) = rest.split_at(size);
            sampled.extend(dealt.first().copied());
            rest = others;
        }
        if sampled.last() != rows.last() {
            if sampled.len() >= wanted {
                sampled.pop();
            }
            sampled.extend(rows.last().copied());
        }
        sampled
    }
}

/// The order of values as numbers, with NaN beside zero.
fn exact(point: Point) -> Exact {
    let is_nan = point.value.is_nan();
    let bits = if is_nan { 0 } else { point.value.to_bits() };
    let is_negative = bits >> 63 == 1;
    let ordered = if is_negative { !bits } else { bits | 1 << 63 };
    (point.step, point.timestamp_ms, ordered, is_nan)
}

fn exactly(points: &[Point]) -> Vec<Exact> {
    points.iter().copied().map(exact).collect()
}

/// How the points of a series come.
#[derive(Debug, Clone, Copy)]
enum Arrival {
    /// Step by step.
    InOrder,
    /// All at step 0, as without steps.
    WithoutSteps,
    /// Many at the same step and time.
    Crowded,
    /// Resumed at an earlier step, later.
    Resumed,
    /// In order, now and then one that is late.
    SometimesLate,
    /// In no order at all, with repetitions.
    Shuffled,
}

impl Arrival {
    fn metric(self, numbers: &mut Numbers, place: i64) -> Metric {
        let late = |numbers: &mut Numbers| {
            if numbers.below(50) == 0 {
                numbers.below(300)
            } else {
                0
            }
        };
        let (step, timestamp_ms) = match self {
            Self::InOrder => (place - 500, 1_700_000_000_000 + place * 7),
            Self::WithoutSteps => (0, 1_700_000_000_000 + place / 3),
            Self::Crowded => (place / 400, place / 400),
            Self::Resumed => (place % 700, 1_700_000_000_000 + place),
            Self::SometimesLate => (place - late(numbers), 1000 + place - late(numbers)),
            Self::Shuffled => (numbers.below(90) - 40, numbers.below(30)),
        };
        let value = match numbers.below(20) {
            0 => f64::NAN,
            1 => 0.0,
            2 => -1.5,
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            number => number as f64 / 8.0,
        };
        Metric {
            key: "m".to_owned(),
            value,
            timestamp_ms,
            step,
        }
    }
}

const ARRIVALS: [Arrival; 6] = [
    Arrival::InOrder,
    Arrival::WithoutSteps,
    Arrival::Crowded,
    Arrival::Resumed,
    Arrival::SometimesLate,
    Arrival::Shuffled,
];

/// The sizes of batches: single points, small and large batches, in turn.
const BATCHES: [i64; 9] = [1, 1, 3, 40, 1, 700, 2500, 1, 120];

async fn history(
    test: &TestDb,
    run_id: &str,
    page: Option<PageRequest>,
) -> (Vec<Exact>, Option<String>) {
    let query = metrics::MetricHistory {
        tenant: test.tenant,
        series: Series {
            run_id: RunId::new(run_id),
            key: "m".to_owned(),
            page,
        },
        key_id: test.key("m").await,
    };
    let page = test.read(query).await.unwrap();
    (exactly(&page.items), page.next_page_token)
}

async fn pages(test: &TestDb, run_id: &str, max_results: usize) -> Vec<Exact> {
    let mut items = Vec::new();
    let mut page_token = None;
    loop {
        let page = Some(PageRequest {
            max_results,
            page_token,
        });
        let (points, next) = history(test, run_id, page).await;
        assert!(points.len() <= max_results);
        items.extend(points);
        page_token = next;
        if page_token.is_none() {
            return items;
        }
    }
}

async fn samples(
    test: &TestDb,
    runs: &[&str],
    max_results: usize,
    steps: &RangeInclusive<i64>,
) -> Vec<RunPoints> {
    let query = metrics::SampledHistory {
        tenant: test.tenant,
        series: SampledHistory {
            run_ids: runs.iter().copied().map(RunId::new).collect(),
            key: "m".to_owned(),
            max_results,
            steps: steps.clone(),
        },
        key_id: test.key("m").await,
    };
    test.read(query).await.unwrap()
}

async fn bulk(test: &TestDb, runs: &[&str], max_results: usize) -> Vec<RunPoints> {
    let query = metrics::BulkHistory {
        tenant: test.tenant,
        series: BulkHistory {
            run_ids: runs.iter().copied().map(RunId::new).collect(),
            key: "m".to_owned(),
            max_results,
        },
        key_id: test.key("m").await,
    };
    test.read(query).await.unwrap()
}

async fn check(test: &TestDb, run_id: &str, naive: &Naive, numbers: &mut Numbers) {
    let all = naive.history();
    assert_eq!(history(test, run_id, None).await, (all.clone(), None));
    for size in [all.len() / 3 + 1, all.len() + 1] {
        assert_eq!(pages(test, run_id, size).await, all, "pages of {size}");
    }
    for wanted in [1, 2, 7, 320, 2500] {
        let start = numbers.below(1200) - 600;
        let some = start..=start + numbers.below(800);
        for steps in [i64::MIN..=i64::MAX, some, 0..=0, 5000..=6000] {
            let sampled = samples(test, &[run_id], wanted, &steps).await;
            assert_eq!(
                exactly(&sampled[0].points),
                naive.sample(wanted, &steps),
                "{wanted} of {steps:?}"
            );
        }
    }
    let first = bulk(test, &[run_id], 100).await;
    assert_eq!(exactly(&first[0].points), all[..all.len().min(100)]);
}

#[tokio::test]
async fn points_are_read_as_they_were_logged() {
    on_each_engine(async |test| {
        for arrival in ARRIVALS {
            let run_id = &format!("{arrival:?}");
            create_run(test, run_id).await;
            let mut numbers = Numbers(88_172_645_463_325_252);
            let mut naive = Naive::default();
            let mut place = 0;
            for round in 0..3 {
                for size in BATCHES {
                    let metrics: Vec<Metric> = (place..place + size)
                        .map(|place| arrival.metric(&mut numbers, place))
                        .collect();
                    place += size;
                    test.write(metrics_batch(test, run_id, &metrics).await)
                        .await
                        .unwrap();
                    naive.log(&metrics);
                    if round == 0 && size < 1000 {
                        check(test, run_id, &naive, &mut numbers).await;
                    }
                }
                check(test, run_id, &naive, &mut numbers).await;
            }
            assert!(pages(test, run_id, 500).await == naive.history());
        }
    })
    .await;
}

#[tokio::test]
async fn runs_are_read_together() {
    on_each_engine(async |test| {
        let mut logged = BTreeMap::new();
        for (run_id, count) in [("b", 5), ("a", 3), ("c", 1)] {
            create_run(test, run_id).await;
            let mut numbers = Numbers(7);
            let metrics: Vec<Metric> = (0..count)
                .map(|place| Arrival::InOrder.metric(&mut numbers, place))
                .collect();
            test.write(metrics_batch(test, run_id, &metrics).await)
                .await
                .unwrap();
            let mut naive = Naive::default();
            naive.log(&metrics);
            logged.insert(run_id, naive.history());
        }
        let named = ["b", "nowhere", "a", "b", "c"];
        let found = bulk(test, &named, 7).await;
        let found: Vec<(&str, Vec<Exact>)> = found
            .iter()
            .map(|run| (run.run_id.as_str(), exactly(&run.points)))
            .collect();
        assert_eq!(found[0], ("a", logged["a"].clone()));
        assert_eq!(found[1], ("b", logged["b"][..4].to_vec()));
        assert!(found[2..].iter().all(|(_, points)| points.is_empty()));

        let found = samples(test, &named, 2, &(i64::MIN..=i64::MAX)).await;
        let found: Vec<(&str, usize)> = found
            .iter()
            .map(|run| (run.run_id.as_str(), run.points.len()))
            .collect();
        assert_eq!(found, [("b", 2), ("a", 2), ("b", 2), ("c", 1)]);
    })
    .await;
}

#[tokio::test]
async fn writers_at_once_lose_nothing() {
    on_each_engine(async |test| {
        create_run(test, "r1").await;
        let mut naive = Naive::default();
        let mut batches = Vec::new();
        for number in 0..40 {
            // Neighbours overlap, and each writer is ahead of some and behind others.
            let place = (number * 37 % 40) * 20;
            let mut numbers = Numbers(99);
            let metrics: Vec<Metric> = (place..place + 50)
                .map(|place| Arrival::InOrder.metric(&mut numbers, place))
                .collect();
            naive.log(&metrics);
            batches.push(metrics_batch(test, "r1", &metrics).await);
        }
        let writes = batches.into_iter().map(|batch| test.write(batch));
        for written in futures_util::future::join_all(writes).await {
            written.unwrap();
        }
        check(test, "r1", &naive, &mut Numbers(3)).await;
    })
    .await;
}
