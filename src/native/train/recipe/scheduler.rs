//! How the learning rate changes from epoch to epoch, and when the epochs end.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the learning rate rises at the start, and how it falls after that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Form", into = "Form")]
pub struct SchedulerConfig {
    /// Epochs in which the rate rises in equal steps; the first epoch after them has the full rate. 0 = none.
    pub warmup_epochs: usize,
    /// What follows.
    pub decay: Decay,
}

/// How the learning rate falls.
#[derive(Debug, Clone, PartialEq)]
pub enum Decay {
    /// Not at all.
    Constant,
    /// When the validation loss no longer falls (`torch.optim.lr_scheduler.ReduceLROnPlateau`).
    Plateau {
        /// What the rate is multiplied with, above 0 and below 1.
        factor: f64,
        /// Epochs without progress that are waited for.
        patience: usize,
        /// The rate falls no further than this.
        min_learning_rate: f64,
    },
    /// Along half a cosine until the last epoch (I. Loshchilov, F. Hutter, ICLR 2017, without restarts).
    Cosine {
        /// Where it ends.
        min_learning_rate: f64,
    },
}

/// Stop when nothing is gained any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EarlyStopping {
    /// What is looked at, on the validation part. The epoch with the best value is kept.
    pub metric: StopMetric,
    /// Stop after that many epochs without progress, 1 or more.
    #[schemars(range(min = 1))]
    pub patience: usize,
    /// What counts as progress: better than the best by more than this, 0 or more.
    #[schemars(range(min = 0.0))]
    pub min_delta: f64,
}

/// What is looked at on the validation part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StopMetric {
    /// The loss, as it is trained but without dropout and regularisation.
    #[default]
    Loss,
    /// Mean squared error of the ratings.
    Mse,
    /// Mean absolute error of the ratings.
    Mae,
    /// Mean reciprocal rank of the hired cleaner among the bidders of the job, by the score alone; more is better.
    Mrr,
}

impl Default for EarlyStopping {
    fn default() -> Self {
        Self { metric: StopMetric::Loss, patience: 5, min_delta: 0.0 }
    }
}

impl Default for SchedulerConfig {
    fn default() -> Self {
        Self { warmup_epochs: 0, decay: Decay::Plateau { factor: 0.5, patience: 2, min_learning_rate: 1e-5 } }
    }
}

/// The kinds of [`Decay`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Constant,
    #[default]
    Plateau,
    Cosine,
}

/// As it stands in a recipe.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "SchedulerConfig")]
struct Form {
    /// `plateau` (ReduceLROnPlateau, the default), `cosine` or `constant`.
    kind: Kind,
    /// `plateau`: what the rate is multiplied with; default 0.5.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
    factor: Option<f64>,
    /// `plateau`: epochs without progress that are waited for; default 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    patience: Option<usize>,
    /// `plateau` and `cosine`: the rate falls no further than this; default 1e-5.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    min_learning_rate: Option<f64>,
    /// Epochs in which the rate rises in equal steps; 0 = none.
    warmup_epochs: usize,
}

impl TryFrom<Form> for SchedulerConfig {
    type Error = String;

    fn try_from(form: Form) -> Result<Self, String> {
        let Form { kind, factor, patience, min_learning_rate, warmup_epochs } = form;
        let refuse = |given: bool, setting: &str, of: &str| {
            let kind = format!("{kind:?}").to_lowercase();
            let text = || format!("scheduler.{setting} is a setting of {of}, but scheduler.kind = \"{kind}\"");
            if given { Err(text()) } else { Ok(()) }
        };
        if kind != Kind::Plateau {
            refuse(factor.is_some(), "factor", "plateau")?;
            refuse(patience.is_some(), "patience", "plateau")?;
        }
        if kind == Kind::Constant {
            refuse(min_learning_rate.is_some(), "min_learning_rate", "plateau and cosine")?;
        }
        let min_learning_rate = min_learning_rate.unwrap_or(1e-5);
        let decay = match kind {
            Kind::Constant => Decay::Constant,
            Kind::Cosine => Decay::Cosine { min_learning_rate },
            Kind::Plateau => {
                Decay::Plateau { factor: factor.unwrap_or(0.5), patience: patience.unwrap_or(2), min_learning_rate }
            }
        };
        Ok(Self { warmup_epochs, decay })
    }
}

impl From<SchedulerConfig> for Form {
    fn from(config: SchedulerConfig) -> Self {
        let form = Self { warmup_epochs: config.warmup_epochs, ..Self::default() };
        match config.decay {
            Decay::Constant => Self { kind: Kind::Constant, ..form },
            Decay::Cosine { min_learning_rate } => {
                Self { kind: Kind::Cosine, min_learning_rate: Some(min_learning_rate), ..form }
            }
            Decay::Plateau { factor, patience, min_learning_rate } => Self {
                factor: Some(factor),
                patience: Some(patience),
                min_learning_rate: Some(min_learning_rate),
                ..form
            },
        }
    }
}
