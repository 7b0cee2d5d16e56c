//! Marketplace data on disk: Parquet tables read and written, and CSV import.
//!
//! A data set is a folder of one `market.json` and one Parquet file per table; `docs/data.md` lists every column. The row
//! structs in [`rows`] *are* the schema: `table!` maps each to columns both ways. [`Dataset::read`] turns the
//! strings into the dense form of [`crate::domain`]; [`DatasetWriter`] writes a folder as a whole or not at all.
//!
//! The latent truth of a synthetic market lies in `truth/` and is read by [`read_truth`] alone: it is for measuring
//! models, never for training them.

mod column;
mod dataset;
mod error;
mod fingerprint;
mod folder;
pub mod import;
mod index;
mod reader;
pub mod rows;
mod scores;
mod table;
#[cfg(test)]
mod tests;
mod truth;
mod writer;

pub use dataset::Dataset;
pub use error::DataError;
pub use fingerprint::fingerprint;
pub use folder::{DatasetWriter, Written};
pub use reader::{read_market, read_table, table_path};
pub use scores::{EncodedScores, ScoreColumns, ScoresWriter};
pub use table::Row;
pub use truth::{Truth, TruthMarket, read_truth};
pub use writer::TableWriter;
