//! The hybrid network with what it learns from: batches, losses, and what the validation part says.

use std::sync::Arc;

use candle_core::{Device, Tensor, Var};
use rand_chacha::ChaCha8Rng;

use super::TrainError;
use super::adam::Parameter;
use super::augment::{OF_THE_CLEANER, augment, shake};
use super::batch::{append, batch, hide, mean_rating, normalise, normalised, seen};
use super::fit::{LossParts, Snapshot, Trainable, Validation};
use super::hybrid::{Batch, Hybrid, Rows};
use super::inherit::Inherited;
use super::init::{Stream, stream};
use super::negatives::Negatives;
use super::ops::with_values;
use super::pairs::Pairs;
use super::recipe::{LossConfig, NegativeConfig, Recipe, StopMetric};
use super::samples::{SampleSource, Samples};
use crate::domain::Split;
use crate::features::{FEATURE_COUNT, Normaliser};

/// Rows of a pass that is not differentiated.
pub(super) const CHUNK: usize = 1024;

/// What the losses of being hired need.
struct Rivals<'a> {
    source: SampleSource<'a>,
    config: NegativeConfig,
    seed: u64,
    train: Vec<usize>,
    /// Of the training part in this epoch, and of the validation part always; normalised.
    drawn: Negatives,
    validation: Negatives,
    mean: f64,
}

/// A network with what it learns from.
pub(super) struct Learner<'a> {
    samples: &'a Samples,
    validation: Vec<usize>,
    pub(super) normaliser: Normaliser,
    features: Vec<[f32; FEATURE_COUNT]>,
    pub(super) model: Hybrid,
    parameters: Vec<Parameter>,
    /// Whether a row of the client table, and of the cleaner table, has a sample to learn from.
    seen: [Vec<bool>; 2],
    recipe: Recipe,
    /// What is kept of the model that the training started from.
    inherited: Option<Arc<Inherited>>,
    rivals: Option<Rivals<'a>>,
    /// The bidders of the jobs of the validation part, where ranks are looked at; normalised.
    bidders: Option<Negatives>,
    dropout_rng: ChaCha8Rng,
    unknown_rng: ChaCha8Rng,
    augmentation_rng: ChaCha8Rng,
}

impl<'a> Learner<'a> {
    /// A learner for these samples; what is inherited decides how inputs are normalised.
    pub(super) fn new(
        recipe: &Recipe,
        samples: &'a Samples,
        (rows, split): (Rows, &Split),
        source: Option<SampleSource<'a>>,
        model: Hybrid,
        inherited: Option<Arc<Inherited>>,
    ) -> Result<Self, TrainError> {
        let learned = || split.train.iter().map(|&at| samples.features[at]).collect::<Vec<_>>();
        let normaliser = inherited.as_ref().map_or_else(|| Normaliser::fit(&learned()), |i| i.normaliser.clone());
        let features = normalised(&normaliser, samples);
        let mut seen = seen(samples, split, rows);
        for (seen, known) in seen.iter_mut().zip(inherited.iter().flat_map(|inherited| &inherited.rows)) {
            for &row in known {
                if let Some(seen) = seen.get_mut(row as usize) {
                    *seen = true;
                }
            }
        }
        let mean = mean_rating(samples, split);
        let source = |reason| source.ok_or(TrainError::Needed { needed: "the data set behind the samples", reason });
        let mut rivals = None;
        if let Some(config) = recipe.negatives() {
            let source = source("loss.bce or loss.bpr")?;
            let mut validation = Negatives::draw(&source, samples, &split.validation, &config, (recipe.seed, 0));
            normalise(&normaliser, &mut validation);
            let (train, drawn) = (split.train.clone(), Negatives::default());
            rivals = Some(Rivals { source, config, seed: recipe.seed, train, drawn, validation, mean });
        }
        let mut bidders = None;
        if recipe.early_stopping.metric == StopMetric::Mrr {
            let source = source("early_stopping.metric = \"mrr\"")?;
            let mut all = Negatives::bidders(&source, samples, &split.validation);
            if split.validation.iter().all(|&at| all.of(at).is_empty()) {
                return Err(TrainError::Samples {
                    part: "the validation part with other bidders",
                    found: 0,
                    needed: 1,
                });
            }
            normalise(&normaliser, &mut all);
            bidders = Some(all);
        }
        Ok(Self {
            samples,
            validation: split.validation.clone(),
            normaliser,
            features,
            parameters: model.parameters(&recipe.optimizer),
            model,
            seen,
            recipe: recipe.clone(),
            inherited,
            rivals,
            bidders,
            dropout_rng: stream(recipe.seed, Stream::Dropout),
            unknown_rng: stream(recipe.seed, Stream::Unknown),
            augmentation_rng: stream(recipe.seed, Stream::Augmentation),
        })
    }

