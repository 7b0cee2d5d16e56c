//! What is known of a cleaner, and of the whole market, at one moment: counts and sums, nothing weighed yet.

#[cfg(feature = "native")]
use serde::{Deserialize, Serialize};

/// A count and a sum: a mean that knows how much it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
pub struct Tally {
    /// How many values.
    pub count: u32,
    /// Their sum.
    pub sum: f64,
}

impl Tally {
    /// Adds one value.
    pub fn add(&mut self, value: f64) {
        self.count += 1;
        self.sum += value;
    }

    /// The mean, if there is any value.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / f64::from(self.count))
    }

    /// The Bayesian average: the mean after `strength` further values of `prior` each. With no value it is the prior.
    pub fn shrunk(&self, prior: f64, strength: f64) -> f64 {
        (self.sum + prior * strength) / (f64::from(self.count) + strength)
    }
}

/// What is known of one cleaner, or of the market, in one kind of job.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
pub struct TypeStats {
    /// Jobs completed.
    pub completed: u32,
    /// Overall ratings, each in [0, 1].
    pub rating: Tally,
}

/// What is known of one cleaner at one moment. Ratings are normalised to [0, 1].
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
pub struct CleanerStats {
    /// Overall ratings.
    pub overall: Tally,
    /// Ratings of the cleaning itself.
    pub quality: Tally,
    /// Ratings of communication.
    pub communication: Tally,
    /// Ratings of professionalism.
    pub professionalism: Tally,
    /// Ratings of timeliness.
    pub timeliness: Tally,
    /// Jobs completed.
    pub completed: u32,
    /// Jobs cancelled or failed after they were won.
    pub cancelled: u32,
    /// 1 per completed job that began on time, 0 per late one; jobs of which it is unknown are left out.
    pub on_time: Tally,
    /// 1 per completed job with photos, 0 without; jobs of which it is unknown are left out.
    pub photos: Tally,
    /// Bids made.
    pub bids: u32,
    /// Bids that won.
    pub wins: u32,
    /// Bid divided by what the market asked for such a job at that moment; 1 = the market's price.
    pub price_ratio: Tally,
    /// Money earned from completed jobs.
    pub earnings: f64,
    /// Completed jobs with eco-friendly products.
    pub eco_completed: u32,
    /// Jobs completed in the last 30 days.
    pub completed_30d: u32,
    /// Jobs completed in the last 90 days.
    pub completed_90d: u32,
    /// A badge of reliability that the marketplace gives; `None` if it gives none.
    pub badge: Option<bool>,
    /// Per kind of job, by index of the property type.
    pub by_type: Vec<TypeStats>,
}

impl CleanerStats {
    /// Nothing known yet, in a market with that many property types.
    pub fn new(property_types: usize) -> Self {
        Self { by_type: vec![TypeStats::default(); property_types], ..Self::default() }
    }

    /// What is known in one kind of job; nothing for a kind that nobody knows.
    pub fn in_type(&self, property_type: Option<u16>) -> TypeStats {
        property_type.and_then(|kind| self.by_type.get(usize::from(kind))).copied().unwrap_or_default()
    }
}

/// What is known of the market as a whole at one moment: the priors that small samples are shrunk toward.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
pub struct MarketStats {
    /// The sums over all cleaners (`badge` stays `None`; the windows of 30 and 90 days are not kept here).
    pub total: CleanerStats,
    /// Bid per hour of estimated duration, over all bids.
    pub hourly: Tally,
    /// The same per kind of job.
    pub hourly_by_type: Vec<Tally>,
    /// Jobs that the busiest cleaner has completed.
    pub max_completed: u32,
    /// The same per kind of job.
    pub max_completed_by_type: Vec<u32>,
    /// What the best-paid cleaner has earned.
    pub max_earnings: f64,
    /// Completed jobs of which the date is known; without any, nobody's recent activity is known.
    pub dated_completions: u32,
}

impl MarketStats {
    /// Nothing known yet, in a market with that many property types.
    pub fn new(property_types: usize) -> Self {
        Self {
            total: CleanerStats::new(property_types),
            hourly_by_type: vec![Tally::default(); property_types],
            max_completed_by_type: vec![0; property_types],
            ..Self::default()
        }
    }

    /// The market's price for an hour of this kind of job: that of the kind where there are ten bids, else of all.
    pub fn hourly_price(&self, property_type: Option<u16>) -> Option<f64> {
        self.hourly_price_of_kind(property_type).or_else(|| self.hourly.mean())
    }

    /// The same, but `None` where there are not yet ten bids of this kind.
    pub fn hourly_price_of_kind(&self, property_type: Option<u16>) -> Option<f64> {
        let of_kind = property_type.and_then(|kind| self.hourly_by_type.get(usize::from(kind)));
        of_kind.filter(|tally| tally.count >= 10).and_then(Tally::mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_perfect_review_does_not_beat_two_hundred_good_ones() {
        let mut one = Tally::default();
        one.add(1.0);
        let mut many = Tally::default();
        (0..200).for_each(|_| many.add(0.95));
        assert!(one.mean() > many.mean());
        assert!(one.shrunk(0.8, 10.0) < many.shrunk(0.8, 10.0));
        assert!((one.shrunk(0.8, 10.0) - 9.0 / 11.0).abs() < 1e-12);
        assert_eq!(Tally::default().shrunk(0.8, 10.0), 0.8);
        assert_eq!(Tally::default().mean(), None);
    }

    #[test]
    fn the_price_of_a_kind_needs_ten_bids() {
        let mut market = MarketStats::new(2);
        market.hourly = Tally { count: 30, sum: 300.0 };
        market.hourly_by_type[1] = Tally { count: 9, sum: 180.0 };
        assert_eq!(market.hourly_price(Some(1)), Some(10.0));
        market.hourly_by_type[1] = Tally { count: 10, sum: 200.0 };
        assert_eq!(market.hourly_price(Some(1)), Some(20.0));
        assert_eq!(MarketStats::new(1).hourly_price(None), None);
    }
}
