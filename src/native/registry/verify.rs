//! Whether everything in a registry is what was added.

use serde::Serialize;

use super::RegistryError;
use super::sign::{PublicKey, SIGNATURE, Signed};
use super::store::Registry;
use crate::native::files;

/// What is known of a version's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// There is none.
    None,
    /// It is right.
    Valid,
    /// It is wrong; a problem says why.
    Invalid,
}

impl Signature {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Valid => "valid",
            Self::Invalid => "INVALID",
        }
    }
}

/// Something that is not what was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The version.
    pub version: String,
    /// A stable code: `registry.content` or `registry.signature`.
    pub code: &'static str,
    /// What is wrong, with the file.
    pub text: String,
}

/// What was looked at of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VersionReport {
    /// The version.
    pub version: String,
    /// Files.
    pub files: usize,
    /// Their bytes together.
    pub bytes: u64,
    /// Its signature.
    pub signature: Signature,
    /// Whether there is no problem.
    pub ok: bool,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// By version.
    pub versions: Vec<VersionReport>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What broken-off commands left; the next command that writes clears it away.
    pub leftovers: Vec<String>,
    /// Entries that the index does not name: of an index of long ago, or of another registry. They are left alone.
    pub unknown: Vec<String>,
}

impl Registry {
    /// Checks one version or all: every file's sum, and the signatures. With a key, every version must be signed by it.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`]; [`RegistryError::File`] for a folder that cannot be read. What is wrong is no error but a problem.
    pub fn verify(&self, version: Option<&str>, key: Option<&PublicKey>) -> Result<Verified, RegistryError> {
        let versions = match version {
            Some(version) => vec![self.resolve(version)?],
            None => self.state().versions.iter().map(|known| known.version.clone()).collect(),
        };
        let mut problems = Vec::new();
        let reports = versions.iter().map(|version| self.look_at(version, key, &mut problems)).collect();
        Ok(Verified { versions: reports, problems, leftovers: self.leftovers()?, unknown: self.unknown()? })
    }

    fn look_at(&self, version: &str, key: Option<&PublicKey>, problems: &mut Vec<Problem>) -> VersionReport {
        let before = problems.len();
        let mut tell = |code, text| problems.push(Problem { version: version.to_owned(), code, text });
        let (mut files, mut bytes) = (0, 0);
        match self.entry(version) {
            Ok(entry) => {
                (files, bytes) = (entry.files.len(), entry.size());
                for error in entry.files.iter().filter_map(|file| self.file(version, file).err()) {
                    tell(error.code(), error.to_string());
                }
            }
            Err(error) => tell(error.code(), error.to_string()),
        }
        let signature = match self.signature(version, key) {
            Ok(Some(_)) => Signature::Valid,
            Ok(None) => Signature::None,
            Err(text) => {
                tell("registry.signature", text);
                Signature::Invalid
            }
        };
        VersionReport { version: version.to_owned(), files, bytes, signature, ok: problems.len() == before }
    }

    /// The bytes of a version's signature, if it has one and that is right; `Err` says what is wrong.
    pub(super) fn signature(&self, version: &str, key: Option<&PublicKey>) -> Result<Option<Vec<u8>>, String> {
        let path = self.entry_path(version, SIGNATURE);
        let shown = path.display();
        if !path.is_file() {
            return if key.is_some() { Err(format!("{shown}: version {version} is not signed")) } else { Ok(None) };
        }
        let bytes = files::read(&path).map_err(|error| error.to_string())?;
        let signed: Signed = serde_json::from_slice(&bytes).map_err(|_| format!("{shown}: this is no signature"))?;
        let entry = self.entry_bytes(version).map_err(|error| error.to_string())?;
        if !signed.holds(&entry) {
            return Err(format!("{shown}: the signature is not one of the entry of version {version}"));
        }
        if key.is_some_and(|key| key.to_hex() != signed.key) {
            return Err(format!("{shown}: version {version} is signed by another key, {}", signed.key));
        }
        Ok(Some(bytes))
    }
}
