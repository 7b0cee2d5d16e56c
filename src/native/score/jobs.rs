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

/// The jobs of the data set in `dir` that are open at a moment, as indices in order of time: posted before it, and neither
/// accepted, completed, cancelled nor failed before it. A job whose state says so without saying when was never open.
///
/// # Errors
/// [`DataError`] for a table that cannot be read.
pub fn open_jobs(dir: &Path, data: &Dataset, at: Timestamp) -> Result<Vec<usize>, DataError> {
    let mut decided: HashMap<String, Option<Timestamp>> = HashMap::with_capacity(data.jobs.len());
    read_table(dir, |_, row: JobRow| {
        let when = decided_at(&row);
        decided.insert(row.job_id, when);
        Ok(())
    })?;
    let open = |job: &JobRecord| {
        let decided = decided.get(&job.id).copied().flatten();
        job.spec.posted_at < at && decided.is_none_or(|decided| decided >= at)
    };
    Ok((0..data.jobs.len()).filter(|job| open(&data.jobs[*job])).collect())
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
