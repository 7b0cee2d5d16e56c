//! Training. candle lives here and nowhere else, and shows in no public signature.
//!
//! [`Recipe`] holds every setting, [`Samples`] what is learned from; [`train_hybrid`] turns both into the tensors of
//! `model.safetensors`, [`train_hybrid_in`] can be stopped and taken up again ([`Checkpoint`]). The loop knows no model: another
//! one implements the small trait `Trainable`.

mod adam;
mod augment;
mod average;
mod batch;
mod bids;
mod checkpoint;
mod error;
mod fit;
mod gradients;
mod hybrid;
mod inherit;
mod init;
mod keeper;
mod learner;
mod negatives;
mod ops;
mod pairs;
mod recipe;
mod samples;
mod schedule;
mod state;
mod task;
#[cfg(test)]
mod tests;

pub use bids::{BidRecipe, BidRows, TrainedBids, train_bids};
pub use checkpoint::Checkpoint;
pub use error::TrainError;
pub use fit::{Epoch, LossParts, OnEpoch};
pub use recipe::{
    Augmentation, Decay, EarlyStopping, LossConfig, ModelConfig, NegativeConfig, NegativeKind, OptimizerConfig,
    OptimizerKind, RateFactors, Recipe, SchedulerConfig, SplitConfig, SplitKind, SplitLists, StopMetric,
    TrainingConfig,
};
pub use samples::{SampleSource, Samples};
pub use state::{Counts, Names, hybrid_counts};
pub use task::{Session, Trained, predict_hybrid, train_hybrid, train_hybrid_in};
