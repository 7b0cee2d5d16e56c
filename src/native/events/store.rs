//! The events of a data set in one SQLite file: appended in one transaction, read back in the order of time.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params};

use super::error::{Origin, StoreError};
use super::event::{Event, Kind};
use super::json::Json;

/// Name of the store in a data set's folder.
pub const STORE: &str = "events.sqlite";
/// Version of the tables.
pub(super) const VERSION: i32 = 1;
/// "tidy" in ASCII: says whose the file is.
const APPLICATION: i32 = 0x7469_6479;
/// How long another program may keep the file to itself.
const PATIENCE: Duration = Duration::from_secs(10);
/// Events that are read at once.
const PAGE: usize = 1000;

const TABLES: &str = "
CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  at INTEGER NOT NULL,
  type TEXT NOT NULL,
  request_id TEXT,
  job_id TEXT,
  cleaner_id TEXT,
  client_id TEXT,
  experiment TEXT,
  variant TEXT,
  unit_id TEXT,
  segment TEXT,
  recommendation_id TEXT,
  body TEXT NOT NULL,
  source TEXT NOT NULL,
  line INTEGER NOT NULL
) STRICT;
CREATE INDEX events_at ON events (at, seq);
CREATE INDEX events_type ON events (type, at, seq);
CREATE INDEX events_experiment ON events (experiment, at) WHERE experiment IS NOT NULL;
CREATE INDEX events_recommendation ON events (recommendation_id) WHERE recommendation_id IS NOT NULL;
";

const INSERT: &str = "
INSERT INTO events (id, at, type, request_id, job_id, cleaner_id, client_id, experiment, variant, unit_id, segment,
                    recommendation_id, body, source, line)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
ON CONFLICT (id) DO NOTHING";

/// An experiment's recommendations, and what became of them.
const SELECT: &str = "
SELECT at, seq, body, source, line FROM events AS event
WHERE (?1 IS NULL OR type = ?1) AND (?2 IS NULL OR at >= ?2) AND (?3 IS NULL OR at < ?3)
  AND (?4 IS NULL OR experiment = ?4
       OR EXISTS (SELECT 1 FROM events AS about WHERE about.id = event.recommendation_id AND about.experiment = ?4))
  AND (at, seq) > (?5, ?6)
ORDER BY at, seq LIMIT ?7";

/// Which events to read: those that meet all of these.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this type.
    pub kind: Option<Kind>,
    /// Recommended in this experiment, with the feedback and the outcomes of those recommendations.
    pub experiment: Option<String>,
    /// Not before this moment.
    pub from: Option<i64>,
    /// Before this moment.
    pub until: Option<i64>,
}

/// What became of an event that was to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// It is new.
    Inserted,
    /// The same event was there.
    Known,
}

/// The events of a data set.
#[derive(Debug)]
pub struct EventStore {
    connection: Connection,
    path: PathBuf,
}

