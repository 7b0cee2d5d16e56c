//! Who rated what, how, and when: tables of ratings, read from text, Parquet, and the jobs of a marketplace.
//!
//! This is what baselines learn from. A row is one rating of one item by one user; ids are dense indices, as everywhere.
//! Which rows are learnt from is a [`Split`](crate::domain::Split) of their indices.

mod categories;
mod delimited;
mod error;
mod market;
mod parquet;
mod read;
mod table;
#[cfg(test)]
mod tests;

pub use categories::{Categories, ItemCategories};
pub use error::{InteractionError, Line};
pub use market::{of_jobs, rated_jobs};
pub use read::{Columns, Source, read, read_files};
pub use table::{Builder, Interaction, Interactions, Scale};
