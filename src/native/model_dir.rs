//! A released model as a folder on disk: a manifest and the files that it names.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::files::{self, FileError};
use crate::artifact::{ArtifactError, FileEntry, Manifest};

/// Name of the manifest in the folder.
pub const MANIFEST: &str = "manifest.json";

/// A folder that cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ModelDirError {
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file is damaged or not what it should be.
    #[error("{}: {source}", path.display())]
    Artifact {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ArtifactError,
    },
    /// The manifest names no file with this role.
    #[error("{}: there is no file with the role {role:?}", path.display())]
    Role {
        /// The manifest.
        path: PathBuf,
        /// The role.
        role: String,
    },
}

impl ModelDirError {
    /// A stable code: that of the file's or the artifact's error, or `model.role`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File(error) => error.code(),
            Self::Artifact { source, .. } => source.code(),
            Self::Role { .. } => "model.role",
        }
    }
}

/// A model folder with its manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelDir {
    path: PathBuf,
    /// What the folder says of itself; [`write`](Self::write) keeps it up to date.
    pub manifest: Manifest,
}

impl ModelDir {
    /// Reads the manifest of a folder.
    ///
    /// # Errors
    /// [`ModelDirError::File`] without a manifest, [`ModelDirError::Artifact`] for one that cannot be used.
    pub fn open(path: &Path) -> Result<Self, ModelDirError> {
        let file = path.join(MANIFEST);
        let bytes = files::read(&file)?;
        let manifest = Manifest::from_bytes(&bytes).map_err(|source| ModelDirError::Artifact { path: file, source })?;
        Ok(Self { path: path.to_owned(), manifest })
    }

    /// A folder that is still to be written.
    pub fn new(path: &Path, manifest: Manifest) -> Self {
        Self { path: path.to_owned(), manifest }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The bytes of the file with this role, checked against the manifest.
    ///
    /// # Errors
    /// [`ModelDirError`] for a role or file that is missing, and for bytes that are not those of the manifest.
    pub fn read(&self, role: &str) -> Result<Vec<u8>, ModelDirError> {
        let missing = || ModelDirError::Role { path: self.path.join(MANIFEST), role: role.to_owned() };
        let entry = self.manifest.file(role).ok_or_else(missing)?;
        let path = self.path.join(&entry.path);
        let bytes = files::read(&path)?;
        self.manifest.verify(role, &bytes).map_err(|source| ModelDirError::Artifact { path, source })?;
        Ok(bytes)
    }

    /// Writes files, each given as role, name and bytes, and then the manifest that names them: a folder whose writing was
    /// broken off fails its checksums instead of passing for whole.
    ///
    /// # Errors
    /// [`ModelDirError::File`].
    pub fn write(&mut self, contents: &[(&str, &str, Vec<u8>)]) -> Result<(), ModelDirError> {
        for (role, name, bytes) in contents {
            files::write_atomic(&self.path.join(name), bytes)?;
            self.manifest.set_file(FileEntry::of(role, name, bytes));
        }
        Ok(files::write_atomic(&self.path.join(MANIFEST), &self.manifest.to_bytes())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn manifest() -> Manifest {
        Manifest {
            format_version: 1,
            oldest_readable: 1,
            name: "m".into(),
            version: "1".into(),
            created_by: "test".into(),
            model_kind: "hybrid".into(),
            schema_hash: "s".into(),
            seed: 1,
            data_fingerprint: "f".into(),
            rule_weight: 0.6,
            price_weight: 0.0,
            jobs_rule_weight: None,
            metrics: BTreeMap::new(),
            files: vec![],
        }
    }

    #[test]
    fn what_is_written_is_read_back_and_damage_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1");
        let mut model = ModelDir::new(&path, manifest());
        model.write(&[("catalog", "catalog.safetensors", b"abc".to_vec())]).unwrap();
        let read = ModelDir::open(&path).unwrap();
        assert_eq!(read, model);
        assert_eq!(read.read("catalog").unwrap(), b"abc");
        assert_eq!(read.read("clients").unwrap_err().code(), "model.role");
        std::fs::write(path.join("catalog.safetensors"), b"abd").unwrap();
        assert_eq!(read.read("catalog").unwrap_err().code(), "artifact.checksum");
        std::fs::remove_file(path.join("catalog.safetensors")).unwrap();
        assert_eq!(read.read("catalog").unwrap_err().code(), "file.read");
        std::fs::write(path.join(MANIFEST), b"{").unwrap();
        assert_eq!(ModelDir::open(&path).unwrap_err().code(), "artifact.manifest");
        assert_eq!(ModelDir::open(folder.path()).unwrap_err().code(), "file.read");
    }
}
