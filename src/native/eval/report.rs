//! The report of an evaluation: every figure with its interval, and how it was computed.
//!
//! The same inputs give the same bytes: there is no date, no duration and no path in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::bootstrap::{self, Interval};
use super::coverage::{Coverage, coverage};
use super::metrics::{mean_absolute_error, mean_squared_error, r_squared};
use super::scores::{Hit, JobScores, RatedJob, Scorer};
use crate::domain::PRIOR_STRENGTH;

/// How the figures were computed: two reports can be compared only where these are equal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Protocol {
    /// SHA-256 of the data set.
    pub data_fingerprint: String,
    /// `temporal` or `random`.
    pub split: String,
    /// Share to learn from.
    pub train: f64,
    /// Share to choose by; the rest is the hold-out.
    pub validation: f64,
    /// Seed of the split and of the training.
    pub seed: u64,
    /// Rated jobs of the hold-out, over which the rating errors are.
    pub rated_jobs: usize,
    /// Jobs of the hold-out that somebody got, over which the hiring figures are.
    pub hired_jobs: usize,
    /// All jobs of the hold-out, over which the precisions are compared.
    pub jobs: usize,
    /// Mean number of bidders of the jobs that somebody got.
    pub mean_bidders: f64,
    /// Whom a job was ranked over.
    pub candidates: String,
    /// What is predicted.
    pub label: String,
    /// What the engine knew.
    pub as_of: String,
    /// The definition of every figure by name.
    pub metrics: BTreeMap<String, String>,
    /// Name and version of the model.
    pub model: String,
    /// Share of the rule score in the ensemble.
    pub rule_weight: f32,
    /// Share of the price in the ensemble.
    pub price_weight: f32,
    /// How the intervals were computed.
    pub bootstrap: bootstrap::Settings,
}

/// The definitions of the figures.
pub fn definitions() -> BTreeMap<String, String> {
    let best_rated = format!(
        "mean overall rating as of the job's time, shrunk toward the market's mean as if by {PRIOR_STRENGTH} ratings of it"
    );
    let all = [
        ("mse", "mean of (predicted - actual)^2, ratings normalised to 0..1"),
        ("mae", "mean of |predicted - actual|, ratings normalised to 0..1"),
        ("r2", "1 - squared error / squared error of the hold-out's own mean"),
        ("ceiling", "the same error of the expected rating by the latent truth: no model can be expected to do better"),
        ("share_of_ceiling", "r2 / r2 of the ceiling"),
        ("top1, top3", "share of jobs whose hired cleaner is among the first 1, 3 of the job's bidders"),
        ("mrr", "mean of 1 / rank of the hired cleaner among the job's bidders"),
        ("oracle", "bidders by the client's true utility before its own noise"),
        ("random", "exact expectation over all orders: min(k, n) / n, H(n) / n"),
        ("cheapest", "lowest bid first"),
        ("best_rated", best_rated.as_str()),
        ("nearest", "shortest great-circle distance to the job first"),
        ("ties", "lower index in the catalog first; unknown values last"),
        ("differences", "paired percentile bootstrap over jobs"),
        (
            "coverage",
            "share of the hold-out's ratings inside the interval that was given before, with its Wilson 95 % interval",
        ),
        ("same_top10", "share of jobs whose ten best of the whole catalog are the same with fp32 and int8"),
    ];
    all.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

/// The errors of predicted ratings; `None` where they are not defined (no rated job, all ratings equal).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RatingErrors {
    /// Mean squared error.
    pub mse: Option<f64>,
    /// Mean absolute error.
    pub mae: Option<f64>,
    /// R².
    pub r2: Option<f64>,
}

impl RatingErrors {
    fn of(pairs: &[(f64, f64)]) -> Self {
        Self { mse: mean_squared_error(pairs), mae: mean_absolute_error(pairs), r2: r_squared(pairs) }
    }
}

/// Predicted ratings of the hired cleaners.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rating {
    /// The fp32 model.
    pub fp32: RatingErrors,
    /// The int8 model.
    pub q8: RatingErrors,
    /// The latent truth, where the data come with it.
    pub ceiling: Option<RatingErrors>,
    /// R² of fp32 divided by the ceiling's.
    pub share_of_ceiling_fp32: Option<f64>,
    /// R² of int8 divided by the ceiling's.
    pub share_of_ceiling_q8: Option<f64>,
}

/// One scorer's figures over all jobs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HiringRow {
    /// Who ordered.
    pub scorer: Scorer,
    /// The means.
    #[serde(flatten)]
    pub mean: Hit,
}

