//! Seeded bootstrap of a difference of two means over units: no assumption about how values are distributed (B. Efron and
//! R. J. Tibshirani 1993, chapter 16; percentile interval).

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::means::mean;
use crate::native::eval::bootstrap::Settings;

/// The percentile interval of `mean(treatment) - mean(control)`; `None` where a side is empty or there is no resample.
pub fn interval(control: &[f64], treatment: &[f64], settings: &Settings) -> Option<(f64, f64)> {
    if control.is_empty() || treatment.is_empty() || settings.resamples == 0 {
        return None;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
    let mut draw = |values: &[f64]| {
        let sum: f64 = (0..values.len()).map(|_| values[rng.random_range(0..values.len())]).sum();
        sum / values.len() as f64
    };
    let mut found: Vec<f64> = (0..settings.resamples).map(|_| draw(treatment) - draw(control)).collect();
    found.sort_by(f64::total_cmp);
    let tail = (1.0 - settings.level) / 2.0;
    Some((quantile(&found, tail)?, quantile(&found, 1.0 - tail)?))
}

/// The quantile of sorted values by linear interpolation (type 7 of Hyndman and Fan 1996, numpy's default).
pub fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let at = share.clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    Some(low + (high - low) * (at - at.floor()))
}

/// Mean and standard error of the mean.
pub(super) fn mean_and_error(values: &[f64]) -> (f64, f64) {
    (mean(values), (super::means::variance(values) / values.len().max(1) as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::super::{means, proportions};
    use super::*;

    #[test]
    fn agrees_with_the_normal_intervals() {
        let share =
            |hits: usize, units: usize| -> Vec<f64> { (0..units).map(|at| f64::from(u8::from(at < hits))).collect() };
        let settings = Settings { resamples: 4000, ..Settings::default() };
        let (a, b) = (share(200, 1000), share(260, 1000));
        let (low, high) = interval(&a, &b, &settings).unwrap();
        let count = |hits, units| proportions::Count { hits, units };
        let wald = proportions::compare(count(200, 1000), count(260, 1000), 0.95).unwrap().wald;
        // The ends of 4,000 resamples have a standard error of about 0.04 half widths; four of them.
        let slack = 0.16 * (wald.1 - wald.0) / 2.0;
        assert!((low - wald.0).abs() < slack && (high - wald.1).abs() < slack, "{low} {high} {wald:?}");
        let ramp: Vec<f64> = (0..500).map(|at| f64::from(at % 23)).collect();
        let welch = means::compare(&ramp[..200], &ramp[200..], 0.95).unwrap().interval;
        let (low, high) = interval(&ramp[..200], &ramp[200..], &settings).unwrap();
        let slack = 0.16 * (welch.1 - welch.0) / 2.0;
        assert!((low - welch.0).abs() < slack && (high - welch.1).abs() < slack, "{low} {high} {welch:?}");
        assert_eq!(interval(&a, &b, &settings), interval(&a, &b, &settings));
        assert_ne!(interval(&a, &b, &settings), interval(&a, &b, &Settings { seed: 1, ..settings }));
        assert_eq!(interval(&[], &b, &settings), None);
    }
}
