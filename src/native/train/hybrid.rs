//! The hybrid network: a collaborative and a content branch, blended by a learned share.
//!
//! Collaborative: client vector ++ cleaner vector -> three layers of Linear, ReLU, Dropout -> 1. Content: property type vector
//! ++ 18 features -> three layers of Linear, BatchNorm (unless it is switched off), ReLU, Dropout -> 1. Score: alpha * collaborative + (1 - alpha) * content
//! with alpha = sigmoid(logit).

use candle_core::{Result, Tensor, Var};
use rand_chacha::ChaCha8Rng;

use super::adam::Parameter;
use super::init::{Stream, dropout_mask, linear_bound, stream, table_bound, uniform};
use super::ops::{BiasRelu, Blend, EmbedBeside, EmbedPair, NormRelu, column_moments};
use super::recipe::{ModelConfig, OptimizerConfig};
use crate::features::FEATURE_COUNT;

/// Added to the variance, as in PyTorch.
pub(super) const NORM_EPSILON: f32 = 1e-5;
/// Share of a batch's statistics in the running ones, as in PyTorch.
const MOMENTUM: f32 = 0.1;

/// Rows of the three tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rows {
    /// Clients and the unknown one.
    pub(super) users: usize,
    /// Cleaners and the unknown one.
    pub(super) items: usize,
    /// Property types.
    pub(super) categories: usize,
}

/// A linear layer. The weight is kept as `[in, out]`: candle adds the gradient of a transposed one value by value.
pub(super) struct Linear {
    pub(super) weight: Var,
    pub(super) bias: Var,
}

/// Batch normalisation with running statistics.
pub(super) struct Norm {
    pub(super) weight: Var,
    pub(super) bias: Var,
    pub(super) mean: Vec<f32>,
    pub(super) variance: Vec<f32>,
    pub(super) batches: f32,
}

/// The network's values.
pub(super) struct Hybrid {
    pub(super) users: Var,
    pub(super) items: Var,
    pub(super) collaborative: Vec<Linear>,
    pub(super) categories: Var,
    pub(super) content: Vec<Linear>,
    /// One per hidden layer of the content branch, or none.
    pub(super) norms: Vec<Norm>,
    pub(super) logit: Var,
}

/// What a pass gives while training.
pub(super) struct Passed {
    /// `[n, 1]`.
    pub(super) scores: Tensor,
    /// Client vector beside cleaner vector, `[n, 2 * embedding_dim]`.
    pub(super) vectors: Tensor,
}

/// Inputs of one pass.
#[derive(Debug, Clone, Default)]
pub(super) struct Batch {
    pub(super) users: Vec<u32>,
    pub(super) items: Vec<u32>,
    pub(super) categories: Vec<u32>,
    /// Normalised features, row by row.
    pub(super) features: Vec<f32>,
}

impl Linear {
    fn new(rng: &mut ChaCha8Rng, input: usize, output: usize) -> Result<Self> {
        let bound = linear_bound(input);
        Ok(Self { weight: uniform(rng, &[input, output], bound)?, bias: uniform(rng, &[output], bound)? })
    }

    /// The last layer of a branch: `[n, 1]`.
    fn output(&self, x: &Tensor) -> Result<Tensor> {
        x.matmul(&self.weight)?.broadcast_add(&self.bias)
    }
}

impl Norm {
    fn new(width: usize) -> Result<Self> {
        Ok(Self {
            weight: Var::ones(width, candle_core::DType::F32, &candle_core::Device::Cpu)?,
            bias: Var::zeros(width, candle_core::DType::F32, &candle_core::Device::Cpu)?,
            mean: vec![0.0; width],
            variance: vec![1.0; width],
            batches: 0.0,
        })
    }

    /// Moves the running statistics; `shift` is the layer's bias, which the batch's own mean would cancel.
    fn observe(&mut self, mean: &[f32], variance: &[f32], shift: &[f32], rows: usize) {
        let unbiased = rows as f32 / (rows.max(2) - 1) as f32;
        for j in 0..mean.len() {
            self.mean[j] += MOMENTUM * (mean[j] + shift[j] - self.mean[j]);
            self.variance[j] += MOMENTUM * (variance[j] * unbiased - self.variance[j]);
        }
        self.batches += 1.0;
    }
}

fn branch(rng: &mut ChaCha8Rng, input: usize, hidden: &[usize; 3]) -> Result<Vec<Linear>> {
    let widths = [input, hidden[0], hidden[1], hidden[2], 1];
    widths.windows(2).map(|pair| Linear::new(rng, pair[0], pair[1])).collect()
}

fn inverse_deviation(variance: &[f32]) -> Vec<f32> {
    variance.iter().map(|variance| 1.0 / (variance + NORM_EPSILON).sqrt()).collect()
}

impl Hybrid {
    /// A network with random weights, whose branches start out around `mean`: with dropout, a network that must first learn
    /// the mean through its weights keeps large weights, and their noise.
    pub(super) fn new(config: &ModelConfig, rows: Rows, mean: f32, seed: u64) -> Result<Self> {
        let mut rng = stream(seed, Stream::Weights);
        let mut table = |rows, width| uniform(&mut rng, &[rows, width], table_bound(rows, width));
        let (dim, kind) = (config.embedding_dim, config.category_dim);
        let (users, items, categories) =
            (table(rows.users, dim)?, table(rows.items, dim)?, table(rows.categories, kind)?);
        let model = Self {
            users,
            items,
            categories,
            collaborative: branch(&mut rng, 2 * dim, &config.hidden)?,
            content: branch(&mut rng, kind + FEATURE_COUNT, &config.hidden)?,
            norms: config.hidden.iter().filter(|_| config.batch_norm).map(|&w| Norm::new(w)).collect::<Result<_>>()?,
            logit: Var::zeros(1, candle_core::DType::F32, &candle_core::Device::Cpu)?,
        };
        for output in [&model.collaborative[3], &model.content[3]] {
            output.bias.set(&Tensor::new(&[mean], &candle_core::Device::Cpu)?)?;
        }
        Ok(model)
    }

