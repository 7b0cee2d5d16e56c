//! What may be used where, and what a file breaks.

use super::imports::{File, Found};

/// A module and the modules of ours that it may use. Longer names are looked up first.
const ALLOWED: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("numeric", &[]),
    ("rules", &["domain"]),
    ("features", &["domain"]),
    ("artifact", &["numeric"]),
    ("model", &["domain", "numeric", "artifact"]),
    ("engine", &["domain", "rules", "features", "numeric", "artifact", "model"]),
    ("wasm", &["domain", "artifact", "engine"]),
    ("native::datagen", &["domain"]),
    ("native::datasets", &["domain"]),
    ("native::interactions", &["domain"]),
    ("native::baselines", &["domain", "native::interactions"]),
    ("native::train", &["domain", "features", "numeric", "model", "artifact", "native::files"]),
    ("native::eval", &["domain", "engine"]),
    ("native::messages", &["engine"]),
    ("native::calibrate", &["domain", "artifact", "engine", "model", "native::eval"]),
    ("native::events", &["domain", "native::files"]),
    ("native::experiment", &["domain", "engine", "native::datasets", "native::eval", "native::events"]),
    ("native::tiles", &["domain", "artifact", "engine", "native::files", "native::model_dir"]),
    ("native::registry", &["domain", "artifact", "native::files", "native::model_dir"]),
    ("native::monitor", &["domain", "features", "engine", "native::datasets", "native::eval", "native::events"]),
    ("native::score", &["domain", "numeric", "artifact", "engine", "native::datasets", "native::eval"]),
    ("native::tracking", &["native::files"]),
    ("native::quantize", &["domain", "features", "numeric", "model", "artifact"]),
];

/// Modules that also run in the browser: no clock, no files, no threads, no outside randomness.
const CORE: &[&str] = &["domain", "numeric", "rules", "features", "artifact", "model", "engine", "wasm"];
const NOT_IN_CORE: &[&str] =
    &["std::time", "std::fs", "std::net", "std::process", "std::thread", "std::env", "rand", "rand_chacha", "jiff"];

/// An outside crate and the only modules that may use it.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("candle_core", &["native::train"]),
    ("candle_nn", &["native::train"]),
    ("arrow_array", &["native::datasets", "native::interactions"]),
    ("arrow_schema", &["native::datasets", "native::interactions"]),
    ("parquet", &["native::datasets", "native::interactions"]),
    ("faer", &["native::baselines"]),
    ("h3o", &["native::tiles"]),
    ("rusqlite", &["native::events"]),
    ("ed25519_dalek", &["native::registry"]),
    ("semver", &["native::registry"]),
    ("statrs", &["native::experiment", "native::monitor"]),
    ("ureq", &["native::tracking"]),
    ("clap", &["native::cli"]),
    ("wasm_bindgen", &["wasm"]),
    ("js_sys", &["wasm"]),
    ("wgpu", &["engine::gpu"]),
];

/// Everything that a file of `module` (segments after `crate`) breaks, one line each.
pub(crate) fn violations(module: &[&str], file: &File) -> Vec<String> {
    let mut broken: Vec<String> = file.paths.iter().filter_map(|found| violation(module, found)).collect();
    if !starts_with(module, "numeric") {
        broken.extend(file.unsafe_lines.iter().map(|line| format!("line {line}: unsafe outside numeric")));
    }
    broken.sort();
    broken.dedup();
    broken
}

fn violation(module: &[&str], found: &Found) -> Option<String> {
    let path: Vec<&str> = found.path.iter().map(String::as_str).collect();
    let why = match path.split_first()? {
        (&"crate", rest) => own(module, rest)?,
        _ => outside(module, &path)?,
    };
    Some(format!("line {}: {} {why}", found.line, path.join("::")))
}

/// Why a path of ours may not be used, if so.
fn own(module: &[&str], path: &[&str]) -> Option<String> {
    let (name, allowed) = ALLOWED.iter().find(|(name, _)| starts_with(module, name))?;
    let fine = starts_with(path, name) || allowed.iter().any(|other| starts_with(path, other));
    (!fine).then(|| format!("is not for {name}, which may use {allowed:?}"))
}

/// Why a path out of the crate may not be used, if so.
fn outside(module: &[&str], path: &[&str]) -> Option<String> {
    let core = CORE.iter().any(|name| starts_with(module, name));
    if core && NOT_IN_CORE.iter().any(|name| starts_with(path, name)) {
        return Some("is not for modules that run in the browser".to_owned());
    }
    let (_, homes) = OUTSIDE.iter().find(|(name, _)| starts_with(path, name))?;
    (!homes.iter().any(|home| starts_with(module, home))).then(|| format!("is only for {homes:?}"))
}

fn starts_with(path: &[&str], prefix: &str) -> bool {
    let prefix: Vec<&str> = prefix.split("::").collect();
    path.starts_with(&prefix)
}
