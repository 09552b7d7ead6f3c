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

use crate::expression::Expression;
use crate::limits::{MAX_NESTING, check_text, excerpt};

/// A failure holds the whole message when the place where it arose knows best.
type Failure = ErrMode<ContextError<String>>;
type Parsed<T> = std::result::Result<T, Failure>;

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
    pub(crate) comparator: Comparator,
    pub(crate) value: Value<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparator {
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

impl Comparator {
    pub(crate) const fn text(self) -> &'static str {
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
        }
    }
}

/// Parses a filter; `None` when the text is blank.
pub(crate) fn parse_filter(text: &str) -> Result<Option<Expression<Clause<'_>>>> {
    check_text("filter", text)?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    let mut rest = text;
    terminated(|input: &mut _| disjunction(input, 0), (blank, eof))
        .parse_next(&mut rest)
        .map(Some)
        .map_err(|failure| {
            explain(&failure, || {
                format!(
                    "Invalid clause(s) in filter string: '{}'",
                    excerpt(rest.trim())
                )
            })
        })
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
                format!(
                    "Invalid order_by clause '{}'. Could not be parsed.",
                    excerpt(text)
                )
            })
        })
}

fn explain(failure: &Failure, otherwise: impl FnOnce() -> String) -> Error {
    let message = match failure {
        ErrMode::Backtrack(error) | ErrMode::Cut(error) => error.context().next().cloned(),
        ErrMode::Incomplete(_) => None,
    };
    Error::invalid(message.unwrap_or_else(otherwise))
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
    // The error message shows a broken clause as a whole.
    clause
        .map(Expression::Comparison)
        .parse_next(input)
        .inspect_err(|_| *input = start)
}

fn clause<'a>(input: &mut &'a str) -> Parsed<Clause<'a>> {
    let name = name(input)?;
    let comparator = preceded(blank, comparator).parse_next(input)?;
    let value = match comparator {
        Comparator::IsNull | Comparator::IsNotNull => Value {
            raw: "",
            kind: ValueKind::Absent,
        },
        Comparator::In | Comparator::NotIn => preceded(blank, list).parse_next(input)?,
        _ => preceded(blank, alt((list, scalar))).parse_next(input)?,
    };
    Ok(Clause {
        name,
        comparator,
        value,
    })
}

fn name<'a>(input: &mut &'a str) -> Parsed<Name<'a>> {
    let first =
        alt((quoted_name, take_while(1.., is_segment).map(Cow::Borrowed))).parse_next(input)?;
    let key = opt(preceded(
        '.',
        alt((quoted_name, take_while(1.., is_word).map(Cow::Borrowed))),
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

fn quoted_name<'a>(input: &mut &'a str) -> Parsed<Cow<'a, str>> {
    alt((quoted('`'), quoted('"'), quoted('\''))).parse_next(input)
}

fn comparator(input: &mut &str) -> Parsed<Comparator> {
    alt((
        symbol,
        keyword("LIKE").value(Comparator::Like),
        keyword("ILIKE").value(Comparator::ILike),
        keyword("IN").value(Comparator::In),
        (keyword("NOT"), keyword("IN")).value(Comparator::NotIn),
        (keyword("IS"), keyword("NULL")).value(Comparator::IsNull),
        (keyword("IS"), keyword("NOT"), keyword("NULL")).value(Comparator::IsNotNull),
        unsupported,
    ))
    .parse_next(input)
}

fn symbol(input: &mut &str) -> Parsed<Comparator> {
    let text = take_while(1.., ['=', '<', '>', '!', '~']).parse_next(input)?;
    match text {
        "=" => Ok(Comparator::Equal),
        "!=" => Ok(Comparator::NotEqual),
        "<" => Ok(Comparator::Less),
        "<=" => Ok(Comparator::LessOrEqual),
        ">" => Ok(Comparator::Greater),
        ">=" => Ok(Comparator::GreaterOrEqual),
        _ => refuse_comparator(text),
    }
}

/// Names the operators of SQL that people try, for a better message than "invalid clause".
fn unsupported(input: &mut &str) -> Parsed<Comparator> {
    let words = (
        opt(keyword("NOT")),
        alt((
            keyword("LIKE"),
            keyword("ILIKE"),
            keyword("RLIKE"),
            keyword("BETWEEN"),
        )),
    );
    let text = words.take().parse_next(input)?;
    refuse_comparator(text)
}

fn refuse_comparator(text: &str) -> Parsed<Comparator> {
    refuse(format!(
        "Invalid comparator '{}' not one of '=, !=, <, <=, >, >=, LIKE, ILIKE, IN, NOT IN, IS NULL, \
         IS NOT NULL'",
        excerpt(text)
    ))
}

fn scalar<'a>(input: &mut &'a str) -> Parsed<Value<'a>> {
    alt((
        quoted('\'').map(ValueKind::Quoted),
        quoted('"').map(ValueKind::Quoted),
        take_while(1.., |c| is_word(c) || c == '+')
            .value(())
            .map(|()| ValueKind::Bare),
    ))
    .with_taken()
    .map(|(kind, raw)| Value { raw, kind })
    .parse_next(input)
}

fn list<'a>(input: &mut &'a str) -> Parsed<Value<'a>> {
    let items = terminated(
        separated(0.., preceded(blank, scalar), (blank, ',')),
        (opt((blank, ',')), blank),
    );
    delimited('(', items.map(ValueKind::List), ')')
        .with_taken()
        .map(|(kind, raw)| Value { raw, kind })
        .parse_next(input)
}

fn order_clause<'a>(input: &mut &'a str) -> Parsed<OrderClause<'a>> {
    let name = preceded(blank, name).parse_next(input)?;
    let direction = opt(preceded(
        take_while(1.., char::is_whitespace),
        take_while(1.., is_word),
    ))
    .parse_next(input)?;
    let ascending = match direction {
        None => true,
        Some(word) if word.eq_ignore_ascii_case("ASC") => true,
        Some(word) if word.eq_ignore_ascii_case("DESC") => false,
        Some(word) => {
            return refuse(format!(
                "Invalid ordering key in order_by clause: '{}'. Expected ASC or DESC.",
                excerpt(word)
            ));
        }
    };
    Ok(OrderClause { name, ascending })
}

/// Text between two `mark`s, in which a doubled mark stands for one.
fn quoted<'a>(mark: char) -> impl Parser<&'a str, Cow<'a, str>, Failure> {
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
fn keyword<'a>(word: &'static str) -> impl Parser<&'a str, (), Failure> {
    (blank, Caseless(word), not(one_of(is_word))).void()
}

fn blank(input: &mut &str) -> Parsed<()> {
    take_while(0.., char::is_whitespace)
        .void()
        .parse_next(input)
}

/// Without quotes, a key holds what names of metrics, params and tags may hold, but for the space.
fn is_word(c: char) -> bool {
    is_segment(c) || c == '.'
}

fn is_segment(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | ':')
}
