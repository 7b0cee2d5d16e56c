//! From data to a model, its report, its rankings and the files of a page, command by command.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;
use tidyrank::engine::{Mode, Ranking};
use tidyrank::native::eval::report::Report;
use tidyrank::native::eval::scores::Scorer;

use super::{Place, failure, quiet_success, run, text};

/// A place with a trained and quantised model; the training is far too short to be good.
struct Trained {
    place: Place,
}

impl Trained {
    fn new() -> Self {
        let trained = Self { place: Place::new() };
        let recipe = trained.path("recipe.toml");
        std::fs::write(&recipe, "[training]\nepochs = 2\nbatch_size = 8\n").unwrap();
        quiet_success(&run(&["train", &recipe, "--data", &trained.path("data"), "--out", &trained.path("model")]));
        quiet_success(&run(&["quantize", &trained.path("model"), "--data", &trained.path("data")]));
        trained
    }

    fn file(&self, name: &str) -> PathBuf {
        self.place.0.path().join(name)
    }

    fn path(&self, name: &str) -> String {
        self.file(name).to_str().unwrap().to_owned()
    }

    fn evaluate(&self, flags: &[&str]) -> std::process::Output {
        let (model, data) = (self.path("model"), self.path("data"));
        run(&[&["evaluate", &model, "--data", &data, "--bootstrap", "100"], flags].concat())
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&std::fs::read(self.file(name)).unwrap()).unwrap()
    }
}

#[test]
fn a_report_is_written_beside_the_model_and_its_figures_into_the_manifest() {
    let trained = Trained::new();
    let json = quiet_success(&trained.evaluate(&["--format", "json"]));
    let report: Report = serde_json::from_str(&json).unwrap();
    assert_eq!(std::fs::read_to_string(trained.file("model/metrics.json")).unwrap(), json);
    let p = &report.protocol;
    // 58 rated jobs: 41 to learn from, 5 to choose by, 12 held out; the two open jobs come after them.
    assert_eq!((p.rated_jobs, p.hired_jobs, p.jobs, p.mean_bidders), (12, 12, 14, 4.0));
    assert!(p.split.starts_with("temporal") && p.bootstrap.resamples == 100 && p.data_fingerprint.len() == 64);
    let cheapest = report.row(Scorer::Cheapest).unwrap();
    // cleaner-00 is always the cheapest and is hired for every fourth job: 3 of the 12.
    assert_eq!((cheapest.top1, report.row(Scorer::Random).unwrap().top1), (0.25, 0.25));
    assert!(report.row(Scorer::Oracle).is_none() && report.rating.ceiling.is_none(), "there is no truth here");
    assert!(report.quantisation.delta_r2.unwrap().abs() < 0.05);
    let manifest = trained.json("model/manifest.json");
    assert_eq!(manifest["metrics"]["neural_top1"], report.row(Scorer::NeuralQ8).unwrap().top1);
    quiet_success(&run(&["inspect", &trained.path("model")]));

    // Again: the same bytes. To another file: the folder stays as it is.
    assert_eq!(quiet_success(&trained.evaluate(&["--format", "json"])), json);
    let out = trained.path("other.json");
    quiet_success(&trained.evaluate(&["--out", &out]));
    assert_eq!(trained.json("other.json")["protocol"]["bootstrap"]["resamples"], 100);
    assert_eq!(std::fs::read_to_string(trained.file("model/metrics.json")).unwrap(), json);

    let table = quiet_success(&trained.evaluate(&[]));
    for part in ["share of the ceiling's R²", "best rated", "ensemble int8", "same ten best", "bidders on average"] {
        assert!(table.contains(part), "no {part:?} in\n{table}");
    }
    assert!(table.lines().all(|line| line.chars().count() <= 170), "{table}");
    let leaky = trained.evaluate(&["--split", "random", "--out", &out]);
    assert!(leaky.status.success() && text(&leaky.stderr).contains("warning: "), "{}", text(&leaky.stderr));
}

#[test]
fn a_report_needs_the_data_and_both_files_of_the_model() {
    let trained = Trained::new();
    let (model, data) = (trained.path("model"), trained.path("data"));
    let args = ["evaluate", model.as_str(), "--data", data.as_str()];
    let manifest = std::fs::read(trained.file("model/manifest.json")).unwrap();
    let altered =
        String::from_utf8(manifest.clone()).unwrap().replace("\"data_fingerprint\": \"", "\"data_fingerprint\": \"x");
    std::fs::write(trained.file("model/manifest.json"), altered).unwrap();
    failure(&args, "evaluate.other_data");
    std::fs::write(trained.file("model/manifest.json"), manifest).unwrap();

    std::fs::remove_file(trained.file("model/model.q8.safetensors")).unwrap();
    let output = run(&args);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(error.contains("warning: ") && error.contains("error[evaluate.no_model]"), "{error}");
    std::fs::remove_file(trained.file("model/recipe.toml")).unwrap();
    assert!(failure(&args, "file.read").contains("recipe.toml"));
}

