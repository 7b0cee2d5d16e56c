//! Estimates of what other policies would have got, against what they do get.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::market::{SimJob, SimMarket, explore};
use crate::native::experiment::policy::{Estimate, Logged, Policy, Settings, estimate};

/// A simulation of logging and estimating.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OffPolicySettings {
    /// Index of the mode that is logged.
    pub mode: usize,
    /// Share of places that explore.
    pub epsilon: f64,
    /// Requests of each log.
    pub requests: usize,
    /// Logs.
    pub replicates: usize,
    /// How to estimate.
    pub estimate: Settings,
    /// Seed of ChaCha8.
    pub seed: u64,
}

/// What came out for one policy.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OffPolicyRow {
    /// The policy.
    pub policy: Policy,
    /// What it gets per request, by the truth.
    pub truth: f64,
    /// What the logging policy got, on average.
    pub logged: f64,
    /// Mean effective sample.
    pub effective_sample: f64,
    /// Mean, standard deviation and coverage of the intervals, by IPS.
    pub ips: Quality,
    /// By SNIPS.
    pub snips: Quality,
    /// Doubly robust.
    pub doubly_robust: Quality,
}

/// How good estimates were.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Quality {
    /// Their mean.
    pub mean: f64,
    /// Root mean squared error.
    pub rmse: f64,
    /// Share of intervals that hold the truth.
    pub coverage: f64,
}

/// Logs again and again, and estimates each policy from each log.
pub fn off_policy(market: &SimMarket, policies: &[Policy], settings: &OffPolicySettings) -> Vec<OffPolicyRow> {
    let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
    let truths: Vec<f64> = policies.iter().map(|policy| truth(market, *policy, settings, &mut rng)).collect();
    let mut found: Vec<Vec<_>> = vec![Vec::new(); policies.len()];
    for _ in 0..settings.replicates {
        let log: Vec<Vec<Logged>> = (0..settings.requests).map(|_| request(market, settings, &mut rng)).collect();
        for (at, policy) in policies.iter().enumerate() {
            found[at].push(estimate(*policy, &log, &settings.estimate));
        }
    }
    let row = |at: usize| {
        let mean =
            |value: &dyn Fn(usize) -> f64| (0..found[at].len()).map(value).sum::<f64>() / found[at].len().max(1) as f64;
        let quality = |of: &dyn Fn(usize) -> Estimate| Quality {
            mean: mean(&|one| of(one).value),
            rmse: mean(&|one| (of(one).value - truths[at]).powi(2)).sqrt(),
            coverage: mean(&|one| {
                let (low, high) = of(one).interval;
                f64::from(u8::from((low..=high).contains(&truths[at])))
            }),
        };
        OffPolicyRow {
            policy: policies[at],
            truth: truths[at],
            logged: mean(&|one| found[at][one].logged.value),
            effective_sample: mean(&|one| found[at][one].effective_sample),
            ips: quality(&|one| found[at][one].ips),
            snips: quality(&|one| found[at][one].snips),
            doubly_robust: quality(&|one| found[at][one].doubly_robust),
        }
    };
    (0..policies.len()).map(row).collect()
}

/// One request as it would be logged: a job drawn at random, explored, and what its client did.
fn request(market: &SimMarket, settings: &OffPolicySettings, rng: &mut ChaCha8Rng) -> Vec<Logged> {
    let Some(job) = market.jobs.get(rng.random_range(0..market.jobs.len().max(1))) else { return Vec::new() };
    let shown = explore(&job.orders[settings.mode], settings.epsilon, rng);
    let order: Vec<usize> = shown.iter().map(|(candidate, _)| *candidate).collect();
    let looks = market.go_through(job, &order, rng);
    let item = |(place, (candidate, propensity)): (usize, &(usize, f64))| {
        let hired = looks.get(place).is_some_and(|look| look.hired);
        Logged { propensity: *propensity, reward: f64::from(u8::from(hired)), ..facts(job, *candidate, settings.mode) }
    };
    shown.iter().enumerate().map(item).collect()
}

fn facts(job: &SimJob, candidate: usize, mode: usize) -> Logged {
    let candidate = &job.candidates[candidate];
    Logged {
        propensity: 1.0,
        score: f64::from(candidate.scores[mode]),
        rule_score: Some(f64::from(candidate.item.rule_score)),
        neural_score: candidate.item.neural_score.map(f64::from),
        price: candidate.item.price.map(f64::from),
        distance_km: candidate.item.distance_km,
        reward: 0.0,
    }
}

/// What a policy gets per request: exact for an order, the mean over 200 orders of each job for the random one.
fn truth(market: &SimMarket, policy: Policy, settings: &OffPolicySettings, rng: &mut ChaCha8Rng) -> f64 {
    let depth = settings.estimate.depth;
    let of_job = |job: &SimJob, rng: &mut ChaCha8Rng| {
        let facts: Vec<Logged> = (0..job.candidates.len()).map(|at| facts(job, at, settings.mode)).collect();
        if policy == Policy::Random {
            let draw = |rng: &mut ChaCha8Rng| {
                let order: Vec<usize> = explore(&job.orders[0], 1.0, rng).into_iter().map(|(at, _)| at).collect();
                market.value(job, &order, depth)
            };
            return (0..200).map(|_| draw(rng)).sum::<f64>() / 200.0;
        }
        market.value(job, &policy.order(&facts), depth)
    };
    market.jobs.iter().map(|job| of_job(job, rng)).sum::<f64>() / market.jobs.len().max(1) as f64
}
