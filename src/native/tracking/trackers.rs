//! The trackers of a training, and the wall between them and it.

use super::{EpochRecord, RunInfo, Status, TrackingError};

/// Somebody who is told how a training goes. An error is the last that is heard of it.
pub trait Tracker: Send {
    /// A training begins.
    ///
    /// # Errors
    /// Whatever the tracker cannot go on after; so for all of them.
    fn start(&mut self, run: &RunInfo) -> Result<(), TrackingError>;
    /// An epoch is over.
    ///
    /// # Errors
    /// As above.
    fn epoch(&mut self, epoch: &EpochRecord) -> Result<(), TrackingError>;
    /// The training is over.
    ///
    /// # Errors
    /// As above.
    fn end(&mut self, status: &Status) -> Result<(), TrackingError>;
}

/// All trackers of a training. Nothing here fails.
pub struct Trackers<'a> {
    trackers: Vec<Box<dyn Tracker>>,
    warn: Box<dyn FnMut(&TrackingError) + Send + 'a>,
}

impl<'a> Trackers<'a> {
    /// None yet. `warn` is given the error of each tracker that fails, once for each.
    pub fn new(warn: impl FnMut(&TrackingError) + Send + 'a) -> Self {
        Self { trackers: Vec::new(), warn: Box::new(warn) }
    }

    /// One more.
    pub fn add(&mut self, tracker: impl Tracker + 'static) {
        self.trackers.push(Box::new(tracker));
    }

    /// Tells that a training begins.
    pub fn start(&mut self, run: &RunInfo) {
        self.tell(|tracker| tracker.start(run));
    }

    /// Tells that an epoch is over.
    pub fn epoch(&mut self, epoch: &EpochRecord) {
        self.tell(|tracker| tracker.epoch(epoch));
    }

    /// Tells that the training is over. Takes no longer than the trackers' own patience.
    pub fn end(mut self, status: &Status) {
        self.tell(|tracker| tracker.end(status));
    }

    fn tell(&mut self, mut news: impl FnMut(&mut dyn Tracker) -> Result<(), TrackingError>) {
        self.trackers.retain_mut(|tracker| match news(tracker.as_mut()) {
            Ok(()) => true,
            Err(error) => {
                (self.warn)(&error);
                false
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Fails from that call on, and notes what it is told.
    struct Script(usize, Arc<Mutex<Vec<&'static str>>>);

    impl Script {
        fn told(&mut self, what: &'static str) -> Result<(), TrackingError> {
            self.1.lock().unwrap().push(what);
            if self.0 == 0 {
                let source = std::io::ErrorKind::StorageFull.into();
                return Err(TrackingError::File { path: what.into(), source });
            }
            self.0 -= 1;
            Ok(())
        }
    }

    impl Tracker for Script {
        fn start(&mut self, _: &RunInfo) -> Result<(), TrackingError> {
            self.told("start")
        }
        fn epoch(&mut self, _: &EpochRecord) -> Result<(), TrackingError> {
            self.told("epoch")
        }
        fn end(&mut self, _: &Status) -> Result<(), TrackingError> {
            self.told("end")
        }
    }

    #[test]
    fn who_fails_is_warned_of_once_and_told_no_more_and_the_others_are() {
        for (fails_at, told, warnings) in [
            (0, vec!["start"], 1),
            (1, vec!["start", "epoch"], 1),
            (3, vec!["start", "epoch", "epoch", "end"], 1),
            (9, vec!["start", "epoch", "epoch", "end"], 0),
        ] {
            let (bad, good) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
            let mut warned = Vec::new();
            let mut trackers = Trackers::new(|error| warned.push(error.code()));
            trackers.add(Script(fails_at, Arc::clone(&bad)));
            trackers.add(Script(9, Arc::clone(&good)));
            trackers.start(&RunInfo::default());
            trackers.epoch(&EpochRecord::default());
            trackers.epoch(&EpochRecord::default());
            trackers.end(&Status::Finished);
            assert_eq!(*bad.lock().unwrap(), told);
            assert_eq!(good.lock().unwrap().len(), 4);
            assert_eq!(warned, vec!["tracking.file"; warnings]);
        }
    }
}
