//! Changes of the samples of a batch, drawn anew every time: noise on what is measured, hidden kinds.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::hybrid::Batch;
use super::init::normal;
use super::ops::MEAN_ROW;
use super::recipe::Augmentation;
use crate::features::{FEATURE_COUNT, FEATURES, Group};

/// Normalised features hold 0 for what is unknown, and (nearly) never otherwise.
const UNKNOWN: f32 = 0.0;

/// The features that are 0 or 1: they are hidden, not shaken.
fn is_flag(column: usize) -> bool {
    FEATURES[column].unit == "0 or 1"
}

/// All groups of features.
const ALL: [Group; 3] = [Group::Query, Group::Item, Group::Pair];
/// The groups that are another thing for every candidate of a job.
pub(super) const OF_THE_CLEANER: [Group; 2] = [Group::Item, Group::Pair];

/// Adds noise to the known features of these groups, row by row.
pub(super) fn shake(features: &mut [f32], groups: &[Group], jitter: f64, rng: &mut ChaCha8Rng) {
    if jitter == 0.0 {
        return;
    }
    for row in features.chunks_exact_mut(FEATURE_COUNT) {
        for (column, value) in row.iter_mut().enumerate() {
            if groups.contains(&FEATURES[column].group) && !is_flag(column) && *value != UNKNOWN {
                *value += jitter as f32 * normal(rng);
            }
        }
    }
}

/// Changes a batch with normalised features.
pub(super) fn augment(batch: &mut Batch, config: &Augmentation, rng: &mut ChaCha8Rng) {
    shake(&mut batch.features, &ALL, config.jitter, rng);
    if config.category_dropout > 0.0 {
        let mut hidden = || rng.random::<f64>() < config.category_dropout;
        for category in &mut batch.categories {
            if hidden() {
                *category = MEAN_ROW;
            }
        }
        for row in batch.features.chunks_exact_mut(FEATURE_COUNT) {
            for (_, value) in row.iter_mut().enumerate().filter(|(column, _)| is_flag(*column)) {
                if hidden() {
                    *value = UNKNOWN;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::train::init::{Stream, stream};

    fn batch(rows: usize) -> Batch {
        let mut features = vec![1.0; rows * FEATURE_COUNT];
        // Feature 7 is unknown everywhere.
        features.chunks_exact_mut(FEATURE_COUNT).for_each(|row| row[7] = UNKNOWN);
        Batch { users: vec![1; rows], items: vec![2; rows], categories: vec![3; rows], features }
    }

    fn run(config: &Augmentation, rows: usize) -> Batch {
        let mut batch = batch(rows);
        augment(&mut batch, config, &mut stream(1, Stream::Augmentation));
        batch
    }

    #[test]
    fn noise_is_as_wide_as_asked_and_leaves_flags_and_unknowns() {
        let rows = 4000;
        let shaken = run(&Augmentation { jitter: 0.1, category_dropout: 0.0 }, rows);
        assert!(shaken.categories.iter().all(|&category| category == 3));
        for column in 0..FEATURE_COUNT {
            let values: Vec<f64> =
                shaken.features.iter().skip(column).step_by(FEATURE_COUNT).map(|&v| f64::from(v)).collect();
            if column == 4 || column == 7 {
                assert!(values.iter().all(|&v| v == if column == 4 { 1.0 } else { 0.0 }), "column {column}");
                continue;
            }
            let mean = values.iter().sum::<f64>() / rows as f64;
            let spread = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / rows as f64).sqrt();
            assert!((mean - 1.0).abs() < 0.008 && (spread - 0.1).abs() < 0.006, "column {column}: {mean}, {spread}");
        }
    }

    #[test]
    fn kinds_are_hidden_as_often_as_asked() {
        let rows = 10_000;
        let hidden = run(&Augmentation { jitter: 0.0, category_dropout: 0.3 }, rows);
        let count = hidden.categories.iter().filter(|&&category| category == MEAN_ROW).count();
        let flags = hidden.features.iter().skip(4).step_by(FEATURE_COUNT).filter(|&&v| v == UNKNOWN).count();
        let others = hidden.features.iter().filter(|&&v| v == UNKNOWN).count() - flags;
        // Standard deviation √(10000 · 0.3 · 0.7) = 46.
        assert!(
            (2800..3200).contains(&count) && (2800..3200).contains(&flags) && others == rows,
            "{count} {flags} {others}"
        );
    }

    #[test]
    fn by_default_nothing_changes() {
        let same = run(&Augmentation::default(), 5);
        assert_eq!((same.features, same.categories), (batch(5).features, batch(5).categories));
    }
}
