//! The training loop. It knows no model: steps, learning rate, early stop, best epoch, and how to stop and go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use candle_core::Tensor;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::TrainError;
use super::adam::{Adam, Parameter};
use super::average::Average;
use super::checkpoint::{Best, Checkpoint, Origin};
use super::gradients::Gradients;
use super::inherit::Inherited;
use super::init::{Stream, stream};
use super::keeper::Keeper;
use super::recipe::{Recipe, TrainingConfig};
use super::schedule::Schedule;
use crate::artifact::ArtifactError;

/// All values of a model, as a copy: trained ones first, then running statistics.
pub(super) type Snapshot = Vec<Vec<f32>>;

/// What the validation part says of a model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Validation {
    /// The loss.
    pub(super) loss: f64,
    /// What early stopping looks at, as it is shown, and whether less of it is better; `None` = the loss.
    pub(super) metric: Option<(f64, bool)>,
    /// The losses one by one, where there is more than one.
    pub(super) parts: Option<LossParts>,
}

impl From<f64> for Validation {
    fn from(loss: f64) -> Self {
        Self { loss, metric: None, parts: None }
    }
}

/// A model that the loop can train.
pub(super) trait Trainable {
    /// What is trained, always in the same order.
    fn parameters(&self) -> &[Parameter];
    /// Called before the batches of an epoch, from 1; again if it is taken up in the middle.
    fn begin_epoch(&mut self, _epoch: usize) -> Result<(), TrainError> {
        Ok(())
    }
    /// The mean loss of these samples, as a tensor to differentiate; running statistics are updated.
    fn training_loss(&mut self, samples: &[usize]) -> Result<Tensor, TrainError>;
    /// Called before a validation: puts in place what training must not have changed.
    fn settle(&mut self) -> Result<(), TrainError> {
        Ok(())
    }
    /// What the validation part says.
    fn validate(&self) -> Result<Validation, TrainError>;
    /// A copy of all values.
    fn snapshot(&self) -> Result<Snapshot, TrainError>;
    /// Puts back a copy.
    fn restore(&mut self, snapshot: &Snapshot) -> Result<(), TrainError>;
    /// The generators that it draws from, always in the same order.
    fn generators(&mut self) -> Vec<&mut ChaCha8Rng> {
        Vec::new()
    }
}

/// The losses of the validation part one by one; 0 for one that is left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct LossParts {
    /// Mean squared error of the ratings.
    pub mse: f64,
    /// Cross-entropy of being hired.
    pub bce: f64,
    /// Loss of the pairs.
    pub bpr: f64,
}

/// What happened in an epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Epoch {
    /// Its number, from 1.
    pub epoch: usize,
    /// Mean loss over its steps, with dropout.
    pub train_loss: f64,
    /// Loss of the validation part after it.
    pub validation_loss: f64,
    /// Learning rate that it was run with.
    pub learning_rate: f64,
    /// Whether it was the best so far.
    pub best: bool,
    /// What early stopping looks at, where that is not the loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<f64>,
    /// The losses of the validation part, where there is more than one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parts: Option<LossParts>,
}

/// Called after every epoch.
pub type OnEpoch<'a> = dyn FnMut(&Epoch) + Send + 'a;

/// How a training is watched, stopped and kept.
pub(super) struct Control<'a, 'b> {
    pub(super) on_epoch: &'a mut OnEpoch<'b>,
    /// Something else than 0 asks the training to end.
    pub(super) stop: Option<&'a AtomicUsize>,
    pub(super) keeper: Option<&'a Keeper>,
    /// What checkpoints belong to.
    pub(super) origin: Origin,
    /// What was kept of the model that the training started from.
    pub(super) inherited: Option<Arc<Inherited>>,
    /// Where to go on.
    pub(super) resume: Option<Checkpoint>,
}

impl<'a, 'b> Control<'a, 'b> {
    /// Without checkpoints, from start to end.
    pub(super) fn plain(on_epoch: &'a mut OnEpoch<'b>) -> Self {
        Self { on_epoch, stop: None, keeper: None, origin: Origin::default(), inherited: None, resume: None }
    }

    fn stopped(&self) -> bool {
        self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed) != 0)
    }
}

/// A training between two steps.
struct State {
    adam: Adam,
    average: Average,
    schedule: Schedule,
    order: Vec<usize>,
    order_rng: ChaCha8Rng,
    epochs: Vec<Epoch>,
    best: Option<Arc<Best>>,
    batch: usize,
    loss_sum: f64,
    done: bool,
}

