//! Writes a data set as a whole or not at all: into a folder beside, which takes the place of the old one at the end.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::reader::check_market;
use super::rows::*;
use super::{DataError, Row, TableWriter, TruthMarket};
use crate::domain::Market;

/// Every name that a data set may hold.
const NAMES: [&str; 12] = [
    "market.json",
    "clients.parquet",
    "properties.parquet",
    "cleaners.parquet",
    "offers.parquet",
    "availability.parquet",
    "jobs.parquet",
    "bids.parquet",
    "reviews.parquet",
    "payments.parquet",
    "listings.parquet",
    "truth",
];

/// What is recorded beside the tables, as SQLite writes it (`native::events`). It cannot be made again: it is kept when the
/// tables are replaced.
const RECORDED: [&str; 4] = ["events.sqlite", "events.sqlite-journal", "events.sqlite-wal", "events.sqlite-shm"];

/// How many rows each table got, in the order of writing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Written(pub Vec<(&'static str, u64)>);

/// The tables of a data set in the making. Dropped before [`finish`](Self::finish), it leaves nothing behind.
#[derive(Debug)]
pub struct DatasetWriter {
    /// Clients.
    pub clients: TableWriter<ClientRow>,
    /// Properties.
    pub properties: TableWriter<PropertyRow>,
    /// Cleaners.
    pub cleaners: TableWriter<CleanerRow>,
    /// Offers; no file if there is no row.
    pub offers: TableWriter<OfferRow>,
    /// Hours of the cleaners; no file if there is no row.
    pub availability: TableWriter<AvailabilityRow>,
    /// Jobs.
    pub jobs: TableWriter<JobRow>,
    /// Bids.
    pub bids: TableWriter<BidRow>,
    /// Reviews.
    pub reviews: TableWriter<ReviewRow>,
    /// Payments.
    pub payments: TableWriter<PaymentRow>,
    /// Listings; no file if there is no row.
    pub listings: TableWriter<ListingRow>,
    /// Truth of the cleaners; no file if there is no row.
    pub truth_cleaners: TableWriter<TruthCleanerRow>,
    /// Truth of the clients; no file if there is no row.
    pub truth_clients: TableWriter<TruthClientRow>,
    /// Truth of the pairs of job and bidder; no file if there is no row.
    pub truth_jobs: TableWriter<TruthJobRow>,
    folder: Folder,
}

impl DatasetWriter {
    /// Starts a data set that will be at `out`. With `force` it may replace a data set, but nothing else.
    ///
    /// Errors: [`DataError::Exists`], [`DataError::Foreign`], [`DataError::OutputPath`], [`DataError::Io`].
    pub fn create(out: &Path, force: bool) -> Result<Self, DataError> {
        let folder = Folder::create(out, force)?;
        let temp = &folder.temp;
        Ok(Self {
            clients: writer(temp),
            properties: writer(temp),
            cleaners: writer(temp),
            offers: writer(temp),
            availability: writer(temp),
            jobs: writer(temp),
            bids: writer(temp),
            reviews: writer(temp),
            payments: writer(temp),
            listings: writer(temp),
            truth_cleaners: writer(temp),
            truth_clients: writer(temp),
            truth_jobs: writer(temp),
            folder,
        })
    }

    /// Finishes every table and puts the folder in its place.
    pub fn finish(self, market: &Market, truth: Option<&TruthMarket>) -> Result<Written, DataError> {
        check_market(market)?;
        let mut written = Vec::new();
        required(self.clients, &mut written)?;
        required(self.properties, &mut written)?;
        required(self.cleaners, &mut written)?;
        optional(self.offers, &mut written)?;
        optional(self.availability, &mut written)?;
        required(self.jobs, &mut written)?;
        required(self.bids, &mut written)?;
        required(self.reviews, &mut written)?;
        required(self.payments, &mut written)?;
        optional(self.listings, &mut written)?;
        optional(self.truth_cleaners, &mut written)?;
        optional(self.truth_clients, &mut written)?;
        optional(self.truth_jobs, &mut written)?;
        write_json(&self.folder.temp.join("market.json"), market)?;
        if let Some(truth) = truth {
            write_json(&self.folder.temp.join("truth/market.json"), truth)?;
        }
        self.folder.put_in_place()?;
        Ok(Written(written))
    }
}

