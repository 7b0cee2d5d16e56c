//! `train`, `quantize` and `inspect` as a user calls them.
#![allow(missing_docs, dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/folder.rs"]
mod folder;
mod support;

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use support::{Stand, stand};
use tempfile::TempDir;
use tidyrank::engine::{Engine, Precision};

const RECIPE: &str = "[training]\nepochs = 3\nbatch_size = 64\n";

struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        folder::write(&stand(40, 30, 400), &folder.path().join("data"));
        std::fs::write(folder.path().join("recipe.toml"), RECIPE).unwrap();
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn run(&self, arguments: &str) -> Output {
        self.run_with(arguments, "2")
    }

    fn run_with(&self, arguments: &str, threads: &str) -> Output {
        let mut command = Command::cargo_bin("tidyrank").unwrap();
        command.current_dir(self.path()).env("RAYON_NUM_THREADS", threads);
        command.args(arguments.split_whitespace()).output().unwrap()
    }

    fn fails(&self, arguments: &str, code: &str) {
        let output = self.run(arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments}: {error}");
        assert!(error.contains(&format!("error[{code}]")) && error.contains("help:"), "{arguments}: {error}");
    }

    fn succeeds(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn a_model_is_trained_quantised_inspected_and_loaded() {
    let place = Place::new();
    let trained = place.succeeds("train recipe.toml --data data --format json --seed 7 --epochs 2");
    let trained: serde_json::Value = serde_json::from_str(&trained).unwrap();
    assert_eq!((trained["epochs"].as_u64(), trained["samples"][0].as_u64()), (Some(2), Some(280)));
    // The folder is named by the version; the recipe in it holds what the flags said.
    let stored = std::fs::read_to_string(place.path().join("1.0.0/recipe.toml")).unwrap();
    assert!(stored.contains("seed = 7") && stored.contains("epochs = 2") && stored.contains("batch_size = 64"));
    let history = std::fs::read_to_string(place.path().join("1.0.0/history.jsonl")).unwrap();
    assert_eq!(history.lines().count(), 2);
    place.succeeds("quantize 1.0.0 --data data --jobs 40 --candidates 30");
    let table = place.succeeds("inspect 1.0.0");
    for role in ["model.fp32", "model.q8", "catalog", "clients", "collaborative x alpha + content x (1 - alpha)"] {
        assert!(table.contains(role), "{role} is not in\n{table}");
    }
    let report: serde_json::Value = serde_json::from_str(&place.succeeds("inspect 1.0.0 --format json")).unwrap();
    // 88,646 at 507 and 211 rows; here there are 41 and 31.
    let expected = 88_646 - (507 - 41 + 211 - 31) * 64;
    assert_eq!(report["files"][0]["state_values"], expected);
    assert_eq!(report["files"][0]["trainable_values"], expected - 451);
    let model = place.path().join("1.0.0");
    let manifest = std::fs::read(model.join("manifest.json")).unwrap();
    let read = |role: &str| {
        let name = if role.starts_with("model") { role.replace("model.fp32", "model") } else { role.to_owned() };
        std::fs::read(model.join(format!("{name}.safetensors"))).ok()
    };
    for precision in [Precision::Fp32, Precision::Int8] {
        let engine = Engine::load(&manifest, read, precision).unwrap();
        assert!(engine.model().is_some() && engine.warnings().is_empty(), "{:?}", engine.warnings());
    }
}

#[test]
fn the_same_command_writes_the_same_bytes_with_one_thread_and_two() {
    let place = Place::new();
    for threads in ["1", "2"] {
        let arguments = format!("train recipe.toml --data data --out m{threads}");
        assert!(place.run_with(&arguments, threads).status.success());
        let arguments = format!("quantize m{threads} --data data --jobs 40 --candidates 30");
        assert!(place.run_with(&arguments, threads).status.success());
    }
    let read = |name: &str| std::fs::read(place.path().join(name)).unwrap();
    for file in ["model.safetensors", "model.q8.safetensors", "catalog.safetensors", "manifest.json", "history.jsonl"] {
        assert!(read(&format!("m1/{file}")) == read(&format!("m2/{file}")), "{file} differs");
    }
}

#[test]
fn samples_are_exported_with_their_part() {
    let place = Place::new();
    place.succeeds("train recipe.toml --data data --export-samples samples.csv");
    let text = std::fs::read_to_string(place.path().join("samples.csv")).unwrap();
    assert_eq!(text.lines().count(), 401);
    let count = |part: &str| text.lines().filter(|line| line.starts_with(part)).count();
    assert_eq!((count("train,"), count("validation,"), count("test,")), (280, 40, 80));
    assert!(text.lines().all(|line| line.split(',').count() == 23));
    assert!(!place.path().join("1.0.0").exists());
}

#[test]
fn wrong_input_says_what_to_do() {
    let place = Place::new();
    let write = |name: &str, text: &str| std::fs::write(place.path().join(name), text).unwrap();
    write("bad.toml", "[training]\nlearning_rat = 0.1\n");
    place.fails("train bad.toml --data data", "train.recipe");
    place.fails("train none.toml --data data", "file.read");
    place.fails("train recipe.toml --data nowhere", "data.missing");
    place.fails("train recipe.toml --data data --learning-rate 0", "train.setting");
    place.fails("train recipe.toml --data data --learning-rate 1e30", "train.diverged");
    place.fails("inspect nowhere", "file.read");
    place.fails("quantize nowhere --data data", "file.read");
    place.succeeds("train recipe.toml --data data --epochs 1");
    place.fails("quantize 1.0.0 --data data --jobs 1 --candidates 2", "quantize.calibration");
    folder::write(&stand(40, 30, 300), &place.path().join("other"));
    place.fails("quantize 1.0.0 --data other", "quantize.data");
    let model = place.path().join("1.0.0/model.safetensors");
    let mut bytes = std::fs::read(&model).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&model, &bytes).unwrap();
    place.fails("inspect 1.0.0", "artifact.checksum");
    place.fails("quantize 1.0.0 --data data", "artifact.checksum");
    std::fs::write(&model, &bytes[..last]).unwrap();
    place.fails("inspect 1.0.0", "artifact.truncated");
    assert_eq!(place.run("train").status.code(), Some(2));
    assert_eq!(place.run("train recipe.toml --data data --epochs many").status.code(), Some(2));
}
