//! `tidyrank explain`.

use std::fmt::Write;

use serde::Serialize;

use super::known;
use super::output::{Output, table};
use super::recommend::{self, Ranker};
use super::{CliError, Context, Format};
use crate::engine::{Counterfactual, Explanation, Item, NeuralParts, Part, Parts, Reason, Share};

const EXAMPLES: &str = "Examples:
  tidyrank explain --data data/athens --model models/cleaners/1.0.0 --job job-00004321 --cleaner cleaner-000170
  tidyrank explain --data data/athens --job job-00004321 --cleaner cleaner-000170 --locale el --format json";

/// Points that one block of a bar stands for.
const POINTS_PER_BLOCK: f64 = 2.0;

/// Flags of `tidyrank explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Id of the cleaner to explain
    #[arg(long, value_name = "ID")]
    cleaner: String,
    /// Do not look for changes that bring a better place
    #[arg(long)]
    no_counterfactuals: bool,
    #[command(flatten)]
    rank: recommend::Args,
}

/// The answer in JSON, with the names of the npm package.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    job_id: &'a str,
    cleaner_id: &'a str,
    rank: Option<u32>,
    score: Option<f32>,
    parts: Option<&'a Parts>,
    contributions: &'a [Part],
    neural: Option<&'a NeuralParts>,
    counterfactuals: &'a [Counterfactual],
    reasons: &'a [Reason],
    excluded: &'a [Reason],
    cleaner: Option<&'a Item>,
}

/// Runs the command.
pub(super) fn run(mut args: Args, context: &Context) -> Result<(), CliError> {
    let (data, engine) = recommend::prepared(&mut args.rank)?;
    let mut ranker = Ranker::new(&args.rank, &data, engine);
    let job = known::job(&data, args.rank.job().unwrap_or_default())?;
    let found = ranker.explain(job, &args.cleaner, !args.no_counterfactuals)?;
    let excluded = ranker.left_out_by(job, &args.cleaner)?;
    let mut output = Output::new();
    match context.format {
        Format::Json => {
            output.json(&Answer { excluded: &excluded, ..answer(&job.id, &args.cleaner, found.as_ref()) })?;
            output.text("\n")?;
        }
        Format::Table => output.text(&match &found {
            Some(found) => text(&job.id, found),
            None => left_out(&job.id, &args.cleaner, &excluded),
        })?,
    }
    output.finish()
}

fn answer<'a>(job_id: &'a str, cleaner_id: &'a str, found: Option<&'a Explanation>) -> Answer<'a> {
    let item = found.map(|found| &found.item);
    Answer {
        job_id,
        cleaner_id,
        rank: item.map(|item| item.rank),
        score: item.map(|item| item.score),
        parts: found.map(|found| &found.parts),
        contributions: item.map_or(&[], |item| &item.contributions),
        neural: found.and_then(|found| found.neural.as_ref()),
        counterfactuals: found.map_or(&[], |found| &found.counterfactuals),
        reasons: item.map_or(&[], |item| &item.reasons),
        excluded: &[],
        cleaner: item,
    }
}

/// The explanation as a table with bars. All points in it are points of the score; those of one part add up to it.
fn text(job: &str, found: &Explanation) -> String {
    let Explanation { item, parts, neural, counterfactuals } = found;
    let mut rows = table(&["part", "points", ""]);
    let mut row = |name: String, points: f64| {
        rows.add_row([name, format!("{points:+.2}"), bar(points)]);
    };
    let named = |name: &str, part: &Share| {
        let value = part.value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"));
        format!("{name}: {value} x {:.1} %", part.weight)
    };
    row(named("rules", &parts.rules), parts.rules.points);
    for part in &item.contributions {
        row(format!("  {}", part.component), f64::from(part.contribution) * parts.rules.weight / 100.0);
    }
    row(named("neural", &parts.neural), parts.neural.points);
    if let Some(neural) = neural {
        let share = parts.neural.weight / 100.0;
        row("  baseline".into(), neural.baseline * share);
        neural.groups.iter().for_each(|of| row(format!("  {}", of.group), of.points * share));
    }
    row(named("price", &parts.price), parts.price.points);
    if parts.boost != 0.0 {
        row("rules of the house".into(), parts.boost);
    }
    row("score".into(), f64::from(item.score));
    let mut text = format!("Job {job}: {} {} is at place {}\n{rows}\n", item.cleaner_id, item.name, item.rank);
    let lines = item.reasons.iter().chain(counterfactuals.iter().map(|change| &change.reason));
    for reason in lines {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "- {}", reason.text);
    }
    text
}

fn left_out(job: &str, cleaner: &str, excluded: &[Reason]) -> String {
    let why: String = excluded.iter().map(|reason| format!("- {}\n", reason.text)).collect();
    format!("Cleaner {cleaner} is no candidate for job {job}\n{why}")
}

fn bar(points: f64) -> String {
    let block = if points < 0.0 { "▒" } else { "█" };
    block.repeat((points.abs() / POINTS_PER_BLOCK).round() as usize)
}
