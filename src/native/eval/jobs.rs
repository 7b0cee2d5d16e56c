//! Does the order of jobs for a cleaner make sense? Whenever a cleaner bid on a job of the hold-out, the jobs that were open at that
//! moment are ranked for them as of that moment, without those that they had bid on before; measured is where the job stood that
//! they did bid on, over all such bids and over those that won.

use serde::Serialize;

use super::bootstrap::{self, Interval};
use super::metrics::{hired_in_top, random_hired_in_top, random_reciprocal_rank, reciprocal_rank};
use super::request::Names;
use crate::domain::{History, JobRecord, Replay, Timestamp, rank_order};
use crate::engine::{CleanerRef, Engine, EngineError, JobPosting, JobsRequest, Mode};

/// What is measured on.
#[derive(Debug, Clone, Copy)]
pub struct JobsHoldout<'a> {
    /// Names for the requests.
    pub names: Names<'a>,
    /// All jobs in order of time.
    pub jobs: &'a [JobRecord],
    /// What happened.
    pub history: &'a History,
    /// When each job was decided.
    pub decided: &'a [Option<Timestamp>],
    /// When each job ended, and whether it was completed.
    pub ended: &'a [Option<(Timestamp, bool)>],
    /// The first job of the hold-out.
    pub from: usize,
}

/// An order of open jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JobOrder {
    /// Any order: the expectation over all.
    Random,
    /// The shortest way first.
    Nearest,
    /// The highest budget or market price first.
    BestPaid,
    /// The fewest bids first.
    FewestBids,
    /// The engine by rules.
    Rules,
    /// The engine by the model.
    Neural,
    /// The engine by both, with the model's weight.
    Ensemble,
}

/// Every order.
const ORDERS: [JobOrder; 7] = [
    JobOrder::Random,
    JobOrder::Nearest,
    JobOrder::BestPaid,
    JobOrder::FewestBids,
    JobOrder::Rules,
    JobOrder::Neural,
    JobOrder::Ensemble,
];

/// How well an order found the job.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct JobFigures {
    /// Which order.
    pub order: JobOrder,
    /// Share of the decisions with the job in the first place.
    pub in_top1: f64,
    /// … among the first three.
    pub in_top3: f64,
    /// Mean reciprocal rank, with a bootstrap interval over decisions.
    pub mrr: Interval,
}

/// The report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JobsReport {
    /// How many bids of the hold-out had at least two open jobs to choose from.
    pub bids: usize,
    /// How many of them won.
    pub wins: usize,
    /// Mean number of open jobs.
    pub mean_open: f64,
    /// The job that was bid on.
    pub bid: Vec<JobFigures>,
    /// The same where the bid won.
    pub won: Vec<JobFigures>,
}

/// The places of one decision's job in every order; the scores of [`JobOrder::Random`] are expectations.
struct Decision {
    won: bool,
    open: usize,
    places: [usize; 7],
}

