//! What trackers are told.

/// What is being trained.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunInfo {
    /// Name of the run.
    pub name: String,
    /// Settings, by name.
    pub params: Vec<(String, String)>,
    /// What it was made by and of, by name.
    pub tags: Vec<(String, String)>,
}

/// An epoch that is over.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EpochRecord {
    /// Its number, from 1.
    pub step: u64,
    /// What was measured, by name; finite.
    pub values: Vec<(String, f64)>,
    /// The epoch as one line of JSON without the line's end.
    pub line: String,
}

/// How a training ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// To its end.
    Finished,
    /// With an error: its code and text.
    Failed(String),
    /// Somebody stopped it.
    Killed,
}
