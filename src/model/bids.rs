//! The bid model: what price a job goes for, and how likely a price wins it.
//!
//! One small network with two heads over the features of a bid and the kind of job. Prices are natural logarithms of their
//! ratio to the job's reference price. The order of the quantiles and the fall of the win probability with the price do not
//! rest on training: they hold for any weights.

use super::state::matrix_shape;
use crate::artifact::text::text;
use crate::artifact::{ArtifactError, Tensors};
use crate::numeric::{relu, softplus};

/// Format name of the file.
pub const BIDS_FORMAT: &str = "tidyrank.bids";
/// Version of that format, written and read.
pub const BIDS_VERSION: u32 = 1;
/// Outputs of the network: the low quantile, the two distances above it, the level and the slope of the win curve.
pub const BID_OUTPUTS: usize = 5;
/// The least slope of a win curve: a higher price never wins as often.
pub const LEAST_SLOPE: f64 = 0.05;

/// No price is further than this from the reference, in the logarithm: 148 times as much.
const FARTHEST: f64 = 5.0;

/// The network with what stands before and behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct BidModel {
    mean: Vec<f32>,
    std: Vec<f32>,
    kinds: usize,
    layers: Vec<Dense>,
    calibration: Calibration,
    support: Option<Support>,
}

/// Between which prices most of the bids were that a model was trained on (5 to 95 % of them), as ln of a ratio: low, then high. Of what
/// is outside there is next to nothing to learn a win probability from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Support {
    /// Relative to what the bidder usually asks.
    pub usual: [f64; 2],
    /// Relative to the reference price.
    pub reference: [f64; 2],
}

/// What is done with the heads' outputs so that they hold on data that the network has not seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// The logit of winning is multiplied by this, which is positive (J. Platt, 1999) …
    pub scale: f64,
    /// … and then shifted by this.
    pub shift: f64,
    /// How far the outer quantiles are moved apart, in the logarithm of the price: conformalised quantile regression
    /// (Y. Romano, E. Patterson, E. Candès, NeurIPS 2019). Negative: together, at most until they meet the median.
    pub widen: f64,
}

impl Default for Calibration {
    fn default() -> Self {
        Self { scale: 1.0, shift: 0.0, widen: 0.0 }
    }
}

/// What the model says of one bid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BidCurve {
    /// ln of the price ratio that the winning bid is below with probability 0.1, 0.5 and 0.9; ascending.
    pub quantiles: [f64; 3],
    /// Logit of winning at the reference price.
    pub level: f64,
    /// What the logit falls by when ln of the price rises by 1; positive.
    pub slope: f64,
}

#[derive(Debug, Clone, PartialEq)]
struct Dense {
    weights: Vec<f32>,
    biases: Vec<f32>,
    inputs: usize,
}

impl BidCurve {
    /// The logit of winning at a price with this ln of its ratio.
    pub fn logit(&self, log_ratio: f64) -> f64 {
        self.level - self.slope * log_ratio
    }
}

impl BidModel {
    /// Reads the model for these features and kinds of job.
    ///
    /// # Errors
    /// [`ArtifactError`] for another format, version, list of features or kinds, missing tensors, wrong shapes, and numbers that
    /// are not finite.
    pub fn from_tensors(tensors: &Tensors, features: &[&str], kinds: &[String]) -> Result<Self, ArtifactError> {
        tensors.expect_version(BIDS_FORMAT, BIDS_VERSION..=BIDS_VERSION)?;
        let wrong =
            |key: &str, reason: &str| ArtifactError::Metadata { key: key.to_owned(), reason: reason.to_owned() };
        if tensors.texts("features")? != features {
            return Err(wrong("features", "it is not the list of features of this build"));
        }
        if tensors.texts("kinds")? != kinds {
            return Err(wrong("kinds", "it is not the list of property types of the market"));
        }
        let row = |name| tensors.f32(name, &[features.len()]);
        let (mean, std) = (row("normaliser.mean")?, row("normaliser.std")?);
        let mut layers: Vec<Dense> = Vec::new();
        let mut inputs = 2 * features.len() + kinds.len();
        for at in 0..3usize {
            let name = text!("layers.", at);
            let weight = text!(&name, ".weight");
            let outputs = if at < 2 { matrix_shape(tensors, &weight)?.0 } else { BID_OUTPUTS };
            let weights = tensors.f32(&weight, &[outputs, inputs])?;
            layers.push(Dense { weights, biases: tensors.f32(&text!(&name, ".bias"), &[outputs])?, inputs });
            inputs = outputs;
        }
        let calibration = tensors.f64("calibration", &[3])?;
        let [scale, shift, widen] = [calibration[0], calibration[1], calibration[2]];
        let numbers = layers.iter().flat_map(|layer| layer.weights.iter().chain(&layer.biases)).chain(&mean);
        let finite = numbers.copied().all(f32::is_finite) && shift.is_finite() && widen.is_finite();
        let positive = std.iter().all(|std| *std > 0.0 && std.is_finite()) && scale > 0.0 && scale.is_finite();
        if !(finite && positive) {
            return Err(ArtifactError::Format { reason: text!("a number of the bid model is not one that it can be") });
        }
        let calibration = Calibration { scale, shift, widen };
        Ok(Self { mean, std, kinds: kinds.len(), layers, calibration, support: read_support(tensors)? })
    }

