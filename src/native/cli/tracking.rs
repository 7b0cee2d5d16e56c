//! Trackers of `tidyrank train`: their flags, and a training in their words.

use std::io::Write;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::Value;

use super::CliError;
use crate::native::tracking::{
    Address, EpochRecord, EventFile, HistoryFile, MlflowRun, Patience, RunInfo, Status, Trackers, numbers, texts,
};
use crate::native::train::Recipe;

/// Flags of the trackers.
#[derive(Debug, clap::Args)]
pub(super) struct Flags {
    /// Write TensorBoard event files into this folder
    #[arg(long, value_name = "DIR", help_heading = "Tracking")]
    tensorboard: Option<PathBuf>,
    /// Log the run on this MLflow server
    #[arg(long, value_name = "URL", help_heading = "Tracking")]
    mlflow: Option<Address>,
    /// Experiment of the run there
    #[arg(long, value_name = "NAME", default_value = "tidyrank", requires = "mlflow", help_heading = "Tracking")]
    mlflow_experiment: String,
}

/// The trackers of a training into the folder `out`, told that it begins. What they cannot do is said on standard error.
pub(super) fn begin(flags: &Flags, out: &Path, bar: &ProgressBar, run: &RunInfo) -> Trackers<'static> {
    let bar = bar.clone();
    let mut trackers = Trackers::new(move |error| {
        bar.suspend(|| {
            let (code, hint) = (error.code(), error.hint());
            let text = format!("warning[{code}]: {error}; the training goes on without it\n  help: {hint}");
            // A closed standard error is no reason to panic.
            let _ = writeln!(std::io::stderr(), "{text}");
        });
    });
    trackers.add(HistoryFile::new(&out.join("history.jsonl")));
    if let Some(folder) = &flags.tensorboard {
        trackers.add(EventFile::new(folder));
    }
    if let Some(address) = &flags.mlflow {
        trackers.add(MlflowRun::new(address.clone(), flags.mlflow_experiment.clone(), Patience::default()));
    }
    trackers.start(run);
    trackers
}

/// A training by this recipe on these data.
pub(super) fn run_info(recipe: &Recipe, fingerprint: &str) -> RunInfo {
    let (name, version) = (recipe.name.as_str(), recipe.version.as_str());
    let tags = [
        ("tidyrank.version", env!("CARGO_PKG_VERSION")),
        ("model.name", name),
        ("model.version", version),
        ("data.fingerprint", fingerprint),
        ("mlflow.source.name", "tidyrank train"),
    ];
    RunInfo {
        name: format!("{name} {version}, seed {}", recipe.seed),
        params: texts(&json(recipe)),
        tags: tags.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
    }
}

/// An epoch: the number is its step, every other number a value.
pub(super) fn record(number: usize, epoch: &impl Serialize) -> EpochRecord {
    let mut values = numbers(&json(epoch));
    values.retain(|(name, _)| name != "epoch");
    EpochRecord { step: number as u64, values, line: serde_json::to_string(epoch).unwrap_or_default() }
}

/// How a training ended that nobody stopped.
pub(super) fn status<T>(result: &Result<T, CliError>) -> Status {
    match result {
        Ok(_) => Status::Finished,
        Err(error) => Status::Failed(format!("{}: {}", error.code, error.message)),
    }
}

/// A value that is known to be one of JSON.
fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
