//! Lines of JSON into a store of events.

use std::collections::BTreeMap;
use std::io::{BufRead, Read};

use serde::Serialize;
use thiserror::Error;

use super::error::{Origin, StoreError};
use super::event::{Event, Kind};
use super::read::Problem;
use super::store::{Append, Appended, EventStore};

/// The longest line in bytes. An event with the longest comment needs some 30,000.
const MAX_LINE: u64 = 1 << 20;
/// How many refused lines are kept to be shown.
const KEPT: usize = 100;

/// A line that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Where it is.
    pub origin: Origin,
    /// What is wrong with it.
    pub problem: Problem,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.origin, self.problem)
    }
}

/// How many events of a type were added, and how many were there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// New ones.
    pub inserted: u64,
    /// Those that were known.
    pub known: u64,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ingested {
    /// By type.
    pub by_kind: BTreeMap<Kind, Counts>,
    /// Lines that were refused, the first hundred.
    pub refused: Vec<Refused>,
    /// How many lines were refused.
    pub lines_refused: u64,
}

impl Ingested {
    /// All types together.
    pub fn total(&self) -> Counts {
        self.by_kind.values().fold(Counts::default(), |sum, counts| Counts {
            inserted: sum.inserted + counts.inserted,
            known: sum.known + counts.known,
        })
    }

    fn add(&mut self, kind: Kind, appended: Appended) {
        let counts = self.by_kind.entry(kind).or_default();
        match appended {
            Appended::Inserted => counts.inserted += 1,
            Appended::Known => counts.known += 1,
        }
    }

    fn refuse(&mut self, origin: &Origin, problems: Vec<Problem>) {
        self.lines_refused += 1;
        let room = KEPT.saturating_sub(self.refused.len());
        let refused = problems.into_iter().take(room).map(|problem| Refused { origin: origin.clone(), problem });
        self.refused.extend(refused);
    }
}

/// Why nothing was added.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IngestError {
    /// A source cannot be read.
    #[error("{origin}: {error}")]
    Read {
        /// Where reading ended.
        origin: Origin,
        /// Why.
        error: std::io::Error,
    },
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Some lines are wrong.
    #[error("{} of the lines cannot be used: nothing was added", ingested.lines_refused)]
    Invalid {
        /// Which.
        ingested: Ingested,
    },
}

/// Adds the events of all sources, each with its name, in one transaction. Events that are known are counted and left alone.
///
/// Lines that are wrong, or that have the id of another event: all of them are found; then nothing is added, or with
/// `keep_going` everything else.
///
/// # Errors
/// [`IngestError`]; nothing was added then.
pub fn ingest<'a>(
    store: &mut EventStore,
    sources: impl IntoIterator<Item = (String, Box<dyn BufRead + 'a>)>,
    keep_going: bool,
) -> Result<Ingested, IngestError> {
    let mut ingested = Ingested::default();
    let mut append = store.append()?;
    for (source, mut lines) in sources {
        add_lines(&mut append, &source, lines.as_mut(), &mut ingested)?;
    }
    if ingested.lines_refused > 0 && !keep_going {
        return Err(IngestError::Invalid { ingested });
    }
    append.commit()?;
    Ok(ingested)
}

fn add_lines(
    append: &mut Append<'_>,
    source: &str,
    lines: &mut dyn BufRead,
    ingested: &mut Ingested,
) -> Result<(), IngestError> {
    let mut bytes = Vec::new();
    for line in 1.. {
        let origin = Origin { source: source.to_owned(), line };
        let read = next_line(lines, &mut bytes);
        match read.map_err(|error| IngestError::Read { origin: origin.clone(), error })? {
            Line::End => break,
            Line::TooLong => {
                let message = format!("the line is longer than {MAX_LINE} bytes");
                ingested.refuse(&origin, vec![Problem { code: "event.too_long", field: String::new(), message }]);
            }
            Line::Whole => add_line(append, &bytes, &origin, ingested)?,
        }
    }
    Ok(())
}

fn add_line(append: &mut Append<'_>, bytes: &[u8], origin: &Origin, ingested: &mut Ingested) -> Result<(), StoreError> {
    let whole = |code, message: &str| Problem { code, field: String::new(), message: message.to_owned() };
    let Ok(text) = std::str::from_utf8(bytes) else {
        ingested.refuse(origin, vec![whole("event.json", "the line is no UTF-8")]);
        return Ok(());
    };
    if text.trim().is_empty() {
        return Ok(());
    }
    match Event::parse(text.trim_end()) {
        Ok(event) => match append.add(&event, origin) {
            Ok(appended) => ingested.add(event.body.kind(), appended),
            Err(StoreError::Conflict { id, stored, field, .. }) => {
                let message = format!("event {id:?} differs from the one of {stored} with the same id");
                ingested.refuse(origin, vec![Problem { code: "event.conflict", field, message }]);
            }
            Err(StoreError::Invalid { problem, .. }) => ingested.refuse(origin, vec![problem]),
            Err(error) => return Err(error),
        },
        Err(problems) => ingested.refuse(origin, problems),
    }
    Ok(())
}

enum Line {
    Whole,
    TooLong,
    End,
}

/// The next line without its end. Of one that is too long no more is kept than the limit.
fn next_line(lines: &mut dyn BufRead, bytes: &mut Vec<u8>) -> std::io::Result<Line> {
    bytes.clear();
    let read = lines.take(MAX_LINE).read_until(b'\n', bytes)?;
    if read == 0 {
        return Ok(Line::End);
    }
    if bytes.pop_if(|last| *last == b'\n').is_some() || (read as u64) < MAX_LINE {
        return Ok(Line::Whole);
    }
    loop {
        bytes.clear();
        let read = lines.take(MAX_LINE).read_until(b'\n', bytes)?;
        if read == 0 || bytes.last() == Some(&b'\n') {
            return Ok(Line::TooLong);
        }
    }
}
