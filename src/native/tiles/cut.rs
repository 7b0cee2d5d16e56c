//! From a catalog to its tiles.

use std::collections::BTreeMap;
use std::path::Path;

use h3o::{LatLng, Resolution};
use rayon::prelude::*;

use super::{TilesError, cap_of};
use crate::artifact::sha256_hex;
use crate::domain::{Cleaner, GeoPoint};
use crate::engine::{Catalog, Tile, TileIndex};
use crate::native::files;

/// The cell of the cleaners without a position. No H3 cell is 0.
const NOWHERE: u64 = 0;

/// The rows of a catalog by H3 cell, each in ascending order; those of cleaners without a position under cell 0.
///
/// # Errors
/// [`TilesError::Resolution`], and [`TilesError::NoPositions`] where no cleaner has one.
pub fn group(catalog: &Catalog, resolution: u8) -> Result<BTreeMap<u64, Vec<u32>>, TilesError> {
    let cells_of = Resolution::try_from(resolution).map_err(|_| TilesError::Resolution { resolution })?;
    let cells: Vec<u64> = catalog.cleaners().par_iter().map(|cleaner| cell(cleaner, cells_of)).collect();
    let mut groups: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    for (cell, row) in cells.into_iter().zip(0..) {
        groups.entry(cell).or_default().push(row);
    }
    if groups.keys().all(|cell| *cell == NOWHERE) {
        return Err(TilesError::NoPositions { cleaners: catalog.cleaners().len() });
    }
    Ok(groups)
}

/// Cuts a catalog, as it was read from its file, into tiles of H3 cells of this resolution, 0 to 15. Each is written to
/// `folder` under its [`path`](Tile::path), on all cores; the index comes back. `progress` is called with the number of
/// cleaners after each tile.
///
/// Every tile is a catalog of its own, with the market as a whole and the column `row`.
///
/// # Errors
/// [`TilesError`] for a resolution that is none, a catalog without positions, a file that cannot be written.
pub fn cut(
    catalog: &Catalog,
    resolution: u8,
    folder: &Path,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<TileIndex, TilesError> {
    let groups: Vec<(u64, Vec<u32>)> = group(catalog, resolution)?.into_iter().collect();
    let tiles: Result<Vec<Tile>, TilesError> = groups
        .into_par_iter()
        .map(|(cell, rows)| {
            let tile = write(catalog, cell, &rows, folder);
            progress(rows.len());
            tile
        })
        .collect();
    let tiles = tiles?;
    tiles.par_iter().try_for_each(|tile| files::sync(&folder.join(tile.path())))?;
    tiles.iter().take(1).for_each(|tile| files::sync_folder(&folder.join(tile.path())));
    Ok(TileIndex::new(catalog, resolution, tiles))
}

fn write(catalog: &Catalog, cell: u64, rows: &[u32], folder: &Path) -> Result<Tile, TilesError> {
    let points: Vec<GeoPoint> = rows.iter().filter_map(|row| position(&catalog.cleaners()[*row as usize])).collect();
    let anywhere = (GeoPoint { latitude: 0.0, longitude: 0.0 }, f32::INFINITY);
    let (centre, radius_km) = cap_of(&points).unwrap_or(anywhere);
    let part = catalog.part(rows).to_tensors();
    let bytes = part.map_err(|source| TilesError::Artifact { path: folder.to_owned(), source })?.to_bytes();
    let size = u32::try_from(bytes.len()).map_err(|_| TilesError::TooLarge { cleaners: rows.len() })?;
    let tile = Tile { cell, centre, radius_km, cleaners: rows.len() as u32, bytes: size, sha256: sha256_hex(&bytes) };
    files::write_unsynced(&folder.join(tile.path()), &bytes)?;
    Ok(tile)
}

fn cell(cleaner: &Cleaner, resolution: Resolution) -> u64 {
    let at = position(cleaner).and_then(|at| LatLng::new(at.latitude, at.longitude).ok());
    at.map_or(NOWHERE, |at| at.to_cell(resolution).into())
}

/// The position as the catalog's file has it.
fn position(cleaner: &Cleaner) -> Option<GeoPoint> {
    let at = cleaner.location?;
    GeoPoint::new(f64::from(at.latitude as f32), f64::from(at.longitude as f32))
}
