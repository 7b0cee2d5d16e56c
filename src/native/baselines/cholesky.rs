//! Small systems of equations with a symmetric, positive definite matrix.

/// Solves `matrix x = right`, leaving x in `right`. The matrix is n x n by rows, of which the lower half is read and
/// overwritten by its Cholesky factor (G. Golub, C. Van Loan, "Matrix computations", 4.2). Where it is not positive definite,
/// what comes out is not a number.
pub(super) fn solve(matrix: &mut [f64], right: &mut [f64]) {
    let n = right.len();
    for row in 0..n {
        for column in 0..=row {
            let (before, of_row) = matrix.split_at(row * n);
            let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            if column == row {
                let left = of_row[row] - product(&of_row[..row], &of_row[..row]);
                matrix[row * n + row] = left.sqrt();
            } else {
                let of_column = &before[column * n..];
                let left = of_row[column] - product(&of_row[..column], &of_column[..column]);
                matrix[row * n + column] = left / of_column[column];
            }
        }
    }
    for row in 0..n {
        let known: f64 = (0..row).map(|at| matrix[row * n + at] * right[at]).sum();
        right[row] = (right[row] - known) / matrix[row * n + row];
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|at| matrix[at * n + row] * right[at]).sum();
        right[row] = (right[row] - known) / matrix[row * n + row];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_with_a_known_answer_is_solved() {
        // L = [[2], [6, 1], [-8, 5, 3]] (Wikipedia, "Cholesky decomposition"): L L' is the matrix below; x = [1, -2, 3].
        let mut matrix = [4.0, 9.0, 9.0, 12.0, 37.0, 9.0, -16.0, -43.0, 98.0];
        let mut right = [4.0 - 24.0 - 48.0, 12.0 - 74.0 - 129.0, -16.0 + 86.0 + 294.0];
        solve(&mut matrix, &mut right);
        assert!(right.iter().zip([1.0, -2.0, 3.0]).all(|(x, expected)| (x - expected).abs() < 1e-12), "{right:?}");
        assert_eq!((matrix[0], matrix[3], matrix[8]), (2.0, 6.0, 3.0));
        let mut indefinite = [1.0, 0.0, 2.0, 1.0];
        let mut right = [1.0, 1.0];
        solve(&mut indefinite, &mut right);
        assert!(right.iter().any(|x| x.is_nan()));
        solve(&mut [], &mut []);
    }
}
