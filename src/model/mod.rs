//! Models at inference: plain slices in, scores out. They know neither features nor domain, nor each other, and nothing of
//! training: `native::train` writes their state, this reads it.

mod bids;
mod branch;
mod embeddings;
mod foldin;
mod hybrid;
mod state;

pub use crate::numeric::Scratch;
pub use bids::{
    BID_OUTPUTS, BIDS_FORMAT, BIDS_VERSION, BidCurve, BidModel, Calibration, LEAST_SLOPE, Support, bid_inputs,
};
pub use branch::Int8Branch;
pub use embeddings::Embeddings;
pub use foldin::{FOLDIN_FORMAT, FoldIn, FoldTerm, LEANINGS};
pub use hybrid::{ColumnGroups, Hybrid, ItemTable, Query, QueryTable, Scores};
pub use state::{CLIENTS_FORMAT, DenseLayer, FP32_FORMAT, NORM_EPSILON, Q8_FORMAT, Q8_VERSION, folded_layers};
