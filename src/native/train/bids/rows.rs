//! What is learned from: one row per bid on a job that somebody won.

use crate::domain::{Fractions, Split, Timestamp, temporal_split};
use crate::features::{BID_FEATURE_COUNT, BidSubject};
use crate::native::train::samples::SampleSource;

/// Bids as columns of equal length, in order of their jobs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BidRows {
    /// Raw features; NaN = unknown.
    pub features: Vec<[f32; BID_FEATURE_COUNT]>,
    /// Index of the kind of job.
    pub kinds: Vec<Option<u16>>,
    /// ln of the bid's ratio to the reference price.
    pub own: Vec<f64>,
    /// ln of the winning bid's.
    pub winning: Vec<f64>,
    /// Whether this bid won.
    pub won: Vec<bool>,
    /// When the job was posted.
    pub times: Vec<Timestamp>,
    /// Index of the job.
    pub jobs: Vec<u32>,
    /// Index of the bidder.
    pub cleaners: Vec<u32>,
}

impl BidRows {
    /// The bids of all jobs with a winner whose price is known. Of the cleaner and the market a row knows what had happened
    /// before the job was posted; of the other bids those that had been placed before this one.
    pub fn build(source: &SampleSource<'_>) -> Self {
        let mut rows = Self::default();
        let mut order: Vec<usize> = (0..source.jobs.len()).collect();
        order.sort_by_key(|&at| source.jobs[at].spec.posted_at);
        let mut replay = source.history.replay();
        for at in order {
            let job = &source.jobs[at];
            let Some(winner) = job.hired else { continue };
            let Some(paid) = job.bid_of(winner).filter(|amount| *amount > 0.0) else { continue };
            replay.advance_to(job.spec.posted_at);
            for bid in &job.bids {
                let (Some(amount), Some(cleaner)) = (bid.amount, source.cleaners.get(bid.cleaner as usize)) else {
                    continue;
                };
                if amount <= 0.0 {
                    continue;
                }
                let earlier =
                    job.bids.iter().filter(|other| other.placed_at < bid.placed_at && other.cleaner != bid.cleaner);
                let bids: Vec<f32> = earlier.filter_map(|other| other.amount).collect();
                let stats = replay.cleaner(bid.cleaner).clone();
                let subject = BidSubject {
                    market: source.market,
                    market_stats: replay.market(),
                    job: &job.spec,
                    cleaner,
                    stats: &stats,
                    bids: &bids,
                    at: Some(bid.placed_at),
                };
                let Some(reference) = subject.reference() else { continue };
                rows.features.push(subject.features(reference));
                rows.kinds.push(job.spec.property_type);
                rows.own.push((f64::from(amount) / reference).ln());
                rows.winning.push((f64::from(paid) / reference).ln());
                rows.won.push(bid.cleaner == winner);
                rows.times.push(job.spec.posted_at);
                rows.jobs.push(at as u32);
                rows.cleaners.push(bid.cleaner);
            }
        }
        rows
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.won.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.won.is_empty()
    }

