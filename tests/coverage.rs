//! Intervals from end to end: markets that nothing was chosen on are generated, a model is trained, quantised with its
//! intervals, read back, and asked about jobs that came later.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::process::Command;

use tidyrank::engine::{Engine, Precision};
use tidyrank::native::calibrate::{Prediction, predictions};
use tidyrank::native::datasets::Dataset;
use tidyrank::native::eval::request::Names;
use tidyrank::native::model_dir::ModelDir;

fn tidyrank(args: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_tidyrank")).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// An engine with intervals of a fresh market, and the ratings of the last `share` of its jobs.
fn market(folder: &Path, seed: u32, split: &str, share: f64) -> (Engine, Vec<Prediction>) {
    let (data, model, seed) = (folder.join("data"), folder.join("model"), seed.to_string());
    let (data, model) = (data.to_str().unwrap(), model.to_str().unwrap());
    let recipe = folder.join("recipe.toml");
    std::fs::write(&recipe, format!("[split]\nkind = \"{split}\"\ntrain = 0.6\nvalidation = 0.2\ntest = 0.2\n"))
        .unwrap();
    tidyrank(&[
        "generate",
        "--jobs",
        "3000",
        "--cleaners",
        "150",
        "--clients",
        "300",
        "--seed",
        &seed,
        "--out",
        data,
        "--quiet",
    ]);
    tidyrank(&["train", recipe.to_str().unwrap(), "--data", data, "--out", model, "--seed", &seed, "--quiet"]);
    tidyrank(&["quantize", model, "--data", data, "--jobs", "100", "--candidates", "50", "--quiet"]);
    let (data, folder) = (Dataset::read(Path::new(data)).unwrap(), ModelDir::open(Path::new(model)).unwrap());
    let load = || {
        Engine::load(
            &std::fs::read(folder.path().join("manifest.json")).unwrap(),
            |role| folder.read(role).ok(),
            Precision::Int8,
        )
    };
    let mut engine = load().unwrap();
    let names = Names { market: &data.market, cleaners: &data.cleaners, clients: &data.client_ids };
    let later = &data.jobs[((1.0 - share) * data.jobs.len() as f64) as usize..];
    let found = predictions(&names, later, &data.history, &mut engine).unwrap();
    (load().unwrap(), found)
}

#[test]
fn ratings_lie_in_their_intervals_as_often_as_promised() {
    let mut all = [0.0; 3];
    for seed in [21, 22, 23] {
        let folder = tempfile::tempdir().unwrap();
        let (engine, jobs) = market(folder.path(), seed, "temporal", 0.2);
        let known = engine.conformal().unwrap();
        for (at, level) in [0.8f32, 0.9, 0.95].into_iter().enumerate() {
            let within = |job: &&Prediction| job.error() <= f64::from(known.radius(job.reviews, level));
            let share = jobs.iter().filter(within).count() as f64 / jobs.len() as f64;
            // Both parts are samples: the share of m jobs by the radii of n others varies by level (1 - level) (1/m + 1/n).
            let (m, n) = (jobs.len() as f64, f64::from(known.counts().iter().sum::<u32>()));
            let (level, promised) = (f64::from(level), f64::from(level));
            let error = (level * (1.0 - level) * (1.0 / m + 1.0 / n)).sqrt();
            println!(
                "seed {seed}, level {level:.2}: {share:.4} of {m} jobs, {:+.1} errors",
                (share - promised) / error
            );
            assert!(
                (share - promised).abs() <= 4.0 * error,
                "seed {seed}, level {level}: {share} of {m} jobs, n = {n}"
            );
            all[at] += (share - promised) / error / 3.0;
        }
        // Of cleaners whom nobody has reviewed little is known, and it is said: 100 points where there are too few to say more.
        assert!(known.radius(0, 0.8) > known.radius(20, 0.8), "{known:?}");
        assert!(known.counts()[0] >= 19 || known.radius(0, 0.95) == 1.0, "{known:?}");
        assert_eq!(known.counts().len(), 4);
    }
    // Together the three markets are held to a bound that is tighter by the root of three.
    assert!(all.iter().all(|off| off.abs() <= 4.0 / 3.0f64.sqrt()), "{all:?}");
}
