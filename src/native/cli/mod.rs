//! The command line: one file per command. A command parses its flags, calls the library and shows the result.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

mod arrange_flags;
mod ask;
mod baselines;
mod bids;
mod catalog;
mod evaluate;
mod evaluate_jobs;
mod experiment;
mod explain;
mod export;
mod fold_in;
mod generate;
mod import;
mod ingest;
mod inspect;
mod known;
mod load;
mod locale;
mod monitor;
mod nearest;
mod output;
mod progress;
mod quantize;
mod ranking_table;
mod recommend;
mod recommend_jobs;
mod registry;
mod registry_table;
mod report_table;
mod score;
mod signals;
mod split_lists;
mod suggest_bid;
mod tracking;
mod train;
mod train_flags;

/// The data set of commands that name none: what `make demo` generates.
const DEFAULT_DATA: &str = "data/athens";
/// The model of `tidyrank recommend` for that data set: what `make demo` trains.
const DEFAULT_MODEL: &str = "models/cleaners/latest";

/// How results are written to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table for people.
    Table,
    /// JSON for programs.
    Json,
}

/// Rank a service marketplace: generate or import data, train, evaluate, quantise, recommend.
#[derive(Debug, Parser)]
#[command(name = "tidyrank", version, propagate_version = true, max_term_width = 110)]
struct Cli {
    /// How to write results
    #[arg(long, global = true, value_enum, default_value = "table")]
    format: Format,
    /// Show no progress
    #[arg(long, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Generate a synthetic marketplace with a known latent truth
    Generate(generate::Args),
    /// Import CSV files into a data set, by a mapping file
    Import(import::Args),
    /// Add what pages recorded to a data set
    Ingest(ingest::Args),
    /// Train a model by a recipe
    Train(train::Args),
    /// Evaluate a model on the hold-out, beside its baselines
    Evaluate(evaluate::Args),
    /// Measure models that anything better has to beat, on ratings or on a marketplace
    Baselines(baselines::Args),
    /// Quantise a trained model to int8 and release it
    Quantize(quantize::Args),
    /// Rank the cleaners for a job, or the open jobs for a cleaner
    Recommend(recommend::Question),
    /// Explain a cleaner's score and place for a job
    Explain(explain::Args),
    /// Compare what happens with what the model was made for: ok, watch or retrain (exit code 3)
    Monitor(monitor::Args),
    /// Make a client's vector of the client's own ratings, or measure what that is worth
    FoldIn(fold_in::Args),
    /// Answer requests, one JSON object a line, in canonical JSON
    Ask(ask::Args),
    /// Train or measure the model that suggests bids
    Bids(bids::Args),
    /// Suggest a bid of a cleaner for a job
    SuggestBid(suggest_bid::Args),
    /// Score every open job against every cleaner, into a Parquet file
    Score(score::Args),
    /// Show what is in a model, and check its files
    Inspect(inspect::Args),
    /// Cut a large catalog into tiles, or look at such tiles
    Catalog(catalog::Args),
    /// Plan, simulate, assign and report experiments
    Experiment(experiment::Args),
    /// Keep released versions: promote, roll out, roll back, verify, sign, publish
    Registry(registry::Args),
    /// Export the jobs and clients that the demo page shows
    Export(export::Args),
}

/// What every command is given.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// How to write results.
    pub format: Format,
    /// Whether progress may be shown on standard error.
    pub progress: bool,
}

/// Why a command failed: what happened, and what to do about it.
#[derive(Debug)]
pub struct CliError {
    /// A stable code, e.g. `data.missing_column`.
    pub code: String,
    /// What happened, with the file, field, line or id.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl CliError {
    /// An error with its code, what happened, and what to do.
    pub fn new(code: impl Into<String>, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), hint: hint.into() }
    }
}

/// Tells something that does not stop the command.
fn warn(text: &str) {
    // A closed standard error is no reason to panic.
    let _ = writeln!(std::io::stderr(), "warning: {text}");
}

/// With `-1` taken for a value wherever one is due, so that what refuses it is the flag.
fn signed(command: clap::Command) -> clap::Command {
    let signed_value = |arg: clap::Arg| {
        let value = arg.get_action().takes_values();
        if value { arg.allow_negative_numbers(true) } else { arg }
    };
    command.mut_args(signed_value).mut_subcommands(signed)
}

/// Tells what became of a command that did not fail.
fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", text.trim_end());
}

/// Runs the command line of this process: exit code 0 = ok, 1 = failed, 2 = wrong usage (by clap), 3 = `tidyrank
/// monitor` says that the model is to be trained again, or the gate of `tidyrank registry promote` does not let a version
/// through, 130 or 143 = a training was ended by Ctrl-C or `kill`.
pub fn main() -> ExitCode {
    let cli = Cli::from_arg_matches(&signed(Cli::command()).get_matches()).unwrap_or_else(|error| error.exit());
    let context = Context { format: cli.format, progress: !cli.quiet && std::io::stderr().is_terminal() };
    let mut code = ExitCode::SUCCESS;
    let result = match cli.command {
        Command::Generate(args) => generate::run(args, &context),
        Command::Import(args) => import::run(args, &context),
        Command::Ingest(args) => ingest::run(args, &context),
        Command::Train(args) => train::run(args, &context).map(|status| code = status),
        Command::Evaluate(args) => evaluate::run(args, &context),
        Command::Baselines(args) => baselines::run(args, &context),
        Command::Quantize(args) => quantize::run(args, &context),
        Command::Recommend(args) => recommend::run(args, &context),
        Command::Explain(args) => explain::run(args, &context),
        Command::Monitor(args) => monitor::run(args, &context).map(|status| code = status),
        Command::FoldIn(args) => fold_in::run(args, &context),
        Command::Ask(args) => ask::run(args),
        Command::Bids(args) => bids::run(args, &context),
        Command::SuggestBid(args) => suggest_bid::run(args, &context),
        Command::Score(args) => score::run(args, &context),
        Command::Inspect(args) => inspect::run(args, &context),
        Command::Catalog(args) => catalog::run(args, &context),
        Command::Experiment(args) => experiment::run(args, &context),
        Command::Registry(args) => registry::run(args, &context).map(|status| code = status),
        Command::Export(args) => export::run(args, &context),
    };
    match result {
        Ok(()) => code,
        Err(error) => {
            // A closed standard error is no reason to panic.
            let _ = writeln!(std::io::stderr(), "error[{}]: {}\n  help: {}", error.code, error.message, error.hint);
            ExitCode::FAILURE
        }
    }
}
