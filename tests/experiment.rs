//! `tidyrank experiment` as a user calls it: plan, assign, simulate, ingest, report, on a small market and the released model.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/cleaners/1.0.0");

fn run(place: &Path, arguments: &[&str]) -> Output {
    Command::cargo_bin("tidyrank").unwrap().current_dir(place).args(arguments).output().unwrap()
}

fn text(place: &Path, arguments: &[&str]) -> String {
    let output = run(place, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(place: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&text(place, &[arguments, &["--format", "json"]].concat())).unwrap()
}

fn fails(place: &Path, arguments: &[&str], code: &str) {
    let output = run(place, arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {error}");
    assert!(error.contains(&format!("error[{code}]")) && error.contains("help:"), "{arguments:?}: {error}");
}

#[test]
fn plans_are_those_of_statsmodels() {
    let place = tempfile::tempdir().unwrap();
    // NormalIndPower().solve_power(proportion_effectsize(.25, .2), power=.8, alpha=.05) = 1091.896…
    let plan = json(place.path(), &["experiment", "plan", "--baseline", "0.2", "--effect", "0.05", "--daily", "100"]);
    assert_eq!((&plan["controlUnits"], &plan["totalUnits"], &plan["days"]), (&1092.into(), &2184.into(), &22.into()));
    // tt_ind_solve_power(.2, power=.8, alpha=.05) = 393.4057
    let plan = json(place.path(), &["experiment", "plan", "--sd", "2", "--effect", "-0.4"]);
    assert_eq!(plan["controlUnits"], 394);
    // NormalIndPower().solve_power(nobs1=1000, power=.8, alpha=.05): h = 0.12529; sin(asin(sqrt(.2)) + h / 2)^2 - .2
    let plan = json(place.path(), &["experiment", "plan", "--baseline", "0.2", "--units", "1000"]);
    assert!((plan["effect"].as_f64().unwrap() - 0.052_33).abs() < 1e-4, "{plan}");
    let three = json(place.path(), &["experiment", "plan", "--baseline", "0.2", "--effect", "0.05", "--variants", "3"]);
    assert_eq!(three["alphaPerComparison"], 0.025);
    assert!(text(place.path(), &["experiment", "plan", "--baseline", "0.2", "--effect", "0.05"]).contains("1092"));
    for wrong in [
        ["--baseline", "1.2", "--effect", "0.1"],
        ["--baseline", "0.95", "--effect", "0.1"],
        ["--sd", "0", "--effect", "1"],
    ] {
        fails(place.path(), &[&["experiment", "plan"], &wrong[..]].concat(), "experiment.number");
    }
    fails(place.path(), &["experiment", "plan", "--baseline", "0.2", "--effect", "0"], "experiment.number");
    fails(place.path(), &["experiment", "plan", "--baseline", "0.2", "--units", "1"], "experiment.number");
}

#[test]
fn assigns_by_a_definition() {
    let place = tempfile::tempdir().unwrap();
    let definition = r#"{"key":"ranking","variants":[{"key":"rules","weight":1},{"key":"neural","weight":1},{"key":"ensemble","weight":2}]}"#;
    std::fs::write(place.path().join("e.json"), definition).unwrap();
    std::fs::write(place.path().join("units.txt"), "client-0001\nΕλένη\n").unwrap();
    let found = json(
        place.path(),
        &["experiment", "assign", "--definition", "e.json", "--units", "units.txt", "--unit", "client-0000"],
    );
    let golden: Value = serde_json::from_str(include_str!("fixtures/experiment_assign.json")).unwrap();
    let expected = &golden["experiments"][0]["assignments"];
    for one in found.as_array().unwrap() {
        let same = expected.as_array().unwrap().iter().find(|other| other["unitId"] == one["unitId"]).unwrap();
        assert_eq!(one["variant"], same["variant"]);
    }
    assert_eq!(found.as_array().unwrap().len(), 3);
    std::fs::write(place.path().join("wrong.json"), definition.replace("\"key\":\"ranking\"", "\"key\":\"a:b\""))
        .unwrap();
    fails(place.path(), &["experiment", "assign", "--definition", "wrong.json", "--unit", "u"], "experiment.invalid");
    std::fs::write(place.path().join("typo.json"), definition.replace("weight", "wieght")).unwrap();
    fails(place.path(), &["experiment", "assign", "--definition", "typo.json", "--unit", "u"], "experiment.invalid");
}

#[test]
fn simulated_events_are_ingested_and_reported() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    text(
        place,
        &["generate", "--out", "data", "--jobs", "600", "--cleaners", "200", "--clients", "500", "--seed", "42"],
    );
    let simulate = ["experiment", "simulate", "--data", "data", "--model", MODEL, "--quiet"];
    for out in ["a.jsonl", "b.jsonl"] {
        text(place, &[&simulate[..], &["--out", out, "--units", "1200", "--epsilon", "0.3"]].concat());
    }
    assert_eq!(std::fs::read(place.join("a.jsonl")).unwrap(), std::fs::read(place.join("b.jsonl")).unwrap());
    text(place, &["ingest", "a.jsonl", "--data", "data"]);
    let ask = [
        "experiment",
        "report",
        "--experiment",
        "ranking",
        "--control",
        "rules",
        "--bootstrap",
        "200",
        "--policy",
        "neural",
    ];
    let from_store = json(place, &[&ask[..], &["--data", "data", "--out", "r.html"]].concat());
    let from_file = json(place, &[&ask[..], &["--events", "a.jsonl", "b.jsonl"]].concat());
    assert_eq!(from_store, from_file, "the store and the file hold the same, and the same event twice is one");
    assert_eq!(from_store["format"], 1);
    let units = from_store["variants"].as_array().unwrap().iter().map(|one| one["count"]["units"].as_u64().unwrap());
    assert_eq!(units.sum::<u64>(), 1200);
    let of = |variant: &str| {
        let list = from_store["comparisons"].as_array().unwrap();
        list.iter().find(|one| one["variant"] == variant).unwrap().clone()
    };
    let ensemble = of("ensemble");
    for part in ["conversion", "adjustedP", "bootstrap", "looks", "values", "segments"] {
        assert!(!ensemble[part].is_null(), "{part}");
    }
    let looks = ensemble["looks"].as_array().unwrap();
    assert!(looks.len() >= 28 && looks.iter().all(|look| look["validP"].is_number() && look["fixedP"].is_number()));
    let policy = &from_store["policies"][0];
    assert!(
        policy["effectiveSample"].as_f64().unwrap() > 50.0 && policy["doublyRobust"]["value"].is_number(),
        "{policy}"
    );
    let page = std::fs::read_to_string(place.join("r.html")).unwrap();
    assert!(page.contains("<svg") && !page.contains("http"), "nothing from outside");
    assert!(text(place, &[&ask[..], &["--data", "data"]].concat()).contains("always valid"));
    fails(place, &["experiment", "report", "--data", "data", "--experiment", "other"], "experiment.nothing");
    fails(place, &["experiment", "report", "--events", "missing.jsonl", "--experiment", "e"], "file.read");
    std::fs::write(place.join("wrong.jsonl"), "{\"schema\":1}\n").unwrap();
    fails(place, &["experiment", "report", "--events", "wrong.jsonl", "--experiment", "e"], "event.missing_field");
    let figures = json(place, &[&simulate[..], &["--replicates", "20"]].concat());
    assert_eq!(figures["power"].as_array().unwrap().len(), 4);
}
