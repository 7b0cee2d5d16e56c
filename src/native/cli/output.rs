//! Standard output, which a reader may close at any time, and tables for people.

use std::io::{BufWriter, ErrorKind, StdoutLock, Write};

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use super::CliError;

/// Columns that a table may take.
const WIDTH: u16 = 120;

/// Standard output. Once the reader has closed it (`… | head`), what is written goes nowhere and is no error.
pub(super) struct Output {
    out: BufWriter<StdoutLock<'static>>,
    open: bool,
}

impl Output {
    pub(super) fn new() -> Self {
        Self { out: BufWriter::new(std::io::stdout().lock()), open: true }
    }

    /// Whether anybody still reads.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// Writes a text as it is.
    pub(super) fn text(&mut self, text: &str) -> Result<(), CliError> {
        if self.open {
            let written = self.out.write_all(text.as_bytes());
            self.check(written)?;
        }
        Ok(())
    }

    /// Writes a value as one line of JSON, without the line's end.
    pub(super) fn json(&mut self, value: &impl Serialize) -> Result<(), CliError> {
        let text = serde_json::to_string(value).map_err(|error| CliError::new("cli.json", error.to_string(), BUG))?;
        self.text(&text)
    }

    /// Writes out what is still held back.
    pub(super) fn finish(mut self) -> Result<(), CliError> {
        let flushed = if self.open { self.out.flush() } else { Ok(()) };
        self.check(flushed)
    }

    fn check(&mut self, result: std::io::Result<()>) -> Result<(), CliError> {
        match result {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.open = false;
                Ok(())
            }
            Err(error) => Err(CliError::new(
                "cli.output",
                format!("cannot write to standard output: {error}"),
                "check where the output goes and the free space there",
            )),
        }
    }
}

const BUG: &str = "this is a bug; please report the command";

/// A table with these headings.
pub(super) fn table(headings: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(WIDTH).set_header(headings.to_vec());
    table
}

/// A number with that many decimals, or `-`.
pub(super) fn number(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.decimals$}"))
}
