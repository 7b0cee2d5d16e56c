//! What a client likes, from the client's own ratings: the posterior mean of a linear model around the client whom nobody knows.
//!
//! How far a rating was from the expected one is taken for `row · coefficients + noise`, with a row for each rating and
//! independent normal coefficients before it: steps along a few directions of the client's vector (each with what it does to
//! the network's output), a leniency, and a weight for each part rating of the cleaner. The answer is in closed form (Bishop 2006,
//! 3.3), in f64 and in the order of the ratings.

use crate::artifact::text::text;
use crate::artifact::{ArtifactError, Tensors};

/// Format name of the file.
pub const FOLDIN_FORMAT: &str = "tidyrank.foldin";
/// Numbers of a folded vector behind the embedding row: leniency, and the weights of the four part ratings.
pub const LEANINGS: usize = 5;

/// What is known of clients before any rating of theirs.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldIn {
    /// The vector of the client whom nobody knows.
    mean: Vec<f32>,
    /// Directions of the vector, each one standard deviation of the trained clients long, one after the other.
    factors: Vec<f32>,
    /// Standard deviations of the leniency and the four weights.
    scales: Vec<f32>,
    /// Variance of a rating (0 to 1) around what is expected of it.
    noise: f32,
}

/// One rating.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldTerm {
    /// How far it was above the expected one, 0 to 1.
    pub residual: f64,
    /// What it depends on: one number per direction, then 1, then the four part ratings.
    pub row: Vec<f64>,
}

impl FoldIn {
    /// From its parts.
    ///
    /// # Errors
    /// [`ArtifactError::Format`] for parts that do not fit or are no numbers, and for a noise that is not positive.
    pub fn new(mean: Vec<f32>, factors: Vec<f32>, scales: Vec<f32>, noise: f32) -> Result<Self, ArtifactError> {
        let numbers = mean.iter().chain(&factors).chain(&scales).all(|x| x.is_finite());
        let fits = !mean.is_empty() && factors.len().is_multiple_of(mean.len()) && scales.len() == LEANINGS;
        if numbers && fits && noise.is_normal() && noise > 0.0 {
            return Ok(Self { mean, factors, scales, noise });
        }
        Err(ArtifactError::Format { reason: text!("mean, factors, scales and noise must be finite and fit together") })
    }

    /// Reads the file for a model with vectors of that length.
    ///
    /// # Errors
    /// Another format or version, missing tensors, and as [`new`](Self::new).
    pub fn from_tensors(tensors: &Tensors, dim: usize) -> Result<Self, ArtifactError> {
        tensors.expect_format(FOLDIN_FORMAT)?;
        let rows = tensors.shape("factor")?.first().copied().unwrap_or_default();
        let scales = tensors.f32("scale", &[LEANINGS])?;
        Self::new(
            tensors.f32("mean", &[dim])?,
            tensors.f32("factor", &[rows, dim])?,
            scales,
            tensors.f32("noise", &[1])?[0],
        )
    }

    /// The file that [`from_tensors`](Self::from_tensors) reads.
    ///
    /// # Errors
    /// None: the parts fit by construction.
    #[cfg(any(feature = "native", test))]
    pub fn to_tensors(&self) -> Result<Tensors, ArtifactError> {
        let dim = self.mean.len();
        let mut tensors = Tensors::new();
        tensors.set_format(FOLDIN_FORMAT);
        tensors.insert_f32("mean", &[dim], &self.mean)?;
        tensors.insert_f32("factor", &[self.factors.len() / dim, dim], &self.factors)?;
        tensors.insert_f32("scale", &[LEANINGS], &self.scales)?;
        tensors.insert_f32("noise", &[1], &[self.noise])?;
        Ok(tensors)
    }

    /// The vector one standard deviation off along each direction.
    pub fn probes(&self) -> impl Iterator<Item = Vec<f32>> {
        let off = |factor: &[f32]| self.mean.iter().zip(factor).map(|(mean, step)| mean + step).collect();
        self.factors.chunks_exact(self.mean.len()).map(off)
    }

    /// The coefficients of the rows, by these ratings; terms of another length count as nothing.
    pub fn coefficients(&self, terms: &[FoldTerm]) -> Vec<f64> {
        let directions = self.factors.len() / self.mean.len();
        let scale = |at: usize| if at < directions { 1.0 } else { f64::from(self.scales[at - directions]) };
        let m = directions + LEANINGS;
        // (noise I + X'X) z = X'r, with the rows scaled so that every coefficient has variance 1.
        let (mut matrix, mut z) = (vec![0.0; m * m], vec![0.0; m]);
        (0..m).for_each(|at| matrix[at * m + at] = f64::from(self.noise));
        for term in terms.iter().filter(|term| term.row.len() == m) {
            for i in 0..m {
                let x = term.row[i] * scale(i);
                z[i] += x * term.residual;
                (0..m).for_each(|j| matrix[i * m + j] += x * term.row[j] * scale(j));
            }
        }
        solve(&mut matrix, &mut z);
        z.iter().enumerate().map(|(at, z)| z * scale(at)).collect()
    }

