//! Training the bid model from rows to tensors.

use candle_core::{Device, Tensor, Var};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::calibrate::{Seen, calibrate};
use super::network::{Batch, Network};
use super::recipe::BidRecipe;
use super::rows::BidRows;
use crate::artifact::Tensors;
use crate::artifact::json::quoted_list;
use crate::domain::Split;
use crate::features::{BID_FEATURE_COUNT, BID_FEATURES};
use crate::model::{BIDS_FORMAT, BIDS_VERSION, BidModel, Calibration, Support, bid_inputs};
use crate::native::train::TrainError;
use crate::native::train::adam::Parameter;
use crate::native::train::fit::{Control, Epoch, OnEpoch, Snapshot, Trainable, Validation, fit};
use crate::native::train::init::{Stream, stream};
use crate::native::train::ops::with_values;

/// Between these quantiles of the training part's bids a price counts as known ground.
const SUPPORTED: [f64; 2] = [0.05, 0.95];

/// A trained bid model.
#[derive(Debug, Clone)]
pub struct TrainedBids {
    /// The content of `bids.safetensors`.
    pub model: Tensors,
    /// All epochs that were run; losses are `quantile_weight * pinball + log loss`, before calibration.
    pub epochs: Vec<Epoch>,
    /// Which rows were learned from, chosen by and left for measuring.
    pub split: Split,
    /// What was fitted on the validation part.
    pub calibration: Calibration,
}

/// Trains the bid model for a market with these kinds of job.
///
/// Means, deviations and weights see the training part alone, epoch and calibration are chosen by the validation part. The same rows
/// and recipe always give the same tensors.
///
/// # Errors
/// [`TrainError`] for a recipe or rows that cannot be used, and for a loss that is no longer a number.
pub fn train_bids(
    recipe: &BidRecipe,
    rows: &BidRows,
    kinds: &[String],
    on_epoch: &mut OnEpoch<'_>,
) -> Result<TrainedBids, TrainError> {
    recipe.check()?;
    let for_loop = recipe.for_loop();
    let split = rows.split(recipe.fractions());
    for (part, found, needed) in [("training", split.train.len(), 2), ("validation", split.validation.len(), 1)] {
        if found < needed {
            return Err(TrainError::Samples { part, found, needed });
        }
    }
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    one_thread.install(|| {
        let mut task = Task::new(recipe, rows, kinds, &split)?;
        let epochs = fit(&mut task, &for_loop, &split.train, Control::plain(on_epoch))?;
        let uncalibrated = task.write(Calibration::default())?;
        let calibration = calibrate(&seen(&uncalibrated, rows, kinds, &split.validation)?);
        let model = task.write(calibration)?;
        Ok(TrainedBids { model, epochs, calibration, split: split.clone() })
    })
}

/// What the model as it will be served says of the bids of a part.
fn seen(model: &Tensors, rows: &BidRows, kinds: &[String], part: &[usize]) -> Result<Vec<Seen>, TrainError> {
    let model = BidModel::from_tensors(model, &BID_FEATURES, kinds)?;
    let one = |&at: &usize| {
        let curve = model.curve(&rows.features[at], rows.kinds[at].map(usize::from))?;
        let outside = (curve.quantiles[0] - rows.winning[at]).max(rows.winning[at] - curve.quantiles[2]);
        Some(Seen { logit: curve.logit(rows.own[at]), won: rows.won[at], outside })
    };
    Ok(part.iter().filter_map(one).collect())
}

/// The network with what it learns from.
struct Task<'a> {
    rows: &'a BidRows,
    kinds: &'a [String],
    validation: Vec<usize>,
    mean: Vec<f32>,
    std: Vec<f32>,
    network: Network,
    hidden_rate: f64,
    quantile_weight: f64,
    hidden_rng: ChaCha8Rng,
    support: Support,
}

