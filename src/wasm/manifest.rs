//! A manifest as `js/src/manifest.ts` writes it: that side parses the JSON.

use super::wire::Reader;
use crate::artifact::{ArtifactError, FORMAT_VERSION, FileEntry, Manifest};

/// The manifest in these bytes, after checking it.
pub(super) fn read_manifest(bytes: &[u8]) -> Result<Manifest, ArtifactError> {
    let refuse = |reason: String| ArtifactError::Manifest { reason };
    let unreadable = || refuse("it is not in the form of this build".to_owned());
    let reader = &mut Reader::new(bytes);
    // A later version may have fields of other types: that it is later is the better reason.
    let head = head(reader).ok_or_else(unreadable)?.check()?;
    let problem = reader.maybe_text().ok_or_else(unreadable)?;
    match problem {
        Some(problem) => Err(refuse(problem)),
        None => body(reader, head).ok_or_else(unreadable)?.check(),
    }
}

/// The two versions; where they cannot be read, they are not what is wrong.
fn head(reader: &mut Reader<'_>) -> Option<Manifest> {
    let versions = [reader.maybe()?, reader.maybe()?].map(|version| version.map_or(FORMAT_VERSION, |at| at as u32));
    Some(Manifest { format_version: versions[0], oldest_readable: versions[1], ..Manifest::default() })
}

fn body(reader: &mut Reader<'_>, head: Manifest) -> Option<Manifest> {
    Some(Manifest {
        name: reader.text()?,
        version: reader.text()?,
        schema_hash: reader.text()?,
        rule_weight: reader.number()? as f32,
        price_weight: reader.float()?.unwrap_or_default(),
        jobs_rule_weight: reader.float()?,
        files: reader.list(file)??,
        ..head
    })
}

fn file(reader: &mut Reader<'_>) -> Option<FileEntry> {
    reader.length()??;
    let [role, path, sha256] = [reader.text()?, reader.text()?, reader.text()?];
    Some(FileEntry { role, path, sha256, size: reader.number()? as u64 })
}
