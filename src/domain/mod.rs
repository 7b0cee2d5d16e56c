//! The words of the marketplace: who is there, where, when, and what happened.
//!
//! Nothing here scores, reads files or knows a model. Ids of the outside world are strings and are turned into
//! dense indices once, by a [`Vocabulary`]; everything inside works with the indices.

mod geo;
mod history;
mod hours;
mod market;
mod order;
mod rates;
mod record;
mod rng;
mod split;
mod stats;
mod time;
mod vocabulary;

pub use geo::{EARTH_RADIUS_KM, GeoPoint, Place};
pub use history::{Event, EventKind, History, Replay};
pub use hours::Hours;
pub use market::{Cleaner, JobSpec, Market, Offer};
pub use order::rank_order;
pub use rates::{BADGE_STRENGTH, PRIOR_STRENGTH, Rates};
pub use record::{BidRecord, JobRecord};
pub use rng::SeededRng;
pub use split::{
    Fractions, Part, Split, given_split, leave_last_out, random_split, temporal_split, user_temporal_split,
};
pub use stats::{CleanerStats, MarketStats, Tally, TypeStats};
pub use time::{DAY, HOUR, Timestamp, day_of_week, hour_of_day};
pub use vocabulary::Vocabulary;
