//! A window against the reference, and what to do about it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::compare::Drift;
use super::observe::{Observed, Rated};
use super::rating::{Rating, RatingSummary};
use super::reference::Reference;
use super::thresholds::{Level, Thresholds};
use crate::domain::DAY;
use crate::features::FEATURES;

/// Days that one point of the errors over time stands for.
const DAYS: i64 = 7;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing.
    Ok,
    /// Look at it.
    Watch,
    /// Train again.
    Retrain,
}

impl Status {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Watch => "watch",
            Self::Retrain => "retrain",
        }
    }
}

/// Something that is beyond its threshold, or that could not be looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// How bad it is; too few data are `ok`: they are no alarm.
    pub status: Status,
    /// A stable code.
    pub code: &'static str,
    /// In words, with the figure and its limit.
    pub text: String,
}

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Window {
    /// Jobs.
    pub jobs: u64,
    /// When the first was posted.
    pub from: i64,
    /// When the last was posted.
    pub until: i64,
}

/// The errors of one week.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ErrorDay {
    /// When the week began.
    pub at: i64,
    /// Ratings.
    pub count: u64,
    /// Root mean square error.
    pub rmse: f64,
    /// Expected minus actual.
    pub bias: f64,
}

/// How many ratings lie in the intervals that were said to hold them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct IntervalCoverage {
    /// Ratings with an interval.
    pub count: u64,
    /// The share that was promised.
    pub level: f64,
    /// The share that lies inside.
    pub share: f64,
}

/// Who is shown.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Coverage {
    /// Recommendations.
    pub shown: u64,
    /// Share of the catalog that was shown at least once.
    pub share: f64,
    /// Inequality of how often cleaners were shown, 0 = all alike, 1 = one alone.
    pub gini: f64,
}

/// The comparison. Its JSON is what the page Model health draws.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The worst of the findings.
    pub status: Status,
    /// What was found.
    pub findings: Vec<Finding>,
    /// The model, name and version.
    pub model: String,
    /// What was looked at.
    pub window: Window,
    /// What it is compared with.
    pub reference: Window,
    /// By feature.
    pub features: Vec<Drift>,
    /// Of the scores.
    pub score: Option<Drift>,
    /// The errors now.
    pub rating: Option<Rating>,
    /// The errors at the release.
    pub rating_reference: Option<RatingSummary>,
    /// The errors week by week.
    pub errors: Vec<ErrorDay>,
    /// The intervals.
    pub intervals: Option<IntervalCoverage>,
    /// Who was shown; only where events say it.
    pub coverage: Option<Coverage>,
    /// The limits.
    pub thresholds: Thresholds,
}

impl Report {
    /// Compares. `shown`: how often each cleaner of the catalog was shown, where that is known.
    pub fn of(
        model: &str,
        reference: &Reference,
        observed: &Observed,
        shown: Option<&[u64]>,
        limits: &Thresholds,
    ) -> Self {
        let drift = |at: usize| {
            let (kept, values) = (reference.features.get(at)?, observed.features.get(at)?);
            Some(Drift::of(FEATURES[at].name, kept, values, *observed.units.get(at)?))
        };
        let mut report = Self {
            status: Status::Ok,
            findings: Vec::new(),
            model: model.to_owned(),
            window: Window { jobs: observed.jobs, from: observed.from, until: observed.until },
            reference: Window { jobs: reference.jobs, from: reference.from, until: reference.until },
            features: (0..FEATURES.len()).filter_map(drift).collect(),
            score: (!observed.scores.is_empty())
                .then(|| Drift::of("score", &reference.scores, &observed.scores, observed.jobs)),
            rating: Rating::of(&observed.rated),
            rating_reference: reference.rating,
            errors: errors(&observed.rated),
            intervals: intervals(&observed.rated),
            coverage: shown.map(coverage),
            thresholds: *limits,
        };
        report.judge();
        report
    }

    fn judge(&mut self) {
        let limits = self.thresholds;
        let mut found = Vec::new();
        if self.window.jobs < limits.min_jobs {
            let text = format!("{} jobs say too little about drift: at least {} do", self.window.jobs, limits.min_jobs);
            found.push(Finding { status: Status::Ok, code: "too_few_jobs", text });
        } else {
            self.judge_drift(&mut found);
        }
        let rated = self.rating.as_ref().map_or(0, |rating| rating.summary.count);
        if rated < limits.min_rated {
            let text = format!("{rated} ratings say too little about errors: at least {} do", limits.min_rated);
            found.push(Finding { status: Status::Ok, code: "too_few_ratings", text });
        } else {
            self.judge_errors(&mut found);
        }
        if let Some(Coverage { shown, share, .. }) = self.coverage.filter(|one| one.share < limits.catalog_coverage) {
            let least = limits.catalog_coverage;
            let text = format!(
                "{shown} recommendations show {:.0} % of the catalog, less than {:.0} %",
                100.0 * share,
                100.0 * least
            );
            found.push(Finding { status: Status::Watch, code: "catalog_coverage", text });
        }
        found.sort_by_key(|finding| std::cmp::Reverse(finding.status));
        self.status = found.first().map_or(Status::Ok, |finding| finding.status);
        self.findings = found;
    }

