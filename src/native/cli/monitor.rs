//! `tidyrank monitor`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::output::{Output, number, table};
use super::{CliError, Context, DEFAULT_DATA, Format, load, warn};
use crate::domain::DAY;
use crate::engine::Precision;
use crate::native::datasets::Dataset;
use crate::native::events::{Event, EventStore, Filter, STORE, parse_lines};
use crate::native::files;
use crate::native::model_dir::ModelDir;
use crate::native::monitor::{REFERENCE_ROLE, Recorded, Reference, Report, Status, Thresholds, observe, recorded};

/// What a scheduler sees when the model is to be trained again.
const RETRAIN: u8 = 3;

const EXAMPLES: &str = "\
Examples:
  tidyrank monitor --data data/athens --model models/cleaners/1.0.0
  tidyrank monitor --data data/athens --model models/cleaners/1.0.0 --days 30 --thresholds limits.toml
  tidyrank monitor --data data/athens --model models/cleaners/1.0.0 --events events.jsonl --out health.json
  tidyrank monitor … || [ $? -ne 3 ] || tidyrank train …      # in a cron job

Looks at the jobs of the last days in the data set, each as it was when it was posted, and compares inputs, scores and errors
with the reference.json that `tidyrank quantize` wrote beside the model. Ratings and whom pages showed come from the events of
`tidyrank ingest` or --events, where there are any. The answer is ok, watch or retrain; at retrain the exit code is 3.";

/// Flags of `tidyrank monitor`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Folder of the data set
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    data: PathBuf,
    /// Folder of the model
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// How many days back to look, from the last job on
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..))]
    days: u32,
    /// Events as lines of JSON, instead of those in the data set
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// Limits that differ from the usual ones, as TOML
    #[arg(long, value_name = "FILE")]
    thresholds: Option<PathBuf>,
    /// Write the report as JSON to this file, too
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Runs the command; the exit code says whether the model is to be trained again.
pub(super) fn run(args: Args, context: &Context) -> Result<ExitCode, CliError> {
    let limits = thresholds(args.thresholds.as_deref())?;
    let model = ModelDir::open(&args.model)?;
    let reference = reference(&model)?;
    let data = load::dataset(&args.data)?;
    let mut engine = load::engine(&args.model, Precision::Int8)?;
    load::check_same_cleaners(&engine, &data)?;
    let last = data.jobs.last().map_or(0, |job| job.spec.posted_at);
    let from = last - i64::from(args.days) * DAY;
    let jobs = &data.jobs[data.jobs.partition_point(|job| job.spec.posted_at <= from)..];
    let mut observed = observe(&data, jobs, &mut engine)?;
    let recorded = events(&args, &data, from)?;
    if let Some(Recorded { rated, unmatched, .. }) = &recorded {
        if *unmatched > 0 {
            warn(&format!("{unmatched} ratings are about recommendations that are not among the events"));
        }
        if !rated.is_empty() {
            observed.rated.clone_from(rated);
        }
    }
    let name = format!("{} {}", model.manifest.name, model.manifest.version);
    let shown = recorded.as_ref().map(|recorded| recorded.shown.as_slice());
    let report = Report::of(&name, &reference, &observed, shown, &limits);
    if let Some(path) = &args.out {
        files::write_atomic(path, &to_json(&report)?)?;
    }
    let mut output = Output::new();
    match context.format {
        Format::Json => output.text(&String::from_utf8_lossy(&to_json(&report)?))?,
        Format::Table => output.text(&text(&report))?,
    }
    output.finish()?;
    Ok(if report.status == Status::Retrain { ExitCode::from(RETRAIN) } else { ExitCode::SUCCESS })
}

fn thresholds(path: Option<&Path>) -> Result<Thresholds, CliError> {
    let Some(path) = path else { return Ok(Thresholds::default()) };
    let bytes = files::read(path)?;
    Thresholds::from_toml(&String::from_utf8_lossy(&bytes)).map_err(|error| {
        let message = format!("{}: {error}", path.display());
        CliError::new(error.code(), message, "docs/monitoring.md lists the keys and their defaults")
    })
}

