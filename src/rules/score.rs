//! The five components, their weights, and their sum.

use super::{activity, bidding, experience, matching, quality, reliability};
use crate::domain::{CleanerStats, JobSpec, MarketStats, Rates};

/// One component of the rule score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Component {
    /// What clients thought of the work.
    Quality,
    /// Whether the work was done, and on time.
    Reliability,
    /// How much work there was.
    Experience,
    /// How often bids win, and how dear they are.
    Bidding,
    /// How much work there was lately.
    Activity,
}

/// The components and their weights, which add up to 1 (seed 001).
pub const COMPONENTS: [(Component, f64); 5] = [
    (Component::Quality, 0.30),
    (Component::Reliability, 0.25),
    (Component::Experience, 0.20),
    (Component::Bidding, 0.15),
    (Component::Activity, 0.10),
];

impl Component {
    /// Its name in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Quality => "quality",
            Self::Reliability => "reliability",
            Self::Experience => "experience",
            Self::Bidding => "bidding",
            Self::Activity => "activity",
        }
    }
}

/// A cleaner's record in one kind of job, with the market that it is compared with.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// What is known of the market.
    pub market: &'a MarketStats,
    /// What is known of the cleaner.
    pub stats: &'a CleanerStats,
    /// The cleaner's record, shrunk toward the market's mean.
    pub rates: &'a Rates,
    /// The kind of job.
    pub property_type: Option<u16>,
}

/// Who is scored for what: a cleaner's record and the job, with the market that both are compared with.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// What is known of the market.
    pub market: &'a MarketStats,
    /// What is known of the cleaner.
    pub stats: &'a CleanerStats,
    /// The cleaner's record, shrunk toward the market's mean.
    pub rates: &'a Rates,
    /// The job.
    pub job: &'a JobSpec,
    /// What the cleaner asks for it (bid, or usual rate), in the market's currency.
    pub price: Option<f32>,
    /// What an hour of such a job costs in this market.
    pub market_hourly: Option<f64>,
}

impl<'a> Subject<'a> {
    /// The price asked relative to the market's for such a job; without a price the cleaner's usual level.
    pub fn price_ratio(&self) -> Option<f64> {
        price_ratio(self.price, self.job.duration_h, self.market_hourly, self.stats.price_ratio.mean())
    }

    fn record(&self) -> Record<'a> {
        let Self { market, stats, rates, job, .. } = *self;
        Record { market, stats, rates, property_type: job.property_type }
    }
}

fn price_ratio(price: Option<f32>, hours: Option<f32>, market_hourly: Option<f64>, usual: Option<f64>) -> Option<f64> {
    let asked = price.zip(hours).filter(|(_, hours)| *hours > 0.0);
    let ratio = asked.zip(market_hourly).map(|((price, hours), market)| f64::from(price) / f64::from(hours) / market);
    ratio.or(usual).filter(|ratio| ratio.is_finite() && *ratio >= 0.0)
}

/// What a rule score takes from a cleaner's record in one kind of job, whatever the job: computed once for many jobs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RuleBase {
    /// The values of the components, each 0 to 1; that of bidding is left out, for it knows the price.
    values: [Option<f32>; 5],
    wins: Option<f64>,
    usual_price_ratio: Option<f64>,
}

impl RuleBase {
    /// Of one record.
    pub fn of(record: &Record<'_>) -> Self {
        let value = |(component, _): (Component, f64)| match component {
            Component::Quality => quality::value(record),
            Component::Reliability => reliability::value(record),
            Component::Experience => experience::value(record),
            Component::Bidding => None,
            Component::Activity => activity::value(record),
        };
        Self {
            values: COMPONENTS.map(value).map(|value| value.map(unit)),
            wins: bidding::wins(record.market, record.rates),
            usual_price_ratio: record.stats.price_ratio.mean(),
        }
    }

    /// The rule score and the match's pricing for a job: those of [`RuleScore`] and [`Match`](super::Match) to the bit.
    pub fn score(&self, job: &JobSpec, price: Option<f32>, market_hourly: Option<f64>) -> (f32, Option<f32>) {
        let ratio = price_ratio(price, job.duration_h, market_hourly, self.usual_price_ratio);
        (sum(&self.contributions(ratio)), matching::pricing(ratio, price, job.budget))
    }

