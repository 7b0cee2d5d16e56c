//! One branch of a model: linear layers with ReLU between them and a single output.
//!
//! The first layer is linear in its inputs, so what depends on the query alone or on the item alone is summed once and
//! added up per candidate: in f32, or in an int8 model as i16 codes.

use std::ops::Range;

use super::state::{DenseLayer, check_chain, folded_layers, layer_names, matrix_shape};
use crate::artifact::text::{Quoted, text};
use crate::artifact::{ArtifactError, Tensors};
use crate::numeric::{
    FirstLayer, Int8Linear, Int8Output, Int8Stack, Int8Weights, Kernel, MAX_PAIR_FEATURES, Scratch, accumulate, relu,
    share_code,
};

/// Candidates of an f32 model that go through the layers together.
const BLOCK: usize = 32;

/// A branch ready to score.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Branch {
    inputs: usize,
    width: usize,
    /// First layer, column by column: `inputs * width`.
    columns: Vec<f32>,
    biases: Vec<f32>,
    /// Inputs of query and item together.
    pair_inputs: Vec<usize>,
    rest: Rest,
}

#[derive(Debug, Clone, PartialEq)]
enum Rest {
    F32(Vec<F32Layer>),
    Int8(Box<Int8Rest>),
}

#[derive(Debug, Clone, PartialEq)]
struct F32Layer {
    columns: Vec<f32>,
    biases: Vec<f32>,
}

#[derive(Debug, Clone, PartialEq)]
struct Int8Rest {
    /// Of the activations behind the first layer, and so of its shares.
    step: f32,
    /// The share of the unknown item, which the query's share holds so that those of items are small.
    centre: Vec<f32>,
    pair_weights: Vec<i16>,
    pair_scales: Vec<f32>,
    stack: Int8Stack,
}

/// Rows of shares of the first layer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shares {
    F32(Vec<f32>),
    Int8(Vec<i16>),
}

/// One branch of an int8 model, to be computed elsewhere; [`FirstLayer`] and [`Int8Stack`] say how.
#[derive(Debug, Clone, Copy)]
pub struct Int8Branch<'a> {
    /// The value of one step of the first layer's shares and activations.
    pub step: f32,
    /// Codes in a row of shares: the first layer's outputs, rounded up.
    pub width: usize,
    /// The layers behind the first.
    pub stack: &'a Int8Stack,
    /// [`MAX_PAIR_FEATURES`] rows of `width` codes, or nothing.
    pub pair_weights: &'a [i16],
    /// What normalised pair features are multiplied by to become codes.
    pub pair_scales: &'a [f32],
}

impl Default for Shares {
    fn default() -> Self {
        Self::F32(Vec::new())
    }
}

impl Shares {
    /// The codes of an int8 model's shares.
    pub(super) fn codes(&self) -> Option<&[i16]> {
        match self {
            Self::F32(_) => None,
            Self::Int8(codes) => Some(codes),
        }
    }
}

impl Branch {
    /// From an fp32 state. `pair_inputs`: the inputs of query and item together.
    pub(super) fn from_state(tensors: &Tensors, branch: &str, pair_inputs: Vec<usize>) -> Result<Self, ArtifactError> {
        let layers = folded_layers(tensors, branch)?;
        let rest = layers[1..].iter().map(|layer| F32Layer { columns: columns(layer), biases: layer.biases.clone() });
        Ok(Self::new(&layers[0], pair_inputs, Rest::F32(rest.collect())))
    }

