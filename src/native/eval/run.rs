//! Runs the engine over a hold-out, job after job in order of time, as it would have answered at that moment.

use std::collections::HashMap;

use super::baselines::{Baseline, order_by};
use super::coverage::LEVELS;
use super::request::{Ask, Names};
use super::scores::{Hit, JobScores, RatedJob, SameTop10, Scorer};
use crate::domain::{History, JobRecord, Replay};
use crate::engine::{CandidateSource, Engine, EngineError, Mode, Ranking};

/// The latent truth of a synthetic market; keys are (index of the job, index of the cleaner).
#[derive(Debug, Clone, Copy)]
pub struct TruthView<'a> {
    /// Expected overall rating in [0, 1].
    pub expected_rating: &'a HashMap<(u32, u32), f32>,
    /// Utility of the client's choice before its random part.
    pub choice_utility: &'a HashMap<(u32, u32), f32>,
}

/// What is measured on.
#[derive(Debug, Clone, Copy)]
pub struct Holdout<'a> {
    /// Names for the requests.
    pub names: Names<'a>,
    /// All jobs in order of time.
    pub jobs: &'a [JobRecord],
    /// What happened.
    pub history: &'a History,
    /// The jobs to rank, as indices.
    pub ranked: &'a [usize],
    /// Those whose rating counts, in ascending order; jobs that are not in `ranked` are left out.
    pub rated: &'a [usize],
    /// The truth, if there is one.
    pub truth: Option<TruthView<'a>>,
}

/// The two precisions of one model, each read back from its files.
#[derive(Debug)]
pub struct Engines {
    /// With the fp32 model.
    pub fp32: Engine,
    /// With the int8 model.
    pub q8: Engine,
}

/// Measures every job of the hold-out; `progress` is called after each with the number done.
///
/// # Errors
/// What the engine refuses.
pub fn run(
    holdout: &Holdout<'_>,
    engines: &mut Engines,
    progress: &mut dyn FnMut(usize),
) -> Result<Vec<JobScores>, EngineError> {
    let mut order = holdout.ranked.to_vec();
    order.sort_by_key(|&at| (holdout.jobs[at].spec.posted_at, at));
    let mut replay = holdout.history.replay();
    let rows: Vec<u32> = (0..holdout.names.cleaners.len() as u32).collect();
    let mut scores = Vec::with_capacity(order.len());
    for at in order {
        replay.advance_to(holdout.jobs[at].spec.posted_at);
        engines.fp32.refresh(&mut replay, &rows);
        engines.q8.refresh(&mut replay, &rows);
        scores.push(score_job(holdout, engines, &mut replay, at)?);
        progress(scores.len());
    }
    Ok(scores)
}

fn score_job(
    holdout: &Holdout<'_>,
    engines: &Engines,
    replay: &mut Replay<'_>,
    at: usize,
) -> Result<JobScores, EngineError> {
    let job = &holdout.jobs[at];
    let bidders = Bidders::rank(holdout, engines, job)?;
    let mut hits = Vec::new();
    if let Some(hired) = job.hired {
        hits = bidders.hits(holdout, job, hired);
        hits.extend(baseline_hits(holdout, replay, at, hired));
        hits.sort_by_key(|(scorer, _)| *scorer);
    }
    let rated = holdout.rated.binary_search(&at).is_ok().then(|| bidders.rated(holdout, engines, at)).flatten();
    let same = |mode| same_top10(holdout, engines, job, mode);
    Ok(JobScores {
        job: job.id.clone(),
        bidders: order_by(job, |_| None).len(),
        hits,
        rated,
        neural: same(Mode::Neural)?,
        ensemble: same(Mode::Ensemble)?,
    })
}

/// The engine's rankings of one job's bidders.
struct Bidders {
    rules: Ranking,
    neural_fp32: Ranking,
    ensemble_fp32: Ranking,
    neural_q8: Ranking,
    ensemble_q8: Ranking,
}

impl Bidders {
    fn rank(holdout: &Holdout<'_>, engines: &Engines, job: &JobRecord) -> Result<Self, EngineError> {
        let rank = |engine: &Engine, mode| {
            let candidates = Some(CandidateSource::Bidders);
            let ask = Ask { limit: Some(job.bids.len() as u32), mode, candidates, ..Ask::default() };
            engine.recommend(&holdout.names.request(job, &ask))
        };
        Ok(Self {
            rules: rank(&engines.q8, Mode::Rules)?,
            neural_fp32: rank(&engines.fp32, Mode::Neural)?,
            ensemble_fp32: rank(&engines.fp32, Mode::Ensemble)?,
            neural_q8: rank(&engines.q8, Mode::Neural)?,
            ensemble_q8: rank(&engines.q8, Mode::Ensemble)?,
        })
    }

