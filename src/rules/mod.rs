//! The rule scorer: five weighted components whose contributions add up to the score. It needs no training data, works
//! for a cleaner with no history, and is the fallback of everything else.
//!
//! It is not for what only this job can tell (distance above all): that is the [match breakdown](Match) beside it.
//! Source of the components and their weights: seed 001. A job has a rule score of its own for the cleaner who looks for one
//! (`job`).

mod activity;
mod bidding;
mod experience;
mod job;
mod matching;
mod quality;
mod reliability;
mod score;

pub use job::{JOB_COMPONENTS, JobComponent, JobContribution, JobScore, JobSubject};
pub use matching::Match;
pub use score::{COMPONENTS, Component, Contribution, Record, RuleBase, RuleScore, Subject};
