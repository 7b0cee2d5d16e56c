//! How good bid suggestions are: the range of winning prices, the win probability, and what following them earns.

mod ask;
mod figures;
mod report;

pub use ask::{Asked, ask_bids};
pub use figures::{Bin, Forecast, probability_figures, range_figures};
pub use report::{BidProtocol, BidReport, BidTruth, Earned, RangeRow, WinRow, report};
