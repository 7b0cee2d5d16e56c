//! The list of a model's files: what they are for, how long they are, and their checksums.

#[cfg(feature = "native")]
use std::collections::BTreeMap;

#[cfg(feature = "native")]
use serde::{Deserialize, Serialize};

use super::text::{Quoted, text};
use super::{ArtifactError, check_version, sha256_hex};

/// What is known of a released model, and of each of its files.
///
/// Unknown fields are ignored, so that a later version that says `oldest_readable: 1` stays readable.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
pub struct Manifest {
    /// Version of the formats of all files of the folder.
    pub format_version: u32,
    /// The oldest format version that a reader must know to read this folder.
    pub oldest_readable: u32,
    /// Name of the model, e.g. `cleaners`.
    pub name: String,
    /// Version of the model, e.g. `1.0.0`.
    pub version: String,
    /// The program that wrote it, with its version.
    pub created_by: String,
    /// Kind of model, e.g. `hybrid`.
    pub model_kind: String,
    /// Hash of the features that the model was trained on.
    pub schema_hash: String,
    /// Seed of the training.
    pub seed: u64,
    /// SHA-256 of the training data.
    pub data_fingerprint: String,
    /// Share of the rule score in the ensemble, 0 to 1.
    pub rule_weight: f32,
    /// Share of the price in the ensemble, 0 to 1.
    #[cfg_attr(feature = "native", serde(default))]
    pub price_weight: f32,
    /// Share of the rule score where jobs are ranked for a cleaner, 0 to 1; `None` where none was fitted, as in models of before
    /// there was one.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub jobs_rule_weight: Option<f32>,
    /// A few figures of the evaluation by name; the full report is beside the manifest. Serving needs none.
    #[cfg(feature = "native")]
    #[serde(default)]
    pub metrics: BTreeMap<String, f64>,
    /// The files.
    pub files: Vec<FileEntry>,
}

/// One file of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
pub struct FileEntry {
    /// What it is for: `model.fp32`, `model.q8`, `catalog` or `clients`.
    pub role: String,
    /// Its name in the folder of the manifest.
    pub path: String,
    /// Its length in bytes.
    pub size: u64,
    /// SHA-256 of its bytes as 64 hexadecimal digits.
    pub sha256: String,
}

impl FileEntry {
    /// The entry of a file with these bytes.
    pub fn of(role: &str, path: &str, bytes: &[u8]) -> Self {
        Self { role: role.to_owned(), path: path.to_owned(), size: bytes.len() as u64, sha256: sha256_hex(bytes) }
    }
}

impl Manifest {
    /// Reads a manifest from JSON.
    ///
    /// # Errors
    /// As [`check`](Self::check), and [`ArtifactError::Manifest`] for what is no JSON or no manifest.
    #[cfg(feature = "native")]
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ArtifactError> {
        #[derive(Deserialize)]
        struct Versions {
            format_version: u32,
            oldest_readable: u32,
        }
        let invalid = |error: serde_json::Error| ArtifactError::Manifest { reason: error.to_string() };
        // A later version may have other fields.
        let versions: Versions = serde_json::from_slice(bytes).map_err(invalid)?;
        check_version("the manifest", versions.format_version, versions.oldest_readable)?;
        serde_json::from_slice::<Self>(bytes).map_err(invalid)?.check()
    }

    /// Refuses what cannot be used.
    ///
    /// # Errors
    /// [`ArtifactError::Version`] for a version that this build does not read, [`ArtifactError::Manifest`] for anything else:
    /// a role named twice, a path that leaves the folder, a checksum that is none, a weight that is no share.
    pub fn check(self) -> Result<Self, ArtifactError> {
        check_version("the manifest", self.format_version, self.oldest_readable)?;
        self.check_entries().map(|()| self)
    }

    /// The manifest as JSON; the same manifest always gives the same bytes.
    #[cfg(feature = "native")]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Serialising plain structs with string keys into memory cannot fail.
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }

    /// The file with this role, if there is one.
    pub fn file(&self, role: &str) -> Option<&FileEntry> {
        self.files.iter().find(|file| file.role == role)
    }

    /// Puts a file into the list, in place of the one that had its role.
    pub fn set_file(&mut self, entry: FileEntry) {
        match self.files.iter_mut().find(|file| file.role == entry.role) {
            Some(file) => *file = entry,
            None => self.files.push(entry),
        }
    }

    /// Checks the bytes of the file with this role against its size and checksum.
    ///
    /// # Errors
    /// [`ArtifactError::Manifest`] without such a role, [`ArtifactError::Truncated`] or [`ArtifactError::Size`] for a wrong
    /// length, [`ArtifactError::Checksum`] for altered bytes.
    pub fn verify(&self, role: &str, bytes: &[u8]) -> Result<(), ArtifactError> {
        let reason = || ArtifactError::Manifest { reason: text!("it names no file with the role ", Quoted(role)) };
        let file = self.file(role).ok_or_else(reason)?;
        let (what, expected, actual) = (file.path.clone(), file.size, bytes.len() as u64);
        if actual < expected {
            return Err(ArtifactError::Truncated { what, expected, actual });
        }
        if actual > expected {
            return Err(ArtifactError::Size { what, expected, actual });
        }
        let sum = sha256_hex(bytes);
        if sum != file.sha256 {
            return Err(ArtifactError::Checksum { what, expected: file.sha256.clone(), actual: sum });
        }
        Ok(())
    }

    /// Refuses a model that was trained on other features than those with this hash.
    ///
    /// # Errors
    /// [`ArtifactError::Schema`].
    pub fn check_schema(&self, expected: &str) -> Result<(), ArtifactError> {
        if self.schema_hash != expected {
            return Err(ArtifactError::Schema { expected: expected.to_owned(), found: self.schema_hash.clone() });
        }
        Ok(())
    }

    fn check_entries(&self) -> Result<(), ArtifactError> {
        let refuse = |reason: String| Err(ArtifactError::Manifest { reason });
        for (at, file) in self.files.iter().enumerate() {
            if self.files[..at].iter().any(|other| other.role == file.role) {
                return refuse(text!("the role ", Quoted(&file.role), " is named twice"));
            }
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            if file.path.is_empty() || file.path.starts_with('.') || !file.path.chars().all(plain) {
                return refuse(text!(Quoted(&file.path), " is no plain file name"));
            }
            if file.sha256.len() != 64 || !file.sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
                return refuse(text!(Quoted(&file.sha256), " is no SHA-256 sum"));
            }
        }
        let jobs = ("jobs_rule_weight", self.jobs_rule_weight.unwrap_or_default());
        for (field, weight) in [("rule_weight", self.rule_weight), ("price_weight", self.price_weight), jobs] {
            if !(0.0..=1.0).contains(&weight) {
                return refuse(text!(field, " is not between 0 and 1"));
            }
        }
        Ok(())
    }
}

