//! `tidyrank import`.

use std::fmt::Write;
use std::path::PathBuf;
use std::time::Instant;

use super::{CliError, Context, generate};
use crate::native::datasets::import::{ImportError, Mapping, Report, import};

const EXAMPLES: &str = "\
Examples:
  tidyrank import --mapping examples/taskrabbit/mapping.toml --source listings/ --out data/taskrabbit
  tidyrank import --mapping examples/uci-restaurants/mapping.toml --source uci/ --out data/restaurants --force

The mapping says which column of which CSV file is what; docs/data.md lists its keys. Every value is checked before
anything is written; if one is wrong, all problems are counted and the first 20 shown with file, line and column.";

/// How many problems are shown one by one.
const SHOWN: usize = 20;

/// Flags of `tidyrank import`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Mapping file (TOML)
    #[arg(long, value_name = "FILE")]
    mapping: PathBuf,
    /// Folder of the CSV files
    #[arg(long, value_name = "DIR")]
    source: PathBuf,
    /// Folder of the new data set
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Replace the data set that is there
    #[arg(long)]
    force: bool,
}

/// Runs the command.
pub(super) fn run(args: Args, context: &Context) -> Result<(), CliError> {
    let started = Instant::now();
    let mapping = Mapping::read(&args.mapping)?;
    let written = import(&mapping, &args.source, &args.out, args.force)?;
    generate::show(&args.out, &written, started.elapsed().as_secs_f64(), context.format);
    Ok(())
}

impl From<ImportError> for CliError {
    fn from(error: ImportError) -> Self {
        let message = match &error {
            ImportError::Invalid { report } => format!("{error}{}", list(report)),
            _ => error.to_string(),
        };
        Self::new(error.code(), message, error.hint())
    }
}

/// The first problems, then how many there are of each kind and what to do about them.
fn list(report: &Report) -> String {
    let mut text = String::new();
    let problems = report.problems();
    // Writing to a string cannot fail.
    for problem in problems.iter().take(SHOWN) {
        let _ = write!(text, "\n  {problem}");
    }
    if problems.len() > SHOWN {
        let _ = write!(text, "\n  … and {} more", problems.len() - SHOWN);
    }
    for (kind, count) in report.by_kind() {
        let _ = write!(text, "\n  {count} x {}: {}", kind.code(), kind.hint());
    }
    text
}
