//! `tidyrank train` with trackers that fail: the model is the same, and there is one warning.
#![allow(missing_docs, dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/folder.rs"]
mod folder;
mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use support::{Stand, stand};

const RECIPE: &str = "[training]\nepochs = 3\nbatch_size = 64\n";

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::cargo_bin("tidyrank").unwrap();
    command.current_dir(folder).env("RAYON_NUM_THREADS", "2");
    command.args(["train", "recipe.toml", "--data", "data"]).args(arguments).output().unwrap()
}

/// A server that gives every connection this answer and then says no more, without ever closing it.
fn server(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let mut bytes = [0; 4096];
                while stream.read(&mut bytes).is_ok_and(|read| read > 0) {
                    let _ = stream.write_all(answer);
                }
            });
        }
    });
    address
}

fn absent() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn trackers_that_fail_change_nothing_but_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    folder::write(&stand(40, 30, 400), &path.join("data"));
    std::fs::write(path.join("recipe.toml"), RECIPE).unwrap();
    std::fs::write(path.join("file"), "").unwrap();
    let plain = run(path, &["--out", "plain"]);
    assert!(plain.status.success() && plain.stderr.is_empty(), "{}", String::from_utf8_lossy(&plain.stderr));
    let model = |out: &str| std::fs::read(path.join(out).join("model.safetensors")).unwrap();
    let history = |out: &str| std::fs::read_to_string(path.join(out).join("history.jsonl")).unwrap();
    assert_eq!(history("plain").lines().count(), 3);

    let errors = server(b"HTTP/1.1 500 x\r\nContent-Length: 4\r\n\r\noops");
    let (silent, other, nonsense) = (server(b""), server(b"HTTP/1.1 200 x\r\nContent-Length: 0\r\n\r\n"), server(b"?"));
    let absent = absent();
    let cases: [(&str, Vec<&str>, &str); 6] = [
        ("absent", vec!["--mlflow", &absent], "tracking.unreachable"),
        ("errors", vec!["--mlflow", &errors], "tracking.refused"),
        ("silent", vec!["--mlflow", &silent], "tracking.slow"),
        ("other", vec!["--mlflow", &other], "tracking.answer"),
        ("nonsense", vec!["--mlflow", &nonsense], "tracking."),
        ("events", vec!["--tensorboard", "file/runs"], "tracking.file"),
    ];
    let (model, history) = (&model, &history);
    std::thread::scope(|scope| {
        for (out, flags, code) in &cases {
            scope.spawn(move || {
                let output = run(path, &[&["--out", *out], flags.as_slice()].concat());
                let error = String::from_utf8(output.stderr).unwrap();
                assert!(output.status.success(), "{out}: {error}");
                assert_eq!(error.matches("warning").count(), 1, "{out}: {error}");
                assert!(error.contains(&format!("warning[{code}")) && error.contains("help:"), "{out}: {error}");
                assert_eq!(model(out), model("plain"), "{out}");
                assert_eq!(history(out), history("plain"), "{out}");
            });
        }
    });
}

#[test]
fn wrong_flags_are_refused_before_anything_is_trained() {
    let folder = tempfile::tempdir().unwrap();
    for (flags, text) in [
        (vec!["--mlflow", "https://ml.example"], "http only"),
        (vec!["--mlflow", "127.0.0.1:5000"], "begins with http://"),
        (vec!["--mlflow-experiment", "a"], "--mlflow <URL>"),
    ] {
        let output = run(folder.path(), &flags);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {error}");
        assert!(error.contains(text), "{flags:?}: {error}");
    }
}

/// The lines are there while the training runs, whole, and a process that is killed leaves them.
#[cfg(unix)]
#[test]
fn a_killed_training_leaves_whole_lines() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    folder::write(&stand(40, 30, 400), &path.join("data"));
    std::fs::write(path.join("recipe.toml"), RECIPE).unwrap();
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("tidyrank"))
        .current_dir(path)
        .args(["train", "recipe.toml", "--data", "data", "--out", "model", "--tensorboard", "runs"])
        .args(["--epochs", "5000", "--patience", "5000"])
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let file = path.join("model/history.jsonl");
    while std::fs::read_to_string(&file).unwrap_or_default().lines().count() < 5 {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.ends_with('\n'));
    for (at, line) in text.lines().enumerate() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["epoch"], at + 1);
    }
    // The frames of the events are whole, too: length, checksum, payload, checksum.
    let events = std::fs::read_dir(path.join("runs")).unwrap().next().unwrap().unwrap().path();
    let (bytes, mut at, mut frames) = (std::fs::read(events).unwrap(), 0, 0);
    while at < bytes.len() {
        let length = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
        (at, frames) = (at + length + 16, frames + 1);
    }
    assert_eq!(at, bytes.len());
    // Version, settings and tags come before the epochs.
    assert!(frames >= 3 + 5, "{frames}");
}