    /// From an int8 model. `unknown_item`: the inputs of the item that nobody knows, from input `item_inputs` on.
    pub(super) fn from_quantised(
        tensors: &Tensors,
        branch: &str,
        pair_inputs: Vec<usize>,
        (item_inputs, unknown_item): (usize, &[f32]),
    ) -> Result<Self, ArtifactError> {
        let names = layer_names(tensors, branch);
        let sides: Result<Vec<_>, _> = names.iter().map(|n| matrix_shape(tensors, &text!(n, ".weight"))).collect();
        check_chain(branch, sides?.into_iter().map(|(outputs, inputs)| (inputs, outputs)))?;
        let layers: Result<Vec<Stored>, _> = names.iter().map(|name| Stored::read(tensors, name)).collect();
        let mut layers = layers?;
        let first = layers.remove(0);
        let (step, stack) = stack(&layers)?;
        let mut result = Self::new(&first.dequantised(), pair_inputs, Rest::F32(Vec::new()));
        if let Some(input) = result.pair_inputs.iter().find(|input| **input >= result.inputs) {
            return Err(ArtifactError::Format { reason: text!("branch ", Quoted(branch), " has no input ", *input) });
        }
        let ranges = match result.pair_inputs.len() {
            0 => Vec::new(),
            count => tensors.f32(&text!(branch, ".pair_range"), &[count])?,
        };
        let (pair_weights, pair_scales) = result.pair_codes(branch, &ranges, step, stack.width())?;
        let mut centre = vec![0.0; result.width];
        result.add_inputs(&mut centre, item_inputs.., unknown_item);
        result.rest = Rest::Int8(Box::new(Int8Rest { step, centre, pair_weights, pair_scales, stack }));
        Ok(result)
    }

    fn new(first: &DenseLayer, pair_inputs: Vec<usize>, rest: Rest) -> Self {
        let (inputs, width) = (first.inputs, first.outputs);
        Self { inputs, width, columns: columns(first), biases: first.biases.clone(), pair_inputs, rest }
    }

    /// The pair features' weights as codes, and what the features are multiplied by. `ranges`: what 32767 stands for.
    fn pair_codes(
        &self,
        branch: &str,
        ranges: &[f32],
        step: f32,
        stride: usize,
    ) -> Result<(Vec<i16>, Vec<f32>), ArtifactError> {
        if ranges.len() > MAX_PAIR_FEATURES || !ranges.iter().all(|range| range.is_finite() && *range > 0.0) {
            let reason = text!("branch ", Quoted(branch), " has pair features of ranges that cannot be used");
            return Err(ArtifactError::Format { reason });
        }
        let rows = if ranges.is_empty() { 0 } else { MAX_PAIR_FEATURES };
        let mut weights = vec![0; rows * stride];
        for (f, (range, input)) in ranges.iter().zip(&self.pair_inputs).enumerate() {
            let column = &self.columns[input * self.width..][..self.width];
            weights[f * stride..].iter_mut().zip(column).for_each(|(code, w)| *code = share_code(w * range / step));
        }
        Ok((weights, ranges.iter().map(|range| 32767.0 / range).collect()))
    }

    /// Number of inputs of the first layer.
    pub(super) fn inputs(&self) -> usize {
        self.inputs
    }

