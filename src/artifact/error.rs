//! Why a file was refused.

use super::text::{Quoted, text};

/// A file that is damaged, of another version, or not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ArtifactError {
    /// The file ends too early.
    Truncated {
        /// The file.
        what: String,
        /// How many bytes there should be.
        expected: u64,
        /// How many there are.
        actual: u64,
    },
    /// The file is longer than the manifest says.
    Size {
        /// The file.
        what: String,
        /// How many bytes there should be.
        expected: u64,
        /// How many there are.
        actual: u64,
    },
    /// The bytes are not those that the manifest names.
    Checksum {
        /// The file.
        what: String,
        /// The sum in the manifest.
        expected: String,
        /// The sum of the bytes.
        actual: String,
    },
    /// The file is of a version that this build does not read.
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
    Schema {
        /// The schema of this build.
        expected: String,
        /// The schema of the file.
        found: String,
    },
    /// A tensor is not in the file.
    MissingTensor {
        /// The tensor.
        name: String,
    },
    /// A tensor has another shape than asked for, or another number of values than its shape says.
    Shape {
        /// The tensor.
        name: String,
        /// The shape asked for.
        expected: Vec<usize>,
        /// The shape found.
        actual: Vec<usize>,
    },
    /// A tensor has other numbers than asked for.
    Dtype {
        /// The tensor.
        name: String,
        /// The type asked for.
        expected: &'static str,
        /// The type found.
        actual: &'static str,
    },
    /// The manifest cannot be read or contradicts itself.
    Manifest {
        /// What is wrong.
        reason: String,
    },
    /// A metadata entry is missing or cannot be read.
    Metadata {
        /// The entry.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// The file is no safetensors file, or one for another purpose.
    Format {
        /// What is wrong.
        reason: String,
    },
}

impl ArtifactError {
    /// What is wrong, in English.
    pub fn message(&self) -> String {
        match self {
            Self::Truncated { what, expected, actual } => {
                text!(what, " ends after ", *actual, " of ", *expected, " bytes")
            }
            Self::Size { what, expected, actual } => {
                text!(what, " has ", *actual, " bytes, ", *expected, " were expected")
            }
            Self::Checksum { what, expected, actual } => {
                text!(what, " has SHA-256 ", actual, ", ", expected, " was expected")
            }
            Self::Version { what, found, oldest, newest } => {
                text!(what, " has format version ", *found, ", this build reads ", *oldest, " to ", *newest)
            }
            Self::Schema { expected, found } => {
                text!("the feature schema is ", found, ", this build computes ", expected)
            }
            Self::MissingTensor { name } => text!("there is no tensor ", Quoted(name)),
            Self::Shape { name, expected, actual } => {
                let (expected, actual) = (expected.as_slice(), actual.as_slice());
                text!("tensor ", Quoted(name), " has shape ", actual, ", ", expected, " was expected")
            }
            Self::Dtype { name, expected, actual } => {
                text!("tensor ", Quoted(name), " holds ", *actual, ", ", *expected, " was expected")
            }
            Self::Manifest { reason } => text!("the manifest is not valid: ", reason),
            Self::Metadata { key, reason } => text!("metadata ", Quoted(key), ": ", reason),
            Self::Format { reason } => text!("not a file of the kind expected: ", reason),
        }
    }

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

impl std::fmt::Display for ArtifactError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message())
    }
}

impl std::error::Error for ArtifactError {}
