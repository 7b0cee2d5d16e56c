//! How a cleaner fits this one job, beside the rule score: six values for the eye, none of them a part of the score.

use std::f64::consts::LN_2;

use super::bidding::cheapness;
use super::score::{Component, RuleScore, Subject};
use crate::domain::{CleanerStats, MarketStats};

/// Kilometres over which the value of a location halves.
const HALF_DISTANCE_KM: f64 = 10.0;
/// How many jobs of the market's mix a cleaner's own mix is weighed against.
const MIX_STRENGTH: f64 = 10.0;

/// The match of a cleaner and a job. Each value is 0 to 1; `None` = unknown.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Match {
    /// The quality component of the rule score.
    pub quality: Option<f32>,
    /// 1 on the spot, halving every 10 km.
    pub location: Option<f32>,
    /// Share of this kind of job in the cleaner's work against its share in the market: 0.5 = as everybody.
    pub specialisation: Option<f32>,
    /// 0.5 = the market's price, more = cheaper. Where the client states a budget, half of it is `min(1, budget / price)`.
    pub pricing: Option<f32>,
    /// The activity component of the rule score: who worked lately will answer.
    pub availability: Option<f32>,
    /// The reliability component of the rule score: whether the work was done, and on time.
    pub reliability: Option<f32>,
}

impl Match {
    /// The match of a subject at that distance.
    pub fn of(subject: &Subject<'_>, rule: &RuleScore, distance_km: Option<f64>) -> Self {
        Self {
            quality: rule.value(Component::Quality),
            location: distance_km.map(|km| location(km) as f32),
            specialisation: specialisation_of(subject.market, subject.stats, subject.job.property_type)
                .map(|value| value as f32),
            pricing: pricing(subject.price_ratio(), subject.price, subject.job.budget),
            availability: rule.value(Component::Activity),
            reliability: rule.value(Component::Reliability),
        }
    }
}

pub(super) fn pricing(price_ratio: Option<f64>, price: Option<f32>, budget: Option<f32>) -> Option<f32> {
    let cheap = price_ratio.map(|ratio| cheapness(ratio) as f32);
    let stated = budget.zip(price).filter(|(_, price)| *price > 0.0);
    let within = stated.map(|(budget, price)| (budget / price).min(1.0));
    match (cheap, within) {
        (Some(cheap), Some(within)) => Some(0.5 * cheap + 0.5 * within),
        (cheap, within) => cheap.or(within),
    }
}

/// 1 on the spot, halving every 10 km.
pub(super) fn location(distance_km: f64) -> f64 {
    libm::exp(-distance_km * LN_2 / HALF_DISTANCE_KM)
}

/// The share of a kind of job in a cleaner's work against its share in the market: 0.5 = as everybody.
pub(super) fn specialisation_of(market: &MarketStats, stats: &CleanerStats, kind: Option<u16>) -> Option<f64> {
    let total = &market.total;
    if kind.is_none() || total.completed == 0 {
        return None;
    }
    let market = f64::from(total.in_type(kind).completed) / f64::from(total.completed);
    let own = (f64::from(stats.in_type(kind).completed) + MIX_STRENGTH * market)
        / (f64::from(stats.completed) + MIX_STRENGTH);
    (own + market > 0.0).then(|| own / (own + market))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{JobSpec, Rates, Tally};

    #[test]
    fn values_worked_out_by_hand() {
        let mut market = MarketStats::new(2);
        market.total.completed = 100;
        market.total.by_type[1].completed = 20;
        market.hourly = Tally { count: 10, sum: 100.0 };
        let mut stats = CleanerStats::new(2);
        stats.completed = 10;
        stats.by_type[1].completed = 10;
        let job = JobSpec { property_type: Some(1), duration_h: Some(2.0), ..JobSpec::default() };
        let rates = Rates::of(&stats, &market);
        let market_hourly = market.hourly_price(Some(1));
        let subject =
            Subject { market: &market, stats: &stats, rates: &rates, job: &job, price: Some(40.0), market_hourly };
        let found = Match::of(&subject, &RuleScore::of(&subject), Some(20.0));
        // Own share (10 + 10 * 0.2) / 20 = 0.6 against 0.2; 40 for 2 h where the market asks 10 an hour.
        assert_eq!((found.location, found.specialisation, found.pricing), (Some(0.25), Some(0.75), Some(1.0 / 3.0)));
        assert_eq!((found.quality, found.availability), (None, None));
        // (0.4 * the market's 1.0) / 0.4: nothing of it is known but that jobs were completed.
        assert_eq!(found.reliability, Some(1.0));
        let budget = JobSpec { budget: Some(30.0), ..job.clone() };
        let subject = Subject { job: &budget, ..subject };
        // Half of 1/3, half of 30 / 40.
        assert_eq!(Match::of(&subject, &RuleScore::of(&subject), None).pricing, Some(0.5 / 3.0 + 0.375));
        let stranger = JobSpec::default();
        let subject = Subject { job: &stranger, price: None, ..subject };
        let nothing = Match { reliability: Some(1.0), ..Match::default() };
        assert_eq!(Match::of(&subject, &RuleScore::of(&subject), None), nothing);
    }
}
