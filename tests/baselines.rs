//! `tidyrank baselines` on small tables and a small market: what it says, and what it refuses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

fn run(args: &[&str]) -> Output {
    Command::cargo_bin("tidyrank").unwrap().args(["--quiet", "baselines"]).args(args).output().unwrap()
}

fn json(args: &[&str]) -> Value {
    let output = run(&[args, &["--format", "json"]].concat());
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path: PathBuf = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Forty users rate 8 of 20 films over time; films of a user's own half are liked.
fn ratings() -> String {
    let mut text = String::from("who,film,stars,when\n");
    for user in 0..40u32 {
        for turn in 0..8u32 {
            let film = (user * 7 + turn * 3) % 20;
            let stars = if film / 10 == user % 2 { 4 + turn % 2 } else { 1 + turn % 3 };
            text += &format!("u{user},f{film},{stars},{}\n", 1000 * turn + user);
        }
    }
    text
}

const COLUMNS: [&str; 2] = ["--columns", "user=who,item=film,rating=stars,time=when"];

fn mean(report: &Value, model: &str, path: &str) -> f64 {
    let found = report["models"].as_array().unwrap().iter().find(|found| found["model"] == model).unwrap();
    found.pointer(path).unwrap()["mean"].as_f64().unwrap()
}

#[test]
fn every_split_is_named_and_measured_and_repeats_itself() {
    let folder = tempfile::tempdir().unwrap();
    let ratings = file(folder.path(), "r.csv", &ratings());
    let of = |split: &str, more: &[&str]| {
        json(&[&["--ratings", &ratings, "--split", split, "--bootstrap", "20"], &COLUMNS[..], more].concat())
    };
    // 320 ratings; 8 of each user.
    let cases = [
        ("temporal", "temporal: first 80 % of all by time", [256, 0, 64]),
        ("user-temporal", "user_temporal: first 80 % of each user's by time", [240, 0, 80]),
        ("leave-last-out", "leave_last_out: each user's last rating is measured on", [280, 0, 40]),
        ("random", "random: 80 % drawn by the seed", [256, 0, 64]),
    ];
    for (split, name, rows) in cases {
        let report = of(split, &[]);
        let protocol = &report["protocol"];
        assert_eq!(
            (protocol["split"].as_str().unwrap(), &protocol["rows"]),
            (name, &serde_json::json!(rows)),
            "{split}"
        );
        let models: Vec<&str> =
            report["models"].as_array().unwrap().iter().map(|model| model["model"].as_str().unwrap()).collect();
        assert_eq!(models.len(), 10, "without categories, without a market: {models:?}");
        assert!(!models.contains(&"category-popularity") && !models.contains(&"rules"));
    }
    let report = of("user-temporal", &["--seed", "7", "--k", "3"]);
    assert_eq!(report, of("user-temporal", &["--seed", "7", "--k", "3"]), "the same again");
    assert!(report["models"][0]["full"].get("ndcg@3").is_some());
    // What is known by construction: films of the own half come first for whom ratings are followed.
    assert!(mean(&report, "item-knn", "/full/ndcg@3") > mean(&report, "random", "/full/ndcg@3"));
    for model in ["global-mean", "item-mean", "biases", "svd"] {
        let [rmse, mae] = ["/rating/rmse", "/rating/mae"].map(|path| mean(&report, model, path));
        assert!(mae < rmse && rmse < 2.0, "{model}: {mae} {rmse}");
    }
}

#[test]
fn categories_settings_and_chosen_models_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    let ratings = file(folder.path(), "r.csv", &ratings());
    let half = |film: u32| if film < 10 { "left" } else { "right" };
    let items: String = (0..20).map(|film| format!("f{film},{}\n", half(film))).collect();
    let items = file(folder.path(), "items.csv", &format!("item,categories\n{items}"));
    let settings = file(folder.path(), "s.toml", "[ease]\nlambda = 3.0\n[category_popularity]\nprior = 0.5\n");
    let base = [&["--ratings", &ratings, "--split", "user-temporal", "--bootstrap", "0"], &COLUMNS[..]].concat();
    let chosen = ["--models", "popularity,category-popularity,ease", "--items", &items, "--settings", &settings];
    let report = json(&[&base[..], &chosen].concat());
    assert_eq!(report["models"].as_array().unwrap().len(), 3);
    assert_eq!(report["protocol"]["settings"]["ease"]["lambda"], 3.0);
    // Who likes the left half is shown it first.
    let [plain, by_half] = ["popularity", "category-popularity"].map(|model| mean(&report, model, "/full/ndcg@10"));
    assert!(by_half > plain, "{by_half} {plain}");
    let text = run(&[&base[..], &chosen].concat());
    let text = String::from_utf8(text.stdout).unwrap();
    for part in [
        "Protocol full: all items of the table",
        "Protocol candidates: the user's own test items",
        "NDCG@10",
        "seed 42",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn what_cannot_be_measured_is_refused_with_a_code_and_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, text: &str| file(folder.path(), name, text);
    let good = path("good", "1\ta\t3\t5\n2\tb\t4\t6\n1\tb\t4\t7\n");
    let bad = path("bad.csv", "user,item,rating\n1,2,x\n");
    let untimed = path("untimed", "1\ta\t3\n2\tb\t4\n");
    let one = path("one", "1\ta\t3\t5\n");
    let wrong = path("wrong.toml", "[ease]\nlamda = 3\n");
    let zero = path("zero.toml", "[ease]\nlambda = 0\n");
    let empty = folder.path().join("none");
    let cases: Vec<(Vec<&str>, &str)> = vec![
        (vec!["--ratings", &bad, "--split", "random"], "interactions.not_a_number"),
        (vec!["--ratings", &good, "--split", "random", "--scale", "1,3"], "interactions.out_of_range"),
        (vec!["--ratings", &good, "--test", &one], "interactions.duplicate"),
        (vec!["--ratings", &good, "--split", "random", "--items", &bad], "interactions.missing_column"),
        (vec!["--ratings", &untimed, "--split", "temporal"], "baselines.no_times"),
        (vec!["--ratings", &one, "--split", "leave-last-out"], "baselines.split"),
        (vec!["--ratings", &good, "--split", "random", "--models", "category-popularity"], "baselines.no_categories"),
        (vec!["--ratings", &good, "--split", "random", "--models", "rules"], "baselines.no_market"),
        (vec!["--ratings", &good, "--split", "random", "--settings", &wrong], "baselines.settings"),
        (vec!["--ratings", &good, "--split", "random", "--settings", &zero], "baselines.setting"),
        (vec!["--data", empty.to_str().unwrap()], "data.missing"),
    ];
    for (args, code) in cases {
        let output = run(&args);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {error}");
        assert!(error.contains(&format!("error[{code}]: ")) && error.contains("help: "), "{args:?}: {error}");
    }
    // Wrong usage, by clap.
    for args in [vec![], vec!["--ratings", &good], vec!["--ratings", &good, "--split", "random", "--models", "slim"]] {
        assert_eq!(run(&args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn a_market_is_measured_by_its_jobs() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("market");
    let data = data.to_str().unwrap();
    let sizes = ["--jobs", "600", "--cleaners", "30", "--clients", "60", "--seed", "3"];
    let output =
        Command::cargo_bin("tidyrank").unwrap().args(["--quiet", "generate", "--out", data]).args(sizes).output();
    assert!(output.unwrap().status.success());
    let report = json(&["--data", data, "--bootstrap", "50"]);
    let protocol = &report["protocol"];
    assert_eq!(
        (&protocol["k"], &protocol["items"], &protocol["scale"]),
        (&3.into(), &30.into(), &serde_json::json!([0.0, 1.0]))
    );
    assert_eq!(protocol["candidate_sets"]["candidates"], "the job's bidders");
    let models = report["models"].as_array().unwrap();
    assert_eq!((models.len(), models[11]["model"].as_str().unwrap()), (12, "rules"));
    // One is hired among 3 to 8 bidders: chance has them in the first three about 0.6 of the time; P@3 is a third of that.
    let [hit, precision] =
        ["hit_rate@3", "precision@3"].map(|figure| mean(&report, "random", &format!("/candidates/{figure}")));
    assert!((0.45..0.75).contains(&hit) && (precision - hit / 3.0).abs() < 1e-9, "{hit} {precision}");
    let [rules, chance] = ["rules", "random"].map(|model| mean(&report, model, "/candidates/mrr@3"));
    assert!(rules > chance, "{rules} {chance}");
    assert!(mean(&report, "item-mean", "/rating/rmse") < mean(&report, "global-mean", "/rating/rmse"));
}
