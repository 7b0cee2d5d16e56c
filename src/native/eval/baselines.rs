//! Orders of a job's bidders that need no model: what a model must beat to be worth its bytes.
//!
//! Ties are broken as everywhere ([`rank_order`]): the lower index first. What is unknown (no amount, no position) comes
//! last.

use serde::{Deserialize, Serialize};

use crate::domain::{Cleaner, JobRecord, PRIOR_STRENGTH, Replay, rank_order};

/// A simple rule to order bidders by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Baseline {
    /// The lowest bid first.
    Cheapest,
    /// The highest mean overall rating as of the job's time first, shrunk toward the market's mean with
    /// [`PRIOR_STRENGTH`].
    BestRated,
    /// The shortest way to the job first.
    Nearest,
}

impl Baseline {
    /// Every baseline.
    pub const ALL: [Self; 3] = [Self::Cheapest, Self::BestRated, Self::Nearest];

    /// The job's bidders, best first, each once. `replay` must stand at the job's time.
    pub fn order(self, job: &JobRecord, cleaners: &[Cleaner], replay: &mut Replay<'_>) -> Vec<u32> {
        order_by(job, |cleaner| match self {
            Self::Cheapest => job.bid_of(cleaner).map(|amount| -amount),
            Self::BestRated => {
                let prior = replay.market().total.overall.mean()?;
                Some(replay.cleaner(cleaner).overall.shrunk(prior, PRIOR_STRENGTH) as f32)
            }
            Self::Nearest => {
                let from = cleaners.get(cleaner as usize)?.location?;
                Some(-from.distance_km(&job.spec.location?) as f32)
            }
        })
    }
}

/// The job's bidders by a score, highest first; `None` comes last. Each bidder is in it once.
pub fn order_by(job: &JobRecord, mut score: impl FnMut(u32) -> Option<f32>) -> Vec<u32> {
    let mut bidders: Vec<u32> = job.bids.iter().map(|bid| bid.cleaner).collect();
    bidders.sort_unstable();
    bidders.dedup();
    let mut scored: Vec<(f32, u32)> = bidders.into_iter().map(|at| (score(at).unwrap_or(f32::NAN), at)).collect();
    scored.sort_by(|a, b| rank_order(*a, *b));
    scored.into_iter().map(|(_, at)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{BidRecord, Event, EventKind, GeoPoint, History, JobSpec};

    fn cleaner(longitude: Option<f64>) -> Cleaner {
        Cleaner {
            id: String::new(),
            name: String::new(),
            location: longitude.and_then(|longitude| GeoPoint::new(0.0, longitude)),
            hourly_rate: None,
            eco: None,
            joined_at: 0,
            offers: vec![],
            hours: None,
        }
    }

    fn review(cleaner: u32, overall: f32) -> Event {
        let (quality, communication, professionalism, timeliness) = (None, None, None, None);
        let kind =
            EventKind::Review { property_type: None, overall, quality, communication, professionalism, timeliness };
        Event { at: 1, cleaner, kind }
    }

    #[test]
    fn each_order_is_as_it_says() {
        let cleaners = [cleaner(Some(3.0)), cleaner(Some(1.0)), cleaner(None), cleaner(Some(-1.0))];
        let bid = |cleaner, amount| BidRecord { cleaner, amount, placed_at: 5 };
        let job = JobRecord {
            id: "j".into(),
            client: None,
            spec: JobSpec { location: GeoPoint::new(0.0, 0.0), posted_at: 9, ..JobSpec::default() },
            bids: vec![bid(3, Some(20.0)), bid(0, Some(10.0)), bid(1, None), bid(2, Some(20.0)), bid(3, Some(1.0))],
            hired: None,
            completed: false,
            rating: None,
        };
        // Cleaner 0 has one perfect review, cleaner 2 many good ones, cleaner 3 a bad one, cleaner 1 none.
        let mut events = vec![review(0, 1.0), review(3, 0.0)];
        events.extend((0..40).map(|_| review(2, 0.95)));
        let history = History::new(events, 4, 0);
        let mut replay = history.replay();
        replay.advance_to(9);
        let cases = [
            (Baseline::Cheapest, vec![0, 2, 3, 1]),
            (Baseline::BestRated, vec![2, 0, 1, 3]),
            (Baseline::Nearest, vec![1, 3, 0, 2]),
        ];
        for (baseline, expected) in cases {
            assert_eq!(baseline.order(&job, &cleaners, &mut replay), expected, "{baseline:?}");
        }
        let empty = History::default();
        let mut nothing = empty.replay();
        nothing.advance_to(9);
        assert_eq!(Baseline::BestRated.order(&job, &cleaners, &mut nothing), [0, 1, 2, 3], "nobody has a rating");
    }
}
