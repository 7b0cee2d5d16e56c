//! Why a training could not be done.

use thiserror::Error;

use crate::artifact::ArtifactError;
use crate::native::files::FileError;

/// A recipe that makes no sense, data that cannot be learned from, or a run that went wrong.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The recipe is no TOML, or names a setting that does not exist.
    #[error("the recipe cannot be read: {reason}")]
    Recipe {
        /// What is wrong, with line and column.
        reason: String,
    },
    /// A setting is outside its range.
    #[error("{setting} = {value} is not allowed: {range}")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// Its value.
        value: String,
        /// What is allowed.
        range: &'static str,
    },
    /// Settings that do not go together.
    #[error("the recipe contradicts itself: {reason}")]
    Contradiction {
        /// Which settings, and why.
        reason: String,
    },
    /// There is too little to learn from.
    #[error("{part} has {found} samples, at least {needed} are needed")]
    Samples {
        /// The part of the split.
        part: &'static str,
        /// How many samples it has.
        found: usize,
        /// How many it must have.
        needed: usize,
    },
    /// The columns of the samples do not fit each other, or an index is outside its table.
    #[error("sample column {column} does not fit: {reason}")]
    Column {
        /// The column.
        column: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The loss is no longer a number. Nothing of that batch was learned.
    #[error("the loss became {loss} in epoch {epoch}, {}; {}", place(*batch), kept(*good))]
    Diverged {
        /// The epoch, from 1.
        epoch: usize,
        /// The batch of it, from 1; `None` in the validation after it.
        batch: Option<usize>,
        /// The loss.
        loss: f64,
        /// The epoch after which the last checkpoint was made, 0 = before the first; `None` without checkpoints.
        good: Option<usize>,
    },
    /// Somebody asked for the training to end.
    #[error("stopped in epoch {epoch} after {batches} batches; {}", kept_here(*kept))]
    Interrupted {
        /// The epoch, from 1.
        epoch: usize,
        /// Batches of it that were learned from.
        batches: usize,
        /// Whether a checkpoint of just this moment was made.
        kept: bool,
    },
    /// A checkpoint is one of another training.
    #[error("the checkpoint cannot be resumed from: its {what} is another: {reason}")]
    Resume {
        /// `recipe`, `data`, `split`.
        what: &'static str,
        /// What differs.
        reason: String,
    },
    /// A model cannot be started from.
    #[error("the training cannot start from that model: {reason}")]
    Start {
        /// Why.
        reason: String,
    },
    /// What is needed beside the samples was not given.
    #[error("{needed} is needed: {reason}")]
    Needed {
        /// What.
        needed: &'static str,
        /// By which setting.
        reason: &'static str,
    },
    /// candle refused an operation.
    #[error("candle: {0}")]
    Backend(#[from] candle_core::Error),
    /// The thread of the training could not be started.
    #[error("no thread to train on: {0}")]
    Thread(#[from] rayon::ThreadPoolBuildError),
    /// The thread that writes checkpoints could not be started.
    #[error("no thread to write checkpoints on: {0}")]
    Writer(std::io::Error),
    /// A checkpoint could not be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A state could not be stored or read.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
}

impl TrainError {
    /// A stable code: `train.` and the reason, or the code of the artifact's or file's error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Recipe { .. } => "train.recipe",
            Self::Setting { .. } => "train.setting",
            Self::Samples { .. } => "train.samples",
            Self::Column { .. } => "train.column",
            Self::Contradiction { .. } => "train.contradiction",
            Self::Diverged { .. } => "train.diverged",
            Self::Interrupted { .. } => "train.interrupted",
            Self::Resume { .. } => "train.resume",
            Self::Start { .. } => "train.start",
            Self::Needed { .. } => "train.needed",
            Self::Backend(_) => "train.backend",
            Self::Thread(_) | Self::Writer(_) => "train.thread",
            Self::File(error) => error.code(),
            Self::Artifact(error) => error.code(),
        }
    }
}

fn place(batch: Option<usize>) -> String {
    batch.map_or_else(|| "on the validation part".to_owned(), |batch| format!("batch {batch}"))
}

fn kept(good: Option<usize>) -> String {
    match good {
        None => "no checkpoint was made".to_owned(),
        Some(0) => "the last checkpoint is from before the first epoch".to_owned(),
        Some(epoch) => format!("the last good checkpoint is the one after epoch {epoch}"),
    }
}

fn kept_here(kept: bool) -> &'static str {
    if kept { "a checkpoint was made there" } else { "no checkpoint was made" }
}
