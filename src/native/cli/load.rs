//! Data sets and models named on the command line.

use std::path::Path;

use super::CliError;
use crate::artifact::Manifest;
use crate::engine::{Engine, EngineError, Precision};
use crate::native::datasets::{DataError, Dataset};
use crate::native::files::{self, FileError};

impl From<EngineError> for CliError {
    fn from(error: EngineError) -> Self {
        let hint = match &error {
            EngineError::Request { .. } => "correct the flag or the data that this field comes from",
            EngineError::UnknownCleaner { .. } => "`tidyrank export` and the data set's cleaners.parquet have the ids",
            EngineError::Artifact { .. } => "train or quantise the model again, or copy its folder again",
        };
        Self::new(error.code(), error.to_string(), hint)
    }
}

impl From<FileError> for CliError {
    fn from(error: FileError) -> Self {
        Self::new(error.code(), error.to_string(), "check the path, the permissions and the free space")
    }
}

impl From<DataError> for CliError {
    fn from(error: DataError) -> Self {
        Self::new(error.code(), error.to_string(), error.hint())
    }
}

/// Reads a data set.
pub(super) fn dataset(dir: &Path) -> Result<Dataset, CliError> {
    if !dir.is_dir() {
        let hint = "make one with `tidyrank generate --out DIR` or `tidyrank import`";
        return Err(CliError::new("data.missing", format!("there is no folder {}", dir.display()), hint));
    }
    Ok(Dataset::read(dir)?)
}

/// Reads the manifest of a model folder, with its bytes.
pub(super) fn manifest(dir: &Path) -> Result<(Manifest, Vec<u8>), CliError> {
    let path = dir.join("manifest.json");
    if !path.is_file() {
        let hint = "name a model folder, e.g. models/cleaners/1.0.0; `tidyrank train` makes one";
        return Err(CliError::new("model.missing", format!("there is no {}", path.display()), hint));
    }
    let bytes = files::read(&path)?;
    let hint = "train or quantise the model again, or copy its folder again";
    let manifest =
        Manifest::from_bytes(&bytes).map_err(|error| CliError::new(error.code(), error.to_string(), hint))?;
    Ok((manifest, bytes))
}

/// Loads the engine of a model folder. What it cannot use is told on standard error.
pub(super) fn engine(dir: &Path, precision: Precision) -> Result<Engine, CliError> {
    let (manifest, bytes) = manifest(dir)?;
    if manifest.file("tiles").is_some() {
        let message = format!("{}: the catalog is in tiles, which pages load as they need them", dir.display());
        return Err(CliError::new("model.tiles", message, "give the folder of the model that they were cut from"));
    }
    let read = |role: &str| files::read(&dir.join(&manifest.file(role)?.path)).ok();
    let engine = Engine::load(&bytes, read, precision)?;
    for warning in engine.warnings() {
        super::warn(&format!("[{}] {}", warning.code, warning.text));
    }
    Ok(engine)
}

/// Refuses a model whose catalog is not the cleaners of the data set, row by row.
pub(super) fn check_same_cleaners(engine: &Engine, data: &Dataset) -> Result<(), CliError> {
    let (catalog, ids) = (engine.catalog().cleaners(), data.cleaner_ids.ids());
    let differs = catalog.iter().zip(ids).position(|(cleaner, id)| cleaner.id != *id);
    if differs.is_none() && catalog.len() == ids.len() {
        return Ok(());
    }
    let message = format!("the model's catalog ({} cleaners) is not that of the data ({})", catalog.len(), ids.len());
    Err(CliError::new("data.other_catalog", message, "use the data that the model was trained on, or train on these"))
}