impl State {
    fn new(parameters: &[Parameter], recipe: &Recipe, train: &[usize]) -> Result<Self, TrainError> {
        let training = &recipe.training;
        Ok(Self {
            adam: Adam::new(&recipe.optimizer, parameters),
            average: Average::new(parameters, training.average)?,
            schedule: Schedule::new(&recipe.scheduler, recipe.optimizer.learning_rate, training.epochs),
            order: train.to_vec(),
            order_rng: stream(recipe.seed, Stream::Order),
            epochs: Vec::new(),
            best: None,
            batch: 0,
            loss_sum: 0.0,
            done: false,
        })
    }

    /// Goes on where a checkpoint was made; its values are put into the model.
    fn resume<M: Trainable>(&mut self, model: &mut M, from: Checkpoint) -> Result<(), TrainError> {
        let fits = |name: &str, expected: usize, actual: usize| {
            let (expected, actual) = (vec![expected], vec![actual]);
            if expected == actual {
                Ok(())
            } else {
                Err(ArtifactError::Shape { name: name.to_owned(), expected, actual })
            }
        };
        let here = model.snapshot()?;
        for values in [Some(&from.model), from.best.as_ref().map(|best| &best.values)].into_iter().flatten() {
            fits("weights", here.len(), values.len())?;
            here.iter().zip(values).try_for_each(|(here, there)| fits("weights", here.len(), there.len()))?;
        }
        fits("first", self.adam.moments.len(), from.moments.len())?;
        for (here, there) in self.adam.moments.iter().zip(&from.moments) {
            fits("first", here.0.len(), there.0.len())?;
            fits("second", here.1.len(), there.1.len())?;
        }
        fits("average", self.average.values.len(), from.average.len())?;
        let averages = self.average.values.iter().zip(&from.average);
        averages.into_iter().try_for_each(|(here, there)| fits("average", here.len(), there.len()))?;
        fits("order", self.order.len(), from.order.len())?;
        let mut generators = model.generators();
        fits("generators", generators.len(), from.rngs.len())?;
        generators.iter_mut().zip(&from.rngs).for_each(|(generator, &at)| generator.set_word_pos(at));
        model.restore(&from.model)?;
        (self.adam.moments, self.adam.step) = (from.moments, from.step);
        (self.average.values, self.average.steps) = (from.average, from.average_steps);
        self.schedule.plateau = from.plateau;
        self.order = from.order.iter().map(|&at| at as usize).collect();
        self.order_rng.set_word_pos(from.order_rng);
        (self.epochs, self.best) = (from.epochs, from.best);
        (self.batch, self.loss_sum, self.done) = (from.batch, from.loss_sum, from.done);
        Ok(())
    }

    fn checkpoint<M: Trainable>(&self, model: &mut M, control: &Control<'_, '_>) -> Result<Checkpoint, TrainError> {
        Ok(Checkpoint {
            origin: control.origin.clone(),
            inherited: control.inherited.clone(),
            names: model.parameters().iter().map(|parameter| parameter.name.clone()).collect(),
            model: model.snapshot()?,
            rngs: model.generators().iter().map(|generator| generator.get_word_pos()).collect(),
            step: self.adam.step,
            moments: self.adam.moments.clone(),
            average_steps: self.average.steps,
            average: self.average.values.clone(),
            plateau: self.schedule.plateau,
            epochs: self.epochs.clone(),
            best: self.best.clone(),
            order: self.order.iter().map(|&at| at as u32).collect(),
            order_rng: self.order_rng.get_word_pos(),
            batch: self.batch,
            loss_sum: self.loss_sum,
            done: self.done,
        })
    }

    fn keep<M: Trainable>(&self, model: &mut M, control: &Control<'_, '_>) -> Result<(), TrainError> {
        control.keeper.map_or(Ok(()), |keeper| keeper.save(self.checkpoint(model, control)?))
    }

    fn diverged(&self, control: &Control<'_, '_>, batch: Option<usize>, loss: f64) -> TrainError {
        let good = control.keeper.map(|_| self.epochs.len());
        TrainError::Diverged { epoch: self.epochs.len() + 1, batch, loss, good }
    }

    /// The steps of an epoch that are still to be done; the mean loss of all.
    fn run_epoch<M: Trainable>(
        &mut self,
        model: &mut M,
        training: &TrainingConfig,
        (learning_rate, clip_norm): (f64, f64),
        control: &Control<'_, '_>,
    ) -> Result<f64, TrainError> {
        let order = std::mem::take(&mut self.order);
        let result = self.run_steps(model, training, (learning_rate, clip_norm), control, &order);
        self.order = order;
        if let Err(TrainError::Interrupted { .. }) = result {
            self.keep(model, control)?;
        }
        result
    }