    /// The client's vector by these ratings: the embedding row, then leniency and weights.
    pub fn vector(&self, terms: &[FoldTerm]) -> Vec<f32> {
        let coefficients = self.coefficients(terms);
        let mut vector = self.mean.clone();
        for (factor, by) in self.factors.chunks_exact(self.mean.len()).zip(&coefficients) {
            vector.iter_mut().zip(factor).for_each(|(x, step)| *x += step * *by as f32);
        }
        vector.extend(coefficients[coefficients.len() - LEANINGS..].iter().map(|x| *x as f32));
        vector
    }
}

/// Solves a positive definite system in place, by elimination without pivoting.
fn solve(matrix: &mut [f64], values: &mut [f64]) {
    let m = values.len();
    for at in 0..m {
        for row in at + 1..m {
            let by = matrix[row * m + at] / matrix[at * m + at];
            (at..m).for_each(|column| matrix[row * m + column] -= by * matrix[at * m + column]);
            values[row] -= by * values[at];
        }
    }
    for at in (0..m).rev() {
        let known: f64 = (at + 1..m).map(|column| matrix[at * m + column] * values[column]).sum();
        values[at] = (values[at] - known) / matrix[at * m + at];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> FoldIn {
        FoldIn::new(vec![1.0, 2.0], vec![0.5, 0.0], vec![0.02, 0.1, 0.1, 0.1, 0.0], 0.004).unwrap()
    }

    #[test]
    fn without_ratings_it_is_the_unknown_client() {
        assert_eq!(two().vector(&[]), [1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let other = FoldTerm { residual: 1.0, row: vec![1.0] };
        assert_eq!(two().vector(&[other]), [1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn the_posterior_mean_is_that_of_numpy() {
        // T = diag([1, .02, .1, .1, .1, 0]) ** 2; T @ X.T @ np.linalg.solve(X @ T @ X.T + .004 * np.eye(3), r), numpy 2.4.6:
        let rows =
            [[0.01, 1.0, 0.05, -0.05, 0.02, -0.02], [0.02, 1.0, 0.0, 0.1, -0.1, 0.0], [0.0, 1.0, -0.1, 0.0, 0.1, 0.0]];
        let terms: Vec<FoldTerm> =
            rows.iter().zip([0.1, 0.05, -0.02]).map(|(row, r)| FoldTerm { residual: r, row: row.to_vec() }).collect();
        let expected =
            [0.377759784124, 0.009221379877, 0.017386230341, -0.002663702212, -0.010412189733, 0.000000000000];
        for (found, expected) in two().coefficients(&terms).iter().zip(expected) {
            assert!((found - expected).abs() < 1e-7, "{found} for {expected}");
        }
        let vector = two().vector(&terms);
        assert!((f64::from(vector[0]) - 1.0 - 0.5 * expected[0]).abs() < 1e-6 && vector[1] == 2.0);
        assert!((f64::from(vector[2]) - expected[1]).abs() < 1e-8 && vector.len() == 7);
    }

    #[test]
    fn many_equal_ratings_are_believed() {
        let one = FoldTerm { residual: 0.03, row: vec![0.0, 1.0, 0.0, 0.0, 0.0, 0.0] };
        // One normal mean with prior variance t and noise s: n t / (n t + s) of the mean.
        for (count, share) in [(1, 0.0004 / 0.0044), (10, 0.004 / 0.008), (1000, 0.4 / 0.404)] {
            let found = two().coefficients(&vec![one.clone(); count])[1];
            assert!((found - 0.03 * share).abs() < 1e-8, "{count}: {found}");
        }
    }

    #[test]
    fn what_is_written_is_read_back_and_damage_is_refused() {
        let bytes = two().to_tensors().unwrap().to_bytes();
        let read = |bytes: &[u8]| Tensors::from_bytes(bytes).and_then(|tensors| FoldIn::from_tensors(&tensors, 2));
        assert_eq!(read(&bytes), Ok(two()));
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err(), "length {length}");
        }
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x41;
            if let Ok(other) = read(&flipped) {
                assert!(other.vector(&[]).iter().all(|x| x.is_finite()), "byte {at}");
            }
        }
        let other = Tensors::from_bytes(&bytes).and_then(|tensors| FoldIn::from_tensors(&tensors, 3));
        assert_eq!(other.unwrap_err().code(), "artifact.shape");
        let scales = || vec![0.1; LEANINGS];
        for (mean, factors, scales, noise) in [
            (vec![], vec![], scales(), 1.0),
            (vec![0.0; 2], vec![0.0; 3], scales(), 1.0),
            (vec![0.0; 2], vec![f32::NAN; 2], scales(), 1.0),
            (vec![0.0; 2], vec![], vec![0.1], 1.0),
            (vec![0.0; 2], vec![], scales(), 0.0),
        ] {
            assert_eq!(FoldIn::new(mean, factors, scales, noise).unwrap_err().code(), "artifact.format");
        }
    }
}
