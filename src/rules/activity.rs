//! Activity: jobs completed in the last 30 days 60 %, in the last 90 days 40 %. Four jobs a month count as fully active.

use super::score::Record;

const FULL_MONTH: f64 = 4.0;

/// 0 to 1, or `None` where no completed job has a date.
pub(super) fn value(record: &Record<'_>) -> Option<f64> {
    let stats = record.stats;
    let share = |jobs: u32, full: f64| (f64::from(jobs) / full).min(1.0);
    (record.market.dated_completions > 0)
        .then(|| 0.6 * share(stats.completed_30d, FULL_MONTH) + 0.4 * share(stats.completed_90d, 3.0 * FULL_MONTH))
}
