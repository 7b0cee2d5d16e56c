//! `tidyrank registry` from outside: what it says, what its exit codes are, and what is there when the program was killed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use assert_cmd::Command;
use serde_json::{Value, json};
use tidyrank::artifact::Manifest;
use tidyrank::native::model_dir::ModelDir;

/// A folder with models and a registry.
struct Place(tempfile::TempDir);

impl Place {
    /// With models of these versions and mean reciprocal ranks, none of them added.
    fn new(models: &[(&str, f64)]) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        for (version, mrr) in models {
            write_model(&place.model(version), version, *mrr);
        }
        place
    }

    fn model(&self, version: &str) -> PathBuf {
        self.0.path().join(version)
    }

    fn registry(&self) -> PathBuf {
        self.0.path().join("registry")
    }

    fn flags(&self, args: &[&str]) -> Vec<String> {
        let folder = self.registry();
        let start = ["registry", "--registry", folder.to_str().unwrap(), "--at", "1760000000"];
        start.iter().chain(args).map(|text| (*text).to_owned()).collect()
    }

    fn run(&self, args: &[&str]) -> Output {
        Command::cargo_bin("tidyrank").unwrap().current_dir(self.0.path()).args(self.flags(args)).output().unwrap()
    }

    /// What a command that must succeed writes.
    fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.ok(&[args, &["--format", "json"]].concat())).unwrap()
    }

    /// What a command that must fail with this code says.
    fn failure(&self, args: &[&str], code: &str) -> String {
        let output = self.run(args);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {error}");
        assert!(error.contains(&format!("error[{code}]: ")) && error.contains("\n  help: "), "{args:?}: {error}");
        error
    }

    fn champion(&self) -> Option<String> {
        self.json(&["list"])["state"]["champion"].as_str().map(str::to_owned)
    }

    /// The program that runs this, not yet started.
    fn program(&self, args: &[&str]) -> std::process::Command {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_tidyrank"));
        program.args(self.flags(args)).current_dir(self.0.path()).stdout(Stdio::null()).stderr(Stdio::null());
        program
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A model with a catalog of a megabyte, so that writing takes a while.
fn write_model(path: &Path, version: &str, mrr: f64) {
    let manifest = Manifest {
        format_version: 1,
        oldest_readable: 1,
        name: "m".into(),
        version: version.into(),
        created_by: "test".into(),
        model_kind: "hybrid".into(),
        schema_hash: "s".into(),
        metrics: BTreeMap::from([("r2".to_owned(), 0.5)]),
        ..Manifest::default()
    };
    let catalog: Vec<u8> = version.bytes().cycle().take(1 << 20).collect();
    let contents = [("model.q8", "model.q8.safetensors", version.into()), ("catalog", "catalog.safetensors", catalog)];
    ModelDir::new(path, manifest).write(&contents).unwrap();
    let report = json!({ "protocol": { "data_fingerprint": "d" }, "metrics": { "ranking": { "mrr": mrr } } });
    std::fs::write(path.join("metrics.json"), report.to_string()).unwrap();
    std::fs::write(path.join("recipe.toml"), format!("version = \"{version}\"\n[training]\nepochs = 3\n")).unwrap();
}

#[test]
fn a_version_is_added_compared_promoted_published_and_taken_back() {
    let place = Place::new(&[("1.0.0", 0.6), ("1.1.0", 0.61), ("1.2.0", 0.5)]);
    assert!(place.ok(&["add", "1.0.0"]).contains("1.0.0: added, 5 objects"));
    assert!(place.ok(&["add", "1.0.0"]).contains("there already, the same, 0 objects"));
    place.ok(&["promote", "1.0.0"]);
    place.ok(&["add", "1.1.0"]);
    place.ok(&["add", "1.2.0"]);
    let diff = place.ok(&["diff", "champion", "1.1.0"]);
    for part in ["recipe ┆ version", "ranking.mrr", "0.600000", "0.610000", "model.q8.safetensors"] {
        assert!(diff.contains(part), "{part}: {diff}");
    }
    assert!(place.ok(&["promote", "1.1.0", "--rollout", "25"]).contains("1.1.0 is rolled out to 25 %"));
    let list = place.ok(&["list"]);
    assert!(list.contains("champion   ┆ 75 %") && list.contains("challenger ┆ 25 %"), "{list}");
    let published = place.json(&["publish", "--out", "out"]);
    assert_eq!((&published["champion"]["version"], &published["rollout"]), (&json!("1.0.0"), &json!(25)));
    assert_eq!(published["challenger"]["manifest"], "1.1.0/manifest.json");
    let read: Value =
        serde_json::from_slice(&std::fs::read(place.0.path().join("out/registry.json")).unwrap()).unwrap();
    assert_eq!(read, published);
    assert!(ModelDir::open(&place.0.path().join("out/1.1.0")).unwrap().read("catalog").is_ok());
    assert!(place.ok(&["rollout", "100"]).contains("1.1.0 is rolled out to 100 %"));

    // A worse one is not let through, and says why.
    let refused = place.run(&["promote", "1.2.0"]);
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused.stderr));
    let table = text(&refused.stdout);
    assert!(
        table.contains("ranking.mrr") && table.contains("FAIL") && table.contains("nothing has changed"),
        "{table}"
    );
    assert!(table.contains("fairness") && table.contains("not checked"), "{table}");
    assert_eq!(place.champion().as_deref(), Some("1.1.0"));
    assert_eq!(place.run(&["promote", "1.2.0", "--force"]).status.code(), Some(2), "a reason is needed");
    assert_eq!(place.run(&["promote", "1.2.0", "--force", "--reason", " "]).status.code(), Some(2));
    place.ok(&["promote", "1.2.0", "--force", "--reason", "it is for a test"]);
    assert!(place.ok(&["history"]).contains("although the gate failed: it is for a test"));
    assert!(place.ok(&["rollback"]).contains("1.2.0 is taken back, 1.1.0 serves"));
    assert!(place.ok(&["show", "champion"]).contains("m 1.1.0: champion, added 2025-10-09T08:53:20Z"));
    assert!(place.ok(&["verify"]).ends_with("ok\n"));
}

