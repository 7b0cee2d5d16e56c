//! A catalog in tiles as a folder that a web server can serve: a manifest, the model, the index and the tiles.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use rayon::prelude::*;

use super::TilesError;
use crate::artifact::{ArtifactError, Manifest, Tensors, sha256_hex};
use crate::engine::{Tile, TileIndex};
use crate::native::files::{self, FileError};
use crate::native::model_dir::ModelDir;

/// The role of the index in a manifest, in place of `catalog`.
pub const INDEX_ROLE: &str = "tiles";
/// The folder of the tiles, beside the manifest.
pub const TILES_FOLDER: &str = "tiles";

const INDEX_FILE: &str = "tiles.safetensors";
/// What a page loads besides.
const SERVED: [&str; 5] = ["model.q8", "clients", "conformal", "foldin", "bids"];

/// Completes a folder in which the tiles are already: writes what a page loads of `model` and the index, and last the
/// manifest, which names the index instead of a catalog.
///
/// # Errors
/// [`TilesError`] for a file that is damaged or cannot be written.
pub fn release(
    model: Option<&ModelDir>,
    mut manifest: Manifest,
    index: &TileIndex,
    out: &Path,
) -> Result<(), TilesError> {
    let mut contents = Vec::new();
    for role in SERVED {
        let Some((model, entry)) = model.and_then(|model| Some((model, model.manifest.file(role)?))) else { continue };
        contents.push((role, entry.path.as_str(), model.read(role)?));
    }
    let path = out.join(INDEX_FILE);
    let tensors = index.to_tensors().map_err(|source| TilesError::Artifact { path, source })?;
    contents.push((INDEX_ROLE, INDEX_FILE, tensors.to_bytes()));
    manifest.files.clear();
    Ok(ModelDir::new(out, manifest).write(&contents)?)
}

/// Reads the index of such a folder and checks every tile against it; `progress` is called after each tile.
///
/// # Errors
/// [`TilesError`] for a folder without an index, and for files that are missing or damaged.
pub fn check(folder: &ModelDir, progress: &(dyn Fn() + Sync)) -> Result<TileIndex, TilesError> {
    let bytes = folder.read(INDEX_ROLE)?;
    let path = || folder.path().join(INDEX_FILE);
    let index = Tensors::from_bytes(&bytes).and_then(|tensors| TileIndex::from_tensors(&tensors));
    let index = index.map_err(|source| TilesError::Artifact { path: path(), source })?;
    index.tiles().par_iter().try_for_each(|tile| {
        progress();
        check_tile(folder.path(), tile)
    })?;
    Ok(index)
}

fn check_tile(folder: &Path, tile: &Tile) -> Result<(), TilesError> {
    let path = folder.join(tile.path());
    let actual = sha256_hex(&files::read(&path)?);
    if actual == tile.sha256 {
        return Ok(());
    }
    let source = ArtifactError::Checksum { what: tile.path(), expected: tile.sha256.clone(), actual };
    Err(TilesError::Artifact { path, source })
}

/// Removes the tiles of earlier builds, which the index does not name. How many they were comes back.
///
/// # Errors
/// [`TilesError::File`].
pub fn prune(index: &TileIndex, out: &Path) -> Result<usize, TilesError> {
    let named: HashSet<String> = index.tiles().iter().map(Tile::path).collect();
    let folder = out.join(TILES_FOLDER);
    let failed = |source| TilesError::File(FileError::Write { path: folder.clone(), source });
    let mut removed = 0;
    for entry in fs::read_dir(&folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = format!("{TILES_FOLDER}/{}", entry.file_name().to_string_lossy());
        if name.ends_with(".safetensors") && !named.contains(&name) {
            fs::remove_file(entry.path()).map_err(failed)?;
            removed += 1;
        }
    }
    Ok(removed)
}
