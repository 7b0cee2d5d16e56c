//! Everything that a training needs to go on as if it had never stopped: weights, moments, average, learning rate, random
//! numbers, history, the best epoch so far, and the place in the epoch. Beside it what it belongs to: recipe, data, split.
//!
//! As a file it is a safetensors file of the format `tidyrank.checkpoint`, with the SHA-256 of itself (with zeros in the place of
//! the hash) in its metadata. docs/training.md lists what is in it.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::TrainError;
use super::adam::Moments;
use super::fit::{Epoch, LossParts, Snapshot};
use super::inherit::Inherited;
use super::recipe::Recipe;
use crate::artifact::{ArtifactError, Tensors};
use crate::domain::Split;
use crate::features::{Normaliser, schema_hash};
use crate::native::files;

const FORMAT: &str = "tidyrank.checkpoint";
const VERSION: u32 = 1;
/// In the place of the hash while it is computed.
const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// Numbers of an epoch in the history.
const COLUMNS: usize = 9;

/// What a checkpoint belongs to.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Origin {
    /// The recipe as TOML.
    pub(super) recipe: String,
    /// Fingerprint of the data set.
    pub(super) data: String,
    /// Hash of the parts.
    pub(super) split: String,
}

/// The best epoch so far.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Best {
    /// What early stopping looks at; less is better.
    pub(super) watched: f64,
    pub(super) epoch: usize,
    pub(super) values: Snapshot,
}

/// A training in the middle.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Checkpoint {
    pub(super) origin: Origin,
    /// What was kept of the model that the training started from.
    pub(super) inherited: Option<Arc<Inherited>>,
    /// Names of the parameters; running statistics, which come after them in a snapshot, have none.
    pub(super) names: Vec<String>,
    pub(super) model: Snapshot,
    pub(super) rngs: Vec<u128>,
    pub(super) step: i32,
    pub(super) moments: Vec<Moments>,
    pub(super) average_steps: f32,
    pub(super) average: Snapshot,
    pub(super) plateau: (f64, f64, usize),
    pub(super) epochs: Vec<Epoch>,
    pub(super) best: Option<Arc<Best>>,
    /// The samples in the order of this epoch.
    pub(super) order: Vec<u32>,
    /// Where the generator of orders is.
    pub(super) order_rng: u128,
    /// Batches of the epoch that were learned from; with 0 its order is not drawn yet.
    pub(super) batch: usize,
    /// Sum of the losses of their samples.
    pub(super) loss_sum: f64,
    /// Whether the training has come to its end.
    pub(super) done: bool,
}

/// The whole numbers, as JSON in the metadata.
#[derive(Serialize, Deserialize)]
struct Place {
    step: i32,
    batch: usize,
    done: bool,
    bad_epochs: usize,
    best_epoch: Option<usize>,
    parameters: Vec<String>,
    statistics: usize,
    averaged: bool,
    order_rng: String,
    rngs: Vec<String>,
}

/// A hash over the indices of the parts.
pub(super) fn split_hash(split: &Split) -> String {
    let mut hash = Sha256::new();
    for part in [&split.train, &split.validation, &split.test] {
        hash.update((part.len() as u64).to_le_bytes());
        part.iter().for_each(|&at| hash.update((at as u64).to_le_bytes()));
    }
    hex(&hash.finalize())
}

impl Checkpoint {
    /// Reads the checkpoint of a file.
    ///
    /// # Errors
    /// [`TrainError::File`] if it cannot be read, [`TrainError::Artifact`] if it is damaged, of a format that this build does not
    /// read, or of another feature schema.
    pub fn read(path: &Path) -> Result<Self, TrainError> {
        Ok(Self::from_bytes(&files::read(path)?)?)
    }

    /// The recipe of the training.
    ///
    /// # Errors
    /// As [`Recipe::from_toml`].
    pub fn recipe(&self) -> Result<Recipe, TrainError> {
        Recipe::from_toml(&self.origin.recipe)
    }

    /// The epochs that are behind it.
    pub fn epochs(&self) -> &[Epoch] {
        &self.epochs
    }

    /// The same training, to be ended here with the best epoch so far; `None` before the first epoch has ended.
    pub fn finished(mut self) -> Option<Self> {
        self.done = true;
        self.best.is_some().then_some(self)
    }

    /// Refuses a checkpoint of another training.
    ///
    /// # Errors
    /// [`TrainError::Resume`].
    pub(super) fn check(&self, recipe: &Recipe, origin: &Origin) -> Result<(), TrainError> {
        let differences = self.recipe()?.differences(recipe);
        if !differences.is_empty() {
            return Err(TrainError::Resume { what: "recipe", reason: differences.join(", ") });
        }
        for (what, here, there) in
            [("data", &origin.data, &self.origin.data), ("split", &origin.split, &self.origin.split)]
        {
            if here != there {
                let short = |hash: &str| hash.chars().take(12).collect::<String>();
                let reason = format!("fingerprint {}…, here {}…", short(there), short(here));
                return Err(TrainError::Resume { what, reason });
            }
        }
        Ok(())
    }

