//! What another ranking policy would have got, estimated from what was logged under an exploring one.
//!
//! **Propensity** of an item is the probability with which the logging policy puts this item at this place, given those before
//! it. The candidates of a request are those of its events: where a policy could have shown others, they must be logged, too.
//!
//! The client goes down the list, so the reward at a place depends on the items up to it and on none after (the cascade
//! assumption). With w_k the product over the first k places of target probability / propensity and r_k the reward at place k:
//!
//! * IPS: mean over requests of the sum over k of w_k r_k (J. McInerney et al., "Counterfactual Evaluation of Slate
//!   Recommendations with Sequential Reward Interactions", KDD 2020). Unbiased where nothing is clipped.
//! * SNIPS: place by place divided by the mean of w_k. Biased a little, and much steadier.
//! * Doubly robust (H. Kiyohara et al., "Doubly Robust Off-Policy Evaluation for Ranking Policies under the Cascade Behavior
//!   Model", WSDM 2022, for the immediate reward): a model q of the reward, corrected by the weighted errors that it makes.
//!   q is a ridge regression on place, scores and price, fitted on one half of the requests and used on the other.
//!
//! w_k is clipped at `clip`, which biases IPS and DR toward less of what the target does more often.

use serde::Serialize;

use super::proportions::z_of;
use super::resample::mean_and_error;

/// A ranking policy that can be worked out from what events say of each candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// By the score that was served.
    Score,
    /// By the rule score.
    Rules,
    /// By the model's score.
    Neural,
    /// Lowest price first.
    Cheapest,
    /// Nearest first.
    Nearest,
    /// Every order as probable as every other.
    Random,
}

/// One candidate as it was logged.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Logged {
    /// Propensity, as defined above; 1 where nothing explores.
    pub propensity: f64,
    /// The score served, 0 to 100.
    pub score: f64,
    /// The rule score.
    pub rule_score: Option<f64>,
    /// The model's score.
    pub neural_score: Option<f64>,
    /// Price asked.
    pub price: Option<f64>,
    /// Kilometres.
    pub distance_km: Option<f64>,
    /// The reward: 1 where the outcome that counts came, else 0.
    pub reward: f64,
}

/// How to estimate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Places that count.
    pub depth: usize,
    /// Largest weight.
    pub clip: f64,
    /// Level of the intervals over requests.
    pub level: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { depth: 3, clip: 100.0, level: 0.95 }
    }
}

/// An estimate of the reward per request.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Its interval.
    pub interval: (f64, f64),
}

/// What a policy would have got per request, within the first places.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyEstimate {
    /// The policy.
    pub policy: Policy,
    /// How it was estimated.
    pub settings: Settings,
    /// Requests.
    pub requests: usize,
    /// Requests with a propensity below 1.
    pub explored: usize,
    /// What the logging policy got.
    pub logged: Estimate,
    /// Inverse propensity weighting.
    pub ips: Estimate,
    /// Self-normalised.
    pub snips: Estimate,
    /// Doubly robust.
    pub doubly_robust: Estimate,
    /// (sum of w)² / sum of w² at the last place: as many requests as the estimate rests on.
    pub effective_sample: f64,
    /// Share of weights that were clipped.
    pub clipped: f64,
    /// Largest weight before clipping.
    pub max_weight: f64,
}

impl Policy {
    /// What it orders by, higher first; `None` = last.
    fn key(self, item: &Logged) -> Option<f64> {
        match self {
            Self::Score => Some(item.score),
            Self::Rules => item.rule_score,
            Self::Neural => item.neural_score,
            Self::Cheapest => item.price.map(|price| -price),
            Self::Nearest => item.distance_km.map(|km| -km),
            Self::Random => None,
        }
    }

