//! What a model's inputs, scores and errors looked like when it was released.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::distribution::Distribution;
use super::observe::Observed;
use super::rating::{Rating, RatingSummary};
use crate::features::{FEATURES, schema_hash};

/// Version of the format.
const FORMAT: u32 = 1;
/// The role of its file in a model's manifest.
pub const REFERENCE_ROLE: &str = "reference";

/// Beside the model, as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    format: u32,
    /// Hash of the list of features.
    schema_hash: String,
    /// Jobs that it was made from.
    pub jobs: u64,
    /// When the first of them was posted.
    pub from: i64,
    /// When the last of them was posted.
    pub until: i64,
    /// One per feature, in their order.
    pub features: Vec<Distribution>,
    /// Of the model's scores.
    pub scores: Distribution,
    /// The errors, where any of the jobs was rated.
    pub rating: Option<RatingSummary>,
}

/// A reference that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReferenceError {
    /// No JSON, or of another form.
    #[error("it is no reference: {reason}")]
    Form {
        /// What is wrong.
        reason: String,
    },
    /// Another version.
    #[error("its format is {found}, this build reads {FORMAT}")]
    Version {
        /// The one found.
        found: u32,
    },
    /// Another list of features.
    #[error("it was made for other features ({found:.12}…)")]
    Schema {
        /// Hash of the list.
        found: String,
    },
}

impl ReferenceError {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Form { .. } => "reference.form",
            Self::Version { .. } => "reference.version",
            Self::Schema { .. } => "reference.schema",
        }
    }
}

impl Reference {
    /// Of a window that the model was not trained on.
    pub fn of(observed: &Observed) -> Self {
        Self {
            format: FORMAT,
            schema_hash: schema_hash(),
            jobs: observed.jobs,
            from: observed.from,
            until: observed.until,
            features: observed
                .features
                .iter()
                .zip(&observed.units)
                .map(|(values, n)| Distribution::of(values, *n))
                .collect(),
            scores: Distribution::of(&observed.scores, observed.jobs),
            rating: Rating::of(&observed.rated).map(|rating| rating.summary),
        }
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`ReferenceError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ReferenceError> {
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let form = |error: serde_json::Error| ReferenceError::Form { reason: error.to_string() };
        let Version { format } = serde_json::from_slice(bytes).map_err(form)?;
        if format != FORMAT {
            return Err(ReferenceError::Version { found: format });
        }
        let reference: Self = serde_json::from_slice(bytes).map_err(form)?;
        if reference.schema_hash != schema_hash() || reference.features.len() != FEATURES.len() {
            return Err(ReferenceError::Schema { found: reference.schema_hash });
        }
        let fits = |one: &Distribution| one.shares.len() == one.edges.len() + 2;
        if !reference.features.iter().chain([&reference.scores]).all(fits) {
            return Err(ReferenceError::Form { reason: "the shares do not fit the edges".to_owned() });
        }
        Ok(reference)
    }

    /// Its bytes: the same reference gives the same ones.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Plain numbers and texts: writing them cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }
}
