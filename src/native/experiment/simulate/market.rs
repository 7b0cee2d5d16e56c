//! The jobs of a data set with the engine's rankings of their bidders, and how a client goes through a ranking.

use rand::{Rng, RngExt};

use crate::domain::JobRecord;
use crate::engine::{CandidateSource, Engine, EngineError, Item, Mode};
use crate::native::datasets::{Dataset, Truth};
use crate::native::eval::request::{Ask, Names};

/// The modes that rank, in the order of [`SimJob::orders`].
pub const MODES: [(Mode, &str); 3] = [(Mode::Rules, "rules"), (Mode::Neural, "neural"), (Mode::Ensemble, "ensemble")];

/// How a client goes through a list, from the top: each one looked at is hired with the probability
/// sigmoid(appeal - `reserve`), where the appeal is the true utility of the client's choice (before its random part) minus its
/// mean over the job's bidders. After a hire the client stops; else they go on with the probability `patience`. So what happens
/// at a place depends on the places up to it alone. Someone who is hired was contacted, and so is someone who is not with the
/// probability that sigmoid(appeal) has more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    /// Probability of looking at the next place.
    pub patience: f64,
    /// How much better than average somebody must be to be hired every other time.
    pub reserve: f64,
}

impl Default for Choice {
    fn default() -> Self {
        Self { patience: 0.8, reserve: 1.0 }
    }
}

/// A bidder of a job.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// As the ensemble ranks them.
    pub item: Item,
    /// The score by mode.
    pub scores: [f32; 3],
    /// Truth: utility minus the mean of the job's bidders.
    pub appeal: f64,
    /// Truth: expected rating in [0, 1].
    pub expected_rating: f64,
}

/// A job.
#[derive(Debug, Clone, PartialEq)]
pub struct SimJob {
    /// Its id.
    pub id: String,
    /// Its client.
    pub client: Option<String>,
    /// Its property type.
    pub segment: Option<String>,
    /// When it was posted.
    pub posted_at: i64,
    /// Its bidders.
    pub candidates: Vec<Candidate>,
    /// The candidates best first, by mode.
    pub orders: [Vec<usize>; 3],
}

/// Jobs to draw from.
#[derive(Debug, Clone, PartialEq)]
pub struct SimMarket {
    /// The jobs, in order of time.
    pub jobs: Vec<SimJob>,
    /// How clients choose.
    pub choice: Choice,
    /// Name and version of the model.
    pub model: (String, String),
    /// The market's rating scale.
    pub scale: (f64, f64),
    /// Standard deviation of a rating around its expectation, in [0, 1].
    pub rating_sd: f64,
}

/// What a client did at one place: looked, and perhaps contacted or hired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) contacted: bool,
    pub(super) hired: bool,
}

impl SimMarket {
    /// The last `share` of the jobs (those that the model has not seen), each ranked as of its time; jobs with fewer than two
    /// bidders in the truth are left out. `progress` is called after each job.
    ///
    /// # Errors
    /// What the engine refuses.
    pub fn new(
        data: &Dataset,
        truth: &Truth,
        engine: &mut Engine,
        share: f64,
        progress: &mut dyn FnMut(),
    ) -> Result<Self, EngineError> {
        let first = ((1.0 - share.clamp(0.0, 1.0)) * data.jobs.len() as f64) as usize;
        let names = Names { market: &data.market, cleaners: &data.cleaners, clients: &data.client_ids };
        let rows: Vec<u32> = (0..data.cleaners.len() as u32).collect();
        let mut replay = data.history.replay();
        let mut jobs = Vec::new();
        for (at, job) in data.jobs.iter().enumerate().skip(first) {
            replay.advance_to(job.spec.posted_at);
            engine.refresh(&mut replay, &rows);
            jobs.extend(sim_job(&names, engine, truth, at as u32, job)?);
            progress();
        }
        let model = engine.model().map_or_else(Default::default, |model| (model.name.clone(), model.version.clone()));
        let scale = (f64::from(data.market.rating_min), f64::from(data.market.rating_max));
        Ok(Self { jobs, choice: Choice::default(), model, scale, rating_sd: truth.market.noise_variance.sqrt() })
    }

