//! The training loop. It knows no model: steps, learning rate, early stop, best epoch.

use candle_core::Tensor;
use rand::seq::SliceRandom;
use serde::Serialize;

use super::TrainError;
use super::adam::{Adam, Parameter};
use super::average::Average;
use super::init::{Stream, stream};
use super::recipe::Recipe;
use super::schedule::Plateau;

/// All values of a model, as a copy: trained ones first, then running statistics.
pub(super) type Snapshot = Vec<Vec<f32>>;

/// A model that the loop can train.
pub(super) trait Trainable {
    /// What is trained, always in the same order.
    fn parameters(&self) -> &[Parameter];
    /// The mean loss of these samples, as a tensor to differentiate; running statistics are updated.
    fn training_loss(&mut self, samples: &[usize]) -> Result<Tensor, TrainError>;
    /// The mean loss of the validation part.
    fn validation_loss(&self) -> Result<f64, TrainError>;
    /// A copy of all values.
    fn snapshot(&self) -> Result<Snapshot, TrainError>;
    /// Puts back a copy.
    fn restore(&mut self, snapshot: &Snapshot) -> Result<(), TrainError>;
}

/// What happened in an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
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
}

/// Called after every epoch.
pub type OnEpoch<'a> = dyn FnMut(&Epoch) + Send + 'a;

/// What a training gave; the model holds the values of the best epoch.
pub(super) struct Fitted {
    /// All epochs that were run.
    pub(super) epochs: Vec<Epoch>,
    /// The moments after the last step.
    pub(super) adam: Adam,
}

/// Trains until the validation loss has not fallen for `patience` epochs, and puts the best epoch's values back.
pub(super) fn fit<M: Trainable>(
    model: &mut M,
    recipe: &Recipe,
    train: &[usize],
    on_epoch: &mut OnEpoch<'_>,
) -> Result<Fitted, TrainError> {
    let training = &recipe.training;
    let mut adam = Adam::new(model.parameters());
    let mut plateau = Plateau::new(&recipe.scheduler, training.learning_rate);
    let mut rng = stream(recipe.seed, Stream::Order);
    let mut order = train.to_vec();
    let mut average = Average::new(model.parameters(), training.average)?;
    let mut epochs: Vec<Epoch> = Vec::new();
    let mut best: Option<(f64, usize, Snapshot)> = None;
    for epoch in 1..=training.epochs {
        order.shuffle(&mut rng);
        let learning_rate = plateau.rate();
        let train_loss = run_epoch(model, &mut adam, &mut average, &order, training.batch_size, learning_rate)?;
        let walked = average.put_in(model)?;
        let validation_loss = model.validation_loss()?;
        for loss in [train_loss, validation_loss] {
            if !loss.is_finite() {
                return Err(TrainError::Diverged { epoch, loss });
            }
        }
        let improved = best.as_ref().is_none_or(|(least, ..)| validation_loss < *least);
        if improved {
            best = Some((validation_loss, epoch, model.snapshot()?));
        }
        if let Some(walked) = walked {
            model.restore(&walked)?;
        }
        epochs.push(Epoch { epoch, train_loss, validation_loss, learning_rate, best: improved });
        epochs.last().into_iter().for_each(&mut *on_epoch);
        plateau.step(validation_loss);
        if best.as_ref().is_some_and(|(_, at, _)| epoch >= at + training.patience) {
            break;
        }
    }
    if let Some((_, _, snapshot)) = &best {
        model.restore(snapshot)?;
    }
    Ok(Fitted { epochs, adam })
}

fn run_epoch<M: Trainable>(
    model: &mut M,
    adam: &mut Adam,
    average: &mut Average,
    order: &[usize],
    batch_size: usize,
    learning_rate: f64,
) -> Result<f64, TrainError> {
    let mut sum = 0.0;
    for batch in batches(order, batch_size) {
        let loss = model.training_loss(batch)?;
        let gradients = loss.backward()?;
        adam.step(model.parameters(), &gradients, learning_rate)?;
        average.step(model.parameters())?;
        sum += f64::from(loss.to_scalar::<f32>()?) * batch.len() as f64;
    }
    Ok(sum / order.len().max(1) as f64)
}

/// The order cut into batches; a last sample that would be alone, of which there is no variance, joins the batch before.
fn batches(order: &[usize], size: usize) -> impl Iterator<Item = &[usize]> {
    let lonely = order.len() > size && order.len() % size == 1;
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
        fn validation_loss(&self) -> Result<f64, TrainError> {
            self.at.set(self.at.get() + 1);
            Ok(self.losses[self.at.get() - 1])
        }
        fn snapshot(&self) -> Result<Snapshot, TrainError> {
            Ok(vec![vec![self.value]])
        }
        fn restore(&mut self, snapshot: &Snapshot) -> Result<(), TrainError> {
            self.value = snapshot[0][0];
            Ok(())
        }
    }

    fn run(losses: &[f64], patience: usize) -> (Result<Fitted, TrainError>, f32) {
        let mut recipe = Recipe::default();
        (recipe.training.patience, recipe.training.epochs) = (patience, losses.len());
        let mut model = Script { losses: losses.to_vec(), at: 0.into(), value: 0.0 };
        let fitted = fit(&mut model, &recipe, &[0, 1, 2], &mut |_| ());
        (fitted, model.value)
    }

    #[test]
    fn it_stops_early_and_keeps_the_best_epoch() {
        let (fitted, value) = run(&[3.0, 2.0, 2.5, 1.0, 1.5, 1.2, 0.1], 2);
        let epochs = fitted.unwrap().epochs;
        assert_eq!((epochs.len(), value), (6, 4.0));
        assert_eq!(epochs.iter().map(|e| e.best).collect::<Vec<_>>(), [true, true, false, true, false, false]);
    }

    #[test]
    fn a_loss_that_is_no_number_is_an_error() {
        let error = run(&[1.0, f64::NAN], 5).0.err().unwrap();
        assert_eq!(error.code(), "train.diverged");
    }
}
