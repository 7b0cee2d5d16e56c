//! What cannot be planned, assigned or reported.

use thiserror::Error;

/// A refusal, with what to correct.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum ExperimentError {
    /// An experiment that is none.
    #[error("this is no experiment: {reason}")]
    Definition {
        /// What is wrong with it.
        reason: String,
    },
    /// A number that a computation cannot use.
    #[error("{field} is {value}: {reason}")]
    Number {
        /// Which.
        field: &'static str,
        /// What it was.
        value: f64,
        /// What it must be.
        reason: &'static str,
    },
    /// Events in which there is nothing to report.
    #[error("{reason}")]
    Nothing {
        /// What is missing.
        reason: String,
    },
}

impl ExperimentError {
    /// A stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Definition { .. } => "experiment.invalid",
            Self::Number { .. } => "experiment.number",
            Self::Nothing { .. } => "experiment.nothing",
        }
    }
}
