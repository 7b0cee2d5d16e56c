//! Measures a ranker: two protocols of ranking, and the errors of its ratings where it predicts any.

use std::collections::{BTreeMap, HashMap};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;

use super::task::{Query, Task};
use crate::domain::SeededRng;
use crate::native::baselines::Ranker;
use crate::native::eval::bootstrap::{self, Interval};
use crate::native::eval::metrics::{Gain, Judged};

/// The figures of a ranking, in the order of [`figures`].
pub(super) const FIGURES: [&str; 6] = ["precision", "recall", "ndcg", "hit_rate", "map", "mrr"];

/// How the figures are computed.
#[derive(Debug, Clone, Copy)]
pub(super) struct How {
    /// The cut-off.
    pub(super) k: usize,
    /// Breaks ties.
    pub(super) seed: u64,
    /// Intervals.
    pub(super) bootstrap: bootstrap::Settings,
}

/// The figures of one ranker.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Measured {
    /// The ranker.
    pub(super) model: &'static str,
    /// Errors of the ratings, if it predicts any.
    pub(super) rating: Option<RatingErrors>,
    /// Ranking everything that is new to the user.
    pub(super) full: BTreeMap<String, Interval>,
    /// Ranking the given candidates.
    pub(super) candidates: BTreeMap<String, Interval>,
}

/// Errors of predicted ratings, in the unit of the table.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct RatingErrors {
    /// Root of the mean squared error over all ratings.
    pub(super) rmse: Interval,
    /// Mean absolute error over all ratings.
    pub(super) mae: Interval,
}

/// Measures a fitted model. Queries are shared out among threads; the figures do not depend on how.
pub(super) fn measure(ranker: &dyn Ranker, task: &Task, how: &How) -> Measured {
    let items = task.training.items();
    let of_query = |(at, query): (usize, &Query)| {
        let mut scores = vec![0.0; items];
        ranker.scores_in(query.user, query.category, &mut scores);
        let new = (0..items as u32).filter(|item| query.excluded.binary_search(item).is_err()).collect();
        let rank = |candidates: Vec<u32>| top(&scores, candidates, how.k, tie_seed(how.seed, at));
        [figures(&rank(new), query, how.k), figures(&rank(query.candidates.clone()), query, how.k)].concat()
    };
    let rows: Vec<Vec<f64>> = task.queries.par_iter().enumerate().map(|(at, query)| of_query((at, query))).collect();
    let rating = ranker.predicts_ratings().then(|| rating_errors(ranker, task, how)).flatten();
    measured(ranker.name(), rating, &rows, how)
}

/// The figures of a ranker whose rankings are known: per query those of `full` and of `candidates`, one after the other.
pub(super) fn measured(model: &'static str, rating: Option<RatingErrors>, rows: &[Vec<f64>], how: &How) -> Measured {
    let intervals = bootstrap::intervals(rows, &how.bootstrap);
    let named = |part: &[Interval]| {
        let names = FIGURES.iter().map(|figure| format!("{figure}@{}", how.k));
        names.zip(part.iter().copied()).collect::<BTreeMap<_, _>>()
    };
    let (full, candidates) = intervals.split_at(intervals.len().min(FIGURES.len()));
    Measured { model, rating, full: named(full), candidates: named(candidates) }
}

/// The figures of one ranking, best first.
pub(super) fn figures(ranking: &[u32], query: &Query, k: usize) -> Vec<f64> {
    let grades: HashMap<u32, f64> = query.relevant.iter().map(|item| (*item, 1.0)).collect();
    let judged = Judged::new(ranking, &grades);
    vec![
        judged.precision(k),
        judged.recall(k),
        judged.ndcg(k, Gain::Linear),
        judged.hit_rate(k),
        judged.average_precision(k),
        judged.reciprocal_rank(k),
    ]
}

/// The `k` best candidates. Equal scores stand in an order that the seed draws, and not in that of the file, in which what is
/// popular often comes first; what has no score (NaN) comes last, in such an order too.
fn top(scores: &[f32], candidates: Vec<u32>, k: usize, seed: u64) -> Vec<u32> {
    let mut rng = SeededRng::new(seed);
    let drawn: Vec<u64> = scores.iter().map(|_| rng.next_u64()).collect();
    let of = |item: &u32| (scores[*item as usize], drawn[*item as usize]);
    let order = |a: &u32, b: &u32| {
        let (a, b) = (of(a), of(b));
        // Adding 0 makes -0.0 equal to 0.0.
        let by_score = match (a.0.is_nan(), b.0.is_nan()) {
            (false, false) => (b.0 + 0.0).total_cmp(&(a.0 + 0.0)),
            (a, b) => a.cmp(&b),
        };
        by_score.then(a.1.cmp(&b.1))
    };
    let mut best = candidates;
    if k > 0 && k < best.len() {
        best.select_nth_unstable_by(k - 1, order);
    }
    best.truncate(k);
    best.sort_unstable_by(order);
    best
}

fn tie_seed(seed: u64, query: usize) -> u64 {
    SeededRng::new(seed ^ (query as u64).wrapping_mul(0xd134_2543_de82_ef95)).next_u64()
}

/// Predictions are clipped to the scale. `None` without a rating to predict.
fn rating_errors(ranker: &dyn Ranker, task: &Task, how: &How) -> Option<RatingErrors> {
    let mut scores = vec![0.0; task.training.items()];
    let mut units: Vec<Sums> = Vec::new();
    let mut last = None;
    for rated in &task.rated {
        if last != Some((rated.unit, rated.user)) {
            ranker.scores(rated.user, &mut scores);
            units.push(Sums::default());
            last = Some((rated.unit, rated.user));
        }
        let predicted = scores.get(rated.item as usize)?.clamp(task.scale.low, task.scale.high);
        let error = f64::from(predicted) - f64::from(rated.value);
        units.last_mut()?.add(&Sums { squared: error * error, absolute: error.abs(), count: 1.0 });
    }
    let whole = |units: &mut dyn Iterator<Item = &Sums>| {
        let mut all = Sums::default();
        units.for_each(|unit| all.add(unit));
        [(all.squared / all.count).sqrt(), all.absolute / all.count]
    };
    if units.is_empty() {
        return None;
    }
    let observed = whole(&mut units.iter());
    let mut rng = ChaCha8Rng::seed_from_u64(how.bootstrap.seed);
    let draws: Vec<[f64; 2]> = (0..how.bootstrap.resamples)
        .map(|_| whole(&mut (0..units.len()).map(|_| &units[rng.random_range(0..units.len())])))
        .collect();
    let [rmse, mae] = [0, 1].map(|at| {
        let drawn = draws.iter().map(|draw| draw[at]).collect();
        bootstrap::percentiles(observed[at], drawn, how.bootstrap.level)
    });
    Some(RatingErrors { rmse, mae })
}

/// Errors of one unit.
#[derive(Debug, Clone, Default)]
struct Sums {
    squared: f64,
    absolute: f64,
    count: f64,
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.squared += other.squared;
        self.absolute += other.absolute;
        self.count += other.count;
    }
}
