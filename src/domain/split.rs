//! Which samples a model learns from, which choose its settings, and which it is measured on.

use super::Timestamp;

/// The shares of the training, validation and test parts; the test part is what the other two leave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fractions {
    /// Share of the samples to learn from, 0 to 1.
    pub train: f64,
    /// Share of the samples to choose by, 0 to 1.
    pub validation: f64,
}

/// Indices of the samples of each part, in ascending order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Split {
    /// To learn from.
    pub train: Vec<usize>,
    /// To choose the epoch and the settings by.
    pub validation: Vec<usize>,
    /// To measure on, once.
    pub test: Vec<usize>,
}

impl Split {
    /// Cuts a list of distinct indices in two places: after `train` of it, and after `train + validation`, rounded.
    fn cut(order: &[usize], fractions: Fractions) -> Self {
        let place = |share: f64| ((share * order.len() as f64).round() as usize).min(order.len());
        let first = place(fractions.train);
        let second = place(fractions.train + fractions.validation).max(first);
        let sorted = |part: &[usize]| {
            let mut part = part.to_vec();
            part.sort_unstable();
            part
        };
        Self {
            train: sorted(&order[..first]),
            validation: sorted(&order[first..second]),
            test: sorted(&order[second..]),
        }
    }
}

/// The past to learn from, the time after it to choose by, the rest to measure on. Equal times: the lower index is earlier.
pub fn temporal_split(times: &[Timestamp], fractions: Fractions) -> Split {
    let mut order: Vec<usize> = (0..times.len()).collect();
    order.sort_by_key(|&at| times[at]);
    Split::cut(&order, fractions)
}

/// The same shares drawn at random: the same `n` and seed always give the same parts.
pub fn random_split(n: usize, fractions: Fractions, seed: u64) -> Split {
    let mut order: Vec<usize> = (0..n).collect();
    let mut state = seed;
    // Fisher and Yates' shuffle.
    for last in (1..n).rev() {
        let pick = (u128::from(next_u64(&mut state)) * (last as u128 + 1)) >> 64;
        order.swap(last, pick as usize);
    }
    Split::cut(&order, fractions)
}

/// SplitMix64 (G. L. Steele, D. Lea, C. H. Flood, OOPSLA 2014): enough for a shuffle, and no dependency.
fn next_u64(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED_SHARES: Fractions = Fractions { train: 0.7, validation: 0.1 };

    #[test]
    fn the_parts_follow_one_another_in_time() {
        let times: Vec<Timestamp> = vec![50, 10, 90, 30, 70, 20, 60, 40, 80, 0];
        let split = temporal_split(&times, SEED_SHARES);
        assert_eq!(split.train, [0, 1, 3, 5, 6, 7, 9]);
        assert_eq!((split.validation, split.test), (vec![4], vec![2, 8]));
        let equal = temporal_split(&[7; 10], SEED_SHARES);
        assert_eq!((equal.validation, equal.test), (vec![7], vec![8, 9]));
    }

    #[test]
    fn the_parts_of_a_random_split_are_whole_and_follow_the_seed() {
        for n in [0, 1, 2, 9, 4493] {
            let split = random_split(n, SEED_SHARES, 42);
            let mut all = [split.train.clone(), split.validation.clone(), split.test.clone()].concat();
            all.sort_unstable();
            assert_eq!(all, (0..n).collect::<Vec<_>>(), "n = {n}");
            assert_eq!(split, random_split(n, SEED_SHARES, 42));
        }
        let split = random_split(4493, SEED_SHARES, 42);
        assert_eq!((split.train.len(), split.validation.len(), split.test.len()), (3145, 449, 899));
        assert_ne!(split, random_split(4493, SEED_SHARES, 43));
    }

    #[test]
    fn shares_of_everything_and_nothing_are_legal() {
        let split = temporal_split(&[1, 2, 3], Fractions { train: 1.0, validation: 0.5 });
        assert_eq!((split.train.len(), split.validation.len(), split.test.len()), (3, 0, 0));
        let split = temporal_split(&[1, 2, 3], Fractions { train: 0.0, validation: 0.0 });
        assert_eq!(split.test.len(), 3);
    }

    #[test]
    fn the_generator_agrees_with_its_reference() {
        // The first values of the public-domain splitmix64.c for the seed 1234567 (as listed by Rosetta Code).
        let mut state = 1_234_567;
        assert_eq!(next_u64(&mut state), 6_457_827_717_110_365_317);
        assert_eq!(next_u64(&mut state), 3_203_168_211_198_807_973);
    }
}
