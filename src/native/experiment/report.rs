//! What an experiment found: the JSON of `tidyrank experiment report`, documented in `docs/experiments.md`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::means::{self, MeanDifference};
use super::multiple::{SampleRatio, holm, sample_ratio};
use super::policy::{self, Logged, Policy, PolicyEstimate};
use super::proportions::{self, Count, ShareDifference};
use super::sequential::{self, Look};
use super::units::{Unit, Units, served, units};
use super::{Experiment, ExperimentError, resample};
use crate::native::eval::bootstrap;
use crate::native::events::{Event, EventBody, OutcomeKind};

/// Version of the JSON.
pub const REPORT_FORMAT: u32 = 1;
const DAY: i64 = 86_400;
/// Below this effective sample an off-policy estimate rests on too little.
const FEW: f64 = 100.0;

/// What to report.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The experiment.
    pub experiment: String,
    /// The outcome that converts a unit.
    pub outcome: OutcomeKind,
    /// The variant that the others are compared with; by default the first of the definition, else `control` or the first.
    pub control: Option<String>,
    /// What was planned, for the sample ratio; without it equal shares.
    pub definition: Option<Experiment>,
    /// Always-valid p-values.
    pub sequential: sequential::Settings,
    /// Bootstrap intervals.
    pub bootstrap: bootstrap::Settings,
    /// Policies to estimate.
    pub policies: Vec<Policy>,
    /// How to estimate them.
    pub off_policy: policy::Settings,
}

/// The report.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Version of this JSON: [`REPORT_FORMAT`].
    pub format: u32,
    /// The experiment.
    pub experiment: String,
    /// The outcome that converts a unit.
    pub outcome: OutcomeKind,
    /// The variant that the others are compared with.
    pub control: String,
    /// Level of all intervals.
    pub level: f64,
    /// First and last moment of an event.
    pub window: (i64, i64),
    /// The variants, the control first.
    pub variants: Vec<VariantReport>,
    /// Units by variant against the plan.
    pub sample_ratio: Option<SampleRatio>,
    /// Every other variant against the control.
    pub comparisons: Vec<Comparison>,
    /// Mixing standard deviation of the always-valid p-values.
    pub mixing_sd: f64,
    /// Units that saw two variants and are left out.
    pub crossed_units: u64,
    /// What other policies would have got.
    pub policies: Vec<PolicyEstimate>,
    /// What to know before trusting it.
    pub warnings: Vec<Warning>,
}

/// One variant.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VariantReport {
    /// Its name.
    pub key: String,
    /// Units that converted, of all.
    pub count: Count,
    /// Their share.
    pub share: f64,
    /// Wilson's interval of the share.
    pub interval: (f64, f64),
    /// Lists that were recommended.
    pub requests: u64,
}

/// One variant against the control; differences are variant minus control.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The variant.
    pub variant: String,
    /// Difference of the shares of units that converted.
    pub conversion: Option<ShareDifference>,
    /// Its p-value after Holm's correction over the variants.
    pub adjusted_p: Option<f64>,
    /// Its bootstrap interval.
    pub bootstrap: Option<(f64, f64)>,
    /// As the experiment went on, at the end of each day (UTC).
    pub looks: Vec<DayLook>,
    /// Values per unit.
    pub values: Vec<ValueComparison>,
    /// By segment.
    pub segments: Vec<SegmentComparison>,
}

/// A look at the end of a day.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DayLook {
    /// The first moment after it.
    pub until: i64,
    /// What was seen.
    #[serde(flatten)]
    pub look: Look,
}

/// A value per unit: the mean over the unit's outcomes that carry one. Units without any are not in it, so a variant that
/// converts others also changes who is compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ValueComparison {
    /// The outcome whose value it is.
    pub outcome: OutcomeKind,
    /// Units of the control with a value.
    pub control_units: usize,
    /// Their mean.
    pub control_mean: f64,
    /// Units of the variant with a value.
    pub variant_units: usize,
    /// Their mean.
    pub variant_mean: f64,
    /// Welch's test.
    pub welch: Option<MeanDifference>,
    /// Bootstrap interval of the difference.
    pub bootstrap: Option<(f64, f64)>,
}

