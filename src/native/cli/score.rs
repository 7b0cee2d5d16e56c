//! `tidyrank score`.

use std::path::PathBuf;

use serde::Serialize;

use super::load;
use super::output::{Output, number, table};
use super::{CliError, Context, DEFAULT_DATA, Format};
use crate::artifact::Tensors;
use crate::domain::{JobRecord, Timestamp};
use crate::engine::{Engine, Precision};
use crate::native::datasets::Dataset;
use crate::native::eval::request::Names;
use crate::native::model_dir::ModelDir;
use crate::native::score::{Batch, Macs, Outcome, ScoreError, as_known_at, end_of, open_jobs};

const EXAMPLES: &str = "Examples:
  tidyrank score --all-pairs --data data/athens --model models/cleaners/1.0.0
  tidyrank score --all-pairs --model models/cleaners/1.0.0 --as-of 2025-06-01 --max-distance-km 10 --out june.parquet

A job is open at a moment if it was posted before it and neither accepted, completed, cancelled nor failed before it. The
table has one row for each open job and each cleaner within the distance (or of unknown distance) who can take it, best first:
job_id, cleaner_id, score, rule_score, neural_score, price, distance_km, rank. Scores are those of `tidyrank recommend`.";

/// Flags of `tidyrank score`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Score every open job against every cleaner within the distance
    #[arg(long, required = true)]
    all_pairs: bool,
    /// Folder of the data set
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    data: PathBuf,
    /// Folder of the model
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Leave out cleaners further from the job than this
    #[arg(long, value_name = "KM", default_value_t = 25.0)]
    max_distance_km: f64,
    /// File to write
    #[arg(long, value_name = "FILE", default_value = "scores.parquet")]
    out: PathBuf,
    /// Threads [default: one per core]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// The moment that counts: a date, 2025-06-01T08:00:00Z, or seconds since 1970 [default: the end of the data, with the
    /// model's catalog as released]
    #[arg(long, value_name = "MOMENT")]
    as_of: Option<String>,
    /// Score every job that was posted by then, open or not
    #[arg(long)]
    all_jobs: bool,
}

/// What was done, and how fast.
#[derive(Debug, Serialize)]
struct Report {
    out: PathBuf,
    bytes: u64,
    as_of: Timestamp,
    jobs: usize,
    cleaners: usize,
    pairs: u64,
    considered: u64,
    threads: usize,
    kernel: &'static str,
    model: Option<String>,
    /// Scoring and writing.
    seconds: f64,
    /// Pairs per second of it.
    candidates_per_second: f64,
    /// The engine's part of it.
    engine_seconds: f64,
    engine_candidates_per_second: f64,
    /// 10⁹ multiply-adds per second in the engine's part: int8 layers only, although it does more than those.
    gmac_per_second: Option<f64>,
    /// What as many threads can reach in registers, measured in the same run.
    ceiling_gmac_per_second: Option<f64>,
    share_of_ceiling: Option<f64>,
}

/// Runs the command.
pub(super) fn run(args: Args, context: &Context) -> Result<(), CliError> {
    let threads = check(&args)?;
    let data = load::dataset(&args.data)?;
    let at = args.as_of.as_deref().map(moment).transpose()?;
    let as_of = at.unwrap_or_else(|| end_of(&data));
    let mut engine = load::engine(&args.model, Precision::Int8)?;
    load::check_same_cleaners(&engine, &data)?;
    if at.is_some() {
        turn_back(&mut engine, &data, as_of);
    }
    let jobs = jobs(&args, &data, as_of)?;
    let batch = Batch {
        engine: &engine,
        names: Names { market: &data.market, cleaners: &data.cleaners, clients: &data.client_ids },
        jobs: &jobs,
        max_distance_km: args.max_distance_km,
        macs: macs(&args, &engine)?,
    };
    let bar = super::progress::bar(context, jobs.len() as u64, "jobs");
    let outcome = batch.score(&args.out, threads, &|done| bar.set_position(done as u64))?;
    bar.finish_and_clear();
    show(&report(args, &batch, &outcome, as_of, threads), context)
}

/// Checks the flags that need no files; how many threads comes back.
fn check(args: &Args) -> Result<usize, CliError> {
    if !(args.max_distance_km.is_finite() && args.max_distance_km >= 0.0) {
        let message = format!("--max-distance-km {} is no distance", args.max_distance_km);
        return Err(CliError::new("score.distance", message, "give a number of kilometres from 0 up"));
    }
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    match args.threads {
        Some(threads) if !(1..=1024).contains(&threads) => {
            let message = format!("--threads {threads} is not possible");
            Err(CliError::new("score.threads", message, "give a number from 1 to 1024, or leave it out"))
        }
        threads => Ok(threads.unwrap_or_else(cores)),
    }
}

/// Makes the engine know what was known at a moment.
fn turn_back(engine: &mut Engine, data: &Dataset, at: Timestamp) {
    let mut replay = data.history.replay();
    replay.advance_to(at);
    let rows: Vec<u32> = (0..data.cleaners.len() as u32).collect();
    engine.refresh(&mut replay, &rows);
}

