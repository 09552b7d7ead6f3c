//! The command line of `mlflow server`, in the settings of this server.
//!
//! `names` is the table of all flags and variables with what each becomes; `flags` takes them from
//! the command line and the environment, and `translation` makes settings of them. There is no
//! other difference between the commands `server` and `serve`.

mod addresses;
mod flags;
mod names;
mod translation;

pub use flags::MlflowFlags;
pub use names::{NAMES, Name, Then};
pub(super) use translation::{Translation, defaults, refuse_mlflow_data};
