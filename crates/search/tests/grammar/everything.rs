//! Any text, read as each thing that the grammar knows. The fuzz target runs this file too.

use std::fmt::Debug;

use ferroflow_search::{
    ExperimentField, Filter, FilterField, LoggedModelField, LoggedModelOrder, ModelVersionField,
    OrderBy, RegisteredModelField, RunField, RunOrder,
};

/// Reads a text as the filter of each entity and as orders: no panic, and what is accepted survives printing.
pub(crate) fn parse_as_everything(text: &str) {
    reparse::<ExperimentField>(text);
    reparse::<RunField>(text);
    reparse::<RegisteredModelField>(text);
    reparse::<ModelVersionField>(text);
    reparse::<LoggedModelField>(text);
    let _ = OrderBy::<RunOrder>::parse_list(text);
    let _ = LoggedModelOrder::parse_field_name(text);
}

/// What is accepted prints to something that means the same.
fn reparse<F: FilterField + Debug + PartialEq>(text: &str) {
    if let Ok(Some(filter)) = Filter::<F>::parse(text) {
        let printed = filter.to_string();
        assert_eq!(
            Filter::<F>::parse(&printed).unwrap(),
            Some(filter),
            "{text} -> {printed}"
        );
    }
}
