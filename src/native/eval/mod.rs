//! Evaluation through the engine: splits, metrics, baselines, reports.

pub mod bootstrap;
pub mod metrics;
