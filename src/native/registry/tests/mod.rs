//! Small registries, and a way to break a command off.

mod broken_off;
mod damage;
mod gate;
mod stages;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Limits, Registry};
use crate::artifact::Manifest;
use crate::native::model_dir::ModelDir;

thread_local! {
    /// Steps until the command is broken off.
    static LEFT: Cell<Option<u32>> = const { Cell::new(None) };
}

/// Stands before everything that changes the disk.
pub(in crate::native::registry) fn step() {
    match LEFT.get() {
        Some(0) => resume_unwind(Box::new("broken off")),
        left => LEFT.set(left.map(|left| left - 1)),
    }
}

/// Whether a piece of work was broken off before its step number `at`, counted from 0.
fn broken_off<T>(at: u32, work: impl FnOnce() -> T) -> bool {
    LEFT.set(Some(at));
    let broken = catch_unwind(AssertUnwindSafe(work)).is_err();
    LEFT.set(None);
    broken
}

/// A folder with a registry in `registry` and models beside it.
struct Place(tempfile::TempDir);

impl Place {
    /// With these versions added, all as good as each other.
    fn with(versions: &[&str]) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        for (at, version) in versions.iter().enumerate() {
            place.add(version, &metrics(0.6), at as i64);
        }
        place
    }

    fn registry(&self) -> PathBuf {
        self.0.path().join("registry")
    }

    fn out(&self) -> PathBuf {
        self.0.path().join("out")
    }

    fn read(&self) -> Registry {
        Registry::read(&self.registry()).unwrap()
    }

    fn write(&self) -> Registry {
        Registry::write(&self.registry()).unwrap()
    }

    fn add(&self, version: &str, metrics: &Value, at: i64) {
        let model = self.model(version, metrics);
        assert!(Registry::add(&self.registry(), &model, at).unwrap().new);
    }

    /// The folder of a model whose files are its own but for one.
    fn model(&self, version: &str, metrics: &Value) -> PathBuf {
        let path = self.0.path().join(format!("model-{version}"));
        write_model(&path, version, metrics);
        path
    }

    fn promote(&self, version: &str, rollout: u8) {
        let promotion = self.write().promote(version, rollout, &Limits::default(), None, 100).unwrap();
        assert!(promotion.done, "{:#?}", promotion.checks);
    }

    /// What must hold at any time: the registry can be read, and nothing in it is damaged.
    fn check(&self, when: &str) -> Registry {
        let registry = Registry::read(&self.registry()).unwrap_or_else(|error| panic!("{when}: {error}"));
        let verified = registry.verify(None, None).unwrap();
        assert_eq!(verified.problems, [], "{when}");
        registry
    }
}

fn metrics(mrr: f64) -> Value {
    json!({ "protocol": { "data_fingerprint": "d" }, "metrics": { "ranking": { "mrr": mrr } } })
}

fn write_model(path: &Path, version: &str, metrics: &Value) {
    let manifest = Manifest {
        format_version: 1,
        oldest_readable: 1,
        name: "m".into(),
        version: version.into(),
        created_by: "test".into(),
        model_kind: "hybrid".into(),
        schema_hash: "s".into(),
        metrics: BTreeMap::from([("seed".to_owned(), 1.0)]),
        ..Manifest::default()
    };
    let own = |role: &str| format!("{role} of {version}").into_bytes();
    let contents = [
        ("model.q8", "model.q8.safetensors", own("model")),
        ("catalog", "catalog.safetensors", b"the same catalog".to_vec()),
    ];
    ModelDir::new(path, manifest).write(&contents).unwrap();
    std::fs::write(path.join("metrics.json"), metrics.to_string()).unwrap();
    std::fs::write(path.join("recipe.toml"), format!("version = \"{version}\"\n[training]\nepochs = 3\n")).unwrap();
}

/// The champion and the version that is being rolled out.
fn serving(registry: &Registry) -> (Option<&str>, Option<(&str, u8)>) {
    let state = registry.state();
    (state.champion.as_deref(), state.rollout.as_ref().map(|(version, percent)| (version.as_str(), *percent)))
}
