//! One CSV file as text, decoded, with the columns of joined files added.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use super::mapping::{Encoding, TableMapping};
use super::problem::{Problem, ProblemKind, Report};

/// The lines of a CSV file.
pub(super) struct Source {
    pub(super) file: String,
    header: HashMap<String, usize>,
    pub(super) rows: Vec<Vec<String>>,
    /// Line of each row, from 1 (the header).
    pub(super) lines: Vec<u64>,
}

impl Source {
    /// Reads a table's file and those joined to it; `None` if that is hopeless. Problems go to the report.
    pub(super) fn read(dir: &Path, mapping: &TableMapping, target: &str, report: &mut Report) -> Option<Self> {
        let mut source = Self::read_one(dir, &mapping.file, mapping.encoding, target, report)?;
        for join in &mapping.join {
            let key = join.key.as_ref().unwrap_or(&join.on);
            let other = Self::read_one(dir, &join.file, join.encoding, target, report)?;
            let there = other.column(key, target, report)?;
            let here = source.column(&join.on, target, report)?;
            let index: HashMap<&str, usize> =
                other.rows.iter().enumerate().rev().map(|(at, row)| (row[there].as_str(), at)).collect();
            let before = source.header.len();
            for (name, at) in &other.header {
                source.header.insert(format!("{}.{name}", join.prefix), before + at);
            }
            for (row, line) in source.rows.iter_mut().zip(&source.lines) {
                match index.get(row[here].as_str()) {
                    Some(&at) => row.extend(other.rows[at].iter().cloned()),
                    None => {
                        let (file, column, value) = (source.file.clone(), join.on.clone(), row[here].clone());
                        let (kind, target) = (ProblemKind::UnknownId, format!("{target} (in {})", join.file));
                        report.add(Problem { kind, file, line: *line, column, target, value });
                        row.resize(before + other.header.len(), String::new());
                    }
                }
            }
        }
        Some(source)
    }

    fn read_one(dir: &Path, file: &str, encoding: Encoding, target: &str, report: &mut Report) -> Option<Self> {
        let mut problem = |kind, line, column: &str, value: String| {
            let (file, column, target) = (file.to_owned(), column.to_owned(), target.to_owned());
            report.add(Problem { kind, file, line, column, target, value });
        };
        let bytes = match fs::read(dir.join(file)) {
            Ok(bytes) => bytes,
            Err(error) => {
                problem(ProblemKind::MissingFile, 0, "", error.to_string());
                return None;
            }
        };
        // The mark that some spreadsheets put before UTF-8.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
        let header: HashMap<String, usize> = match reader.byte_headers() {
            Ok(names) => names.iter().enumerate().map(|(at, name)| (decode(name, encoding).0, at)).collect(),
            Err(error) => {
                problem(ProblemKind::BadLine, 1, "", error.to_string());
                return None;
            }
        };
        let width = reader.byte_headers().map_or(0, csv::ByteRecord::len);
        let mut source = Self { file: file.to_owned(), header, rows: Vec::new(), lines: Vec::new() };
        for record in reader.byte_records() {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    problem(
                        ProblemKind::BadLine,
                        error.position().map_or(0, csv::Position::line),
                        "",
                        error.to_string(),
                    );
                    continue;
                }
            };
            let line = record.position().map_or(0, csv::Position::line);
            if record.len() != width {
                problem(ProblemKind::BadLine, line, "", format!("{} fields, the header has {width}", record.len()));
                continue;
            }
            let fields: Vec<(String, bool)> = record.iter().map(|field| decode(field, encoding)).collect();
            if let Some((text, _)) = fields.iter().find(|(_, good)| !good) {
                problem(ProblemKind::BadLine, line, "", format!("not UTF-8: {text}"));
                continue;
            }
            source.rows.push(fields.into_iter().map(|(text, _)| text).collect());
            source.lines.push(line);
        }
        Some(source)
    }

    /// The index of a column; if it is not there, a problem.
    pub(super) fn column(&self, name: &str, target: &str, report: &mut Report) -> Option<usize> {
        let found = self.header.get(name).copied();
        if found.is_none() {
            let (kind, file, column) = (ProblemKind::MissingColumn, self.file.clone(), name.to_owned());
            let mut names: Vec<&str> = self.header.keys().map(String::as_str).collect();
            names.sort_unstable();
            let value = format!("the header has {}", names.join(", "));
            report.add(Problem { kind, file, line: 1, column, target: target.to_owned(), value });
        }
        found
    }
}

/// The text, and whether the bytes are of that encoding. Every byte is Latin-1.
fn decode(bytes: &[u8], encoding: Encoding) -> (String, bool) {
    match encoding {
        Encoding::Latin1 => (bytes.iter().map(|&byte| char::from(byte)).collect(), true),
        Encoding::Utf8 => match std::str::from_utf8(bytes) {
            Ok(text) => (text.to_owned(), true),
            Err(_) => (String::from_utf8_lossy(bytes).into_owned(), false),
        },
    }
}
