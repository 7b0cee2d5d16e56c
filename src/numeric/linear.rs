//! Linear layers: one in int8, and in f32 the column sums that every f32 layer is made of.

use super::int8::MAX_INPUTS;
use super::kernel::{PANEL, PairOfInputs};

/// A linear layer with int8 weights, fed with activation codes.
///
/// Weights are packed as i16 in panels of 16 outputs: within a panel, for every pair of inputs, the two weights of each
/// output side by side. One pair of activations, broadcast, then meets 16 outputs in the multiply-add of 16-bit lanes that
/// every vector unit has (`pmaddwd`, `vpdpwssd`, `i32x4.dot_i16x8_s`).
#[derive(Debug, Clone, PartialEq)]
pub struct Int8Linear {
    packed: Vec<PairOfInputs>,
    inputs: usize,
    outputs: usize,
    /// Per output, padded with zeros to whole panels.
    multipliers: Vec<f32>,
    biases: Vec<f32>,
}

/// The int8 weights of a layer that is read, not run.
#[derive(Debug, Clone, Copy)]
pub struct Int8Weights<'a> {
    /// `outputs * inputs` codes in -127..=127, row by row.
    pub codes: &'a [i8],
    /// One scale per output.
    pub scales: &'a [f32],
    /// One bias per output.
    pub biases: &'a [f32],
}

impl Int8Linear {
    /// A layer that is fed activations of step `input_step` and gives its outputs in units of `1 / inverse_output_step`:
    /// what follows is `sum * multiplier + bias` with `multiplier = scale * input_step * inverse_output_step` and
    /// `bias = bias * inverse_output_step`, multiplied in this order. `None` where the lengths do not fit, a number is not
    /// finite or there are more than [`MAX_INPUTS`] inputs.
    pub fn new(weights: Int8Weights<'_>, input_step: f32, inverse_output_step: f32) -> Option<Self> {
        let Int8Weights { codes, scales, biases } = weights;
        let outputs = scales.len();
        let inputs = codes.len().checked_div(outputs)?;
        if codes.len() != inputs * outputs || biases.len() != outputs || inputs == 0 || inputs > MAX_INPUTS {
            return None;
        }
        let pairs = padded(inputs) / 2;
        let mut packed = vec![PairOfInputs::default(); padded(outputs) / PANEL * pairs];
        for (output, row) in codes.chunks_exact(inputs).enumerate() {
            for (input, code) in row.iter().enumerate() {
                let at = (output % PANEL) * 2 + input % 2;
                packed[output / PANEL * pairs + input / 2].0[at] = i16::from(*code);
            }
        }
        let of = |values: &mut dyn Iterator<Item = f32>| -> Option<Vec<f32>> {
            let mut values: Vec<f32> = values.collect();
            let finite = values.iter().all(|value| value.is_finite());
            values.resize(padded(outputs), 0.0);
            finite.then_some(values)
        };
        let multipliers = of(&mut scales.iter().map(|scale| scale * input_step * inverse_output_step))?;
        let biases = of(&mut biases.iter().map(|bias| bias * inverse_output_step))?;
        Some(Self { packed, inputs, outputs, multipliers, biases })
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// What the i32 sums are multiplied by, one per output.
    pub fn multipliers(&self) -> &[f32] {
        &self.multipliers[..self.outputs]
    }

    /// What is added then, one per output.
    pub fn biases(&self) -> &[f32] {
        &self.biases[..self.outputs]
    }

    /// The codes of the weights: `outputs * inputs`, row by row.
    pub fn codes(&self) -> Vec<i8> {
        let row = |output| (0..self.inputs).map(move |input| self.weight(output, input) as i8);
        (0..self.outputs).flat_map(row).collect()
    }

    /// One code; 0 in the padding.
    pub(super) fn weight(&self, output: usize, input: usize) -> i16 {
        self.packed[output / PANEL * self.pairs() + input / 2].0[(output % PANEL) * 2 + input % 2]
    }

    /// The packed weights: for every panel, [`pairs`](Self::pairs) of them.
    pub(super) fn packed(&self) -> &[PairOfInputs] {
        &self.packed
    }

    /// Pairs of inputs, padding included.
    pub(super) fn pairs(&self) -> usize {
        padded(self.inputs) / 2
    }

    /// Multipliers and biases with their padding.
    pub(super) fn padded_affine(&self) -> (&[f32], &[f32]) {
        (&self.multipliers, &self.biases)
    }
}

/// A number of inputs or outputs, rounded up to whole panels.
pub(super) fn padded(count: usize) -> usize {
    count.next_multiple_of(PANEL)
}

/// `out[o] += x * column[o]`: the share of one input of a layer whose weights are stored column by column.
pub fn accumulate(out: &mut [f32], column: &[f32], x: f32) {
    for (out, w) in out.iter_mut().zip(column) {
        *out += x * w;
    }
}

/// `x = max(x, 0)` in place; NaN becomes 0.
pub fn relu(values: &mut [f32]) {
    for value in values {
        *value = if *value > 0.0 { *value } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_keeps_its_codes_and_refuses_what_does_not_fit() {
        let codes: Vec<i8> = (0..19 * 33).map(|at| (at % 255 - 127) as i8).collect();
        let (scales, biases) = (vec![0.5; 33], vec![3.0; 33]);
        let weights = Int8Weights { codes: &codes, scales: &scales, biases: &biases };
        let layer = Int8Linear::new(weights, 0.25, 4.0).unwrap();
        assert_eq!((layer.inputs(), layer.outputs(), layer.codes()), (19, 33, codes.clone()));
        assert_eq!((layer.multipliers()[32], layer.biases()[32]), (0.5, 12.0));
        let refused = |codes: usize, scales: usize, biases: usize, scale: f32| {
            let (codes, scales, biases) = (vec![0; codes], vec![scale; scales], vec![0.0; biases]);
            let weights = Int8Weights { codes: &codes, scales: &scales, biases: &biases };
            Int8Linear::new(weights, 1.0, 1.0).is_none()
        };
        assert!(!refused(MAX_INPUTS, 1, 1, 1.0) && refused(MAX_INPUTS + 1, 1, 1, 1.0));
        for (codes, scales, biases, scale) in
            [(5, 2, 2, 1.0), (4, 2, 1, 1.0), (0, 0, 0, 1.0), (0, 2, 2, 1.0), (4, 2, 2, f32::NAN)]
        {
            assert!(refused(codes, scales, biases, scale), "{codes} {scales} {biases} {scale}");
        }
    }

    #[test]
    fn f32_sums_worked_out_by_hand() {
        let mut out = [210.5, 429.5];
        accumulate(&mut out, &[1.0, -1.0], 0.5);
        assert_eq!(out, [211.0, 429.0]);
        let mut values = [-1.0, 0.0, 2.0, f32::NAN];
        relu(&mut values);
        assert_eq!(values, [0.0, 0.0, 2.0, 0.0]);
    }
}
