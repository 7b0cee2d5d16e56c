//! The radii of split-conformal intervals; [`Conformal`] says what they mean.

use super::Prediction;
use crate::artifact::ArtifactError;
use crate::engine::Conformal;

/// The fewest reviews of each bin: nobody's, few, some, many.
pub const EDGES: [u32; 4] = [0, 1, 5, 20];
/// The levels that are released, in percent.
const PERCENT: std::ops::RangeInclusive<u32> = 50..=99;

/// The intervals that these predictions give, none of which may be of a job that was trained on.
///
/// # Errors
/// None for errors that are numbers.
pub fn intervals(predictions: &[Prediction]) -> Result<Conformal, ArtifactError> {
    let bin = |reviews| EDGES.iter().rposition(|edge| *edge <= reviews).unwrap_or_default();
    let mut errors: [Vec<f64>; EDGES.len()] = Default::default();
    predictions.iter().for_each(|one| errors[bin(one.reviews)].push(one.error()));
    errors.iter_mut().for_each(|errors| errors.sort_by(f64::total_cmp));
    let radii = errors.iter().flat_map(|errors| PERCENT.map(|percent| radius(errors, percent)));
    let levels = PERCENT.map(|percent| percent as f32 / 100.0).collect();
    Conformal::new(EDGES.to_vec(), errors.iter().map(|errors| errors.len() as u32).collect(), levels, radii.collect())
}

/// The error at place `ceil((n + 1) level)` of `n` in order, rounded up to an f32; 1 where there are too few for that level.
fn radius(sorted: &[f64], percent: u32) -> f32 {
    let place = ((sorted.len() + 1) * percent as usize).div_ceil(100);
    let nearest = sorted.get(place - 1).map_or(1.0, |error| *error as f32);
    nearest.next_up().min(1.0)
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Fixture {
        percent: Vec<u32>,
        expected: f64,
        jobs: Vec<(u32, f64)>,
        radii: Vec<Vec<Option<f64>>>,
    }

    #[test]
    fn the_radii_are_those_of_mapie() {
        let bytes = include_bytes!("../../../tests/fixtures/conformal.json");
        let fixture: Fixture = serde_json::from_slice(bytes).unwrap();
        let expected = fixture.expected;
        let jobs =
            fixture.jobs.iter().map(|(reviews, actual)| Prediction { reviews: *reviews, expected, actual: *actual });
        let found = intervals(&jobs.collect::<Vec<_>>()).unwrap();
        for (edge, radii) in EDGES.iter().zip(&fixture.radii) {
            for (percent, radius) in fixture.percent.iter().zip(radii) {
                let found = f64::from(found.radius(*edge, *percent as f32 / 100.0));
                assert!(
                    (found - radius.unwrap_or(1.0)).abs() < 1e-6,
                    "{edge} reviews, {percent} %: {found} for {radius:?}"
                );
            }
        }
        assert_eq!(found.counts(), [7, 30, 150, 431]);
    }

    /// Jobs of cleaners with `reviews` reviews whose errors are larger the fewer there are.
    fn drawn(random: &mut ChaCha8Rng, reviews: u32, count: usize) -> Vec<Prediction> {
        let spread = 0.4 / f64::from(1 + reviews).sqrt();
        let one = |_| Prediction { reviews, expected: 0.5, actual: 0.5 + spread * (random.random::<f64>() - 0.5) };
        (0..count).map(one).collect()
    }

    /// Of `n` exchangeable errors and one more, the last is within the k-th of the others with probability k / (n + 1), in
    /// every bin. Without the one in `n + 1`, 10 errors at 90 % would give 9 / 11 = 82 %.
    #[test]
    fn coverage_is_exact_in_every_bin_also_with_few_errors() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        for (n, level, exact) in
            [(10, 0.9, 10.0 / 11.0), (19, 0.95, 0.95), (9, 0.8, 0.8), (40, 0.9, 37.0 / 41.0), (8, 0.9, 1.0)]
        {
            const REPEATS: usize = 4000;
            let mut covered = [0; EDGES.len()];
            for _ in 0..REPEATS {
                let jobs: Vec<Prediction> = EDGES.iter().flat_map(|edge| drawn(&mut random, *edge, n)).collect();
                let known = intervals(&jobs).unwrap();
                for (edge, covered) in EDGES.iter().zip(&mut covered) {
                    let further = drawn(&mut random, *edge, 1)[0];
                    *covered += usize::from(further.error() <= f64::from(known.radius(*edge, level)));
                }
            }
            for (edge, covered) in EDGES.iter().zip(covered) {
                let (share, error) = (covered as f64 / REPEATS as f64, (exact * (1.0 - exact) / REPEATS as f64).sqrt());
                assert!(
                    (share - exact).abs() <= 4.0 * error,
                    "{n} errors of {edge}+ reviews at {level}: {share} for {exact}"
                );
            }
        }
    }

    #[test]
    fn nothing_known_is_the_widest_interval() {
        let none = intervals(&[]).unwrap();
        assert_eq!((none.interval(63.0, 4, 0.5), none.counts()), ([0.0, 100.0], &[0, 0, 0, 0][..]));
    }
}
