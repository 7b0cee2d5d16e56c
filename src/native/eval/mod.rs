//! Evaluation through the engine: metrics, baselines, bootstrap intervals, reports.

pub mod baselines;
pub mod bids;
pub mod bootstrap;
pub mod coverage;
pub mod ensemble;
pub mod jobs;
pub mod jobs_weight;
pub mod metrics;
pub mod past;
pub mod report;
pub mod request;
pub mod run;
pub mod scores;