    /// The order in which it puts candidates; of a random policy the one given.
    pub fn order(self, items: &[Logged]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..items.len()).collect();
        let key = |at: &usize| self.key(&items[*at]).unwrap_or(f64::NEG_INFINITY);
        order.sort_by(|a, b| key(b).total_cmp(&key(a)));
        order
    }

    /// The probabilities with which it puts each item next, given those that are placed. Equal keys: the one logged first.
    fn next(self, items: &[Logged], placed: &[bool]) -> Vec<f64> {
        let left = placed.iter().filter(|placed| !**placed).count().max(1) as f64;
        let key = |at: usize| self.key(&items[at]).unwrap_or(f64::NEG_INFINITY);
        let free = (0..items.len()).filter(|at| !placed[*at]);
        let best = free.reduce(|best, at| if key(at) > key(best) { at } else { best });
        let probability = |at: usize| match self {
            Self::Random => f64::from(u8::from(!placed[at])) / left,
            _ => f64::from(u8::from(Some(at) == best)),
        };
        (0..items.len()).map(probability).collect()
    }
}

/// One place of one request.
struct Step {
    place: usize,
    weight: f64,
    weight_before: f64,
    raw: f64,
    reward: f64,
    features: [f64; FEATURES],
    /// Features of what the target might put here, with its probability.
    target: Vec<(f64, [f64; FEATURES])>,
}

const PLACES: usize = 4;
const FEATURES: usize = 1 + PLACES + 4;

/// Estimates what a policy would have got. Each request is the list as it was served, best place first.
pub fn estimate(policy: Policy, requests: &[Vec<Logged>], settings: &Settings) -> PolicyEstimate {
    let steps: Vec<Vec<Step>> = requests.iter().map(|items| walk(policy, items, settings)).collect();
    let (even, odd) = (Ridge::fit(&steps, 0), Ridge::fit(&steps, 1));
    let (mut ips, mut robust) = (Vec::new(), Vec::new());
    for (at, steps) in steps.iter().enumerate() {
        let model = if at % 2 == 0 { &odd } else { &even };
        ips.push(steps.iter().map(|step| step.weight * step.reward).sum::<f64>());
        robust.push(steps.iter().map(|step| step.robust(model)).sum::<f64>());
    }
    let logged: Vec<f64> = steps.iter().map(|steps| steps.iter().map(|step| step.reward).sum()).collect();
    let last: Vec<f64> = steps.iter().filter_map(|steps| steps.last()).map(|step| step.weight).collect();
    let squares: f64 = last.iter().map(|weight| weight * weight).sum();
    let all = || steps.iter().flatten();
    PolicyEstimate {
        policy,
        settings: *settings,
        requests: requests.len(),
        explored: requests.iter().filter(|items| items.iter().any(|item| item.propensity < 1.0)).count(),
        logged: interval(&logged, settings.level),
        ips: interval(&ips, settings.level),
        snips: self_normalised(&steps, settings),
        doubly_robust: interval(&robust, settings.level),
        effective_sample: if squares > 0.0 { last.iter().sum::<f64>().powi(2) / squares } else { 0.0 },
        clipped: all().filter(|step| step.raw > settings.clip).count() as f64 / all().count().max(1) as f64,
        max_weight: all().map(|step| step.raw).fold(0.0, f64::max),
    }
}

/// The first places of a request, with their weights.
fn walk(policy: Policy, items: &[Logged], settings: &Settings) -> Vec<Step> {
    let (mut placed, mut raw, mut before) = (vec![false; items.len()], 1.0, 1.0);
    let cheapest = items.iter().filter_map(|item| item.price).fold(f64::INFINITY, f64::min);
    let mut steps = Vec::with_capacity(settings.depth);
    for place in 0..settings.depth.min(items.len()) {
        let target = policy.next(items, &placed);
        let features = |at: usize| features(&items[at], place, cheapest);
        raw *= target[place] / items[place].propensity.clamp(1e-12, 1.0);
        let weight = f64::min(raw, settings.clip);
        let chances = target.iter().enumerate().filter(|(_, chance)| **chance > 0.0);
        let target = chances.map(|(at, chance)| (*chance, features(at))).collect();
        let reward = items[place].reward;
        steps.push(Step { place, weight, weight_before: before, raw, reward, features: features(place), target });
        (placed[place], before) = (true, weight);
    }
    steps
}

