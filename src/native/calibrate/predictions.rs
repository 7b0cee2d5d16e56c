//! Expected and actual ratings of jobs that were not trained on.

use crate::domain::{History, JobRecord};
use crate::engine::{CandidateSource, Engine, EngineError, Mode};
use crate::native::eval::request::{Ask, Names};

/// A rated job. Ratings are 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// How many reviews the hired cleaner had when the job was posted.
    pub reviews: u32,
    /// What the engine expected then.
    pub expected: f64,
    /// What the client gave.
    pub actual: f64,
}

impl Prediction {
    /// How far the rating was from the expected one.
    pub fn error(&self) -> f64 {
        (self.actual - self.expected).abs()
    }
}

/// The rated ones of these jobs, as the engine saw them when each was posted.
///
/// # Errors
/// What the engine refuses.
pub fn predictions(
    names: &Names<'_>,
    jobs: &[JobRecord],
    history: &History,
    engine: &mut Engine,
) -> Result<Vec<Prediction>, EngineError> {
    let mut order: Vec<&JobRecord> = jobs.iter().filter(|job| job.completed && job.rating.is_some()).collect();
    order.sort_by_key(|job| job.spec.posted_at);
    let mut replay = history.replay();
    let rows: Vec<u32> = (0..names.cleaners.len() as u32).collect();
    let mut found = Vec::new();
    for job in order {
        replay.advance_to(job.spec.posted_at);
        engine.refresh(&mut replay, &rows);
        let (limit, candidates) = (Some(u32::MAX), Some(CandidateSource::Bidders));
        let ranking =
            engine.recommend(&names.request(job, &Ask { limit, mode: Mode::Neural, candidates, ..Ask::default() }))?;
        let hired = job.hired.and_then(|hired| names.cleaners.get(hired as usize));
        let item = ranking.items.iter().find(|item| hired.is_some_and(|hired| hired.id == item.cleaner_id));
        let reviews = job.hired.map(|hired| replay.cleaner(hired).overall.count);
        if let (Some(expected), Some(actual), Some(reviews)) =
            (item.and_then(|item| item.neural_score), job.rating, reviews)
        {
            found.push(Prediction { reviews, expected: f64::from(expected) / 100.0, actual: f64::from(actual) });
        }
    }
    Ok(found)
}
