//! Training. candle lives here and nowhere else, and shows in no public signature.
//!
//! [`Recipe`] holds every setting, [`Samples`] what is learned from; [`train_hybrid`] turns both into the tensors of
//! `model.safetensors`. The loop knows no model: another one implements the small trait `Trainable`.

mod adam;
mod average;
mod bids;
mod error;
mod fit;
mod hybrid;
mod init;
mod ops;
mod recipe;
mod samples;
mod schedule;
mod state;
mod task;

pub use bids::{BidRecipe, BidRows, TrainedBids, train_bids};
pub use error::TrainError;
pub use fit::{Epoch, OnEpoch};
pub use recipe::{ModelConfig, Recipe, SchedulerConfig, SplitConfig, SplitKind, TrainingConfig};
pub use samples::{SampleSource, Samples};
pub use state::{Counts, Names, hybrid_counts};
pub use task::{Trained, predict_hybrid, train_hybrid};
