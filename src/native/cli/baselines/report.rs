//! The report of a comparison: every figure, and how it was computed.

use std::collections::BTreeMap;

use serde::Serialize;

use super::measure::{FIGURES, Measured};
use crate::native::baselines::Settings;
use crate::native::cli::output::{number, table};
use crate::native::eval::bootstrap::{self, Interval};

/// How the figures were computed: two reports can be compared only where these are equal.
#[derive(Debug, Serialize)]
pub(super) struct Protocol {
    /// What was measured on: names of files without folders, or the fingerprint of a data set.
    pub(super) data: String,
    /// `files`, `random`, `temporal`, `user_temporal` or `leave_last_out`, in words.
    pub(super) split: String,
    /// Rows to learn from, to choose by (not used here) and to measure on.
    pub(super) rows: [usize; 3],
    /// The cut-off.
    pub(super) k: usize,
    /// A rating of that or more says that the user liked the item.
    pub(super) relevant: f32,
    /// The least and highest rating; predictions are clipped to them.
    pub(super) scale: [f32; 2],
    /// How a grade becomes a gain.
    pub(super) gain: &'static str,
    /// What each protocol ranks.
    pub(super) candidate_sets: BTreeMap<&'static str, &'static str>,
    /// The order of equal scores.
    pub(super) ties: &'static str,
    /// Seed of the models, of a random split and of the order of ties.
    pub(super) seed: u64,
    /// Users in the table.
    pub(super) users: usize,
    /// Items in the table.
    pub(super) items: usize,
    /// Lists that were ranked: the means are over them.
    pub(super) queries: usize,
    /// What was left out and why.
    pub(super) left_out: BTreeMap<&'static str, usize>,
    /// What a query is: the bootstrap draws them whole.
    pub(super) unit: &'static str,
    /// How the intervals were computed.
    pub(super) bootstrap: bootstrap::Settings,
    /// The settings of the models.
    pub(super) settings: Settings,
    /// The definition of every figure.
    pub(super) metrics: BTreeMap<&'static str, &'static str>,
}

/// A comparison of baselines.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// How.
    pub(super) protocol: Protocol,
    /// The figures of each model.
    pub(super) models: Vec<Measured>,
}

/// The definitions of the figures.
pub(super) fn definitions() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([
        ("rmse", "root of the mean of (predicted - actual)^2 over all test ratings, predictions clipped to the scale"),
        ("mae", "mean of |predicted - actual| over all test ratings, predictions clipped to the scale"),
        ("precision", "relevant in the first k / k, also where fewer are ranked"),
        ("recall", "relevant in the first k / all relevant"),
        ("ndcg", "discounted gain of the first k / that of the best order; discount log2(rank + 1)"),
        ("hit_rate", "1 if anything relevant is in the first k"),
        ("map", "sum of precision@rank over the relevant in the first k / all relevant"),
        ("mrr", "1 / rank of the first relevant in the first k"),
    ])
}

impl Report {
    /// The report as tables for people.
    pub(super) fn tables(&self) -> String {
        let p = &self.protocol;
        let [train, validation, test] = p.rows;
        let mut text = format!(
            "{}, split {}: {train} ratings to learn from, {validation} unused, {test} to measure on; seed {}.\n\
             {} users, {} items, {} queries ({}); relevant: rating >= {}, gain {}; ties: {}.\n",
            p.data, p.split, p.seed, p.users, p.items, p.queries, p.unit, p.relevant, p.gain, p.ties
        );
        for (reason, count) in p.left_out.iter().filter(|(_, count)| **count > 0) {
            text += &format!("Left out: {count} {reason}.\n");
        }
        if self.models.iter().any(|model| model.rating.is_some()) {
            text += &format!("\nRatings predicted, {}\n{}\n", self.level(), self.ratings());
        }
        for (name, what) in &p.candidate_sets {
            text += &format!("\nProtocol {name}: {what}; {} of NDCG\n{}\n", self.level(), self.ranking(name));
        }
        text
    }

    fn level(&self) -> String {
        format!("{:.0} % bootstrap interval over {}", 100.0 * self.protocol.bootstrap.level, self.protocol.unit)
    }

    fn ratings(&self) -> String {
        let mut rows = table(&["model", "RMSE", "interval", "MAE", "interval"]);
        for model in &self.models {
            if let Some(errors) = &model.rating {
                let [rmse, mae] = [errors.rmse, errors.mae].map(|figure| [number(Some(figure.mean), 4), ends(&figure)]);
                rows.add_row([vec![model.model.to_owned()], rmse.into(), mae.into()].concat());
            }
        }
        rows.to_string()
    }

    fn ranking(&self, protocol: &str) -> String {
        let k = self.protocol.k;
        let names = ["P", "R", "NDCG", "HR", "MAP", "MRR"].map(|name| format!("{name}@{k}"));
        let headings: Vec<&str> =
            ["model"].into_iter().chain(names.iter().map(String::as_str)).chain(["NDCG interval"]).collect();
        let mut rows = table(&headings);
        for model in &self.models {
            let figures = if protocol == "full" { &model.full } else { &model.candidates };
            let of = |name: &str| figures.get(&format!("{name}@{k}"));
            let mut cells = vec![model.model.to_owned()];
            cells.extend(FIGURES.iter().map(|name| number(of(name).map(|figure| figure.mean), 4)));
            cells.push(of("ndcg").map(ends).unwrap_or_default());
            rows.add_row(cells);
        }
        rows.to_string()
    }
}

fn ends(interval: &Interval) -> String {
    format!("[{:.4}, {:.4}]", interval.low, interval.high)
}
