//! What is learned from: one row per completed and rated job.

use super::TrainError;
use super::ops::MEAN_ROW;
use super::recipe::{SplitConfig, SplitKind};
use crate::domain::{
    Cleaner, History, JobRecord, Market, Part, Split, Timestamp, given_split, leave_last_out, random_split,
    temporal_split, user_temporal_split,
};
use crate::features::{FEATURE_COUNT, encode};

/// Samples as columns of equal length.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Samples {
    /// Row of the client's vector: 0 = unknown, else 1 + the client's index.
    pub users: Vec<u32>,
    /// Row of the cleaner's vector: 0 = unknown, else 1 + the cleaner's index.
    pub items: Vec<u32>,
    /// Index of the property type; `u32::MAX` = unknown, the mean of all.
    pub categories: Vec<u32>,
    /// Raw features; NaN = unknown.
    pub features: Vec<[f32; FEATURE_COUNT]>,
    /// The client's rating in [0, 1].
    pub targets: Vec<f32>,
    /// When the job was posted.
    pub times: Vec<Timestamp>,
    /// Index of the job.
    pub jobs: Vec<u32>,
}

/// Where samples come from.
#[derive(Debug, Clone, Copy)]
pub struct SampleSource<'a> {
    /// The market.
    pub market: &'a Market,
    /// Its cleaners, by index.
    pub cleaners: &'a [Cleaner],
    /// Its jobs in order of time.
    pub jobs: &'a [JobRecord],
    /// What happened.
    pub history: &'a History,
}

impl Samples {
    /// One sample per completed and rated job, with the features as they were known when the job was posted.
    pub fn build(source: &SampleSource<'_>) -> Self {
        let mut samples = Self::default();
        let mut order: Vec<usize> = (0..source.jobs.len()).collect();
        order.sort_by_key(|&at| source.jobs[at].spec.posted_at);
        let mut replay = source.history.replay();
        for at in order {
            let job = &source.jobs[at];
            let (Some(hired), Some(rating), true) = (job.hired, job.rating, job.completed) else { continue };
            let Some(cleaner) = source.cleaners.get(hired as usize) else { continue };
            replay.advance_to(job.spec.posted_at);
            let stats = replay.cleaner(hired).clone();
            let features = encode(source.market, replay.market(), &job.spec, cleaner, &stats, job.bid_of(hired));
            samples.users.push(job.client.map_or(0, |client| client + 1));
            samples.items.push(hired + 1);
            samples.categories.push(job.spec.property_type.map_or(MEAN_ROW, u32::from));
            samples.features.push(features);
            samples.targets.push(rating);
            samples.times.push(job.spec.posted_at);
            samples.jobs.push(at as u32);
        }
        samples
    }

    /// The samples at these places, in this order; a place that does not exist is left out.
    pub fn select(&self, places: &[usize]) -> Self {
        let places: Vec<usize> = places.iter().copied().filter(|&at| at < self.len()).collect();
        fn pick<T: Copy>(column: &[T], places: &[usize]) -> Vec<T> {
            places.iter().filter_map(|&at| column.get(at).copied()).collect()
        }
        Self {
            users: pick(&self.users, &places),
            items: pick(&self.items, &places),
            categories: pick(&self.categories, &places),
            features: pick(&self.features, &places),
            targets: pick(&self.targets, &places),
            times: pick(&self.times, &places),
            jobs: pick(&self.jobs, &places),
        }
    }

    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// The parts of these samples.
    ///
    /// # Errors
    /// [`TrainError::Needed`] for lists, which [`given_split`](Self::given_split) takes.
    pub fn split(&self, config: &SplitConfig, seed: u64) -> Result<Split, TrainError> {
        match config.kind {
            SplitKind::Temporal => Ok(temporal_split(&self.times, config.fractions())),
            SplitKind::UserTemporal => Ok(user_temporal_split(&self.users, &self.times, config.fractions())),
            SplitKind::LeaveLastOut => Ok(leave_last_out(&self.users, &self.times)),
            SplitKind::Random => Ok(random_split(self.len(), config.fractions(), seed)),
            SplitKind::Files => {
                Err(TrainError::Needed { needed: "a list of jobs for every part", reason: "split.kind = \"files\"" })
            }
        }
    }

    /// The parts by the part of each job; a sample of a job in no part is left out.
    pub fn given_split(&self, parts: &[Option<Part>]) -> Split {
        let of_job = |&job: &u32| parts.get(job as usize).copied().flatten();
        given_split(&self.jobs.iter().map(of_job).collect::<Vec<_>>())
    }

