//! The index: one line of JSON for each thing that happened, every line with its checksum, and a last line that closes the file.
//!
//! ```text
//! {"sum":"<SHA-256 of the event's bytes>","event":{"seq":1,"at":1760000000,"action":"create","name":"cleaners"}}
//! {"lines":1,"sum":"<SHA-256 of the sums above>","format_version":1}
//! ```
//!
//! A flipped byte breaks its line's sum, a missing or doubled line the last line's, so damage is always found. Lines that are whole
//! can be kept when the file is rebuilt.

use serde::{Deserialize, Serialize};

use super::gate::Check;
use crate::artifact::sha256_hex;

/// Name of the index in a registry.
pub const INDEX: &str = "index.jsonl";
/// Version of the format that this build writes and reads.
pub(super) const FORMAT: u32 = 1;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its number, from 1.
    pub seq: u64,
    /// When, in seconds since 1970.
    pub at: i64,
    /// What.
    #[serde(flatten)]
    pub action: Action,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// The registry was made, for models of this name.
    Create {
        /// Name of the models.
        name: String,
    },
    /// A version was added.
    Add {
        /// The version.
        version: String,
        /// SHA-256 of its entry.
        entry: String,
    },
    /// A version passed the gate, or was let through, and is rolled out.
    Promote {
        /// The version.
        version: String,
        /// To how many in a hundred; at 100 it is the champion.
        rollout: u8,
        /// The champion until then.
        replaces: Option<String>,
        /// What the gate looked at.
        checks: Vec<Check>,
        /// Why it was let through although the gate failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        forced: Option<String>,
    },
    /// The share of the version that is being rolled out changed.
    Rollout {
        /// The version.
        version: String,
        /// To how many in a hundred; at 100 it is the champion.
        percent: u8,
    },
    /// A version was taken back.
    Rollback {
        /// Who.
        from: String,
        /// Who serves now.
        to: Option<String>,
    },
    /// A version was signed.
    Sign {
        /// The version.
        version: String,
        /// The public key, in hex.
        key: String,
    },
    /// The index was made anew.
    Rebuild {
        /// Lines that were kept.
        kept: u64,
        /// Lines that could not be.
        dropped: u64,
    },
}

const START: &str = "{\"sum\":\"";
const MIDDLE: &str = "\",\"event\":";

#[derive(Serialize, Deserialize)]
struct Last {
    lines: usize,
    sum: String,
    format_version: u32,
}

/// Why an index cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum IndexError {
    /// It is of a later version.
    Format(u32),
    /// A line, from 1, and what is wrong with it.
    Damaged(usize, String),
}

/// The bytes of an index.
pub(super) fn write(events: &[Event]) -> Vec<u8> {
    let (mut text, mut sums) = (String::new(), String::new());
    for event in events {
        // Serialising plain structs with string keys into memory cannot fail.
        let event = serde_json::to_string(event).unwrap_or_default();
        let sum = sha256_hex(event.as_bytes());
        text.push_str(&format!("{START}{sum}{MIDDLE}{event}}}\n"));
        sums.push_str(&sum);
    }
    let last = Last { lines: events.len(), sum: sha256_hex(sums.as_bytes()), format_version: FORMAT };
    text.push_str(&serde_json::to_string(&last).unwrap_or_default());
    text.push('\n');
    text.into_bytes()
}

