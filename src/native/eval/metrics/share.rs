//! Intervals of a share.

/// The normal quantile of 95 %, two-sided.
pub const Z_95: f64 = 1.959_963_984_540_054;

/// Where the share of further units lies, if `share` of `n` did (E. B. Wilson 1927); of nobody, anywhere. `z` is the two-sided
/// normal quantile of the wanted probability.
pub fn wilson(share: f64, n: u64, z: f64) -> (f64, f64) {
    if n == 0 {
        return (0.0, 1.0);
    }
    let n = n as f64;
    let centre = (share + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    ((centre - half).max(0.0), (centre + half).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_everybody_and_a_half() {
        assert_eq!(wilson(0.0, 0, Z_95), (0.0, 1.0));
        let ((_, high), (low, _)) = (wilson(1.0, 7, Z_95), wilson(0.0, 7, Z_95));
        assert!(1.0 - high < 1e-15 && low < 1e-15, "{low} {high}");
        // statsmodels 0.14: proportion_confint(2, 4, method="wilson").
        let (low, high) = wilson(0.5, 4, Z_95);
        assert!((low - 0.150_039).abs() < 1e-6 && (high - 0.849_961).abs() < 1e-6, "{low} {high}");
    }
}
