//! Statistics as rows of numbers: in which order their counts and sums stand in a file.

use crate::domain::{CleanerStats, MarketStats, Tally};

/// Counts of one cleaner that are not per kind of job; the badge is one more.
const COUNTS: usize = 15;
/// Sums of one cleaner that are not per kind of job.
const SUMS: usize = 9;
/// Counts of the market beside those of all cleaners, and those per kind of job.
const MARKET_COUNTS: (usize, usize) = (3, 2);
/// The same of its sums.
const MARKET_SUMS: (usize, usize) = (2, 1);

/// How many counts and sums a cleaner has in a market with that many kinds of job.
pub(super) fn widths(kinds: usize) -> (usize, usize) {
    (COUNTS + 2 * kinds, SUMS + kinds)
}

/// How many counts and sums a market with that many kinds of job has.
pub(super) fn market_widths(kinds: usize) -> (usize, usize) {
    let (counts, sums) = widths(kinds);
    (counts + MARKET_COUNTS.0 + MARKET_COUNTS.1 * kinds, sums + MARKET_SUMS.0 + MARKET_SUMS.1 * kinds)
}

/// Calls `count` and `sum` with every number of a cleaner's statistics but the badge, each in the order of its columns.
pub(super) fn visit(stats: &mut CleanerStats, count: &mut dyn FnMut(&mut u32), sum: &mut dyn FnMut(&mut f64)) {
    let CleanerStats {
        overall,
        quality,
        communication,
        professionalism,
        timeliness,
        completed,
        cancelled,
        on_time,
        photos,
        bids,
        wins,
        price_ratio,
        earnings,
        eco_completed,
        completed_30d,
        completed_90d,
        badge: _,
        by_type,
    } = stats;
    for field in [completed, cancelled, bids, wins, eco_completed, completed_30d, completed_90d] {
        count(field);
    }
    sum(earnings);
    for tally in [overall, quality, communication, professionalism, timeliness, on_time, photos, price_ratio] {
        visit_tally(tally, count, sum);
    }
    for of_kind in by_type {
        count(&mut of_kind.completed);
        visit_tally(&mut of_kind.rating, count, sum);
    }
}

/// The same for every number of a market's statistics.
pub(super) fn visit_market(stats: &mut MarketStats, count: &mut dyn FnMut(&mut u32), sum: &mut dyn FnMut(&mut f64)) {
    let MarketStats {
        total,
        hourly,
        hourly_by_type,
        max_completed,
        max_completed_by_type,
        max_earnings,
        dated_completions,
    } = stats;
    visit(total, count, sum);
    visit_tally(hourly, count, sum);
    for tally in hourly_by_type {
        visit_tally(tally, count, sum);
    }
    count(max_completed);
    for most in max_completed_by_type {
        count(most);
    }
    sum(max_earnings);
    count(dated_completions);
}

fn visit_tally(tally: &mut Tally, count: &mut dyn FnMut(&mut u32), sum: &mut dyn FnMut(&mut f64)) {
    count(&mut tally.count);
    sum(&mut tally.sum);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_as_long_as_said() {
        for kinds in [0, 1, 4] {
            let (mut counts, mut sums) = (0, 0);
            visit(&mut CleanerStats::new(kinds), &mut |_| counts += 1, &mut |_| sums += 1);
            assert_eq!((counts, sums), widths(kinds), "{kinds} kinds");
            let (mut counts, mut sums) = (0, 0);
            visit_market(&mut MarketStats::new(kinds), &mut |_| counts += 1, &mut |_| sums += 1);
            assert_eq!((counts, sums), market_widths(kinds), "the market with {kinds} kinds");
        }
    }
}
