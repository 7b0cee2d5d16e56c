//! `tidyrank experiment`.

use super::{CliError, Context};
use crate::native::experiment::ExperimentError;

mod assign;
mod page;
mod plan;
mod report;
mod simulate;

/// Flags of `tidyrank experiment`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  tidyrank experiment plan --baseline 0.20 --effect 0.03 --daily 400
  tidyrank experiment assign --definition ranking.json --unit client-0001
  tidyrank experiment report --data data/athens --experiment ranking --out report.html

docs/experiments.md says what each figure is and how it was checked.")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Say how many units an experiment needs, or what it finds with those that it gets
    Plan(plan::Args),
    /// Say which variant units get
    Assign(assign::Args),
    /// Simulate experiments on a market with a known truth, or record events as pages would
    Simulate(simulate::Args),
    /// Say what an experiment found, and what other ranking policies would have got
    Report(report::Args),
}

/// Runs the command.
pub(super) fn run(args: Args, context: &Context) -> Result<(), CliError> {
    match args.command {
        Command::Plan(args) => plan::run(args, context),
        Command::Assign(args) => assign::run(args, context),
        Command::Simulate(args) => simulate::run(args, context),
        Command::Report(args) => report::run(args, context),
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
