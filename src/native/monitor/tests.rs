//! What is found where: figures on either side of every threshold, worked out by hand.

use super::*;
use crate::domain::{DAY, Market, Vocabulary};
use crate::features::FEATURE_COUNT;
use crate::native::events::Event;

/// 1,000 even values of 0 to 1; the share `moved` went from the lowest to the highest. That is `d ln((0.1 + d) / (0.1 - d))` of
/// PSI: 0.083 for 0.06, 0.121 for 0.07, 0.265 for 0.09.
fn values(moved: f64) -> Vec<f64> {
    (0..1000).map(|at| if f64::from(at) < 1000.0 * moved { 0.999 } else { f64::from(at) / 1000.0 }).collect()
}

/// Expected 0.5 and given `by` more, and `spread` above and below that in turn: RMSE² = by² + spread², calibration error = by.
fn rated(count: usize, by: f64, spread: f64) -> Vec<Rated> {
    let actual = |at: usize| 0.5 + by + if at.is_multiple_of(2) { spread } else { -spread };
    (0..count).map(|at| Rated { at: 0, expected: 0.5, actual: actual(at), interval: None }).collect()
}

/// A window whose first features have drifted by so much each, and the scores by `score`.
fn window(features: &[f64], score: f64, rated: Vec<Rated>) -> Observed {
    let moved = |at: usize| values(features.get(at).copied().unwrap_or(0.0));
    Observed {
        jobs: 100_000,
        features: (0..FEATURE_COUNT).map(moved).collect(),
        // So many that nothing is left to chance.
        units: vec![100_000; FEATURE_COUNT],
        scores: values(score),
        rated,
        ..Observed::default()
    }
}

fn report(then: &Observed, now: &Observed, shown: Option<&[u64]>) -> (Status, Vec<(Status, &'static str)>) {
    let report = Report::of("m 1", &Reference::of(then), now, shown, &Thresholds::default());
    (report.status, report.findings.iter().map(|finding| (finding.status, finding.code)).collect())
}

#[test]
fn drift_is_judged_by_its_levels() {
    use Status::{Ok, Retrain, Watch};
    let (feature, score) = ("feature_drift", "score_drift");
    type Case<'a> = (&'a [f64], f64, Status, &'a [(Status, &'static str)]);
    let cases: [Case<'_>; 8] = [
        (&[0.06], 0.06, Ok, &[]),
        (&[0.07], 0.0, Watch, &[(Watch, feature)]),
        (&[0.09], 0.0, Watch, &[(Watch, feature)]),
        (&[0.07, 0.07, 0.07], 0.0, Watch, &[(Watch, feature); 3]),
        (&[0.07, 0.09, 0.09], 0.0, Retrain, &[(Retrain, feature), (Retrain, feature), (Watch, feature)]),
        (&[], 0.07, Watch, &[(Watch, score)]),
        (&[], 0.09, Retrain, &[(Retrain, score)]),
        (&[0.07], 0.09, Retrain, &[(Retrain, score), (Watch, feature)]),
    ];
    let then = window(&[], 0.0, vec![]);
    for (features, scores, status, expected) in cases {
        let (found, mut findings) = report(&then, &window(features, scores, vec![]), None);
        findings.retain(|(_, code)| *code != "too_few_ratings");
        assert_eq!((found, &findings[..]), (status, expected), "{features:?} {scores}");
    }
}

#[test]
fn values_that_are_no_longer_known_are_drift() {
    let then = window(&[], 0.0, vec![]);
    for (unknown, expected) in [(40, Status::Ok), (60, Status::Watch)] {
        let mut now = then.clone();
        // Every 1000 / n-th: what is left is distributed as before.
        (0..unknown).for_each(|at| now.features[3][at * 1000 / unknown] = f64::NAN);
        assert_eq!(report(&then, &now, None).0, expected, "{unknown}");
    }
}

