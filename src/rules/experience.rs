//! Experience: log jobs of this kind 40 %, log jobs 30 %, log earnings 30 %, each relative to the market's most.

use super::score::{Subject, weighted};

/// 0 to 1, or `None` where nobody in the market has any.
pub(super) fn value(subject: &Subject<'_>) -> Option<f64> {
    let (market, stats, kind) = (subject.market, subject.stats, subject.job.property_type);
    let most_of_kind = kind.and_then(|kind| market.max_completed_by_type.get(usize::from(kind))).copied().unwrap_or(0);
    weighted(&[
        (0.4, log_share(f64::from(stats.in_type(kind).completed), f64::from(most_of_kind))),
        (0.3, log_share(f64::from(stats.completed), f64::from(market.max_completed))),
        (0.3, log_share(stats.earnings, market.max_earnings)),
    ])
}

/// `ln(1 + amount) / ln(1 + most)`: the tenth job counts for more than the hundred-and-tenth.
fn log_share(amount: f64, most: f64) -> Option<f64> {
    (most > 0.0).then(|| libm::log1p(amount) / libm::log1p(most))
}