    /// Gives rows that nothing was learned of the values of the unknown row.
    pub(super) fn share_unknown_rows(&mut self) -> Result<(), TrainError> {
        for (table, seen) in [(&self.model.users, &self.seen[0]), (&self.model.items, &self.seen[1])] {
            let mut rows = table.to_vec2::<f32>()?;
            let unknown = rows[0].clone();
            rows.iter_mut().zip(seen).filter(|(_, seen)| !**seen).for_each(|(row, _)| row.clone_from(&unknown));
            table.set(&Tensor::new(rows, &Device::Cpu)?)?;
        }
        Ok(())
    }

    /// The sum of the losses with their weights; `scores` has the rated samples first.
    fn loss(
        &self,
        scores: &Tensor,
        rows: &[usize],
        rivals: Option<(&Pairs, &Rivals<'_>)>,
    ) -> Result<Tensor, TrainError> {
        let LossConfig { mse, bce, bpr, .. } = self.recipe.loss;
        let mut sum: Option<Tensor> = None;
        let mut add = |weight: f64, loss: Tensor| -> Result<(), TrainError> {
            let loss = if weight == 1.0 { loss } else { (loss * weight)? };
            sum = Some(match sum.take() {
                Some(sum) => (sum + loss)?,
                None => loss,
            });
            Ok(())
        };
        if mse > 0.0 {
            let targets: Vec<f32> = rows.iter().map(|&at| self.samples.targets[at]).collect();
            let targets = Tensor::from_vec(targets, (rows.len(), 1), &Device::Cpu)?;
            let rated = if scores.dim(0)? == rows.len() { scores.clone() } else { scores.narrow(0, 0, rows.len())? };
            add(mse, (rated - targets)?.sqr()?.mean_all()?)?;
        }
        if let Some((pairs, Rivals { config, mean, .. })) = rivals {
            if bce > 0.0
                && let Some(loss) = pairs.bce(scores, *mean, config.temperature)?
            {
                add(bce, loss)?;
            }
            if bpr > 0.0
                && let Some(loss) = pairs.bpr(scores, config.temperature)?
            {
                add(bpr, loss)?;
            }
        }
        // Where no job of the batch has anybody to stand against, nothing is learned of it.
        Ok(match sum {
            Some(sum) => sum,
            None => (scores.sum_all()? * 0.0)?,
        })
    }

    fn validation_batch(&self, chunk: &[usize]) -> Batch {
        let mut batch = batch(self.samples, &self.features, chunk);
        self.hide_unseen(&mut batch);
        batch
    }

    fn hide_unseen(&self, batch: &mut Batch) {
        for (column, seen) in [(&mut batch.users, &self.seen[0]), (&mut batch.items, &self.seen[1])] {
            column.iter_mut().filter(|row| !seen[**row as usize]).for_each(|row| *row = 0);
        }
    }

    fn scores_of(&self, batch: Batch) -> Result<Vec<f32>, TrainError> {
        let [_, _, scores] = self.model.forward(batch)?;
        Ok(with_values(&scores, <[f32]>::to_vec)?)
    }

    /// Mean squared and mean absolute error of the ratings of the validation part.
    fn rating_errors(&self) -> Result<[f64; 2], TrainError> {
        let (mut squares, mut sizes) = (0.0, 0.0);
        for chunk in self.validation.chunks(CHUNK) {
            let scores = self.scores_of(self.validation_batch(chunk))?;
            let errors = scores.iter().zip(chunk).map(|(s, &at)| f64::from(s - self.samples.targets[at]));
            squares += errors.clone().map(|error| error * error).sum::<f64>();
            sizes += errors.map(f64::abs).sum::<f64>();
        }
        let count = self.validation.len() as f64;
        Ok([squares / count, sizes / count])
    }

    /// The losses of being hired on the validation part: cross-entropy, pairs; 0 without any pair.
    fn hire_losses(&self, rivals: &Rivals<'_>) -> Result<[f64; 2], TrainError> {
        let mut sums = [(0.0, 0.0); 2];
        for chunk in self.validation.chunks(CHUNK) {
            let mut batch = batch(self.samples, &self.features, chunk);
            let pairs = append(&mut batch, chunk, &rivals.validation);
            self.hide_unseen(&mut batch);
            let [_, _, scores] = self.model.forward(batch)?;
            let (hired, others) = (pairs.positives().len(), pairs.other.len());
            let losses = [
                (pairs.bce(&scores, rivals.mean, rivals.config.temperature)?, (hired + others) as f64),
                (pairs.bpr(&scores, rivals.config.temperature)?, others as f64),
            ];
            for (sum, (loss, count)) in sums.iter_mut().zip(losses) {
                if let Some(loss) = loss {
                    *sum = (sum.0 + f64::from(loss.to_scalar::<f32>()?) * count, sum.1 + count);
                }
            }
        }
        Ok(sums.map(|(sum, count)| if count > 0.0 { sum / count } else { 0.0 }))
    }

    /// Mean of 1 / rank of the hired cleaner among the bidders, over the jobs that have others. A tie counts against him or her.
    fn reciprocal_rank(&self, bidders: &Negatives) -> Result<f64, TrainError> {
        let (mut sum, mut jobs) = (0.0, 0.0);
        for chunk in self.validation.chunks(CHUNK) {
            let mut batch = batch(self.samples, &self.features, chunk);
            let pairs = append(&mut batch, chunk, bidders);
            self.hide_unseen(&mut batch);
            let scores = self.scores_of(batch)?;
            for at in 0..chunk.len() as u32 {
                let mut others = pairs.hired.iter().zip(&pairs.other).filter(|(hired, _)| **hired == at).peekable();
                if others.peek().is_some() {
                    let score = |row: u32| scores[row as usize];
                    let before = others.filter(|(_, other)| score(**other) >= score(at)).count();
                    (sum, jobs) = (sum + 1.0 / (before + 1) as f64, jobs + 1.0);
                }
            }
        }
        Ok(sum / jobs)
    }
}

impl Trainable for Learner<'_> {
    fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    fn begin_epoch(&mut self, epoch: usize) -> Result<(), TrainError> {
        if let Some(rivals) = &mut self.rivals {
            let Rivals { source, config, train, seed, .. } = rivals;
            rivals.drawn = Negatives::draw(source, self.samples, train, config, (*seed, epoch));
            normalise(&self.normaliser, &mut rivals.drawn);
        }
        Ok(())
    }

