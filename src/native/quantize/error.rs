//! Why a model could not be quantised.

use thiserror::Error;

use crate::artifact::ArtifactError;

/// A state that cannot be read, or inputs that do not fit it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum QuantizeError {
    /// There are too few calibration rows to know how the inputs vary.
    #[error("{found} calibration rows, at least {needed} are needed")]
    Calibration {
        /// How many there are.
        found: usize,
        /// How many there must be.
        needed: usize,
    },
    /// A calibration row names a row that a table does not have.
    #[error("calibration column {column} holds {row}, the model has {rows} rows")]
    Row {
        /// The column.
        column: &'static str,
        /// The row that it names.
        row: u32,
        /// The rows that the model has.
        rows: usize,
    },
    /// The values of a layer are not finite.
    #[error("layer {layer:?} gives values that are not finite")]
    NotFinite {
        /// The layer.
        layer: String,
    },
    /// A file could not be read or written.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
}

impl QuantizeError {
    /// A stable code: `quantize.` and the reason, or the code of the artifact's error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Calibration { .. } => "quantize.calibration",
            Self::Row { .. } => "quantize.row",
            Self::NotFinite { .. } => "quantize.not_finite",
            Self::Artifact(error) => error.code(),
        }
    }
}
