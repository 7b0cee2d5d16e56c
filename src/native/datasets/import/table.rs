//! A table of the data set, read from its CSV file.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Schema, SchemaRef};
use parquet::errors::ParquetError;

use super::evaluate::Bound;
use super::mapping::{ColumnMapping, From, Mapping, TableMapping, TableName, Take};
use super::parse::{Meaning, Reading, Value, parse as parse_value};
use super::problem::{Problem, ProblemKind, Report};
use super::source::Source;
use crate::native::datasets::rows::*;
use crate::native::datasets::{DataError, Row};

/// The columns of a table.
pub(super) fn schema(table: TableName) -> Schema {
    match table {
        TableName::Clients => ClientRow::schema(),
        TableName::Properties => PropertyRow::schema(),
        TableName::Cleaners => CleanerRow::schema(),
        TableName::Offers => OfferRow::schema(),
        TableName::Availability => AvailabilityRow::schema(),
        TableName::Jobs => JobRow::schema(),
        TableName::Bids => BidRow::schema(),
        TableName::Reviews => ReviewRow::schema(),
        TableName::Payments => PaymentRow::schema(),
        TableName::Listings => ListingRow::schema(),
    }
}

/// The columns that make a row of a table one of its kind.
pub(super) fn key(table: TableName) -> &'static [&'static str] {
    match table {
        TableName::Clients => &["client_id"],
        TableName::Properties => &["property_id"],
        TableName::Cleaners => &["cleaner_id"],
        TableName::Offers => &["cleaner_id", "property_type"],
        TableName::Availability => &["cleaner_id", "weekday", "from_hour"],
        TableName::Jobs => &["job_id"],
        TableName::Bids => &["bid_id"],
        TableName::Reviews => &["review_id"],
        TableName::Payments => &["payment_id"],
        TableName::Listings => &["cleaner_id", "property_type", "observed_at"],
    }
}

/// What a column that must have a value has where the mapping says nothing.
pub(super) fn column_default(column: &str, table: &TableMapping) -> Option<ColumnMapping> {
    match column {
        "name" => Some(ColumnMapping::constant("")),
        "eco" => Some(ColumnMapping::constant("false")),
        "status" if table.columns.contains_key("payment_id") => Some(ColumnMapping::constant("paid")),
        "status" => Some(ColumnMapping::constant("open")),
        "scheduled_at" => table.columns.get("posted_at").cloned(),
        _ => None,
    }
}

/// A table of values that were read one by one; [`check`](super::check) looks at them together.
pub(super) struct Parsed {
    /// The CSV file.
    pub(super) file: String,
    pub(super) columns: HashMap<String, usize>,
    /// Column of the CSV file, for messages.
    pub(super) origins: Vec<String>,
    pub(super) rows: Vec<Vec<Value>>,
    pub(super) lines: Vec<u64>,
}

struct ColumnPlan<'a> {
    bound: Bound,
    mapping: &'a ColumnMapping,
    meaning: Meaning,
    reading: Reading<'a>,
    /// Column of the file and the text that it must hold for this one to have a value.
    when: Option<(usize, &'a str)>,
    required: bool,
    target: String,
    origin: String,
}

/// Reads a table; `None` where its file or a column is not there. Every problem goes to the report.
pub(super) fn parse(
    name: TableName,
    table: &TableMapping,
    mapping: &Mapping,
    dir: &Path,
    report: &mut Report,
) -> Option<Parsed> {
    let source = Source::read(dir, table, name.as_str(), report)?;
    let schema = schema(name);
    let plans: Vec<Option<ColumnPlan<'_>>> =
        schema.fields().iter().filter_map(|f| plan(name, f, table, mapping, &source, report)).collect();
    // All missing columns are reported before giving up.
    let plans: Vec<ColumnPlan<'_>> = plans.into_iter().collect::<Option<_>>()?;
    let columns: HashMap<String, usize> = schema
        .fields()
        .iter()
        .filter(|f| table.columns.contains_key(f.name()))
        .map(|f| f.name().clone())
        .zip(0..)
        .collect();
    let origins = plans.iter().map(|plan| plan.origin.clone()).collect();
    let mut parsed = Parsed { file: source.file.clone(), columns, origins, rows: Vec::new(), lines: Vec::new() };
    let key: Vec<usize> = key(name).iter().filter_map(|column| parsed.columns.get(*column).copied()).collect();
    let mut seen: HashMap<Vec<String>, usize> = HashMap::new();
    for (at, (fields, &line)) in source.rows.iter().zip(&source.lines).enumerate() {
        let row = read_row(&plans, at, fields, line, &table.missing, &parsed.file, report);
        let id: Vec<String> = key.iter().map(|&column| format!("{:?}", row[column])).collect();
        // Two bad ids are not one id twice.
        let first = seen.get(&id).filter(|_| key.iter().all(|&column| row[column] != Value::Bad));
        match first {
            Some(&first) if table.distinct => merge(&mut parsed.rows[first], row, &plans),
            Some(_) => {
                let value = key.iter().map(|&column| show(&row[column])).collect::<Vec<_>>().join(", ");
                let (file, column) = (parsed.file.clone(), plans[key[0]].origin.clone());
                let (kind, target) = (ProblemKind::DuplicateId, plans[key[0]].target.clone());
                report.add(Problem { kind, file, line, column, target, value });
            }
            None => {
                seen.insert(id, parsed.rows.len());
                parsed.rows.push(row);
                parsed.lines.push(line);
            }
        }
    }
    Some(parsed)
}

