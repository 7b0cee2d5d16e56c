//! Sharing out the range of the codes between a layer's inputs.
//!
//! All weights of an output share one scale, so an input with large weights makes the codes of the others coarse. Dividing an
//! input by `s` and multiplying its weights by `s` changes nothing before rounding (ReLU passes positive factors through, so
//! the layer before can divide); afterwards the error is about `Σ_o (max_j |w_oj| s_j)² · Σ_j v_j / s_j²` with `v` the
//! variances of the inputs, and `s` is chosen to make that small (after M. Nagel, M. van Baalen, T. Blankevoort, M. Welling,
//! ICCV 2019).

/// Factors between one input's steps that are tried.
const FACTORS: [f64; 6] = [0.5, 0.8, 0.95, 1.05, 1.25, 2.0];
/// Passes over all inputs.
const PASSES: usize = 20;
/// An input is made at most this much larger or smaller: its activations are rounded too, with a step that all share.
const BOUNDS: std::ops::RangeInclusive<f64> = 0.125..=8.0;

/// Factors of a layer's inputs, one each: weights are to be multiplied by them, inputs divided.
pub(super) fn factors(weights: &[f32], variances: &[f64]) -> Vec<f32> {
    let inputs = variances.len();
    let mut factors = vec![1.0f64; inputs];
    let mut least = error(weights, variances, &factors);
    for _ in 0..PASSES {
        let before = least;
        for input in 0..inputs {
            let current = factors[input];
            let mut best = current;
            for factor in FACTORS.map(|factor| current * factor).into_iter().filter(|factor| BOUNDS.contains(factor)) {
                factors[input] = factor;
                let found = error(weights, variances, &factors);
                if found < least {
                    (least, best) = (found, factor);
                }
            }
            factors[input] = best;
        }
        if least > before * 0.999 {
            break;
        }
    }
    factors.into_iter().map(|factor| factor as f32).collect()
}

/// The estimate above, without the factor that all choices share.
fn error(weights: &[f32], variances: &[f64], factors: &[f64]) -> f64 {
    let largest = |row: &[f32]| {
        let scaled = row.iter().zip(factors).map(|(w, factor)| f64::from(w.abs()) * factor);
        scaled.fold(0.0f64, f64::max)
    };
    let ranges: f64 = weights.chunks_exact(factors.len().max(1)).map(|row| largest(row).powi(2)).sum();
    let spread: f64 = variances.iter().zip(factors).map(|(variance, factor)| variance / factor.powi(2)).sum();
    ranges * spread
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_weight_of_an_input_that_hardly_varies_gives_way() {
        let (weights, variances) = ([10.0, 0.1, -0.1, -10.0, 0.1, 0.1], [1e-4, 1.0, 1.0]);
        let found = factors(&weights, &variances);
        assert!(found[0] < found[1] && found[0] < found[2], "{found:?}");
        let found: Vec<f64> = found.into_iter().map(f64::from).collect();
        assert!(error(&weights, &variances, &found) < 0.05 * error(&weights, &variances, &[1.0; 3]));
    }

    #[test]
    fn inputs_that_are_alike_stay_as_they_are() {
        assert_eq!(factors(&[1.0, -1.0, 1.0, 1.0], &[0.5, 0.5]), [1.0, 1.0]);
        assert_eq!(factors(&[0.0, 0.0], &[0.0, 0.0]), [1.0, 1.0]);
    }
}
