//! Why a training could not be done.

use thiserror::Error;

use crate::artifact::ArtifactError;

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
    /// The loss is no longer a number.
    #[error("the loss became {loss} in epoch {epoch}")]
    Diverged {
        /// The epoch, from 1.
        epoch: usize,
        /// The loss.
        loss: f64,
    },
    /// candle refused an operation.
    #[error("candle: {0}")]
    Backend(#[from] candle_core::Error),
    /// The thread of the training could not be started.
    #[error("no thread to train on: {0}")]
    Thread(#[from] rayon::ThreadPoolBuildError),
    /// A state could not be stored or read.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
}

impl TrainError {
    /// A stable code: `train.` and the reason, or the code of the artifact's error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Recipe { .. } => "train.recipe",
            Self::Setting { .. } => "train.setting",
            Self::Samples { .. } => "train.samples",
            Self::Column { .. } => "train.column",
            Self::Diverged { .. } => "train.diverged",
            Self::Backend(_) => "train.backend",
            Self::Thread(_) => "train.thread",
            Self::Artifact(error) => error.code(),
        }
    }
}
