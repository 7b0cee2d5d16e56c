//! What a window of jobs looks like to the model.

use crate::domain::JobRecord;
use crate::engine::{Engine, EngineError, Item, Mode};
use crate::features::{FEATURE_COUNT, FEATURES, Group, encode};
use crate::native::datasets::Dataset;
use crate::native::eval::past::{Past, rank_bidders};
use crate::native::eval::request::Names;

/// The inputs, scores and ratings of a window.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Observed {
    /// Jobs in it.
    pub jobs: u64,
    /// When the first was posted.
    pub from: i64,
    /// When the last was posted.
    pub until: i64,
    /// Values by feature, in the order of [`FEATURES`]; NaN = unknown. What depends on the job alone stands there once a
    /// job, the rest once a bid.
    pub features: Vec<Vec<f64>>,
    /// How many values of each are independent: the jobs, or for what depends on the cleaner alone the cleaners.
    pub units: Vec<u64>,
    /// The model's score of every bidder, 0 to 1.
    pub scores: Vec<f64>,
    /// The rated jobs.
    pub rated: Vec<Rated>,
}

/// A rating that was given, beside the one that was expected. Both are 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rated {
    /// When the job was posted, or recommended.
    pub at: i64,
    /// By the model.
    pub expected: f64,
    /// By the client.
    pub actual: f64,
    /// The interval that was said to hold it, and the share of ratings that such intervals are to hold.
    pub interval: Option<(f64, f64, f64)>,
}

/// Looks at these jobs of a data set, each as it was when it was posted. An engine without a model gives no scores.
///
/// # Errors
/// What the engine refuses.
pub fn observe(data: &Dataset, jobs: &[JobRecord], engine: &mut Engine) -> Result<Observed, EngineError> {
    let posted = || jobs.iter().map(|job| job.spec.posted_at);
    let mut found = Observed {
        jobs: jobs.len() as u64,
        from: posted().min().unwrap_or_default(),
        until: posted().max().unwrap_or_default(),
        features: vec![Vec::new(); FEATURE_COUNT],
        ..Observed::default()
    };
    let mut seen = vec![false; data.cleaners.len()];
    let names = Names { market: &data.market, cleaners: &data.cleaners, clients: &data.client_ids };
    rank_bidders(&names, jobs, &data.history, (engine, Mode::Neural), |past| {
        let Past { job, ref ranking, .. } = past;
        let scored = |item: &Item| item.neural_score.map(|score| f64::from(score) / 100.0);
        found.scores.extend(ranking.items.iter().filter_map(scored));
        if let (Some(item), Some(actual), true) = (past.hired_item(), job.rating, job.completed)
            && let Some(expected) = scored(item)
        {
            let interval = item.interval.map(|[low, high]| (f64::from(low) / 100.0, f64::from(high) / 100.0, LEVEL));
            found.rated.push(Rated { at: job.spec.posted_at, expected, actual: f64::from(actual), interval });
        }
        for (number, bid) in job.bids.iter().enumerate() {
            let stats = past.replay.cleaner(bid.cleaner).clone();
            let Some(who) = data.cleaners.get(bid.cleaner as usize) else { continue };
            seen[bid.cleaner as usize] = true;
            let row = encode(&data.market, past.replay.market(), &job.spec, who, &stats, job.bid_of(bid.cleaner));
            for ((feature, value), column) in FEATURES.iter().zip(row).zip(&mut found.features) {
                if number == 0 || feature.group != Group::Query {
                    column.push(f64::from(value));
                }
            }
        }
    })?;
    let cleaners = seen.into_iter().filter(|seen| *seen).count() as u64;
    found.units = FEATURES.iter().map(|of| if of.group == Group::Item { cleaners } else { found.jobs }).collect();
    Ok(found)
}

/// The level of intervals where a request names none.
const LEVEL: f64 = 0.9;
