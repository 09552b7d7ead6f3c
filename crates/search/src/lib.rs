//! The grammar of `filter` and `order_by`: text in, a typed syntax tree out.
//!
//! ```
//! use ferroflow_search::{Filter, RunField};
//!
//! let filter = Filter::<RunField>::parse("metrics.loss < 0.1 AND (params.depth = '3' OR tags.best IS NOT NULL)")?;
//! assert!(filter.is_some());
//! # Ok::<(), ferroflow_model::Error>(())
//! ```
//!
//! # The language
//!
//! ```text
//! filter     = and-list ("OR" and-list)*
//! and-list   = operand ("AND" operand)*
//! operand    = "(" filter ")" | "NOT" operand | comparison
//! comparison = name operator value | name ["NOT"] "IN" list | name "IS" ["NOT"] "NULL"
//! name       = [entity "."] key              key: a word, or quoted by ` or "
//! operator   = "=" | "!=" | "<" | "<=" | ">" | ">=" | "LIKE" | "ILIKE"
//! value      = number | text                 text: quoted by ' or "
//! list       = "(" value ("," value)* [","] ")"
//! order-by   = name ["ASC" | "DESC"]
//! ```
//!
//! It holds every filter that `MLflow` documents. `OR`, `NOT`, parentheses, and `IN` on every text
//! are additions. Keywords are accepted in any case. Inside quotes, a doubled quote stands for one.
//!
//! In `LIKE` and `ILIKE` patterns `%` stands for any text and `_` for any one character; there is no
//! escape character, and a pattern matches the whole value. `LIKE` regards case, `ILIKE` does not.

mod comparators;
mod expression;
mod field;
mod filter;
mod limits;
mod order_by;
mod syntax;
mod typing;
mod unreadable;
mod wording;

mod experiments;
mod logged_models;
mod model_versions;
mod registered_models;
mod runs;

pub use experiments::{ExperimentAttribute, ExperimentField};
pub use expression::Expression;
pub use field::{Attribute, Field, FilterField};
pub use filter::{Comparison, Filter, NumericOperator, Predicate, TextOperator};
pub use limits::{
    MAX_COMPARISONS, MAX_FILTER_CHARACTERS, MAX_LIST_ITEMS, MAX_NESTING, MAX_ORDER_BY_CLAUSES,
};
pub use logged_models::{LoggedModelAttribute, LoggedModelField, LoggedModelOrder};
pub use model_versions::{ModelVersionAttribute, ModelVersionField, ModelVersionOrder};
pub use order_by::OrderBy;
pub use registered_models::{RegisteredModelField, RegisteredModelOrder};
pub use runs::{DatasetAttribute, RunAttribute, RunField, RunOrder};