fn features(item: &Logged, place: usize, cheapest: f64) -> [f64; FEATURES] {
    let mut row = [0.0; FEATURES];
    row[0] = 1.0;
    row[1 + place.min(PLACES - 1)] = 1.0;
    let price = item.price.filter(|price| *price > 0.0 && cheapest > 0.0).map_or(0.0, |price| (price / cheapest).ln());
    let half = |score: Option<f64>| score.map_or(0.0, |score| score / 100.0 - 0.5);
    row[1 + PLACES..].copy_from_slice(&[half(Some(item.score)), half(item.rule_score), half(item.neural_score), price]);
    row
}

impl Step {
    fn robust(&self, model: &Ridge) -> f64 {
        let expected: f64 = self.target.iter().map(|(chance, features)| chance * model.predict(features)).sum();
        self.weight * (self.reward - model.predict(&self.features)) + self.weight_before * expected
    }
}

fn self_normalised(steps: &[Vec<Step>], settings: &Settings) -> Estimate {
    let mut of_request = vec![0.0; steps.len()];
    for place in 0..settings.depth {
        let at_place = || steps.iter().enumerate().filter_map(|(at, steps)| Some((at, steps.get(place)?)));
        let (count, sum) = at_place().fold((0.0, 0.0), |(count, sum), (_, step)| (count + 1.0, sum + step.weight));
        if sum == 0.0 {
            continue;
        }
        let value = at_place().map(|(_, step)| step.weight * step.reward).sum::<f64>() / sum;
        for (at, step) in at_place() {
            debug_assert_eq!(step.place, place);
            // The linearised ratio: its mean is the estimate, its spread the estimate's error.
            of_request[at] += value + step.weight * (step.reward - value) * count / sum;
        }
    }
    interval(&of_request, settings.level)
}

/// The mean of values that are not negative on average, with its interval: normal after Hall's transformation, which takes the
/// skewness out of the studentised mean (P. Hall, "On the Removal of Skewness by Transformation", JRSS B 54, 1992).
/// Few requests have large weights, so a log that lacks them has a low mean and a small spread at once: the interval has to
/// reach further up than down.
fn interval(values: &[f64], level: f64) -> Estimate {
    let (value, error) = mean_and_error(values);
    let n = values.len() as f64;
    let spread = error * n.sqrt();
    let third = values.iter().map(|x| ((x - value) / spread).powi(3)).sum::<f64>() / n;
    let skew = if spread > 0.0 { third / n.sqrt() } else { 0.0 };
    let untransformed = |x: f64| {
        if skew.abs() < 1e-9 { x } else { ((1.0 + skew * (x - skew / 6.0)).cbrt() - 1.0) * 3.0 / skew }
    };
    let z = z_of(level);
    Estimate { value, interval: ((value - error * untransformed(z)).max(0.0), value - error * untransformed(-z)) }
}

/// Linear regression with a small penalty.
struct Ridge([f64; FEATURES]);

impl Ridge {
    /// Fitted on the requests whose index leaves this rest when divided by two.
    fn fit(steps: &[Vec<Step>], half: usize) -> Self {
        let mut matrix = [[0.0; FEATURES]; FEATURES];
        let mut right = [0.0; FEATURES];
        for step in steps.iter().skip(half).step_by(2).flatten() {
            for (row, x) in step.features.iter().enumerate() {
                right[row] += x * step.reward;
                matrix[row].iter_mut().zip(&step.features).for_each(|(cell, y)| *cell += x * y);
            }
        }
        (0..FEATURES).for_each(|at| matrix[at][at] += 1.0);
        Self(solve(matrix, right))
    }

