//! Small symmetric matrices in f64, row by row.

/// A square matrix.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Square {
    /// Number of rows and columns.
    pub(super) n: usize,
    /// `n * n` values, row by row.
    pub(super) values: Vec<f64>,
}

impl Square {
    /// All values 0.
    pub(super) fn zeros(n: usize) -> Self {
        Self { n, values: vec![0.0; n * n] }
    }

    /// One value.
    pub(super) fn at(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.n + column]
    }

    /// One row.
    pub(super) fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.n..][..self.n]
    }

    /// Adds to the diagonal.
    pub(super) fn add_diagonal(&mut self, value: f64) {
        (0..self.n).for_each(|i| self.values[i * self.n + i] += value);
    }

    /// The mean of the diagonal.
    pub(super) fn mean_diagonal(&self) -> f64 {
        (0..self.n).map(|i| self.at(i, i)).sum::<f64>() / self.n.max(1) as f64
    }

    /// Rows and columns in another order.
    pub(super) fn permuted(&self, order: &[usize]) -> Self {
        let values = order.iter().flat_map(|&i| order.iter().map(move |&j| self.at(i, j))).collect();
        Self { n: self.n, values }
    }

    /// Lower `L` with `L Lᵀ = self`; `None` where the matrix is not positive definite.
    pub(super) fn cholesky(&self) -> Option<Self> {
        let n = self.n;
        let mut lower = Self::zeros(n);
        for i in 0..n {
            for j in 0..=i {
                let (left, right) = (&lower.row(i)[..j], &lower.row(j)[..j]);
                let sum = self.at(i, j) - left.iter().zip(right).map(|(a, b)| a * b).sum::<f64>();
                let value = if i == j { sum.sqrt() } else { sum / lower.at(j, j) };
                if !value.is_finite() || (i == j && value <= 0.0) {
                    return None;
                }
                lower.values[i * n + j] = value;
            }
        }
        Some(lower)
    }

    /// `x` with `L Lᵀ x = b`, where `self` is `L`.
    pub(super) fn solve_with_cholesky(&self, b: &[f64]) -> Vec<f64> {
        let mut x = b.to_vec();
        for i in 0..self.n {
            let sum: f64 = self.row(i)[..i].iter().zip(&x).map(|(l, x)| l * x).sum();
            x[i] = (x[i] - sum) / self.at(i, i);
        }
        for i in (0..self.n).rev() {
            let sum: f64 = (i + 1..self.n).map(|k| self.at(k, i) * x[k]).sum();
            x[i] = (x[i] - sum) / self.at(i, i);
        }
        x
    }

    /// The inverse of `L Lᵀ`, where `self` is `L`.
    pub(super) fn inverse_with_cholesky(&self) -> Self {
        let n = self.n;
        let mut inverse = Self::zeros(n);
        for column in 0..n {
            let mut unit = vec![0.0; n];
            unit[column] = 1.0;
            // Symmetric: the column is the row.
            inverse.values[column * n..][..n].copy_from_slice(&self.solve_with_cholesky(&unit));
        }
        inverse
    }
}

/// `matrix * vector`.
pub(super) fn times(matrix: &Square, vector: &[f64]) -> Vec<f64> {
    (0..matrix.n).map(|i| dot(matrix.row(i), vector)).collect()
}

/// The sum of products.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_matrix() {
        // The worked example of the Wikipedia article "Cholesky decomposition".
        let matrix = Square { n: 3, values: vec![4.0, 12.0, -16.0, 12.0, 37.0, -43.0, -16.0, -43.0, 98.0] };
        let lower = matrix.cholesky().unwrap();
        assert_eq!(lower.values, [2.0, 0.0, 0.0, 6.0, 1.0, 0.0, -8.0, 5.0, 3.0]);
        let x = lower.solve_with_cholesky(&times(&matrix, &[1.0, -2.0, 3.0]));
        assert!(x.iter().zip([1.0, -2.0, 3.0]).all(|(a, b)| (a - b).abs() < 1e-9), "{x:?}");
        let inverse = lower.inverse_with_cholesky();
        for i in 0..3 {
            let product = times(&matrix, inverse.row(i));
            let unit = |j: usize| f64::from(u8::from(i == j));
            assert!(product.iter().enumerate().all(|(j, v)| (v - unit(j)).abs() < 1e-9), "{product:?}");
        }
        assert_eq!(matrix.permuted(&[2, 0, 1]).row(0), [98.0, -16.0, -43.0]);
    }

    #[test]
    fn no_positive_definite_matrix_has_no_root() {
        assert_eq!(Square { n: 2, values: vec![1.0, 2.0, 2.0, 1.0] }.cholesky(), None);
        assert_eq!(Square { n: 1, values: vec![f64::NAN] }.cholesky(), None);
    }
}
