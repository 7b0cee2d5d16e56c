//! Imports CSV files into a data set, by a mapping file; writes nothing unless every value is good.
//!
//! [`Mapping`] says which column of which file is what. The schema of the target tables is that of
//! [`rows`](super::rows), so the import knows no column that the tables do not have. All problems are collected before
//! anything is written: [`ImportError::Invalid`] holds every one, with file, line, column and value.
//!
//! The files are held in memory while they are checked: about three times their size.

mod check;
mod evaluate;
mod mapping;
mod parse;
mod problem;
mod source;
mod table;

use std::collections::BTreeMap;
use std::path::Path;

use thiserror::Error;

use super::rows::*;
use super::{DataError, DatasetWriter, Row, TableWriter, Written};
use crate::domain::{GeoPoint, Market};

use mapping::Centre;
pub use mapping::{Mapping, TableName};
pub use problem::{Problem, ProblemKind, Report};
use table::Parsed;

/// Why an import failed. Nothing was written.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The mapping file is wrong.
    #[error("{file}: {detail}")]
    Mapping {
        /// The mapping file.
        file: String,
        /// What is wrong, with the line or the table and column.
        detail: String,
    },
    /// The CSV files have problems.
    #[error("{} in the CSV files", report.count())]
    Invalid {
        /// All of them.
        report: Report,
    },
    /// The data set cannot be written.
    #[error(transparent)]
    Data(#[from] DataError),
}

impl ImportError {
    /// A stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Mapping { .. } => "import.mapping",
            Self::Invalid { .. } => "import.invalid",
            Self::Data(error) => error.code(),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Mapping { .. } => "docs/data.md lists every key of a mapping file; examples/ has two",
            Self::Invalid { .. } => "correct these lines or the mapping and import again; nothing was written",
            Self::Data(error) => error.hint(),
        }
    }
}

/// Imports the CSV files in `source` as `mapping` says and writes the data set `out`.
pub fn import(mapping: &Mapping, source: &Path, out: &Path, force: bool) -> Result<Written, ImportError> {
    let mut report = Report::default();
    let mut tables = BTreeMap::new();
    for (&name, table) in &mapping.tables {
        if let Some(parsed) = table::parse(name, table, mapping, source, &mut report) {
            tables.insert(name, parsed);
        }
    }
    let property_types = check::check(&tables, mapping, &mut report);
    if !report.is_empty() {
        return Err(ImportError::Invalid { report });
    }
    let market = market(mapping, &tables, property_types);
    super::reader::check_market(&market)?;
    write(&tables, &market, out, force)
}

fn market(mapping: &Mapping, tables: &BTreeMap<TableName, Parsed>, property_types: Vec<String>) -> Market {
    let market = &mapping.market;
    let centre = match market.centre {
        None => None,
        Some(Centre::At(point)) => Some(point),
        Some(Centre::Of(_)) => tables.get(&TableName::Cleaners).and_then(mean_position),
    };
    Market {
        name: market.name.clone(),
        centre,
        currency: market.currency.clone(),
        utc_offset_minutes: market.utc_offset_minutes,
        rating_min: market.rating_min,
        rating_max: market.rating_max,
        property_types,
        candidates_are_bidders: market.candidates_are_bidders,
    }
}

fn mean_position(cleaners: &Parsed) -> Option<GeoPoint> {
    let mean = |column| {
        let values: Vec<f64> = (0..cleaners.rows.len()).filter_map(|row| cleaners.number(row, column)).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    GeoPoint::new(mean("latitude")?, mean("longitude")?)
}

fn write(
    tables: &BTreeMap<TableName, Parsed>,
    market: &Market,
    out: &Path,
    force: bool,
) -> Result<Written, ImportError> {
    let mut data = DatasetWriter::create(out, force)?;
    for (name, table) in tables {
        match name {
            TableName::Clients => push::<ClientRow>(&mut data.clients, table)?,
            TableName::Properties => push::<PropertyRow>(&mut data.properties, table)?,
            TableName::Cleaners => push::<CleanerRow>(&mut data.cleaners, table)?,
            TableName::Offers => push::<OfferRow>(&mut data.offers, table)?,
            TableName::Availability => push::<AvailabilityRow>(&mut data.availability, table)?,
            TableName::Jobs => push::<JobRow>(&mut data.jobs, table)?,
            TableName::Bids => push::<BidRow>(&mut data.bids, table)?,
            TableName::Reviews => push::<ReviewRow>(&mut data.reviews, table)?,
            TableName::Payments => push::<PaymentRow>(&mut data.payments, table)?,
            TableName::Listings => push::<ListingRow>(&mut data.listings, table)?,
        }
    }
    Ok(data.finish(market, None)?)
}

fn push<R: Row>(writer: &mut TableWriter<R>, table: &Parsed) -> Result<(), ImportError> {
    let batch = table.to_batch(R::schema_ref())?;
    for row in R::from_batch(&table.file, &batch, 0)? {
        writer.push(row)?;
    }
    Ok(())
}
