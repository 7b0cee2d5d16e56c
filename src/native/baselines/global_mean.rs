//! The mean of all ratings, for everybody and everything.

use super::{Ranker, Training};

/// The mean rating; as a ranking it leaves all items equal.
#[derive(Debug, Clone)]
pub struct GlobalMean {
    mean: f32,
}

impl GlobalMean {
    /// The mean of the training rows; 0 without a row.
    pub fn fit(training: &Training) -> Self {
        Self { mean: training.mean() as f32 }
    }
}

impl Ranker for GlobalMean {
    fn name(&self) -> &'static str {
        "global-mean"
    }

    /// The same for users of whom nothing is known.
    fn scores(&self, _: Option<u32>, out: &mut [f32]) {
        out.fill(self.mean);
    }

    fn predicts_ratings(&self) -> bool {
        true
    }
}
