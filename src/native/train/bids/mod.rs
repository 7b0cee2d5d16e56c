//! The bid model: what price a job goes for, and how likely a price wins it. Trained on every bid of every job that somebody
//! won, as it stood at the moment when it was placed.

mod calibrate;
mod network;
mod recipe;
mod rows;
mod task;

pub use recipe::BidRecipe;
pub use rows::BidRows;
pub use task::{TrainedBids, train_bids};