impl<'a> Task<'a> {
    fn new(recipe: &BidRecipe, rows: &'a BidRows, kinds: &'a [String], split: &Split) -> Result<Self, TrainError> {
        let (mean, std) = normaliser(rows, &split.train);
        let inputs = 2 * BID_FEATURE_COUNT + kinds.len();
        Ok(Self {
            rows,
            kinds,
            validation: split.validation.clone(),
            mean,
            std,
            network: Network::new(inputs, recipe.hidden, recipe.weight_decay, recipe.seed)?,
            hidden_rate: recipe.hidden_rate,
            quantile_weight: recipe.quantile_weight,
            hidden_rng: stream(recipe.seed, Stream::Unknown),
            support: support(rows, &split.train),
        })
    }

    fn batch(&self, places: &[usize], features: &[[f32; BID_FEATURE_COUNT]]) -> Result<Batch, TrainError> {
        let kind = |at: usize| self.rows.kinds[at].map(usize::from);
        let inputs: Vec<f32> = places
            .iter()
            .zip(features)
            .filter_map(|(&at, row)| bid_inputs(&self.mean, &self.std, self.kinds.len(), row, kind(at)))
            .flatten()
            .collect();
        let n = places.len();
        let column = |value: &dyn Fn(usize) -> f64| {
            let values: Vec<f32> = places.iter().map(|&at| value(at) as f32).collect();
            Tensor::from_vec(values, (n, 1), &Device::Cpu)
        };
        Ok(Batch {
            inputs: Tensor::from_vec(inputs, (n, 2 * BID_FEATURE_COUNT + self.kinds.len()), &Device::Cpu)?,
            own: column(&|at| self.rows.own[at])?,
            winning: column(&|at| self.rows.winning[at])?,
            won: column(&|at| f64::from(u8::from(self.rows.won[at])))?,
        })
    }

    fn loss(&self, batch: &Batch) -> Result<Tensor, TrainError> {
        let losses = self.network.losses(batch)?;
        Ok(((losses.pinball * self.quantile_weight)? + losses.log)?)
    }

    fn write(&self, calibration: Calibration) -> Result<Tensors, TrainError> {
        let mut tensors = Tensors::new();
        tensors.set_version(BIDS_FORMAT, BIDS_VERSION);
        tensors.set_metadata("features", quoted_list(BID_FEATURES));
        tensors.set_metadata("kinds", quoted_list(self.kinds));
        tensors.insert_f32("normaliser.mean", &[BID_FEATURE_COUNT], &self.mean)?;
        tensors.insert_f32("normaliser.std", &[BID_FEATURE_COUNT], &self.std)?;
        let Support { usual, reference } = self.support;
        tensors.insert_f64("support", &[2, 2], &[usual, reference].concat())?;
        let Calibration { scale, shift, widen } = calibration;
        tensors.insert_f64("calibration", &[3], &[scale, shift, widen])?;
        self.network.write(&mut tensors)?;
        Ok(tensors)
    }
}

impl Trainable for Task<'_> {
    fn parameters(&self) -> &[Parameter] {
        &self.network.parameters
    }

    fn training_loss(&mut self, places: &[usize]) -> Result<Tensor, TrainError> {
        let mut features: Vec<[f32; BID_FEATURE_COUNT]> = places.iter().map(|&at| self.rows.features[at]).collect();
        for value in features.iter_mut().flatten() {
            if self.hidden_rng.random::<f64>() < self.hidden_rate {
                *value = f32::NAN;
            }
        }
        self.loss(&self.batch(places, &features)?)
    }

    fn validate(&self) -> Result<Validation, TrainError> {
        let features: Vec<_> = self.validation.iter().map(|&at| self.rows.features[at]).collect();
        let loss = self.loss(&self.batch(&self.validation, &features)?)?.to_scalar::<f32>()?;
        Ok(f64::from(loss).into())
    }

    fn snapshot(&self) -> Result<Snapshot, TrainError> {
        self.network.parameters.iter().map(|p| Ok(with_values(&p.var, <[f32]>::to_vec)?)).collect()
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<(), TrainError> {
        for (Parameter { var, .. }, values) in self.network.parameters.iter().zip(snapshot) {
            Var::set(var, &Tensor::from_vec(values.clone(), var.shape(), &Device::Cpu)?)?;
        }
        Ok(())
    }
}

