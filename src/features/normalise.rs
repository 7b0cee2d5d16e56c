//! Features with mean 0 and standard deviation 1 over the training set.

#[cfg(feature = "native")]
use serde::{Deserialize, Serialize};

use super::schema::FEATURE_COUNT;

/// Mean and standard deviation of every feature over the rows it was fitted on.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
pub struct Normaliser {
    mean: Vec<f32>,
    std: Vec<f32>,
}

impl Normaliser {
    /// Fitted on raw rows; NaN values are left out. A feature that is unknown everywhere gets mean 0, one that never
    /// changes standard deviation 1.
    pub fn fit(rows: &[[f32; FEATURE_COUNT]]) -> Self {
        let (mut mean, mut std) = (Vec::with_capacity(FEATURE_COUNT), Vec::with_capacity(FEATURE_COUNT));
        for column in 0..FEATURE_COUNT {
            let known = || rows.iter().map(|row| f64::from(row[column])).filter(|value| !value.is_nan());
            let count = known().count().max(1) as f64;
            let centre = known().sum::<f64>() / count;
            let variance = known().map(|value| (value - centre) * (value - centre)).sum::<f64>() / count;
            mean.push(centre as f32);
            std.push(if variance > 1e-12 { variance.sqrt() as f32 } else { 1.0 });
        }
        Self { mean, std }
    }

    /// With these means and standard deviations, one of each per feature; `None` unless they are finite and the deviations
    /// positive.
    pub fn from_parts(mean: Vec<f32>, std: Vec<f32>) -> Option<Self> {
        Some(Self { mean, std }).filter(Self::is_valid)
    }

    /// The means and the standard deviations, one of each per feature.
    pub fn parts(&self) -> [&[f32]; 2] {
        [&self.mean, &self.std]
    }

    /// Whether it has one mean and one positive standard deviation per feature.
    pub fn is_valid(&self) -> bool {
        self.mean.len() == FEATURE_COUNT
            && self.std.len() == FEATURE_COUNT
            && self.mean.iter().all(|mean| mean.is_finite())
            && self.std.iter().all(|std| std.is_finite() && *std > 0.0)
    }

    /// The same, but for the results being divided by these factors, one per feature: what is served in int8 shares out its
    /// range that way. A factor that is missing is 1.
    pub fn divided_by(&self, factors: &[f32]) -> Self {
        let factors = factors.iter().copied().chain(std::iter::repeat(1.0));
        Self { mean: self.mean.clone(), std: self.std.iter().zip(factors).map(|(std, factor)| std * factor).collect() }
    }

    /// Normalises raw features in place; an unknown one becomes 0, the training mean.
    pub fn apply(&self, row: &mut [f32; FEATURE_COUNT]) {
        self.apply_to(0..FEATURE_COUNT, row);
    }

    /// Normalises the raw values of some features in place; `columns` are their positions in the schema.
    pub fn apply_to(&self, columns: impl IntoIterator<Item = usize>, values: &mut [f32]) {
        for (value, column) in values.iter_mut().zip(columns) {
            *value = if value.is_nan() { 0.0 } else { (*value - self.mean[column]) / self.std[column] };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fitted_rows_have_mean_0_and_deviation_1_and_the_unknown_is_average() {
        let mut rows = [[1.0f32; FEATURE_COUNT], [3.0; FEATURE_COUNT], [5.0; FEATURE_COUNT]];
        rows[0][1] = f32::NAN;
        (rows[0][2], rows[1][2], rows[2][2]) = (f32::NAN, f32::NAN, f32::NAN);
        rows[0][3] = 3.0;
        rows[2][3] = 3.0;
        let normaliser = Normaliser::fit(&rows);
        assert!(normaliser.is_valid());
        let mut row = rows[2];
        normaliser.apply(&mut row);
        // (5 - 3) / sqrt(8 / 3); (5 - 4) / 1; unknown; constant.
        assert!((row[0] - 1.224_744_9).abs() < 1e-6);
        assert_eq!((row[1], row[2], row[3]), (1.0, 0.0, 0.0));
        let [mean, std] = normaliser.parts().map(<[f32]>::to_vec);
        assert_eq!(Normaliser::from_parts(mean, std), Some(normaliser));
    }

    #[test]
    fn divided_by_a_factor_the_result_is_smaller_by_it() {
        let normaliser = Normaliser::fit(&[[1.0; FEATURE_COUNT], [3.0; FEATURE_COUNT]]);
        let mut row = [4.0; FEATURE_COUNT];
        normaliser.divided_by(&[2.0]).apply(&mut row);
        assert_eq!(row[..2], [1.0, 2.0]);
    }
}