    /// The int8 layers, where they are.
    pub(super) fn int8(&self) -> Option<Int8Branch<'_>> {
        let Rest::Int8(rest) = &self.rest else { return None };
        let Int8Rest { step, pair_weights, pair_scales, stack, .. } = &**rest;
        Some(Int8Branch { step: *step, width: stack.width(), stack, pair_weights, pair_scales })
    }

    /// Shares of that many items, all 0.
    pub(super) fn shares(&self, count: usize) -> Shares {
        match &self.rest {
            Rest::F32(_) => Shares::F32(vec![0.0; count * self.row_len()]),
            Rest::Int8(_) => Shares::Int8(vec![0; count * self.row_len()]),
        }
    }

    /// Room for that many items in all.
    pub(super) fn grow(&self, shares: &mut Shares, count: usize) {
        match shares {
            Shares::F32(values) => values.resize(count * self.row_len(), 0.0),
            Shares::Int8(codes) => codes.resize(count * self.row_len(), 0),
        }
    }

    /// Takes items out.
    pub(super) fn remove(&self, shares: &mut Shares, items: Range<usize>) {
        let range = items.start * self.row_len()..items.end * self.row_len();
        match shares {
            Shares::F32(values) => drop(values.drain(range)),
            Shares::Int8(codes) => drop(codes.drain(range)),
        }
    }

    /// Length of a row of shares.
    fn row_len(&self) -> usize {
        match &self.rest {
            Rest::F32(_) => self.width,
            Rest::Int8(rest) => rest.stack.width(),
        }
    }

    /// Starts the sum of a query's share.
    pub(super) fn start_query(&self, sum: &mut Vec<f32>) {
        sum.clear();
        sum.extend_from_slice(&self.biases);
    }

    /// Starts the sum of an item's share.
    pub(super) fn start_item(&self, sum: &mut Vec<f32>) {
        sum.clear();
        sum.resize(self.width, 0.0);
    }

    /// Adds the share of the inputs `at[0]`, `at[1]`, … with the values `x` to a partial sum of the first layer.
    pub(super) fn add_inputs(&self, sum: &mut [f32], at: impl IntoIterator<Item = usize>, x: &[f32]) {
        for (input, x) in at.into_iter().zip(x) {
            accumulate(sum, &self.columns[input * self.width..(input + 1) * self.width], *x);
        }
    }

    /// Stores the sum of a query's share.
    pub(super) fn store_query(&self, sum: &[f32], query: &mut Shares) {
        if self.shares(0).codes().is_some() != query.codes().is_some() {
            *query = self.shares(1);
        }
        match (&self.rest, query) {
            (Rest::Int8(rest), Shares::Int8(codes)) => {
                codes.resize(rest.stack.width(), 0);
                for ((code, x), centre) in codes.iter_mut().zip(sum).zip(&rest.centre) {
                    *code = share_code((x + centre) / rest.step);
                }
            }
            (_, Shares::F32(values)) => {
                values.clear();
                values.extend_from_slice(sum);
            }
            _ => {}
        }
    }

    /// Stores the sum of an item's share.
    pub(super) fn store_item(&self, sum: &[f32], items: &mut Shares, item: usize) {
        match (&self.rest, items) {
            (Rest::Int8(rest), Shares::Int8(codes)) => {
                let row = &mut codes[item * rest.stack.width()..][..self.width];
                for ((code, x), centre) in row.iter_mut().zip(sum).zip(&rest.centre) {
                    *code = share_code((x - centre) / rest.step);
                }
            }
            (_, Shares::F32(values)) => values[item * self.width..][..self.width].copy_from_slice(sum),
            _ => {}
        }
    }

    /// Copies one share into a row of many.
    pub(super) fn put(&self, one: &Shares, many: &mut Shares, row: usize) {
        let range = row * self.row_len()..(row + 1) * self.row_len();
        match (one, many) {
            (Shares::F32(one), Shares::F32(many)) => many[range].copy_from_slice(one),
            (Shares::Int8(one), Shares::Int8(many)) => many[range].copy_from_slice(one),
            _ => {}
        }
    }

    /// One row of many.
    pub(super) fn row(&self, many: &Shares, row: usize) -> Shares {
        let range = row * self.row_len()..(row + 1) * self.row_len();
        match many {
            Shares::F32(values) => Shares::F32(values[range].to_vec()),
            Shares::Int8(codes) => Shares::Int8(codes[range].to_vec()),
        }
    }

    /// The outputs of the items `rows` for a query. `pairs`: for each of them the features of the pair inputs. Shares of
    /// another branch or precision give NaN.
    pub(super) fn score(
        &self,
        kernel: Kernel,
        (query, items): (&Shares, &Shares),
        rows: &[u32],
        pairs: &[f32],
        scratch: &mut Scratch,
        out: &mut [f32],
    ) {
        match (&self.rest, query, items) {
            (Rest::F32(layers), Shares::F32(query), Shares::F32(items)) => {
                self.score_f32(layers, (query, items), rows, pairs, scratch, out);
            }
            (Rest::Int8(rest), Shares::Int8(query), Shares::Int8(items)) => {
                let (pair_weights, pair_scales) = (&rest.pair_weights, &rest.pair_scales);
                let first = FirstLayer { query, items, pair_weights, pair_scales };
                rest.stack.forward(kernel, &first, rows, pairs, scratch, out);
            }
            _ => out.fill(f32::NAN),
        }
    }

    fn score_f32(
        &self,
        layers: &[F32Layer],
        (query, items): (&[f32], &[f32]),
        rows: &[u32],
        pairs: &[f32],
        scratch: &mut Scratch,
        out: &mut [f32],
    ) {
        let (width, features) = (self.width, self.pair_inputs.len());
        let [values, next] = &mut scratch.values;
        for (at, (rows, out)) in rows.chunks(BLOCK).zip(out.chunks_mut(BLOCK)).enumerate() {
            values.resize(rows.len() * width, 0.0);
            for (c, (row, sum)) in rows.iter().zip(values.chunks_exact_mut(width)).enumerate() {
                let item = &items[*row as usize * width..][..width];
                sum.iter_mut().zip(query).zip(item).for_each(|((sum, a), b)| *sum = a + b);
                let pairs = &pairs[(at * BLOCK + c) * features..][..features];
                self.add_inputs(sum, self.pair_inputs.iter().copied(), pairs);
            }
            for layer in layers {
                layer.forward(rows.len(), values, next);
                std::mem::swap(values, next);
            }
            out.copy_from_slice(&values[..out.len()]);
        }
    }
}