    /// The prices that it was trained on; `None` of a file that does not say.
    pub fn support(&self) -> Option<Support> {
        self.support
    }

    /// What the model says of features in the order of its list, NaN = unknown; `kind` is the index of the kind of job.
    /// `None` unless there are as many features as it was made for.
    pub fn curve(&self, features: &[f32], kind: Option<usize>) -> Option<BidCurve> {
        let heads = self.heads(&bid_inputs(&self.mean, &self.std, self.kinds, features, kind)?);
        let [low, up, further, level, slope] = heads;
        let median = low + softplus(up);
        let high = median + softplus(further);
        let Calibration { scale, shift, widen } = self.calibration;
        Some(BidCurve {
            quantiles: [(low - widen).min(median), median, (high + widen).max(median)]
                .map(|q| q.clamp(-FARTHEST, FARTHEST)),
            level: scale * level + shift,
            slope: scale * (softplus(slope) + LEAST_SLOPE),
        })
    }

    /// f32 sums in a fixed order, input by input: the same natively and in WebAssembly.
    fn heads(&self, inputs: &[f32]) -> [f64; BID_OUTPUTS] {
        let mut values = inputs.to_vec();
        for (at, layer) in self.layers.iter().enumerate() {
            let row = |(weights, bias): (&[f32], &f32)| {
                weights.iter().zip(&values).fold(*bias, |sum, (weight, value)| sum + weight * value)
            };
            let mut next: Vec<f32> = layer.weights.chunks_exact(layer.inputs).zip(&layer.biases).map(row).collect();
            if at + 1 < self.layers.len() {
                relu(&mut next);
            }
            values = next;
        }
        let mut heads = [0.0; BID_OUTPUTS];
        heads.iter_mut().zip(values).for_each(|(head, value)| *head = f64::from(value));
        heads
    }
}

fn read_support(tensors: &Tensors) -> Result<Option<Support>, ArtifactError> {
    if tensors.shape("support").is_err() {
        return Ok(None);
    }
    let ends = tensors.f64("support", &[2, 2])?;
    let support = Support { usual: [ends[0], ends[1]], reference: [ends[2], ends[3]] };
    let fits = |[low, high]: [f64; 2]| low <= high && low.is_finite() && high.is_finite();
    if fits(support.usual) && fits(support.reference) {
        return Ok(Some(support));
    }
    Err(ArtifactError::Format { reason: text!("the supported prices of the bid model are no ranges") })
}

/// The inputs of the network: per feature its normalised value, 0 where it is unknown, then whether it is known; then one place per
/// kind of job, 1 for this one. `None` where the lengths do not fit.
pub fn bid_inputs(mean: &[f32], std: &[f32], kinds: usize, features: &[f32], kind: Option<usize>) -> Option<Vec<f32>> {
    if features.len() != mean.len() || mean.len() != std.len() {
        return None;
    }
    let mut inputs = Vec::with_capacity(2 * features.len() + kinds);
    let known = features.iter().map(|value| !value.is_nan());
    // What is far outside of what was trained on says no more than its edge.
    let normal = |((value, mean), std): ((&f32, &f32), &f32)| ((value - mean) / std).clamp(-4.0, 4.0);
    let values = features.iter().zip(mean).zip(std).map(normal);
    inputs.extend(values.map(|value| if value.is_nan() { 0.0 } else { value }));
    inputs.extend(known.map(|known| f32::from(u8::from(known))));
    inputs.extend((0..kinds).map(|at| f32::from(u8::from(kind == Some(at)))));
    Some(inputs)
}