    fn run_steps<M: Trainable>(
        &mut self,
        model: &mut M,
        training: &TrainingConfig,
        (learning_rate, clip_norm): (f64, f64),
        control: &Control<'_, '_>,
        order: &[usize],
    ) -> Result<f64, TrainError> {
        let all: Vec<&[usize]> = batches(order, training.batch_size).collect();
        for step in all.chunks(training.accumulate).skip(self.batch.div_ceil(training.accumulate)) {
            let samples: usize = step.iter().map(|batch| batch.len()).sum();
            let mut sum: Option<Gradients> = None;
            for (at, batch) in step.iter().enumerate() {
                let mut loss = model.training_loss(batch)?;
                let value = f64::from(loss.to_scalar::<f32>()?);
                if !value.is_finite() {
                    return Err(self.diverged(control, Some(self.batch + at + 1), value));
                }
                self.loss_sum += value * batch.len() as f64;
                if step.len() > 1 {
                    loss = (loss * (batch.len() as f64 / samples as f64))?;
                }
                let gradients = Gradients::of(&loss, model.parameters())?;
                match &mut sum {
                    Some(sum) => sum.add(gradients)?,
                    None => sum = Some(gradients),
                }
            }
            if let Some(gradients) = sum {
                let scale = gradients.clip(clip_norm)?;
                self.adam.step(model.parameters(), &gradients, learning_rate, scale)?;
                self.average.step(model.parameters())?;
            }
            self.batch += step.len();
            if control.stopped() {
                let (epoch, batches) = (self.epochs.len() + 1, self.batch);
                return Err(TrainError::Interrupted { epoch, batches, kept: control.keeper.is_some() });
            }
        }
        Ok(self.loss_sum / order.len().max(1) as f64)
    }

    /// Validates the average, notes the epoch, and decides whether it was the last one.
    fn end_epoch<M: Trainable>(
        &mut self,
        model: &mut M,
        recipe: &Recipe,
        (train_loss, learning_rate): (f64, f64),
        control: &mut Control<'_, '_>,
    ) -> Result<(), TrainError> {
        let epoch = self.epochs.len() + 1;
        let walked = self.average.put_in(model)?;
        model.settle()?;
        let validation = model.validate()?;
        let loss = validation.loss;
        if !loss.is_finite() {
            return Err(self.diverged(control, None, loss));
        }
        let watched = validation.metric.map_or(loss, |(value, less)| if less { value } else { -value });
        let stopping = &recipe.early_stopping;
        let improved = self.best.as_ref().is_none_or(|best| watched < best.watched - stopping.min_delta);
        if improved {
            self.best = Some(Arc::new(Best { watched, epoch, values: model.snapshot()? }));
        }
        if let Some(walked) = walked {
            model.restore(&walked)?;
        }
        let metric = validation.metric.map(|(value, _)| value);
        let parts = validation.parts;
        let record = Epoch { epoch, train_loss, validation_loss: loss, learning_rate, best: improved, metric, parts };
        self.epochs.push(record);
        (control.on_epoch)(&record);
        self.schedule.step(epoch, loss);
        (self.batch, self.loss_sum) = (0, 0.0);
        let waited = self.best.as_ref().is_some_and(|best| epoch >= best.epoch + stopping.patience);
        self.done = waited || epoch >= recipe.training.epochs;
        Ok(())
    }
}

/// Trains until early stopping or the last epoch, and puts the best epoch's values back. A training that is resumed gives the
/// same values, to the bit, as one that never stopped. All epochs are given back.
///
/// # Errors
/// [`TrainError::Diverged`], [`TrainError::Interrupted`], and whatever the model or the disk refuses.
pub(super) fn fit<M: Trainable>(
    model: &mut M,
    recipe: &Recipe,
    train: &[usize],
    mut control: Control<'_, '_>,
) -> Result<Vec<Epoch>, TrainError> {
    let mut state = State::new(model.parameters(), recipe, train)?;
    match control.resume.take() {
        Some(checkpoint) => {
            state.resume(model, checkpoint)?;
            state.epochs.iter().for_each(&mut *control.on_epoch);
        }
        // Whoever stops in the first epoch can go on, too; and a disk that takes nothing is found out now.
        None => state.keep(model, &control)?,
    }
    while !state.done {
        let epoch = state.epochs.len() + 1;
        if state.batch == 0 {
            state.order.shuffle(&mut state.order_rng);
        }
        model.begin_epoch(epoch)?;
        let rate = state.schedule.rate(epoch);
        let loss = state.run_epoch(model, &recipe.training, (rate, recipe.optimizer.clip_norm), &control)?;
        state.end_epoch(model, recipe, (loss, rate), &mut control)?;
        state.keep(model, &control)?;
    }
    if let Some(best) = &state.best {
        model.restore(&best.values)?;
    }
    Ok(state.epochs)
}