    /// The trained tensors with their names; decay is for matrices and tables alone.
    pub(super) fn parameters(&self, optimizer: &OptimizerConfig) -> Vec<Parameter> {
        let mut list = Vec::new();
        let mut add = |name: String, var: &Var, decay: f64, rate: f64| {
            list.push(Parameter { name, var: var.clone(), weight_decay: decay as f32, rate });
        };
        let (decay, table, rates) = (optimizer.weight_decay, optimizer.embedding_decay, &optimizer.rates);
        add("collaborative.user_embedding".into(), &self.users, table, rates.user);
        add("collaborative.item_embedding".into(), &self.items, table, rates.item);
        add("content.category_embedding".into(), &self.categories, decay, rates.content);
        for (branch, layers, rate) in
            [("collaborative", &self.collaborative, rates.heads), ("content", &self.content, rates.content)]
        {
            for (at, layer) in layers.iter().enumerate() {
                let name = if at < 3 { format!("{branch}.layers.{at}") } else { format!("{branch}.output") };
                let rate = if at < 3 { rate } else { rates.heads };
                add(format!("{name}.weight"), &layer.weight, decay, rate);
                add(format!("{name}.bias"), &layer.bias, 0.0, rate);
            }
        }
        for (at, norm) in self.norms.iter().enumerate() {
            add(format!("content.norms.{at}.weight"), &norm.weight, 0.0, rates.content);
            add(format!("content.norms.{at}.bias"), &norm.bias, 0.0, rates.content);
        }
        add("blend.collaborative_content.logit".into(), &self.logit, 0.0, rates.heads);
        list
    }

    /// A pass with dropout and the batch's own statistics.
    pub(super) fn forward_training(&mut self, batch: Batch, dropout: f32, rng: &mut ChaCha8Rng) -> Result<Passed> {
        let rows = batch.users.len();
        let mut mask =
            |layer: &Linear| -> Result<Option<Vec<f32>>> { Ok(dropout_mask(rng, rows * layer.bias.dim(0)?, dropout)) };
        let vectors = self.users.apply_op2(&self.items, EmbedPair { first: batch.users, second: batch.items })?;
        let mut left = vectors.clone();
        for layer in &self.collaborative[..3] {
            left = left.matmul(&layer.weight)?.apply_op2(&layer.bias, BiasRelu { mask: mask(layer)? })?;
        }
        let beside = EmbedBeside { rows: batch.categories, constant: batch.features };
        let mut right = self.categories.apply_op1(beside)?;
        for (at, layer) in self.content[..3].iter().enumerate() {
            let sums = right.matmul(&layer.weight)?;
            let Some(norm) = self.norms.get_mut(at) else {
                right = sums.apply_op2(&layer.bias, BiasRelu { mask: mask(layer)? })?;
                continue;
            };
            let (mean, variance) = column_moments(&sums)?;
            norm.observe(&mean, &variance, &layer.bias.to_vec1::<f32>()?, rows);
            let op = NormRelu { mean, inverse: inverse_deviation(&variance), mask: mask(layer)? };
            right = sums.apply_op3(&norm.weight, &norm.bias, op)?;
        }
        let (left, right) = (self.collaborative[3].output(&left)?, self.content[3].output(&right)?);
        Ok(Passed { scores: left.apply_op3(&right, &self.logit, Blend)?, vectors })
    }

    /// Scores as they are served: collaborative, content and blended, each `[n, 1]`.
    pub(super) fn forward(&self, batch: Batch) -> Result<[Tensor; 3]> {
        let mut left =
            self.users.apply_op2(&self.items, EmbedPair { first: batch.users, second: batch.items })?.detach();
        for layer in &self.collaborative[..3] {
            left = left.matmul(&layer.weight)?.apply_op2(&layer.bias, BiasRelu { mask: None })?.detach();
        }
        let beside = EmbedBeside { rows: batch.categories, constant: batch.features };
        let mut right = self.categories.apply_op1(beside)?.detach();
        for (at, layer) in self.content[..3].iter().enumerate() {
            let Some(norm) = self.norms.get(at) else {
                right = right.matmul(&layer.weight)?.apply_op2(&layer.bias, BiasRelu { mask: None })?.detach();
                continue;
            };
            let shift = layer.bias.to_vec1::<f32>()?;
            let mean = norm.mean.iter().zip(shift).map(|(mean, shift)| mean - shift).collect();
            let op = NormRelu { mean, inverse: inverse_deviation(&norm.variance), mask: None };
            right = right.matmul(&layer.weight)?.apply_op3(&norm.weight, &norm.bias, op)?.detach();
        }
        let (left, right) = (self.collaborative[3].output(&left)?, self.content[3].output(&right)?);
        let blended = left.apply_op3(&right, &self.logit, Blend)?;
        Ok([left, right, blended])
    }
}