    fn hits(&self, holdout: &Holdout<'_>, job: &JobRecord, hired: u32) -> Vec<(Scorer, Hit)> {
        let id = holdout.names.cleaners.get(hired as usize).map_or("", |cleaner| cleaner.id.as_str());
        let place = |ranking: &Ranking| ranking.items.iter().position(|item| item.cleaner_id == id).map(|at| at + 1);
        let rankings = [
            (Scorer::Rules, &self.rules),
            (Scorer::NeuralFp32, &self.neural_fp32),
            (Scorer::EnsembleFp32, &self.ensemble_fp32),
            (Scorer::NeuralQ8, &self.neural_q8),
            (Scorer::EnsembleQ8, &self.ensemble_q8),
        ];
        // A ranking that fell back to another mode is no measurement of the one asked for.
        let measured = rankings.into_iter().filter(|(_, ranking)| ranking.meta.fallback.is_none());
        let mut hits: Vec<_> = measured.map(|(scorer, ranking)| (scorer, Hit::at(place(ranking)))).collect();
        hits.push((Scorer::Random, Hit::random(order_by(job, |_| None).len())));
        hits
    }

    /// The rating of the hired cleaner beside its predictions; `None` where a part of it is missing.
    fn rated(&self, holdout: &Holdout<'_>, engines: &Engines, at: usize) -> Option<RatedJob> {
        let job = &holdout.jobs[at];
        let hired = job.hired?;
        let id = holdout.names.cleaners.get(hired as usize)?.id.as_str();
        let predicted = |ranking: &Ranking| {
            let item = ranking.items.iter().find(|item| item.cleaner_id == id)?;
            Some(f64::from(item.neural_score?) / 100.0)
        };
        let key = (at as u32, hired);
        let (q8, reviews) = (predicted(&self.neural_q8)?, engines.q8.catalog().stats(hired)?.overall.count);
        let interval = |level| engines.q8.conformal().map(|known| known.interval(100.0 * q8 as f32, reviews, level));
        let ends = LEVELS.map(|level| interval(level).map(|ends| ends.map(|end| f64::from(end) / 100.0)));
        Some(RatedJob {
            actual: f64::from(job.rating?),
            fp32: predicted(&self.neural_fp32)?,
            q8,
            reviews,
            intervals: ends[0].zip(ends[1]).zip(ends[2]).map(|((a, b), c)| [a, b, c]),
            expected: holdout.truth.and_then(|truth| truth.expected_rating.get(&key)).map(|value| f64::from(*value)),
        })
    }
}

fn baseline_hits(holdout: &Holdout<'_>, replay: &mut Replay<'_>, at: usize, hired: u32) -> Vec<(Scorer, Hit)> {
    let job = &holdout.jobs[at];
    let hit = |order: Vec<u32>| Hit::at(order.iter().position(|cleaner| *cleaner == hired).map(|at| at + 1));
    let scorers = [Scorer::Cheapest, Scorer::BestRated, Scorer::Nearest];
    let mut hits: Vec<_> = scorers
        .into_iter()
        .zip(Baseline::ALL)
        .map(|(scorer, baseline)| (scorer, hit(baseline.order(job, holdout.names.cleaners, replay))))
        .collect();
    if let Some(truth) = holdout.truth {
        let order = order_by(job, |cleaner| truth.choice_utility.get(&(at as u32, cleaner)).copied());
        hits.push((Scorer::Oracle, hit(order)));
    }
    hits
}

