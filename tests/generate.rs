//! `tidyrank generate`: pinned bytes, clear errors, and a market that reads back.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use assert_cmd::Command;
use sha2::{Digest, Sha256};
use tidyrank::native::datasets::{Dataset, read_truth};

const SMALL: [&str; 8] = ["--jobs", "60", "--cleaners", "12", "--clients", "20", "--seed", "7"];

fn generate(out: &Path, flags: &[&str]) -> Command {
    let mut command = Command::cargo_bin("tidyrank").unwrap();
    command.args(["generate", "--out"]).arg(out).args(flags);
    command
}

fn hashes(dir: &Path) -> BTreeMap<String, String> {
    let hash = |path: &Path| {
        Sha256::digest(fs::read(path).unwrap()).iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let list = |dir: &Path, prefix: &str| {
        let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
        let name = |path: &Path| format!("{prefix}{}", path.file_name().unwrap().to_string_lossy());
        entries.map(|path| (name(&path), hash(&path))).collect::<Vec<_>>()
    };
    list(dir, "").into_iter().chain(list(&dir.join("truth"), "truth/")).collect()
}

/// The bytes of a small market. They change only when the generator, a table or the Parquet library changes on purpose;
/// `cargo test --test generate -- --nocapture` prints the new ones.
#[test]
fn the_bytes_are_pinned() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two, other) = (dir.path().join("one"), dir.path().join("two"), dir.path().join("other"));
    generate(&one, &SMALL).assert().success();
    generate(&two, &SMALL).assert().success();
    generate(&other, &SMALL[..6]).assert().success();
    let found = hashes(&one);
    assert_eq!(found, hashes(&two));
    let differ = hashes(&other);
    for name in found.keys().filter(|name| name.ends_with(".parquet")) {
        assert_ne!(found[name], differ[name], "{name} does not depend on the seed");
    }
    let lines: Vec<String> = found.iter().map(|(name, hash)| format!("{hash}  {name}")).collect();
    let expected: Vec<&str> = include_str!("golden/market-7.sha256").lines().collect();
    assert_eq!(lines, expected, "\n{}\n", lines.join("\n"));
}

#[test]
fn a_market_reads_back_with_its_truth() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("set");
    let shown = generate(&out, &["--jobs", "400", "--cleaners", "40", "--clients", "60", "--format", "json"]).output();
    let shown: serde_json::Value = serde_json::from_slice(&shown.unwrap().stdout).unwrap();
    assert_eq!((shown["tables"]["jobs"].as_u64(), shown["tables"]["cleaners"].as_u64()), (Some(400), Some(40)));
    let data = Dataset::read(&out).unwrap();
    assert_eq!((data.jobs.len(), data.cleaners.len(), data.client_ids.len()), (400, 40, 60));
    let truth = read_truth(&out, &data).unwrap().unwrap();
    assert_eq!(truth.market.noise_variance, 0.05f64 * 0.05);
    let pairs: usize = data.jobs.iter().map(|job| job.bids.len()).sum();
    assert_eq!((truth.expected_rating.len(), truth.choice_utility.len()), (pairs, pairs));
    for (job, at) in data.jobs.iter().zip(0u32..) {
        assert_eq!(job.rating.is_some(), job.completed);
        assert!(job.bids.iter().all(|bid| truth.expected_rating.contains_key(&(at, bid.cleaner))));
    }
    let mut replay = data.history.replay();
    replay.advance_to(i64::MAX);
    let total = &replay.market().total;
    let completed = data.jobs.iter().filter(|job| job.completed).count() as u32;
    assert_eq!((total.completed, total.overall.count, total.bids as usize), (completed, completed, pairs));
    assert!(total.wins >= completed + total.cancelled && total.earnings > 0.0);
}

#[test]
fn wrong_input_is_explained() {
    let dir = tempfile::tempdir().unwrap();
    let taken = dir.path().join("taken");
    generate(&taken, &SMALL).assert().success();
    let foreign = dir.path().join("foreign");
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join("thesis.doc"), b"mine").unwrap();
    let new = dir.path().join("new");
    let cases: &[(&Path, &[&str], i32, &[&str])] = &[
        (&taken, &[], 1, &["error[data.exists]", "taken", "--force"]),
        (&foreign, &["--force"], 1, &["error[data.foreign_file]", "thesis.doc"]),
        (&new, &["--cleaners", "7"], 1, &["error[datagen.size]", "7 cleaners", "8 to"]),
        (&new, &["--jobs", "0"], 1, &["error[datagen.size]", "0 jobs"]),
        (&new, &["--clients", "0"], 1, &["error[datagen.size]", "0 clients"]),
        (&new, &["--jobs", "many"], 2, &["many"]),
        (&new, &["--seed", "-1"], 2, &["-1"]),
    ];
    for (out, flags, code, words) in cases {
        let output = generate(out, flags).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(*code), "{flags:?}: {said}");
        words.iter().for_each(|word| assert!(said.contains(word), "{flags:?}: {said} lacks {word}"));
    }
    assert!(!new.exists() && foreign.join("thesis.doc").exists());
    generate(&taken, &[&SMALL[..], &["--force"]].concat()).assert().success();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "nothing may be left behind");
}
