//! Metrics of one ranking against graded relevance, as ranx 0.3.21 defines them; the fixture
//! `tests/fixtures/ranking_metrics_ranx.json` holds its values and the script beside it makes them.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

/// A cut-off that cuts nothing off.
pub const ALL: usize = usize::MAX;

/// How a grade becomes a gain in NDCG. The discount is always log2(rank + 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gain {
    /// The grade itself (Järvelin & Kekäläinen 2002).
    Linear,
    /// 2^grade - 1 (Burges et al. 2005).
    Exponential,
}

impl Gain {
    fn of(self, grade: f64) -> f64 {
        match self {
            Self::Linear => grade,
            Self::Exponential => grade.exp2() - 1.0,
        }
    }
}

/// One ranking with the relevance of what is in it. A grade above 0 is relevant.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Grades in the order of the ranking; 0 for what nobody judged.
    ranked: Vec<f64>,
    /// All grades above 0, highest first, whether ranked or not.
    ideal: Vec<f64>,
}

impl Judged {
    /// Looks up the grades of a ranking, best first.
    ///
    /// An id that comes a second time is dropped, as it would be counted twice. A grade that is negative or not a finite
    /// number counts as 0.
    pub fn new<Id: Hash + Eq>(ranking: &[Id], grades: &HashMap<Id, f64>) -> Self {
        let valid = |grade: &f64| if grade.is_finite() && *grade > 0.0 { *grade } else { 0.0 };
        let mut seen = HashSet::new();
        let first = ranking.iter().filter(|id| seen.insert(*id));
        let ranked = first.map(|id| grades.get(id).map_or(0.0, valid)).collect();
        let mut ideal: Vec<f64> = grades.values().map(valid).filter(|grade| *grade > 0.0).collect();
        ideal.sort_by(|a, b| b.total_cmp(a));
        Self { ranked, ideal }
    }

    /// How many are relevant, ranked or not.
    pub fn relevant(&self) -> usize {
        self.ideal.len()
    }

    fn top(&self, k: usize) -> &[f64] {
        &self.ranked[..k.min(self.ranked.len())]
    }

    fn hits(&self, k: usize) -> usize {
        self.top(k).iter().filter(|grade| **grade > 0.0).count()
    }

    /// Relevant in the top `k`, divided by `k`, also where the ranking is shorter than `k`.
    pub fn precision(&self, k: usize) -> f64 {
        ratio(self.hits(k) as f64, k as f64)
    }

    /// Relevant in the top `k`, divided by all that are relevant.
    pub fn recall(&self, k: usize) -> f64 {
        ratio(self.hits(k) as f64, self.relevant() as f64)
    }

    /// 1 if anything relevant is in the top `k`.
    pub fn hit_rate(&self, k: usize) -> f64 {
        f64::from(u8::from(self.hits(k) > 0))
    }

    /// 1 divided by the rank of the first relevant in the top `k`.
    pub fn reciprocal_rank(&self, k: usize) -> f64 {
        self.top(k).iter().position(|grade| *grade > 0.0).map_or(0.0, |at| 1.0 / (at + 1) as f64)
    }

    /// The sum of precision@i over the ranks i ≤ `k` of relevant ones, divided by all that are relevant (not by
    /// min(k, relevant)).
    pub fn average_precision(&self, k: usize) -> f64 {
        let mut hits = 0.0;
        let mut sum = 0.0;
        for (at, _) in self.top(k).iter().enumerate().filter(|(_, grade)| **grade > 0.0) {
            hits += 1.0;
            sum += hits / (at + 1) as f64;
        }
        ratio(sum, self.relevant() as f64)
    }

    /// Precision at as many as are relevant.
    pub fn r_precision(&self) -> f64 {
        self.precision(self.relevant())
    }

    /// Discounted gain of the top `k`, divided by that of the best order of **all** judged ones, cut at `k` too.
    pub fn ndcg(&self, k: usize, gain: Gain) -> f64 {
        let dcg = discounted(self.top(k), gain);
        ratio(dcg, discounted(&self.ideal[..k.min(self.ideal.len())], gain))
    }
}

fn discounted(grades: &[f64], gain: Gain) -> f64 {
    grades.iter().enumerate().map(|(at, grade)| gain.of(*grade) / ((at + 2) as f64).log2()).sum()
}

