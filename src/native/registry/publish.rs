//! What pages load: the folders of the versions that serve, and the file that says which.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::store::{Registry, step};
use super::{RegistryError, index};
use crate::artifact::{Manifest, sha256_hex};
use crate::native::files;
use crate::native::model_dir::MANIFEST;

/// Name of the file that says which version serves.
pub const PUBLISHED: &str = "registry.json";

/// Which versions serve. A page reads this, then the manifest that it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Version of this format.
    pub format_version: u32,
    /// The oldest version that a reader must know to read this.
    pub oldest_readable: u32,
    /// Name of the model.
    pub name: String,
    /// Number of the last step of the registry's history: larger is later.
    pub sequence: u64,
    /// When it was published, seconds since 1970.
    pub published_at: i64,
    /// Who serves.
    pub champion: PublishedVersion,
    /// Who served before, for when the champion cannot be loaded.
    pub previous: Option<PublishedVersion>,
    /// Who is being rolled out.
    pub challenger: Option<PublishedVersion>,
    /// To how many in a hundred the challenger goes.
    pub rollout: u8,
}

/// A version and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedVersion {
    /// The version.
    pub version: String,
    /// Its manifest, relative to this file.
    pub manifest: String,
    /// SHA-256 of the manifest, which has the sums of all other files.
    pub sha256: String,
}

impl Registry {
    /// Writes the folders of the versions that serve, whole, and after them the file that names them: a reader sees what was
    /// published before or what is published now. Folders of earlier versions stay.
    ///
    /// # Errors
    /// [`RegistryError::NoChampion`]; [`RegistryError::Content`] for a damaged version, [`RegistryError::Stage`] for a wrong signature:
    /// what was published before then stays; [`RegistryError::File`].
    pub fn publish(&self, out: &Path, at: i64) -> Result<Published, RegistryError> {
        let state = self.state();
        let champion = state.champion.clone().ok_or(RegistryError::NoChampion)?;
        let (challenger, rollout) = state.rollout.clone().unzip();
        let release = |version: &str| self.release(version, out);
        let published = Published {
            format_version: index::FORMAT,
            oldest_readable: 1,
            name: state.name.clone(),
            sequence: self.history().len() as u64,
            published_at: at,
            champion: release(&champion)?,
            previous: state.previous().map(release).transpose()?,
            challenger: challenger.as_deref().map(release).transpose()?,
            rollout: rollout.unwrap_or(0),
        };
        // Serialising plain structs into memory cannot fail.
        let mut bytes = serde_json::to_vec_pretty(&published).unwrap_or_default();
        bytes.push(b'\n');
        step();
        files::write_atomic(&out.join(PUBLISHED), &bytes)?;
        Ok(published)
    }

    /// Writes the files that the manifest of a version names, the manifest after them, and beside it the entry and its signature.
    fn release(&self, version: &str, out: &Path) -> Result<PublishedVersion, RegistryError> {
        let signature = self.signature(version, None).map_err(|reason| RegistryError::Stage { reason })?;
        let entry = self.entry(version)?;
        let folder = out.join(version);
        let file = |name: &str| {
            let missing = || RegistryError::Content {
                version: version.to_owned(),
                file: name.to_owned(),
                path: self.entry_path(version, "json"),
                reason: "is not in the entry".to_owned(),
            };
            entry.file(name).ok_or_else(missing)
        };
        let manifest_file = file(MANIFEST)?;
        let bytes = self.file(version, manifest_file)?;
        let manifest = Manifest::from_bytes(&bytes).map_err(|error| RegistryError::Text {
            version: version.to_owned(),
            file: MANIFEST,
            reason: error.to_string(),
        })?;
        for named in &manifest.files {
            put(&folder.join(&named.path), &self.file(version, file(&named.path)?)?)?;
        }
        put(&folder.join("entry.json"), &self.entry_bytes(version)?)?;
        if let Some(signature) = signature {
            put(&folder.join("entry.sig"), &signature)?;
        }
        put(&folder.join(MANIFEST), &bytes)?;
        let sha256 = manifest_file.sha256.clone();
        Ok(PublishedVersion { version: version.to_owned(), manifest: format!("{version}/{MANIFEST}"), sha256 })
    }
}

/// Writes a file that is not there yet or is another one.
fn put(path: &Path, bytes: &[u8]) -> Result<(), RegistryError> {
    let there = std::fs::read(path).is_ok_and(|old| old.len() == bytes.len() && sha256_hex(&old) == sha256_hex(bytes));
    if there {
        return Ok(());
    }
    step();
    Ok(files::write_atomic(path, bytes)?)
}
