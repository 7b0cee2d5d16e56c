//! The pairs of jobs and cleaners.

use std::path::Path;
use std::time::{Duration, Instant};

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

use super::{Macs, ScoreError, ceiling};
use crate::domain::{JobRecord, rank_order};
use crate::engine::{CandidateScore, CandidateSource, Engine};
use crate::native::datasets::{DataError, EncodedScores, ScoreColumns, ScoresWriter};
use crate::native::eval::request::{Ask, Names};

/// Pairs of a row group, unless one job has more. One for each thread is held in memory.
const ROW_GROUP: usize = 65_536;

/// Jobs to score against the cleaners of an engine's catalog.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// The engine, as of the moment that counts.
    pub engine: &'a Engine,
    /// Names for the requests.
    pub names: Names<'a>,
    /// The jobs with the bids that count.
    pub jobs: &'a [JobRecord],
    /// Leave out whoever is further away, in kilometres.
    pub max_distance_km: f64,
    /// What the model multiplies for a candidate.
    pub macs: Macs,
}

/// What was scored, and how fast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Pairs in the table.
    pub pairs: u64,
    /// Pairs looked at, with those that are no candidates.
    pub considered: u64,
    /// Bytes of the table.
    pub bytes: u64,
    /// Multiply-adds of the model.
    pub macs: u64,
    /// Seconds from the first job to the end of the file.
    pub seconds: f64,
    /// Seconds of it while the engine scored.
    pub engine_seconds: f64,
    /// Multiply-adds per second that as many threads can reach, measured before and after; `None` where there is no
    /// instruction to measure.
    pub ceiling: Option<f64>,
}

/// The candidates of one job, and what it took to score them.
struct Scored {
    scores: Vec<CandidateScore>,
    considered: u64,
    /// Candidates that the model scored.
    neural: u64,
    /// Whose job it is; `None` for a client whom the model does not know.
    client: Option<u32>,
}

#[derive(Default)]
struct Tally {
    pairs: u64,
    considered: u64,
    macs: u64,
    engine: Duration,
    /// The client of the last job, whose collaborative scores the engine still has.
    client: Option<Option<u32>>,
}

impl Batch<'_> {
    /// Scores all pairs on so many threads and writes them to `out`: jobs in their order, each job's cleaners best first.
    /// The bytes do not depend on the number of threads. `progress` is called with the number of jobs done.
    ///
    /// # Errors
    /// [`ScoreError`]; the file that was at `out` is then still there.
    pub fn score(&self, out: &Path, threads: usize, progress: &dyn Fn(usize)) -> Result<Outcome, ScoreError> {
        let failed = |reason: ThreadPoolBuildError| ScoreError::Threads { threads, reason: reason.to_string() };
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().map_err(failed)?;
        let ids = self.engine.catalog().cleaners().iter().map(|cleaner| cleaner.id.as_str());
        let mut writer = ScoresWriter::create(out, self.jobs.iter().map(|job| job.id.as_str()), ids)?;
        let kernel = self.engine.kernel();
        let before = ceiling(&pool, kernel);
        let began = Instant::now();
        let tally = self.write(&pool, &mut writer, progress)?;
        let bytes = writer.finish()?;
        let seconds = began.elapsed().as_secs_f64();
        let after = ceiling(&pool, kernel);
        Ok(Outcome {
            pairs: tally.pairs,
            considered: tally.considered,
            bytes,
            macs: tally.macs,
            seconds,
            engine_seconds: tally.engine.as_secs_f64(),
            ceiling: before.zip(after).map(|(before, after)| 0.5 * (before + after)),
        })
    }

    /// Scores as many jobs at a time as make a row group for every thread, then encodes these, then appends them.
    fn write(
        &self,
        pool: &ThreadPool,
        writer: &mut ScoresWriter,
        progress: &dyn Fn(usize),
    ) -> Result<Tally, ScoreError> {
        let per_group = (ROW_GROUP / self.engine.catalog().cleaners().len().max(1)).max(1);
        let (mut tally, mut done) = (Tally::default(), 0);
        for jobs in self.jobs.chunks(per_group * pool.current_num_threads()) {
            let began = Instant::now();
            let scored: Result<Vec<Scored>, ScoreError> =
                pool.install(|| jobs.par_iter().map(|job| self.score_job(job)).collect());
            tally.engine += began.elapsed();
            let mut scored = scored?;
            scored.iter().for_each(|job| tally.add(job, &self.macs));
            let group = |(at, jobs): (usize, &mut [Scored])| writer.encode(columns(done + at * per_group, jobs));
            let groups: Result<Vec<EncodedScores>, DataError> =
                pool.install(|| scored.par_chunks_mut(per_group).enumerate().map(group).collect());
            groups?.into_iter().try_for_each(|rows| writer.append(rows))?;
            done += jobs.len();
            progress(done);
        }
        Ok(tally)
    }

    fn score_job(&self, job: &JobRecord) -> Result<Scored, ScoreError> {
        let ask = Ask {
            candidates: Some(CandidateSource::Catalog),
            max_distance_km: Some(self.max_distance_km),
            ..Ask::default()
        };
        let mut scores = Vec::new();
        let meta = self.engine.score_each(&self.names.request(job, &ask), |score| scores.push(score));
        let meta = meta.map_err(|source| ScoreError::Engine { job: job.id.clone(), source })?;
        Ok(Scored {
            scores,
            considered: u64::from(meta.candidates),
            neural: u64::from(meta.neural_scored),
            client: job.client.filter(|_| meta.client_known),
        })
    }
}

impl Tally {
    fn add(&mut self, job: &Scored, macs: &Macs) {
        let collaborative = if self.client == Some(job.client) { 0 } else { macs.collaborative };
        self.client = Some(job.client);
        self.pairs += job.scores.len() as u64;
        self.considered += job.considered;
        self.macs += job.neural * (collaborative + macs.content);
    }
}

/// The rows of some jobs, the first of which has this index; each job's best first.
fn columns(first: usize, jobs: &mut [Scored]) -> ScoreColumns {
    let mut columns = ScoreColumns::default();
    for (job, at) in jobs.iter_mut().zip(first..) {
        job.scores.sort_unstable_by(|a, b| rank_order((shown(a), a.row), (shown(b), b.row)));
        job.scores.iter().zip(1..).for_each(|(score, rank)| push(&mut columns, at as i32, score, rank));
    }
    columns
}

/// The score of the table, which is what a ranking goes by, too.
fn shown(score: &CandidateScore) -> f32 {
    100.0 * score.score
}

fn push(columns: &mut ScoreColumns, job: i32, score: &CandidateScore, rank: u32) {
    columns.jobs.push(job);
    columns.cleaners.push(score.place as i32);
    columns.score.push(shown(score));
    columns.rule_score.push(100.0 * score.rules);
    columns.neural_score.push(100.0 * score.neural);
    columns.price.push(score.price);
    columns.distance_km.push(score.distance_km);
    columns.rank.push(rank);
}