/// A segment.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SegmentComparison {
    /// Its name.
    pub segment: String,
    /// The control's units seen in it.
    pub control: Count,
    /// The variant's.
    pub variant: Count,
    /// Their difference.
    pub conversion: Option<ShareDifference>,
    /// The p-value after Holm's correction over all segments and variants.
    pub adjusted_p: Option<f64>,
}

/// Something to know before trusting the report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Warning {
    /// Stable code.
    pub code: &'static str,
    /// In words.
    pub text: String,
}

/// Makes the report.
///
/// # Errors
/// [`ExperimentError::Nothing`] without units, or without the control.
pub fn report(events: &[Event], settings: &Settings) -> Result<Report, ExperimentError> {
    let found = units(events, &settings.experiment, settings.outcome);
    let nothing = |reason: String| Err(ExperimentError::Nothing { reason });
    let Some(window) = found.window.filter(|_| !found.units.is_empty()) else {
        let known: Vec<String> = super::units::experiments(events).into_iter().collect();
        let others = if known.is_empty() {
            "they are of no experiment".into()
        } else {
            format!("there are: {}", known.join(", "))
        };
        return nothing(format!("no unit of the experiment {:?} is in the events: {others}", settings.experiment));
    };
    let Some(control) = control(settings, &found.variants) else {
        return nothing(format!("no unit saw the control; variants seen: {}", found.variants.join(", ")));
    };
    let order: Vec<usize> =
        std::iter::once(control).chain((0..found.variants.len()).filter(|variant| *variant != control)).collect();
    let level = settings.sequential.level;
    let variants: Vec<VariantReport> = order.iter().map(|variant| variant_report(&found, *variant, level)).collect();
    let mut comparisons: Vec<Comparison> =
        order[1..].iter().map(|variant| comparison(&found, control, *variant, settings, window)).collect();
    correct(&mut comparisons);
    let sample_ratio = ratio(&variants, settings.definition.as_ref());
    let logged = logged(events, settings);
    let estimate = |one: &Policy| policy::estimate(*one, &logged, &settings.off_policy);
    let mut report = Report {
        format: REPORT_FORMAT,
        experiment: settings.experiment.clone(),
        outcome: settings.outcome,
        control: found.variants[control].clone(),
        level,
        window,
        variants,
        sample_ratio,
        comparisons,
        mixing_sd: settings.sequential.mixing_sd,
        crossed_units: found.crossed,
        policies: settings.policies.iter().map(estimate).collect(),
        warnings: Vec::new(),
    };
    report.warnings = warnings(&report);
    Ok(report)
}

fn control(settings: &Settings, variants: &[String]) -> Option<usize> {
    let planned =
        settings.definition.as_ref().and_then(|plan| plan.variants.first()).map(|variant| variant.key.as_str());
    let place = |key: &str| variants.iter().position(|known| known == key);
    match settings.control.as_deref().or(planned) {
        Some(key) => place(key),
        None => place("control").or(Some(0)),
    }
}

fn of_variant(found: &Units, variant: usize) -> impl Iterator<Item = &Unit> {
    found.units.iter().filter(move |unit| unit.variant == variant)
}

fn count(found: &Units, variant: usize) -> Count {
    let hits = of_variant(found, variant).filter(|unit| unit.converted_at.is_some()).count() as u64;
    Count { hits, units: of_variant(found, variant).count() as u64 }
}

fn variant_report(found: &Units, variant: usize, level: f64) -> VariantReport {
    let count = count(found, variant);
    let (key, requests) = (found.variants[variant].clone(), found.requests[variant]);
    VariantReport { key, count, share: count.share(), interval: count.wilson(level), requests }
}

fn comparison(found: &Units, control: usize, variant: usize, settings: &Settings, window: (i64, i64)) -> Comparison {
    let level = settings.sequential.level;
    let converted = |variant: usize| -> Vec<f64> {
        of_variant(found, variant).map(|unit| f64::from(u8::from(unit.converted_at.is_some()))).collect()
    };
    Comparison {
        variant: found.variants[variant].clone(),
        conversion: proportions::compare(count(found, control), count(found, variant), level),
        adjusted_p: None,
        bootstrap: resample::interval(&converted(control), &converted(variant), &settings.bootstrap),
        looks: looks(found, control, variant, settings, window),
        values: values(found, control, variant, settings),
        segments: segments(found, control, variant, level),
    }
}