    /// The file.
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, ArtifactError> {
        let mut tensors = Tensors::new();
        tensors.set_version(FORMAT, VERSION);
        tensors.set_metadata("recipe", &*self.origin.recipe);
        tensors.set_metadata("data_fingerprint", &*self.origin.data);
        tensors.set_metadata("split_hash", &*self.origin.split);
        tensors.set_metadata("schema_hash", schema_hash());
        let place = Place {
            step: self.step,
            batch: self.batch,
            done: self.done,
            bad_epochs: self.plateau.2,
            best_epoch: self.best.as_ref().map(|best| best.epoch),
            parameters: self.names.clone(),
            statistics: self.model.len() - self.names.len(),
            averaged: !self.average.is_empty(),
            order_rng: self.order_rng.to_string(),
            rngs: self.rngs.iter().map(u128::to_string).collect(),
        };
        tensors.set_metadata("place", serde_json::to_string(&place).map_err(|error| damaged("place", &error))?);
        let watched = self.best.as_ref().map_or(f64::NAN, |best| best.watched);
        let numbers = [self.loss_sum, self.plateau.0, self.plateau.1, watched, f64::from(self.average_steps)];
        tensors.insert_f64("numbers", &[numbers.len()], &numbers)?;
        let history: Vec<f64> = self.epochs.iter().flat_map(columns).collect();
        tensors.insert_f64("history", &[self.epochs.len(), COLUMNS], &history)?;
        tensors.insert_u32("order", &[self.order.len()], &self.order)?;
        let mut put = |kind: &str, name: &str, values: &[f32]| {
            tensors.insert_f32(&format!("{kind}.{name}"), &[values.len()], values)
        };
        let names = self.value_names();
        for (name, values) in names.iter().zip(&self.model) {
            put("weights", name, values)?;
        }
        for (name, (first, second)) in names.iter().zip(&self.moments) {
            put("first", name, first)?;
            put("second", name, second)?;
        }
        for (name, values) in names.iter().zip(&self.average) {
            put("average", name, values)?;
        }
        if let Some(best) = &self.best {
            for (name, values) in names.iter().zip(&best.values) {
                put("best", name, values)?;
            }
        }
        if let Some(inherited) = &self.inherited {
            put_inherited(&mut tensors, inherited)?;
        }
        tensors.set_metadata("sha256", NO_HASH);
        let mut bytes = tensors.to_bytes();
        let hash = hex(&Sha256::digest(&bytes));
        if let Some(at) = place_of(&bytes, NO_HASH) {
            bytes[at..at + NO_HASH.len()].copy_from_slice(hash.as_bytes());
        }
        Ok(bytes)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`ArtifactError`].
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, ArtifactError> {
        let tensors = Tensors::from_bytes(bytes)?;
        tensors.expect_version(FORMAT, VERSION..=VERSION)?;
        check_hash(bytes, tensors.metadata("sha256")?)?;
        let found = tensors.metadata("schema_hash")?;
        if found != schema_hash() {
            return Err(ArtifactError::Schema { expected: schema_hash(), found: found.to_owned() });
        }
        let place: Place =
            serde_json::from_str(tensors.metadata("place")?).map_err(|error| damaged("place", &error))?;
        let position = |text: &String| text.parse::<u128>().map_err(|error| damaged("place", &error));
        let numbers = tensors.f64("numbers", &[5])?;
        let rows = *tensors.shape("history")?.first().unwrap_or(&0);
        let history = tensors.f64("history", &[rows, COLUMNS])?;
        let samples = *tensors.shape("order")?.first().unwrap_or(&0);
        let mut checkpoint = Self {
            origin: Origin {
                recipe: tensors.metadata("recipe")?.to_owned(),
                data: tensors.metadata("data_fingerprint")?.to_owned(),
                split: tensors.metadata("split_hash")?.to_owned(),
            },
            names: place.parameters,
            rngs: place.rngs.iter().map(position).collect::<Result<_, _>>()?,
            step: place.step,
            average_steps: numbers[4] as f32,
            plateau: (numbers[1], numbers[2], place.bad_epochs),
            epochs: history.chunks_exact(COLUMNS).map(epoch).collect(),
            order: tensors.u32("order", &[samples])?,
            order_rng: position(&place.order_rng)?,
            batch: place.batch,
            loss_sum: numbers[0],
            done: place.done,
            inherited: inherited(&tensors)?.map(Arc::new),
            model: vec![Vec::new(); place.statistics],
            ..Self::default()
        };
        // The number of values is known before their names are asked for.
        checkpoint.model.resize(checkpoint.names.len() + place.statistics, Vec::new());
        let names = checkpoint.value_names();
        let get = |kind: &str, name: &String| {
            let name = format!("{kind}.{name}");
            let count = tensors.shape(&name)?.iter().product();
            tensors.f32(&name, &[count])
        };
        let all =
            |kind: &str, names: &[String]| names.iter().map(|name| get(kind, name)).collect::<Result<Snapshot, _>>();
        checkpoint.model = all("weights", &names)?;
        let parameters = &checkpoint.names;
        checkpoint.moments = all("first", parameters)?.into_iter().zip(all("second", parameters)?).collect();
        checkpoint.average = if place.averaged { all("average", parameters)? } else { Vec::new() };
        if let Some(epoch) = place.best_epoch {
            checkpoint.best = Some(Arc::new(Best { watched: numbers[3], epoch, values: all("best", &names)? }));
        }
        Ok(checkpoint)
    }

