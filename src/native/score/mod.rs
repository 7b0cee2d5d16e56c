//! Scoring every job against every cleaner, on all cores, into one table.
//!
//! It is not for scores: they are the engine's.

mod ceiling;
mod error;
mod jobs;
mod pairs;

pub use ceiling::{Macs, ceiling};
pub use error::ScoreError;
pub use jobs::{Lives, as_known_at, end_of, open_jobs};
pub use pairs::{Batch, Outcome};
