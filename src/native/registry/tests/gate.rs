//! What the gate lets through.

use serde_json::{Value, json};

use super::super::{Check, Limits, Verdict};
use super::Place;

/// What the gate says of a version with these figures, beside a champion with those.
fn checks(champion: &Value, challenger: &Value, limits: &Limits) -> (bool, Vec<Check>) {
    let place = Place::with(&[]);
    place.add("1.0.0", champion, 1);
    place.add("1.1.0", challenger, 2);
    place.promote("1.0.0", 100);
    let promotion = place.write().promote("1.1.0", 100, limits, None, 3).unwrap();
    assert_eq!(promotion.done, promotion.passed);
    assert_eq!(place.read().state().champion.as_deref(), Some(if promotion.passed { "1.1.0" } else { "1.0.0" }));
    (promotion.passed, promotion.checks)
}

fn verdict(checks: &[Check], name: &str) -> Verdict {
    let found = checks.iter().find(|check| check.name == name);
    found.unwrap_or_else(|| panic!("no {name} in {checks:#?}")).verdict
}

fn report(ranking: Value, measured_on: &str) -> Value {
    json!({ "protocol": { "data_fingerprint": measured_on }, "metrics": ranking })
}

#[test]
fn a_figure_is_held_to_the_champions_by_interval_or_tolerance() {
    let tolerant = Limits { tolerance: 0.01, ..Limits::default() };
    let strict = Limits::default();
    let plain = |name: &str, value: f64| json!({ "ranking": { name: value } });
    let wide = |name: &str, value: f64, low: f64, high: f64| json!({ "ranking": { name: { "value": value, "low": low, "high": high } } });
    let cases: &[(Value, Value, &Limits, bool)] = &[
        (plain("mrr", 0.6), plain("mrr", 0.6), &strict, true),
        (plain("mrr", 0.6), plain("mrr", 0.5999), &strict, false),
        (plain("mrr", 0.6), plain("mrr", 0.595), &tolerant, true),
        (plain("mrr", 0.6), plain("mrr", 0.593), &tolerant, false),
        // Less is better.
        (plain("rmse", 0.5), plain("rmse", 0.51), &strict, false),
        (plain("rmse", 0.5), plain("rmse", 0.504), &tolerant, true),
        (plain("rmse", 0.5), plain("rmse", 0.4), &strict, true),
        // The tolerance is of no matter where there is an interval.
        (wide("mrr", 0.6, 0.58, 0.62), wide("mrr", 0.59, 0.57, 0.61), &strict, true),
        (wide("mrr", 0.6, 0.58, 0.62), wide("mrr", 0.57, 0.5, 0.7), &tolerant, false),
        (wide("mae", 0.6, 0.58, 0.62), plain("mae", 0.63), &strict, false),
        (wide("mae", 0.6, 0.58, 0.62), plain("mae", 0.61), &strict, true),
        // What the champion has must be there; what only the new one has is no matter.
        (plain("mrr", 0.6), plain("map", 0.9), &strict, false),
        (json!({}), plain("mrr", 0.1), &strict, true),
    ];
    for (champion, challenger, limits, expected) in cases {
        let (passed, checks) = checks(&report(champion.clone(), "d"), &report(challenger.clone(), "d"), limits);
        assert_eq!(passed, *expected, "{champion} {challenger}: {checks:#?}");
    }
}

#[test]
fn intervals_of_another_hold_out_do_not_count() {
    let champion = report(json!({ "ranking": { "mrr": { "value": 0.6, "low": 0.5, "high": 0.7 } } }), "d");
    let challenger = report(json!({ "ranking": { "mrr": 0.59 } }), "e");
    let (passed, checks) = checks(&champion, &challenger, &Limits::default());
    assert!(!passed);
    assert_eq!(verdict(&checks, "hold-out"), Verdict::NotChecked);
}

#[test]
fn the_advantage_over_the_best_rated_order_has_an_interval_in_todays_reports() {
    let report = |mean: f64, low: f64| {
        json!({
            "protocol": { "data_fingerprint": "d" },
            "ensemble_mrr": 0.64,
            "differences": [
                { "model": "ensemble_q8", "baseline": "rules", "metric": "mrr", "mean": -9.0, "low": -9.0, "high": 9.0 },
                { "model": "ensemble_q8", "baseline": "best_rated", "metric": "mrr", "mean": mean, "low": low, "high": 1.0 },
            ],
        })
    };
    let limits = Limits { metrics: vec!["ensemble_mrr".into()], ..Limits::default() };
    for (mean, expected) in [(0.02, true), (-0.002, true), (-0.01, false)] {
        let (passed, checks) = checks(&report(0.013, -0.0025), &report(mean, -1.0), &limits);
        assert_eq!(passed, expected, "{mean}: {checks:#?}");
        let check = checks.iter().find(|check| check.name == "ensemble_mrr").unwrap();
        assert_eq!((check.value, check.bound), (Some(mean), Some(-0.0025)));
    }
}

#[test]
fn groups_sizes_and_versions_have_bounds() {
    let fair = |value: f64| json!({ "metrics": { "ranking": { "mrr": 0.6 }, "fairness": { "demographic_parity": value, "equal_opportunity": -0.02 } } });
    let (passed, found) = checks(&fair(0.0), &fair(0.08), &Limits::default());
    assert!(passed, "{found:#?}");
    let (passed, found) = checks(&fair(0.0), &fair(-0.12), &Limits::default());
    assert!(!passed);
    assert_eq!(verdict(&found, "fairness.demographic_parity"), Verdict::Fail);
    assert_eq!(verdict(&found, "fairness.equal_opportunity"), Verdict::Pass);
    let (passed, found) = checks(&super::metrics(0.6), &super::metrics(0.6), &Limits::default());
    assert!(passed);
    assert_eq!(verdict(&found, "fairness"), Verdict::NotChecked);
    let small = Limits { max_bytes: 20, ..Limits::default() };
    let place = Place::with(&["1.0.0", "0.9.0"]);
    let first = place.write().promote("1.0.0", 100, &small, None, 1).unwrap();
    assert!(!first.done && verdict(&first.checks, "size") == Verdict::Fail, "{first:#?}");
    assert_eq!(verdict(&first.checks, "metrics"), Verdict::NotChecked);
    place.promote("1.0.0", 100);
    let downgrade = place.write().promote("0.9.0", 100, &Limits::default(), None, 1).unwrap();
    assert!(!downgrade.done && verdict(&downgrade.checks, "newer version") == Verdict::Fail);
}
