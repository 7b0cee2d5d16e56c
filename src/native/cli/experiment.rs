//! `tidyrank experiment`.

use super::{CliError, Context};
use crate::native::experiment::ExperimentError;

mod assign;

/// Flags of `tidyrank experiment`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tidyrank experiment assign --definition ranking.json --unit client-0001
  tidyrank experiment --help

docs/experiments.md says what each figure is and how it was checked.")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Say which variant units get
    Assign(assign::Args),
}

/// Runs the command.
pub(super) fn run(args: Args, context: &Context) -> Result<(), CliError> {
    match args.command {
        Command::Assign(args) => assign::run(args, context),
    }
}

impl From<ExperimentError> for CliError {
    fn from(error: ExperimentError) -> Self {
        let hint = match &error {
            ExperimentError::Definition { .. } => "correct the definition; docs/experiments.md shows one",
            ExperimentError::Number { .. } => "correct the flag; `--help` gives its range",
            ExperimentError::Nothing { .. } => "check --experiment, --outcome and the events",
        };
        Self::new(error.code(), error.to_string(), hint)
    }
}
