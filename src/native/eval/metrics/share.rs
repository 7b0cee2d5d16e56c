//! Intervals of a share.

use statrs::distribution::{ContinuousCDF, Normal};

/// Where the share of further units lies, if `share` of `n` did, with the probability `level`: E. B. Wilson 1927. Everything of
/// nobody.
pub fn wilson(share: f64, n: u64, level: f64) -> (f64, f64) {
    if n == 0 {
        return (0.0, 1.0);
    }
    let (z, n) = (z_of(level), n as f64);
    let centre = (share + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    ((centre - half).max(0.0), (centre + half).min(1.0))
}

/// The normal quantile of a two-sided level: 1.96 of 0.95.
pub fn z_of(level: f64) -> f64 {
    Normal::standard().inverse_cdf(0.5 + level / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_everybody_and_a_half() {
        assert_eq!(wilson(0.0, 0, 0.95), (0.0, 1.0));
        assert_eq!((wilson(1.0, 7, 0.95).1, wilson(0.0, 7, 0.95).0), (1.0, 0.0));
        // statsmodels 0.14: proportion_confint(2, 4, method="wilson").
        let (low, high) = wilson(0.5, 4, 0.95);
        assert!((low - 0.150_039).abs() < 1e-6 && (high - 0.849_961).abs() < 1e-6, "{low} {high}");
    }
}