    /// Refuses columns of different lengths, indices outside tables of these sizes, and labels that are no number.
    ///
    /// # Errors
    /// [`TrainError::Column`].
    pub fn check(&self, user_rows: usize, item_rows: usize, categories: usize) -> Result<(), TrainError> {
        let columns = [
            ("users", self.users.len()),
            ("items", self.items.len()),
            ("categories", self.categories.len()),
            ("features", self.features.len()),
            ("times", self.times.len()),
            ("jobs", self.jobs.len()),
        ];
        if let Some((column, found)) = columns.into_iter().find(|(_, found)| *found != self.len()) {
            return Err(TrainError::Column { column, reason: format!("{found} values for {} targets", self.len()) });
        }
        let tables = [
            ("users", &self.users, user_rows),
            ("items", &self.items, item_rows),
            ("categories", &self.categories, categories),
        ];
        for (column, values, rows) in tables {
            let known = |row: &&u32| column != "categories" || **row != MEAN_ROW;
            if let Some(row) = values.iter().filter(known).find(|row| **row as usize >= rows) {
                return Err(TrainError::Column { column, reason: format!("row {row} of {rows}") });
            }
        }
        if let Some(target) = self.targets.iter().find(|target| !target.is_finite()) {
            return Err(TrainError::Column { column: "targets", reason: format!("{target} is no rating") });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{BidRecord, Event, EventKind, JobSpec};

    fn market() -> Market {
        Market {
            name: "m".into(),
            centre: None,
            currency: "EUR".into(),
            utc_offset_minutes: 0,
            rating_min: 1.0,
            rating_max: 5.0,
            property_types: vec!["flat".into(), "house".into()],
            candidates_are_bidders: false,
        }
    }

    fn cleaner(id: &str) -> Cleaner {
        let (id, name) = (id.to_owned(), String::new());
        Cleaner { id, name, location: None, hourly_rate: None, eco: None, joined_at: 0, offers: vec![], hours: None }
    }

    fn job(at: Timestamp, client: Option<u32>, hired: Option<u32>, rating: Option<f32>) -> JobRecord {
        let bids = vec![BidRecord { cleaner: 1, amount: Some(40.0), placed_at: at + 1 }];
        let spec = JobSpec { property_type: client.map(|_| 1), posted_at: at, ..JobSpec::default() };
        JobRecord { id: at.to_string(), client, spec, bids, hired, completed: rating.is_some(), rating }
    }

    fn review(at: Timestamp, overall: f32) -> Event {
        let kind = EventKind::Review {
            property_type: Some(1),
            overall,
            quality: None,
            communication: None,
            professionalism: None,
            timeliness: None,
        };
        Event { at, cleaner: 1, kind }
    }

    fn build(jobs: &[JobRecord], events: Vec<Event>) -> Samples {
        let (market, cleaners) = (market(), [cleaner("a"), cleaner("b")]);
        let history = History::new(events, 2, 2);
        Samples::build(&SampleSource { market: &market, cleaners: &cleaners, jobs, history: &history })
    }

    #[test]
    fn completed_and_rated_jobs_are_samples() {
        let jobs = [
            job(30, Some(4), Some(1), Some(0.5)),
            job(10, None, Some(0), Some(1.0)),
            job(20, Some(4), Some(1), None),
            job(40, Some(4), None, None),
            job(50, Some(4), Some(9), Some(0.1)),
        ];
        let samples = build(&jobs, vec![]);
        assert_eq!((samples.jobs.as_slice(), samples.times.as_slice()), (&[1, 0][..], &[10, 30][..]));
        assert_eq!((samples.users.as_slice(), samples.items.as_slice()), (&[0, 5][..], &[1, 2][..]));
        assert_eq!((samples.categories.as_slice(), samples.targets.as_slice()), (&[MEAN_ROW, 1][..], &[1.0, 0.5][..]));
        // The hired cleaner's own bid, in thousands; the other one made none.
        assert_eq!(samples.features[1][5], 0.04);
        assert!(samples.features[0][5].is_nan());
        assert_eq!(samples.select(&[1, 7, 0]).jobs, [0, 1]);
        assert_eq!(samples.check(6, 3, 2).map_err(|error| error.code()), Ok(()));
    }

    #[test]
    fn a_later_review_changes_nothing_and_an_earlier_one_does() {
        let jobs = [job(30, Some(4), Some(1), Some(0.5))];
        let bits = |events| build(&jobs, events).features[0].map(f32::to_bits);
        let before = bits(vec![review(5, 0.2)]);
        assert_eq!(bits(vec![review(5, 0.2), review(30, 1.0), review(31, 1.0)]), before);
        assert_ne!(bits(vec![review(5, 0.2), review(29, 1.0)]), before);
    }
}
