//! What was said to `ferroflow server`, by flags and in the environment.

use std::ffi::OsString;

use anyhow::{Result, anyhow};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, error};

use super::names::{NAMES, Name};

/// The values of the flags of `mlflow server` that were given.
#[derive(Debug, Clone, Default)]
pub struct MlflowFlags(Vec<(&'static str, String)>);

impl Args for MlflowFlags {
    fn augment_args(command: Command) -> Command {
        // `-h` is the host, as it is for `mlflow server`.
        let command = command.disable_help_flag(true).arg(
            Arg::new("help")
                .long("help")
                .action(ArgAction::Help)
                .help("Print help"),
        );
        let flags = NAMES.iter().filter(|name| !name.flag.is_empty());
        command.args(flags.map(argument))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for MlflowFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, error::Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), error::Error> {
        for name in NAMES.iter().filter(|name| !name.flag.is_empty()) {
            if let Some(value) = matches.get_one::<String>(name.flag) {
                self.0.push((name.flag, value.clone()));
            }
        }
        Ok(())
    }
}

fn argument(name: &Name) -> Arg {
    let help = match name.variable {
        "" => name.help.to_owned(),
        variable => format!("{} [env: {variable}]", name.help),
    };
    let argument = Arg::new(name.flag)
        .long(name.flag)
        .help(help)
        .help_heading(name.topic)
        .overrides_with(name.flag);
    let argument = match name.short {
        Some(short) => argument.short(short),
        None => argument,
    };
    let argument = match name.opposite {
        "" => argument,
        opposite => argument.overrides_with(opposite),
    };
    match name.value {
        "" => argument
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .hide_possible_values(true)
            .value_name("BOOLEAN"),
        // Options for other servers begin with a dash themselves.
        value => argument.value_name(value).allow_hyphen_values(true),
    }
}

impl MlflowFlags {
    /// What was said under a name, and by what: the flag, else the variable. Empty counts as
    /// nothing, as it does for `mlflow server`.
    pub(super) fn said(
        &self,
        name: &Name,
        environment: &impl Fn(&str) -> Option<OsString>,
    ) -> Result<Option<(String, String)>> {
        let is_given = |value: &String| !value.is_empty();
        if let Some((flag, value)) = self.0.iter().find(|(flag, _)| *flag == name.flag) {
            let value = Some(value.clone()).filter(is_given);
            return Ok(value.map(|value| (format!("--{flag}"), value)));
        }
        if name.variable.is_empty() {
            return Ok(None);
        }
        let value = environment(name.variable).map(OsString::into_string);
        let value = value
            .transpose()
            .map_err(|_| anyhow!("{} is not UTF-8", name.variable))?;
        let value = value.filter(is_given);
        Ok(value.map(|value| (name.variable.to_owned(), value)))
    }
}
