//! Experiments on a market whose truth is known: how often a test gives a false alarm, what it finds, and whether estimates of
//! other policies come out right.

mod events;
mod market;
mod off_policy;
mod peeking;
#[cfg(test)]
mod tests;

pub use events::{EventSettings, events};
pub use market::{Candidate, Choice, MODES, SimJob, SimMarket};
pub use off_policy::{OffPolicyRow, OffPolicySettings, off_policy};
pub use peeking::{AaSettings, FalseAlarms, PowerRow, PowerSettings, false_alarms, power};
