//! What was measured on one job, before anything is averaged.

use serde::{Deserialize, Serialize};

use super::metrics::{hired_in_top, random_hired_in_top, random_reciprocal_rank, reciprocal_rank};

/// Something that orders the bidders of a job. Models come in the two precisions that are released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scorer {
    /// By the client's true utility, from the generator's latent truth: no model can be expected to do better.
    Oracle,
    /// Any order: the exact expectation, not a draw.
    Random,
    /// [`Baseline::Cheapest`](super::baselines::Baseline::Cheapest).
    Cheapest,
    /// [`Baseline::BestRated`](super::baselines::Baseline::BestRated).
    BestRated,
    /// [`Baseline::Nearest`](super::baselines::Baseline::Nearest).
    Nearest,
    /// The engine in mode `rules`.
    Rules,
    /// The engine in mode `neural`, fp32 model.
    NeuralFp32,
    /// The engine in mode `ensemble`, fp32 model.
    EnsembleFp32,
    /// The engine in mode `neural`, int8 model.
    NeuralQ8,
    /// The engine in mode `ensemble`, int8 model.
    EnsembleQ8,
}

impl Scorer {
    /// In the order of the report.
    pub const ALL: [Self; 10] = [
        Self::Oracle,
        Self::Random,
        Self::Cheapest,
        Self::BestRated,
        Self::Nearest,
        Self::Rules,
        Self::NeuralFp32,
        Self::EnsembleFp32,
        Self::NeuralQ8,
        Self::EnsembleQ8,
    ];
    /// What a model is compared with.
    pub const BASELINES: [Self; 5] = [Self::Random, Self::Cheapest, Self::BestRated, Self::Nearest, Self::Rules];
    /// What is compared.
    pub const MODELS: [Self; 4] = [Self::NeuralFp32, Self::EnsembleFp32, Self::NeuralQ8, Self::EnsembleQ8];
}

/// Hired-in-top-1, hired-in-top-3 and the reciprocal rank of the hired cleaner among the job's bidders.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// 1 if the first of the order was hired; an expectation for [`Scorer::Random`].
    pub top1: f64,
    /// 1 if one of the first three was hired.
    pub top3: f64,
    /// 1 divided by the rank of the hired one.
    pub mrr: f64,
}

impl Hit {
    /// From the place of the hired one, 1 = first.
    pub fn at(rank: Option<usize>) -> Self {
        Self { top1: hired_in_top(rank, 1), top3: hired_in_top(rank, 3), mrr: reciprocal_rank(rank) }
    }

    /// The expectation over all orders of `n` bidders.
    pub fn random(n: usize) -> Self {
        Self { top1: random_hired_in_top(n, 1), top3: random_hired_in_top(n, 3), mrr: random_reciprocal_rank(n) }
    }

    /// The three figures with their names.
    pub fn named(&self) -> [(&'static str, f64); 3] {
        [("top1", self.top1), ("top3", self.top3), ("mrr", self.mrr)]
    }
}

/// The rating of one job and what was predicted for it, all normalised to [0, 1].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RatedJob {
    /// The client's rating.
    pub actual: f64,
    /// The fp32 model's prediction.
    pub fp32: f64,
    /// The int8 model's prediction.
    pub q8: f64,
    /// The expected rating by the latent truth, if it is known.
    pub expected: Option<f64>,
    /// How many reviews the cleaner had.
    pub reviews: u32,
    /// The int8 model's interval at each of [`LEVELS`](super::coverage::LEVELS), where it comes with intervals.
    pub intervals: Option<[[f64; 2]; 3]>,
}

/// Whether fp32 and int8 agree on the ten best of the whole catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SameTop10 {
    /// The same ten, in any order.
    pub set: bool,
    /// The same ten in the same order.
    pub order: bool,
}

impl SameTop10 {
    /// Compares two lists of distinct ids.
    pub fn of(a: &[String], b: &[String]) -> Self {
        let sorted = |list: &[String]| {
            let mut list = list.to_vec();
            list.sort_unstable();
            list
        };
        Self { set: sorted(a) == sorted(b), order: a == b }
    }
}

/// All that was measured on one job.
#[derive(Debug, Clone, PartialEq)]
pub struct JobScores {
    /// Its id.
    pub job: String,
    /// How many bid on it.
    pub bidders: usize,
    /// The place of the hired cleaner by each scorer; empty for a job that nobody got.
    pub hits: Vec<(Scorer, Hit)>,
    /// The rating, for a job that was rated and is a sample of the hold-out.
    pub rated: Option<RatedJob>,
    /// Agreement of the precisions in mode `neural`.
    pub neural: SameTop10,
    /// Agreement of the precisions in mode `ensemble`.
    pub ensemble: SameTop10,
}

impl JobScores {
    /// The hit of one scorer, if it was measured.
    pub fn hit(&self, scorer: Scorer) -> Option<Hit> {
        self.hits.iter().find(|(known, _)| *known == scorer).map(|(_, hit)| *hit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agreement_of_two_lists() {
        let list = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        let cases = [
            (vec!["a", "b"], vec!["a", "b"], true, true),
            (vec!["a", "b"], vec!["b", "a"], true, false),
            (vec!["a", "b"], vec!["a", "c"], false, false),
            (vec!["a", "b"], vec!["a"], false, false),
            (vec![], vec![], true, true),
        ];
        for (a, b, set, order) in cases {
            assert_eq!(SameTop10::of(&list(&a), &list(&b)), SameTop10 { set, order }, "{a:?} {b:?}");
        }
    }

    #[test]
    fn the_figures_of_a_place() {
        assert_eq!(Hit::at(Some(2)), Hit { top1: 0.0, top3: 1.0, mrr: 0.5 });
        assert_eq!(Hit::at(None), Hit { top1: 0.0, top3: 0.0, mrr: 0.0 });
        assert_eq!(Hit::random(2), Hit { top1: 0.5, top3: 1.0, mrr: 0.75 });
    }
}
