//! The metrics of rankings, of predicted ratings, of hires and of shares, with their definitions and denominators.
//!
//! Every ranking metric is in [0, 1] and defined for every input: an empty ranking, nothing relevant and `k = 0` give 0.

mod hiring;
mod ranking;
mod regression;
mod share;

pub use hiring::{hired_in_top, random_hired_in_top, random_reciprocal_rank, reciprocal_rank};
pub use ranking::{ALL, Gain, Judged};
pub use regression::{mean, mean_absolute_error, mean_squared_error, r_squared};
pub use share::{Z_95, wilson};
