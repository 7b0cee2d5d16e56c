//! What can be wrong with a table of ratings.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

/// A place in a file: a line of text or a row of a Parquet file, counted from 1 (a header is line 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The file.
    pub path: Arc<Path>,
    /// The line or row.
    pub number: u64,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: line {}", self.path.display(), self.number)
    }
}

/// Why ratings cannot be read.
#[derive(Debug, Error)]
pub enum InteractionError {
    /// The operating system refused, or the bytes are no text.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// No Parquet file, or a damaged one.
    #[error("{}: not a readable Parquet file: {reason}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        reason: String,
    },
    /// There is not one rating in the file.
    #[error("{}: there is no rating in it", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A column is not there.
    #[error("{}: column {column:?} is missing; there are: {found}", path.display())]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// The columns that there are.
        found: String,
    },
    /// A column of a Parquet file holds another type.
    #[error("{}: column {column:?} is {found}, expected {expected}", path.display())]
    ColumnType {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// Its type.
        found: String,
        /// What it may be.
        expected: &'static str,
    },
    /// A line has too few or too many fields.
    #[error("{line}: {found} fields, expected {expected}")]
    Fields {
        /// Where.
        line: Line,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A value of a Parquet file is null.
    #[error("{line}: column {column:?} is null")]
    Null {
        /// Where.
        line: Line,
        /// The column.
        column: String,
    },
    /// A user or item without an id.
    #[error("{line}: column {column:?} is empty")]
    EmptyId {
        /// Where.
        line: Line,
        /// The column.
        column: &'static str,
    },
    /// A rating or a time that is no number.
    #[error("{line}: column {column:?} is {value:?}, expected {expected}")]
    NotANumber {
        /// Where.
        line: Line,
        /// The column.
        column: &'static str,
        /// What stands there.
        value: String,
        /// What may stand there.
        expected: &'static str,
    },
    /// A rating that is NaN or infinite.
    #[error("{line}: the rating is {value}, expected a finite number")]
    NotFinite {
        /// Where.
        line: Line,
        /// The rating.
        value: f32,
    },
    /// A rating outside the scale.
    #[error("{line}: the rating is {value}, expected {low} to {high}")]
    OutOfRange {
        /// Where.
        line: Line,
        /// The rating.
        value: f32,
        /// The least that may be.
        low: f32,
        /// The highest that may be.
        high: f32,
    },
    /// The same user rates the same item at the same time.
    #[error("{line}: user {user:?} rates item {item:?} twice at the same time; first in {first}")]
    Duplicate {
        /// Where.
        line: Line,
        /// The user.
        user: String,
        /// The item.
        item: String,
        /// Where it stands first.
        first: Line,
    },
    /// A file of categories has items that come twice.
    #[error("{line}: item {item:?} comes twice")]
    DuplicateItem {
        /// Where.
        line: Line,
        /// The item.
        item: String,
    },
}

impl InteractionError {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "interactions.read",
            Self::Parquet { .. } => "interactions.parquet",
            Self::Empty { .. } => "interactions.empty",
            Self::MissingColumn { .. } => "interactions.missing_column",
            Self::ColumnType { .. } => "interactions.column_type",
            Self::Fields { .. } => "interactions.fields",
            Self::Null { .. } => "interactions.null",
            Self::EmptyId { .. } => "interactions.empty_id",
            Self::NotANumber { .. } => "interactions.not_a_number",
            Self::NotFinite { .. } => "interactions.not_finite",
            Self::OutOfRange { .. } => "interactions.out_of_range",
            Self::Duplicate { .. } => "interactions.duplicate",
            Self::DuplicateItem { .. } => "interactions.duplicate_item",
        }
    }

    /// What to do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Read { .. } | Self::Parquet { .. } => "check the path, the permissions, and that the file is whole",
            Self::Empty { .. } => "give a file with one rating a line: user, item, rating, timestamp",
            Self::MissingColumn { .. } => "name the columns: --columns user=…,item=…,rating=…,time=…",
            Self::ColumnType { .. } | Self::Null { .. } => {
                "write ids as text or whole numbers, ratings as numbers, times as seconds since 1970, all without nulls"
            }
            Self::Fields { .. } => {
                "give user, item, rating and timestamp on every line: between tabs, or as CSV with a header (.csv)"
            }
            Self::EmptyId { .. } | Self::NotANumber { .. } | Self::NotFinite { .. } => "correct or remove that line",
            Self::OutOfRange { .. } => "correct the line, or state the range that ratings have: --scale LOW,HIGH",
            Self::Duplicate { .. } => "remove one of the two, or give the time of each",
            Self::DuplicateItem { .. } => "list every item once",
        }
    }
}
