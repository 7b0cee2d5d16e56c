//! Reading and writing model and catalog files. Knows no model.
//!
//! A released model is a folder of safetensors files and one manifest that names them with their sizes and SHA-256 sums.
//! Everything here works on bytes in memory, so that a browser and a command line read the same way; `docs/model-format.md`
//! gives the formats.
#![forbid(unsafe_code)]

mod checksum;
mod error;
mod header;
pub mod json;
mod manifest;
mod tensors;
pub mod text;

pub use checksum::sha256_hex;
pub use error::ArtifactError;
pub use manifest::{FileEntry, Manifest};
pub use tensors::{Dtype, Tensors};

/// The version of the file formats that this build writes.
pub const FORMAT_VERSION: u32 = 1;
/// The oldest version of the file formats that this build reads.
pub const OLDEST_READABLE: u32 = 1;

/// Refuses a file whose version this build cannot read: one written before [`OLDEST_READABLE`], or one whose writer says
/// that a reader must know at least version `oldest_reader`.
fn check_version(what: &str, version: u32, oldest_reader: u32) -> Result<(), ArtifactError> {
    if version < OLDEST_READABLE || oldest_reader > FORMAT_VERSION {
        return Err(ArtifactError::Version {
            what: what.to_owned(),
            found: version,
            oldest: OLDEST_READABLE,
            newest: FORMAT_VERSION,
        });
    }
    Ok(())
}
