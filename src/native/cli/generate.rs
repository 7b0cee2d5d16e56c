//! `tidyrank generate`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use comfy_table::Table;
use indicatif::{ProgressBar, ProgressStyle};

use super::{CliError, Context, DEFAULT_DATA, Format};
use crate::native::datagen::{ATHENS, Config, DatagenError, Generator};
use crate::native::datasets::{DatasetWriter, TruthMarket, Written};

mod rows;

const EXAMPLES: &str = "\
Examples:
  tidyrank generate --out data/athens
  tidyrank generate --out data/large --jobs 1000000 --cleaners 2000 --clients 50000
  tidyrank generate --out data/athens --seed 7 --force --format json

The folder gets one Parquet file per table, and the latent truth in truth/, which training never reads. The same seed
and sizes give the same bytes. docs/data.md lists every column and every constant.";

/// Flags of `tidyrank generate`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Folder of the new data set
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    out: PathBuf,
    /// Number of jobs
    #[arg(long, default_value_t = Config::default().jobs)]
    jobs: u64,
    /// Number of cleaners, at least 8
    #[arg(long, default_value_t = Config::default().cleaners)]
    cleaners: u32,
    /// Number of clients
    #[arg(long, default_value_t = Config::default().clients)]
    clients: u32,
    /// Which of the possible markets
    #[arg(long, default_value_t = Config::default().seed)]
    seed: u64,
    /// Replace the data set that is there
    #[arg(long)]
    force: bool,
}

/// Runs the command.
pub(super) fn run(args: Args, context: &Context) -> Result<(), CliError> {
    let started = Instant::now();
    let config = Config { jobs: args.jobs, cleaners: args.cleaners, clients: args.clients, seed: args.seed };
    let written = generate(&args.out, config, args.force, context.progress)?;
    show(&args.out, &written, started.elapsed().as_secs_f64(), context.format);
    Ok(())
}

fn generate(out: &Path, config: Config, force: bool, progress: bool) -> Result<Written, CliError> {
    let generator = Generator::new(config)?;
    let mut sink = rows::TableSink::new(DatasetWriter::create(out, force)?, generator.market());
    let bar = if progress { ProgressBar::new(config.jobs) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} jobs, {eta} left") {
        bar.set_style(style);
    }
    generator.run(&mut sink, |done| bar.set_position(done))?;
    bar.finish_and_clear();
    let constants = serde_json::to_value(ATHENS)
        .map_err(|error| CliError::new("cli.json", error.to_string(), "report this as a bug of tidyrank"))?;
    let truth = TruthMarket { noise_variance: generator.noise_variance(), constants };
    Ok(sink.finish(&truth)?)
}

/// Shows what was written.
pub(super) fn show(out: &Path, written: &Written, seconds: f64, format: Format) {
    match format {
        Format::Json => {
            let tables: serde_json::Map<_, _> =
                written.0.iter().map(|&(name, rows)| (name.to_owned(), rows.into())).collect();
            println!("{}", serde_json::json!({ "out": out, "tables": tables, "seconds": seconds }));
        }
        Format::Table => {
            let mut table = Table::new();
            table.set_header(["table", "rows"]);
            for (name, rows) in &written.0 {
                table.add_row([(*name).to_owned(), rows.to_string()]);
            }
            println!("{table}\n{} in {seconds:.1} s", out.display());
        }
    }
}

impl From<DatagenError> for CliError {
    fn from(error: DatagenError) -> Self {
        Self::new(error.code(), error.to_string(), "choose another --jobs, --cleaners or --clients")
    }
}
