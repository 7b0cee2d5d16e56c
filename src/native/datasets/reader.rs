//! Reads tables batch by batch.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;

use super::{DataError, Row};
use crate::domain::Market;

/// Rows held in memory at a time while reading.
const BATCH: usize = 8192;

/// Where the table of `R` lies in the data set `dir`.
pub fn table_path<R: Row>(dir: &Path) -> PathBuf {
    dir.join(format!("{}.parquet", R::TABLE))
}

/// Gives every row of a table, with its number from 1, to `take`, in the order of the file. `Ok(false)` if the table is
/// not there.
pub fn read_table<R: Row>(
    dir: &Path,
    mut take: impl FnMut(u64, R) -> Result<(), DataError>,
) -> Result<bool, DataError> {
    let path = table_path::<R>(dir);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(DataError::io(&path)(error)),
    };
    let name = format!("{}.parquet", R::TABLE);
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|b| b.with_batch_size(BATCH).build());
    let mut rows = 0;
    // An empty table has no batch, but its columns are checked all the same.
    let reader = reader.map_err(DataError::parquet(&path))?;
    let empty = arrow_array::RecordBatch::new_empty(arrow_array::RecordBatchReader::schema(&reader));
    R::from_batch(&name, &empty, 0)?;
    for batch in reader {
        let batch = batch.map_err(|error| DataError::parquet(&path)(ParquetError::from(error)))?;
        for row in R::from_batch(&name, &batch, rows)? {
            rows += 1;
            take(rows, row)?;
        }
    }
    Ok(true)
}

/// Like [`read_table`], but the table has to be there.
pub(super) fn read_required<R: Row>(
    dir: &Path,
    take: impl FnMut(u64, R) -> Result<(), DataError>,
) -> Result<(), DataError> {
    match read_table(dir, take)? {
        true => Ok(()),
        false => Err(DataError::MissingTable { path: table_path::<R>(dir) }),
    }
}

/// Reads and checks `market.json`.
pub fn read_market(dir: &Path) -> Result<Market, DataError> {
    let path = dir.join("market.json");
    let bytes = fs::read(&path).map_err(DataError::io(&path))?;
    let market: Market = serde_json::from_slice(&bytes).map_err(|source| DataError::Json { path, source })?;
    check_market(&market)?;
    Ok(market)
}

/// Checks what the types of a market cannot say.
pub(super) fn check_market(market: &Market) -> Result<(), DataError> {
    let bad = |field, value: String, expected| Err(DataError::Market { field, value, expected });
    let (low, high) = (market.rating_min, market.rating_max);
    if !(low.is_finite() && high.is_finite() && low < high) {
        return bad("rating_max", high.to_string(), "a number above rating_min");
    }
    if market.property_types.is_empty() || market.property_types.len() > usize::from(u16::MAX) {
        return bad("property_types", format!("{} names", market.property_types.len()), "1 to 65535 names");
    }
    let mut seen = std::collections::HashSet::new();
    if let Some(twice) = market.property_types.iter().find(|name| !seen.insert(*name)) {
        return bad("property_types", format!("{twice:?} twice"), "distinct names");
    }
    if let Some(centre) = market.centre.filter(|centre| !centre.is_valid()) {
        return bad("centre", format!("{}, {}", centre.latitude, centre.longitude), "a point on the globe");
    }
    if market.utc_offset_minutes.abs() > 18 * 60 {
        return bad("utc_offset_minutes", market.utc_offset_minutes.to_string(), "-1080 to 1080");
    }
    Ok(())
}
