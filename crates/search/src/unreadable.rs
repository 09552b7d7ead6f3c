//! What is said of a filter that does not follow the grammar.

use std::iter;

use ferroflow_model::{Error, python_text};
use winnow::combinator::{alt, opt, preceded};
use winnow::prelude::*;
use winnow::token::{any, take_while};

use crate::comparators::is_symbol;
use crate::limits::excerpt;
use crate::syntax::{Parsed, blank, clause, is_segment, is_word, keyword, quoted};
use crate::wording::{Wording, fill, listed_in};

/// How many words are looked at, each of which may be searched for a comparison.
const MAX_WORDS: usize = 20;

/// The error for a filter of which `rest` could not be read.
pub(crate) fn unreadable(text: &str, rest: &str, wording: &Wording) -> Error {
    let template = if text.trim().is_empty() {
        wording.blank
    } else if has_several_statements(text) {
        wording.statements
    } else {
        wording.syntax
    };
    Error::invalid(fill(
        template,
        &[
            ("<filter>", &excerpt(text)),
            ("<quoted>", &python_text(&excerpt(text))),
            ("<words>", &excerpt(&words(text, rest, wording.word_mark))),
        ],
    ))
}

/// What is in the way: words of the rest, or of all the text if it is only not complete.
fn words(text: &str, rest: &str, mark: &str) -> String {
    let found = [rest, text].map(stray_words);
    let words = found.into_iter().find(|words| !words.is_empty());
    listed_in(words.unwrap_or_else(|| vec![rest.trim()]), mark)
}

/// The words that are neither part of a comparison nor `AND`.
fn stray_words(mut text: &str) -> Vec<&str> {
    iter::from_fn(|| {
        while let Some(rest) = after_comparison(text) {
            text = rest;
        }
        preceded(blank, word).parse_next(&mut text).ok()
    })
    .take(MAX_WORDS)
    .collect()
}

/// What follows a comparison or an `AND`, if the text begins with one.
fn after_comparison(mut text: &str) -> Option<&str> {
    let parsed = alt((keyword("AND"), (blank, clause).void())).parse_next(&mut text);
    parsed.is_ok().then_some(text)
}

fn word<'a>(input: &mut &'a str) -> Parsed<&'a str> {
    alt((
        quoted('\'').void(),
        quoted('"').void(),
        quoted('`').void(),
        (
            take_while(1.., is_segment),
            take_while(0.., is_word),
            opt(alt((quoted('`'), quoted('"')))),
        )
            .void(),
        take_while(1.., is_symbol).void(),
        any.void(),
    ))
    .take()
    .parse_next(input)
}

/// Whether something follows a semicolon that is not quoted.
fn has_several_statements(text: &str) -> bool {
    let mut quote = None;
    let end = text.find(|c| match (quote, c) {
        (None, ';') => true,
        (None, '\'' | '"' | '`') => {
            quote = Some(c);
            false
        }
        (Some(mark), _) if mark == c => {
            quote = None;
            false
        }
        _ => false,
    });
    end.is_some_and(|end| !text[end + 1..].trim().is_empty())
}