    fn predict(&self, features: &[f64; FEATURES]) -> f64 {
        self.0.iter().zip(features).map(|(weight, value)| weight * value).sum::<f64>().clamp(0.0, 1.0)
    }
}

/// Solves a positive definite system by elimination.
fn solve(mut matrix: [[f64; FEATURES]; FEATURES], mut right: [f64; FEATURES]) -> [f64; FEATURES] {
    for pivot in 0..FEATURES {
        let (row, value) = (matrix[pivot], right[pivot]);
        for below in pivot + 1..FEATURES {
            let factor = matrix[below][pivot] / row[pivot];
            matrix[below].iter_mut().zip(&row).for_each(|(cell, above)| *cell -= factor * above);
            right[below] -= factor * value;
        }
    }
    for at in (0..FEATURES).rev() {
        let known: f64 = (at + 1..FEATURES).map(|column| matrix[at][column] * right[column]).sum();
        right[at] = (right[at] - known) / matrix[at][at];
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(propensity: f64, rule: f64, reward: f64) -> Logged {
        Logged { propensity, score: 50.0, rule_score: Some(rule), reward, ..Logged::default() }
    }

    #[test]
    fn weights_worked_out_by_hand() {
        // Two candidates, the logging policy tosses a coin; the target always puts the better one first. The better one is
        // hired at the first place, nobody else ever: the target gets 1, the logging policy 1/2.
        let good_first = vec![item(0.5, 9.0, 1.0), item(1.0, 1.0, 0.0)];
        let bad_first = vec![item(0.5, 1.0, 0.0), item(1.0, 9.0, 0.0)];
        let requests: Vec<_> =
            (0..40).map(|at| if at % 4 < 2 { good_first.clone() } else { bad_first.clone() }).collect();
        let found = estimate(Policy::Rules, &requests, &Settings::default());
        assert_eq!((found.logged.value, found.ips.value, found.snips.value), (0.5, 1.0, 1.0));
        assert!((found.doubly_robust.value - 1.0).abs() < 0.05, "{found:?}");
        // Weights 2 on half of the requests.
        assert_eq!((found.effective_sample, found.max_weight, found.clipped, found.explored), (20.0, 2.0, 0.0, 40));
        let clipped = estimate(Policy::Rules, &requests, &Settings { clip: 1.0, ..Settings::default() });
        assert_eq!((clipped.ips.value, clipped.clipped), (0.5, 0.5));
        // Random order is what was logged.
        let same = estimate(Policy::Random, &requests, &Settings::default());
        assert_eq!((same.ips.value, same.effective_sample), (0.5, 40.0));
    }

    #[test]
    fn the_interval_is_corrected_for_skewness() {
        let agrees = |values: &[f64], expected: (f64, f64)| {
            let found = interval(values, 0.95).interval;
            assert!(
                (found.0 - expected.0).abs() < 1e-9 && (found.1 - expected.1).abs() < 1e-9,
                "{found:?} {expected:?}"
            );
        };
        // Hall's cubic solved for both ends by bisection, in Python; the normal ends are -0.5 and 3.7.
        let mut values = vec![0.0; 16];
        values.extend([1.0, 2.0, 9.0, 20.0]);
        agrees(&values, (0.1248097255468874, 9.877750828318272));
        // Nothing is skew: the normal interval, 3 ± 1.959964 sqrt(2.5 / 5).
        agrees(&[1.0, 2.0, 3.0, 4.0, 5.0], (1.614_096_175_650_322_3, 4.385_903_824_349_677));
        assert_eq!(interval(&[2.0; 7], 0.95).interval, (2.0, 2.0));
    }

    #[test]
    fn without_requests_there_is_nothing() {
        let found = estimate(Policy::Neural, &[], &Settings::default());
        assert_eq!((found.requests, found.ips.value, found.effective_sample), (0, 0.0, 0.0));
        let empty = estimate(Policy::Cheapest, &[vec![]], &Settings::default());
        assert_eq!((empty.requests, empty.ips.value), (1, 0.0));
    }
}
