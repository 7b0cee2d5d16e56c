//! Training the hybrid model from samples to tensors.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use super::TrainError;
use super::batch::{batch, mean_rating, normalised, seen};
use super::checkpoint::{Checkpoint, Origin, split_hash};
use super::fit::{Control, Epoch, OnEpoch, fit};
use super::hybrid::{Hybrid, Rows};
use super::inherit::Inherited;
use super::keeper::Keeper;
use super::learner::{CHUNK, Learner};
use super::recipe::Recipe;
use super::samples::{SampleSource, Samples};
use super::state::{self, Names};
use crate::artifact::Tensors;
use crate::domain::Split;

/// A trained model.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The content of `model.safetensors`.
    pub model: Tensors,
    /// All epochs that were run.
    pub epochs: Vec<Epoch>,
    /// Which samples were learned from, chosen by and left for measuring.
    pub split: Split,
}

/// How a training is kept, stopped and taken up again, and what it is given beside its samples.
#[derive(Debug, Clone, Default)]
pub struct Session<'a> {
    /// The parts; `None` = as the recipe says.
    pub split: Option<Split>,
    /// Where the samples come from: negatives, and the ranks of hired cleaners, are drawn from there.
    pub source: Option<SampleSource<'a>>,
    /// Fingerprint of the data set; a checkpoint of another one is refused.
    pub data_fingerprint: &'a str,
    /// The file that a checkpoint is written to at the start, after every epoch, and when the training is stopped.
    pub checkpoint: Option<&'a Path>,
    /// The checkpoint to go on from.
    pub resume: Option<Checkpoint>,
    /// The content of `model.safetensors` of an earlier model to start from: rows of known ids are taken over, new ids get its unknown
    /// row, the optimiser starts afresh. A checkpoint to go on from knows of it already.
    pub start: Option<&'a Tensors>,
    /// Set to something else than 0, it ends the training after the step at hand with [`TrainError::Interrupted`].
    pub stop: Option<&'a AtomicUsize>,
}

/// Trains the hybrid model of a recipe.
///
/// The normaliser and the tables see the training part alone: a client or cleaner without a sample there gets the trained
/// unknown row. Neither the validation nor the test part is learned from. The same samples, names and recipe always give
/// the same tensors, whatever the number of threads.
///
/// # Errors
/// [`TrainError`] for a recipe or samples that cannot be used, and for a loss that is no longer a number.
pub fn train_hybrid(
    recipe: &Recipe,
    samples: &Samples,
    names: &Names,
    on_epoch: &mut OnEpoch<'_>,
) -> Result<Trained, TrainError> {
    train_hybrid_in(Session::default(), recipe, samples, names, on_epoch)
}

/// The same, with checkpoints: a training that was stopped or killed and resumed gives the same tensors as one that was not.
///
/// # Errors
/// As [`train_hybrid`], and [`TrainError::Interrupted`], [`TrainError::Resume`], [`TrainError::File`].
pub fn train_hybrid_in(
    session: Session<'_>,
    recipe: &Recipe,
    samples: &Samples,
    names: &Names,
    on_epoch: &mut OnEpoch<'_>,
) -> Result<Trained, TrainError> {
    recipe.check()?;
    let rows = Rows { users: names.users.len() + 1, items: names.items.len() + 1, categories: names.categories.len() };
    samples.check(rows.users, rows.items, rows.categories)?;
    let split = match &session.split {
        Some(split) => split.clone(),
        None => samples.split(&recipe.split, recipe.seed)?,
    };
    for (part, found, needed) in [("training", split.train.len(), 2), ("validation", split.validation.len(), 1)] {
        if found < needed {
            return Err(TrainError::Samples { part, found, needed });
        }
    }
    // The matrices are small: handing parts of them to other threads costs more than it saves (0.53 s against 0.38 s for
    // 16 epochs of 3,594 samples on two cores).
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    one_thread.install(|| run(session, recipe, samples, names, rows, split, on_epoch))
}

fn run(
    session: Session<'_>,
    recipe: &Recipe,
    samples: &Samples,
    names: &Names,
    rows: Rows,
    split: Split,
    on_epoch: &mut OnEpoch<'_>,
) -> Result<Trained, TrainError> {
    let origin =
        Origin { recipe: recipe.to_toml()?, data: session.data_fingerprint.to_owned(), split: split_hash(&split) };
    if let Some(checkpoint) = &session.resume {
        checkpoint.check(recipe, &origin)?;
    }
    let mut model = Hybrid::new(&recipe.model, rows, mean_rating(samples, &split) as f32, recipe.seed)?;
    let inherited = match (&session.resume, session.start) {
        (Some(checkpoint), _) => checkpoint.inherited.clone(),
        (None, Some(start)) => {
            let taken = Inherited::take(&mut model, names, start)?;
            Some(Arc::new(taken.without(&seen(samples, &split, rows))))
        }
        (None, None) => None,
    };
    let mut learner = Learner::new(recipe, samples, (rows, &split), session.source, model, inherited.clone())?;
    let keeper = session.checkpoint.map(Keeper::new).transpose()?;
    let control =
        Control { on_epoch, stop: session.stop, keeper: keeper.as_ref(), origin, inherited, resume: session.resume };
    let epochs = fit(&mut learner, recipe, &split.train, control);
    // What was handed over last is on the disk before anything is said of it.
    let kept = keeper.map_or(Ok(None), Keeper::finish);
    let epochs = match epochs {
        Err(TrainError::Diverged { epoch, batch, loss, .. }) => {
            return Err(TrainError::Diverged { epoch, batch, loss, good: kept? });
        }
        // A checkpoint that could not be written is no checkpoint to go on from.
        Err(TrainError::Interrupted { epoch, batches, .. }) => {
            return Err(TrainError::Interrupted { epoch, batches, kept: kept?.is_some() });
        }
        other => other?,
    };
    kept?;
    learner.share_unknown_rows()?;
    let model = state::write(&learner.model, names, &learner.normaliser)?;
    Ok(Trained { model, epochs, split })
}

/// candle's own scores of a stored model, as they are served: collaborative, content and blended per sample. The oracle that
/// the engine is tested against.
///
/// # Errors
/// [`TrainError`] for tensors that are no hybrid model, and samples that do not fit it.
pub fn predict_hybrid(tensors: &Tensors, samples: &Samples) -> Result<Vec<[f32; 3]>, TrainError> {
    let (model, normaliser) = state::read(tensors)?;
    samples.check(model.users.dim(0)?, model.items.dim(0)?, model.categories.dim(0)?)?;
    let features = normalised(&normaliser, samples);
    let all: Vec<usize> = (0..samples.len()).collect();
    let mut scores = Vec::with_capacity(all.len());
    for chunk in all.chunks(CHUNK) {
        let outputs = model.forward(batch(samples, &features, chunk))?;
        let [left, right, blended] = [0, 1, 2].map(|at| outputs[at].flatten_all().and_then(|t| t.to_vec1::<f32>()));
        let (left, right, blended) = (left?, right?, blended?);
        scores.extend((0..chunk.len()).map(|i| [left[i], right[i], blended[i]]));
    }
    Ok(scores)
}
