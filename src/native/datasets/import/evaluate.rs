//! The text that a column mapping gives for one line.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::mapping::{ColumnMapping, From, Synthetic};
use super::parse::{Reading, moment};
use super::problem::Report;
use super::source::Source;
use crate::domain::Timestamp;

/// A column mapping bound to the columns of a file.
pub(super) enum Bound {
    Column(usize),
    /// Texts and columns in turn; the last text has no column.
    Template(Vec<(String, Option<usize>)>),
    Value(String),
    Moments(Vec<Timestamp>),
    /// `start` is no moment of the time format.
    BadStart(String),
}

impl Bound {
    /// Finds the columns; `None` (and problems) where one is not there.
    pub(super) fn new(
        mapping: &ColumnMapping,
        source: &Source,
        target: &str,
        reading: &Reading<'_>,
        report: &mut Report,
    ) -> Option<Self> {
        Some(match &mapping.from {
            From::Column(name) => Self::Column(source.column(name, target, report)?),
            From::Value(value) => Self::Value(value.0.clone()),
            From::Synthetic(clock) => match moment(&clock.start, reading) {
                Some(start) => Self::Moments(moments(clock, start, source.rows.len())),
                None => Self::BadStart(clock.start.clone()),
            },
            From::Template(template) => {
                let mut parts = Vec::new();
                let mut rest = template.as_str();
                while let Some((text, after)) = rest.split_once('{') {
                    let (name, after) = after.split_once('}').unwrap_or((after, ""));
                    parts.push((text.to_owned(), Some(source.column(name, target, report)?)));
                    rest = after;
                }
                parts.push((rest.to_owned(), None));
                Self::Template(parts)
            }
            From::Nothing => Self::Value(String::new()),
        })
    }

    /// The text for one line; `None` where a part of it is missing.
    pub(super) fn text(&self, row: &[String], missing: &[String]) -> Option<String> {
        let field = |at: usize| row.get(at).filter(|text| !missing.contains(text));
        match self {
            Self::Column(at) => field(*at).cloned(),
            Self::Value(value) | Self::BadStart(value) => Some(value.clone()),
            Self::Moments(_) => None,
            Self::Template(parts) => {
                let mut text = String::new();
                for (before, column) in parts {
                    text.push_str(before);
                    if let Some(at) = column {
                        text.push_str(field(*at)?);
                    }
                }
                Some(text)
            }
        }
    }
}

/// The moment of each row. Rows of one file, seed and number get the same order in every table.
fn moments(clock: &Synthetic, start: Timestamp, rows: usize) -> Vec<Timestamp> {
    let mut places: Vec<i64> = (0..rows as i64).collect();
    if let Some(seed) = clock.shuffle_seed {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        for last in (1..rows).rev() {
            // Fisher and Yates; the bias of the remainder is below 2^-32.
            places.swap(last, (rng.next_u64() % (last as u64 + 1)) as usize);
        }
    }
    let minute = |place: i64| place * i64::from(clock.step_minutes) + i64::from(clock.plus_minutes);
    places.into_iter().map(|place| start + 60 * minute(place)).collect()
}