    /// Names of all values of a snapshot.
    fn value_names(&self) -> Vec<String> {
        let statistics = self.model.len().saturating_sub(self.names.len());
        self.names.iter().cloned().chain((0..statistics).map(|at| format!("statistics.{at}"))).collect()
    }
}

const KEPT: [&str; 2] = ["kept.users", "kept.items"];

fn put_inherited(tensors: &mut Tensors, inherited: &Inherited) -> Result<(), ArtifactError> {
    let normaliser = serde_json::to_string(&inherited.normaliser).map_err(|error| damaged("normaliser", &error))?;
    tensors.set_metadata("normaliser", normaliser);
    for (name, (rows, values)) in KEPT.iter().zip(inherited.rows.iter().zip(&inherited.values)) {
        tensors.insert_u32(&format!("{name}.rows"), &[rows.len()], rows)?;
        tensors.insert_f32(name, &[values.len()], values)?;
    }
    Ok(())
}

fn inherited(tensors: &Tensors) -> Result<Option<Inherited>, ArtifactError> {
    let Ok(normaliser) = tensors.metadata("normaliser") else { return Ok(None) };
    let normaliser: Normaliser = serde_json::from_str(normaliser).map_err(|error| damaged("normaliser", &error))?;
    if !normaliser.is_valid() {
        return Err(damaged("normaliser", &"it has not one mean and positive deviation per feature"));
    }
    let mut found = Inherited { normaliser, rows: Default::default(), values: Default::default() };
    for (at, name) in KEPT.iter().enumerate() {
        let length = |name: &str| tensors.shape(name).map(|shape| shape.iter().product::<usize>());
        let rows = format!("{name}.rows");
        found.rows[at] = tensors.u32(&rows, &[length(&rows)?])?;
        found.values[at] = tensors.f32(name, &[length(name)?])?;
    }
    Ok(Some(found))
}

fn columns(epoch: &Epoch) -> [f64; COLUMNS] {
    let parts = epoch.parts.map_or([f64::NAN; 3], |parts| [parts.mse, parts.bce, parts.bpr]);
    [
        epoch.epoch as f64,
        epoch.train_loss,
        epoch.validation_loss,
        epoch.learning_rate,
        f64::from(u8::from(epoch.best)),
        epoch.metric.unwrap_or(f64::NAN),
        parts[0],
        parts[1],
        parts[2],
    ]
}

fn epoch(row: &[f64]) -> Epoch {
    Epoch {
        epoch: row[0] as usize,
        train_loss: row[1],
        validation_loss: row[2],
        learning_rate: row[3],
        best: row[4] > 0.5,
        metric: Some(row[5]).filter(|metric| !metric.is_nan()),
        parts: (!row[6].is_nan()).then(|| LossParts { mse: row[6], bce: row[7], bpr: row[8] }),
    }
}

