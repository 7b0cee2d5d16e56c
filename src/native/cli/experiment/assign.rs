//! `tidyrank experiment assign`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::native::cli::output::{Output, table};
use crate::native::cli::{CliError, Context, Format};
use crate::native::experiment::{Assignment, Experiment};
use crate::native::files;

const EXAMPLES: &str = "Examples:
  tidyrank experiment assign --definition ranking.json --unit client-0001 --unit client-0002
  tidyrank experiment assign --definition ranking.json --units ids.txt --format json

The definition is the JSON that pages hand to `assign` of tidyrank/events:
  {\"key\": \"ranking\", \"traffic\": 0.25, \"variants\": [{\"key\": \"rules\", \"weight\": 1}, {\"key\": \"ensemble\", \"weight\": 1}]}";

/// Flags of `tidyrank experiment assign`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, group = clap::ArgGroup::new("who").required(true).multiple(true))]
pub(super) struct Args {
    /// The experiment as JSON
    #[arg(long, value_name = "FILE")]
    definition: PathBuf,
    /// Id of a unit
    #[arg(long, value_name = "ID", group = "who")]
    unit: Vec<String>,
    /// File with one id per line
    #[arg(long, value_name = "FILE", group = "who")]
    units: Option<PathBuf>,
}

/// Runs the command.
pub(super) fn run(args: Args, context: &Context) -> Result<(), CliError> {
    let experiment = definition(&args.definition)?;
    let mut units = args.unit;
    if let Some(path) = &args.units {
        let bytes = files::read(path)?;
        let text = String::from_utf8_lossy(&bytes);
        units.extend(text.lines().filter(|line| !line.is_empty()).map(str::to_owned));
    }
    let assigned: Vec<Assignment> = units.iter().map(|unit| experiment.assign(unit)).collect::<Result<_, _>>()?;
    let mut output = Output::new();
    match context.format {
        Format::Json => {
            output.json(&assigned)?;
            output.text("\n")?;
        }
        Format::Table => output.text(&as_tables(&assigned))?,
    }
    output.finish()
}

/// Reads an experiment.
pub(super) fn definition(path: &Path) -> Result<Experiment, CliError> {
    let bytes = files::read(path)?;
    let experiment: Experiment = serde_json::from_slice(&bytes).map_err(|error| {
        let message = format!("{}: {error}", path.display());
        CliError::new("experiment.invalid", message, "correct the definition; docs/experiments.md shows one")
    })?;
    experiment.check()?;
    Ok(experiment)
}

fn as_tables(assigned: &[Assignment]) -> String {
    let (mut units, mut counts) = (table(&["unit", "variant", "bucket"]), BTreeMap::<&str, usize>::new());
    for one in assigned {
        let variant = one.variant.as_deref().unwrap_or("takes no part");
        units.add_row([one.unit_id.clone(), variant.to_owned(), format!("{:.6}", one.bucket)]);
        *counts.entry(variant).or_default() += 1;
    }
    let mut sums = table(&["variant", "units"]);
    counts.iter().for_each(|(variant, count)| {
        sums.add_row([(*variant).to_owned(), count.to_string()]);
    });
    format!("{units}\n{sums}\n")
}