impl F32Layer {
    /// From `rows` rows of inputs (before ReLU) to as many rows of outputs.
    fn forward(&self, rows: usize, values: &mut [f32], next: &mut Vec<f32>) {
        relu(values);
        let inputs = values.len() / rows;
        next.resize(rows * self.biases.len(), 0.0);
        for (row, out) in values.chunks_exact(inputs).zip(next.chunks_exact_mut(self.biases.len())) {
            out.copy_from_slice(&self.biases);
            let columns = self.columns.chunks_exact(self.biases.len());
            row.iter().zip(columns).for_each(|(x, column)| accumulate(out, column, *x));
        }
    }
}

/// Weights column by column.
fn columns(layer: &DenseLayer) -> Vec<f32> {
    (0..layer.inputs).flat_map(|i| (0..layer.outputs).map(move |o| layer.weights[o * layer.inputs + i])).collect()
}

/// A layer as an int8 model stores it.
struct Stored {
    name: String,
    inputs: usize,
    codes: Vec<i8>,
    scales: Vec<f32>,
    biases: Vec<f32>,
    /// Of the activations that it is fed; none for a first layer.
    input_step: Option<f32>,
}

impl Stored {
    fn read(tensors: &Tensors, name: &str) -> Result<Self, ArtifactError> {
        let (outputs, inputs) = matrix_shape(tensors, &text!(name, ".weight"))?;
        let codes = tensors.i8(&text!(name, ".weight"), &[outputs, inputs])?;
        let scales = tensors.f32(&text!(name, ".scale"), &[outputs])?;
        let biases = tensors.f32(&text!(name, ".bias"), &[outputs])?;
        let first = name.ends_with(".layers.0");
        let step = if first { None } else { Some(tensors.f32(&text!(name, ".input_step"), &[1])?[0]) };
        if step.is_some_and(|step| !(step.is_normal() && step > 0.0)) {
            let reason = text!("layer ", Quoted(name), " has an input step that is no positive number");
            return Err(ArtifactError::Format { reason });
        }
        Ok(Self { name: name.to_owned(), inputs, codes, scales, biases, input_step: step })
    }

    fn dequantised(&self) -> DenseLayer {
        let codes = self.codes.iter().enumerate();
        let weights = codes.map(|(at, code)| f32::from(*code) * self.scales[at / self.inputs]).collect();
        DenseLayer { weights, biases: self.biases.clone(), inputs: self.inputs, outputs: self.scales.len() }
    }

    fn weights(&self) -> Int8Weights<'_> {
        Int8Weights { codes: &self.codes, scales: &self.scales, biases: &self.biases }
    }
}

/// The layers behind the first, and the step of the activations that they are fed.
fn stack(layers: &[Stored]) -> Result<(f32, Int8Stack), ArtifactError> {
    let refuse =
        |what: &str| ArtifactError::Format { reason: text!("layer ", Quoted(what), " does not fit 32-bit sums") };
    let step = |layer: &Stored| layer.input_step.ok_or_else(|| refuse(&layer.name));
    let (Some(first), Some(output)) = (layers.first(), layers.last()) else { return Err(refuse("output")) };
    let mut hidden = Vec::new();
    for pair in layers.windows(2) {
        let layer = Int8Linear::new(pair[0].weights(), step(&pair[0])?, 1.0 / step(&pair[1])?);
        hidden.push(layer.ok_or_else(|| refuse(&pair[0].name))?);
    }
    let last = Int8Output::new(output.weights(), step(output)?).ok_or_else(|| refuse(&output.name))?;
    Ok((step(first)?, Int8Stack::new(hidden, last).ok_or_else(|| refuse(&output.name))?))
}
