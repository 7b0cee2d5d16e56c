//! Why a batch could not be scored.

use thiserror::Error;

use crate::engine::EngineError;
use crate::native::datasets::DataError;

/// An error of scoring a batch.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ScoreError {
    /// The threads could not be started.
    #[error("cannot start {threads} threads: {reason}")]
    Threads {
        /// How many.
        threads: usize,
        /// Why.
        reason: String,
    },
    /// The engine refuses a job.
    #[error("job {job:?}: {source}")]
    Engine {
        /// The job.
        job: String,
        /// Why.
        source: EngineError,
    },
    /// The table could not be written, or the data not be read.
    #[error(transparent)]
    Data(#[from] DataError),
}

impl ScoreError {
    /// A stable code: `score.` and the reason, or that of the engine's or the data's error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Threads { .. } => "score.threads",
            Self::Engine { source, .. } => source.code(),
            Self::Data(error) => error.code(),
        }
    }
}
