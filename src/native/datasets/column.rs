//! How one field of a row becomes a column, and back.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::DataType;

use super::DataError;

/// A value that has a column type of its own.
pub(super) trait Cell: Sized {
    /// The column that holds it.
    type Array: Array + FromIterator<Option<Self>> + 'static;
    /// Its Arrow type.
    const TYPE: DataType;
    /// The value in one row, which is not null.
    fn get(array: &Self::Array, row: usize) -> Self;
    /// Whether the value may stand in a table.
    fn is_valid(&self) -> bool {
        true
    }
}

impl Cell for String {
    type Array = StringArray;
    const TYPE: DataType = DataType::Utf8;
    fn get(array: &StringArray, row: usize) -> Self {
        array.value(row).to_owned()
    }
}

impl Cell for f64 {
    type Array = Float64Array;
    const TYPE: DataType = DataType::Float64;
    fn get(array: &Float64Array, row: usize) -> Self {
        array.value(row)
    }
    fn is_valid(&self) -> bool {
        self.is_finite()
    }
}

impl Cell for i64 {
    type Array = Int64Array;
    const TYPE: DataType = DataType::Int64;
    fn get(array: &Int64Array, row: usize) -> Self {
        array.value(row)
    }
}

impl Cell for bool {
    type Array = BooleanArray;
    const TYPE: DataType = DataType::Boolean;
    fn get(array: &BooleanArray, row: usize) -> Self {
        array.value(row)
    }
}

/// A field of a row: a [`Cell`], or an `Option` of one where the column may hold nulls.
pub(super) trait Column: Sized {
    /// What is in the column.
    type Cell: Cell;
    /// Whether it may hold nulls.
    const NULLABLE: bool;
    /// The field as a value that may be missing.
    fn to_cell(&self) -> Option<Self::Cell>;
    /// The value in one row of a column that was checked by [`column`].
    fn get(array: &<Self::Cell as Cell>::Array, row: usize) -> Self;
}

impl<T: Cell + Clone> Column for T {
    type Cell = T;
    const NULLABLE: bool = false;
    fn to_cell(&self) -> Option<T> {
        Some(self.clone())
    }
    fn get(array: &T::Array, row: usize) -> Self {
        <T as Cell>::get(array, row)
    }
}

impl<T: Cell + Clone> Column for Option<T> {
    type Cell = T;
    const NULLABLE: bool = true;
    fn to_cell(&self) -> Option<T> {
        self.clone()
    }
    fn get(array: &T::Array, row: usize) -> Self {
        (!array.is_null(row)).then(|| <T as Cell>::get(array, row))
    }
}

/// The Arrow type of a field.
pub(super) fn data_type<C: Column>() -> DataType {
    <C::Cell as Cell>::TYPE
}

/// A column of these fields.
pub(super) fn to_array<C: Column>(values: impl Iterator<Item = Option<C::Cell>>) -> ArrayRef {
    Arc::new(values.collect::<<C::Cell as Cell>::Array>())
}

/// A column of a batch, checked: it is there, of this type, has no null that may not be and no number that is none.
pub(super) struct Values<'a, C: Column>(&'a <C::Cell as Cell>::Array);

impl<C: Column> Values<'_, C> {
    /// The value in one row of the batch.
    pub(super) fn get(&self, row: usize) -> C {
        C::get(self.0, row)
    }
}

/// Finds and checks a column; `first_row` is the number of rows in the file before the batch.
pub(super) fn column<'a, C: Column>(
    file: &str,
    batch: &'a RecordBatch,
    name: &'static str,
    first_row: u64,
) -> Result<Values<'a, C>, DataError> {
    let file = || file.to_owned();
    let Some(found) = batch.column_by_name(name) else {
        return Err(DataError::MissingColumn { file: file(), column: name });
    };
    let Some(array) = found.as_any().downcast_ref::<<C::Cell as Cell>::Array>() else {
        let (expected, found) = (data_type::<C>().to_string(), found.data_type().to_string());
        return Err(DataError::ColumnType { file: file(), column: name, expected, found });
    };
    for at in 0..array.len() {
        let row = first_row + at as u64 + 1;
        if array.is_null(at) {
            if !C::NULLABLE {
                return Err(DataError::Null { file: file(), column: name, row });
            }
        } else if matches!(<C::Cell as Cell>::TYPE, DataType::Float64) && !<C::Cell as Cell>::get(array, at).is_valid()
        {
            let (value, expected) = ("not finite".to_owned(), "a finite number, or null for a missing one");
            return Err(DataError::BadValue { file: file(), column: name, row, value, expected });
        }
    }
    Ok(Values(array))
}
