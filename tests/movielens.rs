//! The baselines on MovieLens-100K, split u1, against figures that were measured with public implementations: they show that
//! models, protocols and metrics here mean what they mean elsewhere.
//!
//! Needs `ml-100k/` in the folder TIDYRANK_DATA (default `../shared/data`); without it nothing is measured, and with
//! REQUIRE_DATA=1 that is a failure.
//!
//! The references: scikit-surprise 1.1.5 (biases, SVD), implicit 0.7.3 (ALS, BPR), numpy scripts (the others), lists of 10, relevant = 4
//! stars or more, means over the 456 users with a relevant test rating. A figure that is too good fails, too: it would mean a leak.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use assert_cmd::Command;
use serde_json::Value;

fn folder() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = std::env::var_os("TIDYRANK_DATA").map_or_else(|| root.join("../shared/data"), PathBuf::from);
    let path = folder.join("ml-100k");
    if path.join("u1.base").is_file() {
        return Some(path);
    }
    assert!(std::env::var_os("REQUIRE_DATA").is_none_or(|value| value != "1"), "REQUIRE_DATA=1 and no {path:?}");
    eprintln!("nothing measured: there is no {path:?}");
    None
}

fn run(folder: &Path, flags: &[&str]) -> Value {
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (base, test, items) = (file("u1.base"), file("u1.test"), file("u.item"));
    let mut command = Command::cargo_bin("tidyrank").unwrap();
    command.args(["baselines", "--ratings", &base, "--test", &test, "--items", &items, "--format", "json"]);
    let output = command.args(["--bootstrap", "50"]).args(flags).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// All models with seed 42, measured once.
fn report() -> Option<&'static Value> {
    static REPORT: OnceLock<Option<Value>> = OnceLock::new();
    REPORT.get_or_init(|| Some(run(&folder()?, &[]))).as_ref()
}

fn model<'a>(report: &'a Value, name: &str) -> &'a Value {
    report["models"].as_array().unwrap().iter().find(|model| model["model"] == name).unwrap()
}

fn figure(model: &Value, path: &str) -> f64 {
    model.pointer(path).unwrap_or_else(|| panic!("no {path} of {}", model["model"]))["mean"].as_f64().unwrap()
}

/// The figures that are off by more than their band, one line each.
fn outside(report: &Value, rows: &[(&str, &str, f64, f64)]) -> Vec<String> {
    let off = |(name, path, expected, band): &(&str, &str, f64, f64)| {
        let found = figure(model(report, name), path);
        let far = (found - expected).abs() > *band;
        far.then(|| format!("{name} {path}: {found:.4} for {expected:.4} +- {band}"))
    };
    rows.iter().filter_map(off).collect()
}

const RMSE: &str = "/rating/rmse";
const MAE: &str = "/rating/mae";

#[test]
fn predicted_ratings_are_as_good_as_those_of_the_references() {
    let Some(report) = report() else { return };
    // What has a closed form must agree to the last digit that the reference gives; SVD depends on its seed.
    let rows = [
        ("global-mean", RMSE, 1.1537, 0.0001),
        ("global-mean", MAE, 0.9680, 0.0001),
        ("item-mean", RMSE, 0.9739, 0.0001),
        ("item-mean", MAE, 0.7659, 0.0001),
        ("biases", RMSE, 0.9599, 0.0001),
        ("biases", MAE, 0.7616, 0.0001),
        ("svd", RMSE, 0.9513, 0.003),
        ("svd", MAE, 0.7502, 0.003),
    ];
    assert_eq!(outside(report, &rows), Vec::<String>::new());
    let rated = report["models"].as_array().unwrap().iter().filter(|model| !model["rating"].is_null());
    let rated: Vec<&str> = rated.map(|model| model["model"].as_str().unwrap()).collect();
    assert_eq!(rated, ["global-mean", "item-mean", "biases", "svd"], "the others do not predict ratings");
}

const NDCG: [&str; 2] = ["/full/ndcg@10", "/candidates/ndcg@10"];

#[test]
fn rankings_are_as_good_as_those_of_the_references() {
    let Some(report) = report() else { return };
    // (model, band, NDCG by full ranking, NDCG of the user's own test items). Models without chance agree up to ties:
    // of scores, and of cosines at the hundredth neighbour.
    let references = [
        ("random", 0.01, 0.0140, 0.6570),
        ("global-mean", 0.01, 0.0159, 0.6629),
        ("popularity", 0.0005, 0.2603, 0.7799),
        ("item-mean", 0.0005, 0.1247, 0.8321),
        ("biases", 0.0005, 0.1315, 0.8331),
        ("svd", 0.01, 0.1376, 0.8335),
        ("item-knn", 0.001, 0.4195, 0.8192),
        ("ease", 0.0005, 0.4682, 0.8261),
    ];
    let rows: Vec<_> = references
        .iter()
        .flat_map(|(name, band, full, candidates)| {
            [(*name, NDCG[0], *full, *band), (*name, NDCG[1], *candidates, *band)]
        })
        .collect();
    assert_eq!(outside(report, &rows), Vec::<String>::new());
}