#[test]
fn errors_are_judged_by_their_levels_and_by_chance() {
    use Status::{Ok, Retrain, Watch};
    let (error, calibration) = ("rating_error", "calibration");
    type Case<'a> = (f64, (usize, f64, f64), Status, &'a [(Status, &'static str)]);
    let many = 20_000;
    let cases: [Case<'_>; 9] = [
        (0.0, (many, 0.0, 0.1), Ok, &[]),
        (0.0, (many, 0.0, 0.109), Ok, &[]),
        (0.0, (many, 0.0, 0.112), Watch, &[(Watch, error)]),
        (0.0, (many, 0.0, 0.126), Retrain, &[(Retrain, error)]),
        // Of 200 ratings a tenth is chance.
        (0.0, (200, 0.0, 0.112), Ok, &[]),
        (0.0, (many, 0.03, 0.1), Watch, &[(Watch, calibration)]),
        (0.0, (many, -0.03, 0.1), Watch, &[(Watch, calibration)]),
        (0.0, (many, 0.06, 0.08), Retrain, &[(Retrain, calibration)]),
        // As it was at the release.
        (0.03, (many, 0.03, 0.1), Ok, &[]),
    ];
    for (before, (count, by, spread), status, expected) in cases {
        let (then, now) = (window(&[], 0.0, rated(many, before, 0.1)), window(&[], 0.0, rated(count, by, spread)));
        assert_eq!(report(&then, &now, None), (status, expected.to_vec()), "{before} {count} {by} {spread}");
    }
}

#[test]
fn intervals_are_judged_by_their_levels_and_by_chance() {
    use Status::{Ok, Retrain, Watch};
    for (count, inside, expected) in
        [(20_000, 0.88, Ok), (20_000, 0.86, Watch), (20_000, 0.79, Retrain), (20_000, 0.99, Ok), (100, 0.86, Ok)]
    {
        let mut jobs = rated(count, 0.0, 0.1);
        for (at, job) in jobs.iter_mut().enumerate() {
            let half = if (at as f64) < inside * count as f64 { 0.2 } else { 0.05 };
            job.interval = Some((0.5 - half, 0.5 + half, 0.9));
        }
        let (status, findings) = report(&window(&[], 0.0, rated(20_000, 0.0, 0.1)), &window(&[], 0.0, jobs), None);
        let code = |of: Status| if of == Ok { vec![] } else { vec![(of, "interval_coverage")] };
        assert_eq!((status, findings), (expected, code(expected)), "{inside} of {count}");
    }
}

#[test]
fn who_is_shown_and_errors_week_by_week() {
    let mut now = window(&[], 0.0, rated(4, 0.0, 0.1));
    for (job, day) in now.rated.iter_mut().zip([-1, 0, 6, 7]) {
        job.at = day * DAY + 5;
    }
    let of = |shown: &[u64]| {
        Report::of("m 1", &Reference::of(&window(&[], 0.0, vec![])), &now, Some(shown), &Thresholds::default())
    };
    let weeks: Vec<(i64, u64)> = of(&[1]).errors.iter().map(|week| (week.at, week.count)).collect();
    assert_eq!(weeks, [(-7 * DAY, 1), (0, 2), (7 * DAY, 1)]);
    // Half of the mean absolute difference of all pairs, by the mean: 0, 12 / 16 and 1.25 / 2 / 2.5.
    for (shown, share, gini) in [([3, 3, 3, 3], 1.0, 0.0), ([0, 0, 0, 4], 0.25, 0.75), ([1, 2, 3, 4], 1.0, 0.25)] {
        let found = of(&shown).coverage.unwrap();
        assert!(found.share == share && (found.gini - gini).abs() < 1e-12, "{found:?}");
    }
    assert_eq!(of(&[0; 4]).coverage.map(|found| (found.share, found.gini)), Some((0.0, 0.0)));
    let codes = |shown: &[u64]| of(shown).findings.iter().any(|finding| finding.code == "catalog_coverage");
    assert!(codes(&[1, 0, 0, 0, 0, 0]) && !codes(&[1, 0, 0, 0, 0]));
}

#[test]
fn the_last_rating_of_a_recommendation_counts_and_ratings_of_none_are_counted() {
    let market = Market {
        name: "m".into(),
        centre: None,
        currency: "EUR".into(),
        utc_offset_minutes: 0,
        rating_min: 0.0,
        rating_max: 10.0,
        property_types: vec!["flat".into()],
        candidates_are_bidders: false,
    };
    let shown = r#"{"schema":1,"id":"r1","at":10,"type":"cleaner_recommendation","requestId":"q1","jobId":"j1","cleanerId":"b","score":80,"rank":1,"neuralScore":70,"mode":"neural","breakdown":{"quality":null,"location":null,"specialisation":null,"pricing":null,"availability":null,"reliability":null}}"#;
    let rating = |id: u32, of: &str, value: f64| {
        format!(
            r#"{{"schema":1,"id":"o{id}","at":{},"type":"outcome","recommendationId":"{of}","outcome":"rated","value":{value}}}"#,
            10 + id
        )
    };
    let lines = [shown.to_owned(), rating(1, "r1", 2.0), rating(2, "r9", 9.0), rating(3, "r1", 9.0)];
    let events = lines.iter().map(|line| Event::parse(line).unwrap());
    let cleaners = Vocabulary::from_ids(["a", "b"]).unwrap();
    let found = recorded(events, &market, &cleaners);
    assert_eq!((found.shown, found.unmatched, found.rated.len()), (vec![0, 1], 1, 1));
    let one = found.rated[0];
    assert!(one.at == 10 && (one.expected - 0.7).abs() < 1e-9 && (one.actual - 0.9).abs() < 1e-6, "{one:?}");
}
