//! Thompson sampling (W. R. Thompson, Biometrika 25, 1933): everybody draws from what their score may be, the highest draw wins.

use crate::domain::SeededRng;

/// Standard deviation of one client's verdict around a cleaner's score, in points.
const SPREAD: f64 = 15.0;
/// As many further reviews stand for what is known of everybody.
const STRENGTH: f64 = 3.0;
/// How many parts the integral of a propensity has, over so many deviations either way.
const NODES: (u32, f64) = (256, 6.0);

/// A normal distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Belief {
    pub(super) mean: f64,
    /// 0 = certain.
    pub(super) deviation: f64,
}

/// By how much the score of somebody with that many reviews may be off: 15 / sqrt(reviews + 3) points, the deviation of a
/// normal mean after so many verdicts.
pub(super) fn deviation(reviews: u32) -> f64 {
    SPREAD / (f64::from(reviews) + STRENGTH).sqrt()
}

/// Who has the highest draw; the first of equals.
pub(super) fn draw(beliefs: &[Belief], rng: &mut SeededRng) -> usize {
    let mut best = (f64::NEG_INFINITY, 0);
    for (at, belief) in beliefs.iter().enumerate() {
        let drawn = belief.mean + belief.deviation * quantile(rng.unit());
        if drawn > best.0 {
            best = (drawn, at);
        }
    }
    best.1
}

/// The probability that one has the highest draw: the integral of their density times the others' chances to draw less, by the
/// midpoint rule over 12 deviations.
pub(super) fn propensity(beliefs: &[Belief], at: usize) -> f64 {
    let own = beliefs[at];
    if own.deviation <= 0.0 {
        // All are certain, or none is.
        let best = |other: &Belief| other.mean > own.mean;
        return if beliefs.iter().any(best) || beliefs[..at].iter().any(|o| o.mean == own.mean) { 0.0 } else { 1.0 };
    }
    let (nodes, reach) = NODES;
    let step = 2.0 * reach / f64::from(nodes);
    let mut sum = 0.0;
    for node in 0..nodes {
        let z = (f64::from(node) + 0.5) * step - reach;
        let x = own.mean + own.deviation * z;
        let mut below = libm::exp(-0.5 * z * z) * step / (2.0 * std::f64::consts::PI).sqrt();
        for (_, other) in beliefs.iter().enumerate().filter(|(other, _)| *other != at) {
            let z = (x - other.mean) / other.deviation;
            // Beyond that the chance is 1 to the last bit but one.
            if z < 8.0 {
                below *= lower(z);
            }
            if below < 1e-15 {
                break;
            }
        }
        sum += below;
    }
    sum.min(1.0)
}

/// The standard normal distribution function.
fn lower(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}

/// Its inverse, by halving an interval until nothing is left of it to see.
fn quantile(p: f64) -> f64 {
    let (mut low, mut high) = (-9.0, 9.0);
    for _ in 0..50 {
        let middle = 0.5 * (low + high);
        *(if lower(middle) < p { &mut low } else { &mut high }) = middle;
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn beliefs(of: &[(f64, f64)]) -> Vec<Belief> {
        of.iter().map(|(mean, deviation)| Belief { mean: *mean, deviation: *deviation }).collect()
    }

    /// The other values are of `tests/fixtures/thompson.py` (scipy.integrate.quad, scipy.stats.norm).
    #[test]
    fn propensities_are_those_of_scipy() {
        type Case = (&'static [(f64, f64)], &'static [f64]);
        let cases: [Case; 4] = include!("../../../tests/fixtures/thompson.in");
        for (of, expected) in cases {
            let beliefs = beliefs(of);
            for (at, expected) in expected.iter().enumerate() {
                let found = propensity(&beliefs, at);
                assert!((found - expected).abs() < 1e-6, "{of:?} {at}: {found} {expected}");
            }
        }
        assert!((quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-12);
        assert!((deviation(0) - 8.660_254).abs() < 1e-6 && (deviation(97) - 1.5).abs() < 1e-12);
    }

    #[test]
    fn draws_come_as_often_as_their_propensity() {
        let beliefs = beliefs(&[(70.0, 2.0), (68.0, 6.0), (60.0, 8.0), (30.0, 8.0)]);
        let (mut rng, mut wins, draws) = (SeededRng::new(7), [0.0; 4], 20_000.0);
        (0..draws as u32).for_each(|_| wins[draw(&beliefs, &mut rng)] += 1.0);
        for (at, wins) in wins.into_iter().enumerate() {
            let p = propensity(&beliefs, at);
            assert!((wins / draws - p).abs() < 4.0 * (p * (1.0 - p) / draws).sqrt() + 1e-4, "{at}: {wins} {p}");
        }
    }

    proptest! {
        #[test]
        fn propensities_add_up_to_one(of in prop::collection::vec((0.0f64..100.0, 0u32..300), 1..40)) {
            let beliefs: Vec<Belief> =
                of.iter().map(|(mean, reviews)| Belief { mean: *mean, deviation: deviation(*reviews) }).collect();
            let sum: f64 = (0..beliefs.len()).map(|at| propensity(&beliefs, at)).sum();
            prop_assert!((sum - 1.0).abs() < 1e-4, "{}", sum);
        }
    }
}
