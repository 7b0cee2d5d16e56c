//! `tidyrank ingest`.

use std::fmt::Write;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::output::{Output, table};
use super::{CliError, Context, DEFAULT_DATA, Format, warn};
use crate::native::events::{Counts, EventStore, Filter, IngestError, Ingested, Kind, STORE, StoreError, ingest};
use crate::native::files::FileError;

const EXAMPLES: &str = "\
Examples:
  tidyrank ingest events.jsonl --data data/athens
  tidyrank ingest monday.jsonl tuesday.jsonl --keep-going --format json
  zcat events.jsonl.gz | tidyrank ingest - --data data/athens
  tidyrank ingest --list --data data/athens

Events are lines of JSON, as `exportEvents()` and `sync()` of the npm package give them; docs/events.md lists every field.
Every line is checked. If one is wrong, all that are wrong are counted, the first 20 are shown with file, line and field, and
nothing is added; with --keep-going the others are added, and the exit code is 1 all the same. An event whose id is known is
the same event and left alone; if it differs, that is an error. The store is the file events.sqlite in the folder.";

/// How many refused lines are shown one by one.
const SHOWN: usize = 20;

/// Flags of `tidyrank ingest`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Files of events, `-` for standard input
    #[arg(value_name = "EVENTS", required_unless_present = "list")]
    events: Vec<PathBuf>,
    /// Folder of the data set
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    data: PathBuf,
    /// Add what is right even where some lines are wrong
    #[arg(long)]
    keep_going: bool,
    /// Write the events of the data set as lines of JSON, in the order of time, and add none
    #[arg(long, conflicts_with_all = ["events", "keep_going"])]
    list: bool,
}

/// What was done, for programs.
#[derive(Debug, Serialize)]
struct Report {
    store: PathBuf,
    inserted: u64,
    known: u64,
    /// Lines.
    refused: u64,
    by_type: Vec<Row>,
    /// Outcomes and feedback about recommendations that are not in the store.
    unmatched: u64,
    /// Events in the store now.
    stored: u64,
}

#[derive(Debug, Serialize)]
struct Row {
    r#type: Kind,
    #[serde(flatten)]
    counts: Counts,
}

/// Runs the command.
pub(super) fn run(args: Args, context: &Context) -> Result<(), CliError> {
    if !args.data.join("market.json").is_file() {
        let message = format!("{} is no data set: it has no market.json", args.data.display());
        let hint = "make one with `tidyrank generate --out DIR` or `tidyrank import`";
        return Err(CliError::new("data.missing", message, hint));
    }
    let path = args.data.join(STORE);
    if args.list {
        return list(&EventStore::read(&path)?);
    }
    let sources = args.events.iter().map(|path| open(path)).collect::<Result<Vec<_>, _>>()?;
    let mut store = EventStore::open(&path)?;
    let ingested = ingest(&mut store, sources, args.keep_going)?;
    show(&report(path, &store, &ingested)?, context)?;
    if ingested.lines_refused == 0 {
        return Ok(());
    }
    let message =
        format!("{} of the lines cannot be used: the others were added{}", ingested.lines_refused, lines(&ingested));
    Err(CliError::new("events.invalid", message, HINT))
}

const HINT: &str = "correct the lines; docs/events.md lists every field";

fn open(path: &Path) -> Result<(String, Box<dyn BufRead>), CliError> {
    let name = path.display().to_string();
    if name == "-" {
        return Ok((name, Box::new(std::io::stdin().lock())));
    }
    let file = File::open(path).map_err(|source| FileError::Read { path: path.to_owned(), source })?;
    Ok((name, Box::new(BufReader::new(file))))
}

fn list(store: &EventStore) -> Result<(), CliError> {
    let mut output = Output::new();
    for event in store.events(&Filter::default()) {
        if !output.is_open() {
            break;
        }
        output.text(&event?.to_json())?;
        output.text("\n")?;
    }
    output.finish()
}

fn report(path: PathBuf, store: &EventStore, ingested: &Ingested) -> Result<Report, CliError> {
    let Counts { inserted, known } = ingested.total();
    let unmatched = store.unmatched()?;
    if unmatched > 0 {
        warn(&format!("{unmatched} outcomes and feedbacks are about recommendations that are not in the store"));
    }
    let row = |(kind, counts): (&Kind, &Counts)| Row { r#type: *kind, counts: *counts };
    Ok(Report {
        store: path,
        inserted,
        known,
        refused: ingested.lines_refused,
        by_type: ingested.by_kind.iter().map(row).collect(),
        unmatched,
        stored: store.len()?,
    })
}

fn show(report: &Report, context: &Context) -> Result<(), CliError> {
    let mut output = Output::new();
    match context.format {
        Format::Json => output.json(report)?,
        Format::Table => output.text(&text(report))?,
    }
    output.text("\n")?;
    output.finish()
}

fn text(report: &Report) -> String {
    let mut rows = table(&["type", "inserted", "known"]);
    let all = Counts { inserted: report.inserted, known: report.known };
    let by_type = report.by_type.iter().map(|row| (row.r#type.name(), row.counts));
    for (name, counts) in by_type.chain([("all", all)]) {
        rows.add_row([name.to_owned(), counts.inserted.to_string(), counts.known.to_string()]);
    }
    format!("{rows}\n{}: {} events", report.store.display(), report.stored)
}

/// The first refused lines.
fn lines(ingested: &Ingested) -> String {
    let mut text = String::new();
    let shown = ingested.refused.len().min(SHOWN);
    // Writing to a string cannot fail.
    for refused in &ingested.refused[..shown] {
        let _ = write!(text, "\n  {refused}");
    }
    if ingested.refused.len() > shown {
        let _ = write!(text, "\n  …");
    }
    text
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        Self::new(error.code(), error.to_string(), error.hint())
    }
}

impl From<IngestError> for CliError {
    fn from(error: IngestError) -> Self {
        let text = error.to_string();
        match error {
            IngestError::Read { .. } => Self::new("file.read", text, "check the file and its permissions"),
            IngestError::Invalid { ingested } => Self::new("events.invalid", text + &lines(&ingested), HINT),
            IngestError::Store(error) => error.into(),
        }
    }
}
