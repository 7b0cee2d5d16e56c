//! EASE: the linear autoencoder with a closed form.

use faer::linalg::solvers::DenseSolveCore;
use faer::{Mat, Side};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{FitError, Ranker, Training};

/// The most items that are fitted: a table of all pairs of them, in f64, must fit into memory several times (3.2 GB each).
const MOST_ITEMS: usize = 20_000;

/// Settings of [`Ease`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EaseSettings {
    /// Pull of the weights toward 0, in ratings. Above 0. The paper's best are 200 to 1000 on larger tables; 400 is the value of
    /// the reference on MovieLens-100K.
    pub lambda: f64,
}

impl Default for EaseSettings {
    fn default() -> Self {
        Self { lambda: 400.0 }
    }
}

/// H. Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019: X says who liked what, in zeros and ones, and
/// P = (X'X + lambda I)^-1. The weight from item i to item j is -P(i, j) / P(j, j), and 0 from an item to itself; an item's score is
/// the sum of the weights from what the user liked.
///
/// A user who is not known to like anything gets 0 for everything, and so does an item that nobody liked.
#[derive(Debug, Clone)]
pub struct Ease {
    /// Weights, one row per item that the user liked.
    weights: Vec<f32>,
    items: usize,
    users: Vec<Vec<u32>>,
}

impl Ease {
    /// Counts pairs of items, and inverts.
    ///
    /// # Errors
    /// [`FitError::TooManyItems`]; [`FitError::Setting`] where lambda is so small that nothing can be inverted.
    pub fn fit(training: &Training, settings: &EaseSettings) -> Result<Self, FitError> {
        let items = training.items();
        if items > MOST_ITEMS {
            return Err(FitError::TooManyItems { model: "ease", items, most: MOST_ITEMS });
        }
        let users = training.liked_items();
        let mut gram: Mat<f64> = Mat::zeros(items, items);
        for of in &users {
            for (at, item) in of.iter().enumerate() {
                // The lists ascend: only the lower half is counted, and only that is read.
                of[at..].iter().for_each(|other| gram[(*other as usize, *item as usize)] += 1.0);
            }
        }
        (0..items).for_each(|at| gram[(at, at)] += settings.lambda);
        let singular = |_| FitError::Setting {
            name: "ease.lambda",
            value: settings.lambda.to_string(),
            expected: "a larger number: these items cannot be told apart without a pull",
        };
        // faer runs on one thread here: the sums must not depend on how many there are.
        let inverse = gram.llt(Side::Lower).map_err(singular)?.inverse();
        let mut weights = vec![0.0f32; items * items];
        weights.par_chunks_mut(items.max(1)).enumerate().for_each(|(from, row)| {
            for (to, weight) in row.iter_mut().enumerate().filter(|(to, _)| *to != from) {
                *weight = (-inverse[(from, to)] / inverse[(to, to)]) as f32;
            }
        });
        Ok(Self { weights, items, users })
    }
}

impl Ranker for Ease {
    fn name(&self) -> &'static str {
        "ease"
    }

    fn scores(&self, user: Option<u32>, out: &mut [f32]) {
        out.fill(0.0);
        for item in user.and_then(|user| self.users.get(user as usize)).into_iter().flatten() {
            let from = *item as usize * self.items;
            let weights = &self.weights[from..from + self.items];
            out.iter_mut().zip(weights).for_each(|(score, weight)| *score += weight);
        }
    }
}
