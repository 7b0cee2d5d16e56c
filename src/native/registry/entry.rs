//! What a version consists of.

use std::collections::BTreeMap;

use semver::Version;
use serde::{Deserialize, Serialize};

use super::RegistryError;

/// What is known of a version; its bytes never change once it is added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Version of this format.
    pub format_version: u32,
    /// Name of the model, e.g. `cleaners`.
    pub name: String,
    /// Semantic version, e.g. `1.0.0`.
    pub version: String,
    /// When it was added, seconds since 1970.
    pub created_at: i64,
    /// The program that wrote the model.
    pub created_by: String,
    /// SHA-256 of the training data.
    pub data_fingerprint: String,
    /// The figures of the model's manifest.
    pub metrics: BTreeMap<String, f64>,
    /// Its files, by name.
    pub files: Vec<StoredFile>,
}

/// One file of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFile {
    /// Its name in the model's folder.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256, and with it the name of the object that has the bytes.
    pub sha256: String,
}

impl Entry {
    /// The file of this name.
    pub fn file(&self, path: &str) -> Option<&StoredFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Bytes of all files together.
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// The entry as JSON, as it is kept.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        // Serialising plain structs with string keys into memory cannot fail.
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }
}

/// A semantic version. Build metadata is refused: it has no place in the order of versions.
///
/// # Errors
/// [`RegistryError::Version`].
pub fn parse_version(text: &str) -> Result<Version, RegistryError> {
    let refuse = |reason: String| RegistryError::Version { text: text.to_owned(), reason };
    let version = Version::parse(text).map_err(|error| refuse(error.to_string()))?;
    if !version.build.is_empty() {
        return Err(refuse("build metadata has no place in the order of versions".to_owned()));
    }
    Ok(version)
}
