//! From when on a figure is worth a look, and from when on the model should be trained again.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Two limits of one figure; beyond the first it is `watch`, beyond the second `retrain`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// From here on: watch.
    pub watch: f64,
    /// From here on: retrain.
    pub retrain: f64,
}

/// All limits, with their defaults. Every figure also has to be more than chance: see `docs/monitoring.md`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// Population stability index of a feature.
    pub feature_psi: Level,
    /// How many features beyond `feature_psi.retrain` it takes to retrain; fewer are `watch`.
    pub drifted_features: usize,
    /// Population stability index of the scores.
    pub score_psi: Level,
    /// RMSE of the expected ratings, relative to that at the release.
    pub rmse_ratio: Level,
    /// Expected calibration error of the ratings, beyond that at the release.
    pub ece_increase: Level,
    /// By how much fewer ratings than promised lie in their intervals.
    pub interval_shortfall: Level,
    /// Least share of the catalog that is shown to anybody; below it: watch.
    pub catalog_coverage: f64,
    /// Probability that a change would look like this by chance: above it, it counts as none.
    pub significance: f64,
    /// Fewest jobs that say anything about drift.
    pub min_jobs: u64,
    /// Fewest ratings that say anything about errors.
    pub min_rated: u64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            feature_psi: Level { watch: 0.1, retrain: 0.25 },
            drifted_features: 2,
            score_psi: Level { watch: 0.1, retrain: 0.25 },
            rmse_ratio: Level { watch: 1.1, retrain: 1.25 },
            ece_increase: Level { watch: 0.02, retrain: 0.05 },
            interval_shortfall: Level { watch: 0.03, retrain: 0.1 },
            catalog_coverage: 0.2,
            significance: 0.001,
            min_jobs: 200,
            min_rated: 100,
        }
    }
}

/// Thresholds that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ThresholdsError {
    /// No TOML, an unknown key, a value of another type.
    #[error("{reason}")]
    Form {
        /// What is wrong, with the line.
        reason: String,
    },
    /// A value that no limit can have.
    #[error("{key}: {reason}")]
    Value {
        /// Which.
        key: &'static str,
        /// What it should be.
        reason: &'static str,
    },
}

impl ThresholdsError {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Form { .. } => "thresholds.form",
            Self::Value { .. } => "thresholds.value",
        }
    }
}

impl Thresholds {
    /// Reads those that a file names; the others keep their defaults.
    ///
    /// # Errors
    /// [`ThresholdsError`].
    pub fn from_toml(text: &str) -> Result<Self, ThresholdsError> {
        let read: Self = toml::from_str(text)
            .map_err(|error| ThresholdsError::Form { reason: error.to_string().trim().to_owned() })?;
        let levels = [
            ("feature_psi", read.feature_psi),
            ("score_psi", read.score_psi),
            ("rmse_ratio", read.rmse_ratio),
            ("ece_increase", read.ece_increase),
            ("interval_shortfall", read.interval_shortfall),
        ];
        for (key, Level { watch, retrain }) in levels {
            if !(watch.is_finite() && retrain.is_finite() && 0.0 <= watch && watch <= retrain) {
                let reason = "watch and retrain must be numbers from 0 up, and watch the smaller one";
                return Err(ThresholdsError::Value { key, reason });
            }
        }
        for (key, share) in [("catalog_coverage", read.catalog_coverage), ("significance", read.significance)] {
            if !(0.0..=1.0).contains(&share) {
                return Err(ThresholdsError::Value { key, reason: "it must be a number from 0 to 1" });
            }
        }
        Ok(read)
    }
}
