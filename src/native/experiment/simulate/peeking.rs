//! How often tests give a false alarm where nothing differs (A/A), and how often they find what does (A/B).

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::market::SimMarket;
use crate::native::experiment::power::{Effect, Test, cohens_h};
use crate::native::experiment::proportions::Count;
use crate::native::experiment::sequential::{Settings, looks};
use crate::native::experiment::{Experiment, ExperimentError, Variant};

/// An A/A simulation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AaSettings {
    /// Days, with a look at the end of each.
    pub days: usize,
    /// Units a day.
    pub daily: usize,
    /// Experiments simulated.
    pub replicates: usize,
    /// Level of the tests.
    pub alpha: f64,
    /// Mixing standard deviation of the always-valid p-value.
    pub mixing_sd: f64,
    /// Seed of ChaCha8.
    pub seed: u64,
}

/// Shares of A/A experiments in which a test found what is not there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FalseAlarms {
    /// Experiments.
    pub replicates: usize,
    /// Looks of each.
    pub looks: usize,
    /// Units of each.
    pub units: usize,
    /// Level of the tests.
    pub alpha: f64,
    /// The fixed test, looked at once at the end.
    pub fixed_once: f64,
    /// The fixed test, stopped at the first look with p below alpha.
    pub fixed_peeking: f64,
    /// The always-valid p-value, likewise.
    pub always_valid: f64,
}

/// An A/B simulation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerSettings {
    /// Index of the control's mode.
    pub control: usize,
    /// Index of the variant's mode.
    pub variant: usize,
    /// Units of each variant.
    pub units: usize,
    /// Looks of the always-valid p-value.
    pub looks: usize,
    /// Experiments simulated.
    pub replicates: usize,
    /// Level of the tests.
    pub alpha: f64,
    /// Mixing standard deviation.
    pub mixing_sd: f64,
    /// Seed of ChaCha8.
    pub seed: u64,
}

/// What an experiment of a size finds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PowerRow {
    /// Units of each variant.
    pub units: usize,
    /// True share of the control.
    pub control_share: f64,
    /// True share of the variant.
    pub variant_share: f64,
    /// What `plan` promises for these shares.
    pub planned: f64,
    /// Experiments in which the fixed test found a difference, as a share.
    pub fixed: f64,
    /// The same of the always-valid p-value at any look.
    pub always_valid: f64,
}

/// Simulates A/A experiments with the rankings of one mode.
///
/// # Errors
/// Never, for the experiment that it makes is one.
pub fn false_alarms(market: &SimMarket, mode: usize, settings: &AaSettings) -> Result<FalseAlarms, ExperimentError> {
    let values = values(market, mode);
    let variant = |key: &str| Variant { key: key.to_owned(), weight: 1.0, options: None, manifest: None };
    let (mut once, mut peeking, mut valid) = (0, 0, 0);
    let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
    for replicate in 0..settings.replicates {
        let salt = format!("{}-{replicate}", settings.seed);
        let experiment =
            Experiment { key: "aa".to_owned(), salt, traffic: 1.0, variants: vec![variant("a"), variant("b")] };
        let (mut a, mut b, mut series) = (Count::default(), Count::default(), Vec::with_capacity(settings.days));
        for day in 0..settings.days {
            for unit in 0..settings.daily {
                let assigned = experiment.assign(&format!("unit-{day}-{unit}"))?;
                let side = if assigned.variant.as_deref() == Some("a") { &mut a } else { &mut b };
                side.units += 1;
                side.hits += u64::from(rng.random::<f64>() < values[rng.random_range(0..values.len())]);
            }
            series.push((a, b));
        }
        let looks = looks(&series, &Settings { mixing_sd: settings.mixing_sd, level: 1.0 - settings.alpha });
        once += usize::from(looks.last().is_some_and(|look| look.fixed_p < settings.alpha));
        peeking += usize::from(looks.iter().any(|look| look.fixed_p < settings.alpha));
        valid += usize::from(looks.iter().any(|look| look.valid_p < settings.alpha));
    }
    let share = |count: usize| count as f64 / settings.replicates.max(1) as f64;
    Ok(FalseAlarms {
        replicates: settings.replicates,
        looks: settings.days,
        units: settings.days * settings.daily,
        alpha: settings.alpha,
        fixed_once: share(once),
        fixed_peeking: share(peeking),
        always_valid: share(valid),
    })
}

/// Simulates A/B experiments of one size.
pub fn power(market: &SimMarket, settings: &PowerSettings) -> PowerRow {
    let (control, variant) = (values(market, settings.control), values(market, settings.variant));
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let (p0, p1) = (mean(&control), mean(&variant));
    let (mut fixed, mut valid) = (0, 0);
    let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
    for _ in 0..settings.replicates {
        let (mut a, mut b, mut series) = (Count::default(), Count::default(), Vec::with_capacity(settings.looks));
        for look in 0..settings.looks {
            let until = (settings.units * (look + 1) / settings.looks.max(1)) as u64;
            while a.units < until {
                for (side, values) in [(&mut a, &control), (&mut b, &variant)] {
                    side.units += 1;
                    side.hits += u64::from(rng.random::<f64>() < values[rng.random_range(0..values.len())]);
                }
            }
            series.push((a, b));
        }
        let looks = looks(&series, &Settings { mixing_sd: settings.mixing_sd, level: 1.0 - settings.alpha });
        fixed += usize::from(looks.last().is_some_and(|look| look.fixed_p < settings.alpha));
        valid += usize::from(looks.last().is_some_and(|look| look.valid_p < settings.alpha));
    }
    let test = Test { alpha: settings.alpha, two_sided: true, ratio: 1.0 };
    let share = |count: usize| count as f64 / settings.replicates.max(1) as f64;
    PowerRow {
        units: settings.units,
        control_share: p0,
        variant_share: p1,
        planned: test.power(Effect::Shares(cohens_h(p0, p1)), settings.units as f64),
        fixed: share(fixed),
        always_valid: share(valid),
    }
}

/// The probability that a unit with each of the jobs hires somebody; 0 where there is no job.
fn values(market: &SimMarket, mode: usize) -> Vec<f64> {
    let values: Vec<f64> =
        market.jobs.iter().map(|job| market.value(job, &job.orders[mode], job.candidates.len())).collect();
    if values.is_empty() { vec![0.0] } else { values }
}
