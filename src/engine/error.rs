//! Why the engine refuses to answer.

use crate::artifact::ArtifactError;
use crate::artifact::text::{Quoted, text};

/// An error of the engine.
#[derive(Debug, Clone, PartialEq)]
pub enum EngineError {
    /// A field of a request cannot be used.
    Request {
        /// Path of the field, e.g. `job.location`.
        field: &'static str,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
    /// The cleaner whom a question is about is not in the catalog.
    UnknownCleaner {
        /// Path of the field.
        field: &'static str,
        /// The id.
        id: String,
    },
    /// A file that the engine cannot do without is damaged.
    Artifact {
        /// What the file is for: `manifest` or `catalog`.
        role: &'static str,
        /// What is wrong with it.
        source: ArtifactError,
    },
}

impl EngineError {
    /// A stable code: `request.invalid`, `request.unknown_cleaner`, or that of the artifact error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Request { .. } => "request.invalid",
            Self::UnknownCleaner { .. } => "request.unknown_cleaner",
            Self::Artifact { source, .. } => source.code(),
        }
    }

    /// What is wrong, in English.
    pub fn message(&self) -> String {
        match self {
            Self::Request { field, reason } => text!("request field `", *field, "`: ", reason),
            Self::UnknownCleaner { field, id } => {
                text!("request field `", *field, "`: no cleaner of the catalog has the id ", Quoted(id))
            }
            Self::Artifact { role, source } => text!(*role, ": ", &source.message()),
        }
    }

    pub(super) fn request(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Request { field, reason: reason.into() }
    }
}

impl std::fmt::Display for EngineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message())
    }
}

impl std::error::Error for EngineError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Request { .. } | Self::UnknownCleaner { .. } => None,
            Self::Artifact { source, .. } => Some(source),
        }
    }
}
