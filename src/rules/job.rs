//! The rule score of a job for a cleaner: what speaks for taking it. Five weighted components whose contributions add up.
//!
//! Weights, and why:
//! * location 35 %: the way is paid by nobody, it is known for nearly every job, and it differs most between jobs.
//! * pricing 25 %: what the job pays against what this cleaner asks for their hours.
//! * competition 20 %: work is only worth applying for if it can be had.
//! * specialisation 10 %: a matter of taste within the kinds of job that the cleaner offers at all.
//! * client 10 %: whether this client's jobs come about; it is seldom known, and then its weight goes to the others.

use super::matching::{location, specialisation_of};
use super::score::{shared_out, unit};
use crate::domain::{CleanerStats, JobSpec, MarketStats, PRIOR_STRENGTH};

/// One component of a job's rule score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobComponent {
    /// The way to it.
    Location,
    /// How much of the cleaner's work is of this kind.
    Specialisation,
    /// What it pays against what the cleaner asks.
    Pricing,
    /// Who else has bid, and how low.
    Competition,
    /// What became of the client's earlier jobs.
    Client,
}

/// The components and their weights, which add up to 1.
pub const JOB_COMPONENTS: [(JobComponent, f64); 5] = [
    (JobComponent::Location, 0.35),
    (JobComponent::Specialisation, 0.10),
    (JobComponent::Pricing, 0.25),
    (JobComponent::Competition, 0.20),
    (JobComponent::Client, 0.10),
];

impl JobComponent {
    /// Its name in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Location => "location",
            Self::Specialisation => "specialisation",
            Self::Pricing => "pricing",
            Self::Competition => "competition",
            Self::Client => "client",
        }
    }
}

/// A job as one cleaner sees it, with the market that it is compared with.
#[derive(Debug, Clone, Copy)]
pub struct JobSubject<'a> {
    /// What is known of the market.
    pub market: &'a MarketStats,
    /// What is known of the cleaner.
    pub stats: &'a CleanerStats,
    /// The job.
    pub job: &'a JobSpec,
    /// The way, in kilometres.
    pub distance_km: Option<f64>,
    /// What this cleaner asks or would usually ask, in the market's currency.
    pub price: Option<f32>,
    /// How many others have bid.
    pub bids: u32,
    /// The lowest of their bids.
    pub lowest: Option<f32>,
    /// How many jobs the client has had so far, and how many of them were completed.
    pub client: Option<[u32; 2]>,
}

/// What one component adds to the score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JobContribution {
    /// Which.
    pub component: JobComponent,
    /// Its weight in this score, 0 to 1. The weight of what is unknown is shared out among the others.
    pub weight: f32,
    /// Its value, 0 to 1; `None` = unknown.
    pub value: Option<f32>,
    /// Weight times value: the part of the score that it gives.
    pub points: f32,
}

/// A job's rule score with what it is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JobScore {
    /// 0 to 1: the sum of the points, in the order of [`JOB_COMPONENTS`]. 0 for a job of which nothing is known.
    pub score: f32,
    /// One per component.
    pub contributions: [JobContribution; 5],
}

impl JobScore {
    /// Of a job for a cleaner.
    pub fn of(subject: &JobSubject<'_>) -> Self {
        let values = JOB_COMPONENTS.map(|(component, _)| subject.value(component).map(unit));
        let shares = shared_out(JOB_COMPONENTS.map(|(_, weight)| weight), values);
        let mut contributions =
            JOB_COMPONENTS.map(|(component, _)| JobContribution { component, weight: 0.0, value: None, points: 0.0 });
        for ((part, value), (weight, points)) in contributions.iter_mut().zip(values).zip(shares) {
            (part.value, part.weight, part.points) = (value, weight, points);
        }
        Self { score: contributions.iter().fold(0.0, |sum, part| sum + part.points), contributions }
    }

    /// The value of one component.
    pub fn value(&self, component: JobComponent) -> Option<f32> {
        self.contributions.iter().find(|part| part.component == component)?.value
    }
}

impl JobSubject<'_> {
    /// What the job pays: what the client means to spend, else the market's price for it.
    pub fn pays(&self) -> Option<f64> {
        let usual = || Some(self.market.hourly_price(self.job.property_type)? * f64::from(self.job.duration_h?));
        self.job.budget.map(f64::from).or_else(usual)
    }

    fn value(&self, component: JobComponent) -> Option<f64> {
        match component {
            JobComponent::Location => self.distance_km.map(location),
            JobComponent::Specialisation => specialisation_of(self.market, self.stats, self.job.property_type),
            JobComponent::Pricing => balance(self.pays()?, f64::from(self.price?)),
            JobComponent::Competition => Some(self.competition()),
            JobComponent::Client => self.client_value(),
        }
    }

    /// Half of it is the chance of one bidder among all, drawn blindly; half how the lowest of the others compares with this
    /// cleaner's own price, where both are known.
    fn competition(&self) -> f64 {
        let chance = 1.0 / (1.0 + f64::from(self.bids));
        let against = self.lowest.zip(self.price).and_then(|(lowest, price)| balance(lowest.into(), price.into()));
        against.map_or(chance, |against| 0.5 * chance + 0.5 * against)
    }

    /// The share of the client's jobs that were completed, shrunk toward the market's share (0.5 where that is unknown).
    fn client_value(&self) -> Option<f64> {
        let [jobs, completed] = self.client?;
        let total = &self.market.total;
        let decided = f64::from(total.completed) + f64::from(total.cancelled);
        let prior = if decided > 0.0 { f64::from(total.completed) / decided } else { 0.5 };
        Some((f64::from(completed) + prior * PRIOR_STRENGTH) / (f64::from(jobs) + PRIOR_STRENGTH))
    }
}