/// One model's lead over one baseline in one figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The model.
    pub model: Scorer,
    /// The baseline.
    pub baseline: Scorer,
    /// `top1`, `top3` or `mrr`.
    pub metric: String,
    /// Model minus baseline, with its interval.
    #[serde(flatten)]
    pub interval: Interval,
    /// Whether the interval leaves 0 out.
    pub excludes_zero: bool,
}

/// What the int8 model loses. Differences are int8 minus fp32.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quantisation {
    /// Difference of the mean squared errors.
    pub delta_mse: Option<f64>,
    /// Difference of the mean absolute errors.
    pub delta_mae: Option<f64>,
    /// Difference of R².
    pub delta_r2: Option<f64>,
    /// Largest difference of two predictions of one job.
    pub max_prediction_difference: Option<f64>,
    /// Differences of the hiring figures in mode `neural`.
    pub delta_neural: Option<Hit>,
    /// Differences of the hiring figures in mode `ensemble`.
    pub delta_ensemble: Option<Hit>,
    /// Share of jobs with the same ten best in mode `neural`.
    pub same_top10_set_neural: Option<f64>,
    /// The same ten in the same order.
    pub same_top10_order_neural: Option<f64>,
    /// Share of jobs with the same ten best in mode `ensemble`.
    pub same_top10_set_ensemble: Option<f64>,
    /// The same ten in the same order.
    pub same_top10_order_ensemble: Option<f64>,
}

/// Everything that `tidyrank evaluate` writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// How.
    pub protocol: Protocol,
    /// Predicted ratings.
    pub rating: Rating,
    /// Who was hired.
    pub hiring: Vec<HiringRow>,
    /// The models against the baselines.
    pub differences: Vec<Difference>,
    /// int8 against fp32.
    pub quantisation: Quantisation,
    /// The intervals of the expected ratings; none where the model comes without.
    #[serde(default)]
    pub coverage: Vec<Coverage>,
}

impl Report {
    /// Averages what was measured on each job. The counts of the protocol are filled in here.
    pub fn new(mut protocol: Protocol, jobs: &[JobScores]) -> Self {
        let hired: Vec<&JobScores> = jobs.iter().filter(|job| !job.hits.is_empty()).collect();
        let rated: Vec<RatedJob> = jobs.iter().filter_map(|job| job.rated).collect();
        protocol.jobs = jobs.len();
        protocol.hired_jobs = hired.len();
        protocol.rated_jobs = rated.len();
        protocol.mean_bidders = mean(hired.iter().map(|job| job.bidders as f64)).unwrap_or(0.0);
        let hiring = hiring(&hired);
        let rating = rating(&rated);
        let quantisation = quantisation(&rating, &rated, &hiring, jobs);
        let differences = differences(&hired, &protocol.bootstrap);
        Self { protocol, rating, hiring, differences, quantisation, coverage: coverage(&rated) }
    }

    /// The means of one scorer, if it was measured.
    pub fn row(&self, scorer: Scorer) -> Option<Hit> {
        find(&self.hiring, scorer)
    }

    /// The main figures by name, for a manifest.
    pub fn summary(&self) -> BTreeMap<String, f64> {
        let (neural, ensemble) = (self.row(Scorer::NeuralQ8), self.row(Scorer::EnsembleQ8));
        let figures = [
            ("r2", self.rating.q8.r2),
            ("mse", self.rating.q8.mse),
            ("mae", self.rating.q8.mae),
            ("r2_share_of_ceiling", self.rating.share_of_ceiling_q8),
            ("r2_int8_minus_fp32", self.quantisation.delta_r2),
            ("neural_top1", neural.map(|hit| hit.top1)),
            ("neural_top3", neural.map(|hit| hit.top3)),
            ("neural_mrr", neural.map(|hit| hit.mrr)),
            ("ensemble_top1", ensemble.map(|hit| hit.top1)),
            ("ensemble_top3", ensemble.map(|hit| hit.top3)),
            ("ensemble_mrr", ensemble.map(|hit| hit.mrr)),
            ("coverage_at_90", self.coverage.iter().find(|row| row.level == 0.9).map(|row| row.coverage)),
        ];
        figures.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    /// The report as JSON; the same report always gives the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Plain structs with string keys, serialised into memory: this cannot fail.
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }
}

fn find(rows: &[HiringRow], scorer: Scorer) -> Option<Hit> {
    rows.iter().find(|row| row.scorer == scorer).map(|row| row.mean)
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    super::metrics::mean(&values.collect::<Vec<_>>())
}

