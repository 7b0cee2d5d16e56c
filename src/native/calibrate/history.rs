//! What a client had rated before a moment, as the client's page would know it.

use crate::domain::{DAY, JobRecord, Timestamp};
use crate::engine::Interaction;
use crate::native::eval::request::Names;

/// A rating counts as given so long after the work was to be done.
const RATED_AFTER: Timestamp = 4 * DAY;

/// The ratings that a client had given before `at`, in order of time. `jobs`: all jobs in order of time.
pub fn history(names: &Names<'_>, jobs: &[JobRecord], client: u32, at: Timestamp) -> Vec<Interaction> {
    let given = |job: &&JobRecord| job.client == Some(client) && job.spec.scheduled_at + RATED_AFTER <= at;
    jobs.iter()
        .take_while(|job| job.spec.posted_at < at)
        .filter(given)
        .filter_map(|job| interaction(names, job))
        .collect()
}

pub(super) fn interaction(names: &Names<'_>, job: &JobRecord) -> Option<Interaction> {
    let (rating, hired) = (job.rating.filter(|_| job.completed)?, job.hired?);
    let (low, high) = (names.market.rating_min, names.market.rating_max);
    let cleaner_id = names.cleaners.get(hired as usize)?.id.clone();
    Some(Interaction { cleaner_id, rating: (low + rating * (high - low)).clamp(low, high), job: Some(names.job(job)) })
}
