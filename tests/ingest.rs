//! `tidyrank ingest` from outside: files, standard input, what is wrong by file, line and field, and what lasts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

const SERVED: &str = r#"{"schema":1,"id":"e-1","at":1760000000,"type":"cleaner_recommendation","requestId":"r-1","jobId":"job-1","cleanerId":"c-1","score":87.53912353515625,"rank":1,"mode":"rules","breakdown":{"quality":90.0,"location":null,"specialisation":null,"pricing":null,"availability":null,"reliability":null}}"#;
const HIRED: &str =
    r#"{"schema":1,"id":"e-2","at":1760000060,"type":"outcome","recommendationId":"e-1","outcome":"hired"}"#;
const LOST: &str =
    r#"{"schema":1,"id":"e-3","at":1760000061,"type":"outcome","recommendationId":"e-9","outcome":"viewed"}"#;

/// A data set as small as `tidyrank generate` makes it.
fn data_set() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(generate(folder.path(), "1").status.code(), Some(0));
    folder
}

fn generate(folder: &Path, seed: &str) -> Output {
    let out = folder.join("data");
    let flags = ["--jobs", "20", "--cleaners", "8", "--clients", "5", "--force", "--seed", seed];
    run(&[&["generate", "--out", out.to_str().unwrap()], &flags[..]].concat(), "")
}

fn run(args: &[&str], input: &str) -> Output {
    Command::cargo_bin("tidyrank").unwrap().args(args).write_stdin(input.to_owned()).output().unwrap()
}

fn ingest(folder: &Path, args: &[&str], input: &str) -> Output {
    let data = folder.join("data");
    run(&[&["ingest", "--data", data.to_str().unwrap()], args].concat(), input)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn json(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn events_from_files_and_standard_input_are_added_once() {
    let folder = data_set();
    let file = folder.path().join("monday.jsonl");
    std::fs::write(&file, format!("{SERVED}\n{HIRED}\n")).unwrap();
    let report = json(&ingest(folder.path(), &["--format", "json", file.to_str().unwrap(), "-"], LOST));
    assert_eq!([&report["inserted"], &report["known"], &report["stored"], &report["unmatched"]], [3, 0, 3, 1]);
    let again = ingest(folder.path(), &[file.to_str().unwrap()], "");
    assert!(text(&again.stderr).contains("warning: 1 outcomes"), "{}", text(&again.stderr));
    let table = text(&again.stdout);
    assert!(table.contains("cleaner_recommendation ┆ 0        ┆ 1"), "{table}");
    let listed = ingest(folder.path(), &["--list"], "");
    assert_eq!(text(&listed.stdout), format!("{SERVED}\n{HIRED}\n{LOST}\n"));
}

#[test]
fn what_is_wrong_is_said_with_file_line_field_and_code() {
    let folder = data_set();
    let file = folder.path().join("bad.jsonl");
    let wrong = SERVED.replace("\"rank\":1", "\"rank\":0").replace("e-1", "e-7");
    let unknown = HIRED.replace("\"outcome\",\"rec", "\"purchase\",\"rec");
    std::fs::write(&file, format!("{SERVED}\n{wrong}\n{unknown}\n")).unwrap();
    let path = file.to_str().unwrap();
    let output = ingest(folder.path(), &[path], "");
    let error = text(&output.stderr);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""));
    assert!(error.starts_with("error[events.invalid]: 2 of the lines cannot be used: nothing was added"), "{error}");
    assert!(error.contains(&format!("{path}:2: event.out_of_range: field rank: is 0")), "{error}");
    assert!(error.contains(&format!("{path}:3: event.type: field type: is \"purchase\"")), "{error}");
    assert_eq!(text(&ingest(folder.path(), &["--list"], "").stdout), "");
    let kept = ingest(folder.path(), &["--keep-going", "--format", "json", path], "");
    assert_eq!(kept.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&kept.stdout).unwrap();
    assert_eq!([&report["inserted"], &report["refused"]], [1, 2]);
    assert_eq!(text(&ingest(folder.path(), &["--list"], "").stdout), format!("{SERVED}\n"));
}

#[test]
fn wrong_folders_and_files_are_named() {
    let folder = data_set();
    let cases: [(&[&str], &str); 4] = [
        (&["ingest", "-", "--data", "nowhere"], "error[data.missing]: nowhere"),
        (&["ingest", "nothing.jsonl", "--data"], "error[file.read]: cannot read nothing.jsonl"),
        (&["ingest", ".", "--data"], "error[file.read]: .:1"),
        (&["ingest", "--list", "--data"], "error[events.missing]: there is no"),
    ];
    let data = folder.path().join("data");
    for (args, expected) in cases {
        let place = if args.contains(&"nowhere") { vec![] } else { vec![data.to_str().unwrap()] };
        let output = run(&[args, &place[..]].concat(), "");
        assert!(text(&output.stderr).starts_with(expected), "{args:?}: {}", text(&output.stderr));
        let _ = std::fs::remove_file(data.join("events.sqlite"));
    }
    assert_eq!(run(&["ingest"], "").status.code(), Some(2));
}

#[test]
fn what_was_recorded_outlives_a_new_market_and_is_no_part_of_the_fingerprint() {
    let folder = data_set();
    let data = folder.path().join("data");
    let before = tidyrank::native::datasets::fingerprint(&data).unwrap();
    ingest(folder.path(), &["-"], SERVED);
    assert_eq!(tidyrank::native::datasets::fingerprint(&data).unwrap(), before);
    let output = generate(folder.path(), "2");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_ne!(tidyrank::native::datasets::fingerprint(&data).unwrap(), before);
    assert_eq!(text(&ingest(folder.path(), &["--list"], "").stdout), format!("{SERVED}\n"));
}
