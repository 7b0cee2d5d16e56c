//! What is learned: ratings, whom a client hires, or both; and what is done to the samples to make it harder.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The losses with their weights; they are added up. A weight of 0 leaves one out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LossConfig {
    /// Weight of the mean squared error of the rating, 0 or more.
    #[schemars(range(min = 0.0))]
    pub mse: f64,
    /// Weight of the binary cross-entropy of being hired, of the hired cleaner and of the negatives, 0 or more (X. He et al.,
    /// WWW 2017).
    #[schemars(range(min = 0.0))]
    pub bce: f64,
    /// Weight of the pairwise loss of the hired cleaner against each negative, 0 or more (BPR: S. Rendle et al., UAI 2009).
    #[schemars(range(min = 0.0))]
    pub bpr: f64,
    /// Weight of the mean squared length of the client and cleaner vectors of a batch, 0 or more: embedding regularisation as a
    /// term of the loss, for the rows that are in the batch alone.
    #[schemars(range(min = 0.0))]
    pub embedding_l2: f64,
}

/// The cleaners that stand against the hired one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NegativeConfig {
    /// Where they come from.
    pub kind: NegativeKind,
    /// How many are drawn per sample, anew in every epoch, 1 or more; with `bidders` at most as many as there are.
    #[schemars(range(min = 1, max = 1000))]
    pub ratio: usize,
    /// The difference of two scores that counts as one unit of log-odds, above 0: scores are ratings in 0 to 1.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub temperature: f64,
}

/// Where negatives come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NegativeKind {
    /// The other bidders of the job, each once: whom the client could have had.
    #[default]
    Bidders,
    /// All cleaners who had joined, with equal chances.
    Uniform,
    /// All cleaners, each as likely as the number of jobs that he or she had been hired for before.
    Popularity,
}

/// Changes of the training samples, drawn anew in every epoch.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Augmentation {
    /// Standard deviation of the noise that is added to every known continuous feature, in standard deviations of that feature.
    #[schemars(range(min = 0.0))]
    pub jitter: f64,
    /// Share of the samples whose property type, and independently whose eco flag, is hidden, 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub category_dropout: f64,
}

impl Default for LossConfig {
    fn default() -> Self {
        Self { mse: 1.0, bce: 0.0, bpr: 0.0, embedding_l2: 0.0 }
    }
}

impl Default for NegativeConfig {
    fn default() -> Self {
        Self { kind: NegativeKind::Bidders, ratio: 4, temperature: 0.1 }
    }
}

impl LossConfig {
    /// Whether a loss needs negatives.
    pub fn needs_negatives(&self) -> bool {
        self.bce > 0.0 || self.bpr > 0.0
    }
}