    fn contributions(&self, price_ratio: Option<f64>) -> [Contribution; 5] {
        let mut values = self.values;
        values[BIDDING] = bidding::value(self.wins, price_ratio).map(unit);
        let mut parts =
            COMPONENTS.map(|(component, _)| Contribution { component, weight: 0.0, value: None, points: 0.0 });
        let shares = shared_out(COMPONENTS.map(|(_, weight)| weight), values);
        for ((part, value), (weight, points)) in parts.iter_mut().zip(values).zip(shares) {
            (part.value, part.weight, part.points) = (value, weight, points);
        }
        parts
    }
}

/// The place of [`Component::Bidding`] in [`COMPONENTS`].
const BIDDING: usize = 3;

fn sum(contributions: &[Contribution; 5]) -> f32 {
    contributions.iter().fold(0.0, |sum, part| sum + part.points)
}

/// The weight and the points of each value: the weight of what is unknown is shared out among the others.
pub(super) fn shared_out(weights: [f64; 5], values: [Option<f32>; 5]) -> [(f32, f32); 5] {
    let known: f64 = weights.iter().zip(values).filter(|(_, value)| value.is_some()).map(|(weight, _)| weight).sum();
    let mut shares = [(0.0, 0.0); 5];
    for ((share, weight), value) in shares.iter_mut().zip(weights).zip(values) {
        let weight = value.map_or(0.0, |_| (f64::from(weight as f32) / known) as f32);
        *share = (weight, weight * value.unwrap_or(0.0));
    }
    shares
}

pub(super) fn unit(value: f64) -> f32 {
    value.clamp(0.0, 1.0) as f32
}

/// What one component adds to the score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contribution {
    /// Which.
    pub component: Component,
    /// Its weight in this score, 0 to 1. Where a component is unknown for the whole market, the others share its weight.
    pub weight: f32,
    /// Its value, 0 to 1; `None` = unknown for the whole market.
    pub value: Option<f32>,
    /// Weight times value: the part of the score that it gives.
    pub points: f32,
}

/// A rule score with what it is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RuleScore {
    /// 0 to 1: the sum of the points, in the order of [`COMPONENTS`].
    pub score: f32,
    /// One per component.
    pub contributions: [Contribution; 5],
}

impl RuleScore {
    /// Scores one subject. Always defined: with no history at all it is the market's mean.
    pub fn of(subject: &Subject<'_>) -> Self {
        let contributions = RuleBase::of(&subject.record()).contributions(subject.price_ratio());
        Self { score: sum(&contributions), contributions }
    }

    /// The value of one component, 0 to 1, if it is known.
    pub fn value(&self, component: Component) -> Option<f32> {
        self.contributions.iter().find(|part| part.component == component).and_then(|part| part.value)
    }
}

