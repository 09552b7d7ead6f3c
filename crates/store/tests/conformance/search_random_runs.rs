//! Random searches over random runs answer what looking at each run would, whichever way they are
//! found.

use ferroflow_model::runs::Run;
use ferroflow_model::{ExperimentId, PageRequest, RunId, ViewType};
use ferroflow_search::{
    Comparison, DatasetAttribute, Expression, Filter, NumericOperator, OrderBy, Predicate,
    RunAttribute, RunField, RunOrder, TextOperator,
};
use ferroflow_store::Engine;
use ferroflow_store::runs::DeleteRun;
use ferroflow_store::search::{Effort, RunSearch, Search};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::experiments::create_experiment;
use crate::harness::{TestDb, on_each_engine};
use crate::search_run_fixtures::{Sketch, create_in};
use crate::search_run_oracle::expected;

const EXPERIMENTS: i64 = 3;
const RUNS: usize = 60;
const UNHEARD: &str = "unheard";
const NAMES: &[&str] = &["run", "Run", "other"];

/// Texts that are alike at their beginning, among them some longer than what indexes hold.
fn texts() -> Vec<String> {
    let long = "long ".repeat(20);
    let mut texts: Vec<String> = ["", "x", "xy", "X", "%", "é", "É"]
        .map(str::to_owned)
        .into();
    texts.extend([format!("{long}a"), format!("{long}b"), long]);
    texts
}

fn any_text() -> impl Strategy<Value = String> {
    select(texts())
}

fn any_key(keys: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(keys).prop_map(str::to_owned)
}