#[cfg(all(test, feature = "native"))]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            format_version: 1,
            oldest_readable: 1,
            name: "cleaners".into(),
            version: "1.0.0".into(),
            created_by: "tidyrank 0.1.0".into(),
            model_kind: "hybrid".into(),
            schema_hash: "s".into(),
            seed: 42,
            data_fingerprint: "f".into(),
            rule_weight: 0.6,
            price_weight: 0.0,
            jobs_rule_weight: Some(0.75),
            metrics: BTreeMap::from([("r2".to_owned(), 0.5)]),
            files: vec![FileEntry::of("model.fp32", "model.safetensors", b"abc")],
        }
    }

    fn altered(from: &str, to: &str) -> Result<Manifest, ArtifactError> {
        let text = String::from_utf8(manifest().to_bytes()).unwrap();
        assert!(text.contains(from), "{from} is not in the manifest");
        Manifest::from_bytes(text.replace(from, to).as_bytes())
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(Manifest::from_bytes(&manifest().to_bytes()), Ok(manifest()));
        assert_eq!(altered("\"seed\"", "\"later_field\": [1],\n  \"seed\""), Ok(manifest()));
        let earlier = Manifest { jobs_rule_weight: None, ..manifest() };
        assert_eq!(altered("  \"jobs_rule_weight\": 0.75,\n", ""), Ok(earlier.clone()));
        assert!(!String::from_utf8(earlier.to_bytes()).unwrap().contains("jobs_rule_weight"));
    }

    #[test]
    fn every_truncation_is_refused() {
        let bytes = manifest().to_bytes();
        for length in 0..bytes.len() {
            let error = Manifest::from_bytes(&bytes[..length]).unwrap_err();
            assert_eq!(error.code(), "artifact.manifest", "length {length}");
        }
    }

    #[test]
    fn a_flipped_byte_never_panics() {
        let bytes = manifest().to_bytes();
        for at in 0..bytes.len() {
            for mask in [1, 0x20, 0x80] {
                let mut flipped = bytes.clone();
                flipped[at] ^= mask;
                let _ = Manifest::from_bytes(&flipped);
            }
        }
    }

    #[test]
    fn wrong_manifests_are_refused() {
        let cases = [
            ("\"format_version\": 1", "\"format_version\": 0", "artifact.version"),
            ("\"oldest_readable\": 1", "\"oldest_readable\": 2", "artifact.version"),
            ("model.safetensors", "../model.safetensors", "artifact.manifest"),
            ("model.safetensors", ".hidden", "artifact.manifest"),
            ("\"sha256\": \"ba", "\"sha256\": \"zz", "artifact.manifest"),
            ("\"rule_weight\": 0.6", "\"rule_weight\": 1.5", "artifact.manifest"),
            ("\"jobs_rule_weight\": 0.75", "\"jobs_rule_weight\": -0.1", "artifact.manifest"),
        ];
        for (from, to, code) in cases {
            assert_eq!(altered(from, to).unwrap_err().code(), code, "{from} -> {to}");
        }
        let mut doubled = manifest();
        doubled.files.push(doubled.files[0].clone());
        assert_eq!(Manifest::from_bytes(&doubled.to_bytes()).unwrap_err().code(), "artifact.manifest");
        // A later writer that still lets this reader in.
        assert!(altered("\"format_version\": 1", "\"format_version\": 2").is_ok());
    }

    #[test]
    fn bytes_are_checked_against_the_entry() {
        let cases: [(&str, &[u8], &str); 4] = [
            ("model.fp32", b"ab", "artifact.truncated"),
            ("model.fp32", b"abcd", "artifact.size"),
            ("model.fp32", b"abd", "artifact.checksum"),
            ("catalog", b"abc", "artifact.manifest"),
        ];
        for (role, bytes, code) in cases {
            assert_eq!(manifest().verify(role, bytes).unwrap_err().code(), code, "{role} {bytes:?}");
        }
        assert_eq!(manifest().verify("model.fp32", b"abc"), Ok(()));
        assert_eq!(manifest().check_schema("s"), Ok(()));
        assert_eq!(manifest().check_schema("t").unwrap_err().code(), "artifact.schema");
    }

    #[test]
    fn a_file_takes_the_place_of_the_one_with_its_role() {
        let mut manifest = manifest();
        manifest.set_file(FileEntry::of("model.fp32", "other.safetensors", b"x"));
        manifest.set_file(FileEntry::of("catalog", "catalog.safetensors", b"y"));
        assert_eq!(manifest.files.len(), 2);
        assert_eq!(manifest.file("model.fp32").map(|file| file.size), Some(1));
    }
}
