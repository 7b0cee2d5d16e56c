//! The weights of the ensemble, fitted on whom clients hired.
//!
//! A client's choice among the bidders is taken for a conditional logit (D. McFadden, 1974): the probability of bidder `i`
//! is `exp(β s_i) / Σ_j exp(β s_j)`, where `s` is the ensemble's score. Of all pairs of weights on a grid the one with the
//! largest likelihood is taken, each with its own best `β`.

use super::past::rank_bidders;
use super::request::Names;
use crate::domain::{History, JobRecord};
use crate::engine::{Engine, EngineError, Item, Mode};

/// Fewer hires than this say nothing about weights.
pub const MIN_HIRES: usize = 50;
/// The rules keep this share against the network: a score must stay explainable and survive a model that drifts.
pub const MIN_RULE_WEIGHT: f32 = 0.2;

const STEP: f32 = 0.05;

/// Weights of the ensemble: see [`Request::price_weight`](crate::engine::Request::price_weight).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// Share of the rules against the network.
    pub rule_weight: f32,
    /// Share of the price against both.
    pub price_weight: f32,
    /// Mean log-likelihood of the hires; `-ln n` is chance among `n`.
    pub log_likelihood: f64,
    /// Hires that it was fitted on.
    pub hires: usize,
}

/// One hire: a row per bidder with its rule score, network score and pricing in [0, 1], the hired one's place among them.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Rule score, network score, pricing.
    pub rows: Vec<[f32; 3]>,
    /// Place of the hired bidder in `rows`.
    pub hired: usize,
}

/// The hires of these jobs as the engine saw them when each was posted. Jobs without a hire, with a single bidder, or with
/// a bidder whose price nobody knows are left out.
///
/// # Errors
/// What the engine refuses.
pub fn choices(
    names: &Names<'_>,
    jobs: &[JobRecord],
    history: &History,
    engine: &mut Engine,
) -> Result<Vec<Choice>, EngineError> {
    let mut found = Vec::new();
    let hires = jobs.iter().filter(|job| job.hired.is_some());
    rank_bidders(names, hires, history, (engine, Mode::Ensemble), |past| {
        let row = |item: &Item| {
            Some([item.rule_score, item.neural_score?, item.breakdown.pricing?].map(|score| score / 100.0))
        };
        let rows: Option<Vec<[f32; 3]>> = past.ranking.items.iter().map(row).collect();
        if let Some((rows, hired)) = rows.zip(past.hired).filter(|(rows, _)| rows.len() > 1) {
            found.push(Choice { rows, hired });
        }
    })?;
    Ok(found)
}

/// The best weights for these choices; `None` where there are fewer than [`MIN_HIRES`].
pub fn fit(choices: &[Choice]) -> Option<Weights> {
    if choices.len() < MIN_HIRES {
        return None;
    }
    best(choices, grid(MIN_RULE_WEIGHT).flat_map(|rules| grid(0.0).map(move |price| (rules, price))))
}

/// The same where the price has no share.
pub fn fit_rules(choices: &[Choice]) -> Option<Weights> {
    if choices.len() < MIN_HIRES {
        return None;
    }
    best(choices, grid(MIN_RULE_WEIGHT).map(|rules| (rules, 0.0)))
}

fn best(choices: &[Choice], pairs: impl Iterator<Item = (f32, f32)>) -> Option<Weights> {
    let fitted = pairs.map(|(rule_weight, price_weight)| {
        let log_likelihood = best_likelihood(choices, rule_weight, price_weight);
        Weights { rule_weight, price_weight, log_likelihood, hires: choices.len() }
    });
    fitted.max_by(|a, b| a.log_likelihood.total_cmp(&b.log_likelihood))
}

/// Weights from `from` to 1.
fn grid(from: f32) -> impl Iterator<Item = f32> {
    let steps = ((1.0 - from) / STEP).round() as u32;
    (0..=steps).map(move |at| (from + at as f32 * STEP).min(1.0))
}

