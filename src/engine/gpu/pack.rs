//! A model as the shaders read it: `Shape` (uniform) and `model` (storage), both in words of 32 bits.

use super::layout::{GpuBranch, GpuLayer, GpuModel};
use super::scorer::Arithmetic;

/// Most channels of the first layer and of every second one behind it; the others may have half as many.
pub(super) const MAX_WIDTH: usize = 128;
/// Most layers behind the first one.
pub(super) const MAX_LAYERS: usize = 7;
/// Outputs that an invocation computes at a time.
const PANEL: usize = 8;

/// The two buffers of a model, and what a request has to look like.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Packed {
    pub(super) shape: Vec<u32>,
    pub(super) model: Vec<u32>,
    /// Words of one row of items.
    pub(super) item_words: usize,
    /// Words of the pair features of one candidate.
    pub(super) pair_words: usize,
}

impl Packed {
    /// Packs a model for one of the shaders.
    ///
    /// # Errors
    /// Why the shaders cannot compute it.
    pub(super) fn new(model: &GpuModel, arithmetic: Arithmetic) -> Result<Self, String> {
        let pair_words = model.pair_features.div_ceil(2);
        let item_words = model.branches.iter().map(|branch| branch.width / 2).sum();
        let mut shape = vec![item_words as u32 / 2, pair_words as u32, 0, 0];
        let (mut words, mut item) = (Vec::new(), 0);
        for branch in &model.branches {
            check(branch, model.pair_features)?;
            let pairs = vec4s(&words);
            let features = if branch.pair_weights.is_empty() { 0 } else { model.pair_features };
            pack_pairs(branch, features, &mut words);
            let head = [branch.width / 4, item, pairs, features.div_ceil(2), branch.layers.len(), 0, 0, 0];
            shape.extend(head.map(|x| x as u32));
            let after = shape.len() + 4 * MAX_LAYERS;
            let mut inputs = branch.width;
            for layer in &branch.layers {
                shape.extend(pack_layer(layer, inputs, arithmetic, &mut words).map(|x| x as u32));
                inputs = layer.outputs.next_multiple_of(PANEL);
            }
            shape.resize(after, 0);
            item += branch.width / 4;
        }
        Ok(Self { shape, model: words, item_words, pair_words })
    }
}

/// How many elements of four words there are.
fn vec4s(words: &[u32]) -> usize {
    words.len() / 4
}

fn check(branch: &GpuBranch, pair_features: usize) -> Result<(), String> {
    let pairs = branch.pair_weights.len();
    if !branch.width.is_multiple_of(4) || branch.width == 0 || branch.width > MAX_WIDTH {
        return Err(format!("a first layer of {} channels", branch.width));
    }
    if pairs != 0 && pairs != pair_features * branch.width {
        return Err(format!("{pairs} pair weights"));
    }
    if branch.layers.is_empty() || branch.layers.len() > MAX_LAYERS {
        return Err(format!("{} layers", branch.layers.len()));
    }
    let mut inputs = branch.width;
    for (at, layer) in branch.layers.iter().enumerate() {
        let most = if at % 2 == 0 { MAX_WIDTH / 2 } else { MAX_WIDTH };
        let fits = layer.inputs == inputs && layer.codes.len() == inputs * layer.outputs;
        if !fits
            || layer.outputs > most
            || layer.multipliers.len() != layer.outputs
            || layer.biases.len() != layer.outputs
        {
            return Err(format!("a layer from {} to {} channels as number {}", layer.inputs, layer.outputs, at + 2));
        }
        inputs = layer.outputs;
    }
    if inputs == 1 { Ok(()) } else { Err(format!("{inputs} outputs")) }
}

/// Per four channels and word of features: the weights of the word's two features, four i16 each.
fn pack_pairs(branch: &GpuBranch, features: usize, out: &mut Vec<u32>) {
    let weight = |feature: usize, channel: usize| match feature < features {
        true => u32::from(branch.pair_weights[feature * branch.width + channel] as u16),
        false => 0,
    };
    for channel in (0..branch.width).step_by(4) {
        for feature in (0..features.next_multiple_of(2)).step_by(2) {
            for (feature, channel) in
                [(feature, channel), (feature, channel + 2), (feature + 1, channel), (feature + 1, channel + 2)]
            {
                out.push(weight(feature, channel) | weight(feature, channel + 1) << 16);
            }
        }
    }
}

/// Appends weights and scales; gives the layer's description in the shape: inputs / 4, panels, weights, scales.
/// `inputs`: how many there are with what fills up the last panel of the layer before.
fn pack_layer(layer: &GpuLayer, inputs: usize, arithmetic: Arithmetic, out: &mut Vec<u32>) -> [usize; 4] {
    let panels = layer.outputs.div_ceil(PANEL);
    let weights = vec4s(out);
    let code = |output: usize, input: usize| match output < layer.outputs && input < layer.inputs {
        true => layer.codes[output * layer.inputs + input],
        false => 0,
    };
    for panel in (0..panels * PANEL).step_by(PANEL) {
        match arithmetic {
            Arithmetic::Dot4 => (0..inputs).step_by(4).for_each(|input| {
                let four = |output| u32::from_le_bytes([0, 1, 2, 3].map(|at| code(output, input + at) as u8));
                out.extend((panel..panel + PANEL).map(four));
            }),
            Arithmetic::F32 => (0..inputs)
                .for_each(|input| out.extend((panel..panel + PANEL).map(|o| f32::from(code(o, input)).to_bits()))),
        }
    }
    let scales = vec4s(out);
    for panel in (0..panels * PANEL).step_by(PANEL) {
        for values in [&layer.multipliers, &layer.biases] {
            out.extend((panel..panel + PANEL).map(|at| values.get(at).copied().unwrap_or(0.0).to_bits()));
        }
    }
    [inputs / 4, panels, weights, scales]
}
