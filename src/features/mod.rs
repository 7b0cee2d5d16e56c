//! The 18 features of a job and a cleaner: their schema, how they are computed and how they are normalised; and the features of
//! a bid.
//!
//! Training and serving call the same code. It is not for deciding what a feature is worth: that is the model's part.

mod bids;
mod encode;
mod normalise;
mod schema;

pub use bids::{BID_FEATURE_COUNT, BID_FEATURES, BidSubject};
pub use encode::{encode, encode_item, encode_pair, encode_query};
pub use normalise::Normaliser;
pub use schema::{FEATURE_COUNT, FEATURES, Feature, Group, columns_of, schema_hash};