fn mean_hit(hits: &[Hit]) -> Option<Hit> {
    Some(Hit {
        top1: mean(hits.iter().map(|hit| hit.top1))?,
        top3: mean(hits.iter().map(|hit| hit.top3))?,
        mrr: mean(hits.iter().map(|hit| hit.mrr))?,
    })
}

fn hiring(jobs: &[&JobScores]) -> Vec<HiringRow> {
    let row = |scorer| {
        let hits: Vec<Hit> = jobs.iter().filter_map(|job| job.hit(scorer)).collect();
        mean_hit(&hits).map(|mean| HiringRow { scorer, mean })
    };
    Scorer::ALL.into_iter().filter_map(row).collect()
}

fn rating(rated: &[RatedJob]) -> Rating {
    let errors =
        |of: fn(&RatedJob) -> f64| RatingErrors::of(&rated.iter().map(|job| (of(job), job.actual)).collect::<Vec<_>>());
    let (fp32, q8) = (errors(|job| job.fp32), errors(|job| job.q8));
    let expected: Option<Vec<(f64, f64)>> = rated.iter().map(|job| Some((job.expected?, job.actual))).collect();
    let ceiling = expected.filter(|pairs| !pairs.is_empty()).map(|pairs| RatingErrors::of(&pairs));
    let share = |errors: &RatingErrors| {
        let best = ceiling.and_then(|ceiling| ceiling.r2).filter(|r2| *r2 > 0.0)?;
        Some(errors.r2? / best)
    };
    Rating { share_of_ceiling_fp32: share(&fp32), share_of_ceiling_q8: share(&q8), fp32, q8, ceiling }
}

fn quantisation(rating: &Rating, rated: &[RatedJob], hiring: &[HiringRow], jobs: &[JobScores]) -> Quantisation {
    let minus = |of: fn(&RatingErrors) -> Option<f64>| Some(of(&rating.q8)? - of(&rating.fp32)?);
    let hits = |q8, fp32| {
        let (q8, fp32) = (find(hiring, q8)?, find(hiring, fp32)?);
        Some(Hit { top1: q8.top1 - fp32.top1, top3: q8.top3 - fp32.top3, mrr: q8.mrr - fp32.mrr })
    };
    let share = |of: fn(&JobScores) -> bool| mean(jobs.iter().map(|job| f64::from(u8::from(of(job)))));
    Quantisation {
        delta_mse: minus(|errors| errors.mse),
        delta_mae: minus(|errors| errors.mae),
        delta_r2: minus(|errors| errors.r2),
        max_prediction_difference: rated.iter().map(|job| (job.q8 - job.fp32).abs()).reduce(f64::max),
        delta_neural: hits(Scorer::NeuralQ8, Scorer::NeuralFp32),
        delta_ensemble: hits(Scorer::EnsembleQ8, Scorer::EnsembleFp32),
        same_top10_set_neural: share(|job| job.neural.set),
        same_top10_order_neural: share(|job| job.neural.order),
        same_top10_set_ensemble: share(|job| job.ensemble.set),
        same_top10_order_ensemble: share(|job| job.ensemble.order),
    }
}