/// 0.5 where both are the same, more where the first is more: `a / (a + b)`, for amounts from 0 up.
fn balance(a: f64, b: f64) -> Option<f64> {
    (a + b > 0.0).then(|| a / (a + b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Tally;
    use proptest::prelude::*;

    fn market() -> MarketStats {
        let mut market = MarketStats::new(2);
        (market.total.completed, market.total.cancelled) = (90, 10);
        market.total.by_type[1].completed = 18;
        market.hourly = Tally { count: 10, sum: 150.0 };
        market
    }

    fn subject<'a>(market: &'a MarketStats, stats: &'a CleanerStats, job: &'a JobSpec) -> JobSubject<'a> {
        JobSubject { market, stats, job, distance_km: None, price: None, bids: 0, lowest: None, client: None }
    }

    #[test]
    fn the_weights_add_up() {
        assert_eq!(JOB_COMPONENTS.iter().map(|(_, weight)| (weight * 100.0).round() as u32).sum::<u32>(), 100);
    }

    #[test]
    fn values_worked_out_by_hand() {
        let market = market();
        let mut stats = CleanerStats::new(2);
        (stats.completed, stats.by_type[1].completed) = (10, 10);
        let job = JobSpec { property_type: Some(1), duration_h: Some(2.0), ..JobSpec::default() };
        let known = JobSubject {
            distance_km: Some(20.0),
            price: Some(60.0),
            bids: 3,
            lowest: Some(40.0),
            client: Some([7, 7]),
            ..subject(&market, &stats, &job)
        };
        let found = JobScore::of(&known);
        // Own share (10 + 10 * 0.2) / 20 = 0.6 against 0.2; 30 for the market's price against 60; a chance of 1 in 4 and 40
        // against 60; (7 + 3 * 0.9) / 10.
        let expected = [0.25, 0.75, 1.0 / 3.0, 0.5 * 0.25 + 0.5 * 0.4, 0.97];
        for (part, expected) in found.contributions.iter().zip(expected) {
            assert!((part.value.unwrap() - expected).abs() < 1e-6, "{part:?} for {expected}");
        }
        let sum = 0.35 * 0.25 + 0.10 * 0.75 + 0.25 / 3.0 + 0.20 * 0.325 + 0.10 * 0.97;
        assert!((found.score - sum).abs() < 1e-6);
        let budget = JobSpec { budget: Some(60.0), ..job.clone() };
        assert_eq!(JobScore::of(&JobSubject { job: &budget, ..known }).value(JobComponent::Pricing), Some(0.5));
    }

    #[test]
    fn the_weight_of_what_is_unknown_goes_to_the_others() {
        let (market, stats, job) = (MarketStats::new(2), CleanerStats::new(2), JobSpec::default());
        let bare = JobScore::of(&subject(&market, &stats, &job));
        // Nobody has bid: that is known.
        assert_eq!(bare.contributions.map(|part| part.weight), [0.0, 0.0, 0.0, 1.0, 0.0]);
        assert_eq!(bare.score, 1.0);
        let near = JobScore::of(&JobSubject { distance_km: Some(0.0), bids: 1, ..subject(&market, &stats, &job) });
        assert!((near.contributions[0].weight - 0.35 / 0.55).abs() < 1e-6);
        assert!((near.score - (0.35 + 0.1) / 0.55).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn contributions_add_up_and_what_is_better_scores_higher(
            km in prop::option::of(0.0f64..20_000.0), price in prop::option::of(0.0f32..1e6), bids in 0u32..1000,
            lowest in prop::option::of(0.0f32..1e6), budget in prop::option::of(0.0f32..1e6), hours in prop::option::of(0.0f32..100.0),
            client in prop::option::of((0u32..50, 0u32..50)), done in 0u32..500,
        ) {
            let market = market();
            let mut stats = CleanerStats::new(2);
            (stats.completed, stats.by_type[1].completed) = (done, done / 2);
            let job = JobSpec { property_type: Some(1), budget, duration_h: hours, ..JobSpec::default() };
            let client = client.map(|(a, b)| [a + b, b]);
            let subject = JobSubject { market: &market, stats: &stats, job: &job, distance_km: km, price, bids, lowest, client };
            let found = JobScore::of(&subject);
            prop_assert_eq!(found.contributions.iter().map(|part| part.points).sum::<f32>(), found.score);
            prop_assert!((0.0..=1.000_001).contains(&found.score));
            let weights: f32 = found.contributions.iter().map(|part| part.weight).sum();
            prop_assert!((weights - 1.0).abs() < 1e-6);
            let fewer = JobScore::of(&JobSubject { bids: bids / 2, ..subject });
            prop_assert!(fewer.score >= found.score - 1e-6);
            if let Some(km) = km {
                let nearer = JobScore::of(&JobSubject { distance_km: Some(km / 2.0), ..subject });
                prop_assert!(nearer.score >= found.score - 1e-6);
            }
            if budget.is_some() {
                let richer = JobSpec { budget: budget.map(|budget| budget + 10.0), ..job.clone() };
                let richer = JobScore::of(&JobSubject { job: &richer, ..subject });
                prop_assert!(price.is_none() || richer.score >= found.score - 1e-6);
            }
        }
    }
}
