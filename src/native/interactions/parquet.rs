//! Ratings in Parquet: ids as text or whole numbers, ratings and times as any numbers that fit.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt32Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::read::{Columns, Row};
use super::{InteractionError, Line};

/// A number of a column, as wide as any of them.
#[derive(Clone, Copy)]
enum Number {
    Whole(i64),
    Real(f64),
}

/// Gives every row to `take`.
pub(super) fn read(
    path: &Path,
    columns: &Columns,
    take: &mut dyn FnMut(Row<'_>) -> Result<(), InteractionError>,
) -> Result<(), InteractionError> {
    let file = File::open(path).map_err(|source| InteractionError::Read { path: path.to_owned(), source })?;
    let damaged = |reason: String| InteractionError::Parquet { path: path.to_owned(), reason };
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(|builder| builder.build())
        .map_err(|error| damaged(error.to_string()))?;
    let mut before = 0;
    for batch in reader {
        let batch = batch.map_err(|error| damaged(error.to_string()))?;
        rows(path, &batch, columns, before, take)?;
        before += batch.num_rows() as u64;
    }
    Ok(())
}

fn rows(
    path: &Path,
    batch: &RecordBatch,
    columns: &Columns,
    before: u64,
    take: &mut dyn FnMut(Row<'_>) -> Result<(), InteractionError>,
) -> Result<(), InteractionError> {
    let column = |name: &str| batch.column_by_name(name);
    let required = |name: &str| {
        let names = || batch.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>().join(", ");
        let (path, column_name) = (PathBuf::from(path), name.to_owned());
        column(name).ok_or_else(|| InteractionError::MissingColumn { path, column: column_name, found: names() })
    };
    let (user, item, rating) = (required(&columns.user)?, required(&columns.item)?, required(&columns.rating)?);
    let time = if columns.time_required { Some(required(&columns.time)?) } else { column(&columns.time) };
    for at in 0..batch.num_rows() {
        let line = Line { path: path.into(), number: before + at as u64 + 1 };
        let cell = |name: &str, array| Cell { line: &line, name: name.to_owned(), array, at };
        let value = match cell(&columns.rating, rating).number()? {
            Number::Whole(value) => value as f32,
            Number::Real(value) => value as f32,
        };
        let moment = |array| match cell(&columns.time, array).number()? {
            Number::Whole(seconds) => Ok(seconds),
            Number::Real(seconds) if seconds.is_finite() && seconds.fract() == 0.0 => Ok(seconds as i64),
            Number::Real(seconds) => Err(InteractionError::NotANumber {
                line: line.clone(),
                column: "time",
                value: seconds.to_string(),
                expected: "whole seconds since 1970",
            }),
        };
        let moment = time.map(moment).transpose()?;
        let (user, item) = (cell(&columns.user, user).id()?, cell(&columns.item, item).id()?);
        take(Row { line: line.number, user: &user, item: &item, value, at: moment })?;
    }
    Ok(())
}

/// One value of a column.
struct Cell<'a> {
    line: &'a Line,
    name: String,
    array: &'a ArrayRef,
    at: usize,
}

impl Cell<'_> {
    fn known(&self) -> Result<(), InteractionError> {
        if self.array.is_null(self.at) {
            return Err(InteractionError::Null { line: self.line.clone(), column: self.name.clone() });
        }
        Ok(())
    }

    fn wrong_type(&self, expected: &'static str) -> InteractionError {
        let (path, column) = (self.line.path.to_path_buf(), self.name.clone());
        InteractionError::ColumnType { path, column, found: self.array.data_type().to_string(), expected }
    }

    fn whole(&self) -> Option<i64> {
        let (array, at) = (self.array, self.at);
        Some(match array.data_type() {
            DataType::Int8 => array.as_primitive::<Int8Type>().value(at).into(),
            DataType::Int16 => array.as_primitive::<Int16Type>().value(at).into(),
            DataType::Int32 => array.as_primitive::<Int32Type>().value(at).into(),
            DataType::UInt32 => array.as_primitive::<UInt32Type>().value(at).into(),
            DataType::Int64 => array.as_primitive::<Int64Type>().value(at),
            _ => return None,
        })
    }

    fn number(&self) -> Result<Number, InteractionError> {
        self.known()?;
        match self.array.data_type() {
            DataType::Float32 => Ok(Number::Real(self.array.as_primitive::<Float32Type>().value(self.at).into())),
            DataType::Float64 => Ok(Number::Real(self.array.as_primitive::<Float64Type>().value(self.at))),
            _ => self.whole().map(Number::Whole).ok_or_else(|| self.wrong_type("a column of numbers")),
        }
    }

    fn id(&self) -> Result<String, InteractionError> {
        self.known()?;
        match self.array.data_type() {
            DataType::Utf8 => Ok(self.array.as_string::<i32>().value(self.at).to_owned()),
            DataType::LargeUtf8 => Ok(self.array.as_string::<i64>().value(self.at).to_owned()),
            _ => self.whole().map(|id| id.to_string()).ok_or_else(|| self.wrong_type("text or whole numbers")),
        }
    }
}
