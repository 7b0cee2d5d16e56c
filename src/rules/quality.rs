//! Quality: reviews. Overall in this kind of job 40 %, communication, professionalism and timeliness 20 % each.

use super::score::{Subject, weighted};

/// 0 to 1, or `None` where the market has no reviews.
pub(super) fn value(subject: &Subject<'_>) -> Option<f64> {
    let rates = subject.rates;
    weighted(&[
        (0.4, rates.overall_in(subject.stats, subject.job.property_type)),
        (0.2, rates.communication),
        (0.2, rates.professionalism),
        (0.2, rates.timeliness),
    ])
}