/// The largest mean log-likelihood over `β ≥ 0`, by Newton's method: the likelihood is concave in `β`.
fn best_likelihood(choices: &[Choice], rule_weight: f32, price_weight: f32) -> f64 {
    let score = |row: &[f32; 3]| {
        let both = rule_weight * row[0] + (1.0 - rule_weight) * row[1];
        f64::from(price_weight * row[2] + (1.0 - price_weight) * both)
    };
    let jobs: Vec<(Vec<f64>, usize)> =
        choices.iter().map(|choice| (choice.rows.iter().map(score).collect(), choice.hired)).collect();
    let mut beta = 1.0;
    for _ in 0..12 {
        let (_, slope, curvature) = likelihood(&jobs, beta);
        if curvature > -1e-12 {
            break;
        }
        beta = (beta - slope / curvature).clamp(0.0, 200.0);
    }
    likelihood(&jobs, beta).0
}

/// Mean log-likelihood with its first and second derivative by `β`.
fn likelihood(jobs: &[(Vec<f64>, usize)], beta: f64) -> (f64, f64, f64) {
    let (mut value, mut slope, mut curvature) = (0.0, 0.0, 0.0);
    for (scores, hired) in jobs {
        let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = scores.iter().map(|score| libm::exp(beta * (score - top))).collect();
        let total: f64 = weights.iter().sum();
        let mean = weights.iter().zip(scores).map(|(w, s)| w * s).sum::<f64>() / total;
        let square = weights.iter().zip(scores).map(|(w, s)| w * s * s).sum::<f64>() / total;
        value += beta * (scores[*hired] - top) - libm::log(total);
        slope += scores[*hired] - mean;
        curvature -= square - mean * mean;
    }
    let count = jobs.len().max(1) as f64;
    (value / count, slope / count, curvature / count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};

    /// Choices drawn from the model itself, with these weights and β = 12.
    fn drawn(rule_weight: f32, price_weight: f32, count: usize) -> Vec<Choice> {
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(5);
        let choice = |_| {
            let rows: Vec<[f32; 3]> = (0..6).map(|_| std::array::from_fn(|_| random.random::<f32>())).collect();
            let noisy = |row: &[f32; 3], uniform: f64| {
                let both = rule_weight * row[0] + (1.0 - rule_weight) * row[1];
                12.0 * f64::from(price_weight * row[2] + (1.0 - price_weight) * both) - (-uniform.ln()).ln()
            };
            let utilities: Vec<f64> = rows.iter().map(|row| noisy(row, random.random::<f64>().max(1e-12))).collect();
            let hired = (0..6).max_by(|a, b| utilities[*a].total_cmp(&utilities[*b])).unwrap();
            Choice { rows, hired }
        };
        (0..count).map(choice).collect()
    }

    #[test]
    fn the_weights_that_made_the_choices_are_found() {
        for (rules, price) in [(0.6, 0.0), (0.3, 0.4), (1.0, 0.2)] {
            let found = fit(&drawn(rules, price, 4000)).unwrap();
            assert!((found.rule_weight - rules).abs() < 0.11, "{found:?} for {rules} {price}");
            assert!((found.price_weight - price).abs() < 0.06, "{found:?} for {rules} {price}");
            assert!(found.log_likelihood > -(6.0f64).ln());
        }
    }

    #[test]
    fn without_a_share_of_the_price_the_rules_weight_is_found() {
        for rules in [0.3, 0.6, 1.0] {
            let found = fit_rules(&drawn(rules, 0.0, 4000)).unwrap();
            assert!((found.rule_weight - rules).abs() < 0.11 && found.price_weight == 0.0, "{found:?} for {rules}");
        }
        assert_eq!(fit_rules(&drawn(0.5, 0.0, MIN_HIRES - 1)), None);
    }

    #[test]
    fn few_hires_fit_nothing_and_choices_by_chance_are_no_better_than_chance() {
        assert_eq!(fit(&drawn(0.5, 0.5, MIN_HIRES - 1)), None);
        let equal = vec![Choice { rows: vec![[0.5; 3]; 4], hired: 2 }; MIN_HIRES];
        assert!((fit(&equal).unwrap().log_likelihood + (4.0f64).ln()).abs() < 1e-12);
    }
}
