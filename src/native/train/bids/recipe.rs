//! Every setting of the bid model's training, with its default.

use serde::{Deserialize, Serialize};

use crate::domain::Fractions;
use crate::native::train::TrainError;
use crate::native::train::recipe::{
    Decay, EarlyStopping, OptimizerConfig, Recipe, SchedulerConfig, SplitConfig, SplitKind, TrainingConfig,
};

/// How the bid model is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BidRecipe {
    /// Seed of everything random: initial weights, order of the rows, hidden features.
    pub seed: u64,
    /// Widths of the two hidden layers.
    pub hidden: [usize; 2],
    /// Step length at the start.
    pub learning_rate: f64,
    /// Bids per step.
    pub batch_size: usize,
    /// At most that many passes over the training part.
    pub epochs: usize,
    /// Stop after that many epochs without a better validation loss.
    pub patience: usize,
    /// Pull of the matrices toward 0: share of a value that is taken off per step, divided by the learning rate.
    pub weight_decay: f64,
    /// Decay per step of the running average of the weights; 0 = the last weights.
    pub average: f64,
    /// Share of the known features that are hidden at random while training, so that what is unknown is known ground.
    pub hidden_rate: f64,
    /// What the pinball loss counts beside the log loss of winning.
    pub quantile_weight: f64,
    /// Share of the jobs to learn from, by time.
    pub train: f64,
    /// Share of the jobs after them to choose the epoch and to calibrate by; the rest is for measuring.
    pub validation: f64,
}

impl Default for BidRecipe {
    fn default() -> Self {
        Self {
            seed: 42,
            hidden: [32, 16],
            learning_rate: 0.002,
            batch_size: 256,
            epochs: 60,
            patience: 8,
            weight_decay: 0.5,
            average: 0.98,
            hidden_rate: 0.02,
            quantile_weight: 5.0,
            train: 0.7,
            validation: 0.1,
        }
    }
}

impl BidRecipe {
    /// Refuses settings outside their range.
    ///
    /// # Errors
    /// [`TrainError::Setting`].
    pub fn check(&self) -> Result<(), TrainError> {
        let widths = format!("{:?}", self.hidden);
        if !self.hidden.iter().all(|width| (1..=4096).contains(width)) {
            return Err(TrainError::Setting { setting: "hidden", value: widths, range: "1 to 4096" });
        }
        if !(0.0..=1.0).contains(&self.hidden_rate) {
            let (setting, value) = ("hidden_rate", self.hidden_rate.to_string());
            return Err(TrainError::Setting { setting, value, range: "0 to 1" });
        }
        if !(self.quantile_weight.is_finite() && self.quantile_weight >= 0.0) {
            let (setting, value) = ("quantile_weight", self.quantile_weight.to_string());
            return Err(TrainError::Setting { setting, value, range: "0 or more" });
        }
        if self.batch_size < 2 {
            let (setting, value) = ("batch_size", self.batch_size.to_string());
            return Err(TrainError::Setting { setting, value, range: "2 or more" });
        }
        self.for_loop().check()
    }

    /// The shares of the jobs to learn from and to choose by.
    pub fn fractions(&self) -> Fractions {
        Fractions { train: self.train, validation: self.validation }
    }

    /// The parts that the training loop reads.
    pub(super) fn for_loop(&self) -> Recipe {
        let &Self { learning_rate, batch_size, epochs, patience, weight_decay, average, .. } = self;
        let decay = Decay::Plateau { factor: 0.5, patience: 3, min_learning_rate: 1e-5 };
        let test = 1.0 - self.train - self.validation;
        Recipe {
            seed: self.seed,
            optimizer: OptimizerConfig { learning_rate, weight_decay, ..OptimizerConfig::default() },
            training: TrainingConfig { batch_size, epochs, average, ..TrainingConfig::default() },
            scheduler: SchedulerConfig { warmup_epochs: 0, decay },
            early_stopping: EarlyStopping { patience, ..EarlyStopping::default() },
            split: SplitConfig {
                kind: SplitKind::Temporal,
                train: self.train,
                validation: self.validation,
                test,
                lists: None,
            },
            ..Recipe::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_outside_their_range_are_named() {
        assert!(BidRecipe::default().check().is_ok());
        type Change = fn(&mut BidRecipe);
        let cases: [(&str, Change); 5] = [
            ("hidden", |r| r.hidden = [0, 4]),
            ("hidden_rate", |r| r.hidden_rate = 1.5),
            ("quantile_weight", |r| r.quantile_weight = f64::NAN),
            ("learning_rate", |r| r.learning_rate = 0.0),
            ("split", |r| (r.train, r.validation) = (0.9, 0.2)),
        ];
        for (setting, change) in cases {
            let mut recipe = BidRecipe::default();
            change(&mut recipe);
            let error = recipe.check().unwrap_err();
            assert!(error.to_string().contains(setting), "{error}");
        }
    }
}
