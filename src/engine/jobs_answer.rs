//! What a cleaner is answered: jobs with their scores and reasons. Scores are 0 to 100; the JSON names are those of the npm
//! package.

#[cfg(feature = "native")]
use serde::{Deserialize, Serialize};

use super::load::ModelIdentity;
use super::ranking::{Notice, Part};
use super::reason::Reason;
use super::request::Mode;

/// Jobs for a cleaner.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
pub struct JobRanking {
    /// The best ones, best first; equal scores as they were given.
    pub items: Vec<JobItem>,
    /// How they were found.
    pub meta: JobsMeta,
}

/// One ranked job.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "camelCase"))]
pub struct JobItem {
    /// Id.
    pub job_id: String,
    /// Id of the client.
    pub client_id: Option<String>,
    /// Place, from 1.
    pub rank: u32,
    /// The score that made the ranking.
    pub score: f32,
    /// The rule score: the sum of the contributions.
    pub rule_score: f32,
    /// The rating that the model expects of this client; `None` where no model scored.
    pub neural_score: Option<f32>,
    /// Where the rating lies with the probability asked for; `None` where that is unknown.
    pub interval: Option<[f32; 2]>,
    /// What the client means to spend.
    pub pay: Option<f32>,
    /// What this cleaner has bid, or would usually ask.
    pub price: Option<f32>,
    /// How many others have bid.
    pub bid_count: u32,
    /// The lowest of their bids.
    pub lowest_bid: Option<f32>,
    /// The way in kilometres.
    pub distance_km: Option<f64>,
    /// What the rule score is made of.
    pub contributions: Vec<Part>,
    /// How the job fits the cleaner.
    pub breakdown: JobBreakdown,
    /// Why; the strongest first.
    pub reasons: Vec<Reason>,
}

/// How a job fits a cleaner, five times 0 to 100; `None` = unknown.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
pub struct JobBreakdown {
    /// The rating that the model expects of this client.
    pub quality: Option<f32>,
    /// 100 on the spot, halving every 10 km.
    pub location: Option<f32>,
    /// 50 = as much of this kind of work as everybody.
    pub specialisation: Option<f32>,
    /// 50 = pays what the cleaner asks, more = pays more.
    pub pricing: Option<f32>,
    /// 100 within the cleaner's working hours, 0 outside.
    pub availability: Option<f32>,
}

/// How a ranking of jobs was found.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "camelCase"))]
pub struct JobsMeta {
    /// The mode that made the ranking.
    pub mode: Mode,
    /// The mode asked for.
    pub requested_mode: Mode,
    /// Why the two differ.
    pub fallback: Option<Notice>,
    /// Weight of the rule score against the model's.
    pub rule_weight: f32,
    /// Whether the model knows the cleaner; if not, the trained unknown cleaner stands in.
    pub cleaner_known: bool,
    /// Which kernel multiplied.
    pub kernel: String,
    /// The model, if one is loaded.
    pub model: Option<ModelIdentity>,
    /// How many jobs were given.
    pub candidates: u32,
    /// How many were scored.
    pub scored: u32,
    /// How many of them needed the model's score: the others cannot be among the first.
    pub neural_scored: u32,
    /// How many were left out, and why: the first reason that holds.
    pub excluded: JobsExcluded,
}

/// How many jobs were left out, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "camelCase"))]
pub struct JobsExcluded {
    /// Too far away.
    pub distance: u32,
    /// A kind of job that the cleaner does not offer.
    pub offer: u32,
    /// Pays too little.
    pub pay: u32,
    /// Not one of the kinds asked for.
    pub property_types: u32,
    /// Eco-friendly products asked for, or not.
    pub eco: u32,
    /// Outside the working hours.
    pub available: u32,
    /// Hidden by the cleaner.
    pub hidden: u32,
    /// Seen by the cleaner.
    pub seen: u32,
    /// Of the best ones those with too low a score.
    pub score: u32,
}
