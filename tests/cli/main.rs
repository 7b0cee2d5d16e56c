//! The command line as a user meets it: help, wrong input, where output goes, what programs read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod market;
mod pipeline;
mod recommend;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use assert_cmd::Command;
use serde_json::Value;
use tidyrank::engine::{Mode, Ranking};

const COMMANDS: [&str; 13] = [
    "generate",
    "import",
    "ingest",
    "train",
    "evaluate",
    "quantize",
    "recommend",
    "inspect",
    "experiment",
    "export",
    "bids",
    "suggest-bid",
    "registry",
];

/// A folder with the small market in `data`.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        market::write(&place.data());
        place
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn recommend(&self, flags: &[&str]) -> Output {
        let data = self.data();
        run(&[&["recommend", "--data", data.to_str().unwrap()], flags].concat())
    }
}

fn run(args: &[&str]) -> Output {
    Command::cargo_bin("tidyrank").unwrap().args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Standard output of a command that must succeed and say nothing on standard error, which is no terminal here.
fn quiet_success(output: &Output) -> String {
    let error = text(&output.stderr);
    assert_eq!((output.status.code(), error.as_str()), (Some(0), ""));
    text(&output.stdout)
}

#[test]
fn every_command_explains_itself_with_an_example() {
    let mut wrong = Vec::new();
    for command in COMMANDS {
        let help = quiet_success(&run(&[command, "--help"]));
        for part in ["Usage:", "Example", "--format", "--quiet", &format!("  tidyrank {command} ")] {
            if !help.contains(part) {
                wrong.push(format!("{command}: no {part:?}"));
            }
        }
        if help.lines().any(|line| line.chars().count() > 130) {
            wrong.push(format!("{command}: a line longer than 130"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let top = quiet_success(&run(&["--help"]));
    assert!(COMMANDS.iter().all(|command| top.contains(command)), "{top}");
    assert!(quiet_success(&run(&["--version"])).starts_with("tidyrank "));
}

#[test]
fn wrong_usage_exits_2_and_says_so_on_standard_error_only() {
    let cases: &[&[&str]] = &[
        &[],
        &["fly"],
        &["recommend"],
        &["recommend", "--data", "x"],
        &["recommend", "--data", "x", "--job", "a", "--all"],
        &["recommend", "--data", "x", "--all", "--mode", "guess"],
        &["recommend", "--data", "x", "--all", "--limit", "many"],
        &["recommend", "--data", "x", "--all", "--candidates", "me"],
        &["recommend", "--data", "x", "--all", "--as-of", "never"],
        &["recommend", "--data", "x", "--all", "--format", "xml"],
        &["evaluate"],
        &["evaluate", "m", "--data", "x", "--split", "leaky"],
        &["evaluate", "m", "--data", "x", "--bootstrap", "-1"],
        &["export", "--data", "x"],
        &["inspect", "--no-such-flag"],
    ];
    for case in cases {
        let output = run(case);
        assert_eq!(output.status.code(), Some(2), "{case:?}: {}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "", "{case:?}");
        let error = text(&output.stderr);
        assert!(error.contains("Usage") || error.contains("--help"), "{case:?}: {error}");
    }
}

/// Runs a command that must fail, and gives what it said.
fn failure(args: &[&str], code: &str) -> String {
    let output = run(args);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{args:?}: {error}");
    assert_eq!(text(&output.stdout), "", "{args:?}");
    assert!(error.starts_with(&format!("error[{code}]: ")), "{args:?}: {error}");
    assert!(error.contains("\n  help: "), "{args:?}: {error}");
    error
}

#[test]
fn what_is_missing_is_named_with_a_code_and_a_hint() {
    let place = Place::new();
    let data = place.data();
    let (data, none) = (data.to_str().unwrap(), place.0.path().join("none"));
    let none = none.to_str().unwrap();
    let cases: &[(&[&str], &str)] = &[
        (&["recommend", "--data", none, "--all"], "data.missing"),
        (&["recommend", "--data", data, "--model", none, "--all"], "model.missing"),
        (&["evaluate", none, "--data", data], "model.missing"),
        (&["export", "--data", data, "--model", none, "--out", none], "model.missing"),
        (&["inspect", none], "file.read"),
        (&["quantize", none, "--data", data], "file.read"),
        (&["train", none, "--data", data], "file.read"),
    ];
    for (args, code) in cases {
        assert!(failure(args, code).contains(none), "{args:?}");
    }
    assert!(!Path::new(none).exists(), "a command that failed wrote something");
}

#[test]
fn an_unknown_job_is_answered_with_the_nearest_ids() {
    let place = Place::new();
    let data = place.data();
    let error = failure(&["recommend", "--data", data.to_str().unwrap(), "--job", "jb-031"], "job.unknown");
    assert!(error.contains("job-031"), "{error}");
}

#[test]
fn a_damaged_data_set_or_model_is_refused() {
    let place = Place::new();
    let data = place.data();
    let model = place.0.path().join("model");
    std::fs::create_dir_all(&model).unwrap();
    std::fs::write(model.join("manifest.json"), "{}").unwrap();
    let flags = ["recommend", "--data", data.to_str().unwrap(), "--all"];
    failure(&[&flags[..], &["--model", model.to_str().unwrap()]].concat(), "artifact.manifest");
    std::fs::write(data.join("jobs.parquet"), "not parquet").unwrap();
    assert!(failure(&flags, "data.parquet").contains("jobs.parquet"));
    std::fs::remove_file(data.join("jobs.parquet")).unwrap();
    assert!(failure(&flags, "data.missing_table").contains("jobs.parquet"));
}

#[test]
fn wrong_values_are_refused_with_the_field() {
    let place = Place::new();
    let data = place.data();
    let cases: &[(&[&str], &str)] =
        &[(&["--max-distance=-1"], "maxDistanceKm"), (&["--rule-weight", "1.5"], "ruleWeight")];
    for (flags, field) in cases {
        let start = ["recommend", "--data", data.to_str().unwrap(), "--job", "job-030"];
        assert!(failure(&[&start[..], flags].concat(), "request.invalid").contains(field), "{flags:?}");
    }
}

#[test]
fn a_ranking_in_json_is_the_one_of_the_package() {
    let place = Place::new();
    let json = quiet_success(&place.recommend(&["--job", "job-050", "--format", "json"]));
    let value: Value = serde_json::from_str(&json).unwrap();
    for field in ["cleanerId", "ruleScore", "neuralScore", "distanceKm", "contributions", "breakdown", "reasons"] {
        assert!(value["items"][0].get(field).is_some(), "{field}");
    }
    let ranking: Ranking = serde_json::from_value(value).unwrap();
    assert_eq!((ranking.items.len(), ranking.meta.scored, ranking.meta.mode), (10, 12, Mode::Rules));
    assert_eq!(ranking.meta.fallback, None, "rules alone were asked for");
    assert_eq!(ranking.items.iter().map(|item| item.rank).collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>());
    for item in &ranking.items {
        let sum: f32 = item.contributions.iter().map(|part| part.contribution).sum();
        assert!((sum - item.rule_score).abs() < 1e-3, "{sum} {}", item.rule_score);
    }
}

#[test]
fn reasons_come_in_the_language_that_is_asked_for() {
    let place = Place::new();
    let reasons = |flags: &[&str]| {
        let json = quiet_success(&place.recommend(&[&["--job", "job-050", "--format", "json"], flags].concat()));
        let ranking: Ranking = serde_json::from_str(&json).unwrap();
        ranking.items.into_iter().flat_map(|item| item.reasons).collect::<Vec<_>>()
    };
    let (english, greek) = (reasons(&[]), reasons(&["--locale", "el"]));
    assert!(!english.is_empty() && english.len() == greek.len());
    for (english, greek) in english.iter().zip(&greek) {
        assert_eq!((&english.code, &english.params), (&greek.code, &greek.params));
        assert!(english.text.is_ascii() || english.text.contains('€'), "{english:?}");
        assert!(greek.text.chars().any(|c| ('Α'..='ω').contains(&c)), "{greek:?}");
    }
}

#[test]
fn an_explanation_says_what_the_score_is_made_of() {
    let place = Place::new();
    let data = place.data();
    let explain = |flags: &[&str]| {
        let start = ["explain", "--data", data.to_str().unwrap(), "--job", "job-050"];
        [&start[..], flags].concat().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let said = |flags: &[&str]| quiet_success(&run(&explain(flags).iter().map(String::as_str).collect::<Vec<_>>()));
    let ranking = quiet_success(&place.recommend(&["--job", "job-050", "--format", "json"]));
    let ranking: Ranking = serde_json::from_str(&ranking).unwrap();
    let last = &ranking.items[9];
    let found: Value = serde_json::from_str(&said(&["--cleaner", &last.cleaner_id, "--format", "json"])).unwrap();
    assert_eq!((found["jobId"].as_str(), found["rank"].as_u64()), (Some("job-050"), Some(10)));
    assert_eq!(found["score"].as_f64().map(|score| score as f32), Some(last.score));
    assert_eq!((&found["neural"], found["parts"]["rules"]["weight"].as_f64()), (&Value::Null, Some(100.0)));
    assert_eq!(found["parts"]["rules"]["points"].as_f64(), Some(f64::from(last.score)));
    let changes = found["counterfactuals"].as_array().unwrap();
    // By rules alone, in this small market, nothing does: that is said, and the rank stays.
    assert_eq!((changes.len(), changes[0]["code"].as_str()), (1, Some("out_of_reach")), "{changes:?}");
    assert_eq!((changes[0]["rank"].as_u64(), changes[0]["params"]["rank"].as_f64()), (Some(10), Some(3.0)));
    assert!(changes[0]["text"].as_str().unwrap().contains("3rd"), "{changes:?}");
    let without = said(&["--cleaner", &last.cleaner_id, "--format", "json", "--no-counterfactuals"]);
    assert_eq!(serde_json::from_str::<Value>(&without).unwrap()["counterfactuals"], serde_json::json!([]));
    let table = said(&["--cleaner", &last.cleaner_id, "--locale", "el"]);
    assert!(table.contains("place 10") && table.contains("θέση") && table.contains('█'), "{table}");
    let flags = explain(&["--cleaner", "nobody"]);
    failure(&flags.iter().map(String::as_str).collect::<Vec<_>>(), "request.unknown_cleaner");
}

#[test]
fn a_mode_that_needs_a_model_falls_back_and_says_so() {
    let place = Place::new();
    let ranking = quiet_success(&place.recommend(&["--job", "job-050", "--mode", "neural", "--format", "json"]));
    let ranking: Ranking = serde_json::from_str(&ranking).unwrap();
    assert_eq!(ranking.meta.fallback.map(|notice| notice.code), Some("model.none".to_owned()));
    let table = quiet_success(&place.recommend(&["--job", "job-050", "--mode", "neural"]));
    assert!(table.contains("No model is loaded"), "{table}");
}

#[test]
fn all_jobs_are_a_json_array_with_every_candidate_in_order_of_time() {
    let place = Place::new();
    let json = quiet_success(&place.recommend(&["--all", "--format", "json"]));
    let all: Vec<Value> = serde_json::from_str(&json).unwrap();
    let ids: Vec<&str> = all.iter().map(|answer| answer["jobId"].as_str().unwrap()).collect();
    assert_eq!(ids, (0..60).map(|at| format!("job-{at:03}")).collect::<Vec<_>>());
    assert!(all.iter().all(|answer| answer["items"].as_array().unwrap().len() == 12));
    let json =
        quiet_success(&place.recommend(&["--all", "--format", "json", "--limit", "2", "--candidates", "bidders"]));
    let all: Vec<Value> = serde_json::from_str(&json).unwrap();
    assert!(all.iter().all(|answer| answer["items"].as_array().unwrap().len() == 2 && answer["meta"]["scored"] == 4));
    // One job alone is ranked with what is known at its time, as it is among all.
    let one = quiet_success(&place.recommend(&[
        "--job",
        "job-040",
        "--format",
        "json",
        "--limit",
        "2",
        "--candidates",
        "bidders",
    ]));
    let one: Value = serde_json::from_str(&one).unwrap();
    assert_eq!(one["items"], all[40]["items"]);
}

#[test]
fn flags_change_what_they_say() {
    let place = Place::new();
    let ranking = |flags: &[&str]| -> Ranking {
        let flags = [&["--job", "job-000", "--format", "json"], flags].concat();
        serde_json::from_str(&quiet_success(&place.recommend(&flags))).unwrap()
    };
    let near = ranking(&["--max-distance", "5", "--limit", "99"]);
    assert!(near.meta.excluded.distance > 0 && !near.items.is_empty());
    assert!(near.items.iter().all(|item| item.distance_km.unwrap() <= 5.0));
    assert_eq!(ranking(&["--limit", "3"]).items.len(), 3);
    assert_eq!(ranking(&["--limit", "0"]).items.len(), 0);
    // Nothing had happened before the first job; by the end cleaner-00 has the best reviews.
    let scores = |ranking: Ranking| ranking.items.iter().map(|item| item.rule_score).collect::<Vec<_>>();
    let (then, now) = (ranking(&[]), ranking(&["--as-of", "latest"]));
    assert_eq!(now.items[0].cleaner_id, "cleaner-00");
    assert_ne!(scores(then), scores(now));
}

#[test]
fn tables_are_for_people() {
    let place = Place::new();
    let table = quiet_success(&place.recommend(&["--job", "job-050"]));
    for part in ["Job job-050", "cleaner-00", "score", "quality / location", "quality "] {
        assert!(table.contains(part), "no {part:?} in\n{table}");
    }
    assert!(table.lines().all(|line| line.chars().count() <= 130), "{table}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = Place::new();
    for format in ["json", "table"] {
        let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("tidyrank"))
            .args(["recommend", "--data", place.data().to_str().unwrap(), "--all", "--format", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = [0; 100];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""), "{format}");
    }
}