#[test]
fn what_is_wrong_has_a_code_and_a_hint() {
    let place = Place::new(&[("1.0.0", 0.6)]);
    place.failure(&["list"], "registry.missing");
    place.failure(&["promote", "1.0.0"], "registry.missing");
    assert!(!place.registry().exists(), "a command that failed made a registry");
    place.failure(&["add", "nowhere"], "file.read");
    place.ok(&["add", "1.0.0"]);
    assert!(place.failure(&["show", "2.0.0"], "registry.unknown_version").contains("there are 1.0.0"));
    place.failure(&["promote", "1.0.0", "--rollout", "10"], "registry.no_champion");
    place.failure(&["publish", "--out", "out"], "registry.no_champion");
    assert!(!place.0.path().join("out").exists());
    place.failure(&["rollback"], "registry.stage");
    for usage in [&["rollout", "30"][..], &["promote", "1.0.0", "--tolerance", "-1"], &["add"], &["sign", "1.0.0"]] {
        assert_eq!(place.run(usage).status.code(), Some(2), "{usage:?}");
    }
    write_model(&place.model("1.0.0"), "1.0.0", 0.7);
    assert!(place.failure(&["add", "1.0.0"], "registry.exists").contains("metrics.json"));

    let index = place.registry().join("index.jsonl");
    let before = std::fs::read_to_string(&index).unwrap();
    std::fs::write(&index, &before[..before.len() / 2]).unwrap();
    for command in [&["list"][..], &["verify"], &["rollback"], &["add", "1.0.0"]] {
        assert!(place.failure(command, "registry.damaged").contains("tidyrank registry rebuild"), "{command:?}");
    }
    assert!(place.ok(&["rebuild"]).contains("1 lines kept, 1 lost, 1 versions found"));
    assert_eq!(place.json(&["list"])["versions"][0]["version"], "1.0.0");
    assert!(place.ok(&["verify"]).ends_with("ok\n"));
}

