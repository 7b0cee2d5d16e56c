//! What is fitted on the validation part when the weights are done: two numbers for the win probability, one for the range.

use crate::model::Calibration;
use crate::numeric::{sigmoid, softplus};

/// Share of jobs that should go for a price inside the range.
const COVERAGE: f64 = 0.8;
/// The least scale: the win probability must keep falling with the price.
const LEAST_SCALE: f64 = 0.1;
/// Newton steps; the loss is convex, and far fewer do.
const STEPS: usize = 50;

/// A bid of the validation part.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    /// Logit of winning by the network.
    pub(super) logit: f64,
    /// Whether it won.
    pub(super) won: bool,
    /// By how much ln of the winning price is outside the range; negative inside.
    pub(super) outside: f64,
}

/// Fits the calibration. Scale and shift minimise the log loss (Platt); the range is moved apart until it holds as many winning
/// prices as it should (conformalised quantile regression with its finite-sample rank).
pub(super) fn calibrate(seen: &[Seen]) -> Calibration {
    let (scale, shift) = platt(seen);
    let mut outside: Vec<f64> = seen.iter().map(|seen| seen.outside).collect();
    outside.sort_by(f64::total_cmp);
    let rank = (COVERAGE * (outside.len() as f64 + 1.0)).ceil() as usize;
    let widen = outside.get(rank.saturating_sub(1).min(outside.len().saturating_sub(1))).copied().unwrap_or(0.0);
    Calibration { scale, shift, widen }
}

/// Newton's method with halved steps on the mean log loss of `scale * logit + shift`.
fn platt(seen: &[Seen]) -> (f64, f64) {
    let loss = |scale: f64, shift: f64| -> f64 {
        let one = |seen: &Seen| {
            let logit = scale * seen.logit + shift;
            softplus(logit) - if seen.won { logit } else { 0.0 }
        };
        seen.iter().map(one).sum()
    };
    let (mut scale, mut shift) = (1.0, 0.0);
    let mut least = loss(scale, shift);
    for _ in 0..STEPS {
        // Gradient, and the three different numbers of the Hessian.
        let mut sums = [0.0; 5];
        for seen in seen {
            let p = sigmoid(scale * seen.logit + shift);
            let (error, weight) = (p - f64::from(u8::from(seen.won)), p * (1.0 - p));
            let terms = [error * seen.logit, error, weight * seen.logit * seen.logit, weight * seen.logit, weight];
            sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
        }
        let [g_scale, g_shift, ss, st, tt] = sums;
        let determinant = (ss + 1e-9) * (tt + 1e-9) - st * st;
        if determinant <= 0.0 || seen.is_empty() {
            break;
        }
        let step = [(tt * g_scale - st * g_shift) / determinant, (ss * g_shift - st * g_scale) / determinant];
        let tries = (0..20).map(|halved| 0.5f64.powi(halved));
        let better = tries.map(|part| ((scale - part * step[0]).max(LEAST_SCALE), shift - part * step[1])).find_map(
            |(scale, shift)| {
                let found = loss(scale, shift);
                (found < least - 1e-12).then_some((scale, shift, found))
            },
        );
        let Some(found) = better else { break };
        (scale, shift, least) = found;
    }
    (scale, shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_distorted_is_set_right() {
        // Evenly spread logits, and wins as often as sigmoid(0.5 x - 1) says: the loss is least there.
        let mut seen = Vec::new();
        for at in -40..=40 {
            let logit = f64::from(at) / 10.0;
            let wins = (1000.0 * sigmoid(0.5 * logit - 1.0)).round() as usize;
            seen.extend((0..1000).map(|n| Seen { logit, won: n < wins, outside: 0.0 }));
        }
        let fitted = calibrate(&seen);
        assert!((fitted.scale - 0.5).abs() < 2e-3 && (fitted.shift + 1.0).abs() < 2e-3, "{fitted:?}");
    }

    #[test]
    fn the_range_holds_as_many_as_it_should_and_never_turns_round() {
        let seen: Vec<Seen> =
            (1..=99).map(|at| Seen { logit: f64::from(at), won: at < 50, outside: f64::from(at) - 50.0 }).collect();
        let fitted = calibrate(&seen);
        // Rank 0.8 * 100 = 80 of 99.
        assert_eq!(fitted.widen, 30.0);
        assert!(fitted.scale >= LEAST_SCALE);
        assert_eq!(calibrate(&[]), Calibration::default());
    }
}
