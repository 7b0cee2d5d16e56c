//! A table of scores, one row per job and cleaner, whose row groups are encoded on any thread and appended in order.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Float32Array, Float64Array, Int32Array, StringArray, UInt32Array};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;

use super::DataError;

/// The columns of some rows. Scores are 0 to 100; NaN = unknown, which becomes null.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScoreColumns {
    /// Indices of the jobs.
    pub jobs: Vec<i32>,
    /// Indices of the cleaners.
    pub cleaners: Vec<i32>,
    /// Final scores.
    pub score: Vec<f32>,
    /// Rule scores.
    pub rule_score: Vec<f32>,
    /// The model's scores.
    pub neural_score: Vec<f32>,
    /// What the cleaner asks or would usually ask.
    pub price: Vec<f32>,
    /// Kilometres to the job.
    pub distance_km: Vec<f64>,
    /// Places within the job, from 1.
    pub rank: Vec<u32>,
}

/// A row group that is ready to be appended.
#[derive(Debug)]
pub struct EncodedScores(Vec<ArrowColumnChunk>);

/// Writes the table to a file that takes its name at the end. Dropped before, it leaves nothing behind.
pub struct ScoresWriter {
    path: PathBuf,
    beside: PathBuf,
    jobs: ArrayRef,
    cleaners: ArrayRef,
    schema: SchemaRef,
    factory: ArrowRowGroupWriterFactory,
    /// `None` once it is finished.
    writer: Option<SerializedFileWriter<File>>,
}

impl std::fmt::Debug for ScoresWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScoresWriter").field("path", &self.path).finish_non_exhaustive()
    }
}

impl ScoresWriter {
    /// A table that will be at `path`, over these jobs and cleaners.
    ///
    /// # Errors
    /// [`DataError::Io`], [`DataError::Parquet`].
    pub fn create<'a>(
        path: &Path,
        jobs: impl Iterator<Item = &'a str>,
        cleaners: impl Iterator<Item = &'a str>,
    ) -> Result<Self, DataError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(DataError::io(folder))?;
        }
        let mut beside = path.as_os_str().to_owned();
        beside.push(".part");
        let beside = PathBuf::from(beside);
        let schema = Arc::new(schema());
        let file = File::create(&beside).map_err(DataError::io(path))?;
        let writer = open(file, &schema).map_err(DataError::parquet(path))?;
        Ok(Self {
            path: path.to_owned(),
            beside,
            jobs: Arc::new(jobs.map(Some).collect::<StringArray>()),
            cleaners: Arc::new(cleaners.map(Some).collect::<StringArray>()),
            factory: ArrowRowGroupWriterFactory::new(&writer, Arc::clone(&schema)),
            schema,
            writer: Some(writer),
        })
    }

    /// Encodes rows as one row group; on any thread.
    ///
    /// # Errors
    /// [`DataError::Parquet`] for columns of different lengths and indices that are none.
    pub fn encode(&self, rows: ScoreColumns) -> Result<EncodedScores, DataError> {
        let encode = || {
            let mut chunks = Vec::new();
            let writers = self.factory.create_column_writers(0)?;
            let columns = self.columns(rows)?;
            for ((mut writer, field), column) in writers.into_iter().zip(self.schema.fields()).zip(&columns) {
                for leaf in compute_leaves(field, column)? {
                    writer.write(&leaf)?;
                }
                chunks.push(writer.close()?);
            }
            Ok(EncodedScores(chunks))
        };
        encode().map_err(DataError::parquet(&self.path))
    }

    /// Appends a row group.
    ///
    /// # Errors
    /// [`DataError::Parquet`].
    pub fn append(&mut self, rows: EncodedScores) -> Result<(), DataError> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let append = || {
            let mut group = writer.next_row_group()?;
            rows.0.into_iter().try_for_each(|chunk| chunk.append_to_row_group(&mut group))?;
            group.close().map(|_| ())
        };
        append().map_err(DataError::parquet(&self.path))
    }

    /// Writes the footer, waits until all is on the disk and gives the file its name; its length in bytes comes back.
    ///
    /// # Errors
    /// [`DataError::Io`], [`DataError::Parquet`].
    pub fn finish(mut self) -> Result<u64, DataError> {
        let Some(writer) = self.writer.take() else { return Ok(0) };
        let file = writer.into_inner().map_err(DataError::parquet(&self.path))?;
        let done = file.sync_all().and_then(|()| fs::rename(&self.beside, &self.path)).and_then(|()| file.metadata());
        Ok(done.map_err(DataError::io(&self.path))?.len())
    }

    fn columns(&self, rows: ScoreColumns) -> Result<Vec<ArrayRef>, ParquetError> {
        let named = |keys: Vec<i32>, names: &ArrayRef| {
            DictionaryArray::<Int32Type>::try_new(Int32Array::from(keys), Arc::clone(names)).map(Arc::new)
        };
        let known = |values: Vec<f32>| -> ArrayRef {
            Arc::new(values.into_iter().map(|x| (!x.is_nan()).then_some(x)).collect::<Float32Array>())
        };
        let distances = rows.distance_km.into_iter().map(|x| (!x.is_nan()).then_some(x));
        Ok(vec![
            named(rows.jobs, &self.jobs)?,
            named(rows.cleaners, &self.cleaners)?,
            Arc::new(Float32Array::from(rows.score)),
            Arc::new(Float32Array::from(rows.rule_score)),
            known(rows.neural_score),
            known(rows.price),
            Arc::new(distances.collect::<Float64Array>()),
            Arc::new(UInt32Array::from(rows.rank)),
        ])
    }
}

impl Drop for ScoresWriter {
    fn drop(&mut self) {
        // After `finish` it has its name, and there is nothing to remove.
        let _ = fs::remove_file(&self.beside);
    }
}

fn schema() -> Schema {
    let named = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    Schema::new(vec![
        Field::new("job_id", named(), false),
        Field::new("cleaner_id", named(), false),
        Field::new("score", DataType::Float32, false),
        Field::new("rule_score", DataType::Float32, false),
        Field::new("neural_score", DataType::Float32, true),
        Field::new("price", DataType::Float32, true),
        Field::new("distance_km", DataType::Float64, true),
        Field::new("rank", DataType::UInt32, false),
    ])
}

fn open(file: File, schema: &SchemaRef) -> Result<SerializedFileWriter<File>, ParquetError> {
    let properties =
        WriterProperties::builder().set_compression(Compression::SNAPPY).set_created_by("tidyrank".to_owned()).build();
    let root = ArrowSchemaConverter::new().convert(schema)?.root_schema_ptr();
    SerializedFileWriter::new(file, root, Arc::new(properties))
}
