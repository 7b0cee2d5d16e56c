//! What was recommended and what came of it, as pages record it: one JSON object per line, schema in `docs/events.md`.
//! Natively the events of a data set are in one SQLite file beside its tables.

mod error;
mod event;
mod ingest;
mod json;
mod read;
mod store;
#[cfg(test)]
mod tests;

pub use error::{Origin, StoreError};
pub use event::{
    Amounts, BidInputs, CleanerFit, Event, EventBody, FeedbackKind, JobFit, Kind, ModelRef, OutcomeKind, SCHEMA, Served,
};
pub use ingest::{Counts, IngestError, Ingested, Refused, ingest};
pub use read::{MAX_COMMENT, MAX_TEXT, Problem, parse_lines};
pub use store::{Append, Appended, EventStore, Events, Filter, STORE};
