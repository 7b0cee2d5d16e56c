//! What crosses the border between the engine and a GPU, in little-endian words of 32 bits.
//!
//! A model: its version, the number of pair features, then both branches, each with its width and number of layers, the
//! pair weights (i16, two in a word), and per layer inputs, outputs, codes (i8, four in a word), multipliers and biases. The
//! first layer may have fewer inputs than the branch is wide: the others are padding, which is always 0.
//!
//! A request: the number of candidates, three words that are 0, the query's shares (i16, collaborative then content), the
//! candidates' rows, and their pair features (i16, each candidate's filled up to whole words with 0).
//!
//! Items: per catalog row the shares of both branches (i16, collaborative then content).

/// Version of this layout: the two modules of a package must agree.
const VERSION: u32 = 1;
/// Words before the query's shares.
#[cfg(feature = "gpu")]
pub(super) const REQUEST_HEADER: usize = 4;

/// An int8 model as the GPU needs it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GpuModel {
    /// Number of pair features.
    pub pair_features: usize,
    /// The collaborative branch and the content branch.
    pub branches: [GpuBranch; 2],
}

/// One branch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GpuBranch {
    /// Channels of the first layer.
    pub width: usize,
    /// Weights of the pair features in the first layer, `pair_features * width`, feature by feature; or none at all.
    pub pair_weights: Vec<i16>,
    /// The layers behind the first one.
    pub layers: Vec<GpuLayer>,
}

/// One layer: `code = clamp(round(multiplier * sum + bias), 0, 16383)`, or the score itself where it is the last one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GpuLayer {
    /// Number of inputs.
    pub inputs: usize,
    /// Number of outputs.
    pub outputs: usize,
    /// `outputs * inputs` weight codes, output by output.
    pub codes: Vec<i8>,
    /// One per output, in units of the next layer's step.
    pub multipliers: Vec<f32>,
    /// One per output, in units of the next layer's step.
    pub biases: Vec<f32>,
}

#[cfg(feature = "gpu")]
impl GpuModel {
    /// As words.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Words::model(self.pair_features);
        for branch in &self.branches {
            out.branch(branch.width, branch.layers.len(), &branch.pair_weights);
            for layer in &branch.layers {
                out.layer([layer.inputs, layer.outputs], &layer.codes, &layer.multipliers, &layer.biases);
            }
        }
        out.0
    }
}

/// What a GPU is asked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GpuRequest<'a> {
    /// The query's shares of the first layers: collaborative, content.
    pub query: [&'a [i16]; 2],
    /// The candidates' rows in the item table.
    pub rows: &'a [u32],
    /// Their pair features, candidate by candidate.
    pub pairs: &'a [i16],
}

impl GpuRequest<'_> {
    /// As words.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Words::default();
        out.counts(&[self.rows.len(), 0, 0, 0]);
        self.query.iter().for_each(|share| out.halves(share));
        out.words(self.rows);
        let features = self.pairs.len() / self.rows.len().max(1);
        // Whole words as they stand, others each filled up.
        let together = if features.is_multiple_of(2) { self.pairs.len() } else { features };
        self.pairs.chunks(together.max(1)).for_each(|pair| out.halves(pair));
        out.0
    }
}

/// Writes words.
#[derive(Default)]
pub(super) struct Words(pub(super) Vec<u8>);

impl Words {
    /// Begins a model.
    pub(super) fn model(pair_features: usize) -> Self {
        let mut words = Self::default();
        words.counts(&[VERSION as usize, pair_features]);
        words
    }

    /// Begins a branch.
    pub(super) fn branch(&mut self, width: usize, layers: usize, pair_weights: &[i16]) {
        self.counts(&[width, layers, pair_weights.len()]);
        self.halves(pair_weights);
    }

    /// Puts a layer.
    pub(super) fn layer(&mut self, sides: [usize; 2], codes: &[i8], multipliers: &[f32], biases: &[f32]) {
        self.counts(&sides);
        self.0.extend(codes.iter().map(|code| *code as u8));
        self.fill();
        for values in [multipliers, biases] {
            self.words(&values.iter().map(|x| x.to_bits()).collect::<Vec<_>>());
        }
    }

    fn counts(&mut self, counts: &[usize]) {
        counts.iter().for_each(|count| self.words(&[*count as u32]));
    }

    /// Puts words. Inlined wherever they are used, this and the next one would take a kilobyte of the browser's module.
    #[inline(never)]
    fn words(&mut self, words: &[u32]) {
        self.0.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    }

    /// Puts i16.
    #[inline(never)]
    pub(super) fn halves(&mut self, values: &[i16]) {
        self.0.extend(values.iter().flat_map(|x| x.to_le_bytes()));
        self.fill();
    }

    /// Up to a whole word.
    fn fill(&mut self) {
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }
}

