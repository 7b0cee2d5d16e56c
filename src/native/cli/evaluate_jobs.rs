//! `tidyrank evaluate --jobs`: whether the order of jobs for cleaners makes sense.

use std::path::Path;

use super::output::{Output, table};
use super::{CliError, Context, Format};
use crate::engine::Engine;
use crate::native::datasets::Dataset;
use crate::native::eval::bootstrap;
use crate::native::eval::jobs::{JobFigures, JobsHoldout, JobsReport, run as measure};
use crate::native::eval::request::Names;
use crate::native::score::Lives;

/// Measures on the bids for the jobs from `from` on.
pub(super) fn run(
    dir: &Path,
    data: &Dataset,
    mut engine: Engine,
    (from, settings): (usize, bootstrap::Settings),
    context: &Context,
) -> Result<(), CliError> {
    let lives = Lives::read(dir, data)?;
    let holdout = JobsHoldout {
        names: Names { market: &data.market, cleaners: &data.cleaners, clients: &data.client_ids },
        jobs: &data.jobs,
        history: &data.history,
        decided: &lives.decided,
        ended: &lives.ended,
        from,
    };
    let bar = super::progress::bar(context, 0, "bids");
    let report = measure(&holdout, &mut engine, &settings, &mut |done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    let mut output = Output::new();
    match context.format {
        Format::Json => {
            output.json(&report)?;
            output.text("\n")?;
        }
        Format::Table => output.text(&tables(&report, settings.level))?,
    }
    output.finish()
}

fn tables(report: &JobsReport, level: f64) -> String {
    let of = |what: &str, count: usize, figures: &[JobFigures]| {
        let mut rows = table(&["order", "first", "in the first 3", "MRR", &format!("{:.0} % interval", 100.0 * level)]);
        for found in figures {
            rows.add_row([
                format!("{:?}", found.order),
                format!("{:.3}", found.in_top1),
                format!("{:.3}", found.in_top3),
                format!("{:.3}", found.mrr.mean),
                format!("{:.3} .. {:.3}", found.mrr.low, found.mrr.high),
            ]);
        }
        format!("{what} ({count})\n{rows}\n")
    };
    let bids = of("The job that the cleaner bid on, among those open then", report.bids, &report.bid);
    let wins = of("The same where the bid won", report.wins, &report.won);
    format!("{:.1} open jobs on average.\n{bids}{wins}", report.mean_open)
}
