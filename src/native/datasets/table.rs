//! A row struct is a table's schema: [`table!`] writes the mapping to columns and back.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{Schema, SchemaRef};

use super::DataError;

/// A struct that is one row of a table; made by `table!`.
pub trait Row: Sized {
    /// Name of the table; its file is `<TABLE>.parquet`.
    const TABLE: &'static str;
    /// The columns: name, type, whether they may hold nulls.
    fn schema() -> Schema;
    /// The rows as columns, in the order of the schema.
    fn to_columns(rows: &[Self]) -> Vec<ArrayRef>;
    /// The rows of a batch that starts after `first_row` rows of `file`. Columns that the struct does not have are
    /// ignored. Errors: a missing column, another type, a null that may not be, a number that is not finite.
    fn from_batch(file: &str, batch: &RecordBatch, first_row: u64) -> Result<Vec<Self>, DataError>;
    /// The schema, to be shared.
    fn schema_ref() -> SchemaRef {
        Arc::new(Self::schema())
    }
}

/// Declares a row struct and its table. Field type = column type; `Option` = the column may hold nulls.
macro_rules! table {
    ($(#[$meta:meta])* $name:ident in $table:literal { $($(#[$doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name { $($(#[$doc])* pub $field: $type,)* }

        impl $crate::native::datasets::Row for $name {
            const TABLE: &'static str = $table;

            fn schema() -> arrow_schema::Schema {
                use $crate::native::datasets::column::{Column, data_type};
                arrow_schema::Schema::new(vec![$(arrow_schema::Field::new(
                    stringify!($field), data_type::<$type>(), <$type as Column>::NULLABLE,
                )),*])
            }

            fn to_columns(rows: &[Self]) -> Vec<arrow_array::ArrayRef> {
                use $crate::native::datasets::column::{Column, to_array};
                vec![$(to_array::<$type>(rows.iter().map(|row| row.$field.to_cell()))),*]
            }

            fn from_batch(
                file: &str, batch: &arrow_array::RecordBatch, first_row: u64,
            ) -> Result<Vec<Self>, $crate::native::datasets::DataError> {
                use $crate::native::datasets::column::column;
                $(let $field = column::<$type>(file, batch, stringify!($field), first_row)?;)*
                Ok((0..batch.num_rows()).map(|row| Self { $($field: $field.get(row)),* }).collect())
            }
        }
    };
}
pub(super) use table;
