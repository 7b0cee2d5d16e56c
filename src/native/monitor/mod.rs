//! Whether a model still fits what happens: drift of its inputs and scores, errors, calibration, and who is shown at all.
//!
//! A [`Reference`] is written beside the model when it is released; [`observe`] looks at a window of jobs in the same way, and
//! [`Report`] compares the two and says `ok`, `watch` or `retrain`, with the reasons.

mod compare;
mod distribution;
mod observe;
mod rating;
mod recorded;
mod reference;
mod report;
#[cfg(test)]
mod tests;
mod thresholds;

pub use compare::{Drift, Side};
pub use distribution::{Distribution, kolmogorov};
pub use observe::{Observed, Rated, observe};
pub use rating::{Bin, Rating, RatingSummary};
pub use recorded::{Recorded, recorded};
pub use reference::{REFERENCE_ROLE, Reference, ReferenceError};
pub use report::{Coverage, ErrorDay, Finding, IntervalCoverage, Report, Status, Window};
pub use thresholds::{Level, Thresholds, ThresholdsError};