/// The order cut into batches; a last sample that would be alone, of which there is no variance, joins the batch before.
fn batches(order: &[usize], size: usize) -> impl Iterator<Item = &[usize]> {
    let lonely = order.len() > size && size > 1 && order.len() % size == 1;
    let cut = if lonely { order.len() - size - 1 } else { order.len() };
    let (head, tail) = order.split_at(cut);
    head.chunks(size).chain((!tail.is_empty()).then_some(tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_in_one_batch_and_none_is_alone() {
        for (n, size, expected) in [
            (0, 4, vec![]),
            (1, 4, vec![1]),
            (4, 4, vec![4]),
            (5, 4, vec![5]),
            (9, 4, vec![4, 5]),
            (10, 4, vec![4, 4, 2]),
            (3, 2, vec![3]),
            (3, 1, vec![1, 1, 1]),
        ] {
            let order: Vec<usize> = (0..n).collect();
            let found: Vec<usize> = batches(&order, size).map(<[usize]>::len).collect();
            assert_eq!(found, expected, "{n} in batches of {size}");
            assert_eq!(batches(&order, size).flatten().copied().collect::<Vec<_>>(), order);
        }
    }

    /// A model without samples, whose validation losses are given.
    struct Script {
        losses: Vec<f64>,
        at: std::cell::Cell<usize>,
        value: f32,
    }

    impl Trainable for Script {
        fn parameters(&self) -> &[Parameter] {
            &[]
        }
        fn training_loss(&mut self, _: &[usize]) -> Result<Tensor, TrainError> {
            self.value += 1.0;
            Ok(Tensor::new(self.value, &candle_core::Device::Cpu)?)
        }
        fn validate(&self) -> Result<Validation, TrainError> {
            self.at.set(self.at.get() + 1);
            Ok(self.losses[self.at.get() - 1].into())
        }
        fn snapshot(&self) -> Result<Snapshot, TrainError> {
            Ok(vec![vec![self.value]])
        }
        fn restore(&mut self, snapshot: &Snapshot) -> Result<(), TrainError> {
            self.value = snapshot[0][0];
            Ok(())
        }
    }

    fn run_with(losses: &[f64], patience: usize, min_delta: f64) -> (Result<Vec<Epoch>, TrainError>, f32) {
        let mut recipe = Recipe::default();
        (recipe.early_stopping.patience, recipe.early_stopping.min_delta) = (patience, min_delta);
        recipe.training.epochs = losses.len();
        let mut model = Script { losses: losses.to_vec(), at: 0.into(), value: 0.0 };
        let fitted = fit(&mut model, &recipe, &[0, 1, 2], Control::plain(&mut |_| ()));
        (fitted, model.value)
    }

    fn run(losses: &[f64], patience: usize) -> (Result<Vec<Epoch>, TrainError>, f32) {
        run_with(losses, patience, 0.0)
    }

    #[test]
    fn it_stops_early_and_keeps_the_best_epoch() {
        let (fitted, value) = run(&[3.0, 2.0, 2.5, 1.0, 1.5, 1.2, 0.1], 2);
        let epochs = fitted.unwrap();
        assert_eq!((epochs.len(), value), (6, 4.0));
        assert_eq!(epochs.iter().map(|e| e.best).collect::<Vec<_>>(), [true, true, false, true, false, false]);
    }

    #[test]
    fn progress_that_is_too_small_is_none() {
        let (fitted, value) = run_with(&[3.0, 2.9, 2.8, 2.4, 2.39, 2.38], 2, 0.5);
        let epochs = fitted.unwrap();
        // 2.8 is not more than 0.5 below 3.0, and two epochs without progress are the end.
        assert_eq!((epochs.len(), value), (3, 1.0));
    }

    #[test]
    fn a_loss_that_is_no_number_is_an_error() {
        let error = run(&[1.0, f64::NAN], 5).0.err().unwrap();
        assert_eq!(error.code(), "train.diverged");
        let text = error.to_string();
        assert!(text.contains("epoch 2, on the validation part; no checkpoint was made"), "{text}");
    }
}
