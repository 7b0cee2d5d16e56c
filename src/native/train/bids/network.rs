//! The network in candle: two hidden layers and five outputs.

use candle_core::{Device, Result, Tensor};

use crate::artifact::{ArtifactError, Tensors};
use crate::model::{BID_OUTPUTS, LEAST_SLOPE};
use crate::native::train::adam::Parameter;
use crate::native::train::init::{Stream, linear_bound, stream, uniform};

/// The levels of the quantile head.
const LEVELS: [f64; 3] = [0.1, 0.5, 0.9];

/// A batch of bids.
pub(super) struct Batch {
    /// Bids × inputs.
    pub(super) inputs: Tensor,
    /// Bids × 1: ln of the ratio of the bid, ln of that of the winning bid, 1 where it won.
    pub(super) own: Tensor,
    pub(super) winning: Tensor,
    pub(super) won: Tensor,
}

/// The weights, matrix and bias by turns; a matrix has one row per output.
pub(super) struct Network {
    pub(super) parameters: Vec<Parameter>,
}

/// Mean losses of a batch.
pub(super) struct Losses {
    /// Of the three quantiles together.
    pub(super) pinball: Tensor,
    /// Of winning or not.
    pub(super) log: Tensor,
}

impl Network {
    pub(super) fn new(inputs: usize, hidden: [usize; 2], weight_decay: f64, seed: u64) -> Result<Self> {
        let mut rng = stream(seed, Stream::Weights);
        let sides = [inputs, hidden[0], hidden[1], BID_OUTPUTS];
        let mut parameters = Vec::new();
        for (at, pair) in sides.windows(2).enumerate() {
            let bound = linear_bound(pair[0]);
            for (part, shape, weight_decay) in
                [("weight", vec![pair[1], pair[0]], weight_decay as f32), ("bias", vec![pair[1]], 0.0)]
            {
                let var = uniform(&mut rng, &shape, bound)?;
                let name = format!("layers.{at}.{part}");
                parameters.push(Parameter { weight_decay, ..Parameter::new(name, var) });
            }
        }
        Ok(Self { parameters })
    }

    /// The losses of a batch; both heads share the hidden layers.
    pub(super) fn losses(&self, batch: &Batch) -> Result<Losses> {
        let mut x = batch.inputs.clone();
        for (at, layer) in self.parameters.chunks_exact(2).enumerate() {
            x = x.matmul(&layer[0].var.t()?)?.broadcast_add(&layer[1].var)?;
            x = if at < 2 { x.relu()? } else { x };
        }
        let head = |at: usize| x.narrow(1, at, 1);
        let low = head(0)?;
        let median = (&low + softplus(&head(1)?)?)?;
        let high = (&median + softplus(&head(2)?)?)?;
        let mut pinball = Tensor::zeros((), batch.own.dtype(), &Device::Cpu)?;
        for (level, quantile) in LEVELS.iter().zip([low, median, high]) {
            // max(τ e, (τ - 1) e) = τ e + max(-e, 0).
            let error = (&batch.winning - quantile)?;
            pinball = (pinball + ((&error * *level)? + error.neg()?.relu()?)?.mean_all()?)?;
        }
        let slope = (softplus(&head(4)?)? + LEAST_SLOPE)?;
        let logit = (head(3)? - (slope * &batch.own)?)?;
        let log = (softplus(&logit)? - (&logit * &batch.won)?)?.mean_all()?;
        Ok(Losses { pinball, log })
    }

    /// Puts the weights into a file.
    pub(super) fn write(&self, tensors: &mut Tensors) -> std::result::Result<(), super::super::TrainError> {
        for Parameter { name, var, .. } in &self.parameters {
            let values = var.flatten_all()?.to_vec1::<f32>()?;
            let written: std::result::Result<(), ArtifactError> = tensors.insert_f32(name, var.dims(), &values);
            written?;
        }
        Ok(())
    }
}

/// ln(1 + exp(x)) without overflow: max(x, 0) + ln(1 + exp(-|x|)).
fn softplus(x: &Tensor) -> Result<Tensor> {
    x.relu()? + (x.abs()?.neg()?.exp()? + 1.0)?.log()?
}