impl EventStore {
    /// Opens the store in this file, or makes it.
    ///
    /// # Errors
    /// [`StoreError::Foreign`], [`StoreError::Version`], [`StoreError::Sqlite`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let mut store = Self::connect(path, OpenFlags::default())?;
        let fresh = store.check()?;
        if fresh {
            let made = make_tables(&mut store.connection);
            made.map_err(|source| store.sqlite(source))?;
            store.check()?;
        }
        Ok(store)
    }

    /// Opens a store that must be there, for reading only.
    ///
    /// # Errors
    /// [`StoreError::Missing`], and as for [`open`](Self::open).
    pub fn read(path: &Path) -> Result<Self, StoreError> {
        if !path.is_file() {
            return Err(StoreError::Missing { path: path.to_owned() });
        }
        let store = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        if store.check()? { Err(StoreError::Foreign { path: path.to_owned() }) } else { Ok(store) }
    }

    fn connect(path: &Path, flags: OpenFlags) -> Result<Self, StoreError> {
        let opened = Connection::open_with_flags(path, flags)
            .and_then(|connection| connection.busy_timeout(PATIENCE).map(|()| connection));
        match opened {
            Ok(connection) => Ok(Self { connection, path: path.to_owned() }),
            Err(source) => Err(StoreError::Sqlite { path: path.to_owned(), source }),
        }
    }

    /// Whether the file is empty; else it must be a store of a version that is known.
    fn check(&self) -> Result<bool, StoreError> {
        let pragma = |name| self.connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
        let foreign = || StoreError::Foreign { path: self.path.clone() };
        let read: rusqlite::Result<(i32, i32, i32)> = pragma("application_id")
            .and_then(|application| Ok((application, pragma("user_version")?, pragma("schema_version")?)));
        let (application, version, tables) = match read {
            Ok(read) => read,
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => return Err(foreign()),
            Err(source) => return Err(self.sqlite(source)),
        };
        match (application, version) {
            (0, 0) if tables == 0 => Ok(true),
            (APPLICATION, VERSION) => Ok(false),
            (APPLICATION, found) => Err(StoreError::Version { path: self.path.clone(), found }),
            _ => Err(foreign()),
        }
    }

    fn sqlite(&self, source: rusqlite::Error) -> StoreError {
        StoreError::Sqlite { path: self.path.clone(), source }
    }

    /// Starts adding events: all that are added become visible, and last, at [`Append::commit`]; without it none does.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`], with the code `events.busy` while another program adds events.
    pub fn append(&mut self) -> Result<Append<'_>, StoreError> {
        let path = self.path.clone();
        match self.connection.transaction_with_behavior(TransactionBehavior::Immediate) {
            Ok(transaction) => Ok(Append { transaction, path }),
            Err(source) => Err(StoreError::Sqlite { path, source }),
        }
    }

    /// Events in the order of time; those of one second in the order in which they were added. Each comes with where it came
    /// from. The iterator reads some at a time: a store need not fit into memory.
    pub fn events(&self, filter: &Filter) -> Events<'_> {
        Events {
            store: self,
            filter: filter.clone(),
            page: Vec::new().into_iter(),
            after: (i64::MIN, i64::MIN),
            ended: false,
        }
    }

    /// How many events there are.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn len(&self) -> Result<u64, StoreError> {
        self.count("SELECT COUNT(*) FROM events")
    }

    /// Whether there is none.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(self.len()? == 0)
    }

    /// How many outcomes and feedbacks are about a recommendation that is not there (yet).
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn unmatched(&self) -> Result<u64, StoreError> {
        self.count(
            "SELECT COUNT(*) FROM events AS about WHERE recommendation_id IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM events WHERE events.id = about.recommendation_id)",
        )
    }

    fn count(&self, sql: &str) -> Result<u64, StoreError> {
        let count: rusqlite::Result<i64> = self.connection.query_row(sql, [], |row| row.get(0));
        count.map(i64::unsigned_abs).map_err(|source| self.sqlite(source))
    }

    fn page(&self, filter: &Filter, (at, seq): (i64, i64)) -> rusqlite::Result<Vec<Row>> {
        let mut select = self.connection.prepare(SELECT)?;
        let kind = filter.kind.map(Kind::name);
        let limit = PAGE as i64;
        let rows =
            select.query_map(params![kind, filter.from, filter.until, filter.experiment, at, seq, limit], |row| {
                let origin = Origin { source: row.get(3)?, line: row.get::<_, i64>(4)?.unsigned_abs() };
                Ok(Row { at: row.get(0)?, seq: row.get(1)?, body: row.get(2)?, origin })
            })?;
        rows.collect()
    }
}

fn make_tables(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another program may have made them since.
    if transaction.pragma_query_value(None, "schema_version", |row| row.get::<_, i32>(0))? == 0 {
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()
}

/// Events that are being added.
#[derive(Debug)]
pub struct Append<'a> {
    transaction: Transaction<'a>,
    path: PathBuf,
}

