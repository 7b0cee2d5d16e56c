//! `tidyrank monitor`: distances against scipy and numpy, drift of known size, errors that events tell, and bad input.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;
use tidyrank::domain::JobRecord;
use tidyrank::engine::{Engine, Precision};
use tidyrank::native::datasets::Dataset;
use tidyrank::native::monitor::{Distribution, Reference, Report, Status, Thresholds, kolmogorov, observe};

#[test]
fn distances_are_those_of_numpy_and_scipy() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("fixtures/drift.json")).unwrap();
    assert!(cases.len() >= 6);
    for case in &cases {
        let column = |name: &str| -> Vec<f64> {
            case[name].as_array().unwrap().iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect()
        };
        let units = |side: usize| case["units"][side].as_u64().unwrap();
        let (reference, window) = (Distribution::of(&column("reference"), units(0)), column("window"));
        let (distance, p) = reference.ks(&window, units(1)).unwrap();
        for (what, found) in [("psi", reference.psi(&window)), ("ks", distance), ("p", p)] {
            let expected = case[what].as_f64().unwrap();
            assert!((found - expected).abs() < 1e-9, "{} {what}: {found} for {expected}", case["name"]);
        }
    }
    // scipy.special.kolmogorov
    for (x, expected) in
        [(0.1, 1.0), (0.5, 0.963_945_243_664_875), (1.0, 0.269_999_671_677_354_7), (2.0, 6.709_252_557_796_953e-4)]
    {
        assert!((kolmogorov(x) - expected).abs() < 1e-12, "{x}");
    }
    let nothing = Distribution::of(&[], 0);
    assert_eq!((nothing.psi(&[]), nothing.ks(&[1.0], 1)), (0.0, None));
}

/// A market with a model that was trained on it, made once for all tests.
fn place() -> &'static Path {
    static PLACE: OnceLock<TempDir> = OnceLock::new();
    let folder = PLACE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("recipe.toml"), "[training]\nepochs = 6\n").unwrap();
        for command in [
            "generate --out data --jobs 4000 --cleaners 200 --clients 300 --seed 7",
            "train recipe.toml --data data --out model",
            "quantize model --data data --jobs 100 --candidates 40",
        ] {
            let output = run(folder.path(), command);
            assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        }
        folder
    });
    folder.path()
}

fn run(folder: &Path, arguments: &str) -> Output {
    let mut command = Command::cargo_bin("tidyrank").unwrap();
    command.current_dir(folder).args(["--quiet"]).args(arguments.split_whitespace()).output().unwrap()
}

fn report(arguments: &str) -> (Option<i32>, Value) {
    let output = run(place(), &format!("--format json monitor --data data --model model {arguments}"));
    let text = String::from_utf8(output.stdout).unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text} {error}")))
}

