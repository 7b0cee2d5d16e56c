//! The ranking engine, one code path natively and in the browser: load, encode, filter, score, blend, top-k, explain.
//!
//! It is not for training, for files on a disk, or for clocks: bytes and times are inputs.

mod answer;
mod area;
mod arrange;
mod bids;
mod blend;
mod candidates;
mod catalog;
mod catalog_file;
mod columns;
mod conformal;
mod counterfactual;
mod error;
mod exclusion;
mod explain;
mod explanation;
mod foldin;
pub mod gpu;
mod jobs;
mod jobs_answer;
mod jobs_request;
mod load;
mod market_file;
mod profile;
mod rank;
mod ranking;
mod reason;
mod request;
mod scratch;
mod select;
mod shapley;
mod stats_columns;
mod tiles;

pub use area::{AREA_TENSOR, Area};
pub use arrange::{
    Arranged, Diversity, Explore, ExploreMethod, Exposure, HouseAction, HouseRule, PlacedBy, Placement, Policy,
    PoolItem, arrange,
};
pub use bids::{BidInputs, BidPoint, BidQuestion, BidSource, BidSuggestion};
pub use blend::NearScores;
pub use catalog::Catalog;
pub use catalog_file::CATALOG_FORMAT;
pub use conformal::{CONFORMAL_FORMAT, Conformal, DEFAULT_LEVEL};
pub use error::EngineError;
pub use exclusion::Exclusion;
pub use explanation::{Counterfactual, Explanation, GroupPoints, NeuralParts, Parts, Rivals, Share};
pub use foldin::{FoldTerm, Folded, Interaction};
pub use jobs_answer::{JobBreakdown, JobItem, JobRanking, JobsExcluded, JobsMeta};
pub use jobs_request::{JobFilters, JobPosting, JobsRequest};
pub use load::{Engine, ModelIdentity, Precision, column_groups};
pub use profile::{CleanerProfile, CleanerRef, WorkSpan};
pub use rank::CandidateScore;
pub use ranking::{Asked, Breakdown, Cold, Excluded, Item, Meta, Notice, Part, Ranking, Scored};
pub use reason::{Reason, Value};
pub use request::{BidRequest, CandidateSource, Filters, JobRequest, Mode, Request};
pub use shapley::FEATURE_GROUPS;
pub use tiles::{TILES_FORMAT, Tile, TileIndex};
