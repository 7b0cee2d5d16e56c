//! Why the engine refuses to answer.

use thiserror::Error;

use crate::artifact::ArtifactError;

/// An error of the engine.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum EngineError {
    /// A field of a request cannot be used.
    #[error("request field `{field}`: {reason}")]
    Request {
        /// Path of the field, e.g. `job.location`.
        field: &'static str,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
    /// A file that the engine cannot do without is damaged.
    #[error("{role}: {source}")]
    Artifact {
        /// What the file is for: `manifest` or `catalog`.
        role: &'static str,
        /// What is wrong with it.
        source: ArtifactError,
    },
}

impl EngineError {
    /// A stable code: `request.invalid`, or that of the artifact error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Request { .. } => "request.invalid",
            Self::Artifact { source, .. } => source.code(),
        }
    }

    pub(super) fn request(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Request { field, reason: reason.into() }
    }
}