    fn training_loss(&mut self, rows: &[usize]) -> Result<Tensor, TrainError> {
        let mut batch = batch(self.samples, &self.features, rows);
        let unknown_rate = self.recipe.training.unknown_rate;
        for column in [&mut batch.users, &mut batch.items] {
            hide(column, unknown_rate, &mut self.unknown_rng);
        }
        augment(&mut batch, &self.recipe.augmentation, &mut self.augmentation_rng);
        let mut pairs = None;
        if let Some(rivals) = &self.rivals {
            let rated = batch.items.len();
            pairs = Some(append(&mut batch, rows, &rivals.drawn));
            hide(&mut batch.items[rated..], unknown_rate, &mut self.unknown_rng);
            let behind = &mut batch.features[rated * FEATURE_COUNT..];
            shake(behind, &OF_THE_CLEANER, self.recipe.augmentation.jitter, &mut self.augmentation_rng);
        }
        let passed = self.model.forward_training(batch, self.recipe.model.dropout as f32, &mut self.dropout_rng)?;
        let loss = self.loss(&passed.scores, rows, pairs.as_ref().zip(self.rivals.as_ref()))?;
        let l2 = self.recipe.loss.embedding_l2;
        if l2 == 0.0 {
            return Ok(loss);
        }
        let length = (passed.vectors.sqr()?.sum_all()? * (l2 / passed.vectors.dim(0)? as f64))?;
        Ok((loss + length)?)
    }

    fn settle(&mut self) -> Result<(), TrainError> {
        self.inherited.as_ref().map_or(Ok(()), |inherited| inherited.put_rows(&self.model))
    }

    fn validate(&self) -> Result<Validation, TrainError> {
        let [mse, mae] = self.rating_errors()?;
        let (mut loss, mut parts) = (mse, None);
        if let Some(rivals) = &self.rivals {
            let [bce, bpr] = self.hire_losses(rivals)?;
            let weights = &self.recipe.loss;
            loss = weights.mse * mse + weights.bce * bce + weights.bpr * bpr;
            parts = Some(LossParts { mse, bce, bpr });
        } else if self.recipe.loss.mse != 1.0 {
            loss *= self.recipe.loss.mse;
        }
        let metric = match self.recipe.early_stopping.metric {
            StopMetric::Loss => None,
            StopMetric::Mse => Some((mse, true)),
            StopMetric::Mae => Some((mae, true)),
            StopMetric::Mrr => match &self.bidders {
                Some(bidders) => Some((self.reciprocal_rank(bidders)?, false)),
                None => None,
            },
        };
        Ok(Validation { loss, metric, parts })
    }

    fn snapshot(&self) -> Result<Snapshot, TrainError> {
        let trained = self.parameters.iter().map(|p| with_values(&p.var, <[f32]>::to_vec));
        let mut copy = trained.collect::<Result<Snapshot, _>>()?;
        for norm in &self.model.norms {
            copy.extend([norm.mean.clone(), norm.variance.clone(), vec![norm.batches]]);
        }
        Ok(copy)
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<(), TrainError> {
        let mut copy = snapshot.iter().cloned();
        let mut next = || copy.next().unwrap_or_default();
        for Parameter { var, .. } in &self.parameters {
            Var::set(var, &Tensor::from_vec(next(), var.shape(), &Device::Cpu)?)?;
        }
        for norm in &mut self.model.norms {
            (norm.mean, norm.variance) = (next(), next());
            norm.batches = next().first().copied().unwrap_or_default();
        }
        Ok(())
    }

    fn generators(&mut self) -> Vec<&mut ChaCha8Rng> {
        vec![&mut self.dropout_rng, &mut self.unknown_rng, &mut self.augmentation_rng]
    }
}
