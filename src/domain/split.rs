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
        let mut split = Self::default();
        split.add(order, places(order.len(), fractions));
        split.sorted()
    }

    /// Adds a list of indices, cut in two places.
    fn add(&mut self, order: &[usize], [first, second]: [usize; 2]) {
        self.train.extend(&order[..first]);
        self.validation.extend(&order[first..second]);
        self.test.extend(&order[second..]);
    }

    fn sorted(mut self) -> Self {
        for part in [&mut self.train, &mut self.validation, &mut self.test] {
            part.sort_unstable();
        }
        self
    }
}

/// Where `n` samples are cut: after `train` of them, and after `train + validation`, rounded.
fn places(n: usize, fractions: Fractions) -> [usize; 2] {
    let place = |share: f64| ((share * n as f64).round() as usize).min(n);
    let first = place(fractions.train);
    [first, place(fractions.train + fractions.validation).max(first)]
}

/// One part of a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// To learn from.
    Train,
    /// To choose by.
    Validation,
    /// To measure on.
    Test,
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

/// Every user's own past to learn from, and what the same user did later to choose by and to measure on: each user's samples
/// are cut as [`temporal_split`] cuts all of them. So a part may hold what is older than the training samples of others.
///
/// `users` and `times` have one value per sample; samples without a user are given the same number and are cut together.
pub fn user_temporal_split(users: &[u32], times: &[Timestamp], fractions: Fractions) -> Split {
    by_user(users, times, |n| places(n, fractions))
}

/// Each user's last sample to measure on, the one before it to choose by, the others to learn from. Of two samples the first is
/// learned from and the last measured on; a single one is learned from.
pub fn leave_last_out(users: &[u32], times: &[Timestamp]) -> Split {
    by_user(users, times, |n| match n {
        0 | 1 => [n, n],
        2 => [1, 1],
        _ => [n - 2, n - 1],
    })
}

/// The parts that somebody chose, one for every sample; `None` = in no part.
pub fn given_split(parts: &[Option<Part>]) -> Split {
    let of = |wanted: Part| (0..parts.len()).filter(|&at| parts[at] == Some(wanted)).collect();
    Split { train: of(Part::Train), validation: of(Part::Validation), test: of(Part::Test) }
}

/// Cuts every user's samples, in order of time, in two places. Equal times: the lower index is earlier.
fn by_user(users: &[u32], times: &[Timestamp], places: impl Fn(usize) -> [usize; 2]) -> Split {
    let mut order: Vec<usize> = (0..users.len().min(times.len())).collect();
    order.sort_by_key(|&at| (users[at], times[at]));
    let mut split = Split::default();
    for own in order.chunk_by(|&a, &b| users[a] == users[b]) {
        split.add(own, places(own.len()));
    }
    split.sorted()
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

    /// Samples 0..12 of three users: 7 has six, 3 has four, 9 has two; times fall with the index but for equal ones at the end.
    const USERS: [u32; 12] = [7, 3, 7, 9, 7, 3, 7, 3, 9, 7, 7, 3];
    const TIMES: [Timestamp; 12] = [90, 80, 70, 60, 55, 50, 40, 30, 20, 10, 10, 10];

    #[test]
    fn every_user_has_a_past_and_a_future() {
        // User 7 by time: 9, 10, 6, 4, 2, 0; 0.5 of six is 3, 0.75 is 4.5, rounded 5. User 3: 11, 7, 5, 1; user 9: 8, 3,
        // where 0.75 of two is 1.5, rounded 2.
        let split = user_temporal_split(&USERS, &TIMES, Fractions { train: 0.5, validation: 0.25 });
        assert_eq!(split.train, [6, 7, 8, 9, 10, 11]);
        assert_eq!((split.validation, split.test), (vec![2, 3, 4, 5], vec![0, 1]));
        assert_eq!(user_temporal_split(&[], &[], SEED_SHARES), Split::default());
    }

    #[test]
    fn the_last_of_every_user_is_left_out() {
        let split = leave_last_out(&USERS, &TIMES);
        assert_eq!((split.validation, split.test), (vec![2, 5], vec![0, 1, 3]));
        assert_eq!(split.train, [4, 6, 7, 8, 9, 10, 11]);
        let single = leave_last_out(&[4, 5], &[1, 2]);
        assert_eq!((single.train.len(), single.test.len()), (2, 0));
    }

    #[test]
    fn given_parts_are_taken_as_they_are() {
        let split = given_split(&[Some(Part::Test), None, Some(Part::Train), Some(Part::Validation), Some(Part::Test)]);
        assert_eq!((split.train, split.validation, split.test), (vec![2], vec![3], vec![0, 4]));
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