    /// The parts by time. All bids of a job are in one part.
    pub fn split(&self, fractions: Fractions) -> Split {
        let starts: Vec<usize> = (0..self.len()).filter(|&at| at == 0 || self.jobs[at] != self.jobs[at - 1]).collect();
        let times: Vec<Timestamp> = starts.iter().map(|&at| self.times[at]).collect();
        let of_jobs = temporal_split(&times, fractions);
        let rows = |jobs: Vec<usize>| -> Vec<usize> {
            let end = |job: usize| starts.get(job + 1).copied().unwrap_or(self.len());
            jobs.into_iter().flat_map(|job| starts[job]..end(job)).collect()
        };
        Split { train: rows(of_jobs.train), validation: rows(of_jobs.validation), test: rows(of_jobs.test) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{BidRecord, Cleaner, Event, EventKind, History, JobRecord, JobSpec, Market};
    use crate::features::BID_FEATURES;

    fn job(at: Timestamp, bids: &[(u32, f32, Timestamp)], hired: Option<u32>) -> JobRecord {
        let record = |&(cleaner, amount, placed_at): &(u32, f32, Timestamp)| BidRecord {
            cleaner,
            amount: Some(amount),
            placed_at: at + placed_at,
        };
        JobRecord {
            id: at.to_string(),
            client: None,
            spec: JobSpec { duration_h: Some(2.0), posted_at: at, scheduled_at: at, ..JobSpec::default() },
            bids: bids.iter().map(record).collect(),
            hired,
            completed: false,
            rating: None,
        }
    }

    fn build(jobs: &[JobRecord], extra: &[Event]) -> BidRows {
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
        let cleaner = |id: &str| Cleaner {
            id: id.into(),
            name: String::new(),
            location: None,
            hourly_rate: Some(10.0),
            eco: None,
            joined_at: 0,
            hours: None,
            offers: vec![],
        };
        let cleaners = [cleaner("a"), cleaner("b"), cleaner("c")];
        let bid = |at, cleaner, amount| {
            let kind = EventKind::Bid { property_type: None, amount, duration_h: Some(2.0) };
            Event { at, cleaner, kind }
        };
        let mut events = vec![bid(1, 0, 20.0), bid(2, 1, 24.0)];
        events.extend(extra.iter().cloned());
        let history = History::new(events, 3, 1);
        BidRows::build(&SampleSource { market: &market, cleaners: &cleaners, jobs, history: &history })
    }

    fn column(name: &str) -> usize {
        BID_FEATURES.iter().position(|known| *known == name).unwrap()
    }

    fn bits(rows: &BidRows, at: usize) -> [u32; BID_FEATURE_COUNT] {
        rows.features[at].map(f32::to_bits)
    }

    #[test]
    fn every_bid_of_a_won_job_is_a_row_with_the_bids_before_it() {
        let bids = [(0, 20.0, 5), (1, 11.0, 9), (2, 33.0, 9)];
        let jobs = [job(10, &bids, Some(1)), job(20, &bids, None), job(30, &[(0, 8.0, 1)], Some(2))];
        let rows = build(&jobs, &[]);
        assert_eq!((rows.len(), rows.won.as_slice()), (3, &[false, true, false][..]));
        // 11 an hour for two hours.
        assert!((rows.own[0] - (20.0f64 / 22.0).ln()).abs() < 1e-9 && (rows.winning[2] - 0.5f64.ln()).abs() < 1e-9);
        let count = |at: usize| rows.features[at][column("ln1p_bids_so_far")];
        // Bids of one moment do not know of each other.
        assert_eq!((count(0), count(1), count(2)), (0.0, 2f32.ln(), 2f32.ln()));
        assert!(rows.features[0][column("ln_lowest_ratio")].is_nan());
        assert!((rows.features[2][column("ln_lowest_ratio")] - (20f32 / 22.0).ln()).abs() < 1e-6);
    }

    #[test]
    fn the_lowest_of_the_bids_so_far_and_their_mean_are_told_apart() {
        let rows = build(&[job(10, &[(0, 20.0, 1), (1, 11.0, 2), (2, 33.0, 3)], Some(1))], &[]);
        let of = |name| rows.features[2][column(name)];
        // Of 22, the market's price.
        assert!((of("ln_lowest_ratio") - 0.5f32.ln()).abs() < 1e-6);
        assert!((of("ln_mean_ratio") - (15.5f32 / 22.0).ln()).abs() < 1e-6);
    }

    #[test]
    fn nothing_later_changes_a_row_and_something_earlier_does() {
        let rows = |last: f32, own: f32, first: f32| {
            build(&[job(10, &[(0, first, 5), (1, own, 6), (2, last, 7)], Some(1))], &[])
        };
        let before = rows(30.0, 20.0, 18.0);
        assert_eq!(bits(&rows(1.0, 20.0, 18.0), 1), bits(&before, 1), "a later bid");
        assert_eq!(bits(&rows(30.0, 99.0, 18.0), 1), bits(&before, 1), "the bid itself");
        assert_eq!(bits(&rows(30.0, 20.0, 9.0), 0), bits(&before, 0), "the bid itself");
        assert_ne!(bits(&rows(30.0, 20.0, 9.0), 1), bits(&before, 1), "an earlier bid");
        let jobs = [job(10, &[(0, 18.0, 5), (1, 20.0, 6)], Some(1))];
        let event = |at| Event { at, cleaner: 1, kind: EventKind::Won };
        assert_eq!(bits(&build(&jobs, &[event(10), event(99)]), 1), bits(&build(&jobs, &[]), 1), "what happened later");
        assert_ne!(bits(&build(&jobs, &[event(9)]), 1), bits(&build(&jobs, &[]), 1), "what happened before");
    }

    #[test]
    fn a_job_is_in_one_part() {
        let jobs: Vec<JobRecord> = (0..10).map(|at| job(10 + at, &[(0, 20.0, 1), (1, 22.0, 2)], Some(0))).collect();
        let split = build(&jobs, &[]).split(Fractions { train: 0.7, validation: 0.1 });
        assert_eq!((split.train.len(), split.validation, split.test), (14, vec![14, 15], vec![16, 17, 18, 19]));
    }
}
