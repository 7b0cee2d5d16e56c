//! Every setting of a training, with its default. `models/cleaners/recipe.toml` shows them with comments, docs/training.md
//! explains them, and [`Recipe::json_schema`] describes them for editors and other programs.

mod loss;
mod migrate;
mod optimizer;
mod scheduler;
mod split;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TrainError;

pub use loss::{Augmentation, LossConfig, NegativeConfig, NegativeKind};
pub use optimizer::{OptimizerConfig, OptimizerKind, RateFactors};
pub use scheduler::{Decay, EarlyStopping, SchedulerConfig, StopMetric};
pub use split::{SplitConfig, SplitKind, SplitLists};

/// A recipe: what is trained, how, and on which part of the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Recipe {
    /// Name of the model.
    pub name: String,
    /// Version of the model.
    pub version: String,
    /// Seed of everything random: initial weights, order of samples, dropout, unknown rows, negatives, augmentation, random
    /// split.
    #[schemars(range(max = 9223372036854775807u64))]
    pub seed: u64,
    /// Share of the rule score in the ensemble, 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub rule_weight: f64,
    /// The network.
    pub model: ModelConfig,
    /// How weights move.
    pub optimizer: OptimizerConfig,
    /// Samples, steps and epochs.
    pub training: TrainingConfig,
    /// How the learning rate changes.
    pub scheduler: SchedulerConfig,
    /// When to stop, and which epoch is kept.
    pub early_stopping: EarlyStopping,
    /// What is learned.
    pub loss: LossConfig,
    /// The cleaners that stand against the hired one, for `loss.bce` and `loss.bpr`; their default is that of an empty table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub negatives: Option<NegativeConfig>,
    /// Changes of the training samples.
    pub augmentation: Augmentation,
    /// What is learned from, chosen by and measured on.
    pub split: SplitConfig,
}

/// The shape of the hybrid network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    /// Length of a client's and of a cleaner's vector.
    #[schemars(range(min = 1, max = 4096))]
    pub embedding_dim: usize,
    /// Length of a property type's vector.
    #[schemars(range(min = 1, max = 4096))]
    pub category_dim: usize,
    /// Widths of the three hidden layers of either branch.
    #[schemars(inner(range(min = 1, max = 4096)))]
    pub hidden: [usize; 3],
    /// Share of hidden values that are dropped while training, 0 up to but not including 1.
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    pub dropout: f64,
    /// Whether the hidden layers of the content branch are normalised over the batch.
    pub batch_norm: bool,
}

/// Samples, steps and epochs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrainingConfig {
    /// Samples per gradient; 2 or more where batches are normalised.
    #[schemars(range(min = 1))]
    pub batch_size: usize,
    /// Gradients whose mean, by samples, makes one step of the optimiser, 1 or more.
    #[schemars(range(min = 1))]
    pub accumulate: usize,
    /// At most that many passes over the training part, 1 or more.
    #[schemars(range(min = 1))]
    pub epochs: usize,
    /// Decay per step of the running average of the weights, which is what is validated and kept; 0 = the last weights.
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    pub average: f64,
    /// Share of the training samples whose client, and independently whose cleaner, is hidden, so that the unknown rows
    /// are trained.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub unknown_rate: f64,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            name: "cleaners".to_owned(),
            version: "1.0.0".to_owned(),
            seed: 42,
            rule_weight: 0.6,
            model: ModelConfig::default(),
            optimizer: OptimizerConfig::default(),
            training: TrainingConfig::default(),
            scheduler: SchedulerConfig::default(),
            early_stopping: EarlyStopping::default(),
            loss: LossConfig::default(),
            negatives: None,
            augmentation: Augmentation::default(),
            split: SplitConfig::default(),
        }
    }
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self { embedding_dim: 64, category_dim: 16, hidden: [128, 64, 32], dropout: 0.2, batch_norm: true }
    }
}

