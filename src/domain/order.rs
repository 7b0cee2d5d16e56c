//! The order of results, in one place.
//!
//! * Higher score first. Equal scores: the lower index first, so that an order never depends on the route taken.
//! * A score that is not a number means "no score" and comes after every number, again by index; `-0.0` equals `0.0`.

use std::cmp::Ordering;

/// The order of two (score, index) pairs, best first.
pub fn rank_order(a: (f32, u32), b: (f32, u32)) -> Ordering {
    match (a.0.is_nan(), b.0.is_nan()) {
        (false, true) => Ordering::Less,
        (true, false) => Ordering::Greater,
        (true, true) => a.1.cmp(&b.1),
        (false, false) => b.0.partial_cmp(&a.0).unwrap_or(Ordering::Equal).then(a.1.cmp(&b.1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The places of the scores in order, best first.
    fn order(scores: &[f32]) -> Vec<u32> {
        let mut order: Vec<u32> = (0..scores.len() as u32).collect();
        order.sort_unstable_by(|a, b| rank_order((scores[*a as usize], *a), (scores[*b as usize], *b)));
        order
    }

    #[test]
    fn the_written_rules_hold() {
        let nan = f32::NAN;
        let cases: &[(&[f32], &[u32])] = &[
            (&[], &[]),
            (&[1.0, 2.0], &[1, 0]),
            (&[5.0, 5.0, 5.0], &[0, 1, 2]),
            (&[nan, 1.0, nan, 2.0], &[3, 1, 0, 2]),
            (&[0.0, -0.0], &[0, 1]),
            (&[f32::NEG_INFINITY, nan, f32::INFINITY], &[2, 0, 1]),
        ];
        for (scores, expected) in cases {
            assert_eq!(&order(scores), expected, "{scores:?}");
        }
    }

    fn score() -> impl Strategy<Value = f32> {
        // Few distinct values, so that ties are common.
        prop_oneof![8 => (0..6i32).prop_map(|v| v as f32 / 4.0), 1 => Just(f32::NAN), 1 => any::<f32>()]
    }

    proptest! {
        #[test]
        fn equals_a_stable_sort(scores in prop::collection::vec(score(), 0..60)) {
            // The independent answer: a stable sort by score alone leaves equal scores in order of index.
            let mut expected: Vec<u32> = (0..scores.len() as u32).collect();
            let key = |i: &u32| { let s = scores[*i as usize]; if s.is_nan() { f32::NEG_INFINITY } else { s + 0.0 } };
            expected.sort_by(|a, b| key(b).total_cmp(&key(a)));
            expected.sort_by_key(|i| scores[*i as usize].is_nan());
            prop_assert_eq!(order(&scores), expected);
        }
    }
}
