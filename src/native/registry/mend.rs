//! What commands that were broken off left, and what became damaged: found, cleared away, made anew.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use super::RegistryError as Error;
use super::entry::{Entry, parse_version};
use super::index::{self, Action, Event, INDEX};
use super::state::State;
use super::store::{ENTRIES, NEW, OBJECTS, Registry, lock, names, step};
use crate::artifact::sha256_hex;
use crate::native::files::{self, FileError};

/// What a damaged index is kept as.
const KEPT: &str = "index.damaged.jsonl";

/// What happened, and when.
type Dated = (i64, Action);

/// What a rebuilt index has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// Lines that were kept.
    pub kept: u64,
    /// Lines that could not be.
    pub dropped: u64,
    /// Versions that no line named and that were added from their entries.
    pub found: Vec<String>,
    /// Entries that are damaged, by file.
    pub damaged: Vec<String>,
}

impl Registry {
    /// What broken-off commands left, by name: half-written files, entries that the index does not name, objects of no entry.
    ///
    /// # Errors
    /// [`File`](super::RegistryError::File).
    pub fn leftovers(&self) -> Result<Vec<String>, Error> {
        let mut left = Vec::new();
        let mut used: HashSet<String> = HashSet::new();
        let mut whole = self.state().versions.iter().all(|known| self.entry(&known.version).is_ok());
        for name in names(&self.path().join(ENTRIES))? {
            let new = name.strip_suffix(".new").and_then(|version| self.state().known(version));
            if name.ends_with(".part") || name.ends_with(".new") && new.is_none() {
                left.push(format!("{ENTRIES}/{name}"));
                continue;
            }
            if name.ends_with(".sig") {
                continue;
            }
            // Also the objects of entries that an index of long ago does not know. Where an entry cannot be read, nobody knows
            // which objects are its own.
            let bytes = files::read(&self.path().join(ENTRIES).join(&name)).unwrap_or_default();
            match serde_json::from_slice::<Entry>(&bytes) {
                Ok(entry) => used.extend(entry.files.into_iter().map(|file| file.sha256)),
                Err(_) => whole = false,
            }
        }
        for name in names(&self.path().join(OBJECTS))? {
            if name.ends_with(".part") || whole && !used.contains(&name) {
                left.push(format!("{OBJECTS}/{name}"));
            }
        }
        left.extend(names(self.path())?.into_iter().filter(|name| name.ends_with(".part")));
        Ok(left)
    }

    /// Entries that the index does not name.
    pub(super) fn unknown(&self) -> Result<Vec<String>, Error> {
        let unknown = |name: &String| {
            let version = name.strip_suffix(".json").or_else(|| name.strip_suffix(".sig"));
            version.is_some_and(|version| self.state().known(version).is_none())
        };
        Ok(names(&self.path().join(ENTRIES))?
            .into_iter()
            .filter(unknown)
            .map(|name| format!("{ENTRIES}/{name}"))
            .collect())
    }

    /// Clears away the leftovers and finishes what was committed. Only ever called with the lock.
    pub(super) fn clean(&self) -> Result<(), Error> {
        for known in &self.state().versions {
            let new = self.entry_path(&known.version, NEW);
            let whole = || files::read(&new).is_ok_and(|bytes| sha256_hex(&bytes) == known.entry);
            if new.is_file() && whole() {
                self.settle(&known.version)?;
            }
        }
        for name in self.leftovers()? {
            let path = self.path().join(name);
            step();
            fs::remove_file(&path).map_err(|source| FileError::Write { path, source })?;
        }
        Ok(())
    }

