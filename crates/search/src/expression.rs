//! Conditions joined by `AND`, `OR` and `NOT`.

use std::fmt::{self, Display};
use std::iter;

/// A tree of conditions `C`.
///
/// The parser puts at least two operands into `And` and `Or`, and no group within a group that the
/// text did not put into parentheses.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression<C> {
    /// All operands hold.
    And(Vec<Self>),
    /// At least one operand holds.
    Or(Vec<Self>),
    /// The operand does not hold.
    Not(Box<Self>),
    /// One condition.
    Comparison(C),
}

impl<C> Expression<C> {
    /// Every condition of the tree, from left to right.
    pub fn comparisons(&self) -> impl Iterator<Item = &C> {
        let mut pending = vec![self];
        iter::from_fn(move || {
            loop {
                match pending.pop()? {
                    Self::And(operands) | Self::Or(operands) => {
                        pending.extend(operands.iter().rev());
                    }
                    Self::Not(operand) => pending.push(operand),
                    Self::Comparison(comparison) => return Some(comparison),
                }
            }
        })
    }

    /// Changes every condition in place, from left to right.
    pub fn for_each_mut(&mut self, change: &mut impl FnMut(&mut C)) {
        match self {
            Self::And(operands) | Self::Or(operands) => {
                for operand in operands {
                    operand.for_each_mut(change);
                }
            }
            Self::Not(operand) => operand.for_each_mut(change),
            Self::Comparison(comparison) => change(comparison),
        }
    }

    /// The same tree with every condition converted; the first failure ends it.
    pub(crate) fn try_map<D, E>(
        self,
        convert: &mut impl FnMut(C) -> Result<D, E>,
    ) -> Result<Expression<D>, E> {
        Ok(match self {
            Self::And(operands) => Expression::And(try_map_all(operands, convert)?),
            Self::Or(operands) => Expression::Or(try_map_all(operands, convert)?),
            Self::Not(operand) => Expression::Not(Box::new(operand.try_map(convert)?)),
            Self::Comparison(comparison) => Expression::Comparison(convert(comparison)?),
        })
    }
}

fn try_map_all<C, D, E>(
    operands: Vec<Expression<C>>,
    convert: &mut impl FnMut(C) -> Result<D, E>,
) -> Result<Vec<Expression<D>>, E> {
    operands
        .into_iter()
        .map(|operand| operand.try_map(convert))
        .collect()
}

/// Prints text that parses to the same tree: parentheses only where the tree needs them, so that
/// printing never nests deeper than the text it came from.
impl<C: Display> Display for Expression<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(operands) => join(f, operands, " AND ", |operand| {
                matches!(operand, Self::And(_) | Self::Or(_))
            }),
            Self::Or(operands) => join(f, operands, " OR ", |operand| {
                matches!(operand, Self::Or(_))
            }),
            Self::Not(operand) => {
                f.write_str("NOT ")?;
                write_operand(f, operand, matches!(**operand, Self::And(_) | Self::Or(_)))
            }
            Self::Comparison(comparison) => comparison.fmt(f),
        }
    }
}

fn join<C: Display>(
    f: &mut fmt::Formatter<'_>,
    operands: &[Expression<C>],
    separator: &str,
    in_parentheses: impl Fn(&Expression<C>) -> bool,
) -> fmt::Result {
    for (index, operand) in operands.iter().enumerate() {
        if index > 0 {
            f.write_str(separator)?;
        }
        write_operand(f, operand, in_parentheses(operand))?;
    }
    Ok(())
}

fn write_operand<C: Display>(
    f: &mut fmt::Formatter<'_>,
    operand: &Expression<C>,
    in_parentheses: bool,
) -> fmt::Result {
    if in_parentheses {
        write!(f, "({operand})")
    } else {
        operand.fmt(f)
    }
}
