//! How far the GPU's scores can be from the CPU's.

use super::layout::{GpuBranch, GpuLayer, GpuModel};
use super::scorer::Arithmetic;

/// Largest activation code.
const MAX_CODE: f64 = 16383.0;
/// What one operation on f32 may be off, relative: WGSL leaves the direction of rounding open.
const UNIT: f64 = 1.0 / (1 << 23) as f64;
/// Whole numbers below this are exact in f32.
const EXACT: f64 = (1 << 24) as f64;

impl GpuModel {
    /// For each branch a bound of `|score on the GPU - score on the CPU|`, whatever the candidate.
    ///
    /// The first layer is integer arithmetic and the same. In a layer behind it the sums differ by `Σ|w| * d` where its
    /// inputs differ by `d` codes; conversion, product and sum (fused or not) are off by a unit in the last place each on
    /// either side; and rounding to a code adds at most one. With f32 sums every addition may be off, too; products of an
    /// activation and a weight are exact.
    pub fn tolerance(&self, arithmetic: Arithmetic) -> [f32; 2] {
        let bound = |branch: &GpuBranch| -> f32 {
            let last = branch.layers.len().saturating_sub(1);
            let mut codes = vec![0.0; branch.width];
            for (at, layer) in branch.layers.iter().enumerate() {
                codes = differences(layer, &codes, arithmetic);
                if at < last {
                    codes.iter_mut().for_each(|d| *d = rounded(*d));
                }
            }
            // Rounded up to an f32.
            codes.first().map_or(0.0, |d| (d * (1.0 + UNIT)) as f32)
        };
        self.branches.each_ref().map(bound)
    }
}

/// What one addition of whole numbers in f32 can be off where the sum is no larger than this.
fn last_place(largest: f64) -> f64 {
    if largest < EXACT { 0.0 } else { largest * UNIT }
}

/// How many codes two values can be apart that differ by `d`.
fn rounded(d: f64) -> f64 {
    if d > 0.0 { (libm::floor(d) + 1.0).min(MAX_CODE) } else { 0.0 }
}

/// By how much each output of a layer can differ before it is rounded to a code.
fn differences(layer: &GpuLayer, inputs: &[f64], arithmetic: Arithmetic) -> Vec<f64> {
    let rows = layer.codes.chunks_exact(layer.inputs.max(1));
    let output = |((row, multiplier), bias): ((&[i8], &f32), &f32)| -> f64 {
        let weight = |code: &i8| f64::from(code.unsigned_abs());
        let from_inputs: f64 = row.iter().zip(inputs).map(|(code, d)| weight(code) * d).sum();
        let largest: f64 = MAX_CODE * row.iter().map(weight).sum::<f64>();
        let sums = match arithmetic {
            Arithmetic::Dot4 => 0.0,
            Arithmetic::F32 => layer.inputs as f64 * last_place(largest),
        };
        let (multiplier, bias) = (f64::from(multiplier.abs()), f64::from(bias.abs()));
        multiplier * (from_inputs + sums) + 7.0 * UNIT * (multiplier * largest + bias)
    };
    rows.zip(&layer.multipliers).zip(&layer.biases).map(output).collect()
}