/// The weighted mean of the parts that are known; `None` where none is.
pub(super) fn weighted(parts: &[(f64, Option<f64>)]) -> Option<f64> {
    let known = parts.iter().filter_map(|(weight, value)| value.map(|value| (weight, value)));
    let (weights, sum) = known.fold((0.0, 0.0), |(w, s), (weight, value)| (w + weight, s + weight * value));
    (weights > 0.0).then(|| sum / weights)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Tally, TypeStats};
    use proptest::prelude::*;

    fn market() -> MarketStats {
        let mut market = MarketStats::new(1);
        market.total.overall = Tally { count: 100, sum: 75.0 };
        market.total.communication = Tally { count: 100, sum: 70.0 };
        market.total.on_time = Tally { count: 100, sum: 90.0 };
        (market.total.completed, market.total.cancelled, market.total.wins, market.total.bids) = (90, 10, 100, 500);
        (market.max_completed, market.max_completed_by_type[0], market.max_earnings) = (50, 50, 5000.0);
        market.hourly = Tally { count: 500, sum: 8000.0 };
        market.dated_completions = 90;
        market
    }

    fn score(stats: &CleanerStats, market: &MarketStats, price: Option<f32>) -> RuleScore {
        let job = JobSpec { property_type: Some(0), duration_h: Some(2.0), ..JobSpec::default() };
        let market_hourly = market.hourly_price(Some(0));
        RuleScore::of(&Subject { market, stats, rates: &Rates::of(stats, market), job: &job, price, market_hourly })
    }

    #[test]
    fn the_weights_are_those_of_the_seed() {
        assert_eq!(COMPONENTS.map(|(_, weight)| (weight * 100.0).round() as u32), [30, 25, 20, 15, 10]);
    }

    #[test]
    fn a_cleaner_with_no_history_scores_as_the_market() {
        let found = score(&CleanerStats::new(1), &market(), None);
        // Quality (0.4 * 0.75 + 0.2 * 0.70) / 0.6; reliability (0.4 * 0.9 + 0.3 * 0.9 + 0.15 * 0.9) / 0.85; no experience,
        // no activity; a win rate equal to the market's is 0.5.
        let expected = [0.733_333_3, 0.9, 0.0, 0.5, 0.0];
        for (part, expected) in found.contributions.iter().zip(expected) {
            assert!((part.value.unwrap() - expected).abs() < 1e-6, "{part:?} for {expected}");
        }
    }

    #[test]
    fn what_the_whole_market_lacks_is_shared_out() {
        let mut bare = MarketStats::new(1);
        bare.total.overall = Tally { count: 100, sum: 75.0 };
        let found = score(&CleanerStats::new(1), &bare, None);
        assert_eq!(found.contributions.map(|part| part.weight), [1.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(found.score, 0.75);
        let nothing = score(&CleanerStats::new(1), &MarketStats::new(1), None);
        assert_eq!((nothing.score, nothing.contributions[0].value), (0.0, None));
    }

    #[test]
    fn better_records_score_higher() {
        let base = CleanerStats { completed: 10, wins: 11, cancelled: 1, bids: 30, ..CleanerStats::new(1) };
        let rated = |mean: f64, count: u32| Tally { count, sum: mean * f64::from(count) };
        let cases: Vec<(&str, CleanerStats, CleanerStats)> = vec![
            (
                "rating",
                CleanerStats { overall: rated(0.9, 20), ..base.clone() },
                CleanerStats { overall: rated(0.7, 20), ..base.clone() },
            ),
            (
                "more of a good rating",
                CleanerStats { overall: rated(0.95, 200), ..base.clone() },
                CleanerStats { overall: rated(1.0, 1), ..base.clone() },
            ),
            (
                "on time",
                CleanerStats { on_time: rated(1.0, 20), ..base.clone() },
                CleanerStats { on_time: rated(0.5, 20), ..base.clone() },
            ),
            (
                "jobs of this kind",
                CleanerStats { by_type: vec![TypeStats { completed: 10, ..TypeStats::default() }], ..base.clone() },
                base.clone(),
            ),
            ("fewer cancelled", base.clone(), CleanerStats { cancelled: 8, ..base.clone() }),
            ("win rate", CleanerStats { wins: 25, ..base.clone() }, base.clone()),
            ("active", CleanerStats { completed_30d: 4, completed_90d: 8, ..base.clone() }, base.clone()),
        ];
        for (name, better, worse) in cases {
            assert!(score(&better, &market(), None).score > score(&worse, &market(), None).score, "{name}");
        }
        assert!(score(&base, &market(), Some(20.0)).score > score(&base, &market(), Some(40.0)).score, "cheaper");
    }

    proptest! {
        #[test]
        fn contributions_add_up_and_stay_in_range(
            counts in prop::array::uniform8(0u32..300), mean in 0.0f64..=1.0, price in prop::option::of(0.0f32..1e4),
        ) {
            let [completed, cancelled, bids, wins, month, quarter, reviews, kind] = counts;
            let tally = Tally { count: reviews, sum: mean * f64::from(reviews) };
            let stats = CleanerStats {
                overall: tally, communication: tally, on_time: tally, completed, cancelled, bids, wins,
                completed_30d: month, completed_90d: quarter, earnings: f64::from(completed) * 40.0,
                by_type: vec![TypeStats { completed: kind, rating: tally }],
                ..CleanerStats::new(1)
            };
            let found = score(&stats, &market(), price);
            let sum: f32 = found.contributions.iter().map(|part| part.points).sum();
            prop_assert_eq!(sum, found.score);
            prop_assert!((0.0..=1.000_001).contains(&found.score));
            let weights: f32 = found.contributions.iter().map(|part| part.weight).sum();
            prop_assert!((weights - 1.0).abs() < 1e-6);
        }
    }
}
