//! Rounding of one output channel's weights so that the output moves least.
//!
//! The output error of rounding `w` to `v` is `(v - w)ᵀ H (v - w)` with `H` the covariance of the inputs. Three steps bring
//! it down: the sequential rounding with error feedback of GPTQ (E. Frantar, S. Ashkboos, T. Hoefler, D. Alistarh, ICLR
//! 2023), for several scales; then single codes are moved while that helps; then the scale is fitted to the codes.

use super::linalg::{Square, dot, times};

/// Largest code.
const LIMIT: f64 = 127.0;
/// Scales that are tried, as shares of `max|w| / 127`.
const SHRINK: [f64; 6] = [1.0, 0.97, 0.93, 0.88, 0.82, 0.75];
/// Rounds of moving codes and fitting the scale.
const ROUNDS: usize = 4;
/// Passes over all codes per round.
const PASSES: usize = 12;

/// What is known of a layer's inputs, prepared once for all of its outputs.
pub(super) struct Inputs {
    covariance: Square,
    /// Columns with the largest variance first: they are rounded while there are many left to make up for it.
    order: Vec<usize>,
    /// Upper `U` with `Uᵀ U` the inverse of the covariance in that order.
    upper: Square,
}

/// Codes in -127..=127 and the scale.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) codes: Vec<i8>,
    pub(super) scale: f64,
}

impl Inputs {
    /// Prepares a covariance, whose diagonal is raised by a share of its mean: inputs that never vary would leave it
    /// singular.
    pub(super) fn new(mut covariance: Square, damping: f64) -> Option<Self> {
        let raise = covariance.mean_diagonal() * damping;
        covariance.add_diagonal(if raise > 0.0 { raise } else { 1.0 });
        let mut order: Vec<usize> = (0..covariance.n).collect();
        order.sort_by(|&a, &b| covariance.at(b, b).total_cmp(&covariance.at(a, a)).then(a.cmp(&b)));
        let inverse = covariance.permuted(&order).cholesky()?.inverse_with_cholesky();
        // U of Uᵀ U = A follows from the lower root of A: U = Lᵀ.
        let lower = inverse.cholesky()?;
        let n = lower.n;
        let values = (0..n).flat_map(|i| (0..n).map(|j| (i, j)).collect::<Vec<_>>());
        let upper = Square { n, values: values.map(|(i, j)| lower.at(j, i)).collect() };
        Some(Self { covariance, order, upper })
    }

    /// The covariance, raised.
    pub(super) fn covariance(&self) -> &Square {
        &self.covariance
    }

    /// The mean squared output error of a rounded row.
    pub(super) fn error(&self, weights: &[f64], row: &Row) -> f64 {
        let gap: Vec<f64> = row.codes.iter().zip(weights).map(|(&q, w)| f64::from(q) * row.scale - w).collect();
        dot(&gap, &times(&self.covariance, &gap))
    }

    /// The best rounding found.
    pub(super) fn round(&self, weights: &[f64]) -> Row {
        let largest = weights.iter().fold(0.0f64, |most, w| most.max(w.abs()));
        let mut best = nearest(weights, largest / LIMIT);
        if largest == 0.0 {
            return best;
        }
        let mut least = self.error(weights, &best);
        for shrink in SHRINK {
            let mut row = self.feedback(weights, largest / LIMIT * shrink);
            for _ in 0..ROUNDS {
                self.descend(weights, &mut row);
                self.fit_scale(weights, &mut row);
            }
            let error = self.error(weights, &row);
            if error < least {
                (best, least) = (row, error);
            }
        }
        best
    }

    /// GPTQ: rounds one column after the other and spreads its error over the columns that are left.
    fn feedback(&self, weights: &[f64], scale: f64) -> Row {
        let mut left: Vec<f64> = self.order.iter().map(|&at| weights[at]).collect();
        let mut codes = vec![0i8; weights.len()];
        for i in 0..left.len() {
            let code = code(left[i], scale);
            codes[self.order[i]] = code as i8;
            let error = (left[i] - code * scale) / self.upper.at(i, i);
            let row = &self.upper.row(i)[i + 1..];
            left[i + 1..].iter_mut().zip(row).for_each(|(w, u)| *w -= error * u);
        }
        Row { codes, scale }
    }

