//! `history.jsonl`: one line of JSON per epoch, there as soon as the epoch is over.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::{EpochRecord, RunInfo, Status, Tracker, TrackingError};

/// Writes a history while a training runs. A file that is there is replaced when the first epoch is over, not before.
#[derive(Debug)]
pub struct HistoryFile {
    path: PathBuf,
    file: Option<File>,
}

impl HistoryFile {
    /// Into this file.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), file: None }
    }

    fn write(&mut self, epoch: &EpochRecord) -> std::io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                if let Some(folder) = self.path.parent() {
                    fs::create_dir_all(folder)?;
                }
                none.insert(File::create(&self.path)?)
            }
        };
        // One call for the whole line, end included: a process that is killed leaves whole lines.
        file.write_all(format!("{}\n", epoch.line).as_bytes())
    }
}

impl Tracker for HistoryFile {
    fn start(&mut self, _: &RunInfo) -> Result<(), TrackingError> {
        Ok(())
    }

    fn epoch(&mut self, epoch: &EpochRecord) -> Result<(), TrackingError> {
        self.write(epoch).map_err(|source| TrackingError::File { path: self.path.clone(), source })
    }

    fn end(&mut self, _: &Status) -> Result<(), TrackingError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(line: &str) -> EpochRecord {
        EpochRecord { line: line.to_owned(), ..EpochRecord::default() }
    }

    #[test]
    fn every_epoch_is_on_the_disk_at_once_and_the_file_before_stays_until_then() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model/history.jsonl");
        fs::create_dir(path.parent().unwrap()).unwrap();
        fs::write(&path, "old\n").unwrap();
        let mut history = HistoryFile::new(&path);
        history.start(&RunInfo::default()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old\n");
        for (line, expected) in [(r#"{"epoch":1}"#, "{\"epoch\":1}\n"), ("2", "{\"epoch\":1}\n2\n")] {
            history.epoch(&epoch(line)).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), expected);
        }
        history.end(&Status::Finished).unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error_with_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.jsonl");
        std::os::unix::fs::symlink("/dev/full", &path).unwrap();
        let error = HistoryFile::new(&path).epoch(&epoch("1")).unwrap_err();
        assert_eq!(error.code(), "tracking.file");
        assert!(error.to_string().contains("history.jsonl") && error.to_string().contains("space"), "{error}");
    }
}
