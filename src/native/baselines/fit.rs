//! The models by name, their settings, and fitting one of them.

use rand::RngExt;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::*;

/// A baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Model {
    /// [`Random`].
    Random,
    /// [`GlobalMean`].
    GlobalMean,
    /// [`Popularity`].
    Popularity,
    /// [`CategoryPopularity`].
    CategoryPopularity,
    /// [`ItemMean`].
    ItemMean,
    /// [`Biases`].
    Biases,
    /// [`ItemKnn`].
    ItemKnn,
    /// [`Ease`].
    Ease,
    /// [`Svd`].
    Svd,
    /// [`Bpr`].
    Bpr,
    /// [`Als`].
    Als,
}

impl Model {
    /// All of them, from chance to the strongest.
    pub const ALL: [Self; 11] = [
        Self::Random,
        Self::GlobalMean,
        Self::Popularity,
        Self::CategoryPopularity,
        Self::ItemMean,
        Self::Biases,
        Self::Svd,
        Self::Bpr,
        Self::ItemKnn,
        Self::Als,
        Self::Ease,
    ];

    /// Its name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::GlobalMean => "global-mean",
            Self::Popularity => "popularity",
            Self::CategoryPopularity => "category-popularity",
            Self::ItemMean => "item-mean",
            Self::Biases => "biases",
            Self::ItemKnn => "item-knn",
            Self::Ease => "ease",
            Self::Svd => "svd",
            Self::Bpr => "bpr",
            Self::Als => "als",
        }
    }
}

/// The settings of all models that have any.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Of [`CategoryPopularity`].
    pub category_popularity: CategorySettings,
    /// Of [`ItemMean`].
    pub item_mean: ItemMeanSettings,
    /// Of [`Biases`].
    pub biases: BiasesSettings,
    /// Of [`Svd`].
    pub svd: SvdSettings,
    /// Of [`Bpr`].
    pub bpr: BprSettings,
    /// Of [`ItemKnn`].
    pub item_knn: ItemKnnSettings,
    /// Of [`Als`].
    pub als: AlsSettings,
    /// Of [`Ease`].
    pub ease: EaseSettings,
}

/// Why a model cannot be fitted.
#[derive(Debug, Error)]
pub enum FitError {
    /// A setting that cannot be.
    #[error("{name} is {value}, expected {expected}")]
    Setting {
        /// The setting, as in the file of settings.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
    /// More items than the model's table of pairs has room for.
    #[error("{model} compares all pairs of items: {items} items are more than {most}")]
    TooManyItems {
        /// The model.
        model: &'static str,
        /// How many there are.
        items: usize,
        /// How many there may be.
        most: usize,
    },
}

impl FitError {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Setting { .. } => "baselines.setting",
            Self::TooManyItems { .. } => "baselines.too_many_items",
        }
    }
}

impl Settings {
    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// [`FitError::Setting`].
    pub fn check(&self) -> Result<(), FitError> {
        let Self { category_popularity, item_mean, biases, svd, bpr, item_knn, als, ease } = self;
        let not_negative = [
            ("category_popularity.prior", category_popularity.prior),
            ("item_mean.damping", item_mean.damping),
            ("biases.reg_user", biases.reg_user),
            ("biases.reg_item", biases.reg_item),
            ("svd.weight_decay", svd.weight_decay),
            ("svd.init_sd", svd.init_sd),
            ("bpr.weight_decay", bpr.weight_decay),
            ("bpr.init_sd", bpr.init_sd),
        ];
        let positive = [
            ("svd.learning_rate", svd.learning_rate),
            ("bpr.learning_rate", bpr.learning_rate),
            ("als.confidence", als.confidence),
            ("als.weight_decay", als.weight_decay),
            ("als.init_sd", als.init_sd),
            ("ease.lambda", ease.lambda),
        ];
        let counts = [
            ("biases.epochs", biases.epochs),
            ("svd.embedding_dim", svd.embedding_dim),
            ("svd.epochs", svd.epochs),
            ("bpr.embedding_dim", bpr.embedding_dim),
            ("bpr.epochs", bpr.epochs),
            ("item_knn.neighbours", item_knn.neighbours),
            ("als.embedding_dim", als.embedding_dim),
            ("als.epochs", als.epochs),
        ];
        let refuse = |name, value: String, expected| Err(FitError::Setting { name, value, expected });
        if let Some((name, value)) = not_negative.iter().find(|(_, value)| !(value.is_finite() && *value >= 0.0)) {
            return refuse(name, value.to_string(), "a number of 0 or more");
        }
        if let Some((name, value)) = positive.iter().find(|(_, value)| !(value.is_finite() && *value > 0.0)) {
            return refuse(name, value.to_string(), "a number above 0");
        }
        match counts.iter().find(|(_, value)| *value == 0) {
            Some((name, value)) => refuse(name, value.to_string(), "1 or more"),
            None => Ok(()),
        }
    }
}

/// Fits one model.
///
/// # Errors
/// Settings that cannot be, and tables that are too large for the model.
pub fn fit(model: Model, training: &Training, settings: &Settings, seed: u64) -> Result<Box<dyn Ranker>, FitError> {
    settings.check()?;
    Ok(match model {
        Model::Random => Box::new(Random::new(seed)),
        Model::GlobalMean => Box::new(GlobalMean::fit(training)),
        Model::Popularity => Box::new(Popularity::fit(training)),
        Model::CategoryPopularity => Box::new(CategoryPopularity::fit(training, &settings.category_popularity)),
        Model::ItemMean => Box::new(ItemMean::fit(training, &settings.item_mean)),
        Model::Biases => Box::new(Biases::fit(training, &settings.biases)),
        Model::ItemKnn => Box::new(ItemKnn::fit(training, &settings.item_knn)),
        Model::Ease => Box::new(Ease::fit(training, &settings.ease)?),
        Model::Svd => Box::new(Svd::fit(training, &settings.svd, seed)),
        Model::Bpr => Box::new(Bpr::fit(training, &settings.bpr, seed)),
        Model::Als => Box::new(Als::fit(training, &settings.als, seed)),
    })
}

/// A draw from the standard normal distribution (G. Box, M. Muller 1958).
pub(super) fn normal(rng: &mut impl RngExt) -> f64 {
    // 1 - u is in (0, 1]: its logarithm is finite.
    let (u, v): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
    libm::sqrt(-2.0 * libm::log(u)) * libm::cos(std::f64::consts::TAU * v)
}
