//! The import table of `docs/architecture.md`, checked against every source file.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod imports;
mod rules;

use std::path::{Path, PathBuf};

/// Lines that a source file may have, its tests included.
const MAX_LINES: usize = 520;

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every source file with its module: `src/native/eval/mod.rs` is `native::eval`, `src/lib.rs` is the crate itself.
fn files() -> Vec<(PathBuf, Vec<String>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    sources(&root, &mut found);
    let module = |path: &Path| {
        let inside = path.strip_prefix(&root).unwrap().with_extension("");
        let mut segments: Vec<String> = inside.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        if matches!(segments.last().map(String::as_str), Some("mod" | "lib")) {
            segments.pop();
        }
        segments
    };
    found.into_iter().map(|path| (path.clone(), module(&path))).collect()
}

#[test]
fn modules_use_only_what_the_table_allows() {
    let mut broken = Vec::new();
    let files = files();
    assert!(files.len() > 20, "found only {} files", files.len());
    for (path, module) in files {
        let module: Vec<&str> = module.iter().map(String::as_str).collect();
        let file = imports::read(&std::fs::read_to_string(&path).unwrap(), &module).unwrap();
        broken.extend(rules::violations(&module, &file).into_iter().map(|line| format!("{}: {line}", path.display())));
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn source_files_stay_readable_in_one_sitting() {
    let lines = |path: &Path| std::fs::read_to_string(path).unwrap().lines().count();
    let long: Vec<String> = files()
        .iter()
        .map(|(path, _)| (path, lines(path)))
        .filter(|(_, count)| *count > MAX_LINES)
        .map(|(path, count)| format!("{}: {count} lines", path.display()))
        .collect();
    assert!(long.is_empty(), "split what is longer than {MAX_LINES} lines: {long:#?}");
}

#[test]
fn there_is_no_drawer_for_everything() {
    for (path, module) in files() {
        let name = module.last().map_or("", String::as_str);
        assert!(!["utils", "util", "helpers", "common", "misc"].contains(&name), "{}", path.display());
    }
}

/// A source that breaks a rule, where it stands, and what the report must say.
const PLANTED: &[(&str, &[&str], &str)] = &[
    ("use crate::rules::score;", &["domain"], "crate::rules::score"),
    ("use crate::{domain::Market, engine};", &["rules"], "crate::engine"),
    ("use super::super::engine::Engine;", &["native", "train"], "crate::engine::Engine"),
    ("use super::super::super::engine::Engine;", &["native", "train", "run"], "crate::engine"),
    ("mod tests { use super::super::model::Batch; }", &["features"], "crate::model::Batch"),
    ("fn f() -> f32 { crate::features::encode() }", &["model"], "crate::features::encode"),
    ("fn f(x: &[crate::rules::Score]) {}", &["model", "hybrid"], "crate::rules::Score"),
    ("fn f() { let x = vec![Some(crate::engine::K)]; }", &["artifact"], "crate::engine::K"),
    ("use crate::native as n; fn f() { n::train::run() }", &["native", "eval"], "crate::native::train::run"),
    ("use crate as all; fn f() { all::wasm::bind() }", &["engine"], "crate::wasm::bind"),
    ("use crate::*;", &["domain"], "crate is not for domain"),
    ("impl From<crate::domain::Market> for X {}", &["numeric"], "crate::domain::Market"),
    ("use candle_core::Tensor;", &["engine"], "candle_core::Tensor"),
    ("fn f(t: &candle_nn::VarMap) {}", &["native", "eval"], "candle_nn::VarMap"),
    ("use parquet::file;", &["native", "train"], "parquet::file"),
    ("fn f() { std::time::Instant::now(); }", &["engine"], "std::time::Instant"),
    ("use std::time::SystemTime;", &["domain"], "std::time::SystemTime"),
    ("use std::{fs, mem};", &["artifact"], "std::fs"),
    ("fn f() { println!(\"{:?}\", std::time::Instant::now()); }", &["rules"], "std::time::Instant"),
    ("fn f(p: *const u8) -> u8 { unsafe { *p } }", &["model"], "unsafe outside numeric"),
    ("#[unsafe(no_mangle)] fn f() {}", &["wasm"], "unsafe outside numeric"),
    ("macro_rules! m { () => { unsafe { f() } } }", &["native", "cli"], "unsafe outside numeric"),
];

#[test]
fn planted_violations_are_caught() {
    for (source, module, expected) in PLANTED {
        let file = imports::read(source, module).unwrap();
        let found = rules::violations(module, &file);
        assert!(found.iter().any(|line| line.contains(expected)), "{module:?}: {source}\nreported {found:#?}");
    }
}

#[test]
fn what_is_allowed_is_let_through() {
    let cases: &[(&str, &[&str])] = &[
        ("use super::stats::Tally; use crate::domain::Market; /// crate::engine\n fn f() {}", &["domain", "history"]),
        ("use crate::domain::Market; fn f() { \"crate::engine unsafe\"; }", &["rules", "quality"]),
        ("use super::super::native::train; use candle_core::Tensor; use std::time::Instant;", &["native", "train"]),
        ("mod tests { use super::*; use super::super::Other; }", &["engine", "recommend"]),
        ("fn f() { unsafe { g() } }", &["numeric", "simd"]),
        ("pub use crate::engine::Engine; pub use crate::native::train;", &[]),
        ("use crate::engine::Engine; use std::fs; use clap::Parser;", &["native", "cli", "recommend"]),
        ("pub(in crate::native) fn f() {}", &["domain"]),
    ];
    for (source, module) in cases {
        let file = imports::read(source, module).unwrap();
        let found = rules::violations(module, &file);
        assert!(found.is_empty(), "{module:?}: {source}\nreported {found:#?}");
    }
}
