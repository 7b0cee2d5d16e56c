//! Every setting of a training, with its default. `models/cleaners/recipe.toml` shows them all with comments.

use serde::{Deserialize, Serialize};

use super::TrainError;
use crate::domain::Fractions;

/// A recipe: what is trained, how, and on which part of the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recipe {
    /// Name of the model.
    pub name: String,
    /// Version of the model.
    pub version: String,
    /// Seed of everything random: initial weights, order of samples, dropout, unknown rows, random split.
    pub seed: u64,
    /// Share of the rule score in the ensemble, 0 to 1.
    pub rule_weight: f32,
    /// The network.
    pub model: ModelConfig,
    /// The optimisation.
    pub training: TrainingConfig,
    /// How the learning rate falls.
    pub scheduler: SchedulerConfig,
    /// What is learned from, chosen by and measured on.
    pub split: SplitConfig,
}

/// The shape of the hybrid network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    /// Length of a client's and of a cleaner's vector.
    pub embedding_dim: usize,
    /// Length of a property type's vector.
    pub category_dim: usize,
    /// Widths of the three hidden layers of either branch.
    pub hidden: [usize; 3],
    /// Share of hidden values that are dropped while training, 0 up to but not including 1.
    pub dropout: f32,
}

/// How the weights are found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainingConfig {
    /// `adam`.
    pub optimizer: Optimizer,
    /// Step length at the start.
    pub learning_rate: f64,
    /// Samples per step.
    pub batch_size: usize,
    /// At most that many passes over the training part.
    pub epochs: usize,
    /// Stop after that many epochs without a better validation loss.
    pub patience: usize,
    /// Pull of the matrices and property type vectors toward 0: share of a value that is taken off per step, divided by the
    /// learning rate.
    pub weight_decay: f64,
    /// The same for the client and cleaner vectors: what few samples say of a client counts less.
    pub embedding_decay: f64,
    /// Decay per step of the running average of the weights, which is what is validated and kept; 0 = the last weights.
    pub average: f64,
    /// Share of the training samples whose client, and independently whose cleaner, is hidden, so that the unknown rows
    /// are trained.
    pub unknown_rate: f64,
}

/// The optimisers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Optimizer {
    /// D. P. Kingma, J. Ba, ICLR 2015; β = 0.9 and 0.999, ε = 1e-8; weight decay apart from the gradient.
    #[default]
    Adam,
}

/// ReduceLROnPlateau: the learning rate falls when the validation loss no longer does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SchedulerConfig {
    /// What the learning rate is multiplied with.
    pub factor: f64,
    /// Epochs without progress that are waited for.
    pub patience: usize,
    /// The learning rate falls no further than this.
    pub min_learning_rate: f64,
}

/// How the samples are split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SplitConfig {
    /// By time or at random.
    pub kind: SplitKind,
    /// Share to learn from.
    pub train: f64,
    /// Share to choose the epoch by.
    pub validation: f64,
    /// Share to measure on; the three add up to 1.
    pub test: f64,
}

/// What decides in which part a sample is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SplitKind {
    /// The time of the job: learn from the past, measure on what came after.
    #[default]
    Temporal,
    /// Chance.
    Random,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            name: "cleaners".to_owned(),
            version: "1.0.0".to_owned(),
            seed: 42,
            rule_weight: 0.6,
            model: ModelConfig::default(),
            training: TrainingConfig::default(),
            scheduler: SchedulerConfig::default(),
            split: SplitConfig::default(),
        }
    }
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self { embedding_dim: 64, category_dim: 16, hidden: [128, 64, 32], dropout: 0.2 }
    }
}

impl Default for TrainingConfig {
    fn default() -> Self {
        Self {
            optimizer: Optimizer::Adam,
            learning_rate: 0.001,
            batch_size: 256,
            epochs: 60,
            patience: 5,
            weight_decay: 10.0,
            embedding_decay: 10.0,
            average: 0.98,
            unknown_rate: 0.05,
        }
    }
}

impl Default for SchedulerConfig {
    fn default() -> Self {
        Self { factor: 0.5, patience: 2, min_learning_rate: 1e-5 }
    }
}

impl Default for SplitConfig {
    fn default() -> Self {
        Self { kind: SplitKind::Temporal, train: 0.7, validation: 0.1, test: 0.2 }
    }
}

impl SplitConfig {
    /// The shares as [`temporal_split`](crate::domain::temporal_split) takes them.
    pub fn fractions(&self) -> Fractions {
        Fractions { train: self.train, validation: self.validation }
    }
}

impl Recipe {
    /// Reads a recipe from TOML; what it does not say has its default.
    ///
    /// # Errors
    /// [`TrainError::Recipe`] for bad TOML and unknown settings, [`TrainError::Setting`] for a value outside its range.
    pub fn from_toml(text: &str) -> Result<Self, TrainError> {
        let recipe: Self = toml::from_str(text).map_err(|error| TrainError::Recipe { reason: error.to_string() })?;
        recipe.check()?;
        Ok(recipe)
    }

