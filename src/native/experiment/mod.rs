//! Experiments: who gets which variant, how many units it takes, what came out, and what another policy would have got.
//!
//! The unit of assignment (a client, a cleaner) is the unit of analysis throughout: two recommendations to one client are not
//! two observations. It is not for deciding what to try.

mod assign;
mod error;
#[cfg(test)]
mod golden;
pub mod means;
pub mod multiple;
pub mod policy;
pub mod power;
pub mod proportions;
pub mod report;
pub mod resample;
pub mod sequential;
pub mod simulate;
pub mod units;

pub use assign::{Assignment, Experiment, Variant, murmur3};
pub use error::ExperimentError;
