//! Inputs as they will be served, to see how every layer's inputs vary.

use crate::domain::{Cleaner, History, JobRecord, Market};
use crate::features::{FEATURE_COUNT, encode};

/// Candidates as columns of equal length, those of one job behind each other.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Calibration {
    /// Row of the client's vector, 0 = unknown.
    pub users: Vec<u32>,
    /// Row of the cleaner's vector, 0 = unknown.
    pub items: Vec<u32>,
    /// Index of the property type.
    pub categories: Vec<Option<u32>>,
    /// Raw features; NaN = unknown.
    pub features: Vec<[f32; FEATURE_COUNT]>,
    /// Number of the job; rows of one job are ranked against each other.
    pub groups: Vec<u32>,
}

/// Where calibration rows are drawn from.
#[derive(Debug, Clone, Copy)]
pub struct CalibrationSource<'a> {
    /// The market.
    pub market: &'a Market,
    /// Its cleaners, by index.
    pub cleaners: &'a [Cleaner],
    /// Jobs in order of time; give those of the training part alone.
    pub jobs: &'a [JobRecord],
    /// What happened.
    pub history: &'a History,
}

/// One job of so many is calibrated as if its client were unknown.
const UNKNOWN_EVERY: usize = 8;

impl Calibration {
    /// Draws about `jobs * cleaners` rows: jobs at equal distances, for each of them cleaners at equal distances, another
    /// set for each job.
    pub fn draw(source: &CalibrationSource<'_>, jobs: usize, cleaners: usize) -> Self {
        let mut result = Self::default();
        let job_step = source.jobs.len().div_ceil(jobs.max(1)).max(1);
        let step = source.cleaners.len().div_ceil(cleaners.max(1)).max(1);
        let mut replay = source.history.replay();
        for (number, job) in source.jobs.iter().step_by(job_step).enumerate() {
            replay.advance_to(job.spec.posted_at);
            for at in (number % step..source.cleaners.len()).step_by(step) {
                let cleaner = at as u32;
                let stats = replay.cleaner(cleaner).clone();
                let bid = job.bid_of(cleaner);
                let market_stats = replay.market();
                let known = number % UNKNOWN_EVERY != UNKNOWN_EVERY - 1;
                result.users.push(job.client.filter(|_| known).map_or(0, |client| client + 1));
                result.items.push(cleaner + 1);
                result.categories.push(job.spec.property_type.map(u32::from));
                result.features.push(encode(source.market, market_stats, &job.spec, &source.cleaners[at], &stats, bid));
                result.groups.push(number as u32);
            }
        }
        result
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::JobSpec;

    #[test]
    fn rows_are_spread_over_jobs_and_cleaners() {
        let cleaner = |id: usize| Cleaner {
            id: id.to_string(),
            name: String::new(),
            location: None,
            hourly_rate: None,
            eco: None,
            joined_at: 0,
            offers: vec![],
            hours: None,
        };
        let cleaners: Vec<Cleaner> = (0..10).map(cleaner).collect();
        let job = |at: i64| JobRecord {
            id: at.to_string(),
            client: Some(3),
            spec: JobSpec { posted_at: at, property_type: Some(0), ..JobSpec::default() },
            bids: vec![],
            hired: None,
            completed: false,
            rating: None,
        };
        let jobs: Vec<JobRecord> = (0..100).map(job).collect();
        let market = Market {
            name: "m".into(),
            centre: None,
            currency: "EUR".into(),
            utc_offset_minutes: 0,
            rating_min: 0.0,
            rating_max: 1.0,
            property_types: vec!["flat".into()],
            candidates_are_bidders: false,
        };
        let history = History::new(vec![], 10, 1);
        let source = CalibrationSource { market: &market, cleaners: &cleaners, jobs: &jobs, history: &history };
        let rows = Calibration::draw(&source, 20, 5);
        assert_eq!((rows.len(), rows.groups.last()), (100, Some(&19)));
        assert_eq!(rows.items[..10], [1, 3, 5, 7, 9, 2, 4, 6, 8, 10]);
        assert_eq!(rows.users.iter().filter(|&&user| user == 0).count(), 10);
        assert_eq!(Calibration::draw(&source, 1000, 1000).len(), 1000);
        let none = CalibrationSource { jobs: &[], ..source };
        assert!(Calibration::draw(&none, 20, 5).is_empty());
    }
}
