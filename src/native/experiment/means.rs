//! Two means of values per unit: Welch's t test.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// The difference `treatment - control` of two means (B. L. Welch 1947).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MeanDifference {
    /// Difference observed.
    pub difference: f64,
    /// Statistic.
    pub t: f64,
    /// Degrees of freedom (Welch and Satterthwaite).
    pub df: f64,
    /// Two-sided p-value.
    pub p: f64,
    /// Interval of the difference.
    pub interval: (f64, f64),
}

/// The mean of values; 0 of none.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The unbiased variance; 0 below two values.
pub fn variance(values: &[f64]) -> f64 {
    let centre = mean(values);
    let squares: f64 = values.iter().map(|value| (value - centre) * (value - centre)).sum();
    squares / values.len().saturating_sub(1).max(1) as f64
}

/// Compares two means; `None` below two values on a side or where nothing varies.
pub fn compare(control: &[f64], treatment: &[f64], level: f64) -> Option<MeanDifference> {
    let (n0, n1) = (control.len() as f64, treatment.len() as f64);
    let (v0, v1) = (variance(control) / n0, variance(treatment) / n1);
    if n0 < 2.0 || n1 < 2.0 || v0 + v1 <= 0.0 {
        return None;
    }
    let difference = mean(treatment) - mean(control);
    let error = (v0 + v1).sqrt();
    let df = (v0 + v1) * (v0 + v1) / (v0 * v0 / (n0 - 1.0) + v1 * v1 / (n1 - 1.0));
    let student = StudentsT::new(0.0, 1.0, df).ok()?;
    let (t, half) = (difference / error, student.inverse_cdf(0.5 + level / 2.0) * error);
    let p = (2.0 * student.sf(t.abs())).min(1.0);
    Some(MeanDifference { difference, t, df, p, interval: (difference - half, difference + half) })
}

#[cfg(test)]
mod tests {
    use super::super::golden::{cases, close, floats};
    use super::*;

    #[test]
    fn agrees_with_scipy() {
        for case in cases("means") {
            let found = compare(&floats(&case["a"]), &floats(&case["b"]), 0.95).unwrap();
            close(found.t, &case["t"], 1e-9);
            close(found.df, &case["df"], 1e-9);
            close(found.p, &case["p"], 1e-9);
            close(found.interval.0, &case["interval"][0], 1e-8);
            close(found.interval.1, &case["interval"][1], 1e-8);
        }
    }

    #[test]
    fn too_few_or_equal_values_have_no_test() {
        assert_eq!(compare(&[1.0], &[1.0, 2.0], 0.95), None);
        assert_eq!(compare(&[1.0, 1.0], &[2.0, 2.0], 0.95), None);
        assert_eq!((mean(&[]), variance(&[3.0])), (0.0, 0.0));
    }
}
