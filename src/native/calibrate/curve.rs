//! What folding in is worth: the hold-out's ratings and hires by how many of the client's first ratings are known.

use std::time::Instant;

use serde::Serialize;

use super::history::history;
use crate::domain::{History, JobRecord};
use crate::engine::{CandidateSource, Engine, EngineError, Mode};
use crate::native::eval::bootstrap::{self, Interval};
use crate::native::eval::metrics::{mean, r_squared};
use crate::native::eval::request::{Ask, Names};

/// How many of a client's first ratings are known; `None` = all of them.
pub const KNOWN: [Option<usize>; 6] = [Some(0), Some(1), Some(2), Some(5), Some(10), None];
/// A job counts if its client had given that many ratings before, so that every point is over the same jobs.
const ENOUGH: usize = 10;

/// One point of the curve.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// How many of the client's first ratings are known: a number, `all`, or `trained` for the client's trained row.
    pub ratings: String,
    /// Root mean squared error of the expected rating of the hired cleaner, 0 to 1.
    pub rmse: f64,
    /// R².
    pub r2: Option<f64>,
    /// Share of hires among the first three, by the network alone.
    pub neural_top3: f64,
    /// The same for the ensemble.
    pub ensemble_top3: f64,
    /// Squared error minus that for the unknown client, with its paired bootstrap interval.
    pub squared_error: Interval,
    /// Neural top 3 minus that for the unknown client.
    pub neural_top3_gain: Interval,
    /// Ensemble top 3 minus that for the unknown client.
    pub ensemble_top3_gain: Interval,
}

/// The curve over the same jobs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Curve {
    /// Rated jobs of the hold-out whose clients had rated ten or more before.
    pub jobs: usize,
    /// Their clients.
    pub clients: usize,
    /// Mean time of a fold-in of ten ratings, microseconds.
    pub microseconds: f64,
    /// With 0, 1, 2, 5, 10 and all earlier ratings, then the trained row.
    pub points: Vec<Point>,
}

/// Squared error, neural hit, ensemble hit.
type Scores = [f64; 3];

/// Measures the curve. `jobs`: all jobs in order of time; `rated`: those of the hold-out that were rated, as indices in that
/// order. Every job is asked about as of its time; what clients rate later is never known.
///
/// # Errors
/// What the engine refuses.
pub fn curve(
    names: &Names<'_>,
    (jobs, rated): (&[JobRecord], &[usize]),
    happened: &History,
    engine: &mut Engine,
    settings: &bootstrap::Settings,
) -> Result<Curve, EngineError> {
    let mut replay = happened.replay();
    let rows: Vec<u32> = (0..names.cleaners.len() as u32).collect();
    let (mut scores, mut actual, mut clients, mut seconds) = (Vec::<Vec<Scores>>::new(), Vec::new(), Vec::new(), 0.0);
    for job in rated.iter().map(|at| &jobs[*at]) {
        let (Some(client), Some(rating)) = (job.client, job.rating) else { continue };
        let earlier = history(names, jobs, client, job.spec.posted_at);
        if earlier.len() < ENOUGH {
            continue;
        }
        replay.advance_to(job.spec.posted_at);
        engine.refresh(&mut replay, &rows);
        let mut of_job = Vec::new();
        for known in KNOWN {
            let began = Instant::now();
            let folded = engine.fold_in(&earlier[..known.unwrap_or(earlier.len())])?;
            seconds += if known == Some(10) { began.elapsed().as_secs_f64() } else { 0.0 };
            of_job.extend(ask(names, job, engine, Some(folded.client_vector))?);
        }
        of_job.extend(ask(names, job, engine, None)?);
        if of_job.len() == KNOWN.len() + 1 {
            scores.push(of_job);
            actual.push(f64::from(rating));
            clients.push(client);
        }
    }
    clients.sort_unstable();
    clients.dedup();
    let microseconds = 1e6 * seconds / scores.len().max(1) as f64;
    let points = points(&scores, &actual, settings);
    Ok(Curve { jobs: scores.len(), clients: clients.len(), microseconds, points })
}

/// The squared error of the hired cleaner's rating, and whether they are among the first three. `vector`: the client's; without
/// it the trained row.
fn ask(
    names: &Names<'_>,
    job: &JobRecord,
    engine: &Engine,
    vector: Option<Vec<f32>>,
) -> Result<Option<Scores>, EngineError> {
    let Some((hired, rating)) = job.hired.and_then(|at| names.cleaners.get(at as usize)).zip(job.rating) else {
        return Ok(None);
    };
    let rank = |mode| {
        let ask = Ask { limit: Some(u32::MAX), mode, candidates: Some(CandidateSource::Bidders), ..Ask::default() };
        let mut request = names.request(job, &ask);
        request.client_vector.clone_from(&vector);
        engine.recommend(&request)
    };
    let (neural, ensemble) = (rank(Mode::Neural)?, rank(Mode::Ensemble)?);
    let top3 = |ranking: &crate::engine::Ranking| {
        f64::from(u8::from(ranking.items.iter().take(3).any(|item| item.cleaner_id == hired.id)))
    };
    let expected = neural.items.iter().find(|item| item.cleaner_id == hired.id).and_then(|item| item.neural_score);
    let error = expected.map(|expected| f64::from(rating) - f64::from(expected) / 100.0);
    Ok(error.map(|error| [error * error, top3(&neural), top3(&ensemble)]))
}

fn points(scores: &[Vec<Scores>], actual: &[f64], settings: &bootstrap::Settings) -> Vec<Point> {
    let ways = KNOWN.len() + 1;
    let minus = |job: &Vec<Scores>| -> Vec<f64> {
        job.iter().flat_map(|way| (0..3).map(move |at| way[at] - job[0][at])).collect()
    };
    let gains = bootstrap::intervals(&scores.iter().map(minus).collect::<Vec<_>>(), settings);
    let spread = r_squared(&actual.iter().map(|one| (0.0, *one)).collect::<Vec<_>>()).and_then(|_| {
        let centre = mean(actual)?;
        mean(&actual.iter().map(|one| (one - centre) * (one - centre)).collect::<Vec<_>>())
    });
    let point = |way: usize| {
        let average = |at: usize| mean(&scores.iter().map(|job| job[way][at]).collect::<Vec<_>>()).unwrap_or_default();
        let name = KNOWN.get(way).map(|known| known.map_or_else(|| "all".to_owned(), |n| n.to_string()));
        Point {
            ratings: name.unwrap_or_else(|| "trained".to_owned()),
            rmse: average(0).sqrt(),
            r2: spread.map(|spread| 1.0 - average(0) / spread),
            neural_top3: average(1),
            ensemble_top3: average(2),
            squared_error: gains[3 * way],
            neural_top3_gain: gains[3 * way + 1],
            ensemble_top3_gain: gains[3 * way + 2],
        }
    };
    if scores.is_empty() { Vec::new() } else { (0..ways).map(point).collect() }
}
