//! The gate: what a version must be like before it serves.

use serde::{Deserialize, Serialize};

use super::figures::{Figure, Figures};
use super::stages::is_newer;
use super::store::Registry;
use super::{Entry, RegistryError};

/// What the gate holds a version to.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// By how much a figure without an interval may be worse than the champion's, as a share of it.
    pub tolerance: f64,
    /// The figures that count; none = those of `COUNTED` and of the report's ranking and prediction that the champion has.
    pub metrics: Vec<String>,
    /// The most bytes that a page may have to load.
    pub max_bytes: u64,
    /// The largest difference between groups, in 0..=1.
    pub max_unfairness: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { tolerance: 0.0, metrics: vec![], max_bytes: 5_000_000, max_unfairness: 0.1 }
    }
}

/// What became of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Fine.
    Pass,
    /// Not fine.
    Fail,
    /// There was nothing to look at; the note says why.
    NotChecked,
}

impl Verdict {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "FAIL",
            Self::NotChecked => "not checked",
        }
    }
}

/// One thing that the gate looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// What.
    pub name: String,
    /// The version's.
    pub value: Option<f64>,
    /// What it was held to.
    pub bound: Option<f64>,
    /// The answer.
    pub verdict: Verdict,
    /// What the bound is, or what is wrong.
    pub note: String,
}

impl Check {
    fn new(name: &str, value: Option<f64>, bound: Option<f64>, passed: bool, note: impl Into<String>) -> Self {
        let verdict = if passed { Verdict::Pass } else { Verdict::Fail };
        Self { name: name.to_owned(), value, bound, verdict, note: note.into() }
    }

    fn not_checked(name: &str, note: impl Into<String>) -> Self {
        Self { name: name.to_owned(), value: None, bound: None, verdict: Verdict::NotChecked, note: note.into() }
    }
}

/// What counts of a manifest's figures: those of the order that pages show, and of the rating that they promise.
const COUNTED: [&str; 5] = ["ensemble_mrr", "ensemble_top1", "ensemble_top3", "mae", "r2"];
/// Parts of a report whose figures count.
const COUNTED_PARTS: [&str; 2] = ["ranking.", "prediction."];
/// The advantage over the best-rated order has a paired interval in metrics.json. On the same hold-out that order is the same for both
/// versions, so the two advantages compare as the two figures do.
const ADVANTAGES: [(&str, &str); 3] = [
    ("ensemble_mrr", "differences[best_rated,mrr,ensemble_q8]"),
    ("ensemble_top1", "differences[best_rated,top1,ensemble_q8]"),
    ("ensemble_top3", "differences[best_rated,top3,ensemble_q8]"),
];
/// Figures of which less is better.
const LESS_IS_BETTER: [&str; 7] = ["mae", "mse", "rmse", "ece", "logloss", "loss", "gini"];
/// Differences between groups of people.
const FAIRNESS: [&str; 2] = ["demographic_parity", "equal_opportunity"];
/// Files that no page loads.
const NOT_LOADED: [&str; 5] = ["model.safetensors", "reference.json", "metrics.json", "history.jsonl", "recipe.toml"];

/// All checks of a version against the champion.
pub(super) fn look(
    registry: &Registry,
    version: &str,
    champion: Option<&str>,
    limits: &Limits,
) -> Result<Vec<Check>, RegistryError> {
    let entry = registry.entry(version)?;
    let mut checks = vec![integrity(registry, version), size(&entry, limits)];
    let figures = match Figures::of(registry, &entry) {
        Ok(figures) => figures,
        // The damage is told by the first check.
        Err(RegistryError::Content { .. }) => Figures::default(),
        Err(error) => return Err(error),
    };
    match champion {
        None => checks.push(Check::not_checked("metrics", "there is no champion to compare with")),
        Some(champion) => {
            let note = format!("the champion is {champion}");
            checks.push(Check::new("newer version", None, None, is_newer(version, champion), note));
            // A champion that cannot be read stands in nobody's way who has a reason.
            match registry.entry(champion).and_then(|entry| Figures::of(registry, &entry)) {
                Ok(theirs) => checks.extend(compare(&figures, &theirs, limits)),
                Err(error) => checks.push(Check::new("champion's figures", None, None, false, error.to_string())),
            }
        }
    }
    checks.extend(fairness(&figures, limits));
    Ok(checks)
}

