//! A branch in int8: a first layer of shares, hidden layers, one output, all of them for one block of candidates while it
//! is in the first-level cache.

use super::int8::{MAX_INPUTS, share_code};
use super::kernel::{BLOCK, Block, Buffers, Kernel};
use super::linear::{Int8Linear, Int8Weights, padded};

/// Features of query and item together that a first layer may have.
pub const MAX_PAIR_FEATURES: usize = 2;

/// The layers behind the first one.
#[derive(Debug, Clone, PartialEq)]
pub struct Int8Stack {
    hidden: Vec<Int8Linear>,
    output: Int8Output,
}

/// The last layer: one output, whose weights lie in a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Int8Output {
    /// Padded with zeros as the activations are.
    weights: Vec<i16>,
    inputs: usize,
    multiplier: f32,
    bias: f32,
}

/// The first layer of a query, in i16 in steps of the activations behind it. Candidate `c` of item `r` has the activations
///
/// `clamp(sat(sat(query + items[r]) + sat(mulhrs(x0, w0) + mulhrs(x1, w1))), 0, 16383)`
///
/// with `sat` the saturation of i16, `mulhrs(a, b) = (a * b + 2^14) >> 15`, `x = clamp(round(pair * pair_scale))` within
/// ±32767, and without the last term where there are no pair features. All rows have [`Int8Stack::width`] codes.
#[derive(Debug, Clone, Copy)]
pub struct FirstLayer<'a> {
    /// The query's share.
    pub query: &'a [i16],
    /// The items' shares, one row each.
    pub items: &'a [i16],
    /// [`MAX_PAIR_FEATURES`] rows of weights, none of them -32768, or nothing at all.
    pub pair_weights: &'a [i16],
    /// What pair features are multiplied by to become codes, one each; missing ones are 0.
    pub pair_scales: &'a [f32],
}

/// Memory that forward passes share, so that they allocate nothing once it has been used.
#[derive(Debug, Clone, Default)]
pub struct Scratch {
    buffers: Buffers,
    /// For models in f32.
    pub(crate) values: [Vec<f32>; 2],
}

impl Int8Output {
    /// A layer of one output that is fed activations of step `input_step`. `None` under the conditions of
    /// [`Int8Linear::new`], and where there is not exactly one output.
    pub fn new(weights: Int8Weights<'_>, input_step: f32) -> Option<Self> {
        let layer = Int8Linear::new(weights, input_step, 1.0)?;
        let (&[multiplier], &[bias]) = (layer.multipliers(), layer.biases()) else { return None };
        let weights = (0..padded(layer.inputs())).map(|input| layer.weight(0, input)).collect();
        Some(Self { weights, inputs: layer.inputs(), multiplier, bias })
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The codes of the weights.
    pub fn codes(&self) -> Vec<i8> {
        self.weights[..self.inputs].iter().map(|code| *code as i8).collect()
    }

    /// What the i32 sum is multiplied by.
    pub fn multiplier(&self) -> f32 {
        self.multiplier
    }

    /// What is added then.
    pub fn bias(&self) -> f32 {
        self.bias
    }

    /// The weights with their padding.
    pub(super) fn padded_weights(&self) -> &[i16] {
        &self.weights
    }
}

impl Int8Stack {
    /// Layers that are fed by each other. `None` where they do not fit together.
    pub fn new(hidden: Vec<Int8Linear>, output: Int8Output) -> Option<Self> {
        let fits = hidden.windows(2).all(|pair| pair[0].outputs() == pair[1].inputs());
        let last = hidden.last().is_none_or(|last| last.outputs() == output.inputs);
        (fits && last).then_some(Self { hidden, output })
    }

    /// Codes of a row of the first layer: its outputs, rounded up; what is padding must be 0.
    pub fn width(&self) -> usize {
        padded(self.hidden.first().map_or(self.output.inputs, Int8Linear::inputs))
    }