impl Append<'_> {
    /// Adds an event, unless the same one is there.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for one that could not be read back, [`StoreError::Conflict`] where another event has its id,
    /// [`StoreError::Sqlite`]. After any of them more may be added, and what was is still there.
    pub fn add(&mut self, event: &Event, origin: &Origin) -> Result<Appended, StoreError> {
        let body = self.body(event, origin)?;
        let inserted = self.insert(event, &body, origin).map_err(|source| self.sqlite(source))?;
        if inserted {
            return Ok(Appended::Inserted);
        }
        let (stored, from) = self.stored(&event.id).map_err(|source| self.sqlite(source))?;
        if stored == body {
            return Ok(Appended::Known);
        }
        let field = first_difference(&stored, &body);
        Err(StoreError::Conflict { id: event.id.clone(), origin: origin.clone(), stored: from, field })
    }

    /// Makes it all last.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`]; nothing was added then.
    pub fn commit(self) -> Result<(), StoreError> {
        let path = self.path;
        self.transaction.commit().map_err(|source| StoreError::Sqlite { path, source })
    }

    /// The event as it is stored: only what can be read again.
    fn body(&self, event: &Event, origin: &Origin) -> Result<String, StoreError> {
        let invalid = |problem| StoreError::Invalid { origin: origin.clone(), problem };
        let body = event.to_json();
        match Event::parse(&body) {
            Ok(_) => Ok(body),
            Err(problems) => Err(invalid(problems.into_iter().next().unwrap_or_else(|| super::Problem {
                code: "event.json",
                field: String::new(),
                message: "cannot be written".to_owned(),
            }))),
        }
    }

    fn insert(&self, event: &Event, body: &str, origin: &Origin) -> rusqlite::Result<bool> {
        let served = event.body.served();
        let maybe = |field: fn(&super::Served) -> Option<&String>| served.and_then(field);
        let mut insert = self.transaction.prepare(INSERT)?;
        let changed = insert.execute(params![
            event.id,
            event.at,
            event.body.kind().name(),
            maybe(|served| Some(&served.request_id)),
            maybe(|served| Some(&served.job_id)),
            maybe(|served| Some(&served.cleaner_id)),
            maybe(|served| served.client_id.as_ref()),
            maybe(|served| served.experiment.as_ref()),
            maybe(|served| served.variant.as_ref()),
            maybe(|served| served.unit_id.as_ref()),
            maybe(|served| served.segment.as_ref()),
            event.body.recommendation_id(),
            body,
            origin.source,
            i64::try_from(origin.line).unwrap_or(i64::MAX),
        ])?;
        Ok(changed > 0)
    }

    fn stored(&self, id: &str) -> rusqlite::Result<(String, Origin)> {
        let mut select = self.transaction.prepare("SELECT body, source, line FROM events WHERE id = ?1")?;
        let found = select.query_row([id], |row| {
            Ok((row.get(0)?, Origin { source: row.get(1)?, line: row.get::<_, i64>(2)?.unsigned_abs() }))
        });
        found.optional()?.ok_or(rusqlite::Error::QueryReturnedNoRows)
    }

    fn sqlite(&self, source: rusqlite::Error) -> StoreError {
        StoreError::Sqlite { path: self.path.clone(), source }
    }
}

impl Event {
    /// The event as one line of JSON, without the line's end: the same event gives the same bytes.
    pub fn to_json(&self) -> String {
        // Texts and numbers only: there is nothing that JSON cannot hold.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The first field of the later text that the stored one does not have with the same value, or one that only that one has.
fn first_difference(stored: &str, body: &str) -> String {
    let fields = |text| match Json::parse(text) {
        Ok(Json::Object(fields)) => fields,
        _ => Vec::new(),
    };
    let (old, new) = (fields(stored), fields(body));
    let differs =
        new.iter().find(|field| !old.contains(field)).or_else(|| old.iter().find(|field| !new.contains(field)));
    differs.map(|(name, _)| name.clone()).unwrap_or_default()
}

/// A stored event before it is read.
#[derive(Debug)]
struct Row {
    at: i64,
    seq: i64,
    body: String,
    origin: Origin,
}

/// Events in the order of time.
#[derive(Debug)]
pub struct Events<'a> {
    store: &'a EventStore,
    filter: Filter,
    page: std::vec::IntoIter<Row>,
    after: (i64, i64),
    ended: bool,
}

impl Iterator for Events<'_> {
    type Item = Result<Event, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.len() == 0 && !self.ended {
            match self.store.page(&self.filter, self.after) {
                Ok(rows) => {
                    self.ended = rows.len() < PAGE;
                    self.page = rows.into_iter();
                }
                Err(source) => {
                    self.ended = true;
                    return Some(Err(self.store.sqlite(source)));
                }
            }
        }
        let row = self.page.next()?;
        self.after = (row.at, row.seq);
        Some(Event::parse(&row.body).map_err(|problems| StoreError::Invalid {
            origin: row.origin,
            problem: problems.into_iter().next().unwrap_or_else(|| super::Problem {
                code: "event.json",
                field: String::new(),
                message: "cannot be read".to_owned(),
            }),
        }))
    }
}
