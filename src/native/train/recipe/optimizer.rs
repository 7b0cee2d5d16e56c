//! How weights move: the optimiser, its step length and what holds values back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The optimisers. They differ in what `weight_decay` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerKind {
    /// Weight decay is taken off the values, apart from the gradient (I. Loshchilov, F. Hutter, ICLR 2019).
    #[default]
    AdamW,
    /// Weight decay is added to the gradient and goes through the moments, as an L2 term of the loss would (D. P. Kingma, J. Ba,
    /// ICLR 2015; `weight_decay` of `torch.optim.Adam`).
    Adam,
}

/// The optimiser with its settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Form", into = "Form")]
pub struct OptimizerConfig {
    /// Which one.
    pub kind: OptimizerKind,
    /// Step length before the scheduler, above 0.
    pub learning_rate: f64,
    /// Decay of the first and of the second moment, each 0 up to but not including 1.
    pub betas: [f64; 2],
    /// Added to the root of the second moment, above 0.
    pub epsilon: f64,
    /// Pull of the matrices and property type vectors toward 0, 0 or more. `adamw`: per step, decay x learning rate of a value
    /// is taken off; `adam`: decay x value is added to the gradient.
    pub weight_decay: f64,
    /// The same for the client and cleaner vectors: what few samples say of a client counts less.
    pub embedding_decay: f64,
    /// The gradients of a step are scaled down to this norm over all of them if it is larger; 0 = never.
    pub clip_norm: f64,
    /// What the learning rate of each part is multiplied with.
    pub rates: RateFactors,
}

/// What the learning rate of each part of the network is multiplied with, 0 or more; 0 = it keeps its first values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RateFactors {
    /// The client vectors.
    #[schemars(range(min = 0.0))]
    pub user: f64,
    /// The cleaner vectors.
    #[schemars(range(min = 0.0))]
    pub item: f64,
    /// The content branch: property type vectors, hidden layers and norms.
    #[schemars(range(min = 0.0))]
    pub content: f64,
    /// The hidden layers over the client and cleaner vectors, both output layers, and the blend of the branches.
    #[schemars(range(min = 0.0))]
    pub heads: f64,
}

impl Default for RateFactors {
    fn default() -> Self {
        Self { user: 1.0, item: 1.0, content: 1.0, heads: 1.0 }
    }
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Form::default().into()
    }
}

/// As it stands in a recipe: the default of a decay depends on what it means.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "OptimizerConfig")]
struct Form {
    /// `adamw` (weight decay apart from the gradient) or `adam` (weight decay in the gradient, an L2 term).
    kind: OptimizerKind,
    /// Step length before the scheduler.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    learning_rate: f64,
    /// Decay of the first and of the second moment.
    #[schemars(inner(range(min = 0.0, max = 1.0)))]
    betas: [f64; 2],
    /// Added to the root of the second moment.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    epsilon: f64,
    /// Pull of the matrices and property type vectors toward 0; by default 10 for `adamw` and 0 for `adam`.
    #[schemars(range(min = 0.0))]
    weight_decay: Option<f64>,
    /// The same for the client and cleaner vectors; by default 10 for `adamw` and 0 for `adam`.
    #[schemars(range(min = 0.0))]
    embedding_decay: Option<f64>,
    /// The gradients of a step are scaled down to this norm over all of them; 0 = never.
    #[schemars(range(min = 0.0))]
    clip_norm: f64,
    /// What the learning rate of each part is multiplied with.
    rates: RateFactors,
}

impl Default for Form {
    fn default() -> Self {
        Self {
            kind: OptimizerKind::AdamW,
            learning_rate: 0.001,
            betas: [0.9, 0.999],
            epsilon: 1e-8,
            weight_decay: None,
            embedding_decay: None,
            clip_norm: 0.0,
            rates: RateFactors::default(),
        }
    }
}

impl From<Form> for OptimizerConfig {
    fn from(form: Form) -> Self {
        let decay = match form.kind {
            OptimizerKind::AdamW => 10.0,
            OptimizerKind::Adam => 0.0,
        };
        Self {
            kind: form.kind,
            learning_rate: form.learning_rate,
            betas: form.betas,
            epsilon: form.epsilon,
            weight_decay: form.weight_decay.unwrap_or(decay),
            embedding_decay: form.embedding_decay.unwrap_or(decay),
            clip_norm: form.clip_norm,
            rates: form.rates,
        }
    }
}

impl From<OptimizerConfig> for Form {
    fn from(config: OptimizerConfig) -> Self {
        Self {
            kind: config.kind,
            learning_rate: config.learning_rate,
            betas: config.betas,
            epsilon: config.epsilon,
            weight_decay: Some(config.weight_decay),
            embedding_decay: Some(config.embedding_decay),
            clip_norm: config.clip_norm,
            rates: config.rates,
        }
    }
}
