//! Evaluation through the engine: splits, metrics, baselines, reports.
