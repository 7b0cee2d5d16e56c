//! Marketplace data on disk: Parquet tables, CSV import.
