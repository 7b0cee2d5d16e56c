//! The int8 scheme.
//!
//! * Weights: one scale per output channel, symmetric: `w = scale * q`, `q` in -127..=127, `scale = max|w| / 127`.
//! * Activations: one static step per layer, unsigned after ReLU: `x = step * q`, `q` in 0..=16383. A code is then
//!   `128 * high + low` with both in 0..=127, for machines that multiply bytes.
//! * Sums of products: i32, exact in any order, as `inputs * 127 * 16383 < 2^31` up to [`MAX_INPUTS`] inputs.
//! * First layer: shares of query and item in i16, in steps of the first activations; see
//!   [`FirstLayer`](super::FirstLayer).
//! * Embedding rows in files: i16 with one scale per row: `x = scale * q`, `q` in -32767..=32767.
//!
//! Rounding is to nearest, ties to even, everywhere but in [`multiply_round`].

/// Largest activation code.
pub const MAX_ACTIVATION: i16 = 16383;
/// Largest number of inputs of an int8 layer: more could overflow the i32 sum.
pub const MAX_INPUTS: usize = (i32::MAX / (127 * 16383)) as usize;
/// Largest code of a share of the first layer, in either direction.
pub const MAX_SHARE: i16 = i16::MAX;

/// Rows of i16 codes with a scale each.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct QuantisedRows {
    /// `rows * width` codes.
    pub codes: Vec<i16>,
    /// One scale per row.
    pub scales: Vec<f32>,
}

/// Quantises `weights` (`outputs` rows of equal length) to codes and one scale per row. A row of zeros gets scale 0.
pub fn quantise_weights(weights: &[f32], outputs: usize) -> (Vec<i8>, Vec<f32>) {
    let inputs = weights.len() / outputs.max(1);
    let mut codes = Vec::with_capacity(weights.len());
    let mut scales = Vec::with_capacity(outputs);
    for row in weights.chunks_exact(inputs.max(1)) {
        let scale = largest(row) / 127.0;
        codes.extend(row.iter().map(|w| code(*w, scale, 127.0) as i8));
        scales.push(scale);
    }
    (codes, scales)
}

/// Quantises rows of `width` values to i16 codes with a scale each.
pub fn quantise_rows_i16(rows: &[f32], width: usize) -> QuantisedRows {
    let mut out = QuantisedRows::default();
    for row in rows.chunks_exact(width.max(1)) {
        let scale = largest(row) / 32767.0;
        out.codes.extend(row.iter().map(|x| code_i16(*x, scale)));
        out.scales.push(scale);
    }
    out
}

/// The i16 code of a value in a row with that scale.
pub fn code_i16(value: f32, scale: f32) -> i16 {
    code(value, scale, 32767.0) as i16
}

fn largest(row: &[f32]) -> f32 {
    row.iter().fold(0.0f32, |most, x| most.max(x.abs()))
}

fn code(value: f32, scale: f32, limit: f32) -> f32 {
    if scale > 0.0 { (value / scale).round_ties_even().clamp(-limit, limit) } else { 0.0 }
}

/// `clamp(round(steps), 0, 16383)`: ReLU and quantisation in one, of a value in steps. NaN becomes 0.
pub fn activation_code(steps: f32) -> i16 {
    round_small(steps.clamp(0.0, f32::from(MAX_ACTIVATION)))
}

/// `clamp(round(steps), -32767, 32767)`: a share of the first layer, given in steps. NaN becomes 0.
pub fn share_code(steps: f32) -> i16 {
    round_small(steps.clamp(-f32::from(MAX_SHARE), f32::from(MAX_SHARE)))
}

/// Rounds by adding and taking off a number so large that what is added keeps no digits behind the point. Where there is no
/// instruction that rounds, `round_ties_even` is a call.
fn round_small(value: f32) -> i16 {
    const LARGE: f32 = 12_582_912.0;
    ((value + LARGE) - LARGE) as i16
}

/// `(a * b + 2^14) >> 15`, the product of two numbers in units of 2^-15: `pmulhrsw`, `i16x8.q15mulr_sat_s`, `sqrdmulh`.
/// Neither may be -32768.
pub(super) fn multiply_round(a: i16, b: i16) -> i16 {
    ((i32::from(a) * i32::from(b) + 0x4000) >> 15) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn codes_worked_out_by_hand() {
        let (codes, scales) = quantise_weights(&[1.27, -0.635, 0.0, 0.0, 0.0, 0.0], 2);
        assert_eq!(codes, [127, -64, 0, 0, 0, 0]);
        assert!((scales[0] - 0.01).abs() < 1e-9 && scales[1] == 0.0);
        let values = [-1.0, 0.0, 0.5, 1.5, 2.5, 16382.6, 1e9, f32::NAN, f32::INFINITY];
        assert_eq!(values.map(activation_code), [0, 0, 0, 2, 2, 16383, 16383, 0, 16383]);
        let values = [-1.5, -0.5, 0.5, 1.5, 2.5, 32766.6, 1e9, f32::NAN, f32::NEG_INFINITY];
        assert_eq!(values.map(share_code), [-2, 0, 0, 2, 2, 32767, 32767, 0, -32767]);
        let products = [(32767, 32767), (-32767, 32767), (1, 16384), (-1, 16384), (1, 16383), (-3, 16384)];
        assert_eq!(products.map(|(a, b)| multiply_round(a, b)), [32766, -32766, 1, 0, 0, -1]);
    }

    proptest! {
        #[test]
        fn codes_are_the_rounded_values(value in -40_000.0f32..40_000.0) {
            prop_assert_eq!(f32::from(activation_code(value)), value.round_ties_even().clamp(0.0, 16383.0));
            prop_assert_eq!(f32::from(share_code(value)), value.round_ties_even().clamp(-32767.0, 32767.0));
        }

        #[test]
        fn the_error_is_at_most_half_a_step(row in prop::collection::vec(-3.0f32..3.0, 1..40)) {
            let (codes, scales) = quantise_weights(&row, 1);
            for (w, q) in row.iter().zip(codes) {
                prop_assert!((w - f32::from(q) * scales[0]).abs() <= scales[0] * 0.500_01);
            }
            let rows = quantise_rows_i16(&row, row.len());
            for (x, q) in row.iter().zip(&rows.codes) {
                prop_assert!((x - f32::from(*q) * rows.scales[0]).abs() <= rows.scales[0] * 0.51);
            }
        }
    }
}