fn same_top10(holdout: &Holdout<'_>, engines: &Engines, job: &JobRecord, mode: Mode) -> Result<SameTop10, EngineError> {
    let ask = Ask { limit: Some(10), mode, candidates: Some(CandidateSource::Catalog), ..Ask::default() };
    let request = holdout.names.request(job, &ask);
    let ids = |engine: &Engine| -> Result<Vec<String>, EngineError> {
        Ok(engine.recommend(&request)?.items.into_iter().map(|item| item.cleaner_id).collect())
    };
    Ok(SameTop10::of(&ids(&engines.fp32)?, &ids(&engines.q8)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{BidRecord, Cleaner, Event, EventKind, GeoPoint, JobSpec, Market, Vocabulary};
    use crate::engine::Catalog;

    fn market() -> Market {
        Market {
            name: "m".into(),
            centre: None,
            currency: "EUR".into(),
            utc_offset_minutes: 0,
            rating_min: 0.0,
            rating_max: 1.0,
            property_types: vec!["flat".into()],
            candidates_are_bidders: false,
        }
    }

    fn cleaner(id: &str, longitude: f64) -> Cleaner {
        Cleaner {
            id: id.into(),
            name: String::new(),
            location: GeoPoint::new(0.0, longitude),
            hourly_rate: Some(10.0),
            eco: None,
            joined_at: 0,
            offers: vec![],
            hours: None,
        }
    }

    fn job(id: &str, posted_at: i64, hired: Option<u32>) -> JobRecord {
        let bid = |cleaner, amount| BidRecord { cleaner, amount: Some(amount), placed_at: posted_at + 1 };
        let spec =
            JobSpec { location: GeoPoint::new(0.0, 0.0), duration_h: Some(1.0), posted_at, ..JobSpec::default() };
        let bids = vec![bid(0, 9.0), bid(1, 12.0), bid(2, 10.0)];
        JobRecord { id: id.into(), client: None, spec, bids, hired, completed: true, rating: Some(1.0) }
    }

    fn review(at: i64, cleaner: u32, overall: f32) -> Event {
        let (quality, communication, professionalism, timeliness) = (None, None, None, None);
        let kind =
            EventKind::Review { property_type: None, overall, quality, communication, professionalism, timeliness };
        Event { at, cleaner, kind }
    }

    #[test]
    fn each_job_is_ranked_with_what_was_known_then() {
        let (market, clients) = (market(), Vocabulary::default());
        let cleaners = [cleaner("a", 3.0), cleaner("b", 2.0), cleaner("c", 1.0)];
        // Before the second job b got good reviews; before the third c got better ones.
        let mut events: Vec<Event> = (0..20).flat_map(|_| [review(1, 0, 0.2), review(15, 1, 0.7)]).collect();
        events.extend((0..20).map(|_| review(25, 2, 1.0)));
        let history = History::new(events, 3, 1);
        // Given out of order: the run sorts by time.
        let jobs = [job("third", 30, Some(2)), job("second", 20, Some(1)), job("nobody", 21, None)];
        let choice_utility = HashMap::from([((0, 2), 3.0), ((0, 0), 1.0), ((1, 0), 5.0), ((1, 1), 4.0), ((1, 2), 1.0)]);
        let truth = TruthView { expected_rating: &HashMap::new(), choice_utility: &choice_utility };
        let holdout = Holdout {
            names: Names { market: &market, cleaners: &cleaners, clients: &clients },
            jobs: &jobs,
            history: &history,
            ranked: &[0, 1, 2],
            rated: &[0, 1],
            truth: Some(truth),
        };
        let rules = || Engine::rules_only(Catalog::new(market.clone(), cleaners.to_vec()).unwrap());
        let mut done = 0;
        let scores = run(&holdout, &mut Engines { fp32: rules(), q8: rules() }, &mut |n| done = n).unwrap();
        assert_eq!(
            (scores.iter().map(|s| s.job.as_str()).collect::<Vec<_>>(), done),
            (vec!["second", "nobody", "third"], 3)
        );
        let place = |at: usize, scorer| scores[at].hit(scorer).map(|hit| (1.0 / hit.mrr).round());
        // Rules and best-rated see b's reviews at the second job and c's at the third.
        for scorer in [Scorer::Rules, Scorer::BestRated] {
            assert_eq!((place(0, scorer), place(2, scorer)), (Some(1.0), Some(1.0)), "{scorer:?}");
        }
        assert_eq!((place(0, Scorer::Cheapest), place(2, Scorer::Cheapest)), (Some(3.0), Some(2.0)));
        assert_eq!((place(0, Scorer::Nearest), place(2, Scorer::Nearest)), (Some(2.0), Some(1.0)));
        assert_eq!((place(0, Scorer::Oracle), place(2, Scorer::Oracle)), (Some(2.0), Some(1.0)));
        assert_eq!(scores[0].hit(Scorer::Random), Some(Hit::random(3)));
        assert!(scores[1].hits.is_empty() && scores[1].neural.order);
        // There is no model: nothing is measured under its name.
        assert!(scores.iter().all(|s| s.rated.is_none() && s.hit(Scorer::NeuralQ8).is_none()));
    }
}
