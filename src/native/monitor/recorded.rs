//! What pages recorded: whom they showed, and which ratings came of it.

use std::collections::HashMap;

use super::observe::Rated;
use crate::domain::{Market, Vocabulary};
use crate::native::events::{Event, EventBody, OutcomeKind, Served};

/// The level of intervals where an event names none.
const LEVEL: f64 = 0.9;

/// What events say.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recorded {
    /// How often each cleaner was shown, by index.
    pub shown: Vec<u64>,
    /// The ratings that came of recommendations, in the order in which they came.
    pub rated: Vec<Rated>,
    /// Outcomes of recommendations that are not among the events.
    pub unmatched: u64,
}

/// Reads events in the order of time. A recommendation that was rated more than once counts with its last rating.
pub fn recorded(events: impl IntoIterator<Item = Event>, market: &Market, cleaners: &Vocabulary) -> Recorded {
    let mut found = Recorded { shown: vec![0; cleaners.len()], ..Recorded::default() };
    let mut shown: HashMap<String, (i64, Served)> = HashMap::new();
    let mut rated: HashMap<String, usize> = HashMap::new();
    for Event { id, at, body, .. } in events {
        match body {
            EventBody::CleanerRecommendation { served, .. } => {
                if let Some(cleaner) = cleaners.get(&served.cleaner_id) {
                    found.shown[cleaner as usize] += 1;
                }
                shown.insert(id, (at, served));
            }
            EventBody::Outcome { recommendation_id, outcome: OutcomeKind::Rated, value: Some(value) } => {
                let Some((at, served)) = shown.get(&recommendation_id) else {
                    found.unmatched += 1;
                    continue;
                };
                let Some(expected) = served.neural_score else { continue };
                let level = served.interval_level.unwrap_or(LEVEL);
                let rating = Rated {
                    at: *at,
                    expected: expected / 100.0,
                    actual: f64::from(market.normalise_rating(value as f32)),
                    interval: served.interval.map(|(low, high)| (low / 100.0, high / 100.0, level)),
                };
                let place = *rated.entry(recommendation_id).or_insert(found.rated.len());
                match found.rated.get_mut(place) {
                    Some(before) => *before = rating,
                    None => found.rated.push(rating),
                }
            }
            _ => {}
        }
    }
    found
}
