//! Signatures of versions by Ed25519 (RFC 8032). What is signed are the bytes of an entry, which has the sums of all files.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use super::RegistryError;
use super::index::Action;
use super::store::{Registry, step};
use crate::native::files::{self, FileError};

/// Ending of the file of a signature, beside its entry.
pub(super) const SIGNATURE: &str = "sig";
/// What a key file has: so many hexadecimal digits.
const DIGITS: usize = 64;

/// A key that signs. It is never shown, and wiped from memory when it is dropped.
pub struct SecretKey(SigningKey);

/// A key that checks signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// A signature as it is kept.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Signed {
    /// The public key, in hex.
    pub(super) key: String,
    /// The signature, in hex.
    pub(super) signature: String,
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

impl SecretKey {
    /// The key of a seed of 32 bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Reads a key from a file of 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`RegistryError::Key`], [`RegistryError::File`].
    pub fn read(path: &Path) -> Result<Self, RegistryError> {
        read_key(path).map(|seed| Self::from_seed(&seed))
    }

    /// The key that checks what this one signs.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Writes a new pair of keys: the secret one into `path`, readable by its owner alone, the public one into `<path>.pub`.
    /// Nothing is replaced.
    ///
    /// # Errors
    /// [`RegistryError::Key`] where there is a file already or the system gives no random bytes; [`RegistryError::File`].
    pub fn generate(path: &Path) -> Result<PublicKey, RegistryError> {
        let refuse = |path: &Path, reason: String| RegistryError::Key { path: path.to_owned(), reason };
        let mut public_path = path.as_os_str().to_owned();
        public_path.push(".pub");
        let public_path = Path::new(&public_path);
        for path in [path, public_path] {
            if path.exists() {
                return Err(refuse(path, "the file is there already".to_owned()));
            }
        }
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| refuse(path, format!("no random bytes: {error}")))?;
        let key = Self::from_seed(&seed);
        write_secret(path, &format!("{}\n", hex(&seed)))
            .map_err(|source| FileError::Write { path: path.to_owned(), source })?;
        files::write_atomic(public_path, format!("{}\n", key.public().to_hex()).as_bytes())?;
        Ok(key.public())
    }

    fn sign(&self, bytes: &[u8]) -> Signed {
        Signed { key: self.public().to_hex(), signature: hex(&self.0.sign(bytes).to_bytes()) }
    }
}

impl PublicKey {
    /// Reads a key from a file of 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`RegistryError::Key`], [`RegistryError::File`].
    pub fn read(path: &Path) -> Result<Self, RegistryError> {
        let key = VerifyingKey::from_bytes(&read_key(path)?);
        let refuse = |_| RegistryError::Key { path: path.to_owned(), reason: "this is no public key".to_owned() };
        key.map(Self).map_err(refuse)
    }

    /// The key as hexadecimal digits.
    pub fn to_hex(&self) -> String {
        hex(self.0.as_bytes())
    }

    fn from_hex(text: &str) -> Option<Self> {
        VerifyingKey::from_bytes(&from_hex::<32>(text)?).ok().map(Self)
    }
}

impl Signed {
    /// Whether this is a signature of these bytes by the key that it names.
    pub(super) fn holds(&self, bytes: &[u8]) -> bool {
        let signature = from_hex::<64>(&self.signature).map(|bytes| Signature::from_bytes(&bytes));
        let key = PublicKey::from_hex(&self.key);
        key.zip(signature).is_some_and(|(key, signature)| key.0.verify_strict(bytes, &signature).is_ok())
    }
}

impl Registry {
    /// Signs a version whose files are all whole, in place of an earlier signature.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`], [`RegistryError::Content`], [`RegistryError::File`].
    pub fn sign(&mut self, version: &str, key: &SecretKey, at: i64) -> Result<(), RegistryError> {
        let version = self.resolve(version)?;
        self.check_whole(&version)?;
        let signed = key.sign(&self.entry_bytes(&version)?);
        // Serialising two texts into memory cannot fail.
        let mut bytes = serde_json::to_vec(&signed).unwrap_or_default();
        bytes.push(b'\n');
        step();
        files::write_atomic(&self.entry_path(&version, SIGNATURE), &bytes)?;
        self.append(Action::Sign { version, key: signed.key }, at)
    }
}

fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn read_key(path: &Path) -> Result<[u8; 32], RegistryError> {
    let bytes = files::read(path)?;
    let text = std::str::from_utf8(&bytes).unwrap_or_default().trim();
    let reason = || format!("this is no key: a key is {DIGITS} hexadecimal digits");
    from_hex(text).ok_or_else(|| RegistryError::Key { path: path.to_owned(), reason: reason() })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits: Vec<u8> = text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
    if digits.len() == 2 * N { bytes.try_into().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032, section 7.1, tests 1 to 3: secret key, public key, message, signature.
    const VECTORS: [[&str; 4]; 3] = [
        [
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ],
        [
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ],
        [
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ],
    ];

    #[test]
    fn agrees_with_rfc_8032() {
        for [secret, public, message, signature] in VECTORS {
            let key = SecretKey::from_seed(&from_hex(secret).unwrap());
            let message: Vec<u8> = if message.is_empty() {
                vec![]
            } else {
                (0..message.len()).step_by(2).map(|at| u8::from_str_radix(&message[at..at + 2], 16).unwrap()).collect()
            };
            let signed = key.sign(&message);
            assert_eq!((signed.key.as_str(), signed.signature.as_str()), (public, signature));
            assert!(signed.holds(&message));
            assert!(!signed.holds(&[&message[..], b"x"].concat()));
        }
    }

    #[test]
    fn what_is_no_signature_holds_nothing() {
        let key = SecretKey::from_seed(&[7; 32]);
        let other = SecretKey::from_seed(&[8; 32]).public().to_hex();
        let good = key.sign(b"a");
        for (key, signature) in [
            (other.as_str(), good.signature.as_str()),
            ("", good.signature.as_str()),
            (good.key.as_str(), ""),
            (good.key.as_str(), &good.signature[2..]),
            ("zz", "zz"),
        ] {
            let signed = Signed { key: key.to_owned(), signature: signature.to_owned() };
            assert!(!signed.holds(b"a"), "{signed:?}");
        }
        assert_eq!(format!("{key:?}"), "SecretKey(..)");
    }

    #[test]
    fn keys_are_written_once_and_only_for_their_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let public = SecretKey::generate(&path).unwrap();
        assert_eq!(SecretKey::read(&path).unwrap().public(), public);
        assert_eq!(PublicKey::read(&folder.path().join("key.pub")).unwrap(), public);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let before = std::fs::read(&path).unwrap();
        assert_eq!(SecretKey::generate(&path).unwrap_err().code(), "registry.key");
        assert_eq!(std::fs::read(&path).unwrap(), before);
        let other = folder.path().join("other");
        assert_ne!(SecretKey::generate(&other).unwrap(), public);
        std::fs::write(&other, "9d61b1").unwrap();
        let error = SecretKey::read(&other).unwrap_err();
        assert_eq!(error.code(), "registry.key");
        assert!(!error.to_string().contains("9d61"), "{error}");
    }
}