fn codes(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

#[test]
fn what_goes_on_as_before_is_ok() {
    let (code, report) = report("");
    assert_eq!((code, report["status"].as_str(), codes(&report)), (Some(0), Some("ok"), vec![]), "{report}");
    assert_eq!(report["features"].as_array().unwrap().len(), 18);
    assert!(report["score"]["psi"].as_f64().unwrap() < 0.1);
    assert!(report["rating"]["count"].as_u64().unwrap() > 300);
    assert_eq!(report["rating"]["reliability"].as_array().unwrap().len(), 10);
    let inside = report["intervals"]["share"].as_f64().unwrap();
    assert!((0.85..=0.95).contains(&inside), "{inside}");
    assert_eq!(report["coverage"], Value::Null);
    let table = run(place(), "monitor --data data --model model");
    let table = String::from_utf8(table.stdout).unwrap();
    assert!(table.contains("log_jobs") && table.contains("calibration error") && table.contains("ok: "), "{table}");
}

/// The window of the last 90 days, changed, against the model's reference.
fn changed(change: impl Fn(&mut JobRecord)) -> Report {
    let data = Dataset::read(&place().join("data")).unwrap();
    let read = |name: &str| std::fs::read(place().join("model").join(name)).unwrap();
    let manifest = read("manifest.json");
    let roles =
        [("model.q8", "model.q8.safetensors"), ("catalog", "catalog.safetensors"), ("clients", "clients.safetensors")];
    let file = |role: &str| roles.iter().find(|(known, _)| *known == role).map(|(_, name)| read(name));
    let mut engine = Engine::load(&manifest, file, Precision::Int8).unwrap();
    let reference = Reference::from_bytes(&read("reference.json")).unwrap();
    let last = data.jobs.last().unwrap().spec.posted_at;
    let mut jobs: Vec<JobRecord> =
        data.jobs.iter().filter(|job| job.spec.posted_at > last - 90 * 86_400).cloned().collect();
    jobs.iter_mut().for_each(change);
    let observed = observe(&data, &jobs, &mut engine).unwrap();
    Report::of("m 1", &reference, &observed, None, &Thresholds::default())
}

fn psi(report: &Report, name: &str) -> f64 {
    report.features.iter().find(|drift| drift.name == name).unwrap().psi
}

#[test]
fn prices_that_rise_are_seen_the_more_they_rise() {
    let mut before = -1.0;
    for (factor, expected) in [(1.0, Status::Ok), (1.1, Status::Ok), (1.25, Status::Watch), (1.6, Status::Watch)] {
        let report = changed(|job| {
            job.bids.iter_mut().for_each(|bid| bid.amount = bid.amount.map(|amount| amount * factor));
        });
        let found = psi(&report, "bid");
        println!("prices x {factor}: PSI {found:.3}, {}", report.status.name());
        assert!(found > before, "{factor}: {found} after {before}");
        // What has nothing to do with prices stays as it was.
        assert!(psi(&report, "distance") < 0.1 && psi(&report, "size") < 0.1);
        // Alone it is watched; that the scores follow may make it more.
        assert!(report.status >= expected, "{factor}: {:?}", report.findings);
        assert!(factor > 1.0 || report.status == Status::Ok, "{:?}", report.findings);
        before = found;
    }
    assert!(before > 0.25);
}

#[test]
fn a_market_that_moves_is_to_be_trained_again() {
    let mut before = -1.0;
    for (degrees, retrain) in [(0.0, false), (0.02, false), (0.06, true), (0.12, true)] {
        let report = changed(|job| {
            job.spec.location = job.spec.location.map(|mut place| {
                place.latitude += degrees;
                place.longitude += degrees;
                place
            });
        });
        let found = psi(&report, "latitude");
        println!("{degrees} degrees: PSI {found:.3}, {}", report.status.name());
        assert!(found > before, "{degrees}: {found} after {before}");
        assert_eq!(report.status == Status::Retrain, retrain, "{degrees}: {:?}", report.findings);
        before = found;
    }
}

#[test]
fn ratings_that_fall_are_seen_in_the_errors() {
    for (loss, expected) in [(0.0, Status::Ok), (0.05, Status::Retrain)] {
        let report = changed(|job| job.rating = job.rating.map(|rating| (rating - loss).max(0.0)));
        assert_eq!(report.status, expected, "{loss}: {:?}", report.findings);
        let bias = report.rating.as_ref().unwrap().summary.bias;
        assert!((bias - f64::from(loss)).abs() < 0.015, "{bias}");
    }
}

#[test]
fn too_few_data_are_no_alarm() {
    let (code, report) = report("--days 3");
    assert_eq!((code, report["status"].as_str()), (Some(0), Some("ok")));
    assert_eq!(codes(&report), ["too_few_jobs", "too_few_ratings"]);
}

/// Recommendations of the first cleaners of the catalog that were rated; `rating` on the scale 0 to 10.
fn events(file: &str, count: usize, expected: f64, rating: f64) -> PathBuf {
    let data = Dataset::read(&place().join("data")).unwrap();
    let at = data.jobs.last().unwrap().spec.posted_at;
    let mut lines = String::new();
    for number in 0..count {
        let cleaner = &data.cleaners[number % 4].id;
        let nobody = r#"{"quality":null,"location":null,"specialisation":null,"pricing":null,"availability":null,"reliability":null}"#;
        writeln!(
            lines,
            r#"{{"schema":1,"id":"r{number}","at":{at},"type":"cleaner_recommendation","requestId":"q{number}","jobId":"j{number}","cleanerId":"{cleaner}","score":80,"rank":1,"neuralScore":{expected},"interval":[{},{}],"intervalLevel":0.9,"mode":"neural","breakdown":{nobody}}}"#,
            expected - 10.0,
            expected + 10.0
        )
        .unwrap();
        writeln!(
            lines,
            r#"{{"schema":1,"id":"o{number}","at":{at},"type":"outcome","recommendationId":"r{number}","outcome":"rated","value":{}}}"#,
            rating + 0.1 * (number % 3) as f64
        )
        .unwrap();
    }
    let path = place().join(file);
    std::fs::write(&path, lines).unwrap();
    path
}

#[test]
fn events_tell_errors_intervals_and_who_is_shown() {
    events("bad.jsonl", 150, 90.0, 3.0);
    let (code, found) = report("--events bad.jsonl --out health.json");
    assert_eq!((code, found["status"].as_str()), (Some(3), Some("retrain")), "{found}");
    assert_eq!(codes(&found), ["rating_error", "calibration", "interval_coverage", "catalog_coverage"]);
    assert_eq!(found["intervals"]["share"].as_f64(), Some(0.0));
    let coverage = &found["coverage"];
    assert_eq!((coverage["shown"].as_u64(), coverage["share"].as_f64()), (Some(150), Some(4.0 / 200.0)));
    assert!(coverage["gini"].as_f64().unwrap() > 0.97);
    let written: Value = serde_json::from_slice(&std::fs::read(place().join("health.json")).unwrap()).unwrap();
    assert_eq!(written, found);
    events("good.jsonl", 150, 80.0, 7.9);
    let (code, found) = report("--events good.jsonl");
    assert_eq!((code, codes(&found)), (Some(0), vec!["catalog_coverage"]), "{found}");
    // The same from the data set's own store.
    let ingested = run(place(), "ingest bad.jsonl --data data");
    assert!(ingested.status.success(), "{}", String::from_utf8_lossy(&ingested.stderr));
    let (code, found) = report("");
    std::fs::remove_file(place().join("data/events.sqlite")).unwrap();
    assert_eq!((code, found["rating"]["count"].as_u64()), (Some(3), Some(150)));
}

#[test]
fn bad_input_is_named() {
    let fails = |arguments: &str, code: &str| {
        let output = run(place(), &format!("monitor --data data {arguments}"));
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments}: {error}");
        assert!(error.contains(&format!("error[{code}]")) && error.contains("help:"), "{arguments}: {error}");
    };
    let write = |name: &str, text: &str| std::fs::write(place().join(name), text).unwrap();
    write("unknown.toml", "feature_psy = 1");
    fails("--model model --thresholds unknown.toml", "thresholds.form");
    write("upside-down.toml", "[score_psi]\nwatch = 0.3\nretrain = 0.1");
    fails("--model model --thresholds upside-down.toml", "thresholds.value");
    write("broken.jsonl", "{\"schema\":1}\n");
    fails("--model model --events broken.jsonl", "events.line");
    fails("--model model --events missing.jsonl", "file.read");
    fails("--model nowhere", "file.read");
    assert_eq!(run(place(), "monitor --data data --model model --days 0").status.code(), Some(2));
    for (bytes, code) in [
        (&b"{"[..], "reference.form"),
        (br#"{"format":2}"#, "reference.version"),
        (br#"{"format":1,"schema_hash":"x","jobs":0,"from":0,"until":0,"features":[],"scores":{"count":0,"units":0,"edges":[],"shares":[0,0],"values":[]},"rating":null}"#, "reference.schema"),
    ] {
        assert_eq!(Reference::from_bytes(bytes).unwrap_err().code(), code);
    }
    let whole = std::fs::read(place().join("model/reference.json")).unwrap();
    let read = Reference::from_bytes(&whole).unwrap();
    assert!(read.jobs > 300 && read.features.iter().all(|kept| kept.psi(&kept.values) < 0.01), "{} jobs", read.jobs);
    for end in (0..whole.len()).step_by(997) {
        assert!(Reference::from_bytes(&whole[..end]).is_err(), "{end}");
    }
}