impl Default for TrainingConfig {
    fn default() -> Self {
        Self { batch_size: 256, accumulate: 1, epochs: 60, average: 0.98, unknown_rate: 0.05 }
    }
}

/// A rule: the setting, its value, whether it is allowed, and what would be.
type Rule = (&'static str, String, bool, &'static str);

fn number(setting: &'static str, value: f64, allowed: bool, range: &'static str) -> Rule {
    (setting, value.to_string(), value.is_finite() && allowed, range)
}

impl Recipe {
    /// Reads a recipe from TOML; what it does not say has its default. Recipes of version 0.1 are read as what they meant.
    ///
    /// # Errors
    /// [`TrainError::Recipe`] for bad TOML and unknown settings, [`TrainError::Setting`] for a value outside its range,
    /// [`TrainError::Contradiction`] for settings that do not go together.
    pub fn from_toml(text: &str) -> Result<Self, TrainError> {
        let refuse = |error: toml::de::Error| TrainError::Recipe { reason: error.to_string() };
        let table: toml::Table = toml::from_str(text).map_err(refuse)?;
        let recipe: Self = if migrate::is_old(&table) {
            migrate::migrate(table).map_err(|reason| TrainError::Recipe { reason })?.try_into().map_err(refuse)?
        } else {
            // Read from the text, so that an error has its line.
            toml::from_str(text).map_err(refuse)?
        };
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

    /// A description of recipes in JSON Schema (draft 2020-12): names, types, ranges, defaults. What settings mean together is
    /// known to [`check`](Self::check) alone.
    pub fn json_schema() -> String {
        let schema = schemars::schema_for!(Self);
        // A schema is made of strings, numbers and lists alone.
        serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
    }

    /// The names of the settings in which two recipes differ, as they stand in a file: `training.epochs`.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        fn walk(path: &str, a: Option<&toml::Value>, b: Option<&toml::Value>, found: &mut Vec<String>) {
            let empty = toml::Table::new();
            match (a, b) {
                (Some(toml::Value::Table(_)), _) | (_, Some(toml::Value::Table(_))) => {
                    let table =
                        |value: Option<&toml::Value>| value.and_then(toml::Value::as_table).unwrap_or(&empty).clone();
                    let (a, b) = (table(a), table(b));
                    let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
                    for name in names {
                        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                        walk(&path, a.get(name), b.get(name), found);
                    }
                }
                _ if a != b => found.push(path.to_owned()),
                _ => {}
            }
        }
        let mut found = Vec::new();
        let [a, b] = [self, other].map(|recipe| toml::Value::try_from(recipe).ok());
        walk("", a.as_ref(), b.as_ref(), &mut found);
        found
    }

    /// The negatives of the losses that need them, with the defaults where the recipe says nothing.
    pub fn negatives(&self) -> Option<NegativeConfig> {
        self.loss.needs_negatives().then(|| self.negatives.clone().unwrap_or_default())
    }

    /// Refuses settings outside their range, and those that contradict each other.
    ///
    /// # Errors
    /// [`TrainError::Setting`], [`TrainError::Contradiction`].
    pub fn check(&self) -> Result<(), TrainError> {
        for (setting, value, allowed, range) in self.rules() {
            if !allowed {
                return Err(TrainError::Setting { setting, value, range });
            }
        }
        match self.contradictions().into_iter().find(|(wrong, _)| *wrong) {
            Some((_, reason)) => Err(TrainError::Contradiction { reason }),
            None => Ok(()),
        }
    }

    fn rules(&self) -> Vec<Rule> {
        let Self { model, optimizer, training, early_stopping, loss, augmentation, split, .. } = self;
        let share = |value: f64| (0.0..=1.0).contains(&value);
        let below_one = |value: f64| (0.0..1.0).contains(&value);
        let widths = [model.embedding_dim, model.category_dim, model.hidden[0], model.hidden[1], model.hidden[2]];
        let sum = split.train + split.validation + split.test;
        let count = |setting, value: usize| (setting, value.to_string(), value >= 1, "1 or more");
        let mut rules = vec![
            ("seed", self.seed.to_string(), i64::try_from(self.seed).is_ok(), "below 2^63, as TOML has it"),
            number("rule_weight", self.rule_weight, share(self.rule_weight), "0 to 1"),
            ("model widths", format!("{widths:?}"), widths.iter().all(|w| (1..=4096).contains(w)), "1 to 4096"),
            number("model.dropout", model.dropout, below_one(model.dropout), "0 up to but not including 1"),
            number("optimizer.learning_rate", optimizer.learning_rate, optimizer.learning_rate > 0.0, "above 0"),
            number("optimizer.epsilon", optimizer.epsilon, optimizer.epsilon > 0.0, "above 0"),
            count("training.batch_size", training.batch_size),
            count("training.accumulate", training.accumulate),
            count("training.epochs", training.epochs),
            number("training.average", training.average, below_one(training.average), "0 up to but not including 1"),
            number("training.unknown_rate", training.unknown_rate, share(training.unknown_rate), "0 to 1"),
            count("early_stopping.patience", early_stopping.patience),
            number(
                "augmentation.category_dropout",
                augmentation.category_dropout,
                share(augmentation.category_dropout),
                "0 to 1",
            ),
            ("split", sum.to_string(), (sum - 1.0).abs() < 1e-9, "train + validation + test must be 1"),
            number("split.train", split.train, share(split.train), "0 to 1"),
            number("split.validation", split.validation, share(split.validation), "0 to 1"),
            number("split.test", split.test, share(split.test), "0 to 1"),
        ];
        let betas =
            optimizer.betas.map(|beta| number("optimizer.betas", beta, below_one(beta), "0 up to but not including 1"));
        let not_negative = [
            ("optimizer.weight_decay", optimizer.weight_decay),
            ("optimizer.embedding_decay", optimizer.embedding_decay),
            ("optimizer.clip_norm", optimizer.clip_norm),
            ("optimizer.rates.user", optimizer.rates.user),
            ("optimizer.rates.item", optimizer.rates.item),
            ("optimizer.rates.content", optimizer.rates.content),
            ("optimizer.rates.heads", optimizer.rates.heads),
            ("early_stopping.min_delta", early_stopping.min_delta),
            ("loss.mse", loss.mse),
            ("loss.bce", loss.bce),
            ("loss.bpr", loss.bpr),
            ("loss.embedding_l2", loss.embedding_l2),
            ("augmentation.jitter", augmentation.jitter),
        ];
        rules.extend(betas);
        rules.extend(not_negative.map(|(setting, value)| number(setting, value, value >= 0.0, "0 or more")));
        match self.scheduler.decay {
            Decay::Constant => {}
            Decay::Cosine { min_learning_rate: least } => {
                rules.push(number("scheduler.min_learning_rate", least, least >= 0.0, "0 or more"));
            }
            Decay::Plateau { factor, min_learning_rate: least, .. } => {
                rules.push(number("scheduler.factor", factor, factor > 0.0 && factor < 1.0, "above 0 and below 1"));
                rules.push(number("scheduler.min_learning_rate", least, least >= 0.0, "0 or more"));
            }
        }
        if let Some(NegativeConfig { ratio, temperature, .. }) = self.negatives {
            rules.push(("negatives.ratio", ratio.to_string(), (1..=1000).contains(&ratio), "1 to 1000"));
            rules.push(number("negatives.temperature", temperature, temperature > 0.0, "above 0"));
        }
        rules
    }

    /// Settings that do not go together, each with why.
    fn contradictions(&self) -> [(bool, String); 5] {
        let (training, warmup) = (&self.training, self.scheduler.warmup_epochs);
        let least = match self.scheduler.decay {
            Decay::Constant => 0.0,
            Decay::Cosine { min_learning_rate } | Decay::Plateau { min_learning_rate, .. } => min_learning_rate,
        };
        let rate = self.optimizer.learning_rate;
        [
            (
                self.loss.mse == 0.0 && !self.loss.needs_negatives(),
                "loss.mse, loss.bce and loss.bpr are all 0: nothing is learned".to_owned(),
            ),
            (
                self.negatives.is_some() && !self.loss.needs_negatives(),
                "[negatives] are given, but neither loss.bce nor loss.bpr, which alone need them".to_owned(),
            ),
            (
                self.model.batch_norm && training.batch_size < 2,
                "model.batch_norm needs a training.batch_size of 2 or more: one sample has no variance".to_owned(),
            ),
            (
                warmup > 0 && warmup >= training.epochs,
                format!("scheduler.warmup_epochs = {warmup} leaves none of training.epochs = {}", training.epochs),
            ),
            (least > rate, format!("scheduler.min_learning_rate = {least} is above optimizer.learning_rate = {rate}")),
        ]
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
        for text in [
            "[scheduler]\nkind = \"cosine\"\nmin_learning_rate = 0.0\nwarmup_epochs = 3",
            "[scheduler]\nkind = \"constant\"",
            "[split]\nkind = \"leave_last_out\"",
            "[split]\nkind = \"files\"\nlists = { train = \"a\", validation = \"b\", test = \"c\" }",
            "[optimizer]\nkind = \"adam\"\n[loss]\nbpr = 0.5\n[negatives]\nkind = \"popularity\"",
        ] {
            let recipe = Recipe::from_toml(text).unwrap();
            assert_eq!(Recipe::from_toml(&recipe.to_toml().unwrap()).unwrap(), recipe, "{text}");
        }
    }

    #[test]
    fn the_recipe_that_is_shown_says_what_the_defaults_say() {
        let shown = include_str!("../../../../models/cleaners/recipe.toml");
        assert_eq!(Recipe::from_toml(shown).unwrap(), Recipe::default());
        let settings = |text: &str| text.lines().filter(|line| line.contains(" = ")).count();
        let comments = shown.lines().filter(|line| line.starts_with('#') && line.contains(" = ")).count();
        let written = Recipe::default().to_toml().unwrap();
        // The written one has a list over several lines, each of which but the first has no " = ".
        assert_eq!(settings(shown) - comments, settings(&written), "every setting is shown\n{written}");
    }

    #[test]
    fn what_decays_is_named_as_the_field_names_it() {
        let adam = Recipe::from_toml("[optimizer]\nkind = \"adam\"").unwrap().optimizer;
        assert_eq!((adam.kind, adam.weight_decay, adam.embedding_decay), (OptimizerKind::Adam, 0.0, 0.0));
        let adamw = Recipe::default().optimizer;
        assert_eq!((adamw.kind, adamw.weight_decay), (OptimizerKind::AdamW, 10.0));
    }

    #[test]
    fn wrong_settings_are_named() {
        let cases = [
            ("sed = 1", "train.recipe", "sed"),
            ("[optimizer]\nlearning_rate = \"fast\"", "train.recipe", "learning_rate"),
            ("[optimizer]\nlearning_rate = 0.0", "train.setting", "optimizer.learning_rate"),
            ("[optimizer]\nlearning_rate = nan", "train.setting", "optimizer.learning_rate"),
            ("[optimizer]\nbetas = [0.9, 1.0]", "train.setting", "optimizer.betas"),
            ("[optimizer]\nbetas = [0.9]", "train.recipe", "2"),
            ("[optimizer]\nepsilon = 0.0", "train.setting", "optimizer.epsilon"),
            ("[optimizer]\nclip_norm = -1.0", "train.setting", "optimizer.clip_norm"),
            ("[optimizer]\nrates = { items = 1.0 }", "train.recipe", "items"),
            ("[optimizer]\nrates = { item = -1.0 }", "train.setting", "optimizer.rates.item"),
            ("[optimizer]\nkind = \"sgd\"", "train.recipe", "sgd"),
            ("[training]\nbatch_size = 0", "train.setting", "training.batch_size"),
            ("[training]\nbatch_size = 1", "train.contradiction", "model.batch_norm"),
            ("[training]\nbatch_size = 2.5", "train.recipe", "batch_size"),
            ("[training]\naccumulate = 0", "train.setting", "training.accumulate"),
            ("[training]\nunknown_rate = -0.1", "train.setting", "training.unknown_rate"),
            ("[model]\nhidden = [128, 64]", "train.recipe", "3"),
            ("[model]\ndropout = 1.0", "train.setting", "model.dropout"),
            ("[model]\nbatch_norm = 1", "train.recipe", "batch_norm"),
            ("[split]\ntrain = 0.8", "train.setting", "split"),
            ("[split]\nkind = \"leave_last_out\"\ntrain = 0.8", "train.recipe", "has no shares"),
            ("[split]\nkind = \"files\"", "train.recipe", "split.lists"),
            ("[split]\nlists = { train = \"a\", validation = \"b\", test = \"c\" }", "train.recipe", "split.lists"),
            ("[scheduler]\nfactor = 1.0", "train.setting", "scheduler.factor"),
            (
                "[scheduler]\nkind = \"cosine\"\nfactor = 0.5",
                "train.recipe",
                "scheduler.factor is a setting of plateau",
            ),
            ("[scheduler]\nkind = \"cosine\"\npatience = 2", "train.recipe", "scheduler.patience"),
            ("[scheduler]\nkind = \"constant\"\nmin_learning_rate = 0.1", "train.recipe", "plateau and cosine"),
            ("[scheduler]\nwarmup_epochs = 60", "train.contradiction", "scheduler.warmup_epochs = 60"),
            ("[scheduler]\nmin_learning_rate = 0.5", "train.contradiction", "scheduler.min_learning_rate"),
            ("[early_stopping]\nmetric = \"luck\"", "train.recipe", "luck"),
            ("[early_stopping]\npatience = 0", "train.setting", "early_stopping.patience"),
            ("[loss]\nmse = 0.0", "train.contradiction", "nothing is learned"),
            ("[negatives]\nratio = 4", "train.contradiction", "[negatives]"),
            ("[loss]\nbpr = 1.0\n[negatives]\nratio = 0", "train.setting", "negatives.ratio"),
            ("[loss]\nbce = 1.0\n[negatives]\nkind = \"hard\"", "train.recipe", "hard"),
            ("[augmentation]\njitter = -0.1", "train.setting", "augmentation.jitter"),
            ("rule_weight = 2.0", "train.setting", "rule_weight"),
        ];
        for (text, code, named) in cases {
            let error = Recipe::from_toml(text).unwrap_err();
            assert_eq!(error.code(), code, "{text}: {error}");
            assert!(error.to_string().contains(named), "{text}: {error}");
        }
        let error = Recipe { seed: u64::MAX, ..Recipe::default() }.check().unwrap_err();
        assert_eq!(error.code(), "train.setting");
    }

    #[test]
    fn differences_are_named_as_they_stand_in_a_file() {
        let recipe = Recipe::default();
        assert!(recipe.differences(&recipe).is_empty());
        let text = "seed = 7\n[optimizer]\nrates = { item = 0.5 }\n[loss]\nbpr = 1.0\n[negatives]\nratio = 2";
        let found = recipe.differences(&Recipe::from_toml(text).unwrap());
        let negatives = ["negatives.kind", "negatives.ratio", "negatives.temperature"];
        let expected = [&["loss.bpr"][..], &negatives, &["optimizer.rates.item", "seed"]].concat();
        assert_eq!(found, expected);
    }
}