/// Measures every bid of the hold-out; `progress` is called after each with the number done, and told how many there are.
///
/// # Errors
/// What the engine refuses.
pub fn run(
    holdout: &JobsHoldout<'_>,
    engine: &mut Engine,
    settings: &bootstrap::Settings,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<JobsReport, EngineError> {
    let jobs = holdout.jobs.iter().enumerate().skip(holdout.from);
    let mut bids: Vec<(Timestamp, usize, u32)> =
        jobs.flat_map(|(at, job)| job.bids.iter().map(move |bid| (bid.placed_at, at, bid.cleaner))).collect();
    bids.sort_unstable();
    let mut replay = holdout.history.replay();
    let mut decisions = Vec::new();
    for (done, (at, job, cleaner)) in bids.iter().enumerate() {
        replay.advance_to(*at);
        engine.refresh(&mut replay, &[*cleaner]);
        decisions.extend(decide(holdout, engine, &mut replay, (*at, *job, *cleaner))?);
        progress(done + 1, bids.len());
    }
    let won: Vec<&Decision> = decisions.iter().filter(|decision| decision.won).collect();
    let all: Vec<&Decision> = decisions.iter().collect();
    Ok(JobsReport {
        bids: all.len(),
        wins: won.len(),
        mean_open: all.iter().map(|decision| decision.open as f64).sum::<f64>() / all.len().max(1) as f64,
        bid: figures(&all, settings),
        won: figures(&won, settings),
    })
}

fn decide(
    holdout: &JobsHoldout<'_>,
    engine: &Engine,
    replay: &mut Replay<'_>,
    (at, job, cleaner): (Timestamp, usize, u32),
) -> Result<Option<Decision>, EngineError> {
    let open = open(holdout, at, cleaner);
    let Some(place) = open.iter().position(|other| *other == job).filter(|_| open.len() > 1) else { return Ok(None) };
    let postings: Vec<JobPosting> = open.iter().map(|job| holdout.posting(*job, at)).collect();
    let by = |mode| {
        let id = holdout.names.cleaners[cleaner as usize].id.clone();
        let request = JobsRequest {
            cleaner: CleanerRef::Known(id),
            jobs: postings.clone(),
            limit: Some(u32::MAX),
            mode,
            rule_weight: None,
            filters: Default::default(),
            level: None,
        };
        let ranking = engine.recommend_jobs(&request)?;
        // A job of a kind that they do not offer is left out: it comes last.
        let found = ranking.items.iter().position(|item| item.job_id == postings[place].job_id);
        Ok(found.map_or(open.len(), |found| found + 1))
    };
    let from = holdout.names.cleaners[cleaner as usize].location;
    let market = replay.market();
    let order = |score: &dyn Fn(usize) -> Option<f64>| {
        let scores: Vec<f32> = open.iter().map(|job| score(*job).map_or(f32::NAN, |score| score as f32)).collect();
        let before = |other: usize| rank_order((scores[other], other as u32), (scores[place], place as u32)).is_lt();
        1 + (0..open.len()).filter(|other| before(*other)).count()
    };
    let spec = |job: usize| &holdout.jobs[job].spec;
    let nearest = order(&|job| Some(-from?.distance_km(&spec(job).location?)));
    let best_paid = order(&|job| {
        let usual = || Some(market.hourly_price(spec(job).property_type)? * f64::from(spec(job).duration_h?));
        spec(job).budget.map(f64::from).or_else(usual)
    });
    let fewest = order(&|job| Some(-(holdout.jobs[job].bids.iter().filter(|bid| bid.placed_at < at).count() as f64)));
    let [rules, neural, ensemble] = [by(Mode::Rules)?, by(Mode::Neural)?, by(Mode::Ensemble)?];
    let won = holdout.jobs[job].hired == Some(cleaner);
    let places = [place + 1, nearest, best_paid, fewest, rules, neural, ensemble];
    Ok(Some(Decision { won, open: open.len(), places }))
}

/// The jobs that were open at a moment and that the cleaner had not bid on.
pub(super) fn open(holdout: &JobsHoldout<'_>, at: Timestamp, cleaner: u32) -> Vec<usize> {
    let posted = holdout.jobs.partition_point(|job| job.spec.posted_at < at);
    let fresh = |job: &usize| {
        let bids = &holdout.jobs[*job].bids;
        holdout.decided[*job].is_none_or(|decided| decided >= at)
            && !bids.iter().any(|bid| bid.cleaner == cleaner && bid.placed_at < at)
    };
    (0..posted).filter(fresh).collect()
}

impl JobsHoldout<'_> {
    /// A job as it stood at a moment.
    pub(super) fn posting(&self, job: usize, at: Timestamp) -> JobPosting {
        let mut record = self.jobs[job].clone();
        record.bids.retain(|bid| bid.placed_at < at);
        let mine = self
            .jobs
            .iter()
            .zip(self.ended)
            .filter(|(other, _)| record.client.is_some() && other.client == record.client);
        let before = mine.filter_map(|(_, ended)| ended.filter(|(when, _)| *when < at));
        let [jobs, completed] =
            before.fold([0, 0], |[jobs, completed], (_, done)| [jobs + 1, completed + u32::from(done)]);
        JobPosting {
            job_id: record.id.clone(),
            client_jobs: record.client.map(|_| jobs),
            client_completed: record.client.map(|_| completed),
            job: self.names.job(&record),
        }
    }
}

fn figures(decisions: &[&Decision], settings: &bootstrap::Settings) -> Vec<JobFigures> {
    let n = decisions.len().max(1) as f64;
    let of = |at: usize, order: JobOrder| {
        let values = |k: usize| -> Vec<f64> {
            let value = |decision: &&Decision| match (order, k) {
                (JobOrder::Random, 0) => random_reciprocal_rank(decision.open),
                (JobOrder::Random, k) => random_hired_in_top(decision.open, k),
                (_, 0) => reciprocal_rank(Some(decision.places[at])),
                (_, k) => hired_in_top(Some(decision.places[at]), k),
            };
            decisions.iter().map(value).collect()
        };
        let mean = |k| values(k).iter().sum::<f64>() / n;
        JobFigures { order, in_top1: mean(1), in_top3: mean(3), mrr: bootstrap::interval(&values(0), settings) }
    };
    ORDERS.iter().enumerate().map(|(at, order)| of(at, *order)).collect()
}
