//! Configuration: flag, then environment, then one TOML file, then default.

mod database;
mod flags;
mod load;
mod print;
mod settings;

pub use database::DatabaseUrl;
pub(crate) use database::in_full;
pub use flags::Flags;
pub use load::{Loaded, Origin, load};
pub use print::print;
pub use settings::{LogFormat, Settings};
