//! What a cleaner asks: which of these jobs are worth a bid. The JSON names are those of the npm package.

#[cfg(feature = "native")]
use serde::{Deserialize, Serialize};

use super::error::EngineError;
use super::profile::CleanerRef;
use super::request::{JobRequest, Mode, amount, known_types};
use crate::artifact::text::{Quoted, text};
use crate::domain::Market;

/// A request: rank jobs for a cleaner.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "camelCase", deny_unknown_fields))]
pub struct JobsRequest {
    /// For whom.
    pub cleaner: CleanerRef,
    /// The jobs, each with the bids so far.
    pub jobs: Vec<JobPosting>,
    /// How many to return; 10 by default, 0 for none.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub limit: Option<u32>,
    /// Which scores make the ranking.
    #[cfg_attr(feature = "native", serde(default))]
    pub mode: Mode,
    /// Weight of the rule score in the ensemble, 0 to 1; by default the model's own [for jobs](super::Engine::jobs_rule_weight).
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub rule_weight: Option<f32>,
    /// Which jobs are left out.
    #[cfg_attr(feature = "native", serde(default))]
    pub filters: JobFilters,
    /// How probable it is that a rating lies in an item's interval, 0.5 to 0.99; 0.9 by default.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub level: Option<f32>,
}

/// A job that is open.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "camelCase", deny_unknown_fields))]
pub struct JobPosting {
    /// Its id.
    pub job_id: String,
    /// What is asked for. Bids of cleaners whom nobody knows count as well.
    #[cfg_attr(feature = "native", serde(flatten))]
    pub job: JobRequest,
    /// How many jobs of this client came to an end so far.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub client_jobs: Option<u32>,
    /// How many of them were completed; without it nothing is known of the client.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub client_completed: Option<u32>,
}

/// Which jobs are left out. What is unknown of a job is left out only where `strict` says so.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(default, rename_all = "camelCase", deny_unknown_fields))]
pub struct JobFilters {
    /// Jobs farther away than this many kilometres.
    #[cfg_attr(feature = "native", serde(skip_serializing_if = "Option::is_none"))]
    pub max_distance_km: Option<f64>,
    /// Jobs whose stated budget is below this.
    #[cfg_attr(feature = "native", serde(skip_serializing_if = "Option::is_none"))]
    pub min_pay: Option<f32>,
    /// Jobs of another kind than these, where any is named.
    #[cfg_attr(feature = "native", serde(skip_serializing_if = "Vec::is_empty"))]
    pub property_types: Vec<String>,
    /// Jobs that do not ask for eco-friendly products (`true`), or that do (`false`).
    #[cfg_attr(feature = "native", serde(skip_serializing_if = "Option::is_none"))]
    pub eco: Option<bool>,
    /// Jobs outside the cleaner's working hours.
    pub available: bool,
    /// Jobs with a lower score, 0 to 100.
    #[cfg_attr(feature = "native", serde(skip_serializing_if = "Option::is_none"))]
    pub min_score: Option<f32>,
    /// Ids of jobs that the cleaner does not want to see.
    #[cfg_attr(feature = "native", serde(skip_serializing_if = "Vec::is_empty"))]
    pub hide: Vec<String>,
    /// Ids of jobs that the cleaner has seen.
    #[cfg_attr(feature = "native", serde(skip_serializing_if = "Vec::is_empty"))]
    pub seen: Vec<String>,
    /// Leave out what is unknown too.
    pub strict: bool,
}

impl JobPosting {
    /// The client's record: jobs, and those of them that were completed.
    pub(super) fn client(&self) -> Result<Option<[u32; 2]>, EngineError> {
        match (self.client_jobs, self.client_completed) {
            (Some(jobs), Some(completed)) if completed > jobs => {
                let reason = text!(completed, " of ", jobs, " jobs cannot be completed");
                Err(EngineError::request("job.clientCompleted", reason))
            }
            (jobs, completed) => Ok(jobs.zip(completed).map(|(jobs, completed)| [jobs, completed])),
        }
    }

    /// What others have bid: how many did, and their lowest bid. With what the cleaner of this id has bid.
    pub(super) fn bids(&self, cleaner: Option<&str>) -> Result<Bids, EngineError> {
        let mut bids = Bids::default();
        for bid in &self.job.bids {
            let price = amount("job.bids.amount", bid.amount)?;
            if Some(bid.cleaner_id.as_str()) == cleaner {
                bids.own = bids.own.or(price);
                bids.has_own = true;
                continue;
            }
            bids.count += 1;
            bids.lowest = match (bids.lowest, price) {
                (Some(lowest), Some(price)) => Some(lowest.min(price)),
                (lowest, price) => lowest.or(price),
            };
        }
        Ok(bids)
    }

    /// An error of this job, with its id.
    pub(super) fn blame(&self, error: EngineError) -> EngineError {
        match error {
            EngineError::Request { field, reason } => {
                EngineError::request(field, text!("in the job ", Quoted(&self.job_id), ": ", &reason))
            }
            other => other,
        }
    }
}

/// The bids on a job as one cleaner sees them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Bids {
    /// What the cleaner has bid.
    pub(super) own: Option<f32>,
    pub(super) has_own: bool,
    /// How many others have bid.
    pub(super) count: u32,
    /// The lowest of their bids.
    pub(super) lowest: Option<f32>,
}

impl JobFilters {
    /// Checks the numbers; the indices of the kinds of job come back.
    pub(super) fn check(&self, market: &Market) -> Result<Vec<u16>, EngineError> {
        amount("filters.maxDistanceKm", self.max_distance_km)?;
        amount("filters.minPay", self.min_pay)?;
        amount("filters.minScore", self.min_score)?;
        known_types(market, "filters.propertyTypes", &self.property_types)
    }
}
