//! Means of items and users, pulled toward the mean of all where there are few ratings.

use serde::{Deserialize, Serialize};

use super::biases::Offsets;
use super::{Ranker, Training};

/// Settings of [`ItemMean`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ItemMeanSettings {
    /// How many ratings of nothing but the mean are added to every item. 0 or more.
    pub damping: f64,
}

impl Default for ItemMeanSettings {
    fn default() -> Self {
        Self { damping: 5.0 }
    }
}

/// `mean + b(item) + b(user)`, with `b(item) = sum of (rating - mean) / (n + damping)` over the item's ratings and `b(user)` the plain
/// mean of (rating - mean) over the user's. The simplest thing that is usually done; that users rate different items is not
/// taken into account, which [`Biases`](super::Biases) do.
///
/// A user or item without a training row has the offset 0.
#[derive(Debug, Clone)]
pub struct ItemMean {
    offsets: Offsets,
}

impl ItemMean {
    /// One pass over the users, one over the items; neither sees the other's offsets.
    pub fn fit(training: &Training, settings: &ItemMeanSettings) -> Self {
        let mut offsets = Offsets::none(training);
        let mut of_users = offsets.clone();
        offsets.refit_items(training, settings.damping);
        of_users.refit_users(training, 0.0);
        offsets.take_users(of_users);
        Self { offsets }
    }
}

impl Ranker for ItemMean {
    fn name(&self) -> &'static str {
        "item-mean"
    }

    fn scores(&self, user: Option<u32>, out: &mut [f32]) {
        self.offsets.scores(user, out);
    }

    fn predicts_ratings(&self) -> bool {
        true
    }
}
