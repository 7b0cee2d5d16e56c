//! Bayesian averages of a cleaner's record: what rules and features both start from.

use super::stats::{CleanerStats, MarketStats, Tally};

/// How many observations of the market's mean a cleaner's own record is weighed against. Three reviews count as much as
/// the market's opinion of everybody: ratings differ more between cleaners than between two jobs of one cleaner.
pub const PRIOR_STRENGTH: f64 = 3.0;

/// A reliability badge counts like this many jobs completed without a fault.
pub const BADGE_STRENGTH: u32 = 5;

/// A cleaner's record with every small sample shrunk toward the market's mean. All values are in [0, 1]; `None` =
/// neither the cleaner nor the market has any observation.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rates {
    /// Overall rating.
    pub overall: Option<f64>,
    /// Rating of the cleaning itself.
    pub quality: Option<f64>,
    /// Rating of communication.
    pub communication: Option<f64>,
    /// Rating of professionalism.
    pub professionalism: Option<f64>,
    /// Rating of timeliness.
    pub timeliness: Option<f64>,
    /// Share of decided jobs that were completed.
    pub completion: Option<f64>,
    /// Share of completed jobs that began on time.
    pub on_time: Option<f64>,
    /// Share of completed jobs with photos.
    pub photos: Option<f64>,
    /// Share of jobs won that were cancelled or failed.
    pub cancellation: Option<f64>,
    /// Share of bids that won.
    pub win: Option<f64>,
}

impl Rates {
    /// The record of `cleaner` in a market of which `market` is known.
    pub fn of(cleaner: &CleanerStats, market: &MarketStats) -> Self {
        let total = &market.total;
        Self {
            overall: shrunk(cleaner.overall, total.overall),
            quality: shrunk(cleaner.quality, total.quality),
            communication: shrunk(cleaner.communication, total.communication),
            professionalism: shrunk(cleaner.professionalism, total.professionalism),
            timeliness: shrunk(cleaner.timeliness, total.timeliness),
            completion: shrunk(completion(cleaner), completion(total)),
            on_time: shrunk(cleaner.on_time, total.on_time),
            photos: shrunk(cleaner.photos, total.photos),
            cancellation: shrunk(share(cleaner.cancelled, cleaner.wins), share(total.cancelled, total.wins)),
            win: shrunk(share(cleaner.wins, cleaner.bids), share(total.wins, total.bids)),
        }
    }

    /// The overall rating in one kind of job: the cleaner's ratings of that kind, shrunk toward their rating in all.
    pub fn overall_in(&self, cleaner: &CleanerStats, property_type: Option<u16>) -> Option<f64> {
        Some(cleaner.in_type(property_type).rating.shrunk(self.overall?, PRIOR_STRENGTH))
    }

    /// The mean of the four part ratings that are known.
    pub fn parts_mean(&self) -> Option<f64> {
        let parts = [self.quality, self.communication, self.professionalism, self.timeliness];
        let known: Vec<f64> = parts.into_iter().flatten().collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    }
}

fn shrunk(own: Tally, market: Tally) -> Option<f64> {
    Some(own.shrunk(market.mean()?, PRIOR_STRENGTH))
}

fn share(hits: u32, of: u32) -> Tally {
    Tally { count: of, sum: f64::from(hits) }
}

/// Completed against cancelled jobs; a badge adds [`BADGE_STRENGTH`] completed ones. Where nothing was ever cancelled
/// and no cleaner is known to have completed a job, there is no rate.
fn completion(stats: &CleanerStats) -> Tally {
    let badge = if stats.badge == Some(true) { BADGE_STRENGTH } else { 0 };
    share(stats.completed + badge, stats.completed + badge + stats.cancelled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_known_is_the_market_and_nothing_at_all_is_none() {
        let mut market = MarketStats::new(1);
        assert_eq!(Rates::of(&CleanerStats::new(1), &market), Rates::default());
        market.total.overall = Tally { count: 8, sum: 6.0 };
        let rates = Rates::of(&CleanerStats::new(1), &market);
        assert_eq!((rates.overall, rates.quality, rates.parts_mean()), (Some(0.75), None, None));
    }

    #[test]
    fn a_rating_in_one_kind_is_shrunk_twice() {
        let mut market = MarketStats::new(2);
        market.total.overall = Tally { count: 100, sum: 50.0 };
        let mut cleaner = CleanerStats::new(2);
        cleaner.overall = Tally { count: 3, sum: 3.0 };
        cleaner.by_type[1].rating = Tally { count: 3, sum: 3.0 };
        let rates = Rates::of(&cleaner, &market);
        assert_eq!(rates.overall, Some(0.75));
        assert_eq!(rates.overall_in(&cleaner, Some(1)), Some(0.875));
        assert_eq!(rates.overall_in(&cleaner, Some(0)), Some(0.75));
        assert_eq!(rates.overall_in(&cleaner, None), Some(0.75));
    }
}
