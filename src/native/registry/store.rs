//! The folder of a registry: reading it, and adding to it.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::entry::{Entry, StoredFile, parse_version};
use super::index::{self, Action, Event, INDEX, IndexError};
use super::state::State;
use super::{RegistryError, RegistryError as Error};
use crate::artifact::sha256_hex;
use crate::native::files::{self, FileError};
use crate::native::model_dir::{MANIFEST, ModelDir};

/// The bytes of files, by their SHA-256.
pub(super) const OBJECTS: &str = "objects";
/// What versions consist of.
pub(super) const ENTRIES: &str = "entries";
const LOCK: &str = "lock";
/// What an entry is called until the index names it.
pub(super) const NEW: &str = "new";
/// Files of a model's folder that its manifest does not name and a registry keeps all the same.
const BESIDE: [&str; 3] = ["recipe.toml", "metrics.json", "history.jsonl"];
/// How long another program may hold the registry, in pauses.
const PAUSES: u64 = 100;
const PAUSE: Duration = Duration::from_millis(100);

/// A registry on disk.
#[derive(Debug)]
pub struct Registry {
    path: PathBuf,
    events: Vec<Event>,
    state: State,
    /// Held for as long as this writes; the system lets go of it whatever happens to the program.
    lock: Option<File>,
}

/// What became of a model that was to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// Its version.
    pub version: String,
    /// Whether it was new.
    pub new: bool,
    /// Objects that were written.
    pub written: u64,
    /// Files of the folder that are neither in the manifest nor usual beside it, and were left out.
    pub left_out: Vec<String>,
}

