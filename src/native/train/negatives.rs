//! Cleaners that were not hired, as they stood when the job was posted: what the hired one is learned against.
//!
//! Bidders stand there with the price that they asked. Of a cleaner who did not bid no price is known, so the usual one stands in
//! (`features::encode`), and for the hired one, too: otherwise the price would tell who was hired.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::init::{Stream, epoch_stream};
use super::recipe::{NegativeConfig, NegativeKind};
use super::samples::{SampleSource, Samples};
use crate::domain::JobRecord;
use crate::features::{FEATURE_COUNT, encode};

/// Draws that may hit the hired cleaner, or one who had not joined, before a negative is given up.
const TRIES: usize = 64;

/// A candidate of a job: row in the table of cleaners, raw features.
pub(super) type Candidate = (u32, [f32; FEATURE_COUNT]);

/// The negatives of some samples.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Negatives {
    /// By sample: where its negatives begin in `candidates`, and where they end.
    ranges: Vec<(usize, usize)>,
    pub(super) candidates: Vec<Candidate>,
    /// By sample: the features of the hired cleaner beside these negatives; empty = those of the sample.
    pub(super) positives: Vec<[f32; FEATURE_COUNT]>,
}

impl Negatives {
    /// The negatives of a sample.
    pub(super) fn of(&self, sample: usize) -> &[Candidate] {
        self.ranges.get(sample).and_then(|&(from, to)| self.candidates.get(from..to)).unwrap_or_default()
    }

    /// All other bidders of the jobs of these samples, with their prices.
    pub(super) fn bidders(source: &SampleSource<'_>, samples: &Samples, part: &[usize]) -> Self {
        let config = NegativeConfig { kind: NegativeKind::Bidders, ratio: usize::MAX, ..NegativeConfig::default() };
        Self::draw(source, samples, part, &config, (0, 0))
    }

    /// The negatives of these samples in one epoch of a seed; the same again for the same epoch.
    pub(super) fn draw(
        source: &SampleSource<'_>,
        samples: &Samples,
        part: &[usize],
        config: &NegativeConfig,
        (seed, epoch): (u64, usize),
    ) -> Self {
        let mut rng = epoch_stream(seed, Stream::Negatives, epoch);
        let mut drawn = Self { ranges: vec![(0, 0); samples.len()], ..Self::default() };
        let bidders = config.kind == NegativeKind::Bidders;
        if !bidders {
            drawn.positives = samples.features.clone();
        }
        let mut order = part.to_vec();
        order.sort_by_key(|&at| (samples.times[at], at));
        let mut replay = source.history.replay();
        // All hires in order of time, of which those before a job say how likely a cleaner is to be drawn.
        let mut hires: Vec<(i64, u32)> =
            source.jobs.iter().filter_map(|job| Some((job.spec.posted_at, job.hired?))).collect();
        hires.sort_by_key(|&(at, _)| at);
        for at in order {
            let (job, hired) = (&source.jobs[samples.jobs[at] as usize], samples.items[at] - 1);
            let from = drawn.candidates.len();
            let known = hires.partition_point(|&(when, _)| when < job.spec.posted_at);
            let chosen = match config.kind {
                NegativeKind::Bidders => other_bidders(&mut rng, job, hired, config.ratio),
                NegativeKind::Uniform => others(&mut rng, source, job, hired, config.ratio, &[]),
                NegativeKind::Popularity => others(&mut rng, source, job, hired, config.ratio, &hires[..known]),
            };
            replay.advance_to(job.spec.posted_at);
            let mut features = |cleaner: u32, bid: Option<f32>| {
                let person = source.cleaners.get(cleaner as usize)?;
                let stats = replay.cleaner(cleaner).clone();
                Some(encode(source.market, replay.market(), &job.spec, person, &stats, bid))
            };
            for cleaner in chosen {
                let bid = job.bid_of(cleaner).filter(|_| bidders);
                drawn.candidates.extend(features(cleaner, bid).map(|row| (cleaner + 1, row)));
            }
            if let (false, Some(row)) = (bidders, features(hired, None)) {
                drawn.positives[at] = row;
            }
            drawn.ranges[at] = (from, drawn.candidates.len());
        }
        drawn
    }
}

