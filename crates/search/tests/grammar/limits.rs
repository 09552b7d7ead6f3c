//! Each limit at its edge and one past it.

use std::time::{Duration, Instant};

use ferroflow_search::{
    Filter, MAX_COMPARISONS, MAX_FILTER_CHARACTERS, MAX_LIST_ITEMS, MAX_NESTING,
    MAX_ORDER_BY_CLAUSES, OrderBy, RunField, RunOrder,
};

fn message(text: &str) -> Option<String> {
    Filter::<RunField>::parse(text)
        .err()
        .map(|error| error.message().to_owned())
}

#[test]
fn characters() {
    let filter = |length: usize| {
        let head = "tags.a = '";
        format!("{head}{}'", "é".repeat(length - head.len() - 1))
    };
    assert_eq!(message(&filter(MAX_FILTER_CHARACTERS)), None);
    let refused = message(&filter(MAX_FILTER_CHARACTERS + 1)).unwrap();
    assert_eq!(
        refused,
        "Too many characters in `filter`: 65537. At most 65536 are allowed."
    );
}

#[test]
fn nesting() {
    for (open, close) in [("(", ")"), ("NOT ", "")] {
        let filter =
            |depth: usize| format!("{}tags.a = 'x'{}", open.repeat(depth), close.repeat(depth));
        assert_eq!(message(&filter(MAX_NESTING)), None);
        let refused = "The filter nests deeper than 32 levels.";
        assert_eq!(message(&filter(MAX_NESTING + 1)).unwrap(), refused);
        assert_eq!(message(&filter(10_000)).unwrap(), refused);
    }
}

#[test]
fn comparisons() {
    let filter = |count: usize| vec!["tags.a = 'x'"; count].join(" OR ");
    assert_eq!(message(&filter(MAX_COMPARISONS)), None);
    let refused = message(&filter(MAX_COMPARISONS + 1)).unwrap();
    assert_eq!(
        refused,
        "Too many comparisons in `filter`: 101. At most 100 are allowed."
    );
}

#[test]
fn list_items() {
    let filter = |count: usize| format!("run_id IN ({})", vec!["'x'"; count].join(","));
    assert_eq!(message(&filter(MAX_LIST_ITEMS)), None);
    let refused = message(&filter(MAX_LIST_ITEMS + 1)).unwrap();
    assert_eq!(
        refused,
        "Too many values in a list of `filter`: 1001. At most 1000 are allowed."
    );
}

#[test]
fn order_by_clauses() {
    let clauses = |count: usize| {
        (0..count)
            .map(|i| format!("metrics.m{i}"))
            .collect::<Vec<_>>()
    };
    let at_limit = clauses(MAX_ORDER_BY_CLAUSES);
    let past_limit = clauses(MAX_ORDER_BY_CLAUSES + 1);
    assert!(OrderBy::<RunOrder>::parse_each(&at_limit).is_ok());
    assert!(OrderBy::<RunOrder>::parse_list(&at_limit.join(",")).is_ok());
    assert!(OrderBy::<RunOrder>::parse_each(&past_limit).is_err());
    assert!(OrderBy::<RunOrder>::parse_list(&past_limit.join(",")).is_err());
}

#[test]
fn messages_stay_short() {
    let long = "x".repeat(50_000);
    for filter in [
        format!("{long} = 1"),
        format!("tags.a = {long}"),
        format!("{long}.y = 1"),
        long.clone(),
    ] {
        assert!(message(&filter).unwrap().len() < 400, "{}", filter.len());
    }
}

/// The time is generous: quadratic work on these would take minutes.
#[test]
fn hostile_text_is_refused_quickly() {
    let length = MAX_FILTER_CHARACTERS;
    let started = Instant::now();
    for piece in [
        "(",
        "'",
        "\"",
        "`",
        "''",
        "NOT ",
        "AND ",
        "a.",
        "a=1 OR ",
        "run_id IN (",
        ",",
        " ",
    ] {
        let text: String = piece.repeat(length / piece.len());
        let _ = Filter::<RunField>::parse(&text);
        let _ = Filter::<RunField>::parse(&format!("tags.a = '{text}"));
        let _ = OrderBy::<RunOrder>::parse_list(&text);
    }
    assert!(started.elapsed() < Duration::from_secs(10));
}
