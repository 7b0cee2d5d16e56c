//! Real sealed-bid tenders: what the bid model says of winning prices and odds, beside what a bidder could look up.
//!
//! Needs `tsuchiura-auctions/bids.csv` in the folder TIDYRANK_DATA (default `../shared/data`); without it nothing is measured, and
//! with REQUIRE_DATA=1 that is a failure. Protocol: docs/bids.md.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;
use tidyrank::native::datasets::Dataset;

fn source() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = std::env::var_os("TIDYRANK_DATA").map_or_else(|| root.join("../shared/data"), PathBuf::from);
    let folder = folder.join("tsuchiura-auctions");
    if folder.join("bids.csv").is_file() {
        return Some(folder);
    }
    assert!(std::env::var_os("REQUIRE_DATA").is_none_or(|value| value != "1"), "REQUIRE_DATA=1 and no {folder:?}");
    eprintln!("nothing measured: there is no {folder:?}");
    None
}

fn run(args: &[&str]) -> Output {
    let output = Command::cargo_bin("tidyrank").unwrap().args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn row<'a>(rows: &'a Value, name: &str) -> &'a Value {
    rows.as_array().unwrap().iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no {name} in {rows}"))
}

#[test]
fn a_model_is_trained_on_tenders_and_beats_single_prices_and_the_base_rate() {
    let Some(source) = source() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (data, model) = (path("data"), path("model"));
    let mapping = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/tsuchiura/mapping.toml");
    run(&["import", "--mapping", mapping.to_str().unwrap(), "--source", source.to_str().unwrap(), "--out", &data]);

    // By `csv.DictReader` in Python: 1,565 tenders, 1,561 of them with a winner, 269 companies.
    let set = Dataset::read(Path::new(&data)).unwrap();
    assert_eq!((set.jobs.len(), set.cleaners.len()), (1565, 269));
    assert_eq!(set.jobs.iter().filter(|job| job.hired.is_some()).count(), 1561);
    // The first line of the file: tender 15 of 2007-06-07, won by company 214 for 3,680,000 yen of at most 3,780,000.
    let first = set.jobs.iter().find(|job| job.id == "15").unwrap();
    assert_eq!((first.hired, first.spec.budget), (set.cleaner_ids.get("214"), Some(3_780_000.0)));
    assert_eq!(first.bid_of(first.hired.unwrap()), Some(3_680_000.0));
    // `date -u -d '2007-06-07 00:00 +0900' +%s`.
    assert_eq!(first.spec.posted_at, 1_181_142_000);

    run(&["bids", "train", "--data", &data, "--model", &model]);
    let json = run(&["bids", "evaluate", "--data", &data, "--model", &model, "--format", "json"]).stdout;
    let report: Value = serde_json::from_slice(&json).unwrap();
    println!("{}", String::from_utf8_lossy(&json));
    assert_eq!(report["protocol"]["source"], "model");
    assert_eq!(report["revenue"].as_array().unwrap().len(), 0, "there is no truth to measure revenue by");

    let number = |value: &Value| value.as_f64().unwrap();
    let sum = |row: &Value| row["pinball"].as_array().unwrap().iter().map(number).sum::<f64>();
    let suggestion = row(&report["range"], "suggestion");
    for baseline in ["market mean", "budget or reserve price, else market"] {
        let other = row(&report["range"], baseline);
        assert!(sum(suggestion) < sum(other), "{baseline}: {} against {}", sum(other), sum(suggestion));
    }
    let coverage = number(&suggestion["coverage"]);
    // 0.676: fewer bid and for more in the hold-out years than in those before.
    assert!((0.62..=0.95).contains(&coverage), "coverage {coverage}");
    let wins = row(&report["winning"], "suggestion");
    // How many will have bid in the end, which would say more, nobody knows before sealed bids are opened.
    let other = row(&report["winning"], "base rate of the past");
    assert!(number(&wins["log_loss"]) < number(&other["log_loss"]), "{other} against {wins}");
    assert!(number(&wins["ece"]) < number(&other["ece"]), "{other} against {wins}");
    assert!(number(&wins["ece"]) < 0.08, "{wins}");
    // The very lowest bid of a tender is known to nobody before: odds that good would be a leak.
    assert!(number(&wins["log_loss"]) > 0.2, "{wins}");
}
