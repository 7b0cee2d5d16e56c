//! Experience: log jobs of this kind 70 % (of every kind, where the job does not say), log earnings 30 %, each relative to
//! the market's most.

use super::score::{Record, weighted};

/// 0 to 1, or `None` where nobody in the market has any.
pub(super) fn value(record: &Record<'_>) -> Option<f64> {
    let (market, stats) = (record.market, record.stats);
    let (jobs, most) = match record.property_type {
        Some(kind) => {
            let most = market.max_completed_by_type.get(usize::from(kind)).copied().unwrap_or(0);
            (stats.in_type(Some(kind)).completed, most)
        }
        None => (stats.completed, market.max_completed),
    };
    weighted(&[
        (0.7, log_share(f64::from(jobs), f64::from(most))),
        (0.3, log_share(stats.earnings, market.max_earnings)),
    ])
}

/// `ln(1 + amount) / ln(1 + most)`: the tenth job counts for more than the hundred-and-tenth.
fn log_share(amount: f64, most: f64) -> Option<f64> {
    (most > 0.0).then(|| libm::log1p(amount) / libm::log1p(most))
}