impl Registry {
    /// Opens a registry to look at it. Writers do not disturb: the index is replaced whole.
    ///
    /// # Errors
    /// [`RegistryError::Missing`], [`RegistryError::Damaged`], [`RegistryError::Format`], [`RegistryError::File`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        let events = read_index(path)?.ok_or_else(|| Error::Missing { path: path.to_owned() })?;
        Self::of(path, events, None)
    }

    /// Opens a registry to change it: waits for other writers, and clears away what broken-off commands left.
    ///
    /// # Errors
    /// As [`read`](Self::read), and [`RegistryError::Busy`].
    pub fn write(path: &Path) -> Result<Self, Error> {
        // A folder is not made for a command that cannot succeed in it.
        read_index(path)?.ok_or_else(|| Error::Missing { path: path.to_owned() })?;
        let lock = lock(path)?;
        let events = read_index(path)?.ok_or_else(|| Error::Missing { path: path.to_owned() })?;
        let registry = Self::of(path, events, Some(lock))?;
        registry.clean()?;
        Ok(registry)
    }

    /// As [`write`](Self::write), and makes the registry if there is none.
    ///
    /// # Errors
    /// As [`write`](Self::write), and [`RegistryError::Foreign`] for a folder with something else in it.
    pub fn create(path: &Path, name: &str, at: i64) -> Result<Self, Error> {
        if read_index(path)?.is_none() {
            foreign(path)?;
            let lock = lock(path)?;
            // Another writer may have been quicker.
            if read_index(path)?.is_none() {
                let mut registry = Self::of(path, vec![], Some(lock))?;
                registry.append(Action::Create { name: name.to_owned() }, at)?;
                registry.clean()?;
                return Ok(registry);
            }
        }
        Self::write(path)
    }

    pub(super) fn of(path: &Path, events: Vec<Event>, lock: Option<File>) -> Result<Self, Error> {
        let mut state = State::default();
        for (at, event) in events.iter().enumerate() {
            state.apply(&event.action).map_err(|reason| damaged(path, at + 1, reason))?;
        }
        Ok(Self { path: path.to_owned(), events, state, lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Who is what.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What happened, oldest first.
    pub fn history(&self) -> &[Event] {
        &self.events
    }

    /// The version that a text names: a version, or `champion`, `challenger` (the one that is being rolled out) or `previous`.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`].
    pub fn resolve(&self, text: &str) -> Result<String, Error> {
        let state = &self.state;
        let named = match text {
            "champion" => state.champion.as_deref(),
            "challenger" => state.rollout.as_ref().map(|(version, _)| version.as_str()),
            "previous" => state.previous(),
            version => state.known(version).map(|known| known.version.as_str()),
        };
        let known = || state.versions.iter().map(|known| known.version.clone()).collect();
        named.map(str::to_owned).ok_or_else(|| Error::Unknown { version: text.to_owned(), known: known() })
    }

    /// What a version consists of.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`]; [`RegistryError::Content`] for an entry that is missing or not what was added.
    pub fn entry(&self, version: &str) -> Result<Entry, Error> {
        let bytes = self.entry_bytes(version)?;
        let path = self.entry_path(version, "json");
        serde_json::from_slice(&bytes)
            .map_err(|error| content(version, "the entry", &path, format!("is none: {error}")))
    }

    /// The bytes of an entry, which are those that a signature is of.
    pub(super) fn entry_bytes(&self, version: &str) -> Result<Vec<u8>, Error> {
        let version = self.resolve(version)?;
        let sum = self.state.known(&version).map(|known| known.entry.as_str()).unwrap_or_default();
        let path = self.entry_path(&version, "json");
        // Between the commit of an addition and its end the entry has its first name.
        let bytes = fs::read(&path).or_else(|_| fs::read(self.entry_path(&version, NEW)));
        let bytes = bytes.map_err(|error| content(&version, "the entry", &path, format!("cannot be read: {error}")))?;
        if sha256_hex(&bytes) != sum {
            return Err(content(&version, "the entry", &path, "is not what was added: its SHA-256 sum differs".into()));
        }
        Ok(bytes)
    }

    /// The bytes of a file of a version, checked.
    ///
    /// # Errors
    /// [`RegistryError::Content`] for a file that is missing or not what was added.
    pub fn file(&self, version: &str, file: &StoredFile) -> Result<Vec<u8>, Error> {
        let path = self.object_path(&file.sha256);
        let bytes =
            fs::read(&path).map_err(|error| content(version, &file.path, &path, format!("cannot be read: {error}")))?;
        if bytes.len() as u64 != file.size || sha256_hex(&bytes) != file.sha256 {
            return Err(content(version, &file.path, &path, "is not what was added: its SHA-256 sum differs".into()));
        }
        Ok(bytes)
    }

    /// Adds the model of a folder. The same content again changes nothing, but missing or damaged objects are written anew.
    ///
    /// # Errors
    /// [`RegistryError::Model`] for a damaged folder, [`RegistryError::Version`], [`RegistryError::OtherModel`],
    /// [`RegistryError::Exists`] for a version that is there with other content, [`RegistryError::File`].
    pub fn add(path: &Path, model: &Path, at: i64) -> Result<Added, Error> {
        let (entry, contents) = gather(model, at)?;
        let mut registry = Self::create(path, &entry.name, at)?;
        let state = &registry.state;
        if state.name != entry.name {
            return Err(Error::OtherModel { expected: state.name.clone(), found: entry.name });
        }
        let version = entry.version.clone();
        let known = state.known(&version).is_some();
        if known {
            registry.mend(&entry)?;
            registry.same(&entry)?;
        }
        let mut written = 0;
        for (file, bytes) in entry.files.iter().zip(&contents) {
            if registry.file(&version, file).is_err() {
                step();
                files::write_atomic(&registry.object_path(&file.sha256), bytes)?;
                written += 1;
            }
        }
        if !known {
            registry.commit(&entry, at)?;
        }
        Ok(Added { version, new: !known, written, left_out: left_out(model, &entry)? })
    }

    /// The objects are there. The entry stands under its first name until the index names it, so that what was never added
    /// can be told from what an index of long ago does not know.
    fn commit(&mut self, entry: &Entry, at: i64) -> Result<(), Error> {
        let bytes = entry.to_bytes();
        step();
        files::write_atomic(&self.entry_path(&entry.version, NEW), &bytes)?;
        self.append(Action::Add { version: entry.version.clone(), entry: sha256_hex(&bytes) }, at)?;
        self.settle(&entry.version)
    }

    /// Gives an entry its name for good.
    pub(super) fn settle(&self, version: &str) -> Result<(), Error> {
        let (new, path) = (self.entry_path(version, NEW), self.entry_path(version, "json"));
        step();
        fs::rename(&new, &path).map_err(|source| FileError::Write { path: path.clone(), source })?;
        files::sync_folder(&path);
        Ok(())
    }

    fn same(&self, entry: &Entry) -> Result<(), Error> {
        let known = self.entry(&entry.version)?;
        let other = |file: &&StoredFile| known.file(&file.path) != Some(file);
        let gone = |file: &&StoredFile| entry.file(&file.path).is_none();
        match entry.files.iter().find(other).or_else(|| known.files.iter().find(gone)) {
            Some(file) => Err(Error::Exists { version: entry.version.clone(), file: file.path.clone() }),
            None => Ok(()),
        }
    }

    /// Writes one more line. When the file has its name, the step has happened; before that it has not.
    pub(super) fn append(&mut self, action: Action, at: i64) -> Result<(), Error> {
        let mut state = self.state.clone();
        state.apply(&action).map_err(|reason| Error::Stage { reason })?;
        let mut events = self.events.clone();
        events.push(Event { seq: events.len() as u64 + 1, at, action });
        step();
        files::write_atomic(&self.path.join(INDEX), &index::write(&events))?;
        (self.events, self.state) = (events, state);
        Ok(())
    }

    pub(super) fn entry_path(&self, version: &str, ending: &str) -> PathBuf {
        self.path.join(ENTRIES).join(format!("{version}.{ending}"))
    }

    pub(super) fn object_path(&self, sha256: &str) -> PathBuf {
        self.path.join(OBJECTS).join(sha256)
    }

    /// Whether this may write.
    pub(super) fn is_locked(&self) -> bool {
        self.lock.is_some()
    }
}

/// The entry of a model's folder, and the bytes of its files in the entry's order.
fn gather(model: &Path, at: i64) -> Result<(Entry, Vec<Vec<u8>>), Error> {
    let folder = ModelDir::open(model)?;
    let manifest = &folder.manifest;
    parse_version(&manifest.version)?;
    let mut contents = vec![(MANIFEST.to_owned(), files::read(&model.join(MANIFEST))?)];
    for file in &manifest.files {
        contents.push((file.path.clone(), folder.read(&file.role)?));
    }
    for name in BESIDE.iter().filter(|name| model.join(name).is_file()) {
        if !contents.iter().any(|(known, _)| known == name) {
            contents.push(((*name).to_owned(), files::read(&model.join(name))?));
        }
    }
    contents.sort();
    contents.dedup();
    let stored = |(path, bytes): &(String, Vec<u8>)| StoredFile {
        path: path.clone(),
        size: bytes.len() as u64,
        sha256: sha256_hex(bytes),
    };
    let entry = Entry {
        format_version: 1,
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        created_at: at,
        created_by: manifest.created_by.clone(),
        data_fingerprint: manifest.data_fingerprint.clone(),
        metrics: manifest.metrics.clone(),
        files: contents.iter().map(stored).collect(),
    };
    Ok((entry, contents.into_iter().map(|(_, bytes)| bytes).collect()))
}

/// Files of a model's folder that are not in the entry.
fn left_out(model: &Path, entry: &Entry) -> Result<Vec<String>, Error> {
    Ok(names(model)?.into_iter().filter(|name| entry.file(name).is_none()).collect())
}

/// The index of a folder, if there is one. Entries without an index are a damaged registry.
fn read_index(path: &Path) -> Result<Option<Vec<Event>>, Error> {
    let file = path.join(INDEX);
    match fs::read(&file) {
        Ok(bytes) => index::read(&bytes).map(Some).map_err(|error| match error {
            IndexError::Format(found) => Error::Format { path: file, found },
            IndexError::Damaged(line, reason) => Error::Damaged { path: file, line, reason },
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if names(&path.join(ENTRIES))?.iter().any(|name| name.ends_with(".json")) {
                return Err(damaged(path, 1, "there are entries, but no index".to_owned()));
            }
            Ok(None)
        }
        Err(source) => Err(FileError::Read { path: file, source }.into()),
    }
}

/// Refuses a folder that somebody else uses.
fn foreign(path: &Path) -> Result<(), Error> {
    let ours = |name: &String| name == LOCK || name.ends_with(".part");
    let found = names(path)?.into_iter().find(|name| !ours(name));
    found.map_or(Ok(()), |found| Err(Error::Foreign { path: path.to_owned(), found }))
}

/// The names of the files of a folder, sorted; none where there is no folder.
pub(super) fn names(folder: &Path) -> Result<Vec<String>, Error> {
    let read = |source: std::io::Error| FileError::Read { path: folder.to_owned(), source };
    let listed = match fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(vec![]),
        Err(error) => return Err(read(error).into()),
    };
    let mut names = Vec::new();
    for entry in listed {
        let entry = entry.map_err(read)?;
        if !entry.path().is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

pub(super) fn lock(path: &Path) -> Result<File, Error> {
    let file = path.join(LOCK);
    let write = |source: std::io::Error| FileError::Write { path: file.clone(), source };
    fs::create_dir_all(path).map_err(write)?;
    let lock = File::options().create(true).truncate(false).write(true).open(&file).map_err(write)?;
    for _ in 0..PAUSES {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            Err(TryLockError::Error(source)) => return Err(write(source).into()),
        }
    }
    let seconds = PAUSES * PAUSE.as_millis() as u64 / 1000;
    Err(Error::Busy { path: path.to_owned(), seconds })
}

fn damaged(path: &Path, line: usize, reason: String) -> Error {
    Error::Damaged { path: path.join(INDEX), line, reason }
}

fn content(version: &str, file: &str, path: &Path, reason: String) -> RegistryError {
    Error::Content { version: version.to_owned(), file: file.to_owned(), path: path.to_owned(), reason }
}

/// Stands before everything that changes the disk, so that a test can break off there.
#[cfg(not(test))]
pub(super) fn step() {}
#[cfg(test)]
pub(super) use super::tests::step;
