//! TensorBoard's event files, `events.out.tfevents.<seconds>.<host>`: a frame per event ([`frame`]), a protobuf in each
//! ([`event`]).
//!
//! Format: `tensorflow/core/lib/io/record_writer.h`, `tensorboard/compat/proto/{event,summary,tensor}.proto`.

mod event;
mod frame;

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::{EpochRecord, RunInfo, Status, Tracker, TrackingError};
use event::What;

/// Names that are tried when several files are begun in the same second.
const NAMES: u32 = 1000;

/// Writes the scalars of each epoch, and settings and tags as texts.
#[derive(Debug)]
pub struct EventFile {
    folder: PathBuf,
    file: Option<(PathBuf, File)>,
}

impl EventFile {
    /// A new file in this folder, made when the training begins.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), file: None }
    }

    fn open(&self, now: f64) -> Result<(PathBuf, File), TrackingError> {
        let failed = |path: &Path, source| TrackingError::File { path: path.to_owned(), source };
        fs::create_dir_all(&self.folder).map_err(|source| failed(&self.folder, source))?;
        let name = format!("events.out.tfevents.{}.{}", now as u64, host());
        let mut number = 0;
        loop {
            let path = self.folder.join(if number == 0 { name.clone() } else { format!("{name}.{number}") });
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok((path, file)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && number < NAMES => number += 1,
                Err(source) => return Err(failed(&path, source)),
            }
        }
    }

    fn write(&mut self, step: u64, what: &What<'_>) -> Result<(), TrackingError> {
        // Nothing was begun: nothing is written.
        let Some((path, file)) = &mut self.file else { return Ok(()) };
        append(file, now(), step, what).map_err(|source| TrackingError::File { path: path.clone(), source })
    }
}

/// One frame in one call, so that a process that is killed leaves whole ones.
fn append(to: &mut impl Write, now: f64, step: u64, what: &What<'_>) -> std::io::Result<()> {
    to.write_all(&frame::framed(&event::encoded(now, step, what)))
}

impl Tracker for EventFile {
    fn start(&mut self, run: &RunInfo) -> Result<(), TrackingError> {
        self.file = Some(self.open(now())?);
        self.write(0, &What::Version)?;
        self.write(0, &What::Text { tag: "settings", text: &table("setting", &run.params) })?;
        self.write(0, &What::Text { tag: "run", text: &table("run", &run.tags) })
    }

    fn epoch(&mut self, epoch: &EpochRecord) -> Result<(), TrackingError> {
        self.write(epoch.step, &What::Scalars(&epoch.values))
    }

    fn end(&mut self, status: &Status) -> Result<(), TrackingError> {
        let text = match status {
            Status::Finished => "finished".to_owned(),
            Status::Failed(why) => format!("failed: {why}"),
            Status::Killed => "stopped".to_owned(),
        };
        self.write(0, &What::Text { tag: "status", text: &text })
    }
}

/// A table in Markdown, which TensorBoard shows as one.
fn table(heading: &str, rows: &[(String, String)]) -> String {
    let mut text = format!("| {heading} | value |\n|---|---|\n");
    for (name, value) in rows {
        let value = value.replace('|', "\\|").replace('\n', " ");
        text += &format!("| {name} | {value} |\n");
    }
    text
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// The name of this machine as far as it may stand in the name of a file.
fn host() -> String {
    let named = fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| std::env::var("HOSTNAME").ok());
    let name: String = named
        .unwrap_or_default()
        .trim()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' })
        .collect();
    if name.is_empty() { "localhost".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// What `tests/fixtures/tensorboard_events.py` put together without this code, checked there with TensorBoard's own protobufs.
    #[test]
    fn the_bytes_are_those_of_tensorboards_own_writer() {
        let golden = include_bytes!("../../../../tests/fixtures/tensorboard_events.bin");
        let mut found = Vec::new();
        append(&mut found, 1_700_000_000.5, 0, &What::Version).unwrap();
        append(&mut found, 1_700_000_000.5, 0, &What::Text { tag: "settings", text: "| a | b |\nσ = 0.5" }).unwrap();
        let values = [("train_loss".to_owned(), 0.75), ("validation_loss".to_owned(), -1e-3), ("zero".to_owned(), 0.0)];
        append(&mut found, 1_700_000_001.25, 300, &What::Scalars(&values)).unwrap();
        assert_eq!(found, golden);
    }

    #[test]
    fn two_trainings_in_one_second_have_two_files() {
        let folder = tempfile::tempdir().unwrap();
        let events = EventFile::new(&folder.path().join("runs/a"));
        let paths = [0, 1, 2].map(|_| events.open(12.75).unwrap().0);
        let names = file_names(&folder.path().join("runs/a"));
        assert_eq!(names.len(), 3);
        assert!(names[0].starts_with("events.out.tfevents.12.") && names[0].len() > "events.out.tfevents.12.".len());
        assert_eq!(names[1], format!("{}.1", names[0]));
        assert!(paths[2].ends_with(&names[2]));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error_with_the_file() {
        let path = PathBuf::from("/dev/full");
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        let mut events = EventFile { folder: PathBuf::new(), file: Some((path, file)) };
        let error = events.epoch(&EpochRecord::default()).unwrap_err();
        assert_eq!(error.code(), "tracking.file");
        assert!(error.to_string().starts_with("cannot write /dev/full: No space left"), "{error}");
    }

    #[test]
    fn a_folder_that_cannot_be_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let error = EventFile::new(&folder.path().join("file/runs")).start(&RunInfo::default()).unwrap_err();
        assert_eq!(error.code(), "tracking.file");
    }

    #[test]
    fn a_bar_in_a_value_does_not_end_its_cell() {
        let rows = [("a".to_owned(), "x|y\nz".to_owned())];
        assert_eq!(table("setting", &rows), "| setting | value |\n|---|---|\n| a | x\\|y z |\n");
    }
}
