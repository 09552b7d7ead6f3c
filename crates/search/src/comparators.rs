//! What stands between a name and a value: the operators, and how they are written.

use winnow::combinator::alt;
use winnow::prelude::*;
use winnow::token::take_while;

use crate::syntax::{Parsed, keyword};

/// How a name and a value are compared, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparator<'a> {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Like,
    ILike,
    In,
    NotIn,
    IsNull,
    IsNotNull,
    /// An operator of SQL that no field takes, as it is written.
    Other(&'a str),
}

impl<'a> Comparator<'a> {
    /// Those that take a value, in the order in which error messages list them.
    pub(crate) const WITH_VALUE: [Comparator<'static>; 10] = [
        Comparator::Less,
        Comparator::LessOrEqual,
        Comparator::Greater,
        Comparator::GreaterOrEqual,
        Comparator::Equal,
        Comparator::NotEqual,
        Comparator::Like,
        Comparator::ILike,
        Comparator::In,
        Comparator::NotIn,
    ];

    pub(crate) const fn text(self) -> &'a str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Like => "LIKE",
            Self::ILike => "ILIKE",
            Self::In => "IN",
            Self::NotIn => "NOT IN",
            Self::IsNull => "IS NULL",
            Self::IsNotNull => "IS NOT NULL",
            Self::Other(text) => text,
        }
    }
}

/// Parses one.
pub(crate) fn comparator<'a>(input: &mut &'a str) -> Parsed<Comparator<'a>> {
    alt((
        symbol,
        keyword("LIKE").value(Comparator::Like),
        keyword("ILIKE").value(Comparator::ILike),
        keyword("IN").value(Comparator::In),
        (keyword("NOT"), keyword("IN")).value(Comparator::NotIn),
        (keyword("IS"), keyword("NULL")).value(Comparator::IsNull),
        (keyword("IS"), keyword("NOT"), keyword("NULL")).value(Comparator::IsNotNull),
        other,
    ))
    .parse_next(input)
}

fn symbol<'a>(input: &mut &'a str) -> Parsed<Comparator<'a>> {
    let text = take_while(1.., is_symbol).parse_next(input)?;
    Ok(match text {
        "=" => Comparator::Equal,
        "!=" => Comparator::NotEqual,
        "<" => Comparator::Less,
        "<=" => Comparator::LessOrEqual,
        ">" => Comparator::Greater,
        ">=" => Comparator::GreaterOrEqual,
        _ => Comparator::Other(text),
    })
}

/// The operators of SQL that people try, so that the message is of them.
fn other<'a>(input: &mut &'a str) -> Parsed<Comparator<'a>> {
    let negated = (keyword("NOT"), alt((keyword("LIKE"), keyword("ILIKE"))));
    alt((negated.void(), keyword("RLIKE"), keyword("REGEXP")))
        .take()
        .map(Comparator::Other)
        .parse_next(input)
}

pub(crate) fn is_symbol(c: char) -> bool {
    matches!(c, '=' | '<' | '>' | '!' | '~')
}
