//! Which jobs are open at a moment, and what is known of them then.

use std::collections::HashMap;
use std::path::Path;

use crate::domain::{JobRecord, Timestamp};
use crate::native::datasets::rows::JobRow;
use crate::native::datasets::{DataError, Dataset, read_table};

/// The moment at which everything in a data set has happened.
pub fn end_of(data: &Dataset) -> Timestamp {
    let posted = data.jobs.iter().map(|job| job.spec.posted_at).max();
    data.history.last().max(posted).unwrap_or(0).saturating_add(1)
}

/// What became of the jobs of a data set, job by job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lives {
    /// When a bid was accepted or the job ended without one, whichever came first.
    pub decided: Vec<Option<Timestamp>>,
    /// When it ended, and whether it was completed.
    pub ended: Vec<Option<(Timestamp, bool)>>,
}

impl Lives {
    /// Of the jobs of the data set in `dir`.
    ///
    /// # Errors
    /// [`DataError`] for a table that cannot be read.
    pub fn read(dir: &Path, data: &Dataset) -> Result<Self, DataError> {
        let mut known = HashMap::with_capacity(data.jobs.len());
        read_table(dir, |_, row: JobRow| {
            let completed = row.completed_at.map(|at| (at, true));
            let ended = completed.or(row.cancelled_at.map(|at| (at, false)));
            known.insert(row.job_id.clone(), (decided_at(&row), ended));
            Ok(())
        })?;
        let of = |job: &JobRecord| known.get(&job.id).copied().unwrap_or_default();
        let (decided, ended) = data.jobs.iter().map(of).unzip();
        Ok(Self { decided, ended })
    }

    /// The jobs that are open at a moment, as indices in order of time: posted before it, and neither accepted, completed,
    /// cancelled nor failed before it. A job whose state says so without saying when was never open.
    pub fn open(&self, jobs: &[JobRecord], at: Timestamp) -> Vec<usize> {
        let open =
            |job: &usize| jobs[*job].spec.posted_at < at && self.decided[*job].is_none_or(|decided| decided >= at);
        (0..jobs.len()).filter(open).collect()
    }

    /// How many jobs of a client ended before a moment, and how many of them were completed.
    pub fn client(&self, jobs: &[JobRecord], client: u32, at: Timestamp) -> [u32; 2] {
        let ended = jobs.iter().zip(&self.ended).filter(|(job, _)| job.client == Some(client));
        let before = ended.filter_map(|(_, ended)| ended.filter(|(when, _)| *when < at));
        before.fold([0, 0], |[jobs, completed], (_, done)| [jobs + 1, completed + u32::from(done)])
    }
}

/// The jobs of the data set in `dir` that are [open](Lives::open) at a moment.
///
/// # Errors
/// [`DataError`] for a table that cannot be read.
pub fn open_jobs(dir: &Path, data: &Dataset, at: Timestamp) -> Result<Vec<usize>, DataError> {
    Ok(Lives::read(dir, data)?.open(&data.jobs, at))
}

fn decided_at(job: &JobRow) -> Option<Timestamp> {
    let known = [job.accepted_at, job.completed_at, job.cancelled_at].into_iter().flatten().min();
    let undecided = matches!(job.status.as_str(), "open" | "bidding");
    known.or_else(|| (!undecided).then_some(job.posted_at))
}

/// A job with the bids that were made before a moment.
pub fn as_known_at(job: &JobRecord, at: Timestamp) -> JobRecord {
    let mut known = job.clone();
    known.bids.retain(|bid| bid.placed_at < at);
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(status: &str, accepted_at: Option<i64>, completed_at: Option<i64>, cancelled_at: Option<i64>) -> JobRow {
        JobRow {
            job_id: "j".into(),
            client_id: None,
            property_id: None,
            property_type: None,
            latitude: None,
            longitude: None,
            size_m2: None,
            duration_h: None,
            eco: false,
            budget: None,
            posted_at: 10,
            scheduled_at: 10,
            status: status.into(),
            hired_cleaner_id: None,
            accepted_at,
            confirmed_at: None,
            completed_at,
            cancelled_at,
            on_time: None,
            photos: None,
        }
    }

    #[test]
    fn a_job_is_decided_when_the_first_thing_happens_to_it() {
        let cases = [
            (job("open", None, None, None), None),
            (job("bidding", None, None, None), None),
            (job("completed", Some(20), Some(30), None), Some(20)),
            (job("completed", None, Some(30), None), Some(30)),
            (job("cancelled", None, None, Some(25)), Some(25)),
            (job("accepted", None, None, None), Some(10)),
        ];
        for (job, expected) in cases {
            assert_eq!(decided_at(&job), expected, "{job:?}");
        }
    }
}