/// `None` for a column that is not mapped, `Some(None)` for one that cannot be bound.
fn plan<'a>(
    name: TableName,
    field: &arrow_schema::Field,
    table: &'a TableMapping,
    mapping: &Mapping,
    source: &Source,
    report: &mut Report,
) -> Option<Option<ColumnPlan<'a>>> {
    let column = table.columns.get(field.name())?;
    let target = format!("{}.{}", name.as_str(), field.name());
    let market = &mapping.market;
    let reading = Reading {
        scale: column.scale,
        offset: column.offset,
        time: column.time.as_ref().unwrap_or(&table.time),
        utc_offset_minutes: market.utc_offset_minutes,
        ratings: (f64::from(market.rating_min), f64::from(market.rating_max)),
    };
    let origin = match &column.from {
        From::Column(name) | From::Template(name) => name.clone(),
        From::Value(_) | From::Synthetic(_) | From::Nothing => String::new(),
    };
    let meaning = Meaning::of(name.as_str(), field.name(), field.data_type());
    let bound = Bound::new(column, source, &target, &reading, report);
    let required = !field.is_nullable();
    let when = match &column.when {
        None => None,
        Some(when) => match source.column(&when.column, &target, report) {
            Some(at) => Some((at, when.is.0.as_str())),
            None => return Some(None),
        },
    };
    Some(bound.map(|bound| ColumnPlan { bound, mapping: column, meaning, reading, when, required, target, origin }))
}

/// One line. A bad value is reported and stays in its place, so that the row's id is still known.
fn read_row(
    plans: &[ColumnPlan<'_>],
    at: usize,
    fields: &[String],
    line: u64,
    missing: &[String],
    file: &str,
    report: &mut Report,
) -> Vec<Value> {
    let mut row = Vec::with_capacity(plans.len());
    for plan in plans {
        match read_value(plan, at, fields, missing) {
            Ok(value) => row.push(value),
            Err((kind, value)) => {
                let (file, column, target) = (file.to_owned(), plan.origin.clone(), plan.target.clone());
                report.add(Problem { kind, file, line, column, target, value });
                row.push(Value::Bad);
            }
        }
    }
    row
}

fn read_value(
    plan: &ColumnPlan<'_>,
    at: usize,
    fields: &[String],
    missing: &[String],
) -> Result<Value, (ProblemKind, String)> {
    if let Bound::Moments(moments) = &plan.bound {
        return Ok(moments.get(at).map_or(Value::Missing, |&at| Value::Whole(at)));
    }
    let here = plan.when.is_none_or(|(at, is)| fields.get(at).is_some_and(|text| text == is));
    let text = plan.bound.text(fields, missing).filter(|_| here);
    let text = match (&plan.mapping.map, text) {
        (Some(map), Some(text)) => match map.get(&text) {
            Some(literal) => Some(literal.0.clone()),
            None => return Err((ProblemKind::UnknownValue, text)),
        },
        (_, text) => text,
    };
    let Some(text) = text.or_else(|| plan.mapping.default.as_ref().map(|literal| literal.0.clone())) else {
        return if plan.required { Err((ProblemKind::MissingValue, String::new())) } else { Ok(Value::Missing) };
    };
    parse_value(&text, plan.meaning, &plan.reading).map_err(|kind| (kind, text))
}

/// Joins a row to an earlier one of the same key: the first value that is not missing, or the least.
fn merge(first: &mut [Value], row: Vec<Value>, plans: &[ColumnPlan<'_>]) {
    for ((kept, new), plan) in first.iter_mut().zip(row).zip(plans) {
        let less = match (&*kept, &new) {
            (Value::Missing, _) => true,
            (Value::Whole(a), Value::Whole(b)) => plan.mapping.take == Take::Min && b < a,
            (Value::Number(a), Value::Number(b)) => plan.mapping.take == Take::Min && b < a,
            _ => false,
        };
        if less {
            *kept = new;
        }
    }
}

/// A value as text, for messages.
pub(super) fn show(value: &Value) -> String {
    match value {
        Value::Missing | Value::Bad => String::new(),
        Value::Text(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Whole(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
    }
}

impl Parsed {
    /// The value in a row; missing where the column is not mapped.
    pub(super) fn value(&self, row: usize, column: &str) -> &Value {
        self.columns.get(column).map_or(&Value::Missing, |&at| &self.rows[row][at])
    }

    /// A text, if there is one.
    pub(super) fn text(&self, row: usize, column: &str) -> Option<&str> {
        match self.value(row, column) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A number, if there is one.
    pub(super) fn number(&self, row: usize, column: &str) -> Option<f64> {
        match self.value(row, column) {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// A moment or count, if there is one.
    pub(super) fn whole(&self, row: usize, column: &str) -> Option<i64> {
        match self.value(row, column) {
            Value::Whole(number) => Some(*number),
            _ => None,
        }
    }

    /// All rows as columns of this schema.
    pub(super) fn to_batch(&self, schema: SchemaRef) -> Result<RecordBatch, DataError> {
        let rows = 0..self.rows.len();
        let column = |field: &arrow_schema::Field| -> ArrayRef {
            let name = field.name();
            match field.data_type() {
                DataType::Float64 => Arc::new(rows.clone().map(|row| self.number(row, name)).collect::<Float64Array>()),
                DataType::Int64 => Arc::new(rows.clone().map(|row| self.whole(row, name)).collect::<Int64Array>()),
                DataType::Boolean => Arc::new(
                    rows.clone()
                        .map(|row| if let Value::Flag(flag) = self.value(row, name) { Some(*flag) } else { None })
                        .collect::<BooleanArray>(),
                ),
                _ => Arc::new(rows.clone().map(|row| self.text(row, name)).collect::<StringArray>()),
            }
        };
        let columns = schema.fields().iter().map(|field| column(field)).collect();
        RecordBatch::try_new(schema, columns)
            .map_err(|error| DataError::parquet(Path::new(&self.file))(ParquetError::from(error)))
    }
}
