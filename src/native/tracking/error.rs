//! Why a tracker gave up. None of these ends a training.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// What went wrong with a tracker.
#[derive(Debug, thiserror::Error)]
pub enum TrackingError {
    /// A file could not be written.
    #[error("cannot write {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// No answer came: no server, a connection that broke, or one that says nothing.
    #[error("no answer from {url}: {reason}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// What happened.
        reason: String,
    },
    /// The server refused.
    #[error("{url} answered {status}: {message}")]
    Refused {
        /// What was asked.
        url: String,
        /// Status of HTTP.
        status: u16,
        /// What the server says, cut short.
        message: String,
    },
    /// The answer is not one of MLflow's.
    #[error("{url} answered something else than MLflow does: {reason}")]
    Answer {
        /// What was asked.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The server had not taken everything when the training was done.
    #[error("{url} did not take everything within {} s after the training", waited.as_secs_f64())]
    Slow {
        /// The server.
        url: String,
        /// How long it was waited for.
        waited: Duration,
    },
}

impl TrackingError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "tracking.file",
            Self::Unreachable { .. } => "tracking.unreachable",
            Self::Refused { .. } => "tracking.refused",
            Self::Answer { .. } => "tracking.answer",
            Self::Slow { .. } => "tracking.slow",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::File { .. } => "check the folder and the free space there",
            Self::Unreachable { .. } => "start the server (`mlflow server`), or check the address of --mlflow",
            Self::Refused { .. } => "see what the server says, and its log",
            Self::Answer { .. } => "check that the address of --mlflow is that of an MLflow server",
            Self::Slow { .. } => "what is missing there is in history.jsonl",
        }
    }
}
