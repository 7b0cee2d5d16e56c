//! Expected and actual ratings of jobs that were not trained on.

use crate::domain::{History, JobRecord};
use crate::engine::{Engine, EngineError, Mode};
use crate::native::eval::past::rank_bidders;
use crate::native::eval::request::Names;

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
    let mut found = Vec::new();
    let rated = jobs.iter().filter(|job| job.completed && job.rating.is_some());
    rank_bidders(names, rated, history, (engine, Mode::Neural), |past| {
        let expected = past.hired_item().and_then(|item| item.neural_score);
        let reviews = past.job.hired.map(|hired| past.replay.cleaner(hired).overall.count);
        if let (Some(expected), Some(actual), Some(reviews)) = (expected, past.job.rating, reviews) {
            found.push(Prediction { reviews, expected: f64::from(expected) / 100.0, actual: f64::from(actual) });
        }
    })?;
    Ok(found)
}