fn differences(jobs: &[&JobScores], settings: &bootstrap::Settings) -> Vec<Difference> {
    let measured = |scorer| jobs.iter().all(|job| job.hit(scorer).is_some());
    let (models, baselines) = (Scorer::MODELS, Scorer::BASELINES);
    let models = models.into_iter().filter(|scorer| measured(*scorer));
    let pairs: Vec<(Scorer, Scorer)> = models
        .flat_map(|model| {
            baselines.into_iter().filter(|scorer| measured(*scorer)).map(move |baseline| (model, baseline))
        })
        .collect();
    let row = |job: &&JobScores| {
        let of_pair = |(model, baseline): &(Scorer, Scorer)| {
            let (model, baseline) = (job.hit(*model)?.named(), job.hit(*baseline)?.named());
            Some(model.into_iter().zip(baseline).map(|((_, model), (_, baseline))| model - baseline))
        };
        pairs.iter().filter_map(of_pair).flatten().collect::<Vec<f64>>()
    };
    let rows: Vec<Vec<f64>> = jobs.iter().map(row).collect();
    let names = pairs.iter().flat_map(|pair| ["top1", "top3", "mrr"].map(|metric| (*pair, metric)));
    let named = bootstrap::intervals(&rows, settings).into_iter().zip(names);
    named
        .map(|(interval, ((model, baseline), metric))| Difference {
            model,
            baseline,
            metric: metric.to_owned(),
            interval,
            excludes_zero: interval.excludes_zero(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::scores::SameTop10;
    use super::*;

    fn protocol() -> Protocol {
        Protocol {
            data_fingerprint: "f".into(),
            split: "temporal".into(),
            train: 0.7,
            validation: 0.1,
            seed: 42,
            rated_jobs: 0,
            hired_jobs: 0,
            jobs: 0,
            mean_bidders: 0.0,
            candidates: "bidders".into(),
            label: "rating".into(),
            as_of: "job".into(),
            metrics: definitions(),
            model: "m 1".into(),
            rule_weight: 0.6,
            price_weight: 0.0,
            bootstrap: bootstrap::Settings { resamples: 200, ..bootstrap::Settings::default() },
        }
    }

    /// Model scorers put the hired one first, baselines third of four.
    fn job(actual: f64, expected: Option<f64>, agree: bool) -> JobScores {
        let rank = |scorer| if Scorer::BASELINES.contains(&scorer) { Some(3) } else { Some(1) };
        let hits = Scorer::ALL.into_iter().map(|scorer| (scorer, Hit::at(rank(scorer)))).collect();
        JobScores {
            job: "j".into(),
            bidders: 4,
            hits,
            rated: Some(RatedJob { actual, fp32: 0.5, q8: 0.5 + actual / 8.0, expected, reviews: 7, intervals: None }),
            neural: SameTop10 { set: true, order: agree },
            ensemble: SameTop10 { set: agree, order: agree },
        }
    }

    #[test]
    fn the_means_of_a_small_case_by_hand() {
        let mut unhired = job(0.5, Some(0.5), true);
        (unhired.hits, unhired.rated) = (vec![], None);
        let jobs = [job(0.0, Some(0.25), true), job(1.0, Some(0.75), false), unhired];
        let report = Report::new(protocol(), &jobs);
        let p = &report.protocol;
        assert_eq!((p.jobs, p.hired_jobs, p.rated_jobs, p.mean_bidders), (3, 2, 2, 4.0));
        // fp32 says the mean: R² 0. The truth halves every error: R² 0.75. int8: errors 0.5 and 0.375.
        assert_eq!(report.rating.fp32, RatingErrors { mse: Some(0.25), mae: Some(0.5), r2: Some(0.0) });
        assert_eq!(report.rating.ceiling.and_then(|errors| errors.r2), Some(0.75));
        assert_eq!(report.rating.q8.mae, Some(0.4375));
        let q8_r2 = 1.0 - (0.25 + 0.375f64.powi(2)) / 0.5;
        assert_eq!((report.rating.q8.r2, report.rating.share_of_ceiling_q8), (Some(q8_r2), Some(q8_r2 / 0.75)));
        assert_eq!(report.quantisation.delta_r2, Some(q8_r2));
        assert_eq!(report.quantisation.max_prediction_difference, Some(0.125));
        assert_eq!(report.quantisation.same_top10_set_neural, Some(1.0));
        assert_eq!(report.quantisation.same_top10_set_ensemble, Some(2.0 / 3.0));
        assert_eq!(report.row(Scorer::Cheapest), Some(Hit { top1: 0.0, top3: 1.0, mrr: 1.0 / 3.0 }));
        assert_eq!(report.differences.len(), 4 * 5 * 3);
        let first = &report.differences[0];
        assert_eq!((first.model, first.baseline, first.metric.as_str()), (Scorer::NeuralFp32, Scorer::Random, "top1"));
        assert_eq!((first.interval.mean, first.interval.low, first.excludes_zero), (1.0, 1.0, true));
        assert!(!report.differences[1].excludes_zero, "both have everybody in the top 3");
    }

    #[test]
    fn nothing_to_measure_is_a_report_too_and_json_keeps_everything() {
        let empty = Report::new(protocol(), &[]);
        assert!(empty.hiring.is_empty() && empty.differences.is_empty() && empty.rating.ceiling.is_none());
        assert_eq!(empty.quantisation.delta_r2, None);
        for report in [empty, Report::new(protocol(), &[job(0.0, None, true), job(1.0, None, true)])] {
            assert_eq!(report.rating.ceiling, None);
            let bytes = report.to_bytes();
            assert_eq!(serde_json::from_slice::<Report>(&bytes).unwrap(), report);
            assert_eq!(report.to_bytes(), bytes);
        }
    }
}
