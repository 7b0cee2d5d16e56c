//! The latent truth of a synthetic market: what no model may see and every report may be measured against.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::rows::TruthJobRow;
use super::{DataError, Dataset};

/// What holds for the whole market: `truth/market.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TruthMarket {
    /// Variance of the noise of one overall rating before it is rounded, on the normalised scale.
    pub noise_variance: f64,
    /// Every constant of the generator.
    pub constants: serde_json::Value,
}

/// The truth of every pair of a job and one of its bidders; keys are (index of the job, index of the cleaner).
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    /// What holds for the whole market.
    pub market: TruthMarket,
    /// Expectation of the overall rating, normalised to [0, 1].
    pub expected_rating: HashMap<(u32, u32), f32>,
    /// Utility of the choice before the client's random part; higher is likelier.
    pub choice_utility: HashMap<(u32, u32), f32>,
}

/// Reads the truth that lies beside a data set; `Ok(None)` where there is none (real data).
pub fn read_truth(dir: &Path, dataset: &Dataset) -> Result<Option<Truth>, DataError> {
    let path = dir.join("truth/market.json");
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(DataError::io(&path)(error)),
    };
    let market = serde_json::from_slice(&bytes).map_err(|source| DataError::Json { path, source })?;
    let jobs: HashMap<&str, u32> = dataset.jobs.iter().zip(0..).map(|(job, at)| (job.id.as_str(), at)).collect();
    let mut truth = Truth { market, expected_rating: HashMap::new(), choice_utility: HashMap::new() };
    super::reader::read_required(dir, |row, pair: TruthJobRow| {
        let unknown = |column, id| DataError::UnknownId { file: "truth/jobs.parquet".to_owned(), column, row, id };
        let Some(&job) = jobs.get(pair.job_id.as_str()) else { return Err(unknown("job_id", pair.job_id)) };
        let Some(cleaner) = dataset.cleaner_ids.get(&pair.cleaner_id) else {
            return Err(unknown("cleaner_id", pair.cleaner_id));
        };
        truth.expected_rating.insert((job, cleaner), pair.expected_rating as f32);
        truth.choice_utility.insert((job, cleaner), pair.choice_utility as f32);
        Ok(())
    })?;
    Ok(Some(truth))
}