    /// Writes a lost or damaged entry anew, where the model at hand and the moment of its addition make the one that was added.
    pub(super) fn mend(&self, entry: &Entry) -> Result<(), Error> {
        let version = &entry.version;
        let added = |event: &&Event| matches!(&event.action, Action::Add { version: added, .. } if added == version);
        let (Err(Error::Content { .. }), Some(event)) = (self.entry(version), self.history().iter().find(added)) else {
            return Ok(());
        };
        let bytes = Entry { created_at: event.at, ..entry.clone() }.to_bytes();
        if self.state().known(version).is_some_and(|known| known.entry == sha256_hex(&bytes)) {
            step();
            files::write_atomic(&self.entry_path(version, "json"), &bytes)?;
        }
        Ok(())
    }

    /// Makes the index anew: keeps the lines that are whole, adds the versions that only their entries know, and keeps the
    /// damaged file beside it.
    ///
    /// # Errors
    /// [`Missing`](super::RegistryError::Missing) for a folder without index and entries, [`Busy`](super::RegistryError::Busy), [`File`](super::RegistryError::File).
    pub fn rebuild(path: &Path, at: i64) -> Result<(Self, Rebuilt), Error> {
        let file = path.join(INDEX);
        let (old, there) = match fs::read(&file) {
            Ok(bytes) => (bytes, true),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => (vec![], false),
            Err(source) => return Err(FileError::Read { path: file, source }.into()),
        };
        if !there && names(&path.join(ENTRIES))?.is_empty() {
            return Err(Error::Missing { path: path.to_owned() });
        }
        let lock = lock(path)?;
        if there {
            files::write_atomic(&path.join(KEPT), &old)?;
        }
        let (lines, mut dropped) = index::salvage(&old);
        let mut rebuilt = Rebuilt { kept: 0, dropped: 0, found: vec![], damaged: vec![] };
        let mut entries = entries(path, &mut rebuilt.damaged)?;
        entries.sort_by_cached_key(|(entry, _)| (entry.created_at, parse_version(&entry.version).ok()));
        let (mut actions, mut steps): (Vec<Dated>, Vec<Dated>) = lines
            .into_iter()
            .map(|event| (event.at, event.action))
            .partition(|(_, action)| matches!(action, Action::Create { .. } | Action::Add { .. }));
        // A step may be about a version whose line was lost: all additions come first.
        let named = |actions: &[Dated], name: &str| {
            actions.iter().any(|(_, action)| matches!(action, Action::Add { version, .. } if version == name))
        };
        for (entry, sum) in entries {
            if !named(&actions, &entry.version) {
                rebuilt.found.push(entry.version.clone());
                actions.push((entry.created_at, Action::Add { version: entry.version, entry: sum }));
            }
            if !actions.iter().any(|(_, action)| matches!(action, Action::Create { .. })) {
                actions.insert(0, (entry.created_at, Action::Create { name: entry.name }));
            }
        }
        actions.append(&mut steps);
        let (mut events, mut state) = (Vec::new(), State::default());
        for (at, action) in actions {
            match state.apply(&action) {
                Ok(()) => events.push(Event { seq: events.len() as u64 + 1, at, action }),
                Err(_) => dropped += 1,
            }
        }
        (rebuilt.kept, rebuilt.dropped) = ((events.len() - rebuilt.found.len()) as u64, dropped);
        let mut registry = Self::of(path, events, Some(lock))?;
        registry.append(Action::Rebuild { kept: rebuilt.kept, dropped }, at)?;
        Ok((registry, rebuilt))
    }
}

/// All entries that are whole, with their sums; those that are not are named.
fn entries(path: &Path, damaged: &mut Vec<String>) -> Result<Vec<(Entry, String)>, Error> {
    let mut entries = Vec::new();
    for name in names(&path.join(ENTRIES))? {
        let Some(version) = name.strip_suffix(".json") else { continue };
        let bytes = files::read(&path.join(ENTRIES).join(&name))?;
        match serde_json::from_slice::<Entry>(&bytes) {
            Ok(entry) if entry.version == version => entries.push((entry, sha256_hex(&bytes))),
            _ => damaged.push(format!("{ENTRIES}/{name}")),
        }
    }
    Ok(entries)
}
