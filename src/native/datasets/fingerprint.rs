//! Which data a model was trained on, in one line.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::DataError;

/// SHA-256 in hex over `market.json` and the table files in order of their names: for each the name, a zero byte, the
/// size (8 bytes, little endian) and the bytes. The latent truth is left out.
pub fn fingerprint(dir: &Path) -> Result<String, DataError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(DataError::io(dir))? {
        let name = entry.map_err(DataError::io(dir))?.file_name().to_string_lossy().into_owned();
        if name == "market.json" || name.ends_with(".parquet") {
            names.push(name);
        }
    }
    names.sort_unstable();
    let mut hash = Sha256::new();
    for name in names {
        add_file(&mut hash, &dir.join(&name), &name)?;
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn add_file(hash: &mut Sha256, path: &Path, name: &str) -> Result<(), DataError> {
    let mut file = File::open(path).map_err(DataError::io(path))?;
    let size = file.metadata().map_err(DataError::io(path))?.len();
    hash.update(name.as_bytes());
    hash.update([0]);
    hash.update(size.to_le_bytes());
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer).map_err(DataError::io(path))? {
            0 => return Ok(()),
            read => hash.update(&buffer[..read]),
        }
    }
}
