//! What can be wrong with a store of events.

use std::path::PathBuf;

use thiserror::Error;

/// Why events cannot be stored or read back.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no store.
    #[error("there is no {}", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// A file that is no store of events.
    #[error("{} is no store of events", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A store of a later version.
    #[error("{} has version {found}, this build knows {}", path.display(), super::store::VERSION)]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i32,
    },
    /// SQLite refused.
    #[error("{}: {source}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: rusqlite::Error,
    },
    /// An event that its own schema does not allow.
    #[error("{origin}: {problem}")]
    Invalid {
        /// Where it came from.
        origin: Origin,
        /// The first thing that is wrong with it.
        problem: super::Problem,
    },
    /// Two events that differ have the same id.
    #[error("{origin}: event {id:?} differs from the one of {stored} with the same id: field {field}")]
    Conflict {
        /// The id.
        id: String,
        /// Where the new one came from.
        origin: Origin,
        /// Where the stored one came from.
        stored: Origin,
        /// The first field that differs.
        field: String,
    },
}

/// Where an event came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The file, `-` for standard input, or what else made it.
    pub source: String,
    /// The line, from 1.
    pub line: u64,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.source, self.line)
    }
}

impl StoreError {
    /// A stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "events.missing",
            Self::Foreign { .. } => "events.foreign",
            Self::Version { .. } => "events.version",
            Self::Sqlite { source, .. } => match source.sqlite_error_code() {
                Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => "events.busy",
                Some(rusqlite::ErrorCode::DiskFull) => "events.full",
                Some(rusqlite::ErrorCode::DatabaseCorrupt) => "events.damaged",
                _ => "events.sqlite",
            },
            Self::Invalid { .. } => "events.invalid",
            Self::Conflict { .. } => "events.conflict",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "ingest events first: `tidyrank ingest EVENTS… --data DIR`",
            Self::Foreign { .. } => "move that file away, or name another --data",
            Self::Version { .. } => "use the build that wrote it, or a later one",
            Self::Sqlite { .. } => match self.code() {
                "events.busy" => "wait for the other program that writes it",
                "events.full" => "make room on the disk",
                "events.damaged" => "restore it from a copy, or remove it and ingest the events again",
                _ => "check the path, the permissions and the free space",
            },
            Self::Invalid { .. } => "docs/events.md lists every field",
            Self::Conflict { .. } => "an id is for one event only: remove one of the two, or give it another id",
        }
    }
}
