//! The k best without scoring everybody: exact top-k by upper bounds.
//!
//! Candidates are scored in blocks, those with the highest bound first, and nobody is scored who could not enter the k
//! best any more. The answer is that of a full sort: a score never exceeds its bound, and ties go by row in both. (The idea
//! is that of the threshold algorithm; R. Fagin, A. Lotem, M. Naor 2001.)

use std::cmp::Ordering;

use crate::domain::rank_order;

/// Candidates that are scored together at first, when a few may already show who cannot enter.
const FIRST_BLOCK: usize = 64;
/// And at most: blocks double until then.
const LAST_BLOCK: usize = 512;
/// Steps of the bounds by which candidates are ordered.
const STEPS: usize = 256;

/// One of the best: its score, its row (which decides ties), and its place among the candidates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Placed {
    pub(super) score: f32,
    pub(super) row: u32,
    pub(super) at: u32,
}

impl Placed {
    fn order(&self, other: &Self) -> Ordering {
        rank_order((self.score, self.row), (other.score, other.row))
    }
}

/// Memory of a selection, used again by the next one.
#[derive(Debug, Default)]
pub(super) struct Selection {
    best: Vec<Placed>,
    order: Vec<u32>,
    block: Vec<u32>,
    scores: Vec<f32>,
}

impl Selection {
    /// What was selected last, best first.
    pub(super) fn best(&self) -> &[Placed] {
        &self.best
    }

    /// Selects the `k` best of all scores.
    pub(super) fn of_all(&mut self, scores: &[f32], rows: &[u32], k: usize) {
        self.best.clear();
        let placed = |(at, (score, row)): (usize, (&f32, &u32))| Placed { score: *score, row: *row, at: at as u32 };
        scores.iter().zip(rows).enumerate().map(placed).for_each(|placed| self.consider(placed, k));
        self.sort();
    }

    /// Selects the `k` best; how many candidates were scored for it comes back. `bounds` (no NaN): what a candidate's score cannot
    /// exceed. `score`: appends the scores of some candidates, given by their places.
    pub(super) fn bounded(
        &mut self,
        bounds: &[f32],
        rows: &[u32],
        k: usize,
        mut score: impl FnMut(&[u32], &mut Vec<f32>),
    ) -> u32 {
        self.best.clear();
        if k == 0 || bounds.is_empty() {
            return 0;
        }
        self.sort_by_bound(bounds);
        let (order, mut block) = (std::mem::take(&mut self.order), std::mem::take(&mut self.block));
        let (mut scored, mut floor, mut size) = (0, None, FIRST_BLOCK);
        let mut rest = order.iter().copied();
        loop {
            block.clear();
            let open = |at: &u32| floor.is_none_or(|floor| may_enter(bounds[*at as usize], rows[*at as usize], floor));
            block.extend(rest.by_ref().filter(open).take(size));
            if block.is_empty() {
                break;
            }
            self.scores.clear();
            score(&block, &mut self.scores);
            scored += block.len() as u32;
            let placed = |(at, score): (&u32, &f32)| Placed { score: *score, row: rows[*at as usize], at: *at };
            let scores = std::mem::take(&mut self.scores);
            block.iter().zip(&scores).map(placed).for_each(|placed| self.consider(placed, k));
            self.scores = scores;
            if self.best.len() == k {
                floor = self.best.first().copied();
            }
            size = (2 * size).min(LAST_BLOCK);
        }
        self.block = block;
        self.order = order;
        self.sort();
        scored
    }

    /// Keeps a candidate if it is among the `k` best so far, which form a heap with the last of them at its root. (The
    /// standard library's selection and sort are four times as much code.)
    fn consider(&mut self, placed: Placed, k: usize) {
        if self.best.len() < k {
            self.best.push(placed);
            let mut at = self.best.len() - 1;
            while at > 0 && self.best[at].order(&self.best[(at - 1) / 2]) == Ordering::Greater {
                self.best.swap(at, (at - 1) / 2);
                at = (at - 1) / 2;
            }
        } else if self.best.first().is_some_and(|last| placed.order(last) == Ordering::Less) {
            self.best[0] = placed;
            self.sink(k);
        }
    }

    /// Puts the root of the heap of the first `length` in its place.
    fn sink(&mut self, length: usize) {
        let best = &mut self.best[..length];
        let mut at = 0;
        loop {
            let mut last = at;
            for child in [2 * at + 1, 2 * at + 2] {
                if child < length && best[child].order(&best[last]) == Ordering::Greater {
                    last = child;
                }
            }
            if last == at {
                return;
            }
            best.swap(at, last);
            at = last;
        }
    }

    /// From a heap to the order of the ranking.
    fn sort(&mut self) {
        for length in (1..self.best.len()).rev() {
            self.best.swap(0, length);
            self.sink(length);
        }
    }