#[test]
fn signatures_are_made_and_checked_and_keys_are_never_shown() {
    let place = Place::new(&[("1.0.0", 0.6)]);
    place.ok(&["add", "1.0.0"]);
    let said = place.ok(&["keygen", "a.key"]);
    let secret = std::fs::read_to_string(place.0.path().join("a.key")).unwrap();
    assert!(!said.contains(secret.trim()) && secret.trim().len() == 64, "{said}");
    place.ok(&["keygen", "b.key"]);
    place.failure(&["keygen", "a.key"], "registry.key");
    place.failure(&["verify", "--key", "a.key.pub"], "registry.signature");
    assert!(!place.ok(&["sign", "1.0.0", "--key", "a.key"]).contains(secret.trim()));
    assert!(place.ok(&["verify", "--key", "a.key.pub"]).contains("valid"));
    let wrong = place.failure(&["verify", "--key", "b.key.pub"], "registry.signature");
    assert!(wrong.contains("1.0.0.sig") && wrong.contains("another key"), "{wrong}");
    place.failure(&["sign", "1.0.0", "--key", "1.0.0/manifest.json"], "registry.key");
    // A file that was altered, entry and index with it, is found by the key alone.
    let entry = place.registry().join("entries/1.0.0.json");
    std::fs::write(&entry, std::fs::read_to_string(&entry).unwrap().replace("\"test\"", "\"fake\"")).unwrap();
    std::fs::remove_file(place.registry().join("index.jsonl")).unwrap();
    place.ok(&["rebuild"]);
    let wrong = place.failure(&["verify", "--key", "a.key.pub"], "registry.signature");
    assert!(wrong.contains("1.0.0.sig") && wrong.contains("not one of the entry"), "{wrong}");
}

/// Runs a command and kills it (SIGKILL) after a while. Whether it was still running then.
#[cfg(unix)]
fn killed(place: &Place, args: &[&str], after: Duration) -> bool {
    use std::os::unix::process::ExitStatusExt;
    let mut child = place.program(args).spawn().unwrap();
    std::thread::sleep(after);
    let _ = child.kill();
    child.wait().unwrap().signal() == Some(9)
}

/// How long a command takes that is let be.
#[cfg(unix)]
fn duration(place: &Place, args: &[&str]) -> Duration {
    let start = std::time::Instant::now();
    assert!(place.program(args).status().unwrap().success());
    start.elapsed()
}

/// Kills at so many moments, from the start of the program to a little after its usual end.
#[cfg(unix)]
const KILLS: u32 = 60;

#[cfg(unix)]
#[test]
fn an_addition_that_is_killed_leaves_the_champion_and_can_be_done_again() {
    let place = Place::new(&[("1.0.0", 0.6), ("1.1.0", 0.6)]);
    place.ok(&["add", "1.0.0"]);
    place.ok(&["promote", "1.0.0"]);
    let fresh = place.registry();
    let kept = place.0.path().join("kept");
    std::fs::rename(&fresh, &kept).unwrap();
    let whole = {
        copy(&kept, &fresh);
        duration(&place, &["add", "1.1.0"])
    };
    let (mut cut, mut with_leftovers) = (0, 0);
    for at in 0..KILLS {
        std::fs::remove_dir_all(&fresh).unwrap();
        copy(&kept, &fresh);
        cut += u32::from(killed(&place, &["add", "1.1.0"], whole * at / (KILLS - 10)));
        assert_eq!(place.champion().as_deref(), Some("1.0.0"));
        let verified = place.json(&["verify"]);
        assert_eq!(verified["problems"], json!([]));
        with_leftovers += u32::from(verified["leftovers"] != json!([]));
        place.ok(&["add", "1.1.0"]);
        let verified = place.json(&["verify"]);
        assert_eq!([&verified["problems"], &verified["leftovers"], &verified["unknown"]], [&json!([]); 3]);
        assert_eq!(verified["versions"].as_array().unwrap().len(), 2);
    }
    println!("add: {cut} of {KILLS} were killed while they ran, {with_leftovers} left something behind");
    assert!(cut >= 10, "only {cut} of {KILLS} were killed while they ran");
}