fn jobs(args: &Args, data: &Dataset, as_of: Timestamp) -> Result<Vec<JobRecord>, CliError> {
    let chosen: Vec<usize> = if args.all_jobs {
        (0..data.jobs.partition_point(|job| job.spec.posted_at < as_of)).collect()
    } else {
        open_jobs(&args.data, data, as_of)?
    };
    if chosen.is_empty() {
        let message = format!("no job is open at {as_of} (seconds since 1970)");
        let hint = "give an earlier --as-of, or score every job with --all-jobs";
        return Err(CliError::new("score.no_jobs", message, hint));
    }
    Ok(chosen.into_iter().map(|at| as_known_at(&data.jobs[at], as_of)).collect())
}

fn macs(args: &Args, engine: &Engine) -> Result<Macs, CliError> {
    if engine.model().is_none() {
        return Ok(Macs::default());
    }
    let bytes = ModelDir::open(&args.model)?.read(Precision::Int8.role())?;
    // The engine has read them already.
    Ok(Tensors::from_bytes(&bytes).map(|tensors| Macs::of(&tensors)).unwrap_or_default())
}

/// A moment of the command line.
fn moment(text: &str) -> Result<Timestamp, CliError> {
    let date = || Some(text.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp());
    let seconds = text.parse::<i64>().ok();
    let known = seconds.or_else(|| Some(text.parse::<jiff::Timestamp>().ok().or_else(date)?.as_second()));
    known.ok_or_else(|| {
        let hint = "give a date like 2025-06-01, a moment like 2025-06-01T08:00:00Z, or seconds since 1970";
        CliError::new("score.as_of", format!("--as-of {text:?} is no moment"), hint)
    })
}

fn report(args: Args, batch: &Batch<'_>, outcome: &Outcome, as_of: Timestamp, threads: usize) -> Report {
    let per = |what: u64, seconds: f64| if seconds > 0.0 { what as f64 / seconds } else { 0.0 };
    let rate = (outcome.macs > 0).then(|| per(outcome.macs, outcome.engine_seconds));
    let engine = batch.engine;
    Report {
        out: args.out,
        bytes: outcome.bytes,
        as_of,
        jobs: batch.jobs.len(),
        cleaners: engine.catalog().cleaners().len(),
        pairs: outcome.pairs,
        considered: outcome.considered,
        threads,
        kernel: engine.kernel().name(),
        model: engine.model().map(|model| format!("{} {}", model.name, model.version)),
        seconds: outcome.seconds,
        candidates_per_second: per(outcome.pairs, outcome.seconds),
        engine_seconds: outcome.engine_seconds,
        engine_candidates_per_second: per(outcome.pairs, outcome.engine_seconds),
        gmac_per_second: rate.map(|rate| rate / 1e9),
        ceiling_gmac_per_second: outcome.ceiling.map(|ceiling| ceiling / 1e9),
        share_of_ceiling: rate.zip(outcome.ceiling).map(|(rate, ceiling)| rate / ceiling),
    }
}

fn show(report: &Report, context: &Context) -> Result<(), CliError> {
    let mut output = Output::new();
    match context.format {
        Format::Json => output.json(report)?,
        Format::Table => output.text(&text(report))?,
    }
    output.text("\n")?;
    output.finish()
}

fn text(report: &Report) -> String {
    let mut rows = table(&["what", "value"]);
    let mut line = |name: &str, value: String| {
        rows.add_row([name.to_owned(), value]);
    };
    line("table", format!("{}, {} bytes", report.out.display(), report.bytes));
    line("model", report.model.clone().unwrap_or_else(|| "none: ranked by rules".to_owned()));
    line("jobs x cleaners", format!("{} x {}", report.jobs, report.cleaners));
    line("pairs", format!("{} candidates of {} looked at", report.pairs, report.considered));
    line("scored and written", rate(report.seconds, report.candidates_per_second));
    line("in the engine", rate(report.engine_seconds, report.engine_candidates_per_second));
    line("threads, kernel", format!("{}, {}", report.threads, report.kernel));
    line("multiply-adds in the engine", format!("{} GMAC/s", number(report.gmac_per_second, 1)));
    line("ceiling of the machine", format!("{} GMAC/s", number(report.ceiling_gmac_per_second, 1)));
    let share = report.share_of_ceiling.map(|share| 100.0 * share);
    line("share of the ceiling", format!("{} %", number(share, 1)));
    rows.to_string()
}

fn rate(seconds: f64, candidates: f64) -> String {
    format!("{seconds:.3} s, {candidates:.0} candidates/s")
}

impl From<ScoreError> for CliError {
    fn from(error: ScoreError) -> Self {
        let hint = match error {
            ScoreError::Data(error) => return error.into(),
            ScoreError::Threads { .. } => "give fewer --threads",
            _ => "correct the job in the data, or import them again",
        };
        Self::new(error.code(), error.to_string(), hint)
    }
}