#[test]
fn precision_recall_and_hits_agree_too() {
    let Some(report) = report() else { return };
    // (model, precision, recall, hit rate) by full ranking, then of the user's own items; only models without chance. One user is
    // 0.0022 of a hit rate.
    let references = [
        ("popularity", [0.2221, 0.1147, 0.7917], [0.6533, 0.5250, 0.9956]),
        ("item-mean", [0.1327, 0.0524, 0.5329], [0.6991, 0.5468, 0.9978]),
        ("biases", [0.1410, 0.0551, 0.5504], [0.7002, 0.5479, 1.0000]),
        ("item-knn", [0.3614, 0.2064, 0.8969], [0.6879, 0.5352, 0.9978]),
        ("ease", [0.3897, 0.2373, 0.9189], [0.6947, 0.5364, 0.9978]),
    ];
    let mut rows = Vec::new();
    for (name, full, candidates) in references {
        let paths = ["precision", "recall", "hit_rate"];
        rows.extend(paths.iter().zip(full).map(|(path, value)| (name, format!("/full/{path}@10"), value)));
        rows.extend(paths.iter().zip(candidates).map(|(path, value)| (name, format!("/candidates/{path}@10"), value)));
    }
    let rows: Vec<_> = rows.iter().map(|(name, path, value)| (*name, path.as_str(), *value, 0.0023)).collect();
    assert_eq!(outside(report, &rows), Vec::<String>::new());
}

/// The reference does not say with which settings implicit's ALS reached 0.4303 and its BPR 0.2308, which is below popularity; by
/// settings alone ALS here goes from 0.31 to 0.465 (docs/baselines.md). And nothing public says what a film's genres are worth.
/// So these bands hold our own figures, and what must be is the order, and ALS and BPR at least as good as the references.
#[test]
fn models_without_a_strong_reference_stand_where_they_should() {
    let Some(report) = report() else { return };
    let rows = [
        ("bpr", NDCG[0], 0.427, 0.015),
        ("bpr", NDCG[1], 0.818, 0.015),
        ("als", NDCG[0], 0.465, 0.01),
        ("als", NDCG[1], 0.824, 0.01),
        ("category-popularity", NDCG[0], 0.2829, 0.0005),
        ("category-popularity", NDCG[1], 0.7969, 0.0005),
    ];
    assert_eq!(outside(report, &rows), Vec::<String>::new());
    let order = ["random", "svd", "popularity", "category-popularity", "item-knn", "als", "ease"];
    for pair in order.windows(2) {
        let [low, high] = [pair[0], pair[1]].map(|name| figure(model(report, name), NDCG[0]));
        assert!(low < high, "{} {low} is not below {} {high}", pair[0], pair[1]);
    }
    assert!(figure(model(report, "als"), NDCG[0]) > 0.4303 - 0.01 && figure(model(report, "bpr"), NDCG[0]) > 0.2308);
}

#[test]
fn the_report_says_how_it_was_measured() {
    let Some(report) = report() else { return };
    let protocol = &report["protocol"];
    assert_eq!(protocol["split"], "files: the two that were given");
    assert_eq!(protocol["rows"], serde_json::json!([80_000, 0, 20_000]));
    let counts = ["users", "items", "queries", "k"].map(|name| protocol[name].as_u64().unwrap());
    assert_eq!(counts, [943, 1682, 456, 10]);
    assert_eq!(protocol["left_out"]["users without a relevant test item, in the rankings"], 3);
    for model in report["models"].as_array().unwrap() {
        for protocol in ["full", "candidates"] {
            let found = &model[protocol]["ndcg@10"];
            let [low, mean, high] = ["low", "mean", "high"].map(|end| found[end].as_f64().unwrap());
            assert!(low < mean && mean < high, "{} {protocol}: {found}", model["model"]);
        }
    }
}

/// Over seeds the SVD's error has a standard deviation of 0.0013: one seed inside the band could be luck.
#[test]
fn the_factorisation_agrees_on_average_over_seeds() {
    let Some(folder) = folder() else { return };
    let of = |seed: &str| figure(model(&run(&folder, &["--models", "svd", "--seed", seed]), "svd"), RMSE);
    let found: Vec<f64> = ["1", "2", "3", "4", "5"].iter().map(|seed| of(seed)).collect();
    let mean = found.iter().sum::<f64>() / found.len() as f64;
    assert!((mean - 0.9513).abs() < 0.003, "{mean} of {found:?}");
}