fn reference(model: &ModelDir) -> Result<Reference, CliError> {
    if model.manifest.file(REFERENCE_ROLE).is_none() {
        let message = format!("{} has no reference to compare with", model.path().display());
        return Err(CliError::new("monitor.no_reference", message, "`tidyrank quantize` writes one"));
    }
    Reference::from_bytes(&model.read(REFERENCE_ROLE)?).map_err(|error| {
        let message = format!("{}: {error}", model.path().join("reference.json").display());
        CliError::new(error.code(), message, "quantise the model again with this build")
    })
}

/// The events since `from`, if there are any.
fn events(args: &Args, data: &Dataset, from: i64) -> Result<Option<Recorded>, CliError> {
    let read = match &args.events {
        Some(path) => lines(path)?,
        None if !args.data.join(STORE).is_file() => return Ok(None),
        None => {
            let store = EventStore::read(&args.data.join(STORE))?;
            let filter = Filter { from: Some(from), ..Filter::default() };
            store.events(&filter).collect::<Result<Vec<Event>, _>>()?
        }
    };
    let mut read: Vec<Event> = read.into_iter().filter(|event| event.at >= from).collect();
    read.sort_by_key(|event| event.at);
    Ok(Some(recorded(read, &data.market, &data.cleaner_ids)))
}

fn lines(path: &Path) -> Result<Vec<Event>, CliError> {
    let bytes = files::read(path)?;
    parse_lines(&String::from_utf8_lossy(&bytes)).map_err(|(number, problems)| {
        let what = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        let message = format!("{}:{number}: {what}", path.display());
        CliError::new("events.line", message, "docs/events.md says what an event is")
    })
}

fn to_json(report: &Report) -> Result<Vec<u8>, CliError> {
    let bug =
        |error: serde_json::Error| CliError::new("cli.json", error.to_string(), "this is a bug; please report it");
    let mut bytes = serde_json::to_vec(report).map_err(bug)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn text(report: &Report) -> String {
    let mut drift = table(&["input", "PSI", "KS", "p", "median then", "median now", "unknown now"]);
    for row in report.features.iter().chain(&report.score) {
        drift.add_row([
            row.name.clone(),
            number(Some(row.psi), 3),
            number(row.ks, 3),
            number(row.p_value, 4),
            number(row.reference.median, 3),
            number(row.window.median, 3),
            format!("{:.0} %", 100.0 * row.window.missing),
        ]);
    }
    let mut errors = table(&["ratings", "at the release", "now"]);
    let then = report.rating_reference;
    let now = report.rating.as_ref().map(|rating| rating.summary);
    type Figure = fn(&crate::native::monitor::RatingSummary) -> f64;
    let figures: [(&str, Figure); 4] = [
        ("RMSE", |one| one.rmse),
        ("MAE", |one| one.mae),
        ("bias", |one| one.bias),
        ("calibration error", |one| one.ece),
    ];
    for (name, figure) in figures {
        errors.add_row([name.to_owned(), number(then.as_ref().map(figure), 4), number(now.as_ref().map(figure), 4)]);
    }
    let count = |of: Option<u64>| of.map_or_else(|| "-".to_owned(), |count| count.to_string());
    errors.add_row(["count".to_owned(), count(then.map(|one| one.count)), count(now.map(|one| one.count))]);
    let mut lines = vec![drift.to_string(), errors.to_string()];
    if let Some(one) = report.intervals {
        let (share, level) = (100.0 * one.share, 100.0 * one.level);
        lines.push(format!("intervals: {share:.1} % of {} ratings inside, {level:.0} % promised", one.count));
    }
    if let Some(one) = report.coverage {
        let share = 100.0 * one.share;
        lines
            .push(format!("shown: {share:.0} % of the catalog in {} recommendations, Gini {:.2}", one.shown, one.gini));
    }
    lines.extend(
        report.findings.iter().map(|finding| format!("{:<8}{}: {}", finding.status.name(), finding.code, finding.text)),
    );
    lines.push(format!("{}: {} jobs against {}\n", report.status.name(), report.window.jobs, report.reference.jobs));
    lines.join("\n")
}
