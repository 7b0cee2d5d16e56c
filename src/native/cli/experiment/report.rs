//! `tidyrank experiment report`.

use std::path::PathBuf;

use super::assign::definition;
use super::page;
use crate::native::cli::output::{Output, number, table};
use crate::native::cli::{CliError, Context, Format};
use crate::native::eval::bootstrap;
use crate::native::events::{Event, EventStore, Filter, OutcomeKind, STORE, parse_lines};
use crate::native::experiment::policy::{self, Policy};
use crate::native::experiment::report::{Comparison, Report, Settings, report};
use crate::native::experiment::sequential;
use crate::native::files;

const EXAMPLES: &str = "Examples:
  tidyrank experiment report --data data/athens --experiment ranking
  tidyrank experiment report --events events.jsonl --experiment ranking --outcome contacted --format json
  tidyrank experiment report --events events.jsonl --experiment ranking --policy rules --policy neural --out report.html

Units are compared, not events: a client counts once. docs/experiments.md defines every figure and the JSON.";

/// Flags of `tidyrank experiment report`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, group = clap::ArgGroup::new("source").required(true).multiple(true))]
pub(super) struct Args {
    /// Files of events as JSON Lines
    #[arg(long, value_name = "FILE", num_args = 1.., group = "source")]
    events: Vec<PathBuf>,
    /// Folder of a data set with ingested events
    #[arg(long, value_name = "DIR", group = "source")]
    data: Option<PathBuf>,
    /// The experiment
    #[arg(long, value_name = "KEY")]
    experiment: String,
    /// Its definition as JSON: what the sample ratio is checked against [default: equal shares]
    #[arg(long, value_name = "FILE")]
    definition: Option<PathBuf>,
    /// The variant that the others are compared with [default: the definition's first, else `control`, else the first]
    #[arg(long, value_name = "VARIANT")]
    control: Option<String>,
    /// The outcome that converts a unit
    #[arg(long, value_enum, default_value = "hired")]
    outcome: OutcomeFlag,
    /// Level of the intervals
    #[arg(long, default_value_t = sequential::Settings::default().level)]
    level: f64,
    /// Always-valid p: standard deviation of the effects that are thought possible, fixed beforehand
    #[arg(long, value_name = "SHARE", default_value_t = sequential::Settings::default().mixing_sd)]
    mixing_sd: f64,
    /// Resamples of the bootstrap
    #[arg(long, value_name = "N", default_value_t = 2000)]
    bootstrap: usize,
    /// Seed of the bootstrap
    #[arg(long, default_value_t = bootstrap::Settings::default().seed)]
    seed: u64,
    /// Also estimate what this ranking policy would have got
    #[arg(long, value_enum)]
    policy: Vec<PolicyFlag>,
    /// Places that count for that
    #[arg(long, value_name = "N", default_value_t = policy::Settings::default().depth)]
    depth: usize,
    /// Largest weight for that
    #[arg(long, value_name = "WEIGHT", default_value_t = policy::Settings::default().clip)]
    clip: f64,
    /// Write a page with pictures to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
enum OutcomeFlag {
    Viewed,
    Contacted,
    BidPlaced,
    BidAccepted,
    Hired,
    Rated,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum PolicyFlag {
    Score,
    Rules,
    Neural,
    Cheapest,
    Nearest,
    Random,
}

/// Runs the command.
pub(super) fn run(args: Args, context: &Context) -> Result<(), CliError> {
    let mut events = read_events(&args.events)?;
    if let Some(data) = &args.data {
        let store = EventStore::read(&data.join(STORE))?;
        let filter = Filter { experiment: Some(args.experiment.clone()), ..Filter::default() };
        for found in store.events(&filter) {
            events.push(found?);
        }
    }
    let report = report(&events, &settings(&args)?)?;
    if let Some(path) = &args.out {
        files::write_atomic(path, page::page(&report).as_bytes())?;
    }
    report
        .warnings
        .iter()
        .for_each(|warning| crate::native::cli::warn(&format!("[{}] {}", warning.code, warning.text)));
    let mut output = Output::new();
    match context.format {
        Format::Json => {
            output.json(&report)?;
            output.text("\n")?;
        }
        Format::Table => output.text(&as_tables(&report))?,
    }
    output.finish()
}

/// Reads files of events; every line must be one.
fn read_events(paths: &[PathBuf]) -> Result<Vec<Event>, CliError> {
    let mut events = Vec::new();
    for path in paths {
        let bytes = files::read(path)?;
        events.extend(parse_lines(&String::from_utf8_lossy(&bytes)).map_err(|(number, problems)| {
            let first = problems.into_iter().next();
            let (code, why) = first.map_or(("event.json", String::new()), |one| (one.code, one.message));
            let hint = "`tidyrank ingest` shows everything that is wrong; docs/events.md lists every field";
            CliError::new(code, format!("{}:{number}: {why}", path.display()), hint)
        })?);
    }
    Ok(events)
}

fn settings(args: &Args) -> Result<Settings, CliError> {
    let outcome = match args.outcome {
        OutcomeFlag::Viewed => OutcomeKind::Viewed,
        OutcomeFlag::Contacted => OutcomeKind::Contacted,
        OutcomeFlag::BidPlaced => OutcomeKind::BidPlaced,
        OutcomeFlag::BidAccepted => OutcomeKind::BidAccepted,
        OutcomeFlag::Hired => OutcomeKind::Hired,
        OutcomeFlag::Rated => OutcomeKind::Rated,
    };
    let positive = |field: &'static str, value: f64, fits: bool| {
        let reason = "it is out of range";
        if fits { Ok(value) } else { Err(crate::native::experiment::ExperimentError::Number { field, value, reason }) }
    };
    let level = positive("level", args.level, (0.5..1.0).contains(&args.level))?;
    let mixing_sd = positive("mixing-sd", args.mixing_sd, args.mixing_sd > 0.0 && args.mixing_sd <= 1.0)?;
    let clip = positive("clip", args.clip, args.clip >= 1.0 && args.clip.is_finite())?;
    Ok(Settings {
        experiment: args.experiment.clone(),
        outcome,
        control: args.control.clone(),
        definition: args.definition.as_deref().map(definition).transpose()?,
        sequential: sequential::Settings { mixing_sd, level },
        bootstrap: bootstrap::Settings { resamples: args.bootstrap, seed: args.seed, level },
        policies: args.policy.iter().map(|flag| policy_of(*flag)).collect(),
        off_policy: policy::Settings { depth: args.depth.clamp(1, 100), clip, level },
    })
}

fn policy_of(flag: PolicyFlag) -> Policy {
    match flag {
        PolicyFlag::Score => Policy::Score,
        PolicyFlag::Rules => Policy::Rules,
        PolicyFlag::Neural => Policy::Neural,
        PolicyFlag::Cheapest => Policy::Cheapest,
        PolicyFlag::Nearest => Policy::Nearest,
        PolicyFlag::Random => Policy::Random,
    }
}

fn range((low, high): (f64, f64)) -> String {
    format!("{low:+.4} .. {high:+.4}")
}

fn as_tables(report: &Report) -> String {
    let mut variants = table(&["variant", "units", "converted", "share", "interval", "requests"]);
    for one in &report.variants {
        let (low, high) = one.interval;
        variants.add_row([
            one.key.clone(),
            one.count.units.to_string(),
            one.count.hits.to_string(),
            format!("{:.4}", one.share),
            format!("{low:.4} .. {high:.4}"),
            one.requests.to_string(),
        ]);
    }
    let mut text = format!("{}: {:?}\n{variants}\n", report.experiment, report.outcome);
    if let Some(ratio) = &report.sample_ratio {
        text += &format!("sample ratio: chi2 = {:.3}, p = {:.4}\n", ratio.chi2, ratio.p);
    }
    report.comparisons.iter().for_each(|one| text += &comparison_tables(report, one));
    if !report.policies.is_empty() {
        let headings = ["policy", "logged", "IPS", "SNIPS", "doubly robust", "interval", "effective requests"];
        let mut policies = table(&headings);
        for one in &report.policies {
            policies.add_row([
                format!("{:?}", one.policy).to_lowercase(),
                format!("{:.4}", one.logged.value),
                format!("{:.4}", one.ips.value),
                format!("{:.4}", one.snips.value),
                format!("{:.4}", one.doubly_robust.value),
                range(one.doubly_robust.interval),
                format!("{:.0} of {}", one.effective_sample, one.requests),
            ]);
        }
        text += &format!("{policies}\n");
    }
    text
}

fn comparison_tables(report: &Report, one: &Comparison) -> String {
    let mut tests = table(&["test", "difference", "interval", "p"]);
    let last = one.looks.last().map(|day| day.look);
    if let Some(share) = &one.conversion {
        let p = format!("{:.4}", share.p);
        tests.add_row(["z test, Wald", &format!("{:+.4}", share.difference), &range(share.wald), &p]);
        tests.add_row(["Newcombe", "", &range(share.newcombe), ""]);
        tests.add_row(["Holm over variants", "", "", &number(one.adjusted_p, 4)]);
        tests.add_row(["bootstrap", "", &one.bootstrap.map_or_else(|| "-".to_owned(), range), ""]);
    }
    if let Some(look) = last {
        tests.add_row(["always valid", "", &range(look.valid_interval), &format!("{:.4}", look.valid_p)]);
    }
    for value in &one.values {
        let name = format!("{:?}: value, Welch", value.outcome);
        let difference = format!("{:+.4}", value.variant_mean - value.control_mean);
        let interval = value.welch.map_or_else(|| "-".to_owned(), |welch| range(welch.interval));
        tests.add_row([name, difference, interval, number(value.welch.map(|welch| welch.p), 4)]);
    }
    let mut text = format!("{} against {}\n{tests}\n", one.variant, report.control);
    if !one.segments.is_empty() {
        let mut segments = table(&["segment", "control", "variant", "difference", "Newcombe", "p (Holm)"]);
        for segment in &one.segments {
            let of =
                |count: crate::native::experiment::proportions::Count| format!("{} of {}", count.hits, count.units);
            segments.add_row([
                segment.segment.clone(),
                of(segment.control),
                of(segment.variant),
                segment.conversion.map_or_else(|| "-".to_owned(), |share| format!("{:+.4}", share.difference)),
                segment.conversion.map_or_else(|| "-".to_owned(), |share| range(share.newcombe)),
                number(segment.adjusted_p, 4),
            ]);
        }
        text += &format!("{segments}\n");
    }
    text
}