fn damaged(key: &str, error: &dyn std::fmt::Display) -> ArtifactError {
    ArtifactError::Metadata { key: key.to_owned(), reason: error.to_string() }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn place_of(bytes: &[u8], hash: &str) -> Option<usize> {
    let wanted = format!("\"sha256\":\"{hash}\"");
    let at = bytes.windows(wanted.len()).position(|window| window == wanted.as_bytes())?;
    Some(at + wanted.len() - 1 - hash.len())
}

fn check_hash(bytes: &[u8], expected: &str) -> Result<(), ArtifactError> {
    let mut bytes = bytes.to_vec();
    if let Some(at) = place_of(&bytes, expected) {
        bytes[at..at + expected.len()].fill(b'0');
    }
    let actual = hex(&Sha256::digest(&bytes));
    if actual == expected {
        return Ok(());
    }
    Err(ArtifactError::Checksum { what: "the checkpoint".to_owned(), expected: expected.to_owned(), actual })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::FEATURE_COUNT;

    fn checkpoint() -> Checkpoint {
        let plain = Epoch {
            epoch: 1,
            train_loss: 0.1 + 0.2,
            validation_loss: 1.0 / 3.0,
            learning_rate: 1e-3,
            best: true,
            metric: None,
            parts: None,
        };
        let rich = Epoch {
            epoch: 2,
            best: false,
            metric: Some(0.5),
            parts: Some(LossParts { mse: 0.25, bce: 0.0, bpr: 2.0 }),
            ..plain
        };
        let origin = Origin {
            recipe: Recipe::default().to_toml().unwrap(),
            data: "d".into(),
            split: split_hash(&Split { train: vec![0, 2], validation: vec![1], test: vec![] }),
        };
        let normaliser = Normaliser::from_parts(vec![0.1; FEATURE_COUNT], vec![0.7; FEATURE_COUNT]).unwrap();
        let inherited =
            Inherited { normaliser, rows: [vec![2, 5], vec![]], values: [vec![0.1, 0.2, 0.3, 0.4], vec![]] };
        Checkpoint {
            origin,
            inherited: Some(Arc::new(inherited)),
            names: vec!["a".into(), "b".into()],
            model: vec![vec![1.0, f32::MIN_POSITIVE], vec![3.0], vec![0.1, 0.2]],
            rngs: vec![0, u128::from(u64::MAX) + 5],
            step: 77,
            moments: vec![(vec![0.5, 0.25], vec![1.0, 2.0]), (vec![4.0], vec![5.0])],
            average_steps: 77.0,
            average: vec![vec![1.5, 2.5], vec![3.5]],
            plateau: (1e-3, f64::INFINITY, 2),
            epochs: vec![plain, rich],
            best: Some(Arc::new(Best {
                watched: -0.5,
                epoch: 1,
                values: vec![vec![9.0, 8.0], vec![7.0], vec![6.0, 5.0]],
            })),
            order: vec![2, 0],
            order_rng: 64,
            batch: 3,
            loss_sum: 0.7,
            done: false,
        }
    }

    #[test]
    fn what_is_written_is_read_back_to_the_bit() {
        let bytes = checkpoint().to_bytes().unwrap();
        assert_eq!(Checkpoint::from_bytes(&bytes).unwrap(), checkpoint());
        let start = Checkpoint { best: None, inherited: None, average: Vec::new(), epochs: Vec::new(), ..checkpoint() };
        assert_eq!(Checkpoint::from_bytes(&start.to_bytes().unwrap()).unwrap(), start);
    }

    #[test]
    fn no_damage_is_read() {
        let bytes = checkpoint().to_bytes().unwrap();
        for length in 0..bytes.len() {
            assert!(Checkpoint::from_bytes(&bytes[..length]).is_err(), "cut at {length}");
        }
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            assert!(Checkpoint::from_bytes(&flipped).is_err(), "byte {at} of {}", bytes.len());
        }
    }

    #[test]
    fn another_training_is_refused_with_what_differs() {
        let mut recipe = Recipe::default();
        let found = checkpoint();
        let mut origin = found.origin.clone();
        assert!(found.check(&recipe, &origin).is_ok());
        origin.split = "other".into();
        assert!(found.check(&recipe, &origin).unwrap_err().to_string().contains("split"));
        origin.data = "other".into();
        assert!(found.check(&recipe, &origin).unwrap_err().to_string().contains("data"));
        (recipe.seed, recipe.training.epochs) = (7, 3);
        let error = found.check(&recipe, &origin).unwrap_err();
        assert_eq!(error.code(), "train.resume");
        assert!(error.to_string().contains("seed, training.epochs"), "{error}");
    }

    #[test]
    fn other_features_are_told_from_damage() {
        let bytes = checkpoint().to_bytes().unwrap();
        let other = "f".repeat(64);
        let text = schema_hash();
        let at = bytes.windows(64).position(|window| window == text.as_bytes()).unwrap();
        let mut changed = bytes.clone();
        changed[at..at + 64].copy_from_slice(other.as_bytes());
        let old = Tensors::from_bytes(&changed).unwrap().metadata("sha256").unwrap().to_owned();
        let place = place_of(&changed, &old).unwrap();
        changed[place..place + 64].copy_from_slice(NO_HASH.as_bytes());
        let hash = hex(&Sha256::digest(&changed));
        changed[place..place + 64].copy_from_slice(hash.as_bytes());
        assert_eq!(Checkpoint::from_bytes(&changed).unwrap_err().code(), "artifact.schema");
    }
}
