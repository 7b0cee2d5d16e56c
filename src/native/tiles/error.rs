//! Why a catalog cannot be cut, or a folder of tiles not be used.

use std::path::PathBuf;

use thiserror::Error;

use crate::artifact::ArtifactError;
use crate::native::files::FileError;
use crate::native::model_dir::ModelDirError;

/// An error of cutting, writing or checking tiles.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TilesError {
    /// There is no such resolution of H3.
    #[error("{resolution} is no resolution of H3: they are 0 (cells of 4,357,449 km²) to 15 (0.9 m²)")]
    Resolution {
        /// What was asked for.
        resolution: u8,
    },
    /// No cleaner has a position.
    #[error("none of the {cleaners} cleaners has a position: there is nothing to cut by")]
    NoPositions {
        /// How many cleaners there are.
        cleaners: usize,
    },
    /// Tiles would take the place of the catalog that they are cut from.
    #[error("{} holds the catalog itself", path.display())]
    Output {
        /// The folder.
        path: PathBuf,
    },
    /// A tile has more bytes than an index can say.
    #[error("a tile of {cleaners} cleaners has more than 4 GiB")]
    TooLarge {
        /// How many cleaners it has.
        cleaners: usize,
    },
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file of the folder could not be used.
    #[error(transparent)]
    Folder(#[from] ModelDirError),
    /// A file is not what it should be.
    #[error("{}: {source}", path.display())]
    Artifact {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ArtifactError,
    },
}

impl TilesError {
    /// A stable code: `tiles.` and the reason, or that of the file's or the artifact's error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Resolution { .. } => "tiles.resolution",
            Self::NoPositions { .. } => "tiles.no_positions",
            Self::Output { .. } => "tiles.output",
            Self::TooLarge { .. } => "tiles.too_large",
            Self::File(error) => error.code(),
            Self::Folder(error) => error.code(),
            Self::Artifact { source, .. } => source.code(),
        }
    }
}