/// `part / whole` where there is a whole, else 0; rounding never lifts it over 1.
fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { (part / whole).min(1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    const FIXTURE: &str = include_str!("../../../../tests/fixtures/ranking_metrics_ranx.json");

    fn value(judged: &Judged, name: &str) -> f64 {
        let (metric, k) = name.split_once('@').map_or((name, ALL), |(metric, k)| (metric, k.parse().unwrap()));
        match metric {
            "precision" => judged.precision(k),
            "recall" => judged.recall(k),
            "hit_rate" => judged.hit_rate(k),
            "mrr" => judged.reciprocal_rank(k),
            "map" => judged.average_precision(k),
            "ndcg" => judged.ndcg(k, Gain::Linear),
            "ndcg_burges" => judged.ndcg(k, Gain::Exponential),
            "r-precision" => judged.r_precision(),
            other => panic!("unknown metric {other}"),
        }
    }

    fn judged(fixture: &Value, query: &str) -> Judged {
        let mut run: Vec<(&str, f64)> = fixture["run"][query].as_object().unwrap().iter().map(entry).collect();
        run.sort_by(|a, b| b.1.total_cmp(&a.1));
        let ranking: Vec<&str> = run.into_iter().map(|(id, _)| id).collect();
        Judged::new(&ranking, &fixture["qrels"][query].as_object().unwrap().iter().map(entry).collect())
    }

    fn entry<'a>((id, value): (&'a String, &Value)) -> (&'a str, f64) {
        (id.as_str(), value.as_f64().unwrap())
    }

    #[test]
    fn every_value_agrees_with_ranx() {
        let fixture: Value = serde_json::from_str(FIXTURE).unwrap();
        let mut wrong = Vec::new();
        let mut compared = 0;
        for (name, per_query) in fixture["per_query"].as_object().unwrap() {
            let mut sum = 0.0;
            for (query, expected) in per_query.as_object().unwrap() {
                let (found, expected) = (value(&judged(&fixture, query), name), expected.as_f64().unwrap());
                sum += found;
                compared += 1;
                if (found - expected).abs() > 1e-9 {
                    wrong.push(format!("{name} of {query}: {found} for {expected}"));
                }
            }
            let mean = sum / per_query.as_object().unwrap().len() as f64;
            let expected = fixture["mean"][name].as_f64().unwrap();
            if (mean - expected).abs() > 1e-9 {
                wrong.push(format!("mean {name}: {mean} for {expected}"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert_eq!(compared, 39 * 50);
    }

    #[test]
    fn defined_where_there_is_nothing() {
        let grades: HashMap<u32, f64> = [(1, 2.0), (2, 0.0), (3, f64::NAN), (4, -1.0)].into();
        let all_of = |j: &Judged, k| {
            [j.precision(k), j.recall(k), j.hit_rate(k), j.reciprocal_rank(k), j.average_precision(k)]
                .into_iter()
                .chain([j.ndcg(k, Gain::Linear), j.ndcg(k, Gain::Exponential)])
                .collect::<Vec<_>>()
        };
        let cases = [
            ("empty ranking", Judged::new(&[], &grades), 3),
            ("nothing relevant", Judged::new(&[7, 8], &HashMap::new()), 3),
            ("k = 0", Judged::new(&[1, 2], &grades), 0),
            ("only invalid grades ranked", Judged::new(&[2, 3, 4], &grades), 3),
        ];
        for (name, judged, k) in cases {
            assert_eq!(all_of(&judged, k), vec![0.0; 7], "{name}");
        }
        let longer = Judged::new(&[2, 1], &grades);
        assert_eq!((longer.precision(5), longer.recall(5), longer.relevant()), (0.2, 1.0, 1));
        assert_eq!(Judged::new(&[1, 1, 1], &grades).precision(3), 1.0 / 3.0, "a repeated id counts once");
    }

    proptest! {
        #[test]
        fn in_zero_to_one_and_one_for_the_ideal_order(
            ranking in prop::collection::vec(0u8..30, 0..40),
            grades in prop::collection::hash_map(0u8..30, -1.0f64..5.0, 0..30),
            k in 0usize..45,
        ) {
            let judged = Judged::new(&ranking, &grades);
            for name in ["precision", "recall", "hit_rate", "mrr", "map", "ndcg", "ndcg_burges"] {
                let found = value(&judged, &format!("{name}@{k}"));
                prop_assert!((0.0..=1.0).contains(&found), "{} = {}", name, found);
                prop_assert!((0.0..=1.0).contains(&value(&judged, name)), "{}", name);
            }
            prop_assert!((0.0..=1.0).contains(&judged.r_precision()));

            let mut best: Vec<u8> = grades.keys().copied().collect();
            best.sort_by(|a, b| grades[b].total_cmp(&grades[a]));
            let ideal = Judged::new(&best, &grades);
            if ideal.relevant() > 0 && k > 0 {
                prop_assert!(ideal.ndcg(k, Gain::Linear) > 1.0 - 1e-12);
                prop_assert!(ideal.r_precision() == 1.0 && ideal.average_precision(ALL) > 1.0 - 1e-12);
            }
        }
    }
}
