//! `tidyrank export`.

use super::{CliError, Context};

/// Flags of `tidyrank export`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

/// Runs the command.
pub(super) fn run(_args: Args, _context: &Context) -> Result<(), CliError> {
    Err(CliError::new("cli.not_built", "not built yet", "wait"))
}
