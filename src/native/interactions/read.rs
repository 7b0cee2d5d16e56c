//! Files of ratings by the kind that their names say.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Builder, InteractionError, Interactions, Scale, delimited, parquet};
use crate::domain::{Split, Timestamp};

/// What the columns of a file with names are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// Who rated.
    pub user: String,
    /// What was rated.
    pub item: String,
    /// The rating.
    pub rating: String,
    /// When, in seconds since 1970.
    pub time: String,
    /// Whether there must be a column of times.
    pub time_required: bool,
}

impl Default for Columns {
    /// `user`, `item`, `rating`, and `timestamp` where there is one.
    fn default() -> Self {
        let [user, item, rating, time] = ["user", "item", "rating", "timestamp"].map(str::to_owned);
        Self { user, item, rating, time, time_required: false }
    }
}

/// How to read files.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Source {
    /// The names of the columns where a file has names.
    pub columns: Columns,
    /// The scale of the ratings; `None` = as observed.
    pub scale: Option<Scale>,
}

/// A row before its ids are indices.
pub(super) struct Row<'a> {
    pub(super) line: u64,
    pub(super) user: &'a str,
    pub(super) item: &'a str,
    pub(super) value: f32,
    pub(super) at: Option<Timestamp>,
}

/// Reads one file: `.parquet`; `.csv` (commas) and `.tsv` (tabs) with a header; any other name: lines of user, item,
/// rating and timestamp between tabs, without a header (MovieLens' `u.data`).
///
/// # Errors
/// With file, line and column; see [`InteractionError`].
pub fn read(path: &Path, source: &Source) -> Result<Interactions, InteractionError> {
    let mut builder = Builder::new(source.scale);
    add(path, source, &mut builder)?;
    Ok(builder.finish())
}

/// Reads a file to learn from and one to measure on. A rating that is in both is refused as a duplicate.
///
/// # Errors
/// As [`read`].
pub fn read_files(train: &Path, test: &Path, source: &Source) -> Result<(Interactions, Split), InteractionError> {
    let mut builder = Builder::new(source.scale);
    add(train, source, &mut builder)?;
    let first = builder.len();
    add(test, source, &mut builder)?;
    let split = Split { train: (0..first).collect(), validation: Vec::new(), test: (first..builder.len()).collect() };
    Ok((builder.finish(), split))
}

fn add(path: &Path, source: &Source, builder: &mut Builder) -> Result<(), InteractionError> {
    let before = builder.len();
    let shared: Arc<Path> = path.into();
    let mut take = |row: Row<'_>| {
        let line = super::Line { path: Arc::clone(&shared), number: row.line };
        builder.add(&line, row.user, row.item, row.value, row.at)
    };
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref() {
        Some("parquet") => parquet::read(path, &source.columns, &mut take)?,
        Some("csv") => delimited::read(path, b',', Some(&source.columns), &mut take)?,
        Some("tsv") => delimited::read(path, b'\t', Some(&source.columns), &mut take)?,
        _ => delimited::read(path, b'\t', None, &mut take)?,
    }
    if builder.len() == before { Err(InteractionError::Empty { path: PathBuf::from(path) }) } else { Ok(()) }
}
