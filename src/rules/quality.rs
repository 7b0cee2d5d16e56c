//! Quality: reviews. Overall in this kind of job 40 %, communication, professionalism and timeliness 20 % each.

use super::score::{Record, weighted};

/// 0 to 1, or `None` where the market has no reviews.
pub(super) fn value(record: &Record<'_>) -> Option<f64> {
    let rates = record.rates;
    weighted(&[
        (0.4, rates.overall_in(record.stats, record.property_type)),
        (0.2, rates.communication),
        (0.2, rates.professionalism),
        (0.2, rates.timeliness),
    ])
}
