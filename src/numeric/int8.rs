//! The int8 scheme.
//!
//! * Weights: one scale per output channel, symmetric: `w = scale * q`, `q` in -127..=127, `scale = max|w| / 127`.
//! * Activations between layers: one static step per layer, unsigned after ReLU: `x = step * q`, `q` in 0..=32767.
//! * Sums: i32, exact in any order, as `inputs * 127 * 32767 < 2^31` up to [`MAX_INPUTS`] inputs.
//! * Embedding rows in files: i16 with one scale per row: `x = scale * q`, `q` in -32767..=32767.
//!
//! Rounding is to nearest, ties to even, everywhere.

/// Largest activation code.
pub const MAX_ACTIVATION: i16 = i16::MAX;
/// Largest number of inputs of an int8 layer: more could overflow the i32 sum.
pub const MAX_INPUTS: usize = (i32::MAX / (127 * 32767)) as usize;

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

/// `out[i] = clamp(round(values[i] * inverse_step), 0, 32767)`: ReLU and quantisation in one. NaN becomes 0.
///
/// Adding 2^23 puts the integer part, rounded to nearest even by the addition itself, into the low bits: the loop has no
/// branch and no call and vectorises on every target.
pub fn quantise_activations(values: &[f32], inverse_step: f32, out: &mut [i16]) {
    const TWO_23: f32 = 8_388_608.0;
    for (out, value) in out.iter_mut().zip(values) {
        let scaled = value * inverse_step;
        let bounded = if scaled > 0.0 { scaled } else { 0.0 };
        let bounded = if bounded < 32767.0 { bounded } else { 32767.0 };
        *out = ((bounded + TWO_23).to_bits() & 0x7fff) as i16;
    }
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
        let mut out = [0; 9];
        let values = [-1.0, 0.0, 0.5, 1.5, 2.5, 32766.6, 1e9, f32::NAN, f32::INFINITY];
        quantise_activations(&values, 1.0, &mut out);
        assert_eq!(out, [0, 0, 0, 2, 2, 32767, 32767, 0, 32767]);
    }

    proptest! {
        #[test]
        fn activation_codes_are_the_rounded_values(value in -10.0f32..40_000.0) {
            let mut out = [0];
            quantise_activations(&[value], 1.0, &mut out);
            prop_assert_eq!(f32::from(out[0]), value.round_ties_even().clamp(0.0, 32767.0));
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
