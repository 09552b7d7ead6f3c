//! Configuration: flag, then environment, then one TOML file, then default.

mod artifact_root;
mod buckets;
mod database;
mod flags;
mod load;
mod mlflow;
mod print;
mod settings;

pub use artifact_root::ArtifactRoot;
pub(crate) use artifact_root::directory;
pub use database::DatabaseUrl;
pub(crate) use database::in_full;
pub use flags::Flags;
pub use load::{Loaded, Origin, load, load_mlflow};
pub use mlflow::{MlflowFlags, NAMES as MLFLOW_NAMES, Name as MlflowName, Then};
pub use print::print;
pub use settings::{LogFormat, Settings};
