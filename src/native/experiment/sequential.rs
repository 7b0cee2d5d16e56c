//! Always-valid p-values and intervals of a difference of two shares: they may be looked at as often as one likes.
//!
//! Mixture sequential probability ratio test (R. Johari, P. Koomen, L. Pekelis, D. Walsh, "Peeking at A/B tests", KDD 2017): the
//! likelihood ratio of the difference against 0, averaged over a normal prior of effects with mean 0 and standard deviation
//! `mixing_sd`. With difference d and variance of its estimate v, tau = `mixing_sd`,
//!
//! ratio = sqrt(v / (v + tau²)) · exp(tau² d² / (2 v (v + tau²))), and p = min over all looks so far of 1 / ratio.
//!
//! `mixing_sd` must be fixed beforehand. The level holds for any value; the power is best where effects are about as large.

use serde::Serialize;

use super::proportions::{Count, compare};

/// How to look.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Standard deviation of the effects that are thought possible, as a difference of shares.
    pub mixing_sd: f64,
    /// Level of the intervals.
    pub level: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { mixing_sd: 0.05, level: 0.95 }
    }
}

/// One look.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Look {
    /// The control so far.
    pub control: Count,
    /// The treatment so far.
    pub treatment: Count,
    /// Difference of the shares.
    pub difference: f64,
    /// p-value of the fixed test, which holds for a single look at a size planned beforehand.
    pub fixed_p: f64,
    /// Always-valid p-value: never rises.
    pub valid_p: f64,
    /// Always-valid interval of the difference: never widens.
    pub valid_interval: (f64, f64),
}

/// The looks at a series of counts so far; a look before both sides have a unit says nothing (p = 1).
pub fn looks(series: &[(Count, Count)], settings: &Settings) -> Vec<Look> {
    let (mut p, mut interval) = (1.0f64, (-1.0f64, 1.0f64));
    let look = |&(control, treatment): &(Count, Count)| {
        let fixed = compare(control, treatment, settings.level);
        if fixed.is_some() {
            let (difference, v) = (treatment.share() - control.share(), variance(control) + variance(treatment));
            p = p.min(1.0 / mixture_ratio(difference, v, settings.mixing_sd));
            let half = half_width(v, settings);
            interval = (interval.0.max(difference - half), interval.1.min(difference + half));
            // Two looks that exclude each other happen with probability 1 - level at most: the last bound is kept.
            interval.1 = interval.1.max(interval.0);
        }
        let difference = fixed.map_or(0.0, |fixed| fixed.difference);
        let fixed_p = fixed.map_or(1.0, |fixed| fixed.p);
        Look { control, treatment, difference, fixed_p, valid_p: p, valid_interval: interval }
    };
    series.iter().map(look).collect()
}

/// The likelihood ratio of a difference with variance `v` against 0, under the mixture.
pub fn mixture_ratio(difference: f64, v: f64, mixing_sd: f64) -> f64 {
    let mix = mixing_sd * mixing_sd;
    (v / (v + mix)).sqrt() * (mix * difference * difference / (2.0 * v * (v + mix))).exp()
}

fn half_width(v: f64, settings: &Settings) -> f64 {
    let mix = settings.mixing_sd * settings.mixing_sd;
    (v * (v + mix) / mix * (((v + mix) / v).ln() - 2.0 * (1.0 - settings.level).ln())).sqrt()
}

/// Variance of a share's estimate, with half a unit added on either side: the first few units do not look certain.
fn variance(count: Count) -> f64 {
    let share = (count.hits as f64 + 0.5) / (count.units as f64 + 1.0);
    share * (1.0 - share) / count.units as f64
}

#[cfg(test)]
mod tests {
    use super::super::golden::{cases, close, float};
    use super::*;

    #[test]
    fn the_ratio_is_the_integral_over_the_mixture() {
        for case in cases("msprt") {
            let ratio = mixture_ratio(float(&case["diff"]), float(&case["variance"]), float(&case["tau"]));
            close(ratio, &case["ratio"], 1e-6);
        }
    }

    #[test]
    fn p_never_rises_and_the_interval_says_the_same() {
        let count = |hits, units| Count { hits, units };
        let mut series: Vec<_> = (1..=50).map(|day| (count(10 * day, 50 * day), count(13 * day, 50 * day))).collect();
        series.insert(0, (Count::default(), Count::default()));
        let found = looks(&series, &Settings::default());
        assert_eq!((found[0].valid_p, found[0].valid_interval), (1.0, (-1.0, 1.0)));
        for pair in found.windows(2) {
            assert!(pair[1].valid_p <= pair[0].valid_p);
            assert!(pair[1].valid_interval.0 >= pair[0].valid_interval.0);
        }
        for look in &found {
            assert_eq!(look.valid_p < 0.05, look.valid_interval.0 > 0.0, "{look:?}");
        }
        let last = found.last().unwrap();
        assert!(last.valid_p < 0.01 && last.fixed_p < last.valid_p, "{last:?}");
    }
}
