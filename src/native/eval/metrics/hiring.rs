//! Who was hired: where the cleaner who got the job stood among the candidates.
//!
//! A rank is 1 for the first; `None` means that the hired cleaner was not among the candidates, which counts as a miss.

/// 1 if the hired cleaner is among the first `k`, else 0.
pub fn hired_in_top(rank: Option<usize>, k: usize) -> f64 {
    f64::from(u8::from(rank.is_some_and(|rank| rank <= k)))
}

/// 1 divided by the rank of the hired cleaner; 0 if they are not there.
pub fn reciprocal_rank(rank: Option<usize>) -> f64 {
    rank.map_or(0.0, |rank| 1.0 / rank.max(1) as f64)
}

/// What [`hired_in_top`] is on average over all orders of `n` candidates, one of them hired: min(k, n) / n.
pub fn random_hired_in_top(n: usize, k: usize) -> f64 {
    if n == 0 { 0.0 } else { k.min(n) as f64 / n as f64 }
}

/// What [`reciprocal_rank`] is on average over all orders of `n` candidates: (1 + 1/2 + … + 1/n) / n.
pub fn random_reciprocal_rank(n: usize) -> f64 {
    if n == 0 { 0.0 } else { (1..=n).map(|rank| 1.0 / rank as f64).sum::<f64>() / n as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rank_becomes_a_hit() {
        let cases = [(Some(1), 1, 1.0), (Some(2), 1, 0.0), (Some(3), 3, 1.0), (Some(1), 0, 0.0), (None, 9, 0.0)];
        for (rank, k, expected) in cases {
            assert_eq!(hired_in_top(rank, k), expected, "{rank:?} in {k}");
        }
        assert_eq!((reciprocal_rank(Some(4)), reciprocal_rank(None)), (0.25, 0.0));
    }

    #[test]
    fn the_expectation_is_the_mean_over_every_place() {
        assert_eq!((random_hired_in_top(0, 3), random_reciprocal_rank(0)), (0.0, 0.0));
        for n in 1..9 {
            let places = || (1..=n).map(Some);
            for k in 0..10 {
                let mean = places().map(|rank| hired_in_top(rank, k)).sum::<f64>() / n as f64;
                assert!((random_hired_in_top(n, k) - mean).abs() < 1e-12, "n {n} k {k}");
            }
            let mean = places().map(reciprocal_rank).sum::<f64>() / n as f64;
            assert!((random_reciprocal_rank(n) - mean).abs() < 1e-12, "n {n}");
        }
    }
}
