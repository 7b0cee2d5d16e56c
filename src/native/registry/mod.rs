//! A registry of released models: a folder with every version that was ever added, who of them serves, and how that came about.
//!
//! * `objects/<sha256>`: the bytes of files, addressed by their content.
//! * `entries/<version>.json`: what a version consists of; never changed. `<version>.sig` beside it is a signature of it.
//! * `index.jsonl`: one line for each thing that happened. Stages are what the lines add up to, so there is one file that changes,
//!   and replacing it is the one moment at which a command has happened.
//!
//! No clock is read here: the moment of a step is an input. `docs/registry.md` has the whole story.

mod diff;
mod entry;
mod error;
mod figures;
mod gate;
mod index;
mod mend;
mod publish;
mod sign;
mod stages;
mod state;
mod store;
mod verify;

#[cfg(test)]
mod tests;

pub use diff::Difference;
pub use entry::{Entry, StoredFile, parse_version};
pub use error::RegistryError;
pub use gate::{Check, Limits, Verdict};
pub use index::{Action, Event, INDEX};
pub use mend::Rebuilt;
pub use publish::{PUBLISHED, Published, PublishedVersion};
pub use sign::{PublicKey, SecretKey};
pub use stages::{Promotion, SHARES};
pub use state::{Known, Stage, State};
pub use store::{Added, Registry};
pub use verify::{Problem, Signature, Verified, VersionReport};
