//! The ratings of a marketplace: a client, the cleaner who did the job, what the client said of it.

use super::{Categories, Interaction, Interactions, Scale};
use crate::domain::{JobRecord, Vocabulary};

/// The rated jobs that name a client and a cleaner, as indices: one row of [`of_jobs`] each, in the same order.
pub fn rated_jobs(jobs: &[JobRecord]) -> Vec<usize> {
    (0..jobs.len()).filter(|at| row(&jobs[*at]).is_some()).collect()
}

/// The ratings of finished jobs, normalised to 0..1, at the time the job was posted; the category of a row is the kind of
/// job. Users are all clients and items all cleaners of the market, rated or not: indices are those of the data set.
///
/// Jobs without a rating, a cleaner or a known client are left out.
pub fn of_jobs(
    jobs: &[JobRecord],
    clients: &Vocabulary,
    cleaners: &Vocabulary,
    property_types: &[String],
) -> (Interactions, Categories) {
    let rated = rated_jobs(jobs);
    let rows: Vec<Interaction> = rated.iter().filter_map(|at| row(&jobs[*at])).collect();
    let of_rows = rated.iter().map(|at| jobs[*at].spec.property_type.into_iter().collect()).collect();
    let scale = Scale { low: 0.0, high: 1.0 };
    let interactions = Interactions { users: clients.clone(), items: cleaners.clone(), rows, scale, timed: true };
    (interactions, Categories { names: property_types.to_vec(), of_rows })
}

fn row(job: &JobRecord) -> Option<Interaction> {
    Some(Interaction { user: job.client?, item: job.hired?, value: job.rating?, at: job.spec.posted_at })
}
