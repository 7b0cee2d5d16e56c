//! Linear layers: one in int8, and in f32 the column sums that every f32 layer is made of.

use super::int8::MAX_INPUTS;
use super::kernel::{Kernel, PANEL};

/// A linear layer with int8 weights and i16 activations.
#[derive(Debug, Clone, PartialEq)]
pub struct Int8Linear {
    packed: Vec<i16>,
    pairs: usize,
    inputs: usize,
    outputs: usize,
    /// Weight scale times input step, per output.
    multipliers: Vec<f32>,
    biases: Vec<f32>,
}

impl Int8Linear {
    /// A layer of `codes` (`outputs * inputs`, row by row), one scale and one bias per output, and the step of the
    /// activations that it is fed. `None` where the lengths do not fit or there are more than [`MAX_INPUTS`] inputs.
    pub fn new(codes: &[i8], scales: &[f32], biases: &[f32], input_step: f32) -> Option<Self> {
        let outputs = scales.len();
        let inputs = codes.len().checked_div(outputs)?;
        if codes.len() != inputs * outputs || biases.len() != outputs || inputs == 0 || inputs > MAX_INPUTS {
            return None;
        }
        let pairs = inputs.div_ceil(2);
        let mut packed = vec![0; outputs.next_multiple_of(PANEL) * 2 * pairs];
        for (output, row) in codes.chunks_exact(inputs).enumerate() {
            let (panel, lane) = (output / PANEL, output % PANEL);
            for (input, code) in row.iter().enumerate() {
                packed[((panel * pairs + input / 2) * PANEL + lane) * 2 + input % 2] = i16::from(*code);
            }
        }
        let multipliers = scales.iter().map(|scale| scale * input_step).collect();
        Some(Self { packed, pairs, inputs, outputs, multipliers, biases: biases.to_vec() })
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Length of one row of activations: the inputs, rounded up to even; the last one must be 0 where it is padding.
    pub fn row_len(&self) -> usize {
        2 * self.pairs
    }

    /// Length of one row of sums: the outputs, rounded up to whole panels.
    pub fn sums_len(&self) -> usize {
        self.multipliers.len().next_multiple_of(PANEL)
    }

    /// `out[r][o] = multiplier[o] * Σ_i codes[o][i] * activations[r][i] + bias[o]`, the sum in i32.
    ///
    /// `activations`: rows of [`row_len`](Self::row_len); `sums`: scratch of as many rows of [`sums_len`](Self::sums_len);
    /// `out`: rows of [`outputs`](Self::outputs). The same bits whatever the kernel.
    pub fn forward(&self, kernel: Kernel, activations: &[i16], sums: &mut [i32], out: &mut [f32]) {
        kernel.multiply(&self.packed, self.pairs, activations, sums);
        for (sums, out) in sums.chunks_exact(self.sums_len()).zip(out.chunks_exact_mut(self.outputs)) {
            for (((out, sum), multiplier), bias) in out.iter_mut().zip(sums).zip(&self.multipliers).zip(&self.biases) {
                *out = *sum as f32 * multiplier + bias;
            }
        }
    }
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
    use proptest::prelude::*;

    fn layer(codes: &[i8], outputs: usize) -> Int8Linear {
        Int8Linear::new(codes, &vec![1.0; outputs], &vec![0.5; outputs], 1.0).unwrap()
    }

    /// The independent answer: i64 sums over the unpacked codes.
    fn expected(codes: &[i8], outputs: usize, rows: &[Vec<i16>]) -> Vec<f32> {
        let inputs = codes.len() / outputs;
        let dot = |row: &[i16], o: usize| -> i64 {
            (0..inputs).map(|i| i64::from(codes[o * inputs + i]) * i64::from(row[i])).sum()
        };
        rows.iter().flat_map(|row| (0..outputs).map(|o| dot(row, o) as f32 + 0.5).collect::<Vec<_>>()).collect()
    }

    fn run(kernel: Kernel, layer: &Int8Linear, rows: &[Vec<i16>]) -> Vec<f32> {
        let mut activations = vec![0; rows.len() * layer.row_len()];
        for (padded, row) in activations.chunks_exact_mut(layer.row_len()).zip(rows) {
            padded[..row.len()].copy_from_slice(row);
        }
        let mut sums = vec![-1; rows.len() * layer.sums_len()];
        let mut out = vec![f32::NAN; rows.len() * layer.outputs()];
        layer.forward(kernel, &activations, &mut sums, &mut out);
        out
    }

    #[test]
    fn every_tail_of_rows_inputs_and_outputs_agrees() {
        let mut state = 1u32;
        let mut next = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 16
        };
        let kernel = Kernel::detect();
        for inputs in (1..=20).chain([31, 32, 33, 64, 127, 128]) {
            for outputs in (1..=18).chain([32, 64, 128]) {
                let codes: Vec<i8> = (0..inputs * outputs).map(|_| (next() % 255) as i8).map(|q| q.max(-127)).collect();
                let layer = layer(&codes, outputs);
                for rows in [0, 1, 2, 3, 4, 5, 9] {
                    let rows: Vec<Vec<i16>> =
                        (0..rows).map(|_| (0..inputs).map(|_| (next() % 32768) as i16).collect()).collect();
                    let scalar = run(Kernel::Scalar, &layer, &rows);
                    assert_eq!(scalar, expected(&codes, outputs, &rows), "scalar {inputs} x {outputs}");
                    assert_eq!(run(kernel, &layer, &rows), scalar, "{} {inputs} x {outputs}", kernel.name());
                }
            }
        }
    }

    #[test]
    fn the_largest_sums_do_not_overflow() {
        let codes = vec![-127; MAX_INPUTS];
        let rows = vec![vec![i16::MAX; MAX_INPUTS]];
        for kernel in [Kernel::Scalar, Kernel::detect()] {
            assert_eq!(run(kernel, &layer(&codes, 1), &rows), expected(&codes, 1, &rows), "{}", kernel.name());
        }
        assert!(Int8Linear::new(&vec![0; MAX_INPUTS + 1], &[1.0], &[0.0], 1.0).is_none());
        for (codes, scales, biases) in [(5, 2, 2), (4, 2, 1), (0, 0, 0), (0, 2, 2)] {
            assert!(Int8Linear::new(&vec![0; codes], &vec![1.0; scales], &vec![0.0; biases], 1.0).is_none());
        }
    }

    #[test]
    fn a_kernel_that_is_not_there_runs_as_the_scalar_one() {
        let codes = [1, 2, 3, 4];
        let rows = vec![vec![10, 20]];
        for kernel in [Kernel::Scalar, Kernel::Avx2, Kernel::Simd128] {
            assert_eq!(run(kernel, &layer(&codes, 2), &rows), [50.5, 110.5], "{}", kernel.name());
        }
        assert!(Kernel::detect().is_available());
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

    proptest! {
        #[test]
        fn kernels_agree_on_random_layers(
            (outputs, inputs) in (1usize..40, 1usize..140), seed in any::<u64>(), rows in 1usize..6,
        ) {
            let mut state = seed | 1;
            let mut next = || { state ^= state << 13; state ^= state >> 7; state ^= state << 17; state };
            let codes: Vec<i8> = (0..inputs * outputs).map(|_| ((next() % 255) as i16 - 127) as i8).collect();
            let rows: Vec<Vec<i16>> = (0..rows).map(|_| (0..inputs).map(|_| (next() % 32768) as i16).collect()).collect();
            let layer = layer(&codes, outputs);
            prop_assert_eq!(run(Kernel::detect(), &layer, &rows), run(Kernel::Scalar, &layer, &rows));
        }
    }
}