    /// Candidates by bound in steps, highest first; within a step as they stand, so that memory is walked forwards.
    fn sort_by_bound(&mut self, bounds: &[f32]) {
        let (low, high) = bounds.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), b| (l.min(*b), h.max(*b)));
        let scale = if high > low { (STEPS - 1) as f32 / (high - low) } else { 0.0 };
        // Saturates: an infinite bound stands in the first or last step.
        let step = |bound: f32| (((high - bound) * scale) as usize).min(STEPS - 1);
        let mut starts = [0u32; STEPS + 1];
        bounds.iter().for_each(|bound| starts[step(*bound) + 1] += 1);
        (0..STEPS).for_each(|at| starts[at + 1] += starts[at]);
        self.order.clear();
        self.order.resize(bounds.len(), 0);
        for (at, bound) in bounds.iter().enumerate() {
            let place = &mut starts[step(*bound)];
            self.order[*place as usize] = at as u32;
            *place += 1;
        }
    }
}

/// Whether a candidate with that bound could stand before `floor`, the last of the best so far.
fn may_enter(bound: f32, row: u32, floor: Placed) -> bool {
    rank_order((bound, row), (floor.score, floor.row)) == Ordering::Less
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The independent answer: a stable sort of the rows in order by score, where no score is no number.
    fn sorted(scores: &[f32], rows: &[u32], k: usize) -> Vec<(u32, u32)> {
        let mut all: Vec<(u32, f32)> = rows.iter().copied().zip(scores.iter().copied()).collect();
        all.sort_by_key(|(row, _)| *row);
        all.sort_by(|a, b| b.1.partial_cmp(&a.1).unwrap());
        all.into_iter().take(k).map(|(row, score)| (row, score.to_bits())).collect()
    }

    fn found(placed: &[Placed]) -> Vec<(u32, u32)> {
        placed.iter().map(|placed| (placed.row, placed.score.to_bits())).collect()
    }

    fn rows(count: usize, seed: u64) -> Vec<u32> {
        // Distinct rows in no order: an odd multiplier permutes the 32-bit numbers.
        (0..count as u32).map(|at| at.wrapping_mul((seed as u32) | 1)).collect()
    }

    proptest! {
        #[test]
        fn bounded_equals_a_full_sort(
            pairs in prop::collection::vec((0u8..6, 0u8..4), 0..400), k in 0usize..40, seed in any::<u64>(),
        ) {
            // Few distinct values: ties are common, and so are bounds that are reached exactly.
            let scores: Vec<f32> = pairs.iter().map(|(score, _)| f32::from(*score) / 8.0).collect();
            let bounds: Vec<f32> = pairs.iter().map(|(score, slack)| f32::from(score + slack) / 8.0).collect();
            let rows = rows(scores.len(), seed);
            let mut selection = Selection::default();
            let mut asked = vec![0u8; scores.len()];
            let score = |at: &[u32], out: &mut Vec<f32>| {
                at.iter().for_each(|at| asked[*at as usize] += 1);
                out.extend(at.iter().map(|at| scores[*at as usize]));
            };
            let scored = selection.bounded(&bounds, &rows, k, score);
            prop_assert_eq!(found(selection.best()), sorted(&scores, &rows, k));
            prop_assert!(asked.iter().all(|times| *times <= 1));
            prop_assert_eq!(asked.iter().map(|times| u32::from(*times)).sum::<u32>(), scored);
            selection.of_all(&scores, &rows, k);
            prop_assert_eq!(found(selection.best()), sorted(&scores, &rows, k));
        }

        #[test]
        fn real_numbers_too(
            pairs in prop::collection::vec((0.0f32..1.0, 0.0f32..0.3), 1..900), k in 1usize..30, seed in any::<u64>(),
        ) {
            let scores: Vec<f32> = pairs.iter().map(|(score, _)| *score).collect();
            let bounds: Vec<f32> = pairs.iter().map(|(score, slack)| score + slack).collect();
            let rows = rows(scores.len(), seed);
            let mut selection = Selection::default();
            let score = |at: &[u32], out: &mut Vec<f32>| out.extend(at.iter().map(|at| scores[*at as usize]));
            selection.bounded(&bounds, &rows, k, score);
            prop_assert_eq!(found(selection.best()), sorted(&scores, &rows, k));
        }
    }

    #[test]
    fn tight_bounds_spare_nearly_everybody_and_useless_ones_nobody() {
        let scores: Vec<f32> = (0..10_000).map(|at| (at * 7919 % 10_000) as f32 / 10_000.0).collect();
        let rows: Vec<u32> = (0..10_000).collect();
        let score = |at: &[u32], out: &mut Vec<f32>| out.extend(at.iter().map(|at| scores[*at as usize]));
        let mut selection = Selection::default();
        let few = selection.bounded(&scores, &rows, 10, score);
        assert!(few <= 2 * FIRST_BLOCK as u32, "{few}");
        assert_eq!(selection.bounded(&vec![1.0; scores.len()], &rows, 10, score), 10_000);
        selection.bounded(&[f32::INFINITY, 0.5], &[0, 1], 2, |at, out| out.extend(at.iter().map(|_| 0.25)));
        assert_eq!(selection.best().len(), 2);
    }
}