/// What a random run has.
#[derive(Debug, Clone)]
struct RandomRun {
    experiment: i64,
    name: &'static str,
    start_ms: i64,
    end_ms: Option<i64>,
    metrics: Vec<(&'static str, f64)>,
    params: Vec<(&'static str, String)>,
    tags: Vec<(&'static str, String)>,
    dataset: Option<(&'static str, &'static str, &'static str)>,
    is_deleted: bool,
}

fn any_run() -> impl Strategy<Value = RandomRun> {
    let metric = |key| (Just(key), select(vec![-1.0, 0.0, 0.5, 1.0, f64::NAN]));
    let metrics = (metric("a"), metric("b")).prop_map(|(a, b)| vec![a, b]);
    let keyed = |first, second| {
        let text = |key| (Just(key), any_text());
        let both = (text(first), text(second)).prop_map(|(a, b)| vec![a, b]);
        both.prop_flat_map(|all| subsequence(all, 0..=2))
    };
    let dataset = (
        select(vec!["iris", "wine"]),
        select(vec!["1", "2"]),
        select(vec!["", "train", "test"]),
    );
    let values = (
        metrics.prop_flat_map(|all| subsequence(all, 0..=2)),
        keyed("p", "q"),
        keyed("t", "u"),
        prop::option::of(dataset),
    );
    let own = (
        0..EXPERIMENTS,
        select(NAMES),
        0..6_i64,
        prop::option::of(0..4_i64),
        prop::bool::weighted(0.2),
    );
    (own, values).prop_map(|(own, (metrics, params, tags, dataset))| {
        let (experiment, name, start_ms, end_ms, is_deleted) = own;
        RandomRun {
            experiment,
            name,
            start_ms,
            end_ms,
            metrics,
            params,
            tags,
            dataset,
            is_deleted,
        }
    })
}

fn text_predicate() -> BoxedStrategy<Predicate> {
    let operators = vec![
        TextOperator::Equal,
        TextOperator::Equal,
        TextOperator::NotEqual,
        TextOperator::Like,
        TextOperator::ILike,
    ];
    let pattern = select(vec!["x%", "_", "%", "X_", "long%", "%b", "é"]).prop_map(str::to_owned);
    let value = prop_oneof![any_text(), pattern];
    prop_oneof![
        3 => (select(operators), value)
            .prop_map(|(operator, value)| Predicate::Text { operator, value }),
        1 => (any::<bool>(), vec(any_text(), 1..4))
            .prop_map(|(negated, values)| Predicate::TextIn { negated, values }),
    ]
    .boxed()
}

fn keyed_predicate() -> BoxedStrategy<Predicate> {
    let null = any::<bool>().prop_map(|negated| Predicate::IsNull { negated });
    prop_oneof![5 => text_predicate(), 1 => null].boxed()
}

fn any_operator() -> impl Strategy<Value = NumericOperator> {
    select(vec![
        NumericOperator::Equal,
        NumericOperator::NotEqual,
        NumericOperator::Less,
        NumericOperator::LessOrEqual,
        NumericOperator::Greater,
        NumericOperator::GreaterOrEqual,
    ])
}

fn any_comparison() -> BoxedStrategy<Filter<RunField>> {
    let number = (
        any_operator(),
        select(vec![-1.0, 0.0, 0.4, 1.0, f64::INFINITY]),
    )
        .prop_map(|(operator, value)| Predicate::Number { operator, value });
    let integer = (any_operator(), 0..6_i64)
        .prop_map(|(operator, value)| Predicate::Integer { operator, value });
    let ids = vec((0..RUNS).prop_map(run_id), 1..5).prop_map(|values| Predicate::TextIn {
        negated: false,
        values,
    });
    let dataset = select(vec![
        DatasetAttribute::Name,
        DatasetAttribute::Digest,
        DatasetAttribute::Context,
    ]);
    let dataset_value = select(vec!["iris", "1", "train", ""]).prop_map(|value| Predicate::Text {
        operator: TextOperator::Equal,
        value: value.to_owned(),
    });
    let times = select(vec![RunAttribute::StartTime, RunAttribute::EndTime]);
    let metric = any_key(&["a", "b", UNHEARD]).prop_map(RunField::Metric);
    let param = any_key(&["p", "q", UNHEARD]).prop_map(RunField::Param);
    let tag = any_key(&["t", "u", UNHEARD]).prop_map(RunField::Tag);
    let attribute = |attribute| Just(RunField::Attribute(attribute));
    let name = select(NAMES).prop_map(|value| Predicate::Text {
        operator: TextOperator::Equal,
        value: value.to_owned(),
    });
    let comparison = prop_oneof![
        4 => (metric, number),
        4 => (param, keyed_predicate()),
        4 => (tag, keyed_predicate()),
        1 => (attribute(RunAttribute::RunId), ids),
        1 => (attribute(RunAttribute::RunName), name),
        1 => (times.prop_map(RunField::Attribute), integer),
        1 => (dataset.prop_map(RunField::Dataset), dataset_value),
    ];
    comparison
        .prop_map(|(field, predicate)| Expression::Comparison(Comparison { field, predicate }))
        .boxed()
}

fn any_filter() -> impl Strategy<Value = Option<Filter<RunField>>> {
    let filter = any_comparison().prop_recursive(3, 8, 3, |operand| {
        prop_oneof![
            4 => vec(operand.clone(), 2..4).prop_map(Expression::And),
            2 => vec(operand.clone(), 2..4).prop_map(Expression::Or),
            1 => operand.prop_map(|operand| Expression::Not(Box::new(operand))),
        ]
    });
    prop::option::weighted(0.9, filter)
}

fn any_order() -> impl Strategy<Value = Vec<OrderBy<RunOrder>>> {
    let metric = |key: &str| RunOrder::Metric(key.to_owned());
    let fields = vec![
        metric("a"),
        metric("b"),
        metric(UNHEARD),
        RunOrder::Param("p".to_owned()),
        RunOrder::Tag("t".to_owned()),
        RunOrder::Attribute(RunAttribute::StartTime),
        RunOrder::Attribute(RunAttribute::EndTime),
        RunOrder::Attribute(RunAttribute::RunId),
        RunOrder::Attribute(RunAttribute::RunName),
    ];
    let fields = subsequence(fields, 0..=2).prop_shuffle();
    (fields, vec(any::<bool>(), 2)).prop_map(|(fields, directions)| {
        let clause = |(field, ascending)| OrderBy { field, ascending };
        fields.into_iter().zip(directions).map(clause).collect()
    })
}

/// A random search.
#[derive(Debug, Clone)]
struct RandomSearch {
    filter: Option<Filter<RunField>>,
    order_by: Vec<OrderBy<RunOrder>>,
    experiments: Vec<i64>,
    view: ViewType,
    max_results: usize,
    effort: Effort,
}

fn any_search() -> impl Strategy<Value = RandomSearch> {
    let effort = (
        0..40_usize,
        0..10_usize,
        0..8_usize,
        0..200_usize,
        select(vec![0, 5, 30, 1_000]),
    );
    let effort = effort.prop_map(
        |(first_entries, sorted_rows, first_steps, more_entries, merged_rows)| Effort {
            first_entries,
            sorted_rows,
            first_steps,
            more_entries,
            merged_rows,
        },
    );
    let effort = prop_oneof![1 => Just(Effort::default()), 4 => effort];
    let views = vec![ViewType::ActiveOnly, ViewType::DeletedOnly, ViewType::All];
    let experiments = subsequence((0..EXPERIMENTS).collect::<Vec<_>>(), 1..=3);
    (
        any_filter(),
        any_order(),
        experiments,
        select(views),
        1..12_usize,
        effort,
    )
        .prop_map(
            |(filter, order_by, experiments, view, max_results, effort)| RandomSearch {
                filter,
                order_by,
                experiments,
                view,
                max_results,
                effort,
            },
        )
}

fn run_id(number: usize) -> String {
    format!("r{number:02}")
}

async fn create_runs(test: &TestDb, runner: &mut TestRunner) {
    for number in 1..EXPERIMENTS {
        create_experiment(test, &format!("e{number}"), &[]).await;
    }
    for number in 0..RUNS {
        let run = any_run().new_tree(runner).unwrap().current();
        let id = run_id(number);
        let borrowed = |values: &[(&'static str, String)]| values.to_vec();
        let (params, tags) = (borrowed(&run.params), borrowed(&run.tags));
        let params: Vec<(&str, &str)> = params.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let tags: Vec<(&str, &str)> = tags.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let sketch = Sketch {
            id: &id,
            name: run.name,
            start_ms: run.start_ms,
            end_ms: run.end_ms,
            metrics: &run.metrics,
            params: &params,
            tags: &tags,
            dataset: run.dataset,
        };
        create_in(test, ExperimentId::new(run.experiment), sketch).await;
        if run.is_deleted {
            let run_id = RunId::new(id);
            test.write(DeleteRun { run_id }).await.unwrap();
        }
    }
}

/// Follows a search from page to page.
async fn found(test: &TestDb, search: &RandomSearch) -> Vec<Run> {
    let mut token = None;
    let mut found = Vec::new();
    loop {
        let page = RunSearch {
            tenant: test.tenant,
            search: Search {
                filter: search.filter.clone(),
                order_by: search.order_by.clone(),
                page: PageRequest {
                    max_results: search.max_results,
                    page_token: token,
                },
                keys: test.db().keys(),
            },
            experiment_ids: search
                .experiments
                .iter()
                .copied()
                .map(ExperimentId::new)
                .collect(),
            view: search.view,
            effort: search.effort,
        };
        let page = test.read(page).await.unwrap();
        assert!(page.items.len() <= search.max_results, "{search:?}");
        found.extend(page.items);
        token = page.next_page_token;
        if token.is_none() {
            return found;
        }
    }
}

/// All runs of some experiments in some stages.
async fn all(test: &TestDb, search: &RandomSearch) -> Vec<Run> {
    let all = RandomSearch {
        filter: None,
        order_by: Vec::new(),
        max_results: RUNS,
        effort: Effort::default(),
        ..search.clone()
    };
    found(test, &all).await
}

#[tokio::test]
async fn whichever_way_runs_are_found_they_are_those_that_match() {
    on_each_engine(async |test| {
        let mut runner = TestRunner::deterministic();
        create_runs(test, &mut runner).await;
        let searches = match test.db().engine() {
            Engine::Sqlite => 600,
            Engine::Postgres => 200,
        };
        for _ in 0..searches {
            let search = any_search().new_tree(&mut runner).unwrap().current();
            let runs = all(test, &search).await;
            let expected = expected(&runs, search.filter.as_ref(), &search.order_by);
            let found = found(test, &search).await;
            let ids: Vec<&str> = found.iter().map(|run| run.info.run_id.as_str()).collect();
            assert_eq!(ids, expected, "{search:#?}");
        }
    })
    .await;
}