/// Mean and standard deviation of each feature where it is known; 0 and 1 where it never is, and a deviation of 1 where it never
/// changes.
fn normaliser(rows: &BidRows, part: &[usize]) -> (Vec<f32>, Vec<f32>) {
    let of = |column: usize| {
        let known = || part.iter().map(|&at| f64::from(rows.features[at][column])).filter(|value| !value.is_nan());
        let count = known().count().max(1) as f64;
        let mean = known().sum::<f64>() / count;
        let variance = known().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        (mean as f32, if variance > 1e-12 { variance.sqrt() as f32 } else { 1.0 })
    };
    (0..BID_FEATURE_COUNT).map(of).unzip()
}

/// Between which prices the bids of a part are, relative to the bidder's usual price and to the reference price. The usual price is that
/// of a feature; where nobody has one, what holds for the reference price stands for it.
fn support(rows: &BidRows, part: &[usize]) -> Support {
    let usual = BID_FEATURES.iter().position(|name| *name == "ln_usual_ratio");
    let usual = |at: usize| f64::from(usual.map_or(f32::NAN, |column| rows.features[at][column]));
    let reference = ends(part.iter().map(|&at| rows.own[at]).collect()).unwrap_or_default();
    let to_usual = part.iter().map(|&at| rows.own[at] - usual(at)).filter(|ratio| !ratio.is_nan());
    Support { usual: ends(to_usual.collect()).unwrap_or(reference), reference }
}

