//! Errors of predicted ratings. Predictions and labels are in the same unit; here ratings normalised to [0, 1].

/// The mean; `None` of nothing.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The mean of (predicted - actual)², over pairs; `None` without a pair.
pub fn mean_squared_error(pairs: &[(f64, f64)]) -> Option<f64> {
    mean(&pairs.iter().map(|(predicted, actual)| (predicted - actual).powi(2)).collect::<Vec<_>>())
}

/// The mean of |predicted - actual|, over pairs; `None` without a pair.
pub fn mean_absolute_error(pairs: &[(f64, f64)]) -> Option<f64> {
    mean(&pairs.iter().map(|(predicted, actual)| (predicted - actual).abs()).collect::<Vec<_>>())
}

/// 1 - the squared error divided by that of the labels' own mean (of these pairs, not of a training set).
///
/// 1 is perfect, 0 as good as the mean, negative worse; `None` where all labels are equal.
pub fn r_squared(pairs: &[(f64, f64)]) -> Option<f64> {
    let centre = mean(&pairs.iter().map(|(_, actual)| *actual).collect::<Vec<_>>())?;
    let total: f64 = pairs.iter().map(|(_, actual)| (actual - centre).powi(2)).sum();
    let error: f64 = pairs.iter().map(|(predicted, actual)| (predicted - actual).powi(2)).sum();
    (total > 0.0).then(|| 1.0 - error / total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example_of_scikit_learn() {
        // r2_score, mean_squared_error and mean_absolute_error of y_true = [3, -0.5, 2, 7], y_pred = [2.5, 0.0, 2, 8] in
        // scikit-learn's user guide ("Regression metrics"): 0.948..., 0.375, 0.5.
        let pairs = [(2.5, 3.0), (0.0, -0.5), (2.0, 2.0), (8.0, 7.0)];
        assert_eq!(mean_squared_error(&pairs), Some(0.375));
        assert_eq!(mean_absolute_error(&pairs), Some(0.5));
        assert!((r_squared(&pairs).unwrap() - 0.948_608_137).abs() < 1e-9);
    }

    #[test]
    fn nothing_to_compare_gives_nothing() {
        assert_eq!((mean_squared_error(&[]), mean_absolute_error(&[]), r_squared(&[])), (None, None, None));
        assert_eq!(r_squared(&[(0.1, 0.5), (0.9, 0.5)]), None);
        assert_eq!(r_squared(&[(0.5, 0.0), (0.5, 1.0)]), Some(0.0));
    }
}
