//! Files on disk: whole reads, and writes that are seen either whole or not at all.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A file that could not be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// Reading failed.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Writing failed.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl FileError {
    /// A stable code: `file.read` or `file.write`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "file.read",
            Self::Write { .. } => "file.write",
        }
    }
}

/// The bytes of a file.
///
/// # Errors
/// [`FileError::Read`].
pub fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    fs::read(path).map_err(|source| FileError::Read { path: path.to_owned(), source })
}

/// Writes a file so that a reader sees the old bytes or the new ones, never a part: beside it, to the disk, then renamed.
/// The folder is made if there is none.
///
/// # Errors
/// [`FileError::Write`]; the old file is then still there.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write(path, bytes, true)?;
    sync_folder(path);
    Ok(())
}

/// As [`write_atomic`], but only after [`sync`] is it sure that the bytes outlive a power cut. Many files are written much
/// faster if the first is synced after the last is written.
///
/// # Errors
/// [`FileError::Write`]; the old file is then still there.
pub fn write_unsynced(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write(path, bytes, false)
}

/// Waits until a file is on the disk.
///
/// # Errors
/// [`FileError::Write`].
pub fn sync(path: &Path) -> Result<(), FileError> {
    let synced = fs::File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|source| FileError::Write { path: path.to_owned(), source })
}

/// Waits until the names in the folder of a file are on the disk; where a folder cannot be opened (Windows) this is left out.
pub fn sync_folder(path: &Path) {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Ok(folder) = fs::File::open(folder.unwrap_or(Path::new("."))) {
        let _ = folder.sync_all();
    }
}

fn write(path: &Path, bytes: &[u8], sync: bool) -> Result<(), FileError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    write_beside(path, &beside, bytes, sync).map_err(|source| {
        // The part is of no use; that it may not exist is no second error.
        let _ = fs::remove_file(&beside);
        FileError::Write { path: path.to_owned(), source }
    })
}

fn write_beside(path: &Path, beside: &Path, bytes: &[u8], sync: bool) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut file = fs::File::create(beside)?;
    file.write_all(bytes)?;
    if sync {
        file.sync_all()?;
    }
    fs::rename(beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_stays_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/a.bin");
        write_atomic(&path, b"one").unwrap();
        write_unsynced(&path, b"three").unwrap();
        write_atomic(&path, b"two").unwrap();
        assert_eq!(read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn errors_name_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let missing = read(&folder.path().join("none")).unwrap_err();
        assert_eq!(missing.code(), "file.read");
        assert_eq!(sync(&folder.path().join("none")).unwrap_err().code(), "file.write");
        // The target is a folder: the rename fails, and the part is taken away.
        let target = folder.path().join("target");
        fs::create_dir_all(target.join("inside")).unwrap();
        let error = write_atomic(&target, b"x").unwrap_err();
        assert_eq!(error.code(), "file.write");
        assert!(error.to_string().contains("target"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
