//! From events to units: who was exposed to which variant when, and what came of it.
//!
//! A unit counts once, however many recommendations it saw. It is exposed from its first recommendation on. A unit that saw
//! two variants is left out (and counted): its outcomes belong to neither.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::native::events::{Event, EventBody, OutcomeKind, Served};

/// A unit of one variant.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// Index of the variant.
    pub variant: usize,
    /// First recommendation.
    pub exposed_at: i64,
    /// First outcome that counts, if there was one.
    pub converted_at: Option<i64>,
    /// Values of outcomes that carry one, by outcome.
    pub values: BTreeMap<OutcomeKind, Vec<f64>>,
    /// By segment it was seen in: whether it converted there.
    pub segments: BTreeMap<String, bool>,
}

/// The units of an experiment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Units {
    /// Names of the variants, sorted.
    pub variants: Vec<String>,
    /// The units, in the order of their exposure.
    pub units: Vec<Unit>,
    /// Units that saw two variants and are left out.
    pub crossed: u64,
    /// Lists that were recommended.
    pub requests: Vec<u64>,
    /// First and last moment of an event of the experiment.
    pub window: Option<(i64, i64)>,
}

/// What a recommendation was part of.
struct Shown<'a> {
    unit: &'a str,
    served: &'a Served,
}

/// The recommendation in an event, if it is one.
pub(super) fn served(event: &Event) -> Option<&Served> {
    match &event.body {
        EventBody::CleanerRecommendation { served, .. }
        | EventBody::JobRecommendation { served, .. }
        | EventBody::BidSuggestion { served, .. } => Some(served),
        EventBody::Feedback { .. } | EventBody::Outcome { .. } => None,
    }
}

/// The names of the experiments in events.
pub fn experiments(events: &[Event]) -> BTreeSet<String> {
    events.iter().filter_map(|event| served(event)?.experiment.clone()).collect()
}

/// Gathers the units of an experiment; an outcome of the kind `outcome` converts. Events may come in any order and twice.
pub fn units(events: &[Event], experiment: &str, outcome: OutcomeKind) -> Units {
    let (mut shown, mut seen) = (HashMap::new(), HashSet::new());
    let mut of_unit: BTreeMap<&str, (BTreeSet<&str>, i64)> = BTreeMap::new();
    let mut requests: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut window: Option<(i64, i64)> = None;
    let mut widen = |at: i64| window = Some(window.map_or((at, at), |(from, until)| (from.min(at), until.max(at))));
    for event in events.iter().filter(|event| seen.insert(event.id.as_str())) {
        let Some(served) = served(event).filter(|served| served.experiment.as_deref() == Some(experiment)) else {
            continue;
        };
        let (Some(unit), Some(variant)) = (served.unit_id.as_deref(), served.variant.as_deref()) else { continue };
        let known = of_unit.entry(unit).or_insert((BTreeSet::new(), event.at));
        known.0.insert(variant);
        known.1 = known.1.min(event.at);
        requests.entry(variant).or_default().insert(&served.request_id);
        shown.insert(event.id.as_str(), Shown { unit, served });
        widen(event.at);
    }
    let variants: Vec<String> = requests.keys().map(|key| (*key).to_owned()).collect();
    let crossed = of_unit.values().filter(|(seen, _)| seen.len() > 1).count() as u64;
    let mut units: BTreeMap<&str, Unit> = of_unit
        .iter()
        .filter(|(_, (seen, _))| seen.len() == 1)
        .map(|(id, (seen, at))| {
            let variant = variants.iter().position(|key| seen.contains(key.as_str())).unwrap_or_default();
            (
                *id,
                Unit {
                    variant,
                    exposed_at: *at,
                    converted_at: None,
                    values: BTreeMap::new(),
                    segments: BTreeMap::new(),
                },
            )
        })
        .collect();
    for known in shown.values() {
        if let (Some(unit), Some(segment)) = (units.get_mut(known.unit), &known.served.segment) {
            unit.segments.entry(segment.clone()).or_insert(false);
        }
    }
    seen.clear();
    for event in events.iter().filter(|event| seen.insert(event.id.as_str())) {
        let EventBody::Outcome { recommendation_id, outcome: kind, value } = &event.body else { continue };
        let Some(known) = shown.get(recommendation_id.as_str()) else { continue };
        let Some(unit) = units.get_mut(known.unit) else { continue };
        widen(event.at);
        let value = value.or(if *kind == OutcomeKind::Rated { None } else { known.served.price });
        unit.values.entry(*kind).or_default().extend(value);
        if *kind == outcome {
            unit.converted_at = Some(unit.converted_at.map_or(event.at, |at| at.min(event.at)));
            if let Some(segment) = &known.served.segment {
                unit.segments.insert(segment.clone(), true);
            }
        }
    }
    let mut list: Vec<(&str, Unit)> = units.into_iter().collect();
    list.sort_by_key(|(id, unit)| (unit.exposed_at, *id));
    let requests = requests.values().map(|ids| ids.len() as u64).collect();
    Units { variants, units: list.into_iter().map(|(_, unit)| unit).collect(), crossed, requests, window }
}