fn looks(found: &Units, control: usize, variant: usize, settings: &Settings, window: (i64, i64)) -> Vec<DayLook> {
    let (first, last) = (window.0.div_euclid(DAY), window.1.div_euclid(DAY));
    let ends: Vec<i64> = (first..=last).map(|day| (day + 1) * DAY).collect();
    let so_far = |variant: usize, until: i64| {
        let exposed = || of_variant(found, variant).filter(move |unit| unit.exposed_at < until);
        let hits = exposed().filter(|unit| unit.converted_at.is_some_and(|at| at < until)).count() as u64;
        Count { hits, units: exposed().count() as u64 }
    };
    let series: Vec<(Count, Count)> = ends.iter().map(|end| (so_far(control, *end), so_far(variant, *end))).collect();
    let looks = sequential::looks(&series, &settings.sequential);
    ends.into_iter().zip(looks).map(|(until, look)| DayLook { until, look }).collect()
}

fn values(found: &Units, control: usize, variant: usize, settings: &Settings) -> Vec<ValueComparison> {
    let kinds: BTreeSet<OutcomeKind> = found.units.iter().flat_map(|unit| unit.values.keys().copied()).collect();
    let kinds = kinds.into_iter().filter(|kind| *kind != OutcomeKind::Viewed && *kind != OutcomeKind::Contacted);
    let of = |variant: usize, kind: OutcomeKind| -> Vec<f64> {
        let values = of_variant(found, variant).filter_map(|unit| unit.values.get(&kind));
        values.filter(|values| !values.is_empty()).map(|values| means::mean(values)).collect()
    };
    kinds
        .map(|outcome| {
            let (a, b) = (of(control, outcome), of(variant, outcome));
            ValueComparison {
                outcome,
                control_units: a.len(),
                control_mean: means::mean(&a),
                variant_units: b.len(),
                variant_mean: means::mean(&b),
                welch: means::compare(&a, &b, settings.sequential.level),
                bootstrap: resample::interval(&a, &b, &settings.bootstrap),
            }
        })
        .collect()
}

fn segments(found: &Units, control: usize, variant: usize, level: f64) -> Vec<SegmentComparison> {
    let mut counts: BTreeMap<&str, (Count, Count)> = BTreeMap::new();
    for unit in found.units.iter().filter(|unit| unit.variant == control || unit.variant == variant) {
        for (segment, converted) in &unit.segments {
            let (a, b) = counts.entry(segment).or_default();
            let side = if unit.variant == control { a } else { b };
            side.units += 1;
            side.hits += u64::from(*converted);
        }
    }
    let row = |(segment, (a, b)): (&str, (Count, Count))| {
        let conversion = proportions::compare(a, b, level);
        SegmentComparison { segment: segment.to_owned(), control: a, variant: b, conversion, adjusted_p: None }
    };
    counts.into_iter().map(row).collect()
}

/// Holm's correction over the variants, and apart from it over all segments.
fn correct(comparisons: &mut [Comparison]) {
    let p: Vec<f64> = comparisons.iter().filter_map(|one| Some(one.conversion?.p)).collect();
    let mut adjusted = holm(&p).into_iter();
    for one in comparisons.iter_mut().filter(|one| one.conversion.is_some()) {
        one.adjusted_p = adjusted.next();
    }
    let p: Vec<f64> =
        comparisons.iter().flat_map(|one| &one.segments).filter_map(|one| Some(one.conversion?.p)).collect();
    let mut adjusted = holm(&p).into_iter();
    for one in comparisons.iter_mut().flat_map(|one| &mut one.segments).filter(|one| one.conversion.is_some()) {
        one.adjusted_p = adjusted.next();
    }
}

fn ratio(variants: &[VariantReport], definition: Option<&Experiment>) -> Option<SampleRatio> {
    let planned = |key: &str| match definition {
        None => Some(1.0),
        Some(plan) => plan.variants.iter().find(|variant| variant.key == key).map(|variant| variant.weight),
    };
    let weights: Option<Vec<f64>> = variants.iter().map(|variant| planned(&variant.key)).collect();
    let units: Vec<u64> = variants.iter().map(|variant| variant.count.units).collect();
    sample_ratio(&units, &weights?)
}

