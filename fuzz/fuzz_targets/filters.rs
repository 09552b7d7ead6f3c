//! Any text as a filter or an order of each entity: never a panic, never slow, and what is accepted
//! means the same after it has been printed.
#![no_main]

#[path = "../../crates/search/tests/grammar/everything.rs"]
mod everything;

libfuzzer_sys::fuzz_target!(|text: &str| everything::parse_as_everything(text));
