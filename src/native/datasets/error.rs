//! What can be wrong with a data set.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a data set cannot be read or written. Rows count from 1.
#[derive(Debug, Error)]
pub enum DataError {
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
    /// A file that is no Parquet, or a damaged one.
    #[error("{}: not a readable Parquet file: {source}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        source: parquet::errors::ParquetError,
    },
    /// A table that every data set has is not there.
    #[error("{}: the table is missing", path.display())]
    MissingTable {
        /// Where it should be.
        path: PathBuf,
    },
    /// `market.json` or `truth/market.json` is not what it should be.
    #[error("{}: {source}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// The rating scale is empty, or there is no kind of job.
    #[error("market.json: {field} is {value}, expected {expected}")]
    Market {
        /// The field.
        field: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
    /// A table lacks a column.
    #[error("{file}: column {column} is missing")]
    MissingColumn {
        /// File of the table.
        file: String,
        /// The column.
        column: &'static str,
    },
    /// A column holds another type.
    #[error("{file}: column {column} is {found}, expected {expected}")]
    ColumnType {
        /// File of the table.
        file: String,
        /// The column.
        column: &'static str,
        /// The Arrow type it should have.
        expected: String,
        /// The Arrow type it has.
        found: String,
    },
    /// A value is missing where there must be one.
    #[error("{file}: row {row}: column {column} is null")]
    Null {
        /// File of the table.
        file: String,
        /// The column.
        column: &'static str,
        /// The row.
        row: u64,
    },
    /// A value that cannot be.
    #[error("{file}: row {row}: column {column} is {value}, expected {expected}")]
    BadValue {
        /// File of the table.
        file: String,
        /// The column.
        column: &'static str,
        /// The row.
        row: u64,
        /// The value.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
    /// An id that the table it points to does not have.
    #[error("{file}: row {row}: column {column}: {id:?} is unknown")]
    UnknownId {
        /// File of the table.
        file: String,
        /// The column.
        column: &'static str,
        /// The row.
        row: u64,
        /// The id.
        id: String,
    },
    /// An id that comes twice.
    #[error("{file}: row {row}: column {column}: {id:?} comes twice")]
    DuplicateId {
        /// File of the table.
        file: String,
        /// The column.
        column: &'static str,
        /// The row.
        row: u64,
        /// The id.
        id: String,
    },
    /// The output folder is there already.
    #[error("{} exists already", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// The output folder holds something that is no part of a data set, so it is not replaced.
    #[error("{} holds {name:?}, which is no part of a data set; it is not replaced", path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// The first such name.
        name: String,
    },
    /// The output path has no name of its own (`/`, `..`).
    #[error("{} is no name for a new folder", path.display())]
    OutputPath {
        /// The path.
        path: PathBuf,
    },
}

impl DataError {
    /// A stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "data.io",
            Self::Parquet { .. } => "data.parquet",
            Self::MissingTable { .. } => "data.missing_table",
            Self::Json { .. } => "data.json",
            Self::Market { .. } => "data.market",
            Self::MissingColumn { .. } => "data.missing_column",
            Self::ColumnType { .. } => "data.column_type",
            Self::Null { .. } => "data.null",
            Self::BadValue { .. } => "data.bad_value",
            Self::UnknownId { .. } => "data.unknown_id",
            Self::DuplicateId { .. } => "data.duplicate_id",
            Self::Exists { .. } => "data.exists",
            Self::Foreign { .. } => "data.foreign_file",
            Self::OutputPath { .. } => "data.output_path",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Io { .. } => "check the path, the permissions and the free space",
            Self::Exists { .. } => "choose another --out, or replace it with --force",
            Self::Foreign { .. } => "choose another --out, or move that file away first",
            Self::OutputPath { .. } => "name a folder, e.g. --out data/athens",
            Self::Json { .. } | Self::Market { .. } => "correct the file, or generate or import the data set again",
            _ => "generate or import the data set again; docs/data.md lists every table and column",
        }
    }

    /// Wraps an error of the operating system.
    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Io { path, source }
    }

    /// Wraps an error of the Parquet library.
    pub(super) fn parquet(path: &Path) -> impl FnOnce(parquet::errors::ParquetError) -> Self {
        let path = path.to_owned();
        |source| Self::Parquet { path, source }
    }
}
