//! One branch of a model: linear layers with ReLU between them and a single output.
//!
//! The first layer is linear in its inputs, so what depends on the query alone or on the item alone is summed once and
//! added up per candidate. It is computed in f32; the layers behind it in int8 where the model is quantised.

use super::state::{DenseLayer, check_chain, folded_layers, layer_names, matrix_shape};
use crate::artifact::{ArtifactError, Tensors};
use crate::numeric::{Int8Linear, Kernel, accumulate, quantise_activations, relu};

/// Candidates that go through the layers together: their activations and the weights fit in a first-level cache.
const BLOCK: usize = 32;

/// A branch ready to score.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Branch {
    inputs: usize,
    width: usize,
    /// First layer, column by column: `inputs * width`.
    columns: Vec<f32>,
    biases: Vec<f32>,
    rest: Vec<Layer>,
}

#[derive(Debug, Clone, PartialEq)]
enum Layer {
    F32 { columns: Vec<f32>, biases: Vec<f32> },
    Int8 { linear: Int8Linear, inverse_step: f32 },
}

impl Branch {
    /// From an fp32 state.
    pub(super) fn from_state(tensors: &Tensors, branch: &str) -> Result<Self, ArtifactError> {
        let layers = folded_layers(tensors, branch)?;
        let rest = layers[1..].iter().map(|layer| Layer::F32 { columns: columns(layer), biases: layer.biases.clone() });
        let (first, rest) = (&layers[0], rest.collect());
        let (inputs, width) = (first.inputs, first.outputs);
        Ok(Self { inputs, width, columns: columns(first), biases: first.biases.clone(), rest })
    }

    /// From an int8 model.
    pub(super) fn from_quantised(tensors: &Tensors, branch: &str) -> Result<Self, ArtifactError> {
        let names = layer_names(tensors, branch);
        let sides: Result<Vec<_>, _> = names.iter().map(|n| matrix_shape(tensors, &format!("{n}.weight"))).collect();
        check_chain(branch, sides?.into_iter().map(|(outputs, inputs)| (inputs, outputs)))?;
        let first = dequantised(tensors, &names[0])?;
        let rest: Result<_, _> = names[1..].iter().map(|name| int8_layer(tensors, name)).collect();
        let (inputs, width) = (first.inputs, first.outputs);
        Ok(Self { inputs, width, columns: columns(&first), biases: first.biases, rest: rest? })
    }

    /// Number of inputs of the first layer.
    pub(super) fn inputs(&self) -> usize {
        self.inputs
    }

    /// Number of outputs of the first layer.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// The biases of the first layer: what a partial sum starts from, once per candidate.
    pub(super) fn biases(&self) -> &[f32] {
        &self.biases
    }

    /// Adds the share of the inputs `at[0]`, `at[1]`, … with the values `x` to a partial sum of the first layer.
    pub(super) fn add_inputs(&self, sum: &mut [f32], at: impl IntoIterator<Item = usize>, x: &[f32]) {
        for (input, x) in at.into_iter().zip(x) {
            accumulate(sum, &self.columns[input * self.width..(input + 1) * self.width], *x);
        }
    }

    /// Scores candidates. `first(c, sum)` fills the first layer's sum (before ReLU) of candidate `c`.
    pub(super) fn score(&self, kernel: Kernel, mut first: impl FnMut(usize, &mut [f32]), out: &mut [f32]) {
        let (mut values, mut scratch) = (Vec::new(), Scratch::default());
        for (block, out) in out.chunks_mut(BLOCK).enumerate() {
            values.resize(out.len() * self.width, 0.0);
            for (at, sum) in values.chunks_exact_mut(self.width).enumerate() {
                first(block * BLOCK + at, sum);
            }
            for layer in &self.rest {
                layer.forward(kernel, out.len(), &mut values, &mut scratch);
            }
            out.copy_from_slice(&values[..out.len()]);
        }
    }
}

#[derive(Default)]
struct Scratch {
    next: Vec<f32>,
    codes: Vec<i16>,
    sums: Vec<i32>,
}

impl Layer {
    /// Replaces `rows` rows of inputs (before ReLU) by rows of outputs.
    fn forward(&self, kernel: Kernel, rows: usize, values: &mut Vec<f32>, scratch: &mut Scratch) {
        match self {
            Self::F32 { columns, biases } => {
                relu(values);
                let inputs = values.len() / rows;
                scratch.next.resize(rows * biases.len(), 0.0);
                for (row, out) in values.chunks_exact(inputs).zip(scratch.next.chunks_exact_mut(biases.len())) {
                    out.copy_from_slice(biases);
                    row.iter()
                        .zip(columns.chunks_exact(biases.len()))
                        .for_each(|(x, column)| accumulate(out, column, *x));
                }
            }
            Self::Int8 { linear, inverse_step } => {
                scratch.codes.resize(rows * linear.row_len(), 0);
                let codes = scratch.codes.chunks_exact_mut(linear.row_len());
                for (row, codes) in values.chunks_exact(linear.inputs()).zip(codes) {
                    quantise_activations(row, *inverse_step, &mut codes[..row.len()]);
                    codes[row.len()..].fill(0);
                }
                scratch.sums.resize(rows * linear.sums_len(), 0);
                scratch.next.resize(rows * linear.outputs(), 0.0);
                linear.forward(kernel, &scratch.codes, &mut scratch.sums, &mut scratch.next);
            }
        }
        std::mem::swap(values, &mut scratch.next);
    }
}

/// Weights column by column.
fn columns(layer: &DenseLayer) -> Vec<f32> {
    (0..layer.inputs).flat_map(|i| (0..layer.outputs).map(move |o| layer.weights[o * layer.inputs + i])).collect()
}

fn dequantised(tensors: &Tensors, name: &str) -> Result<DenseLayer, ArtifactError> {
    let (outputs, inputs) = matrix_shape(tensors, &format!("{name}.weight"))?;
    let codes = tensors.i8(&format!("{name}.weight"), &[outputs, inputs])?;
    let scales = tensors.f32(&format!("{name}.scale"), &[outputs])?;
    let biases = tensors.f32(&format!("{name}.bias"), &[outputs])?;
    let weights = codes.iter().enumerate().map(|(at, code)| f32::from(*code) * scales[at / inputs]).collect();
    Ok(DenseLayer { weights, biases, inputs, outputs })
}

fn int8_layer(tensors: &Tensors, name: &str) -> Result<Layer, ArtifactError> {
    let (outputs, inputs) = matrix_shape(tensors, &format!("{name}.weight"))?;
    let codes = tensors.i8(&format!("{name}.weight"), &[outputs, inputs])?;
    let scales = tensors.f32(&format!("{name}.scale"), &[outputs])?;
    let biases = tensors.f32(&format!("{name}.bias"), &[outputs])?;
    let step = tensors.f32(&format!("{name}.input_step"), &[1])?[0];
    let refuse = |what: &str| ArtifactError::Format { reason: format!("layer {name:?} {what}") };
    if !(step.is_finite() && step > 0.0) {
        return Err(refuse("has an input step that is no positive number"));
    }
    let linear =
        Int8Linear::new(&codes, &scales, &biases, step).ok_or_else(|| refuse("is too wide for 32-bit sums"))?;
    Ok(Layer::Int8 { linear, inverse_step: 1.0 / step })
}
