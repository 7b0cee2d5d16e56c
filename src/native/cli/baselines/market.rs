//! The baselines on a marketplace: a query is a job that somebody got.

use std::path::Path;

use super::measure::{How, Measured, figures, measured};
use super::task::{Query, Rated, Task, sorted};
use crate::domain::{Fractions, Split, temporal_split};
use crate::engine::{CandidateSource, Catalog, Engine, Mode};
use crate::native::baselines::Training;
use crate::native::cli::{CliError, load};
use crate::native::datasets::Dataset;
use crate::native::eval::request::{Ask, Names};
use crate::native::interactions::{of_jobs, rated_jobs};
use crate::native::train::Recipe;

/// A market with its hold-out.
pub(super) struct Market {
    /// The data set.
    pub(super) data: Dataset,
    /// The rows of the ratings by part.
    pub(super) split: Split,
    /// Shares of the parts.
    pub(super) fractions: Fractions,
    /// The jobs that are queries, as indices.
    jobs: Vec<usize>,
}

impl Market {
    /// Reads a data set and splits its ratings by the time of the job, by the shares of the default recipe.
    pub(super) fn read(dir: &Path) -> Result<Self, CliError> {
        let data = load::dataset(dir)?;
        let rated = rated_jobs(&data.jobs);
        let times: Vec<_> = rated.iter().map(|at| data.jobs[*at].spec.posted_at).collect();
        let shares = Recipe::default().split;
        let fractions = Fractions { train: shares.train, validation: shares.validation };
        let split = temporal_split(&times, fractions);
        let Some(first) = split.test.first().map(|at| rated[*at]) else {
            let message = format!("{}: {} rated jobs that name a client", dir.display(), rated.len());
            let hint = "there is nothing to measure on: give a data set with more rated jobs";
            return Err(CliError::new("baselines.no_ratings", message, hint));
        };
        let hired = |at: &usize| data.jobs[*at].hired.is_some() && !data.jobs[*at].bids.is_empty();
        let jobs = (first..data.jobs.len()).filter(hired).collect();
        Ok(Self { data, split, fractions, jobs })
    }

    /// Jobs of the hold-out that somebody got: `full` ranks all cleaners who had joined when the job was posted, `candidates`
    /// its bidders; relevant is who was hired.
    pub(super) fn task(&self, relevant: f32) -> Task {
        let data = &self.data;
        let kinds = &data.market.property_types;
        let (interactions, categories) = of_jobs(&data.jobs, &data.client_ids, &data.cleaner_ids, kinds);
        let training = Training::new(&interactions, &self.split.train, relevant, Some(&categories));
        let not_joined = |at: i64| {
            let later = (0u32..).zip(&data.cleaners).filter(|(_, cleaner)| cleaner.joined_at > at);
            later.map(|(cleaner, _)| cleaner).collect()
        };
        let query = |at: &usize| {
            let job = &data.jobs[*at];
            Query {
                user: job.client,
                category: job.spec.property_type,
                excluded: not_joined(job.spec.posted_at),
                candidates: sorted(job.bids.iter().map(|bid| bid.cleaner).collect()),
                relevant: job.hired.into_iter().collect(),
            }
        };
        let rated = self.split.test.iter().map(|at| {
            let row = interactions.rows[*at];
            Rated { unit: *at as u32, user: Some(row.user), item: row.item, value: row.value }
        });
        Task::new(training, self.jobs.iter().map(query).collect(), rated.collect(), interactions.scale)
    }

    /// The rules of the engine, which need no training but know what had happened before each job.
    pub(super) fn rules(&self, task: &Task, how: &How, done: &mut dyn FnMut()) -> Result<Measured, CliError> {
        let data = &self.data;
        let wrong = |reason: String| CliError::new("data.catalog", reason, "check cleaners.parquet of the data set");
        let mut engine = Engine::rules_only(Catalog::new(data.market.clone(), data.cleaners.clone()).map_err(wrong)?);
        let names = Names { market: &data.market, cleaners: &data.cleaners, clients: &data.client_ids };
        let everybody: Vec<u32> = (0..data.cleaners.len() as u32).collect();
        let mut replay = data.history.replay();
        let mut rows = Vec::with_capacity(self.jobs.len());
        for (at, query) in self.jobs.iter().zip(&task.queries) {
            let job = &data.jobs[*at];
            replay.advance_to(job.spec.posted_at);
            engine.refresh(&mut replay, &everybody);
            let rank = |source, limit: usize| -> Result<Vec<u32>, CliError> {
                let (limit, candidates) = (Some(limit as u32), Some(source));
                let ask = Ask { limit, mode: Mode::Rules, candidates, ..Ask::default() };
                let ranking = engine.recommend(&names.request(job, &ask))?;
                Ok(ranking.items.iter().filter_map(|item| data.cleaner_ids.get(&item.cleaner_id)).collect())
            };
            let full = rank(CandidateSource::Catalog, how.k)?;
            let bidders = rank(CandidateSource::Bidders, how.k)?;
            rows.push([figures(&full, query, how.k), figures(&bidders, query, how.k)].concat());
            done();
        }
        Ok(measured("rules", None, &rows, how))
    }

    /// How many queries the rules take.
    pub(super) fn queries(&self) -> usize {
        self.jobs.len()
    }
}