    /// The hidden layers.
    pub fn hidden(&self) -> &[Int8Linear] {
        &self.hidden
    }

    /// The last layer.
    pub fn output(&self) -> &Int8Output {
        &self.output
    }

    /// The outputs of the items `rows`; `pairs` holds as many features of each as there are pair scales. The same bits
    /// whatever the kernel, and whichever other items are asked for.
    pub fn forward(
        &self,
        kernel: Kernel,
        first: &FirstLayer<'_>,
        rows: &[u32],
        pairs: &[f32],
        scratch: &mut Scratch,
        out: &mut [f32],
    ) {
        let (width, features) = (self.width(), first.pair_scales.len());
        let kernel = kernel.or_scalar();
        let mut items = [first.query; BLOCK];
        let mut codes = [[0i16; MAX_PAIR_FEATURES]; BLOCK];
        for (at, (rows, out)) in rows.chunks(BLOCK).zip(out.chunks_mut(BLOCK)).enumerate() {
            for (item, row) in items.iter_mut().zip(rows) {
                *item = &first.items[*row as usize * width..][..width];
            }
            for (candidate, codes) in codes.iter_mut().enumerate().take(rows.len()) {
                let pairs = &pairs[(at * BLOCK + candidate) * features..][..features];
                for ((code, pair), scale) in codes.iter_mut().zip(pairs).zip(first.pair_scales) {
                    *code = share_code(pair * scale);
                }
            }
            let block = Block {
                query: first.query,
                items: &items[..rows.len()],
                pair_weights: first.pair_weights,
                pairs: &codes,
                hidden: &self.hidden,
                output: &self.output,
            };
            kernel.forward(&block, &mut scratch.buffers, out);
        }
    }
}

const _: () = assert!(MAX_INPUTS <= Buffers::STRIDE);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, bound: u64) -> i64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % bound) as i64
        }

        fn shares(&mut self, width: usize, stride: usize, limit: u64) -> Vec<i16> {
            let code = |unit, numbers: &mut Self| {
                if unit < width { (numbers.below(2 * limit + 1) - limit as i64) as i16 } else { 0 }
            };
            (0..stride).map(|unit| code(unit, self)).collect()
        }
    }

    /// A stack with its codes unpacked.
    struct Case {
        sides: Vec<usize>,
        codes: Vec<Vec<i8>>,
        stack: Int8Stack,
        query: Vec<i16>,
        items: Vec<i16>,
        pair_weights: Vec<i16>,
    }

    const MULTIPLIER: f32 = 1.0 / 512.0;
    const BIAS: f32 = 31.25;
    const ITEMS: usize = 37;

    /// `sides`: the width of the first layer, then the outputs of the hidden ones.
    fn case(sides: &[usize], pairs: bool, limit: u64, seed: u64) -> Case {
        let mut numbers = Numbers(seed | 1);
        let mut codes = Vec::new();
        let layers: Vec<(usize, usize)> = sides.windows(2).map(|pair| (pair[0], pair[1])).collect();
        for (inputs, outputs) in layers.iter().copied().chain([(sides[sides.len() - 1], 1)]) {
            codes.push((0..inputs * outputs).map(|_| (numbers.below(255) - 127) as i8).collect::<Vec<i8>>());
        }
        let (scales, biases) = (vec![MULTIPLIER; 1000], vec![BIAS; 1000]);
        let weights = |codes, outputs| Int8Weights { codes, scales: &scales[..outputs], biases: &biases[..outputs] };
        let hidden =
            layers.iter().zip(&codes).map(|((_, o), codes)| Int8Linear::new(weights(codes, *o), 1.0, 1.0).unwrap());
        let output = Int8Output::new(weights(&codes[layers.len()], 1), 1.0).unwrap();
        let stack = Int8Stack::new(hidden.collect(), output).unwrap();
        let (width, stride) = (sides[0], stack.width());
        let query = numbers.shares(width, stride, limit);
        let items = (0..ITEMS).flat_map(|_| numbers.shares(width, stride, limit)).collect();
        let rows = if pairs { MAX_PAIR_FEATURES } else { 0 };
        let pair_weights = (0..rows).flat_map(|_| numbers.shares(width, stride, limit)).collect();
        Case { sides: sides.to_vec(), codes, stack, query, items, pair_weights }
    }

    /// The independent answer: i64 sums over the unpacked codes.
    fn expected(case: &Case, row: usize, pairs: [f32; 2]) -> f32 {
        let stride = case.query.len();
        let sat = |x: i64| x.clamp(-32768, 32767);
        let mut codes: Vec<i64> = (0..case.sides[0])
            .map(|unit| {
                let z = sat(i64::from(case.query[unit]) + i64::from(case.items[row * stride + unit]));
                let product = |f: usize| {
                    let x = (f64::from(pairs[f]) * 100.0).round_ties_even().clamp(-32767.0, 32767.0) as i64;
                    (x * i64::from(case.pair_weights[f * stride + unit]) + 16384).div_euclid(32768)
                };
                let p = if case.pair_weights.is_empty() { 0 } else { sat(product(0) + product(1)) };
                sat(z + p).clamp(0, 16383)
            })
            .collect();
        for (at, layer) in case.codes.iter().enumerate() {
            let sums =
                layer.chunks_exact(codes.len()).map(|row| row.iter().zip(&codes).map(|(w, x)| i64::from(*w) * x).sum());
            let values: Vec<f32> = sums.map(|sum: i64| sum as f32 * MULTIPLIER + BIAS).collect();
            if at + 1 == case.codes.len() {
                return values[0];
            }
            codes = values.iter().map(|y| y.round_ties_even().clamp(0.0, 16383.0) as i64).collect();
        }
        f32::NAN
    }

    fn run(case: &Case, kernel: Kernel, rows: &[u32], pairs: &[f32], scratch: &mut Scratch) -> Vec<f32> {
        let pair_scales: &[f32] = if case.pair_weights.is_empty() { &[] } else { &[100.0, 100.0] };
        let (query, items, pair_weights) = (&case.query, &case.items, &case.pair_weights);
        let first = FirstLayer { query, items, pair_weights, pair_scales };
        let mut out = vec![f32::NAN; rows.len()];
        case.stack.forward(kernel, &first, rows, pairs, scratch, &mut out);
        out
    }

    /// All kernels against the independent answer, over as many candidates. The scratch is what earlier cases left.
    fn check(case: &Case, candidates: usize, scratch: &mut Scratch) {
        let rows: Vec<u32> = (0..candidates).map(|at| (at * 7 % ITEMS) as u32).collect();
        let pairs: Vec<f32> = (0..2 * candidates).map(|at| (at as f32 - 9.0) * 37.125).collect();
        let pairs = if case.pair_weights.is_empty() { &[][..] } else { &pairs };
        let pair = |at: usize| if pairs.is_empty() { [0.0; 2] } else { [pairs[2 * at], pairs[2 * at + 1]] };
        let expected: Vec<f32> = (0..candidates).map(|at| expected(case, rows[at] as usize, pair(at))).collect();
        for kernel in Kernel::available() {
            let found = run(case, kernel, &rows, pairs, scratch);
            assert_eq!(found, expected, "{} {:?} x {candidates}", kernel.name(), case.sides);
        }
    }

    #[test]
    fn every_tail_of_candidates_inputs_and_outputs_agrees() {
        let mut scratch = Scratch::default();
        for width in (1..=20).chain([31, 32, 33, 64, 127, 128]) {
            for outputs in [1, 7, 8, 9, 15, 16, 17, 32, 33, 48, 64, 65, 80, 112] {
                let case = case(&[width, outputs], width % 2 == 0, 9000, (width * 1000 + outputs) as u64);
                for candidates in [0, 1, 3, 4, 5, 8, 9, 15, 16, 17, 33] {
                    check(&case, candidates, &mut scratch);
                }
            }
        }
        for sides in [&[128, 64, 32][..], &[13, 9, 5], &[5], &[32], &[40, 40, 40, 40, 3]] {
            for pairs in [false, true] {
                check(&case(sides, pairs, 12_000, 5), 35, &mut scratch);
            }
        }
    }

    #[test]
    fn the_corners_of_saturation_agree() {
        let mut scratch = Scratch::default();
        for pairs in [false, true] {
            let mut case = case(&[64, 16], pairs, 20_000, 3);
            let corners = [32767, -32767, -32768, 16383, 16384, 0, 1, -1, 20_000, -20_000, 32766];
            for (at, code) in case.query.iter_mut().enumerate() {
                *code = corners[at % corners.len()];
            }
            for (at, code) in case.items.iter_mut().enumerate() {
                *code = corners[at / 3 % corners.len()];
            }
            for (at, code) in case.pair_weights.iter_mut().enumerate() {
                *code = corners[at * 5 % corners.len()].max(-32767);
            }
            check(&case, ITEMS, &mut scratch);
            // All units dead, and all alive at their largest.
            case.query.fill(-32768);
            check(&case, 5, &mut scratch);
            case.query.fill(32767);
            case.items.fill(32767);
            check(&case, 5, &mut scratch);
        }
    }

    #[test]
    fn the_largest_sums_do_not_overflow() {
        let mut case = case(&[MAX_INPUTS, 3], false, 1, 1);
        for sign in [127, -127] {
            case.codes[0].fill(sign);
            let (scales, biases) = ([MULTIPLIER; 3], [BIAS; 3]);
            let weights = Int8Weights { codes: &case.codes[0], scales: &scales, biases: &biases };
            case.stack.hidden[0] = Int8Linear::new(weights, 1.0, 1.0).unwrap();
            case.query.fill(i16::MAX);
            check(&case, 2, &mut Scratch::default());
        }
    }

    #[test]
    fn layers_that_do_not_fit_are_refused_and_a_missing_kernel_is_the_scalar_one() {
        let layer = |codes: usize, outputs: usize| {
            let (codes, scales) = (vec![0; codes], vec![1.0; outputs]);
            let weights = Int8Weights { codes: &codes, scales: &scales, biases: &scales };
            (Int8Linear::new(weights, 1.0, 1.0).unwrap(), Int8Output::new(weights, 1.0))
        };
        let (hidden, output) = (layer(12, 4).0, layer(4, 1).1.unwrap());
        assert!(layer(4, 2).1.is_none(), "two outputs");
        assert!(Int8Stack::new(vec![hidden.clone(), layer(8, 2).0], output.clone()).is_none());
        assert!(Int8Stack::new(vec![hidden.clone(), layer(20, 4).0], output.clone()).is_none());
        assert_eq!(Int8Stack::new(vec![hidden], output).unwrap().width(), 16);
        let case = case(&[20, 20], true, 9000, 9);
        let expected = run(&case, Kernel::Scalar, &[3], &[1.0, 2.0], &mut Scratch::default());
        for kernel in [Kernel::Avx2, Kernel::Avx512Vnni, Kernel::Neon, Kernel::Simd128, Kernel::detect()] {
            assert_eq!(run(&case, kernel, &[3], &[1.0, 2.0], &mut Scratch::default()), expected);
        }
        assert!(Kernel::detect().is_available() && Kernel::available().contains(&Kernel::detect()));
    }

    proptest! {
        #[test]
        fn kernels_agree_on_random_stacks(
            sides in prop::collection::vec(1usize..140, 1..4), pairs in any::<bool>(), limit in 1u64..32_768,
            seed in any::<u64>(), candidates in 1usize..40,
        ) {
            check(&case(&sides, pairs, limit, seed), candidates, &mut Scratch::default());
        }
    }
}
