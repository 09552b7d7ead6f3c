//! The text of a statement, with its arguments.

use std::fmt::{Display, Write as _};

use crate::Value;
use crate::conn::Engine;

/// A statement that grows from left to right.
#[derive(Clone)]
pub(super) struct Sql<'a> {
    /// Which engine it is for.
    pub(super) engine: Engine,
    /// The text so far.
    pub(super) text: String,
    /// The arguments so far; the first is `$1`.
    pub(super) arguments: Vec<Value<'a>>,
}

impl<'a> Sql<'a> {
    /// An empty statement.
    pub(super) fn new(engine: Engine) -> Self {
        Self::with(engine, Vec::new())
    }

    /// A statement without text that has its first arguments.
    pub(super) fn with(engine: Engine, arguments: Vec<Value<'a>>) -> Self {
        Self {
            engine,
            text: String::new(),
            arguments,
        }
    }

    /// Appends text of our own.
    pub(super) fn push(&mut self, text: impl Display) {
        // Writing to a string cannot fail.
        let _ = write!(self.text, "{text}");
    }

    /// Adds an argument; answers its number.
    pub(super) fn argument(&mut self, value: impl Into<Value<'a>>) -> usize {
        self.arguments.push(value.into());
        self.arguments.len()
    }

    /// Appends `prefix` and a new argument.
    pub(super) fn push_argument(&mut self, prefix: impl Display, value: impl Into<Value<'a>>) {
        let number = self.argument(value);
        self.push(format_args!("{prefix}${number}"));
    }

    /// Appends the condition that `expression` is in a list.
    pub(super) fn push_any_of(&mut self, expression: &str, list: impl Into<Value<'a>>) {
        let list = list.into();
        let number = self.argument(list);
        self.push(match list {
            Value::Ints(_) => self.engine.any_of(expression, number),
            _ => self.engine.any_text_of(expression, number),
        });
    }
}