fn integrity(registry: &Registry, version: &str) -> Check {
    let whole = registry.check_whole(version);
    let note = whole.as_ref().map_or_else(ToString::to_string, |()| "every file has its SHA-256 sum".to_owned());
    Check::new("integrity", None, None, whole.is_ok(), note)
}

fn size(entry: &Entry, limits: &Limits) -> Check {
    let loaded = entry.files.iter().filter(|file| !NOT_LOADED.contains(&file.path.as_str()));
    let bytes: u64 = loaded.map(|file| file.size).sum();
    let note = "bytes of the files that a page may load";
    Check::new("size", Some(bytes as f64), Some(limits.max_bytes as f64), bytes <= limits.max_bytes, note)
}

fn compare(ours: &Figures, theirs: &Figures, limits: &Limits) -> Vec<Check> {
    let mut checks = Vec::new();
    let same = ours.measured_on.is_some() && ours.measured_on == theirs.measured_on;
    if !same {
        let note = "not the same for both, as far as metrics.json tells: the figures compare roughly, and by tolerance";
        checks.push(Check::not_checked("hold-out", note));
    }
    let counted = |figure: &&Figure| {
        let name = figure.name.as_str();
        COUNTED.contains(&name) || COUNTED_PARTS.iter().any(|part| name.starts_with(part))
    };
    let usual = || theirs.iter().filter(counted).map(|figure| figure.name.clone()).collect();
    let names: Vec<String> = if limits.metrics.is_empty() { usual() } else { limits.metrics.clone() };
    if names.is_empty() {
        checks.push(Check::not_checked("metrics", "the champion was never evaluated"));
    }
    checks.extend(names.iter().map(|name| one(name, ours, theirs, same, limits)));
    checks
}

fn one(name: &str, ours: &Figures, theirs: &Figures, same: bool, limits: &Limits) -> Check {
    let advantage = ADVANTAGES.iter().find(|(figure, _)| *figure == name).map(|(_, name)| *name).filter(|_| same);
    let intervals = advantage.and_then(|advantage| Some((ours.get(advantage)?, theirs.get(advantage)?.interval?)));
    if let Some((figure, (low, _))) = intervals {
        let note = "advantage over the best-rated order; at least the lower end of the champion's interval";
        return Check::new(name, Some(figure.value), Some(low), figure.value >= low, note);
    }
    let Some(champion) = theirs.get(name) else {
        return Check::not_checked(name, "the champion has no such figure");
    };
    let Some(figure) = ours.get(name) else {
        return Check::new(name, None, Some(champion.value), false, "the champion has it, this version does not");
    };
    let less = less_is_better(name);
    let (bound, note) = match champion.interval.filter(|_| same) {
        Some((_, high)) if less => (high, "at most the upper end of the champion's interval".to_owned()),
        Some((low, _)) => (low, "at least the lower end of the champion's interval".to_owned()),
        None => {
            let room = champion.value.abs() * limits.tolerance;
            let bound = if less { champion.value + room } else { champion.value - room };
            let most = if less { "at most" } else { "at least" };
            (bound, format!("{most} the champion's {:.6}, tolerance {} %", champion.value, 100.0 * limits.tolerance))
        }
    };
    // Written so that what is no number fails.
    let passed = if less { figure.value <= bound } else { figure.value >= bound };
    Check::new(name, Some(figure.value), Some(bound), passed, note)
}

fn fairness(figures: &Figures, limits: &Limits) -> Vec<Check> {
    let about = |figure: &&Figure| FAIRNESS.iter().any(|name| last(&figure.name).starts_with(name));
    let check = |figure: &Figure| {
        let passed = figure.value.abs() <= limits.max_unfairness;
        Check::new(&figure.name, Some(figure.value), Some(limits.max_unfairness), passed, "difference between groups")
    };
    let checks: Vec<Check> = figures.iter().filter(about).map(check).collect();
    if checks.is_empty() {
        return vec![Check::not_checked("fairness", "metrics.json has no demographic_parity and no equal_opportunity")];
    }
    checks
}

fn less_is_better(name: &str) -> bool {
    let name = last(name).split('@').next().unwrap_or_default();
    LESS_IS_BETTER.contains(&name) || FAIRNESS.contains(&name)
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