    /// The recipe as TOML, with every setting.
    ///
    /// # Errors
    /// [`TrainError::Recipe`] for values that TOML cannot hold; those of a checked recipe can be held.
    pub fn to_toml(&self) -> Result<String, TrainError> {
        toml::to_string_pretty(self).map_err(|error| TrainError::Recipe { reason: error.to_string() })
    }

    /// Refuses settings outside their range.
    ///
    /// # Errors
    /// [`TrainError::Setting`].
    pub fn check(&self) -> Result<(), TrainError> {
        let (model, training, split) = (&self.model, &self.training, &self.split);
        let share = |value: f64| (0.0..=1.0).contains(&value);
        let widths = [model.embedding_dim, model.category_dim, model.hidden[0], model.hidden[1], model.hidden[2]];
        let sum = split.train + split.validation + split.test;
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let not_negative = |value: f64| value.is_finite() && value >= 0.0;
        let rules: &[(&'static str, String, bool, &'static str)] = &[
            ("seed", self.seed.to_string(), i64::try_from(self.seed).is_ok(), "below 2^63, as TOML has it"),
            ("rule_weight", self.rule_weight.to_string(), share(self.rule_weight.into()), "0 to 1"),
            ("model widths", format!("{widths:?}"), widths.iter().all(|w| (1..=4096).contains(w)), "1 to 4096"),
            ("dropout", model.dropout.to_string(), (0.0..1.0).contains(&model.dropout), "0 up to but not including 1"),
            ("learning_rate", training.learning_rate.to_string(), positive(training.learning_rate), "above 0"),
            ("batch_size", training.batch_size.to_string(), training.batch_size >= 2, "2 or more"),
            ("epochs", training.epochs.to_string(), training.epochs >= 1, "1 or more"),
            ("patience", training.patience.to_string(), training.patience >= 1, "1 or more"),
            ("weight_decay", training.weight_decay.to_string(), not_negative(training.weight_decay), "0 or more"),
            (
                "embedding_decay",
                training.embedding_decay.to_string(),
                not_negative(training.embedding_decay),
                "0 or more",
            ),
            (
                "average",
                training.average.to_string(),
                (0.0..1.0).contains(&training.average),
                "0 up to but not including 1",
            ),
            ("unknown_rate", training.unknown_rate.to_string(), share(training.unknown_rate), "0 to 1"),
            ("factor", self.scheduler.factor.to_string(), positive(1.0 - self.scheduler.factor), "below 1"),
            ("split", sum.to_string(), (sum - 1.0).abs() < 1e-9, "train + validation + test must be 1"),
            ("split.train", split.train.to_string(), share(split.train), "0 to 1"),
            ("split.validation", split.validation.to_string(), share(split.validation), "0 to 1"),
            ("split.test", split.test.to_string(), share(split.test), "0 to 1"),
        ];
        match rules.iter().find(|rule| !rule.2) {
            Some((setting, value, _, range)) => Err(TrainError::Setting { setting, value: value.clone(), range }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_recipe_is_the_default_one_and_survives_toml() {
        let recipe = Recipe::from_toml("").unwrap();
        assert_eq!(recipe, Recipe::default());
        assert_eq!(Recipe::from_toml(&recipe.to_toml().unwrap()).unwrap(), recipe);
    }

    #[test]
    fn the_recipe_that_is_shown_says_what_the_defaults_say() {
        let shown = include_str!("../../../models/cleaners/recipe.toml");
        assert_eq!(Recipe::from_toml(shown).unwrap(), Recipe::default());
        let settings = |text: &str| text.lines().filter(|line| line.contains(" = ")).count();
        let comments = shown.lines().filter(|line| line.starts_with('#') && line.contains(" = ")).count();
        let written = Recipe::default().to_toml().unwrap();
        assert_eq!(settings(shown) - comments, settings(&written), "every setting is shown\n{written}");
    }

    #[test]
    fn wrong_settings_are_named() {
        let cases = [
            ("sed = 1", "train.recipe", "sed"),
            ("[training]\nlearning_rate = \"fast\"", "train.recipe", "learning_rate"),
            ("[training]\nlearning_rate = 0.0", "train.setting", "learning_rate"),
            ("[training]\nbatch_size = 1", "train.setting", "batch_size"),
            ("[training]\noptimizer = \"sgd\"", "train.recipe", "sgd"),
            ("[training]\nunknown_rate = -0.1", "train.setting", "unknown_rate"),
            ("[model]\nhidden = [128, 64]", "train.recipe", "3"),
            ("[model]\ndropout = 1.0", "train.setting", "dropout"),
            ("[split]\ntrain = 0.8", "train.setting", "split"),
            ("[scheduler]\nfactor = 1.0", "train.setting", "factor"),
            ("rule_weight = 2.0", "train.setting", "rule_weight"),
        ];
        for (text, code, named) in cases {
            let error = Recipe::from_toml(text).unwrap_err();
            assert_eq!(error.code(), code, "{text}");
            assert!(error.to_string().contains(named), "{text}: {error}");
        }
        let error = Recipe { seed: u64::MAX, ..Recipe::default() }.check().unwrap_err();
        assert_eq!(error.code(), "train.setting");
    }
}
