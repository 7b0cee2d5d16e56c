//! The offsets of users and items that fit all ratings together.

use serde::{Deserialize, Serialize};

use super::{Ranker, Training};

/// Settings of [`Biases`]; the defaults are those of Surprise's `BaselineOnly`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BiasesSettings {
    /// Passes over items and users. 1 or more.
    pub epochs: usize,
    /// Pull of the users' offsets toward 0, in ratings. 0 or more.
    pub reg_user: f64,
    /// Pull of the items' offsets toward 0, in ratings. 0 or more.
    pub reg_item: f64,
}

impl Default for BiasesSettings {
    fn default() -> Self {
        Self { epochs: 10, reg_user: 15.0, reg_item: 10.0 }
    }
}

/// `mean + b(item) + b(user)` with regularised offsets by alternating least squares (Y. Koren, "Factor in the neighbors",
/// TKDD 2010, section 2.1, as Surprise does it: items first).
///
/// A user or item without a training row has the offset 0.
#[derive(Debug, Clone)]
pub struct Biases {
    offsets: Offsets,
}

impl Biases {
    /// Alternates between items and users.
    pub fn fit(training: &Training, settings: &BiasesSettings) -> Self {
        let mut offsets = Offsets::none(training);
        for _ in 0..settings.epochs {
            offsets.refit_items(training, settings.reg_item);
            offsets.refit_users(training, settings.reg_user);
        }
        Self { offsets }
    }
}

impl Ranker for Biases {
    fn name(&self) -> &'static str {
        "biases"
    }

    fn scores(&self, user: Option<u32>, out: &mut [f32]) {
        self.offsets.scores(user, out);
    }

    fn predicts_ratings(&self) -> bool {
        true
    }
}

/// A mean with offsets of users and items.
#[derive(Debug, Clone)]
pub(super) struct Offsets {
    mean: f64,
    users: Vec<f64>,
    items: Vec<f64>,
}

impl Offsets {
    /// The mean alone.
    pub(super) fn none(training: &Training) -> Self {
        Self { mean: training.mean(), users: vec![0.0; training.users()], items: vec![0.0; training.items()] }
    }

    /// The items' offsets that fit best, given those of the users: the sum of what is left over (n + pull).
    pub(super) fn refit_items(&mut self, training: &Training, pull: f64) {
        let (mean, users) = (self.mean, &self.users);
        self.items = offsets(training.items(), |item| training.of_item(item), mean, users, pull);
    }

    /// The same for the users.
    pub(super) fn refit_users(&mut self, training: &Training, pull: f64) {
        let (mean, items) = (self.mean, &self.items);
        self.users = offsets(training.users(), |user| training.of_user(user), mean, items, pull);
    }

    /// The users' offsets of another fit.
    pub(super) fn take_users(&mut self, other: Self) {
        self.users = other.users;
    }

    pub(super) fn scores(&self, user: Option<u32>, out: &mut [f32]) {
        let of_user = user.and_then(|user| self.users.get(user as usize)).copied().unwrap_or(0.0);
        let base = self.mean + of_user;
        out.iter_mut().zip(&self.items).for_each(|(score, item)| *score = (base + item) as f32);
    }
}

fn offsets<'a>(n: usize, ratings: impl Fn(u32) -> &'a [(u32, f32)], mean: f64, others: &[f64], pull: f64) -> Vec<f64> {
    let of = |ratings: &[(u32, f32)]| {
        let left: f64 = ratings.iter().map(|(other, value)| f64::from(*value) - mean - others[*other as usize]).sum();
        if ratings.is_empty() { 0.0 } else { left / (ratings.len() as f64 + pull) }
    };
    (0..n as u32).map(|at| of(ratings(at))).collect()
}
