//! What the browser build depends on, and that the two package files tell the same story.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

const NEVER_IN_THE_BROWSER: &[&str] = &[
    "candle-core",
    "candle-nn",
    "faer",
    "arrow-array",
    "arrow-schema",
    "parquet",
    "tokio",
    "rayon",
    "ureq",
    "clap",
    "h3o",
    "indicatif",
    "csv",
    "serde",
    "serde_json",
];
/// What the engine's module does without; the GPU's module has it from wgpu.
const NEVER_IN_THE_ENGINE: &[&str] = &["thiserror", "js-sys", "serde-wasm-bindgen"];

/// The names of the crates that `cargo tree` lists, this one left out.
fn tree(flags: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "-e", "normal", "--prefix", "none", "--format", "{p}"])
        .args(flags)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .filter(|name| name != "tidyrank")
        .collect()
}

fn forbidden(tree: &BTreeSet<String>) -> Vec<&str> {
    NEVER_IN_THE_BROWSER.iter().copied().filter(|name| tree.contains(*name)).collect()
}

#[test]
fn the_browser_build_carries_no_native_crate() {
    let flags = ["--no-default-features", "--features", "wasm", "--target", "wasm32-unknown-unknown"];
    let browser = tree(&flags);
    assert!(browser.contains("wasm-bindgen") && browser.contains("sha2"), "{browser:?}");
    assert_eq!(forbidden(&browser), Vec::<&str>::new());
    assert!(!NEVER_IN_THE_ENGINE.iter().any(|name| browser.contains(*name)), "{browser:?}");

    // The same check must see them where they are.
    let native = tree(&["--features", "native"]);
    let native = forbidden(&native);
    for name in [
        "candle-core",
        "candle-nn",
        "faer",
        "arrow-array",
        "parquet",
        "rayon",
        "ureq",
        "clap",
        "h3o",
        "serde",
        "serde_json",
    ] {
        assert!(native.contains(&name), "{name} is not in the native tree: {native:?}");
    }
}

/// The code for the GPU calls the browser's WebGPU: it brings no driver and no compiler of shaders of its own.
#[test]
fn the_browser_builds_gpu_code_carries_no_native_crate() {
    let flags = ["--no-default-features", "--features", "gpu-web", "--target", "wasm32-unknown-unknown"];
    let browser = tree(&flags);
    assert!(browser.contains("wgpu"), "{browser:?}");
    assert_eq!(forbidden(&browser), Vec::<&str>::new());
    let drivers = |tree: &BTreeSet<String>| ["naga", "wgpu-core", "wgpu-hal"].map(|name| tree.contains(name));
    assert_eq!(drivers(&browser), [false; 3]);
    assert_eq!(drivers(&tree(&["--features", "gpu"])), [true; 3]);
}

/// A field of `package.json`, if it is a string.
fn package_field(text: &str, field: &str) -> Option<String> {
    serde_json::from_str::<serde_json::Value>(text).ok()?.get(field)?.as_str().map(str::to_owned)
}

/// The fields of `package.json` that differ from Cargo.toml's.
fn differences(text: &str) -> Vec<&'static str> {
    let expected =
        [("name", env!("CARGO_PKG_NAME")), ("version", env!("CARGO_PKG_VERSION")), ("license", "MIT OR Apache-2.0")];
    expected.iter().filter(|(field, value)| package_field(text, field).as_deref() != Some(value)).map(|e| e.0).collect()
}

#[test]
fn both_package_files_name_the_same_version_and_licence() {
    assert_eq!(env!("CARGO_PKG_LICENSE"), "MIT OR Apache-2.0");
    for folder in ["pkg", "js"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join("package.json");
        if let Ok(text) = std::fs::read_to_string(&path) {
            assert_eq!(differences(&text), Vec::<&str>::new(), "{}", path.display());
        }
    }
    let wrong = r#"{"name": "tidyrank", "version": "9.9.9"}"#;
    assert_eq!(differences(wrong), ["version", "license"]);
}