#[cfg(feature = "gpu")]
impl GpuModel {
    /// Reads what [`to_bytes`](Self::to_bytes) wrote; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = Reader(bytes);
        if rest.word()? != VERSION {
            return None;
        }
        let pair_features = rest.word()? as usize;
        let branches = [rest.branch()?, rest.branch()?];
        rest.0.is_empty().then_some(Self { pair_features, branches })
    }
}

#[cfg(feature = "gpu")]
struct Reader<'a>(&'a [u8]);

#[cfg(feature = "gpu")]
impl Reader<'_> {
    fn take(&mut self, length: usize) -> Option<&[u8]> {
        let (taken, rest) = self.0.split_at_checked(length.checked_next_multiple_of(4)?)?;
        self.0 = rest;
        Some(&taken[..length])
    }

    fn word(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn floats(&mut self, count: usize) -> Option<Vec<f32>> {
        (0..count).map(|_| self.word().map(f32::from_bits)).collect()
    }

    fn branch(&mut self) -> Option<GpuBranch> {
        let (width, layers, pairs) = (self.word()? as usize, self.word()?, self.word()? as usize);
        let pair_weights = self.take(pairs.checked_mul(2)?)?;
        let pair_weights = pair_weights.chunks_exact(2).map(|x| i16::from_le_bytes([x[0], x[1]])).collect();
        let mut layers = (0..layers).map(|_| self.layer()).collect::<Option<Vec<_>>>()?;
        if let Some(first) = layers.first_mut() {
            first.widen(width);
        }
        Some(GpuBranch { width, pair_weights, layers })
    }

    fn layer(&mut self) -> Option<GpuLayer> {
        let (inputs, outputs) = (self.word()? as usize, self.word()? as usize);
        let codes = self.take(inputs.checked_mul(outputs)?)?.iter().map(|code| *code as i8).collect();
        let (multipliers, biases) = (self.floats(outputs)?, self.floats(outputs)?);
        Some(GpuLayer { inputs, outputs, codes, multipliers, biases })
    }
}

#[cfg(feature = "gpu")]
impl GpuLayer {
    /// More inputs, whose weights are 0.
    fn widen(&mut self, inputs: usize) {
        let more = inputs.saturating_sub(self.inputs);
        if more > 0 && self.inputs > 0 {
            let padded = |row: &[i8]| [row, &vec![0; more]].concat();
            self.codes = self.codes.chunks_exact(self.inputs).flat_map(padded).collect();
            self.inputs = inputs;
        }
    }
}

#[cfg(all(test, feature = "gpu"))]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_read_as_it_was_written_and_no_other() {
        let layer = |inputs: usize, outputs: usize| GpuLayer {
            inputs,
            outputs,
            codes: (0..inputs * outputs).map(|x| x as i8 - 3).collect(),
            multipliers: (0..outputs).map(|x| x as f32 + 0.5).collect(),
            biases: (0..outputs).map(|x| -(x as f32)).collect(),
        };
        let branch = |weights: Vec<i16>| GpuBranch { width: 3, pair_weights: weights, layers: vec![layer(3, 1)] };
        let model = GpuModel { pair_features: 1, branches: [branch(vec![]), branch(vec![-1, 2, 3])] };
        let bytes = model.to_bytes();
        assert_eq!(GpuModel::from_bytes(&bytes), Some(model));
        for length in 0..bytes.len() {
            assert_eq!(GpuModel::from_bytes(&bytes[..length]), None, "{length}");
        }
        assert_eq!(GpuModel::from_bytes(&[bytes.clone(), vec![0; 4]].concat()), None);
        let mut other = bytes.clone();
        other[0] = 2;
        assert_eq!(GpuModel::from_bytes(&other), None);
    }

    #[test]
    fn a_first_layer_with_padding_gets_weights_for_it() {
        let mut out = Words::model(0);
        (0..2).for_each(|_| {
            out.branch(4, 1, &[]);
            out.layer([3, 2], &[1, 2, 3, 4, 5, 6], &[1.0; 2], &[0.0; 2]);
        });
        let model = GpuModel::from_bytes(&out.0).unwrap();
        let layer = &model.branches[1].layers[0];
        assert_eq!((layer.inputs, layer.codes.as_slice()), (4, &[1, 2, 3, 0, 4, 5, 6, 0][..]));
    }

    #[test]
    fn a_request_is_laid_out_by_words() {
        let request = GpuRequest { query: [&[1, -1], &[2, 3]], rows: &[7, 5], pairs: &[10, 20, 30, 40, 50, 60] };
        let words: Vec<u32> =
            request.to_bytes().chunks_exact(4).map(|x| u32::from_le_bytes(x.try_into().unwrap())).collect();
        let halves = |low: u32, high: u32| low | high << 16;
        let expected = [2, 0, 0, 0, halves(1, 0xffff), halves(2, 3), 7, 5, halves(10, 20), 30, halves(40, 50), 60];
        assert_eq!(words, expected);
        let none = GpuRequest { query: [&[], &[]], rows: &[], pairs: &[] };
        assert_eq!(none.to_bytes(), [0; 16]);
    }
}
