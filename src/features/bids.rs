//! What a bid is judged by: the job, what the market asks, the cleaner's record and the bids so far. All prices are relative
//! to one reference price of the job, so that a model of one kind of job says something of another.

use crate::domain::{
    Cleaner, CleanerStats, HOUR, JobSpec, Market, MarketStats, PRIOR_STRENGTH, Rates, Timestamp, day_of_week,
    hour_of_day,
};

/// The features of a bid in order; `ln` is the natural logarithm, ratios are to the reference price. A model carries this list.
pub const BID_FEATURES: [&str; 23] = [
    "ln_duration_h",
    "ln_size_m2",
    "eco",
    "hour_of_day",
    "day_of_week",
    "ln1p_days_ahead",
    "ln_reference",
    "ln_budget_ratio",
    "ln_usual_ratio",
    "ln_past_ratio",
    "win_rate",
    "rating",
    "rating_in_kind",
    "completion_rate",
    "ln1p_jobs",
    "ln1p_bids_made",
    "eco_cleaner",
    "ln1p_distance_km",
    "ln1p_bids_so_far",
    "ln_lowest_ratio",
    "ln_mean_ratio",
    "ln1p_hours_since_posting",
    "has_history",
];

/// How many there are.
pub const BID_FEATURE_COUNT: usize = BID_FEATURES.len();

/// A job on which a cleaner may bid, as it is known at that moment. The cleaner's own bid is no part of it: that is what is
/// asked about.
#[derive(Debug, Clone, Copy)]
pub struct BidSubject<'a> {
    /// The market.
    pub market: &'a Market,
    /// What was known of it when the job was posted.
    pub market_stats: &'a MarketStats,
    /// The job.
    pub job: &'a JobSpec,
    /// The cleaner.
    pub cleaner: &'a Cleaner,
    /// What was known of them when the job was posted.
    pub stats: &'a CleanerStats,
    /// What the others have asked so far; not finite or not positive ones do not count.
    pub bids: &'a [f32],
    /// When the bid would be placed; `None` where nobody says.
    pub at: Option<Timestamp>,
}

impl BidSubject<'_> {
    /// What such a job costs by the market's bids so far, where its duration is known.
    pub fn market_price(&self) -> Option<f64> {
        let hours = f64::from(self.job.duration_h?);
        positive(self.market_stats.hourly_price(self.job.property_type)? * hours)
    }

    /// What this cleaner usually asks for such a job: by their rate, else by how their bids have compared with the market's
    /// price.
    pub fn usual_price(&self) -> Option<f64> {
        let by_rate = self.cleaner.expected_price(self.job).and_then(|price| positive(f64::from(price)));
        by_rate.or_else(|| positive(self.past_ratio()? * self.market_price()?))
    }

    /// The price that all others are relative to: the market's, else the client's budget, else the mean of the bids so far,
    /// else the cleaner's usual one.
    pub fn reference(&self) -> Option<f64> {
        let budget = || positive(f64::from(self.job.budget?));
        self.market_price().or_else(budget).or_else(|| self.bid_mean()).or_else(|| self.usual_price())
    }

    /// How many bids there are, and the lowest of them.
    pub fn rivals(&self) -> (u32, Option<f64>) {
        let lowest = self.known_bids().fold(f64::INFINITY, f64::min);
        (self.known_bids().count() as u32, Some(lowest).filter(|lowest| lowest.is_finite()))
    }

    /// The share of their bids that win, shrunk toward the market's.
    pub fn win_rate(&self) -> Option<f64> {
        self.rates().win
    }

    /// The features in the order of [`BID_FEATURES`], NaN for what is unknown; `reference` is
    /// [`reference`](Self::reference).
    pub fn features(&self, reference: f64) -> [f32; BID_FEATURE_COUNT] {
        let (job, stats, rates) = (self.job, self.stats, self.rates());
        let (rivals, lowest) = self.rivals();
        let ratio = |price: Option<f64>| positive(price?).map(|price| libm::log(price / reference));
        let amount = |value: Option<f32>| positive(f64::from(value?));
        let distance = job.location.zip(self.cleaner.location).map(|(a, b)| a.distance_km(&b));
        let hours = |from: Timestamp, to: Timestamp| to.saturating_sub(from).max(0) as f64 / HOUR as f64;
        let flag = |value: bool| f64::from(u8::from(value));
        let values = [
            amount(job.duration_h).map(libm::log),
            amount(job.size_m2).map(libm::log),
            Some(flag(job.eco)),
            Some(f64::from(hour_of_day(job.scheduled_at, self.market.utc_offset_minutes)) / 24.0),
            Some(f64::from(day_of_week(job.scheduled_at, self.market.utc_offset_minutes)) / 6.0),
            Some(libm::log1p(hours(job.posted_at, job.scheduled_at) / 24.0)),
            Some(libm::log(reference)),
            ratio(job.budget.map(f64::from)),
            ratio(self.usual_price()),
            self.past_ratio().and_then(positive).map(libm::log),
            rates.win,
            rates.overall,
            rates.overall_in(stats, job.property_type),
            rates.completion,
            Some(libm::log1p(f64::from(stats.completed))),
            Some(libm::log1p(f64::from(stats.bids))),
            self.cleaner.eco.map(flag),
            distance.map(libm::log1p),
            Some(libm::log1p(f64::from(rivals))),
            ratio(lowest),
            ratio(self.bid_mean()),
            self.at.map(|at| libm::log1p(hours(job.posted_at, at))),
            Some(flag(stats.bids > 0)),
        ];
        values.map(|value| value.map(|value| value as f32).filter(|value| value.is_finite()).unwrap_or(f32::NAN))
    }

    fn rates(&self) -> Rates {
        Rates::of(self.stats, self.market_stats)
    }

    /// Their bids relative to the market's price, shrunk toward everybody's.
    fn past_ratio(&self) -> Option<f64> {
        let all = self.market_stats.total.price_ratio.mean()?;
        Some(self.stats.price_ratio.shrunk(all, PRIOR_STRENGTH))
    }

    fn bid_mean(&self) -> Option<f64> {
        let (count, sum) = self.known_bids().fold((0u32, 0.0), |(count, sum), bid| (count + 1, sum + bid));
        (count > 0).then(|| sum / f64::from(count))
    }

    fn known_bids(&self) -> impl Iterator<Item = f64> {
        self.bids.iter().filter_map(|bid| positive(f64::from(*bid)))
    }
}

/// A price that can be compared with others.
fn positive(price: f64) -> Option<f64> {
    (price > 0.0 && price.is_finite()).then_some(price)
}
