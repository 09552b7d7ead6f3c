//! Text to an untyped tree: what is a name, an operator and a value, but not yet whether they fit.

use std::borrow::Cow;

use ferroflow_model::{Error, Result};
use winnow::ascii::Caseless;
use winnow::combinator::{
    alt, cut_err, delimited, eof, not, opt, preceded, repeat, separated, terminated,
};
use winnow::error::{ContextError, ErrMode};
use winnow::prelude::*;
use winnow::token::{one_of, take_while};

use crate::comparators::{Comparator, comparator};
use crate::expression::Expression;
use crate::limits::{MAX_NESTING, check_text, excerpt};
use crate::unreadable::unreadable;
use crate::wording::Wording;

/// A failure holds the whole message when the place where it arose knows best.
pub(crate) type Failure = ErrMode<ContextError<String>>;
pub(crate) type Parsed<T> = std::result::Result<T, Failure>;

/// What a clause talks about: `key` or `prefix.key`.
#[derive(Debug)]
pub struct Name<'a> {
    pub(crate) prefix: Option<Cow<'a, str>>,
    pub(crate) key: Cow<'a, str>,
}

/// One comparison as it is written.
#[derive(Debug)]
pub(crate) struct Clause<'a> {
    pub(crate) name: Name<'a>,
    pub(crate) comparator: Comparator<'a>,
    pub(crate) value: Value<'a>,
}

/// A value with the text it was written as, which error messages repeat.
#[derive(Debug)]
pub(crate) struct Value<'a> {
    pub(crate) raw: &'a str,
    pub(crate) kind: ValueKind<'a>,
}

#[derive(Debug)]
pub(crate) enum ValueKind<'a> {
    Absent,
    Quoted(Cow<'a, str>),
    /// A number or a word without quotes.
    Bare,
    List(Vec<Value<'a>>),
}

/// One `order_by` clause as it is written.
#[derive(Debug)]
pub(crate) struct OrderClause<'a> {
    pub(crate) name: Name<'a>,
    pub(crate) ascending: bool,
}

impl Name<'_> {
    /// The name as it is written, but for quotes.
    pub(crate) fn written(&self) -> Cow<'_, str> {
        match &self.prefix {
            Some(prefix) => format!("{prefix}.{}", self.key).into(),
            None => Cow::Borrowed(&self.key),
        }
    }
}

/// Parses a filter; `None` when there is no text.
pub(crate) fn parse_filter<'a>(
    text: &'a str,
    wording: &Wording,
) -> Result<Option<Expression<Clause<'a>>>> {
    check_text("filter", text)?;
    if text.is_empty() {
        return Ok(None);
    }
    let mut rest = text;
    terminated(|input: &mut _| disjunction(input, 0), (blank, eof))
        .parse_next(&mut rest)
        .map(Some)
        .map_err(|failure| explain(&failure, || unreadable(text, rest, wording)))
}

/// Parses comma-separated `order_by` clauses; none when the text is blank.
pub(crate) fn parse_order_by(text: &str) -> Result<Vec<OrderClause<'_>>> {
    check_text("order_by", text)?;
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    terminated(separated(1.., order_clause, (blank, ',')), (blank, eof))
        .parse_next(&mut &*text)
        .map_err(|failure| {
            explain(&failure, || {
                Error::invalid(format!(
                    "Invalid order_by clause '{}'. Could not be parsed.",
                    excerpt(text)
                ))
            })
        })
}

fn explain(failure: &Failure, otherwise: impl FnOnce() -> Error) -> Error {
    let message = match failure {
        ErrMode::Backtrack(error) | ErrMode::Cut(error) => error.context().next(),
        ErrMode::Incomplete(_) => None,
    };
    message.map_or_else(otherwise, |message| Error::invalid(message.clone()))
}

/// Ends parsing with `message`.
fn refuse<T>(message: String) -> Parsed<T> {
    let mut error = ContextError::new();
    error.push(message);
    Err(ErrMode::Cut(error))
}

fn disjunction<'a>(input: &mut &'a str, depth: usize) -> Parsed<Expression<Clause<'a>>> {
    separated(
        1..,
        |input: &mut &'a str| conjunction(input, depth),
        keyword("OR"),
    )
    .map(|operands| join(operands, Expression::Or))
    .parse_next(input)
}

fn conjunction<'a>(input: &mut &'a str, depth: usize) -> Parsed<Expression<Clause<'a>>> {
    separated(
        1..,
        |input: &mut &'a str| operand(input, depth),
        keyword("AND"),
    )
    .map(|operands| join(operands, Expression::And))
    .parse_next(input)
}

fn join<C>(
    operands: Vec<Expression<C>>,
    combine: impl FnOnce(Vec<Expression<C>>) -> Expression<C>,
) -> Expression<C> {
    match <[Expression<C>; 1]>::try_from(operands) {
        Ok([only]) => only,
        Err(operands) => combine(operands),
    }
}

