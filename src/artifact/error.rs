//! Why a file was refused.

use thiserror::Error;

/// A file that is damaged, of another version, or not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ArtifactError {
    /// The file ends too early.
    #[error("{what} ends after {actual} of {expected} bytes")]
    Truncated {
        /// The file.
        what: String,
        /// How many bytes there should be.
        expected: u64,
        /// How many there are.
        actual: u64,
    },
    /// The file is longer than the manifest says.
    #[error("{what} has {actual} bytes, {expected} were expected")]
    Size {
        /// The file.
        what: String,
        /// How many bytes there should be.
        expected: u64,
        /// How many there are.
        actual: u64,
    },
    /// The bytes are not those that the manifest names.
    #[error("{what} has SHA-256 {actual}, {expected} was expected")]
    Checksum {
        /// The file.
        what: String,
        /// The sum in the manifest.
        expected: String,
        /// The sum of the bytes.
        actual: String,
    },
    /// The file is of a version that this build does not read.
    #[error("{what} has format version {found}, this build reads {oldest} to {newest}")]
    Version {
        /// The file.
        what: String,
        /// Its version.
        found: u32,
        /// The oldest version that can be read.
        oldest: u32,
        /// The newest version that can be read.
        newest: u32,
    },
    /// The model was trained on other features than this build computes.
    #[error("the feature schema is {found}, this build computes {expected}")]
    Schema {
        /// The schema of this build.
        expected: String,
        /// The schema of the file.
        found: String,
    },
    /// A tensor is not in the file.
    #[error("there is no tensor {name:?}")]
    MissingTensor {
        /// The tensor.
        name: String,
    },
    /// A tensor has another shape than asked for, or another number of values than its shape says.
    #[error("tensor {name:?} has shape {actual:?}, {expected:?} was expected")]
    Shape {
        /// The tensor.
        name: String,
        /// The shape asked for.
        expected: Vec<usize>,
        /// The shape found.
        actual: Vec<usize>,
    },
    /// A tensor has other numbers than asked for.
    #[error("tensor {name:?} holds {actual}, {expected} was expected")]
    Dtype {
        /// The tensor.
        name: String,
        /// The type asked for.
        expected: &'static str,
        /// The type found.
        actual: &'static str,
    },
    /// The manifest cannot be read or contradicts itself.
    #[error("the manifest is not valid: {reason}")]
    Manifest {
        /// What is wrong.
        reason: String,
    },
    /// A metadata entry is missing or cannot be read.
    #[error("metadata {key:?}: {reason}")]
    Metadata {
        /// The entry.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// The file is no safetensors file, or one for another purpose.
    #[error("not a file of the kind expected: {reason}")]
    Format {
        /// What is wrong.
        reason: String,
    },
}

impl ArtifactError {
    /// A stable code, the same in every language: `artifact.` and the reason.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Truncated { .. } => "artifact.truncated",
            Self::Size { .. } => "artifact.size",
            Self::Checksum { .. } => "artifact.checksum",
            Self::Version { .. } => "artifact.version",
            Self::Schema { .. } => "artifact.schema",
            Self::MissingTensor { .. } => "artifact.missing_tensor",
            Self::Shape { .. } => "artifact.shape",
            Self::Dtype { .. } => "artifact.dtype",
            Self::Manifest { .. } => "artifact.manifest",
            Self::Metadata { .. } => "artifact.metadata",
            Self::Format { .. } => "artifact.format",
        }
    }
}
