//! Writes one table in row groups of a fixed size, so that memory stays bounded and the bytes do not depend on how the
//! rows arrive.

use std::fs::{self, File};
use std::path::PathBuf;

use arrow_array::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::{DataError, Row};

/// Rows of one row group.
pub(super) const ROW_GROUP: usize = 65_536;

/// Writes the rows of one table.
#[derive(Debug)]
pub struct TableWriter<R: Row> {
    path: PathBuf,
    buffer: Vec<R>,
    writer: Option<ArrowWriter<File>>,
    rows: u64,
}

impl<R: Row> TableWriter<R> {
    /// A writer of the file at `path`. The file is created with the first row group.
    pub fn new(path: PathBuf) -> Self {
        Self { path, buffer: Vec::new(), writer: None, rows: 0 }
    }

    /// Adds a row.
    pub fn push(&mut self, row: R) -> Result<(), DataError> {
        self.buffer.push(row);
        self.rows += 1;
        if self.buffer.len() == ROW_GROUP { self.flush() } else { Ok(()) }
    }

    /// How many rows were added.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes what is left and the footer, and waits until it is on the disk.
    pub fn finish(mut self) -> Result<u64, DataError> {
        self.flush()?;
        if let Some(writer) = self.writer.take() {
            let file = writer.into_inner().map_err(DataError::parquet(&self.path))?;
            file.sync_all().map_err(DataError::io(&self.path))?;
        }
        Ok(self.rows)
    }

    fn flush(&mut self) -> Result<(), DataError> {
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => self.open()?,
        };
        let rows = std::mem::take(&mut self.buffer);
        if !rows.is_empty() {
            let batch = RecordBatch::try_new(R::schema_ref(), R::to_columns(&rows)).map_err(ParquetError::from);
            let written = batch.and_then(|batch| writer.write(&batch).and_then(|()| writer.flush()));
            written.map_err(DataError::parquet(&self.path))?;
        }
        self.writer = Some(writer);
        Ok(())
    }

    fn open(&self) -> Result<ArrowWriter<File>, DataError> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(DataError::io(folder))?;
        }
        let file = File::create(&self.path).map_err(DataError::io(&self.path))?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(ROW_GROUP))
            .set_created_by("tidyrank".to_owned())
            .build();
        ArrowWriter::try_new(file, R::schema_ref(), Some(properties)).map_err(DataError::parquet(&self.path))
    }
}