fn writer<R: Row>(folder: &Path) -> TableWriter<R> {
    TableWriter::new(super::table_path::<R>(folder))
}

fn required<R: Row>(table: TableWriter<R>, written: &mut Vec<(&'static str, u64)>) -> Result<(), DataError> {
    written.push((R::TABLE, table.finish()?));
    Ok(())
}

fn optional<R: Row>(table: TableWriter<R>, written: &mut Vec<(&'static str, u64)>) -> Result<(), DataError> {
    if table.rows() > 0 { required(table, written) } else { Ok(()) }
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), DataError> {
    let json = |source| DataError::Json { path: path.to_owned(), source };
    let mut bytes = serde_json::to_vec_pretty(value).map_err(json)?;
    bytes.push(b'\n');
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(DataError::io(folder))?;
    }
    let mut file = File::create(path).map_err(DataError::io(path))?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(DataError::io(path))
}

/// A folder in the making beside the place where it will be.
#[derive(Debug)]
struct Folder {
    out: PathBuf,
    temp: PathBuf,
    previous: PathBuf,
}

impl Folder {
    fn create(out: &Path, force: bool) -> Result<Self, DataError> {
        // Through a link the data set itself is replaced, not the link.
        let out = fs::canonicalize(out).unwrap_or_else(|_| out.to_owned());
        check_replaceable(&out, force)?;
        let Some(name) = out.file_name().map(|name| name.to_string_lossy().into_owned()) else {
            return Err(DataError::OutputPath { path: out });
        };
        let beside = |kind: &str| out.with_file_name(format!(".{name}.{kind}-{}", std::process::id()));
        let folder = Self { temp: beside("new"), previous: beside("previous"), out };
        fs::create_dir_all(&folder.temp).map_err(DataError::io(&folder.temp))?;
        Ok(folder)
    }

    /// What is recorded in the old folder is in the new one, too, before that takes its place.
    fn keep_recorded(&self) -> Result<(), DataError> {
        for name in RECORDED {
            let (old, new) = (self.out.join(name), self.temp.join(name));
            if old.exists() && fs::hard_link(&old, &new).is_err() {
                // A file system without links.
                fs::copy(&old, &new).map_err(DataError::io(&new))?;
            }
        }
        Ok(())
    }

    /// Swaps the folders. If the second step fails, the first is taken back.
    fn put_in_place(self) -> Result<(), DataError> {
        self.keep_recorded()?;
        for folder in [self.temp.join("truth"), self.temp.clone()].iter().filter(|folder| folder.exists()) {
            sync(folder)?;
        }
        let replaces = self.out.exists();
        if replaces {
            fs::rename(&self.out, &self.previous).map_err(DataError::io(&self.out))?;
        }
        if let Err(error) = fs::rename(&self.temp, &self.out) {
            if replaces {
                fs::rename(&self.previous, &self.out).map_err(DataError::io(&self.previous))?;
            }
            return Err(DataError::io(&self.out)(error));
        }
        if let Some(parent) = self.out.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            sync(parent)?;
        }
        if replaces {
            fs::remove_dir_all(&self.previous).map_err(DataError::io(&self.previous))?;
        }
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Best effort: after success it is gone already, and an error must not hide the one that led here.
        let _ = fs::remove_dir_all(&self.temp);
    }
}

fn sync(folder: &Path) -> Result<(), DataError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(DataError::io(folder))
}

fn check_replaceable(out: &Path, force: bool) -> Result<(), DataError> {
    if fs::symlink_metadata(out).is_err() {
        return Ok(());
    }
    if !force {
        return Err(DataError::Exists { path: out.to_owned() });
    }
    for entry in fs::read_dir(out).map_err(DataError::io(out))? {
        let name = entry.map_err(DataError::io(out))?.file_name().to_string_lossy().into_owned();
        if !NAMES.contains(&name.as_str()) && !RECORDED.contains(&name.as_str()) {
            return Err(DataError::Foreign { path: out.to_owned(), name });
        }
    }
    Ok(())
}