#[test]
fn the_model_ranks_and_a_damaged_one_leaves_the_rules_and_says_so() {
    let trained = Trained::new();
    let (model, data) = (trained.path("model"), trained.path("data"));
    let rank = |flags: &[&str]| {
        let start = ["recommend", "--data", &data, "--model", &model, "--job", "job-059", "--format", "json"];
        run(&[&start[..], flags].concat())
    };
    let parse = |json: &str| serde_json::from_str::<Ranking>(json).unwrap();
    let ensemble = parse(&quiet_success(&rank(&[])));
    assert_eq!(
        (ensemble.meta.mode, ensemble.meta.client_known, ensemble.meta.rule_weight),
        (Mode::Ensemble, true, 0.6)
    );
    let weighted = parse(&quiet_success(&rank(&["--rule-weight", "1"])));
    assert!(weighted.items.iter().all(|item| (item.score - item.rule_score).abs() < 1e-3));
    let neural = |flags: &[&str]| parse(&quiet_success(&rank(&[&["--mode", "neural"], flags].concat())));
    let (int8, fp32, latest) = (neural(&[]), neural(&["--precision", "fp32"]), neural(&["--as-of", "latest"]));
    assert!(int8.items.iter().all(|item| Some(item.score) == item.neural_score));
    assert_ne!(int8.items, fp32.items);
    assert_eq!(latest.items.len(), 10);

    let path = trained.file("model/model.q8.safetensors");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let output = rank(&[]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).contains("warning: [artifact.checksum]"), "{}", text(&output.stderr));
    let fallen = parse(&text(&output.stdout));
    assert_eq!((fallen.meta.mode, fallen.meta.fallback.unwrap().code.as_str()), (Mode::Rules, "artifact.checksum"));
    let out = trained.path("page");
    failure(&["export", "--data", &data, "--model", &model, "--out", &out], "artifact.checksum");
}

#[test]
fn a_model_of_other_cleaners_is_refused() {
    let trained = Trained::new();
    // The same market but for one cleaner.
    let other = trained.file("other");
    super::market::write_with(&other, 13);
    let other = other.to_str().unwrap();
    failure(&["recommend", "--data", other, "--model", &trained.path("model"), "--all"], "data.other_catalog");
}

#[test]
fn a_page_gets_the_model_and_jobs_to_choose_from() {
    let trained = Trained::new();
    let (model, data, out) = (trained.path("model"), trained.path("data"), trained.path("page"));
    let args = ["export", "--data", &data, "--model", &model, "--out", &out, "--clients", "5", "--jobs", "3"];
    quiet_success(&run(&args));
    let names = std::fs::read_dir(trained.file("page")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let expected = [
        "catalog.safetensors",
        "clients.safetensors",
        "conformal.safetensors",
        "foldin.safetensors",
        "manifest.json",
        "market.json",
        "model.q8.safetensors",
    ];
    assert_eq!(names.collect::<BTreeSet<_>>(), expected.map(str::to_owned).into());
    let market = trained.json("page/market.json");
    let clients = market["clients"].as_array().unwrap();
    // job-058 and job-059 are open: those of client-4 and client-5.
    let first: Vec<&str> = clients.iter().map(|client| client["clientId"].as_str().unwrap()).collect();
    assert_eq!((first.len(), &first[..2]), (5, &["client-5", "client-4"][..]));
    let jobs = clients[0]["jobs"].as_array().unwrap();
    let listed: Vec<_> =
        jobs.iter().map(|job| (job["jobId"].as_str().unwrap(), job["status"].as_str().unwrap())).collect();
    assert_eq!(listed, [("job-059", "open"), ("job-053", "completed"), ("job-047", "completed")]);
    assert_eq!(jobs[0]["bids"].as_array().unwrap().len(), 4);
    assert_eq!((&clients[0]["properties"][0]["sizeM2"], &jobs[0]["durationH"]), (&80.0.into(), &3.0.into()));
    let json = quiet_success(&run(&[&args[..], &["--format", "json"]].concat()));
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap().as_array().unwrap().len(), 7);
}
