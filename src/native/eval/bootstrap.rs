//! Percentile bootstrap of paired differences (Efron & Tibshirani 1993, chapter 13): how far a difference of two means
//! over the same jobs would vary over other jobs of the kind.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// How the intervals are computed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// How many resamples.
    pub resamples: usize,
    /// Seed of ChaCha8.
    pub seed: u64,
    /// Share of the distribution inside the interval, e.g. 0.95.
    pub level: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { resamples: 10_000, seed: 42, level: 0.95 }
    }
}

/// A mean difference and its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The difference observed.
    pub mean: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Whether 0 is outside: the difference is not chance at this level.
    pub fn excludes_zero(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// One interval per column of `rows`, each row being one job's differences.
///
/// All columns see the same resamples. Without a row, or without a resample, every interval is the bare mean (0 without a
/// row). Rows must be equally long; what a short row lacks counts as 0.
pub fn intervals(rows: &[Vec<f64>], settings: &Settings) -> Vec<Interval> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let observed = column_means(rows.iter(), columns, rows.len());
    let mut sampled: Vec<Vec<f64>> = vec![Vec::with_capacity(settings.resamples); columns];
    let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
    for _ in 0..if rows.is_empty() { 0 } else { settings.resamples } {
        let drawn = (0..rows.len()).map(|_| &rows[rng.random_range(0..rows.len())]);
        for (values, mean) in sampled.iter_mut().zip(column_means(drawn, columns, rows.len())) {
            values.push(mean);
        }
    }
    observed.into_iter().zip(sampled).map(|(mean, drawn)| percentiles(mean, drawn, settings.level)).collect()
}

/// The interval of a statistic by its values over resamples; the bare value without a resample.
pub fn percentiles(observed: f64, mut drawn: Vec<f64>, level: f64) -> Interval {
    drawn.sort_by(f64::total_cmp);
    let tail = (1.0 - level) / 2.0;
    let (low, high) = (quantile(&drawn, tail), quantile(&drawn, 1.0 - tail));
    Interval { mean: observed, low: low.unwrap_or(observed), high: high.unwrap_or(observed) }
}

/// The interval of one column of differences.
pub fn interval(differences: &[f64], settings: &Settings) -> Interval {
    let rows: Vec<Vec<f64>> = differences.iter().map(|difference| vec![*difference]).collect();
    let nothing = Interval { mean: 0.0, low: 0.0, high: 0.0 };
    intervals(&rows, settings).first().copied().unwrap_or(nothing)
}

fn column_means<'a>(rows: impl Iterator<Item = &'a Vec<f64>>, columns: usize, count: usize) -> Vec<f64> {
    let mut sums = vec![0.0; columns];
    for row in rows {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += value;
        }
    }
    sums.iter_mut().for_each(|sum| *sum /= count.max(1) as f64);
    sums
}

/// The quantile of sorted values by linear interpolation (type 7 of Hyndman & Fan 1996); `None` of nothing.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let at = share.clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    Some(low + (high - low) * (at - at.floor()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_normal_interval() {
        // The quantiles of a normal distribution, so that mean and spread are known: the percentile interval of the mean
        // must be mean ± 1.959964 · sd / sqrt(n), up to the bootstrap's own noise.
        let n = 400usize;
        let uniform = |i: usize| (i as f64 + 0.5) / n as f64;
        let differences: Vec<f64> = (0..n).map(|i| 0.3 + 2.0 * normal_quantile(uniform(i))).collect();
        let mean = differences.iter().sum::<f64>() / n as f64;
        let sd = (differences.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64).sqrt();
        let half = 1.959_964 * sd / (n as f64).sqrt();
        let found = interval(&differences, &Settings::default());
        assert!((found.mean - mean).abs() < 1e-12);
        // The ends of 10,000 resamples have a standard error of about 0.027 half widths; four of them.
        assert!((found.low - (mean - half)).abs() < 0.11 * half, "{found:?} {half}");
        assert!((found.high - (mean + half)).abs() < 0.11 * half, "{found:?} {half}");
        assert!(found.excludes_zero());
    }

    /// The inverse of the normal distribution function by bisection of `libm::erf`.
    fn normal_quantile(share: f64) -> f64 {
        let (mut low, mut high) = (-9.0f64, 9.0f64);
        for _ in 0..80 {
            let mid = (low + high) / 2.0;
            let below = 0.5 * (1.0 + libm::erf(mid / std::f64::consts::SQRT_2));
            if below < share { low = mid } else { high = mid }
        }
        low
    }

    #[test]
    fn degenerate_cases() {
        let settings = Settings::default();
        let exactly = |value| Interval { mean: value, low: value, high: value };
        let cases: &[(&[f64], Interval)] =
            &[(&[], exactly(0.0)), (&[0.7], exactly(0.7)), (&[0.25; 50], exactly(0.25)), (&[0.0; 9], exactly(0.0))];
        for (differences, expected) in cases {
            assert_eq!(interval(differences, &settings), *expected, "{differences:?}");
        }
        assert!(!exactly(0.0).excludes_zero() && exactly(-0.1).excludes_zero());
        let none = Settings { resamples: 0, ..settings };
        assert_eq!(interval(&[0.0, 1.0], &none), exactly(0.5));
        // A coin: of two jobs, a resample has both wrong, one, or both right with 1/4, 1/2, 1/4.
        let coin = interval(&[0.0, 1.0], &settings);
        assert_eq!(coin, Interval { mean: 0.5, low: 0.0, high: 1.0 });
    }

    #[test]
    fn columns_see_the_same_resamples_and_a_seed_repeats() {
        let rows: Vec<Vec<f64>> = (0..60).map(|i| vec![f64::from(i % 7), 2.0 * f64::from(i % 7), 1.0]).collect();
        let settings = Settings { resamples: 500, ..Settings::default() };
        let found = intervals(&rows, &settings);
        assert_eq!((found[1].low, found[1].high), (2.0 * found[0].low, 2.0 * found[0].high));
        assert_eq!((found[2].low, found[2].high), (1.0, 1.0));
        assert_eq!(found, intervals(&rows, &settings));
        assert_ne!(found, intervals(&rows, &Settings { seed: 43, ..settings }));
    }
}
