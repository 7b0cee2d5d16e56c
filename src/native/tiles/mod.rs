//! Cutting a catalog into tiles by H3 cell: one file for each, and the index that a page loads instead of the catalog.
//!
//! It is not for choosing tiles: that is `engine::TileIndex`, which the browser runs too.

mod cap;
mod cut;
mod error;
mod folder;

pub use cap::cap_of;
pub use cut::{cut, group};
pub use error::TilesError;
pub use folder::{INDEX_ROLE, TILES_FOLDER, check, prune, release};