fn operand<'a>(input: &mut &'a str, depth: usize) -> Parsed<Expression<Clause<'a>>> {
    if depth > MAX_NESTING {
        return refuse(format!(
            "The filter nests deeper than {MAX_NESTING} levels."
        ));
    }
    blank(input)?;
    if opt('(').parse_next(input)?.is_some() {
        // The parenthesis can be nothing else, so that a group is never parsed twice.
        return terminated(
            cut_err(|input: &mut &'a str| disjunction(input, depth + 1)),
            cut_err((blank, ')')),
        )
        .parse_next(input);
    }
    if opt(keyword("NOT")).parse_next(input)?.is_some() {
        let negated = cut_err(|input: &mut &'a str| operand(input, depth + 1)).parse_next(input)?;
        return Ok(Expression::Not(Box::new(negated)));
    }
    let start = *input;
    // What is shown of a broken clause begins with it.
    clause
        .map(Expression::Comparison)
        .parse_next(input)
        .inspect_err(|_| *input = start)
}

pub(crate) fn clause<'a>(input: &mut &'a str) -> Parsed<Clause<'a>> {
    let literal = terminated(literal.take(), (blank, comparator)).parse_next(&mut &**input);
    if let Ok(literal) = literal {
        return refuse(format!(
            "Invalid comparison clause. Expected 'Identifier' found '{}'",
            excerpt(literal)
        ));
    }
    let name = name(input)?;
    let comparator = preceded(blank, comparator).parse_next(input)?;
    let value = match comparator {
        Comparator::IsNull | Comparator::IsNotNull => Value {
            raw: "",
            kind: ValueKind::Absent,
        },
        Comparator::In | Comparator::NotIn => {
            preceded(blank, alt((list, broken_list))).parse_next(input)?
        }
        _ => preceded(blank, alt((list, broken_list, scalar))).parse_next(input)?,
    };
    Ok(Clause {
        name,
        comparator,
        value,
    })
}

/// A number or a text where a name belongs.
fn literal(input: &mut &str) -> Parsed<()> {
    let number = terminated(take_while(1.., ('0'..='9', '.')), not(one_of(is_word)));
    alt((quoted('\'').void(), number.void())).parse_next(input)
}

fn name<'a>(input: &mut &'a str) -> Parsed<Name<'a>> {
    let first = alt((
        quoted('`'),
        quoted('"'),
        take_while(1.., is_segment).map(Cow::Borrowed),
    ))
    .parse_next(input)?;
    let quoted_key = alt((quoted('`'), quoted('"'), quoted('\'')));
    let key = opt(preceded(
        '.',
        alt((quoted_key, take_while(1.., is_word).map(Cow::Borrowed))),
    ))
    .parse_next(input)?;
    Ok(match key {
        Some(key) => Name {
            prefix: Some(first),
            key,
        },
        None => Name {
            prefix: None,
            key: first,
        },
    })
}

fn scalar<'a>(input: &mut &'a str) -> Parsed<Value<'a>> {
    alt((
        quoted('\'').map(ValueKind::Quoted),
        quoted('"').map(ValueKind::Quoted),
        quoted('`').map(|_| ValueKind::Bare),
        take_while(1.., |c| is_word(c) || c == '+').map(|_| ValueKind::Bare),
    ))
    .with_taken()
    .map(|(kind, raw)| Value { raw, kind })
    .parse_next(input)
}

fn list<'a>(input: &mut &'a str) -> Parsed<Value<'a>> {
    let items = terminated(
        separated(1.., preceded(blank, scalar), (blank, ',')),
        opt((blank, ',')),
    );
    let items = terminated(opt(items), blank).map(Option::unwrap_or_default);
    delimited('(', items.map(ValueKind::List), ')')
        .with_taken()
        .map(|(kind, raw)| Value { raw, kind })
        .parse_next(input)
}

fn broken_list<'a>(input: &mut &'a str) -> Parsed<Value<'a>> {
    delimited('(', take_while(0.., |c| c != ')'), ')').parse_next(input)?;
    refuse(
        "While parsing a list in the query, expected a non-empty list of string values, but got \
         ill-formed list."
            .to_owned(),
    )
}

fn order_clause<'a>(input: &mut &'a str) -> Parsed<OrderClause<'a>> {
    blank(input)?;
    let start = *input;
    let name = name(input)?;
    let direction = opt(preceded(
        take_while(1.., char::is_whitespace),
        take_while(1.., is_word),
    ))
    .parse_next(input)?;
    let ascending = match direction {
        None => true,
        Some(word) if word.eq_ignore_ascii_case("ASC") => true,
        Some(word) if word.eq_ignore_ascii_case("DESC") => false,
        Some(_) => {
            let clause = &start[..start.len() - input.len()];
            return refuse(format!(
                "Invalid ordering key in order_by clause '{}'.",
                excerpt(clause)
            ));
        }
    };
    Ok(OrderClause { name, ascending })
}

/// Text between two `mark`s, in which a doubled mark stands for one.
pub(crate) fn quoted<'a>(mark: char) -> impl Parser<&'a str, Cow<'a, str>, Failure> {
    let piece = alt((
        take_while(1.., move |c| c != mark).void(),
        (mark, mark).void(),
    ));
    delimited(mark, repeat::<_, _, (), _, _>(0.., piece).take(), mark).map(move |inner: &str| {
        if inner.contains(mark) {
            let doubled: String = [mark, mark].iter().collect();
            Cow::Owned(inner.replace(&doubled, mark.encode_utf8(&mut [0; 4])))
        } else {
            Cow::Borrowed(inner)
        }
    })
}

/// A whole word in any case, with the space before it.
pub(crate) fn keyword<'a>(word: &'static str) -> impl Parser<&'a str, (), Failure> {
    (blank, Caseless(word), not(one_of(is_word))).void()
}

pub(crate) fn blank(input: &mut &str) -> Parsed<()> {
    take_while(0.., char::is_whitespace)
        .void()
        .parse_next(input)
}

/// Without quotes, a key holds what names of metrics, params and tags may hold, but for the space.
pub(crate) fn is_word(c: char) -> bool {
    is_segment(c) || c == '.'
}

pub(crate) fn is_segment(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | ':')
}
