//! What the files of a model hold: names of tensors, and batch norm folded into the layers before it.

use crate::artifact::text::{Quoted, text};
use crate::artifact::{ArtifactError, Tensors};

/// Format name of the trained fp32 state.
pub const FP32_FORMAT: &str = "tidyrank.model.fp32";
/// Format name of the int8 model that is served.
pub const Q8_FORMAT: &str = "tidyrank.model.q8";
/// Version of that format, written and read: 2 since activations have 14 bits and the first layer is integer.
pub const Q8_VERSION: u32 = 2;
/// Format name of a file of embedding rows.
pub const CLIENTS_FORMAT: &str = "tidyrank.embeddings";
/// Added to a variance before its root is taken (Ioffe & Szegedy 2015; PyTorch's default).
pub const NORM_EPSILON: f32 = 1e-5;

/// A linear layer in fp32.
#[derive(Debug, Clone, PartialEq)]
pub struct DenseLayer {
    /// `outputs * inputs` weights, one row per output.
    pub weights: Vec<f32>,
    /// One bias per output.
    pub biases: Vec<f32>,
    /// Number of inputs.
    pub inputs: usize,
    /// Number of outputs.
    pub outputs: usize,
}

/// The layers of one branch (`layers.0`, `layers.1`, …, `output`) of an fp32 state, with the batch norms behind them,
/// where there are any (`norms.0`, …), folded in: `w' = w * g / sqrt(v + ε)`, `b' = (b - m) * g / sqrt(v + ε) + β`.
///
/// # Errors
/// Missing tensors, wrong shapes, or layers that do not fit together.
pub fn folded_layers(tensors: &Tensors, branch: &str) -> Result<Vec<DenseLayer>, ArtifactError> {
    let mut layers = Vec::new();
    for name in layer_names(tensors, branch) {
        let mut layer = read_layer(tensors, &name)?;
        let norm = name.replace(".layers.", ".norms.");
        if norm != name && tensors.shape(&text!(&norm, ".weight")).is_ok() {
            fold_norm(&mut layer, tensors, &norm)?;
        }
        layers.push(layer);
    }
    check_chain(branch, layers.iter().map(|layer| (layer.inputs, layer.outputs)))?;
    Ok(layers)
}

/// The names of a branch's layers in order, `output` last.
pub(super) fn layer_names(tensors: &Tensors, branch: &str) -> Vec<String> {
    let hidden = (0usize..).map(|at| text!(branch, ".layers.", at));
    let mut names: Vec<String> = hidden.take_while(|name| tensors.shape(&text!(name, ".weight")).is_ok()).collect();
    names.push(text!(branch, ".output"));
    names
}

/// The two sides of a matrix.
pub(super) fn matrix_shape(tensors: &Tensors, name: &str) -> Result<(usize, usize), ArtifactError> {
    match *tensors.shape(name)? {
        [rows, columns] => Ok((rows, columns)),
        ref other => {
            Err(ArtifactError::Format { reason: text!("tensor ", Quoted(name), " is no matrix: its shape is ", other) })
        }
    }
}

/// Refuses a branch without a hidden layer, with layers that do not fit together, or with more than one output.
pub(super) fn check_chain(branch: &str, sides: impl IntoIterator<Item = (usize, usize)>) -> Result<(), ArtifactError> {
    let sides: Vec<(usize, usize)> = sides.into_iter().collect();
    let fits = sides.windows(2).all(|pair| pair[0].1 == pair[1].0);
    if sides.len() < 2 || !fits || sides.last().is_some_and(|last| last.1 != 1) || sides.iter().any(|s| s.0 == 0) {
        return Err(ArtifactError::Format { reason: text!("the layers of ", Quoted(branch), " do not fit together") });
    }
    Ok(())
}

fn read_layer(tensors: &Tensors, name: &str) -> Result<DenseLayer, ArtifactError> {
    let weight = text!(name, ".weight");
    let (outputs, inputs) = matrix_shape(tensors, &weight)?;
    let weights = tensors.f32(&weight, &[outputs, inputs])?;
    let biases = tensors.f32(&text!(name, ".bias"), &[outputs])?;
    Ok(DenseLayer { weights, biases, inputs, outputs })
}

fn fold_norm(layer: &mut DenseLayer, tensors: &Tensors, norm: &str) -> Result<(), ArtifactError> {
    let read = |part: &str| tensors.f32(&text!(norm, ".", part), &[layer.outputs]);
    let (gain, shift, mean, variance) = (read("weight")?, read("bias")?, read("running_mean")?, read("running_var")?);
    for (output, row) in layer.weights.chunks_exact_mut(layer.inputs.max(1)).enumerate() {
        let factor = gain[output] / (variance[output] + NORM_EPSILON).sqrt();
        row.iter_mut().for_each(|w| *w *= factor);
        layer.biases[output] = (layer.biases[output] - mean[output]) * factor + shift[output];
    }
    Ok(())
}