    /// Moves single codes while the error falls.
    fn descend(&self, weights: &[f64], row: &mut Row) {
        let gap: Vec<f64> = row.codes.iter().zip(weights).map(|(&q, w)| f64::from(q) * row.scale - w).collect();
        let mut slope = times(&self.covariance, &gap);
        for _ in 0..PASSES {
            let mut moved = false;
            for i in 0..row.codes.len() {
                let before = f64::from(row.codes[i]);
                let ideal = before * row.scale - slope[i] / self.covariance.at(i, i);
                let after = code(ideal, row.scale);
                if after != before {
                    let step = (after - before) * row.scale;
                    slope.iter_mut().zip(self.covariance.row(i)).for_each(|(s, h)| *s += h * step);
                    row.codes[i] = after as i8;
                    moved = true;
                }
            }
            if !moved {
                break;
            }
        }
    }

    /// The scale with the least error for these codes.
    fn fit_scale(&self, weights: &[f64], row: &mut Row) {
        let codes: Vec<f64> = row.codes.iter().map(|&q| f64::from(q)).collect();
        let weighed = times(&self.covariance, &codes);
        let (of_weights, of_codes) = (dot(&weighed, weights), dot(&weighed, &codes));
        if of_weights > 0.0 && of_codes > 0.0 {
            // As it will be stored.
            row.scale = f64::from((of_weights / of_codes) as f32);
        }
    }
}

/// Every weight to the nearest code.
pub(super) fn nearest(weights: &[f64], scale: f64) -> Row {
    let scale = f64::from(scale as f32);
    Row { codes: weights.iter().map(|&w| code(w, scale) as i8).collect(), scale }
}

fn code(value: f64, scale: f64) -> f64 {
    if scale > 0.0 { (value / scale).round_ties_even().clamp(-LIMIT, LIMIT) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn covariance(n: usize, samples: &[f64]) -> Square {
        let mut matrix = Square::zeros(n);
        for line in samples.chunks_exact(n) {
            for i in 0..n {
                for j in 0..n {
                    matrix.values[i * n + j] += line[i] * line[j];
                }
            }
        }
        matrix
    }

    #[test]
    fn weights_on_the_grid_stay_where_they_are() {
        let inputs = Inputs::new(covariance(3, &[1.0, 2.0, 0.5, -1.0, 0.3, 0.2, 0.1, 0.9, -2.0]), 0.01).unwrap();
        let weights = [127.0 * 0.5, -3.0 * 0.5, 0.0];
        let row = inputs.round(&weights);
        assert_eq!(row.codes, [127, -3, 0]);
        assert!(inputs.error(&weights, &row) < 1e-9);
        assert_eq!(inputs.round(&[0.0; 3]), Row { codes: vec![0; 3], scale: 0.0 });
    }

    #[test]
    fn inputs_that_never_vary_are_legal() {
        let inputs = Inputs::new(Square::zeros(2), 0.01).unwrap();
        assert_eq!(inputs.round(&[1.0, -0.5]).codes[0], 127);
    }

    proptest! {
        #[test]
        fn never_worse_than_the_nearest_codes(
            weights in prop::collection::vec(-1.0f64..1.0, 8),
            samples in prop::collection::vec(-1.0f64..1.0, 8 * 5),
        ) {
            let inputs = Inputs::new(covariance(8, &samples), 0.01).unwrap();
            let largest = weights.iter().fold(0.0f64, |most, w| most.max(w.abs()));
            let row = inputs.round(&weights);
            let plain = inputs.error(&weights, &nearest(&weights, largest / 127.0));
            prop_assert!(inputs.error(&weights, &row) <= plain);
            prop_assert!(row.codes.iter().all(|&q| q > i8::MIN));
        }
    }
}
