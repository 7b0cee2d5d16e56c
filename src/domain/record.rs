//! A job with what became of it: the unit that models learn from and evaluations are run on.

use super::{JobSpec, Timestamp};

/// A job and its outcome. Cleaners and clients are dense indices.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRecord {
    /// Id in the outside world.
    pub id: String,
    /// Index of the client; `None` where the data name no client.
    pub client: Option<u32>,
    /// What was asked for.
    pub spec: JobSpec,
    /// The bids, in order of time.
    pub bids: Vec<BidRecord>,
    /// The cleaner who got the job.
    pub hired: Option<u32>,
    /// Whether the job was completed.
    pub completed: bool,
    /// The client's overall rating of the hired cleaner, normalised to [0, 1]; the label of the hybrid model.
    pub rating: Option<f32>,
}

impl JobRecord {
    /// The bid of one cleaner, if there is one with an amount.
    pub fn bid_of(&self, cleaner: u32) -> Option<f32> {
        self.bids.iter().find(|bid| bid.cleaner == cleaner).and_then(|bid| bid.amount)
    }
}

/// One bid on a job.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BidRecord {
    /// Index of the cleaner.
    pub cleaner: u32,
    /// The price offered in the market's currency; `None` where the data only say that the cleaner was on offer.
    pub amount: Option<f32>,
    /// When.
    pub placed_at: Timestamp,
}