/// The [`SUPPORTED`] quantiles by nearest rank; `None` of nothing.
fn ends(mut values: Vec<f64>) -> Option<[f64; 2]> {
    values.sort_by(f64::total_cmp);
    let quantile = |level: f64| values.get(((level * values.len() as f64).ceil() as usize).saturating_sub(1)).copied();
    let [low, high] = SUPPORTED;
    Some([quantile(low)?, quantile(high)?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::softplus as stable_softplus;
    use rand::SeedableRng;

    /// Jobs with four bids each: the odds of a bid fall with the cube of its price and rise with a feature; the others are noise, some
    /// of them unknown.
    fn rows(jobs: usize) -> BidRows {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut rows = BidRows::default();
        for job in 0..jobs {
            let mut bids = Vec::new();
            for _ in 0..4 {
                let mut features = [0.0f32; BID_FEATURE_COUNT];
                features.iter_mut().for_each(|value| *value = rng.random::<f32>());
                features[5] = if job % 3 == 0 { f32::NAN } else { features[5] };
                let own = 0.6 * (rng.random::<f64>() - 0.5);
                bids.push((features, own, (2.0 * f64::from(features[0]) - 3.0 * own).exp()));
            }
            let mut left = rng.random::<f64>() * bids.iter().map(|bid| bid.2).sum::<f64>();
            let winner = bids.iter().position(|bid| {
                left -= bid.2;
                left <= 0.0
            });
            let winner = winner.unwrap_or(3);
            for (at, (features, own, _)) in bids.iter().enumerate() {
                rows.features.push(*features);
                rows.kinds.push([None, Some(0), Some(1)][job % 3]);
                rows.own.push(*own);
                rows.winning.push(bids[winner].1);
                rows.won.push(at == winner);
                rows.times.push(job as i64);
                rows.jobs.push(job as u32);
                rows.cleaners.push(at as u32);
            }
        }
        rows
    }

    fn kinds() -> Vec<String> {
        vec!["flat".into(), "house".into()]
    }

    fn quick() -> BidRecipe {
        BidRecipe { epochs: 6, batch_size: 64, ..BidRecipe::default() }
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let rows = rows(200);
        let run =
            |seed| train_bids(&BidRecipe { seed, ..quick() }, &rows, &kinds(), &mut |_| ()).unwrap().model.to_bytes();
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }

    #[test]
    fn candle_and_the_engine_say_the_same() {
        let (rows, kinds) = (rows(200), kinds());
        let recipe = quick();
        let split = rows.split(recipe.fractions());
        let task = Task::new(&recipe, &rows, &kinds, &split).unwrap();
        let model =
            BidModel::from_tensors(&task.write(Calibration::default()).unwrap(), &BID_FEATURES, &kinds).unwrap();
        let loss = |&at: &usize| {
            let curve = model.curve(&rows.features[at], rows.kinds[at].map(usize::from)).unwrap();
            let logit = curve.logit(rows.own[at]);
            let log = stable_softplus(logit) - if rows.won[at] { logit } else { 0.0 };
            let pinball: f64 = [0.1, 0.5, 0.9]
                .iter()
                .zip(curve.quantiles)
                .map(|(level, quantile)| {
                    let error = rows.winning[at] - quantile;
                    (level * error).max((level - 1.0) * error)
                })
                .sum();
            recipe.quantile_weight * pinball + log
        };
        let expected = split.validation.iter().map(loss).sum::<f64>() / split.validation.len() as f64;
        let found = task.validate().unwrap().loss;
        assert!((found - expected).abs() < 1e-5, "{found} is not {expected}");
    }

    #[test]
    fn it_learns_more_than_the_base_rate_and_the_range_holds_what_it_should() {
        let (rows, kinds) = (rows(1500), kinds());
        let trained = train_bids(&BidRecipe { epochs: 25, ..quick() }, &rows, &kinds, &mut |_| ()).unwrap();
        let test = seen(&trained.model, &rows, &kinds, &trained.split.test).unwrap();
        let n = test.len() as f64;
        let log = |seen: &Seen| stable_softplus(seen.logit) - if seen.won { seen.logit } else { 0.0 };
        let loss = test.iter().map(log).sum::<f64>() / n;
        // The entropy of one in four is 0.562; the truth's, with the bids of the others, 0.48.
        assert!((0.46..0.545).contains(&loss), "{loss}");
        let inside = test.iter().filter(|seen| seen.outside <= 0.0).count() as f64 / n;
        assert!((0.74..0.86).contains(&inside), "{inside}");
    }

    #[test]
    fn the_supported_prices_are_where_nine_of_ten_bids_of_the_part_are() {
        let mut rows = rows(50);
        let part: Vec<usize> = (0..100).rev().collect();
        for at in 0..rows.len() {
            // 1 % to 100 % above the reference in the part, absurd outside; every other usual price is 10 % above the reference.
            rows.own[at] = if at < 100 { (at + 1) as f64 / 100.0 } else { 9.0 };
            let column = BID_FEATURES.iter().position(|name| *name == "ln_usual_ratio").unwrap();
            rows.features[at][column] = if at % 2 == 0 { 0.1 } else { f32::NAN };
        }
        let near = |found: [f64; 2], expected: [f64; 2]| {
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?} is not {expected:?}");
        };
        let found = support(&rows, &part);
        near(found.reference, [0.05, 0.95]);
        // The 3rd and the 48th of 0.01, 0.03 … 0.99, less 0.1.
        near(found.usual, [-0.05, 0.85]);
        rows.features.iter_mut().flatten().for_each(|value| *value = f32::NAN);
        assert_eq!(support(&rows, &part), Support { usual: found.reference, reference: found.reference });
    }

    #[test]
    fn rows_that_cannot_be_used_are_refused() {
        let code =
            |recipe: &BidRecipe, rows: &BidRows| train_bids(recipe, rows, &kinds(), &mut |_| ()).unwrap_err().code();
        assert_eq!(code(&quick(), &BidRows::default()), "train.samples");
        assert_eq!(code(&BidRecipe { validation: 0.0, ..quick() }, &rows(20)), "train.samples");
        assert_eq!(code(&BidRecipe { batch_size: 1, ..quick() }, &rows(20)), "train.setting");
    }
}
