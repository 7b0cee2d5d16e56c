//! What was recommended and what came of it, as pages record it: one JSON object per line, schema in `docs/events.md`.

mod event;

pub use event::{
    Amounts, BidInputs, CleanerFit, Event, EventBody, FeedbackKind, JobFit, ModelRef, OutcomeKind, SCHEMA, Served,
};