/// Up to `ratio` of the other bidders, each once.
fn other_bidders(rng: &mut ChaCha8Rng, job: &JobRecord, hired: u32, ratio: usize) -> Vec<u32> {
    let mut others: Vec<u32> = job.bids.iter().map(|bid| bid.cleaner).filter(|&cleaner| cleaner != hired).collect();
    others.sort_unstable();
    others.dedup();
    let wanted = ratio.min(others.len());
    if wanted < others.len() {
        // The beginning of Fisher and Yates' shuffle.
        for at in 0..wanted {
            let pick = rng.random_range(at..others.len());
            others.swap(at, pick);
        }
        others.truncate(wanted);
    }
    others
}

/// `ratio` cleaners who had joined: one of `hires` by chance, or where there is none, one of all.
fn others(
    rng: &mut ChaCha8Rng,
    source: &SampleSource<'_>,
    job: &JobRecord,
    hired: u32,
    ratio: usize,
    hires: &[(i64, u32)],
) -> Vec<u32> {
    let allowed = |cleaner: &u32| {
        *cleaner != hired
            && source.cleaners.get(*cleaner as usize).is_some_and(|person| person.joined_at <= job.spec.posted_at)
    };
    let mut one = || match hires.len() {
        0 => rng.random_range(0..source.cleaners.len().max(1)) as u32,
        n => hires[rng.random_range(0..n)].1,
    };
    (0..ratio).filter_map(|_| (0..TRIES).map(|_| one()).find(allowed)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{BidRecord, Cleaner, History, JobSpec, Market};

    fn market() -> Market {
        Market {
            name: "m".into(),
            centre: None,
            currency: "EUR".into(),
            utc_offset_minutes: 0,
            rating_min: 1.0,
            rating_max: 5.0,
            property_types: vec!["flat".into()],
            candidates_are_bidders: false,
        }
    }

    /// Ten cleaners with a rate of 10 an hour; number 9 joins late.
    fn cleaners() -> Vec<Cleaner> {
        let one = |at: usize| Cleaner {
            id: at.to_string(),
            name: String::new(),
            location: None,
            hourly_rate: Some(10.0),
            eco: None,
            joined_at: if at == 9 { 1_000_000 } else { 0 },
            offers: vec![],
            hours: None,
        };
        (0..10).map(one).collect()
    }

    /// Job n is posted at 100 (n + 1) and lasts 2 hours; cleaners bid 50 + their number.
    fn job(at: i64, bidders: &[u32], hired: u32) -> JobRecord {
        let bid = |&cleaner: &u32| BidRecord { cleaner, amount: Some(50.0 + cleaner as f32), placed_at: at };
        let spec = JobSpec { property_type: Some(0), duration_h: Some(2.0), posted_at: at, ..JobSpec::default() };
        let bids = bidders.iter().map(bid).collect();
        JobRecord {
            id: at.to_string(),
            client: Some(0),
            spec,
            bids,
            hired: Some(hired),
            completed: true,
            rating: Some(0.5),
        }
    }

    fn with_source<R>(jobs: &[JobRecord], test: impl FnOnce(&SampleSource<'_>, &Samples) -> R) -> R {
        let (market, cleaners, history) = (market(), cleaners(), History::new(vec![], 10, 1));
        let source = SampleSource { market: &market, cleaners: &cleaners, jobs, history: &history };
        test(&source, &Samples::build(&source))
    }

    fn config(kind: NegativeKind, ratio: usize) -> NegativeConfig {
        NegativeConfig { kind, ratio, ..NegativeConfig::default() }
    }

    #[test]
    fn bidders_come_with_their_own_price_and_never_twice() {
        let jobs = [job(100, &[1, 2, 3, 4, 5, 2], 3), job(200, &[7], 7)];
        with_source(&jobs, |source, samples| {
            let all = Negatives::bidders(source, samples, &[0, 1]);
            let prices: Vec<(u32, f32)> =
                all.of(0).iter().map(|(row, features)| (*row, features[5] * 1000.0)).collect();
            assert_eq!(prices, [(2, 51.0), (3, 52.0), (5, 54.0), (6, 55.0)]);
            assert!(all.of(1).is_empty() && all.of(7).is_empty() && all.positives.is_empty());
            let few = Negatives::draw(source, samples, &[0], &config(NegativeKind::Bidders, 2), (1, 1));
            let rows: Vec<u32> = few.of(0).iter().map(|(row, _)| *row).collect();
            assert!(
                rows.len() == 2 && rows[0] != rows[1] && rows.iter().all(|row| [2, 3, 5, 6].contains(row)),
                "{rows:?}"
            );
        });
    }

    #[test]
    fn who_did_not_bid_and_the_hired_one_have_the_usual_price() {
        let jobs = [job(100, &[3], 3)];
        with_source(&jobs, |source, samples| {
            let drawn = Negatives::draw(source, samples, &[0], &config(NegativeKind::Uniform, 500), (1, 1));
            assert_eq!(samples.features[0][5], 0.053);
            assert_eq!((drawn.positives[0][5], drawn.of(0).len()), (0.02, 500));
            assert!(drawn.of(0).iter().all(|(_, features)| features[5] == 0.02));
            let mut counts = [0usize; 11];
            drawn.of(0).iter().for_each(|(row, _)| counts[*row as usize] += 1);
            // Neither the hired cleaner 3 nor cleaner 9, who had not joined; the other eight about 62 times each.
            assert_eq!((counts[0], counts[4], counts[10]), (0, 0, 0));
            let others = counts.iter().filter(|count| **count > 0);
            assert!(
                others.clone().count() == 8 && others.into_iter().all(|count| (35..95).contains(count)),
                "{counts:?}"
            );
        });
    }

    #[test]
    fn popular_ones_are_drawn_by_what_had_happened_before() {
        // Before the last job: cleaner 1 hired three times, 2 once; 5 is hired at the same moment, which nobody knows yet.
        let jobs = [
            job(100, &[1], 1),
            job(200, &[1], 1),
            job(300, &[1], 1),
            job(400, &[2], 2),
            job(500, &[5], 5),
            job(500, &[6], 6),
        ];
        with_source(&jobs, |source, samples| {
            let drawn = Negatives::draw(source, samples, &[5], &config(NegativeKind::Popularity, 1000), (1, 1));
            let of = |row: u32| drawn.of(5).iter().filter(|(found, _)| *found == row).count();
            assert_eq!(of(2) + of(3), 1000);
            // Standard deviation √(1000 · 0.75 · 0.25) = 13.7.
            assert!((700..800).contains(&of(2)), "{}", of(2));
            // Nobody was hired before the first job: all are as likely.
            let first = Negatives::draw(source, samples, &[0], &config(NegativeKind::Popularity, 100), (1, 1));
            assert!(first.of(0).iter().any(|(row, _)| *row > 3));
        });
    }

    #[test]
    fn every_epoch_draws_others_and_the_same_epoch_the_same() {
        let jobs = [job(100, &[3], 3), job(200, &[4], 4)];
        with_source(&jobs, |source, samples| {
            let draw = |seed, epoch| {
                Negatives::draw(source, samples, &[0, 1], &config(NegativeKind::Uniform, 20), (seed, epoch))
                    .candidates
                    .iter()
                    .map(|c| c.0)
                    .collect::<Vec<_>>()
            };
            assert_eq!(draw(1, 1), draw(1, 1));
            assert_ne!(draw(1, 1), draw(1, 2));
            assert_ne!(draw(1, 1), draw(2, 1));
        });
    }
}
