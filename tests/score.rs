//! `tidyrank score` as a user calls it, against the engine's rankings.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, UInt32Type};
use arrow_array::{Array, RecordBatch};
use assert_cmd::Command;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;
use tidyrank::engine::{CandidateSource, Engine, Item, Mode, Precision};
use tidyrank::native::datasets::rows::JobRow;
use tidyrank::native::datasets::{Dataset, read_table};
use tidyrank::native::eval::request::{Ask, Names};
use tidyrank::native::model_dir::ModelDir;

/// A generated market and a model of it.
static PLACE: LazyLock<TempDir> = LazyLock::new(|| {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("recipe.toml"), "[training]\nepochs = 1\nbatch_size = 64\n").unwrap();
    for arguments in [
        "generate --out data --jobs 1500 --cleaners 100 --clients 40 --seed 5",
        "train recipe.toml --data data --out model",
        "quantize model --data data --jobs 40 --candidates 30",
    ] {
        let (code, _, error) = run_in(place.path(), arguments);
        assert_eq!(code, Some(0), "{arguments}: {error}");
    }
    place
});

fn run_in(folder: &Path, arguments: &str) -> (Option<i32>, String, String) {
    let mut command = Command::cargo_bin("tidyrank").unwrap();
    let output = command.current_dir(folder).args(arguments.split_whitespace()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn path(name: &str) -> PathBuf {
    PLACE.path().join(name)
}

fn score(flags: &str) -> serde_json::Value {
    let arguments = format!("score --all-pairs --data data --model model {flags} --format json");
    let (code, out, error) = run_in(PLACE.path(), &arguments);
    assert_eq!(code, Some(0), "{arguments}: {error}");
    serde_json::from_str(&out).unwrap()
}

/// A row but for its job and rank: cleaner, score, rule score, model's score, price, distance.
type Row = (String, f32, f32, Option<f32>, Option<f32>, Option<f64>);

/// The rows of a file by job, in their order; jobs and ranks must be in order.
fn rows(file: &str) -> Vec<(String, Vec<Row>)> {
    let file = std::fs::File::open(path(file)).unwrap();
    let mut jobs: Vec<(String, Vec<Row>)> = Vec::new();
    for batch in ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap() {
        let batch = batch.unwrap();
        let ranks = batch.column_by_name("rank").unwrap().as_primitive::<UInt32Type>().clone();
        for at in 0..batch.num_rows() {
            let job = text(&batch, "job_id", at);
            if ranks.value(at) == 1 {
                jobs.push((job.clone(), Vec::new()));
            }
            let (last, rows) = jobs.last_mut().unwrap();
            let row = row(&batch, at);
            rows.push(row);
            assert_eq!((&*last, rows.len()), (&job, ranks.value(at) as usize));
        }
    }
    jobs
}

fn text(batch: &RecordBatch, column: &str, at: usize) -> String {
    batch.column_by_name(column).unwrap().as_string::<i32>().value(at).to_owned()
}

fn row(batch: &RecordBatch, at: usize) -> Row {
    let number = |name: &str| {
        let column = batch.column_by_name(name).unwrap().as_primitive::<Float32Type>();
        (!column.is_null(at)).then(|| column.value(at))
    };
    let distances = batch.column_by_name("distance_km").unwrap().as_primitive::<Float64Type>();
    let distance = (!distances.is_null(at)).then(|| distances.value(at));
    let (score, rule) = (number("score").unwrap(), number("rule_score").unwrap());
    (text(batch, "cleaner_id", at), score, rule, number("neural_score"), number("price"), distance)
}

fn expected(items: &[Item]) -> Vec<Row> {
    let row = |i: &Item| (i.cleaner_id.clone(), i.score, i.rule_score, i.neural_score, i.price, i.distance_km);
    items.iter().map(row).collect()
}

fn engine() -> Engine {
    let model = ModelDir::open(&path("model")).unwrap();
    let engine = Engine::load(&model.manifest.to_bytes(), |role| model.read(role).ok(), Precision::Int8).unwrap();
    assert!(engine.model().is_some());
    engine
}

/// The rankings of the jobs that pass, over all cleaners, with the bids from before a moment.
fn rankings(data: &Dataset, engine: &Engine, km: f64, at: i64, pass: impl Fn(&str) -> bool) -> Vec<(String, Vec<Row>)> {
    let names = Names { market: &data.market, cleaners: &data.cleaners, clients: &data.client_ids };
    let ask = Ask {
        limit: Some(u32::MAX),
        mode: Mode::Ensemble,
        candidates: Some(CandidateSource::Catalog),
        max_distance_km: Some(km),
        ..Ask::default()
    };
    let mut rankings = Vec::new();
    for job in data.jobs.iter().filter(|job| pass(&job.id)) {
        let mut job = job.clone();
        job.bids.retain(|bid| bid.placed_at < at);
        let items = engine.recommend(&names.request(&job, &ask)).unwrap().items;
        if !items.is_empty() {
            rankings.push((job.id.clone(), expected(&items)));
        }
    }
    rankings
}

fn jobs_by_id() -> BTreeMap<String, JobRow> {
    let mut jobs = BTreeMap::new();
    read_table(&path("data"), |_, row: JobRow| {
        jobs.insert(row.job_id.clone(), row);
        Ok(())
    })
    .unwrap();
    jobs
}

#[test]
fn open_jobs_at_the_end_have_the_scores_of_recommend() {
    let data = Dataset::read(&path("data")).unwrap();
    let jobs = jobs_by_id();
    let open = |id: &str| matches!(jobs[id].status.as_str(), "open" | "bidding");
    let report = score("--out end.parquet");
    let expected = rankings(&data, &engine(), 25.0, i64::MAX, open);
    let found = rows("end.parquet");
    assert!(expected.len() >= 4 && expected == found, "{} {}", expected.len(), found.len());
    assert_eq!(report["pairs"].as_u64().unwrap() as usize, found.iter().map(|(_, rows)| rows.len()).sum::<usize>());
    assert_eq!(report["bytes"], path("end.parquet").metadata().unwrap().len());
    assert!(report["gmac_per_second"].as_f64().is_some_and(|rate| rate > 0.0), "{report}");
}

#[test]
fn a_moment_counts_for_jobs_bids_and_what_is_known() {
    let data = Dataset::read(&path("data")).unwrap();
    let jobs = jobs_by_id();
    let at = data.jobs[700].spec.posted_at + 3600;
    let before = |time: Option<i64>| time.is_some_and(|time| time < at);
    let open = |id: &str| {
        let job = &jobs[id];
        let decided = before(job.accepted_at) || before(job.completed_at) || before(job.cancelled_at);
        job.posted_at < at && !decided
    };
    let report = score(&format!("--as-of {at} --max-distance-km 8 --out then.parquet"));
    assert_eq!(report["as_of"], at);
    let mut engine = engine();
    let mut replay = data.history.replay();
    replay.advance_to(at);
    engine.refresh(&mut replay, &(0..data.cleaners.len() as u32).collect::<Vec<_>>());
    let expected = rankings(&data, &engine, 8.0, at, open);
    assert!(!expected.is_empty() && expected == rows("then.parquet"));
    assert_ne!(expected, rankings(&data, &engine, 8.0, i64::MAX, open), "later bids must not show");
}

#[test]
fn the_file_does_not_depend_on_the_number_of_threads() {
    // 1,500 jobs x 100 cleaners are three row groups: one thread makes them one by one, seven are more than there are.
    for threads in [1, 2, 7] {
        let report = score(&format!("--all-jobs --threads {threads} --out all{threads}.parquet"));
        assert_eq!((report["jobs"].as_u64(), report["threads"].as_u64()), (Some(1500), Some(threads)));
    }
    let bytes = |threads: u32| std::fs::read(path(&format!("all{threads}.parquet"))).unwrap();
    assert!(bytes(1) == bytes(2) && bytes(1) == bytes(7));
    let data = Dataset::read(&path("data")).unwrap();
    assert!(rows("all1.parquet") == rankings(&data, &engine(), 25.0, i64::MAX, |_| true));
}

#[test]
fn wrong_input_says_what_to_do() {
    let cases = [
        ("--max-distance-km=-1", "score.distance"),
        ("--max-distance-km NaN", "score.distance"),
        ("--threads 0", "score.threads"),
        ("--as-of yesterday", "score.as_of"),
        ("--as-of 2001-01-01", "score.no_jobs"),
        ("--all-jobs --as-of 0", "score.no_jobs"),
        ("--out data", "data.io"),
        ("--data none", "data.missing"),
        ("--model none", "model.missing"),
    ];
    for (flags, code) in cases {
        let kept: Vec<&str> =
            [("--data", "--data data"), ("--model", "--model model"), ("--out", "--out wrong.parquet")]
                .into_iter()
                .filter_map(|(flag, usual)| (!flags.starts_with(flag)).then_some(usual))
                .collect();
        let arguments = format!("score --all-pairs {} {flags}", kept.join(" "));
        let (status, _, error) = run_in(PLACE.path(), &arguments);
        assert_eq!(status, Some(1), "{arguments}: {error}");
        assert!(error.contains(&format!("error[{code}]")) && error.contains("help:"), "{arguments}: {error}");
    }
    assert!(!path("wrong.parquet").exists() && !path("wrong.parquet.part").exists() && !path("data.part").exists());
    assert_eq!(run_in(PLACE.path(), "score --data data --model model").0, Some(2));
    let (_, table, _) = run_in(PLACE.path(), "score --all-pairs --data data --model model --out table.parquet");
    for what in ["pairs", "share of the ceiling", "candidates/s"] {
        assert!(table.contains(what), "{table}");
    }
}
