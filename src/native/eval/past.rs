//! Past jobs as the engine would have seen them when they were posted: the one replay behind everything that is fitted,
//! calibrated or monitored on the bidders of jobs.

use super::request::{Ask, Names};
use crate::domain::{History, JobRecord, Replay};
use crate::engine::{CandidateSource, Engine, EngineError, Item, Mode, Ranking};

/// A job at the moment when it was posted.
#[derive(Debug)]
pub struct Past<'a, 'r> {
    /// The job, with what became of it.
    pub job: &'a JobRecord,
    /// All of its bidders, ranked with what was known then.
    pub ranking: Ranking,
    /// Place of the hired one in the ranking, from 0.
    pub hired: Option<usize>,
    /// What was known then.
    pub replay: &'r mut Replay<'a>,
}

impl Past<'_, '_> {
    /// The hired one as ranked.
    pub fn hired_item(&self) -> Option<&Item> {
        self.ranking.items.get(self.hired?)
    }
}

/// Ranks the bidders of these jobs in order of time, and hands over one job after the other.
///
/// # Errors
/// What the engine refuses.
pub fn rank_bidders<'a>(
    names: &Names<'_>,
    jobs: impl IntoIterator<Item = &'a JobRecord>,
    history: &'a History,
    (engine, mode): (&mut Engine, Mode),
    mut each: impl FnMut(Past<'a, '_>),
) -> Result<(), EngineError> {
    let mut order: Vec<&JobRecord> = jobs.into_iter().collect();
    order.sort_by_key(|job| job.spec.posted_at);
    let ask = Ask { limit: Some(u32::MAX), mode, candidates: Some(CandidateSource::Bidders), ..Ask::default() };
    let mut replay = history.replay();
    for job in order {
        replay.advance_to(job.spec.posted_at);
        // Nobody else is looked at.
        let bidders: Vec<u32> = job.bids.iter().map(|bid| bid.cleaner).collect();
        engine.refresh(&mut replay, &bidders);
        let ranking = engine.recommend(&names.request(job, &ask))?;
        let id = job.hired.and_then(|hired| names.cleaners.get(hired as usize)).map(|hired| hired.id.as_str());
        let hired = ranking.items.iter().position(|item| Some(item.cleaner_id.as_str()) == id);
        each(Past { job, ranking, hired, replay: &mut replay });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{BidRecord, Cleaner, Event, EventKind, GeoPoint, JobSpec, Market, Vocabulary};
    use crate::engine::Catalog;

    #[test]
    fn each_job_sees_what_was_known_when_it_was_posted() {
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
            location: GeoPoint::new(0.0, 0.0),
            hourly_rate: Some(10.0),
            eco: None,
            joined_at: 0,
            offers: vec![],
            hours: None,
        };
        let cleaners = ["a", "b", "c"].map(cleaner);
        let review = |at, cleaner, overall| {
            let (quality, communication, professionalism, timeliness) = (None, None, None, None);
            let kind =
                EventKind::Review { property_type: None, overall, quality, communication, professionalism, timeliness };
            Event { at, cleaner, kind }
        };
        // First b is praised, then a; c, whom everybody praises, bids on neither job.
        let events = [(15, 1, 0.5), (25, 0, 1.0), (12, 2, 1.0), (11, 0, 0.3)];
        let events = events.iter().flat_map(|(at, who, stars)| (0..20).map(|_| review(*at, *who, *stars)));
        let history = History::new(events.collect(), 3, 1);
        let job = |id: &str, posted_at, hired| {
            let bid = |cleaner| BidRecord { cleaner, amount: Some(10.0), placed_at: posted_at + 1 };
            let spec = JobSpec { duration_h: Some(1.0), posted_at, ..JobSpec::default() };
            let bids = vec![bid(0), bid(1)];
            JobRecord { id: id.into(), client: None, spec, bids, hired, completed: true, rating: None }
        };
        let jobs = [job("late", 30, Some(1)), job("early", 20, Some(1)), job("nobody", 30, None)];
        let clients = Vocabulary::default();
        let names = Names { market: &market, cleaners: &cleaners, clients: &clients };
        let mut engine = Engine::rules_only(Catalog::new(market.clone(), cleaners.to_vec()).unwrap());
        let mut found = Vec::new();
        rank_bidders(&names, &jobs, &history, (&mut engine, Mode::Rules), |past| {
            let order: Vec<String> = past.ranking.items.iter().map(|item| item.cleaner_id.clone()).collect();
            let hired = past.hired_item().map(|item| item.cleaner_id.clone());
            found.push((past.job.id.as_str(), order.concat(), past.hired, hired, past.replay.cleaner(0).overall.count));
        })
        .unwrap();
        let b = || Some("b".to_owned());
        assert_eq!(
            found,
            [
                ("early", "ba".into(), Some(0), b(), 20),
                ("late", "ab".into(), Some(1), b(), 40),
                ("nobody", "ab".into(), None, None, 40),
            ]
        );
    }
}
