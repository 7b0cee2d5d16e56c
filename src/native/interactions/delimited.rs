//! Ratings in text: fields between commas or tabs, with a header or in the order of MovieLens' `u.data`.

use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, StringRecord, Trim};

use super::read::{Columns, Row};
use super::{InteractionError, Line};

/// Where the columns stand in a line.
struct Places {
    user: usize,
    item: usize,
    rating: usize,
    time: Option<usize>,
    fields: usize,
}

/// Gives every line to `take`; `header` has the names of the columns, `None` = there is no header.
pub(super) fn read(
    path: &Path,
    delimiter: u8,
    header: Option<&Columns>,
    take: &mut dyn FnMut(Row<'_>) -> Result<(), InteractionError>,
) -> Result<(), InteractionError> {
    let mut builder = ReaderBuilder::new();
    builder.delimiter(delimiter).has_headers(header.is_some()).flexible(true).trim(Trim::All);
    let failed = |error: csv::Error| InteractionError::Read { path: PathBuf::from(path), source: error.into() };
    let mut reader = builder.from_path(path).map_err(failed)?;
    let named = match header {
        Some(columns) => Some(named(path, reader.headers().map_err(failed)?, columns)?),
        None => None,
    };
    let mut places = named;
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(failed)? {
        let number = record.position().map_or(0, csv::Position::line);
        // Without a header the first line says whether there are times.
        let places = places.get_or_insert_with(|| in_order(record.len()));
        let row = row(path, number, &record, places)?;
        take(row)?;
    }
    Ok(())
}

fn in_order(fields: usize) -> Places {
    let time = (fields != 3).then_some(3);
    Places { user: 0, item: 1, rating: 2, time, fields: if time.is_some() { 4 } else { 3 } }
}

fn named(path: &Path, header: &StringRecord, columns: &Columns) -> Result<Places, InteractionError> {
    let find = |name: &str| header.iter().position(|field| field.trim_start_matches('\u{feff}') == name);
    let missing = |name: &str| InteractionError::MissingColumn {
        path: path.to_owned(),
        column: name.to_owned(),
        found: header.iter().collect::<Vec<_>>().join(", "),
    };
    let required = |name: &str| find(name).ok_or_else(|| missing(name));
    let time = find(&columns.time);
    if time.is_none() && columns.time_required {
        return Err(missing(&columns.time));
    }
    let (user, item, rating) = (required(&columns.user)?, required(&columns.item)?, required(&columns.rating)?);
    Ok(Places { user, item, rating, time, fields: header.len() })
}

fn row<'a>(path: &Path, number: u64, record: &'a StringRecord, places: &Places) -> Result<Row<'a>, InteractionError> {
    let line = || Line { path: path.into(), number };
    if record.len() != places.fields {
        return Err(InteractionError::Fields { line: line(), found: record.len(), expected: places.fields });
    }
    let field = |at: usize| record.get(at).unwrap_or_default();
    let not = |column, value: &str, expected| InteractionError::NotANumber {
        line: line(),
        column,
        value: value.to_owned(),
        expected,
    };
    let rating = field(places.rating);
    let value = rating.parse().map_err(|_| not("rating", rating, "a number"))?;
    let time = |at: usize| {
        let text = field(at);
        text.parse().map_err(|_| not("time", text, "whole seconds since 1970"))
    };
    let at = places.time.map(time).transpose()?;
    Ok(Row { line: number, user: field(places.user), item: field(places.item), value, at })
}