/// Reads an index.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Event>, IndexError> {
    let damaged = |line: usize, reason: &str| IndexError::Damaged(line, reason.to_owned());
    let text = std::str::from_utf8(bytes).map_err(|_| damaged(1, "the file is no UTF-8"))?;
    let lines: Vec<&str> = text.lines().collect();
    let cut = || damaged(lines.len() + 1, "the last line is missing: the file was cut off");
    let (last, lines) = lines.split_last().ok_or_else(cut)?;
    let last: Last = serde_json::from_str(last).ok().filter(|_| text.ends_with('\n')).ok_or_else(cut)?;
    if last.format_version != FORMAT {
        return Err(IndexError::Format(last.format_version));
    }
    let (mut events, mut sums) = (Vec::new(), String::new());
    for (at, line) in lines.iter().enumerate() {
        let (sum, event) = parse(line).map_err(|reason| IndexError::Damaged(at + 1, reason))?;
        if event.seq != at as u64 + 1 {
            return Err(damaged(at + 1, "the line is not the next one"));
        }
        sums.push_str(sum);
        events.push(event);
    }
    if last.lines != lines.len() || last.sum != sha256_hex(sums.as_bytes()) {
        return Err(damaged(lines.len() + 1, "the lines are not those that the last line was written for"));
    }
    Ok(events)
}

/// What is whole in a damaged index, and the number of lines that are not.
pub(super) fn salvage(bytes: &[u8]) -> (Vec<Event>, u64) {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("{\"lines\":")).collect();
    let events: Vec<Event> = lines.iter().filter_map(|line| Some(parse(line).ok()?.1)).collect();
    let dropped = lines.len() - events.len();
    (events, dropped as u64)
}

fn parse(line: &str) -> Result<(&str, Event), String> {
    let parts = || line.strip_prefix(START)?.strip_suffix('}')?.split_once(MIDDLE);
    let (sum, event) = parts().ok_or("this is no line of an index")?;
    if sha256_hex(event.as_bytes()) != sum {
        return Err("the line is not what was written: its SHA-256 sum differs".to_owned());
    }
    let event = serde_json::from_str(event).map_err(|error| format!("the event is none: {error}"))?;
    Ok((sum, event))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events() -> Vec<Event> {
        let actions = [
            Action::Create { name: "m".into() },
            Action::Add { version: "1.0.0".into(), entry: "ab".into() },
            Action::Promote {
                version: "1.0.0".into(),
                rollout: 100,
                replaces: None,
                checks: vec![],
                forced: Some("because".into()),
            },
            Action::Rollback { from: "1.0.0".into(), to: None },
        ];
        actions.into_iter().zip(1..).map(|(action, seq)| Event { seq, at: -5, action }).collect()
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(read(&write(&events())), Ok(events()));
        assert_eq!(read(&write(&[])), Ok(vec![]));
        let text =
            String::from_utf8(write(&events())).unwrap().replace("\"format_version\":1}", "\"format_version\":2}");
        assert_eq!(read(text.as_bytes()), Err(IndexError::Format(2)));
    }

    #[test]
    fn every_cut_and_every_flipped_bit_is_found() {
        let bytes = write(&events());
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err(), "length {length}");
        }
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                assert!(read(&flipped).is_err(), "byte {at}, bit {bit}");
            }
        }
    }

    #[test]
    fn lines_that_are_missing_doubled_or_swapped_are_found() {
        let text = String::from_utf8(write(&events())).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let cases = [vec![0, 1, 2, 4], vec![0, 1, 1, 2, 3, 4], vec![0, 2, 1, 3, 4], vec![4], vec![0, 1, 2, 3]];
        for case in cases {
            let text: String = case.iter().map(|&at| format!("{}\n", lines[at])).collect();
            assert!(read(text.as_bytes()).is_err(), "{case:?}");
        }
    }

    #[test]
    fn the_lines_that_are_whole_are_kept() {
        let text = String::from_utf8(write(&events()))
            .unwrap()
            .replace("\"version\":\"1.0.0\",\"entry\"", "\"version\":\"9.0.0\",\"entry\"");
        assert!(matches!(read(text.as_bytes()), Err(IndexError::Damaged(2, _))));
        let (kept, dropped) = salvage(text.as_bytes());
        assert_eq!((kept.iter().map(|event| event.seq).collect::<Vec<_>>(), dropped), (vec![1, 3, 4], 1));
        assert_eq!(salvage(b"\xff\x00"), (vec![], 1));
    }
}
