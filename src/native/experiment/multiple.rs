//! Many comparisons at once (Holm), and whether the units came in the shares that were planned (sample ratio).

use serde::Serialize;
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// A p-value below this says that the assignment or the recording is broken; nothing else of the report can then be trusted.
pub const RATIO_ALARM: f64 = 0.001;

/// Units by variant against their weights: Pearson's chi-square test.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SampleRatio {
    /// Units by variant.
    pub units: Vec<u64>,
    /// What was planned, as shares of 1.
    pub expected: Vec<f64>,
    /// Statistic.
    pub chi2: f64,
    /// p-value.
    pub p: f64,
    /// Whether p is below [`RATIO_ALARM`].
    pub mismatch: bool,
}

/// p-values after Holm's correction (S. Holm 1979), in the order given.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let (mut adjusted, mut least) = (vec![1.0; p.len()], 0.0f64);
    for (rank, at) in order.into_iter().enumerate() {
        least = least.max((p.len() - rank) as f64 * p[at]).min(1.0);
        adjusted[at] = least;
    }
    adjusted
}

/// Checks counts against weights; `None` below two variants, without units, or where a weight is not above 0.
pub fn sample_ratio(units: &[u64], weights: &[f64]) -> Option<SampleRatio> {
    let (all, weight) = (units.iter().sum::<u64>() as f64, weights.iter().sum::<f64>());
    let usable = weights.iter().all(|weight| weight.is_finite() && *weight > 0.0);
    if units.len() < 2 || units.len() != weights.len() || all == 0.0 || !usable {
        return None;
    }
    let expected: Vec<f64> = weights.iter().map(|one| one / weight).collect();
    let chi2 =
        units.iter().zip(&expected).map(|(count, share)| (*count as f64 - share * all).powi(2) / (share * all)).sum();
    let p = ChiSquared::new((units.len() - 1) as f64).ok()?.sf(chi2);
    Some(SampleRatio { units: units.to_vec(), expected, chi2, p, mismatch: p < RATIO_ALARM })
}

#[cfg(test)]
mod tests {
    use super::super::golden::{cases, close, floats};
    use super::*;

    #[test]
    fn holm_agrees_with_statsmodels() {
        for case in cases("holm") {
            let found = holm(&floats(&case["p"]));
            found.iter().enumerate().for_each(|(at, p)| close(*p, &case["adjusted"][at], 1e-12));
        }
        assert_eq!(holm(&[]), Vec::<f64>::new());
    }

    #[test]
    fn the_sample_ratio_agrees_with_scipy() {
        for case in cases("ratio") {
            let units: Vec<u64> = floats(&case["counts"]).into_iter().map(|count| count as u64).collect();
            let found = sample_ratio(&units, &floats(&case["weights"])).unwrap();
            close(found.chi2, &case["chi2"], 1e-9);
            close(found.p, &case["p"], 1e-9);
            assert_eq!(found.mismatch, found.p < 0.001);
        }
        assert_eq!((sample_ratio(&[5], &[1.0]), sample_ratio(&[5, 5], &[1.0, 0.0])), (None, None));
        assert_eq!(sample_ratio(&[0, 0], &[1.0, 1.0]), None);
    }
}