/// The lists that cleaners were recommended in, in the experiment, as they were served.
fn logged(events: &[Event], settings: &Settings) -> Vec<Vec<Logged>> {
    let reward_of = |event: &Event| match &event.body {
        EventBody::Outcome { recommendation_id, outcome, .. } if *outcome == settings.outcome => {
            Some(recommendation_id.clone())
        }
        _ => None,
    };
    let rewarded: BTreeSet<String> = events.iter().filter_map(reward_of).collect();
    let mut lists: BTreeMap<&str, BTreeMap<u32, Logged>> = BTreeMap::new();
    for event in events {
        let EventBody::CleanerRecommendation { .. } = event.body else { continue };
        let Some(served) = served(event).filter(|one| one.experiment.as_deref() == Some(&settings.experiment)) else {
            continue;
        };
        let item = Logged {
            propensity: served.propensity.unwrap_or(1.0),
            score: served.score,
            rule_score: served.rule_score,
            neural_score: served.neural_score,
            price: served.price,
            distance_km: served.distance_km,
            reward: f64::from(u8::from(rewarded.contains(&event.id))),
        };
        lists.entry(&served.request_id).or_default().insert(served.rank, item);
    }
    lists.into_values().map(|items| items.into_values().collect()).collect()
}

fn warnings(report: &Report) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut warn = |code, text: String| warnings.push(Warning { code, text });
    if let Some(ratio) = report.sample_ratio.as_ref().filter(|ratio| ratio.mismatch) {
        let text = format!(
            "The units are not in the shares that were planned (p = {:.2e}): assignment or recording is broken, and no figure \
             here can be trusted.",
            ratio.p
        );
        warn("experiment.sample_ratio", text);
    }
    if report.crossed_units > 0 {
        warn("experiment.crossed", format!("{} units saw two variants and are left out.", report.crossed_units));
    }
    if report.variants.len() < 2 {
        warn("experiment.one_variant", "Only one variant was seen: there is nothing to compare.".to_owned());
    }
    for variant in report.variants.iter().filter(|one| one.count.hits.min(one.count.units - one.count.hits) < 10) {
        let text = format!("{}: fewer than ten units on a side; trust Newcombe's interval, not p.", variant.key);
        warn("experiment.few", text);
    }
    for one in &report.policies {
        if one.explored == 0 {
            warn(
                "policy.no_exploration",
                format!("{:?}: nothing was explored, so nothing can be estimated.", one.policy),
            );
        } else if one.effective_sample < FEW {
            let text = format!("{:?}: rests on {:.0} effective requests.", one.policy, one.effective_sample);
            warn("policy.few", text);
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(id: &str, at: i64, unit: &str, variant: &str, segment: &str) -> Event {
        let breakdown = ["quality", "location", "specialisation", "pricing", "availability", "reliability"];
        let breakdown = breakdown.map(|part| format!(r#""{part}":null"#)).join(",");
        let text = format!(
            r#"{{"schema":1,"id":"{id}","at":{at},"type":"cleaner_recommendation","requestId":"r-{unit}","jobId":"j",
            "cleanerId":"c","score":80,"rank":1,"price":50,"mode":"rules","experiment":"e","variant":"{variant}",
            "unitId":"{unit}","segment":"{segment}","propensity":0.5,"breakdown":{{{breakdown}}}}}"#
        );
        Event::parse(&text).unwrap()
    }

    fn outcome(id: &str, at: i64, of: &str, kind: OutcomeKind, value: Option<f64>) -> Event {
        let body = EventBody::Outcome { recommendation_id: of.into(), outcome: kind, value };
        Event { schema: 1, id: id.into(), at, body }
    }

    fn settings() -> Settings {
        Settings {
            experiment: "e".into(),
            outcome: OutcomeKind::Hired,
            control: None,
            definition: None,
            sequential: sequential::Settings::default(),
            bootstrap: bootstrap::Settings { resamples: 50, ..bootstrap::Settings::default() },
            policies: vec![Policy::Score],
            off_policy: policy::Settings::default(),
        }
    }

    /// Worked out by hand: of a, u1 hires twice (counts once) and u2 does not; of b, u3 hires and u4 does not; u5 saw both.
    fn events() -> Vec<Event> {
        use OutcomeKind::{Hired, Rated};
        let mut events = vec![
            shown("1", 10, "u1", "a", "flat"),
            shown("2", DAY + 10, "u1", "a", "house"),
            shown("3", 20, "u2", "a", "flat"),
            shown("4", 30, "u3", "b", "flat"),
            shown("5", 40, "u4", "b", "house"),
            shown("6", 50, "u5", "a", "flat"),
            shown("7", 60, "u5", "b", "flat"),
            outcome("8", 100, "1", Hired, Some(40.0)),
            outcome("9", DAY + 100, "2", Hired, None),
            outcome("10", 2 * DAY + 5, "4", Hired, Some(70.0)),
            outcome("11", 2 * DAY + 6, "4", Rated, Some(9.0)),
            outcome("12", 300, "7", Hired, None),
            outcome("13", 300, "unknown", Hired, None),
        ];
        // The same event again, and all in another order.
        events.push(events[7].clone());
        events.reverse();
        events
    }

    #[test]
    fn units_count_once_and_crossed_ones_not_at_all() {
        let found = report(&events(), &settings()).unwrap();
        let count = |hits, units| Count { hits, units };
        assert_eq!(found.variants.iter().map(|one| one.count).collect::<Vec<_>>(), [count(1, 2), count(1, 2)]);
        assert_eq!((found.control.as_str(), found.crossed_units, found.window), ("a", 1, (10, 2 * DAY + 6)));
        let one = &found.comparisons[0];
        // At the ends of the three days: u1 hires on the first, u3 on the third.
        let looks: Vec<_> = one.looks.iter().map(|day| (day.look.control, day.look.treatment)).collect();
        assert_eq!(looks, [(count(1, 2), count(0, 2)), (count(1, 2), count(0, 2)), (count(1, 2), count(1, 2))]);
        // u1's prices are 40 and 50, as recommended: 45 on average; u3 paid 70.
        let hired = one.values.iter().find(|value| value.outcome == OutcomeKind::Hired).unwrap();
        assert_eq!((hired.control_mean, hired.variant_mean, hired.variant_units), (45.0, 70.0, 1));
        let segments: Vec<_> =
            one.segments.iter().map(|row| (row.segment.as_str(), row.control, row.variant)).collect();
        assert_eq!(segments, [("flat", count(1, 2), count(1, 1)), ("house", count(1, 1), count(0, 1))]);
        assert!(one.segments.iter().all(|row| row.adjusted_p >= row.conversion.map(|share| share.p)));
        assert_eq!(found.sample_ratio.map(|ratio| ratio.p), Some(1.0));
        assert_eq!(found.policies[0].explored, 5);
    }

    #[test]
    fn a_broken_assignment_raises_the_alarm() {
        let mut events: Vec<Event> =
            (0..300).map(|at| shown(&format!("a{at}"), at, &format!("u{at}"), "a", "s")).collect();
        events.extend((0..200).map(|at| shown(&format!("b{at}"), at, &format!("v{at}"), "b", "s")));
        let codes = |settings: &Settings| -> Vec<&str> {
            report(&events, settings).unwrap().warnings.iter().map(|warning| warning.code).collect()
        };
        assert!(codes(&settings()).contains(&"experiment.sample_ratio"));
        let plan = r#"{"key":"e","variants":[{"key":"a","weight":3},{"key":"b","weight":2}]}"#;
        let planned = Settings { definition: serde_json::from_str(plan).ok(), ..settings() };
        assert!(!codes(&planned).contains(&"experiment.sample_ratio"));
        assert!(codes(&planned).contains(&"experiment.few"));
    }

    #[test]
    fn nothing_to_report_is_said() {
        let other = Settings { experiment: "f".into(), ..settings() };
        assert!(report(&events(), &other).unwrap_err().to_string().contains("there are: e"));
        let control = Settings { control: Some("z".into()), ..settings() };
        assert_eq!(report(&events(), &control).unwrap_err().code(), "experiment.nothing");
        assert_eq!(report(&[], &settings()).unwrap_err().code(), "experiment.nothing");
    }
}