    fn judge_drift(&self, found: &mut Vec<Finding>) {
        let limits = &self.thresholds;
        let beyond = |drift: &Drift, level: Level| at_level(drift.beyond_chance(limits.significance), level);
        let drifted = |status| self.features.iter().filter(move |drift| beyond(drift, limits.feature_psi) == status);
        let many = drifted(Status::Retrain).count() >= limits.drifted_features;
        for status in [Status::Retrain, Status::Watch] {
            for drift in drifted(status) {
                let status = if many && status == Status::Retrain { Status::Retrain } else { Status::Watch };
                found.push(Finding { status, code: "feature_drift", text: drift_text(drift, limits.feature_psi) });
            }
        }
        if let Some(drift) = &self.score {
            let status = beyond(drift, limits.score_psi);
            if status > Status::Ok {
                found.push(Finding { status, code: "score_drift", text: drift_text(drift, limits.score_psi) });
            }
        }
    }

    fn judge_errors(&self, found: &mut Vec<Finding>) {
        let limits = &self.thresholds;
        if let Some((now, then)) = self.rating.as_ref().map(|rating| rating.summary).zip(self.rating_reference) {
            let ratio = now.rmse / then.rmse;
            let status = at_level(ratio, limits.rmse_ratio);
            // The standard error of a root mean square of n values is about 1 / sqrt(2 n) of it.
            let noise = 3.0 * (0.5 / now.count as f64 + 0.5 / then.count as f64).sqrt();
            if status > Status::Ok && ratio > 1.0 + noise {
                let text = format!(
                    "RMSE of the ratings {:.4}, {ratio:.2} times that at the release ({:.4})",
                    now.rmse, then.rmse
                );
                found.push(Finding { status, code: "rating_error", text });
            }
            let status = at_level(now.ece - then.ece, limits.ece_increase);
            if status > Status::Ok {
                let text = format!("calibration error of the ratings {:.4}, at the release {:.4}", now.ece, then.ece);
                found.push(Finding { status, code: "calibration", text });
            }
        }
        if let Some(IntervalCoverage { count, level, share }) = self.intervals {
            let noise = 3.0 * (level * (1.0 - level) / count.max(1) as f64).sqrt();
            let status = at_level(level - share, limits.interval_shortfall);
            if status > Status::Ok && level - share > noise {
                let text = format!(
                    "{:.1} % of {count} ratings lie in their intervals, {:.0} % should",
                    100.0 * share,
                    100.0 * level
                );
                found.push(Finding { status, code: "interval_coverage", text });
            }
        }
    }
}

fn at_level(value: f64, level: Level) -> Status {
    match value {
        value if value >= level.retrain => Status::Retrain,
        value if value >= level.watch => Status::Watch,
        _ => Status::Ok,
    }
}

fn drift_text(drift: &Drift, level: Level) -> String {
    let median = |value: Option<f64>| value.map_or_else(|| "unknown".to_owned(), |value| format!("{value:.3}"));
    format!(
        "{}: PSI {:.3} (watch {}, retrain {}), median {} where it was {}",
        drift.name,
        drift.psi,
        level.watch,
        level.retrain,
        median(drift.window.median),
        median(drift.reference.median)
    )
}

fn errors(rated: &[Rated]) -> Vec<ErrorDay> {
    let mut weeks: BTreeMap<i64, Vec<Rated>> = BTreeMap::new();
    for one in rated {
        weeks.entry(one.at.div_euclid(DAYS * DAY) * DAYS * DAY).or_default().push(*one);
    }
    let week = |(at, rated): (i64, Vec<Rated>)| {
        let RatingSummary { count, rmse, bias, .. } = Rating::of(&rated)?.summary;
        Some(ErrorDay { at, count, rmse, bias })
    };
    weeks.into_iter().filter_map(week).collect()
}

fn intervals(rated: &[Rated]) -> Option<IntervalCoverage> {
    let level = rated.iter().find_map(|one| one.interval)?.2;
    // Of several levels the first: shares of different ones cannot be added up.
    let at_level: Vec<(&Rated, (f64, f64, f64))> =
        rated.iter().filter_map(|one| Some((one, one.interval?))).filter(|(_, interval)| interval.2 == level).collect();
    let inside = at_level.iter().filter(|(one, (low, high, _))| (*low..=*high).contains(&one.actual)).count();
    let count = at_level.len() as u64;
    Some(IntervalCoverage { count, level, share: inside as f64 / count as f64 })
}

fn coverage(shown: &[u64]) -> Coverage {
    let (total, n) = (shown.iter().sum::<u64>(), shown.len());
    let mut order = shown.to_vec();
    order.sort_unstable();
    // Gini 1912: twice the area between the line of equality and the Lorenz curve.
    let weighted: f64 = order.iter().zip(1..).map(|(count, at)| f64::from(at) * *count as f64).sum();
    let gini = match (total, n) {
        (0, _) | (_, 0) => 0.0,
        _ => 2.0 * weighted / (n as f64 * total as f64) - (n as f64 + 1.0) / n as f64,
    };
    let share = shown.iter().filter(|count| **count > 0).count() as f64 / n.max(1) as f64;
    Coverage { shown: total, share, gini }
}