    /// The probability that somebody among the first `depth` of an order is hired.
    pub fn value(&self, job: &SimJob, order: &[usize], depth: usize) -> f64 {
        let (mut reached, mut value) = (1.0, 0.0);
        for candidate in order.iter().take(depth) {
            let hire = self.hire(&job.candidates[*candidate]);
            value += reached * hire;
            reached *= (1.0 - hire) * self.choice.patience;
        }
        value
    }

    /// The mean of that over the jobs, for the orders of a mode.
    pub fn mean_value(&self, mode: usize, depth: usize) -> f64 {
        let sum: f64 = self.jobs.iter().map(|job| self.value(job, &job.orders[mode], depth)).sum();
        sum / self.jobs.len().max(1) as f64
    }

    fn hire(&self, candidate: &Candidate) -> f64 {
        sigmoid(candidate.appeal - self.choice.reserve)
    }

    /// What a client does, place by place, until they stop.
    pub(super) fn go_through(&self, job: &SimJob, order: &[usize], rng: &mut impl Rng) -> Vec<Look> {
        let mut looks = Vec::new();
        for candidate in order.iter().map(|at| &job.candidates[*at]) {
            let draw = rng.random::<f64>();
            let (hired, contacted) = (draw < self.hire(candidate), draw < sigmoid(candidate.appeal));
            looks.push(Look { contacted: contacted || hired, hired });
            if hired || rng.random::<f64>() >= self.choice.patience {
                break;
            }
        }
        looks
    }
}

fn sim_job(
    names: &Names<'_>,
    engine: &Engine,
    truth: &Truth,
    at: u32,
    job: &JobRecord,
) -> Result<Option<SimJob>, EngineError> {
    let utility = |cleaner: u32| truth.choice_utility.get(&(at, cleaner)).map(|value| f64::from(*value));
    let known: Vec<f64> = job.bids.iter().filter_map(|bid| utility(bid.cleaner)).collect();
    if known.len() < 2 {
        return Ok(None);
    }
    let mean = known.iter().sum::<f64>() / known.len() as f64;
    let rank = |mode| {
        let ask = Ask {
            limit: Some(job.bids.len() as u32),
            mode,
            candidates: Some(CandidateSource::Bidders),
            ..Ask::default()
        };
        engine.recommend(&names.request(job, &ask))
    };
    let rankings = [rank(MODES[0].0)?, rank(MODES[1].0)?, rank(MODES[2].0)?];
    let mut candidates = Vec::new();
    for item in &rankings[2].items {
        let (Some(value), Some(rating)) = (utility(item.row), truth.expected_rating.get(&(at, item.row))) else {
            continue;
        };
        let score = |mode: usize| {
            let same = rankings[mode].items.iter().find(|other: &&Item| other.row == item.row);
            same.map_or(0.0, |other| other.score)
        };
        let scores = [score(0), score(1), score(2)];
        candidates.push(Candidate {
            item: item.clone(),
            scores,
            appeal: value - mean,
            expected_rating: f64::from(*rating),
        });
    }
    let order = |mode: usize| -> Vec<usize> {
        let place = |item: &Item| candidates.iter().position(|candidate: &Candidate| candidate.item.row == item.row);
        rankings[mode].items.iter().filter_map(place).collect()
    };
    let orders = [order(0), order(1), order(2)];
    let kind = job.spec.property_type.and_then(|kind| names.market.property_types.get(usize::from(kind)));
    let client = job.client.and_then(|client| names.clients.id(client)).map(str::to_owned);
    let posted_at = job.spec.posted_at;
    Ok(Some(SimJob { id: job.id.clone(), client, segment: kind.cloned(), posted_at, candidates, orders }))
}

/// An order in which every place is, with the probability `epsilon`, drawn from all that are left, and else the best of them;
/// with the propensity of each: P(this one at this place | those before it).
pub(super) fn explore(order: &[usize], epsilon: f64, rng: &mut impl Rng) -> Vec<(usize, f64)> {
    let mut left = order.to_vec();
    let mut placed = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let uniform = epsilon / left.len() as f64;
        let at = if rng.random::<f64>() < epsilon { rng.random_range(0..left.len()) } else { 0 };
        placed.push((left.remove(at), if at == 0 { 1.0 - epsilon + uniform } else { uniform }));
    }
    placed
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
