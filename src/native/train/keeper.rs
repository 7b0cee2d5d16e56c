//! Writes checkpoints beside the training, on a thread of its own: an epoch may be shorter than a write to the disk.
//!
//! Every epoch hands over a checkpoint and goes on. Where the disk is slower than the epochs, the newest one is written next. The
//! file is always a whole one: it is written beside the old one, to the disk, and renamed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::TrainError;
use super::checkpoint::Checkpoint;
use crate::native::files;

/// What the two threads tell each other.
#[derive(Default)]
struct Slot {
    /// What is to be written next.
    next: Option<Checkpoint>,
    /// Epochs behind the checkpoint that is on the disk.
    written: Option<usize>,
    failed: Option<TrainError>,
    closed: bool,
}

#[derive(Default)]
struct Shared {
    slot: Mutex<Slot>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Slot> {
        // A thread that panicked left a slot that is as good as any.
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes until it is closed and nothing is left to write, or until a write fails.
    fn work(&self, path: &Path) {
        loop {
            let mut slot = self.lock();
            while slot.next.is_none() && !slot.closed {
                slot = self.changed.wait(slot).unwrap_or_else(PoisonError::into_inner);
            }
            let Some(checkpoint) = slot.next.take() else { return };
            drop(slot);
            let written = write(path, &checkpoint);
            let mut slot = self.lock();
            match written {
                Ok(()) => slot.written = Some(checkpoint.epochs.len()),
                Err(error) => {
                    slot.failed = Some(error);
                    return;
                }
            }
        }
    }
}

fn write(path: &Path, checkpoint: &Checkpoint) -> Result<(), TrainError> {
    Ok(files::write_atomic(path, &checkpoint.to_bytes()?)?)
}

/// The writing thread.
pub(super) struct Keeper {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts a thread that writes to this file.
    pub(super) fn new(path: &Path) -> Result<Self, TrainError> {
        let shared = Arc::new(Shared::default());
        let (theirs, path): (_, PathBuf) = (Arc::clone(&shared), path.to_owned());
        let thread = std::thread::Builder::new().name("checkpoints".to_owned());
        let thread = thread.spawn(move || theirs.work(&path)).map_err(TrainError::Writer)?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Hands over a checkpoint.
    ///
    /// # Errors
    /// What went wrong with an earlier one.
    pub(super) fn save(&self, checkpoint: Checkpoint) -> Result<(), TrainError> {
        let mut slot = self.shared.lock();
        if let Some(error) = slot.failed.take() {
            return Err(error);
        }
        slot.next = Some(checkpoint);
        self.shared.changed.notify_one();
        Ok(())
    }

    /// Waits until the last one is on the disk, and says how many epochs are behind it.
    ///
    /// # Errors
    /// What went wrong with it.
    pub(super) fn finish(mut self) -> Result<Option<usize>, TrainError> {
        self.close();
        let mut slot = self.shared.lock();
        slot.failed.take().map_or(Ok(slot.written), Err)
    }

    fn close(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread leaves the file before it in place.
            let _ = thread.join();
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::train::fit::Epoch;

    fn after(epochs: usize) -> Checkpoint {
        let epoch = Epoch { epoch: 1, train_loss: 1.0, validation_loss: 1.0, learning_rate: 1.0, ..Epoch::default() };
        Checkpoint { epochs: vec![epoch; epochs], ..Checkpoint::default() }
    }

    #[test]
    fn the_last_one_is_on_the_disk_in_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/checkpoint");
        let keeper = Keeper::new(&path).unwrap();
        (0..50).for_each(|epochs| keeper.save(after(epochs)).unwrap());
        assert_eq!(keeper.finish().unwrap(), Some(49));
        assert_eq!(Checkpoint::read(&path).unwrap().epochs().len(), 49);
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        assert_eq!(Keeper::new(&path).unwrap().finish().unwrap(), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told_and_leaves_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint");
        let keeper = Keeper::new(&path).unwrap();
        keeper.save(after(1)).unwrap();
        keeper.finish().unwrap();
        // What is written beside the file goes to a device that is always full.
        std::os::unix::fs::symlink("/dev/full", folder.path().join("checkpoint.part")).unwrap();
        let keeper = Keeper::new(&path).unwrap();
        keeper.save(after(2)).unwrap();
        let error = keeper.finish().unwrap_err();
        assert_eq!(error.code(), "file.write");
        let text = error.to_string();
        assert!(text.contains("checkpoint: ") && text.contains("No space left"), "{text}");
        assert_eq!(Checkpoint::read(&path).unwrap().epochs().len(), 1);
    }
}
