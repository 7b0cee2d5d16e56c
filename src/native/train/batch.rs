//! From samples to the inputs of a pass.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::hybrid::{Batch, Rows};
use super::negatives::{Candidate, Negatives};
use super::pairs::Pairs;
use super::samples::Samples;
use crate::domain::Split;
use crate::features::{FEATURE_COUNT, FEATURES, Group, Normaliser};

/// Whether a row of the client table, and of the cleaner table, has a sample to learn from.
pub(super) fn seen(samples: &Samples, split: &Split, rows: Rows) -> [Vec<bool>; 2] {
    let mut seen = [vec![false; rows.users], vec![false; rows.items]];
    for &at in &split.train {
        seen[0][samples.users[at] as usize] = true;
        seen[1][samples.items[at] as usize] = true;
    }
    seen
}

/// The mean rating of the training part.
pub(super) fn mean_rating(samples: &Samples, split: &Split) -> f64 {
    let sum: f64 = split.train.iter().map(|&at| f64::from(samples.targets[at])).sum();
    sum / split.train.len().max(1) as f64
}

/// Hides some rows of a table: they become the unknown one.
pub(super) fn hide(rows: &mut [u32], rate: f64, rng: &mut ChaCha8Rng) {
    for row in rows {
        if rng.random::<f64>() < rate {
            *row = 0;
        }
    }
}

/// Normalises the features of negatives.
pub(super) fn normalise(normaliser: &Normaliser, negatives: &mut Negatives) {
    negatives.candidates.iter_mut().for_each(|(_, row)| normaliser.apply(row));
    negatives.positives.iter_mut().for_each(|row| normaliser.apply(row));
}

/// Puts the negatives of the samples of a batch behind them, and before those, where they have other features beside negatives,
/// the hired cleaners once more.
pub(super) fn append(batch: &mut Batch, samples: &[usize], negatives: &Negatives) -> Pairs {
    let mut pairs = Pairs::default();
    let mut hired: Vec<u32> = (0..samples.len() as u32).collect();
    let push = |batch: &mut Batch, of: usize, (item, features): &Candidate| {
        batch.users.push(batch.users[of]);
        batch.categories.push(batch.categories[of]);
        batch.items.push(*item);
        // What a job has been made into holds for all its candidates.
        let of_job = |column: usize| FEATURES[column].group == Group::Query;
        let row = |column: usize| {
            if of_job(column) { batch.features[of * FEATURE_COUNT + column] } else { features[column] }
        };
        let row: [f32; FEATURE_COUNT] = std::array::from_fn(row);
        batch.features.extend(row);
        batch.items.len() as u32 - 1
    };
    if !negatives.positives.is_empty() {
        for (at, &sample) in samples.iter().enumerate() {
            let item = batch.items[at];
            hired[at] = push(batch, at, &(item, negatives.positives[sample]));
        }
    }
    for (at, &sample) in samples.iter().enumerate() {
        for candidate in negatives.of(sample) {
            pairs.hired.push(hired[at]);
            pairs.other.push(push(batch, at, candidate));
        }
    }
    pairs
}

/// The features of all samples, normalised.
pub(super) fn normalised(normaliser: &Normaliser, samples: &Samples) -> Vec<[f32; FEATURE_COUNT]> {
    let mut features = samples.features.clone();
    features.iter_mut().for_each(|row| normaliser.apply(row));
    features
}

/// The inputs of some samples.
pub(super) fn batch(samples: &Samples, features: &[[f32; FEATURE_COUNT]], rows: &[usize]) -> Batch {
    let pick = |column: &[u32]| rows.iter().map(|&at| column[at]).collect();
    Batch {
        users: pick(&samples.users),
        items: pick(&samples.items),
        categories: pick(&samples.categories),
        features: rows.iter().flat_map(|&at| features[at]).collect(),
    }
}
