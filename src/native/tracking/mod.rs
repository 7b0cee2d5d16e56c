//! Who is told how a training goes: `history.jsonl`, TensorBoard, MLflow.
//!
//! A [`Tracker`] is given names and numbers and knows no trainer. [`Trackers`] stands between it and the training: a tracker
//! that fails is warned of once and told no more, the training goes on.

mod error;
mod flatten;
mod history;
mod mlflow;
mod record;
mod tensorboard;
mod trackers;

pub use error::TrackingError;
pub use flatten::{numbers, texts};
pub use history::HistoryFile;
pub use mlflow::{Address, MlflowRun, Patience};
pub use record::{EpochRecord, RunInfo, Status};
pub use tensorboard::EventFile;
pub use trackers::{Tracker, Trackers};