#[cfg(unix)]
#[test]
fn a_promotion_that_is_killed_has_happened_or_has_not() {
    let place = Place::new(&[("1.0.0", 0.6), ("1.1.0", 0.6)]);
    for version in ["1.0.0", "1.1.0"] {
        place.ok(&["add", version]);
    }
    place.ok(&["promote", "1.0.0"]);
    let whole = duration(&place, &["promote", "1.1.0"]);
    place.ok(&["rollback"]);
    let (mut cut, mut happened) = (0, 0);
    for at in 0..KILLS {
        cut += u32::from(killed(&place, &["promote", "1.1.0"], whole * at / (KILLS - 10)));
        assert_eq!(place.json(&["verify"])["problems"], json!([]));
        match place.champion().as_deref() {
            Some("1.0.0") => {}
            Some("1.1.0") => {
                happened += 1;
                place.ok(&["rollback"]);
            }
            other => panic!("{other:?} serves"),
        }
        place.ok(&["show", "champion"]);
    }
    println!("promote: {cut} of {KILLS} were killed while they ran, {happened} had happened");
    assert!(cut >= 10 && happened > 0, "{cut} of {KILLS} were killed while they ran, {happened} had happened");
    place.ok(&["add", "1.0.0"]);
    assert_eq!(place.json(&["verify"])["leftovers"], json!([]));
}

#[cfg(unix)]
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, name) = (entry.as_ref().unwrap().path(), entry.unwrap().file_name());
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            std::fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

#[test]
fn two_writers_wait_for_each_other_and_nothing_is_lost() {
    let versions: Vec<String> = (0..6).map(|at| format!("1.{at}.0")).collect();
    let place = Place::new(&versions.iter().map(|version| (version.as_str(), 0.6)).collect::<Vec<_>>());
    let mut children: Vec<_> =
        versions.iter().map(|version| place.program(&["add", version.as_str()]).spawn().unwrap()).collect();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    let verified = place.json(&["verify"]);
    assert_eq!([&verified["problems"], &verified["leftovers"]], [&json!([]); 2]);
    assert_eq!(place.json(&["history"]).as_array().unwrap().len(), 7);
}

#[test]
fn a_registry_that_is_held_is_busy() {
    let place = Place::new(&[("1.0.0", 0.6)]);
    place.ok(&["add", "1.0.0"]);
    let lock = std::fs::File::open(place.registry().join("lock")).unwrap();
    lock.lock().unwrap();
    place.ok(&["list"]);
    place.failure(&["promote", "1.0.0"], "registry.busy");
    drop(lock);
    place.ok(&["promote", "1.0.0"]);
}

/// A disk that takes no more: files may not grow beyond a limit, and the signal for that is not fatal.
#[cfg(unix)]
#[test]
fn a_disk_that_takes_no_more_leaves_what_was_there() {
    let place = Place::new(&[("1.0.0", 0.6), ("1.1.0", 0.6)]);
    place.ok(&["add", "1.0.0"]);
    place.ok(&["promote", "1.0.0"]);
    let limited = |blocks: u32, args: &[&str]| {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        let program = [
            vec!["-c".to_owned(), script, "sh".to_owned(), env!("CARGO_BIN_EXE_tidyrank").to_owned()],
            place.flags(args),
        ];
        std::process::Command::new("sh").args(program.concat()).current_dir(place.0.path()).output().unwrap()
    };
    // The catalog does not fit; then nothing does, not even the index.
    for (blocks, args) in [(256, ["add", "1.1.0"]), (0, ["add", "1.1.0"]), (0, ["publish", "--out=out"])] {
        let output = limited(blocks, &args);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{blocks} {args:?}: {error}");
        assert!(error.starts_with("error[file.write]: cannot write ") && error.contains("make room"), "{error}");
        assert_eq!(place.champion().as_deref(), Some("1.0.0"));
        let verified = place.json(&["verify"]);
        assert_eq!(verified["problems"], json!([]));
        assert!(!verified["leftovers"].to_string().contains(".part"), "{verified}");
    }
    assert!(!place.0.path().join("out/registry.json").exists());
    place.ok(&["add", "1.1.0"]);
    let output = limited(0, &["promote", "1.1.0"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    assert_eq!(place.champion().as_deref(), Some("1.0.0"));
    place.ok(&["promote", "1.1.0"]);
    assert_eq!(place.json(&["verify"])["leftovers"], json!([]));
}
