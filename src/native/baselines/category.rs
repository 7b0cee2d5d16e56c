//! What most people liked in a category.

use serde::{Deserialize, Serialize};

use super::{Ranker, Training};

/// Settings of [`CategoryPopularity`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CategorySettings {
    /// How many relevant ratings' worth of the whole table's popularity are mixed into that of a category, so that a category
    /// with little in it is not decided by chance. 0 or more.
    pub prior: f64,
}

impl Default for CategorySettings {
    fn default() -> Self {
        Self { prior: 10.0 }
    }
}

/// The probability to meet an item by drawing a category, and then an item of it as often as it is liked there:
/// `p(item) = sum over c of p(c) (n(c, item) + prior * p0(item)) / (n(c) + prior)`, with `n` the relevant training ratings and
/// `p0` an item's share of all of them. A rating of several categories counts in equal parts.
///
/// Asked for one category, `p(c)` is 1 there. Else it is the user's share of relevant training ratings in each, and
/// everybody's where nothing is known of the user. Without any category this is [`Popularity`](super::Popularity).
#[derive(Debug, Clone)]
pub struct CategoryPopularity {
    /// p(item | c), item by item, one list per category.
    items: Vec<Vec<f32>>,
    /// p(c) per user; empty where nothing is known of them.
    users: Vec<Vec<f32>>,
    everybody: Vec<f32>,
    overall: Vec<f32>,
}

impl CategoryPopularity {
    /// Counts the relevant ratings of every item and category.
    pub fn fit(training: &Training, settings: &CategorySettings) -> Self {
        let (items, kinds) = (training.items(), training.category_count());
        let mut counts = vec![vec![0.0f64; items]; kinds];
        let mut users = vec![vec![0.0f64; kinds]; training.users()];
        let mut overall = vec![0.0f64; items];
        for (row, of) in training.rows().iter().zip(training.categories()) {
            if training.is_relevant(row.value) {
                overall[row.item as usize] += 1.0;
                for kind in of.iter().map(|kind| usize::from(*kind)).filter(|kind| *kind < kinds) {
                    counts[kind][row.item as usize] += 1.0 / of.len() as f64;
                    users[row.user as usize][kind] += 1.0 / of.len() as f64;
                }
            }
        }
        let totals: Vec<f64> = counts.iter().map(|of| of.iter().sum()).collect();
        let overall = shares(&overall);
        for (of, total) in counts.iter_mut().zip(&totals) {
            for (count, share) in of.iter_mut().zip(&overall) {
                *count = ratio(*count + settings.prior * share, total + settings.prior);
            }
        }
        let f32s = |values: &[f64]| values.iter().map(|value| *value as f32).collect::<Vec<f32>>();
        let known = |of: &Vec<f64>| if of.iter().any(|n| *n > 0.0) { f32s(&shares(of)) } else { Vec::new() };
        Self {
            items: counts.iter().map(|of| f32s(of)).collect(),
            users: users.iter().map(known).collect(),
            everybody: f32s(&shares(&totals)),
            overall: f32s(&overall),
        }
    }

    fn mix(&self, weights: &[f32], out: &mut [f32]) {
        out.fill(0.0);
        for (weight, of) in weights.iter().zip(&self.items).filter(|(weight, _)| **weight > 0.0) {
            out.iter_mut().zip(of).for_each(|(score, share)| *score += weight * share);
        }
    }
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

fn shares(counts: &[f64]) -> Vec<f64> {
    let total = counts.iter().sum();
    counts.iter().map(|count| ratio(*count, total)).collect()
}

impl Ranker for CategoryPopularity {
    fn name(&self) -> &'static str {
        "category-popularity"
    }

    fn scores(&self, user: Option<u32>, out: &mut [f32]) {
        let known = user.and_then(|user| self.users.get(user as usize)).filter(|of| !of.is_empty());
        match known.unwrap_or(&self.everybody) {
            none if none.iter().all(|share| *share == 0.0) => {
                out.iter_mut().zip(&self.overall).for_each(|(score, share)| *score = *share);
            }
            weights => self.mix(weights, out),
        }
    }

    fn scores_in(&self, user: Option<u32>, category: Option<u16>, out: &mut [f32]) {
        match category.and_then(|kind| self.items.get(usize::from(kind))) {
            Some(of) => out.iter_mut().zip(of).for_each(|(score, share)| *score = *share),
            None => self.scores(user, out),
        }
    }
}
