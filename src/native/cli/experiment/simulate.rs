//! `tidyrank experiment simulate`.

use std::path::PathBuf;

use serde::Serialize;

use super::assign::definition;
use crate::engine::Precision;
use crate::native::cli::output::{Output, table};
use crate::native::cli::{CliError, Context, DEFAULT_DATA, Format, load, progress};
use crate::native::datasets::read_truth;
use crate::native::experiment::policy::{self, Policy};
use crate::native::experiment::simulate::{
    AaSettings, EventSettings, FalseAlarms, OffPolicyRow, OffPolicySettings, PowerRow, PowerSettings, SimMarket,
    events, false_alarms, off_policy, power,
};
use crate::native::experiment::{Experiment, Variant};
use crate::native::files;

const EXAMPLES: &str = "Examples:
  tidyrank experiment simulate --data data/athens --model models/cleaners/1.0.0
  tidyrank experiment simulate --data data/athens --model models/cleaners/1.0.0 --out events.jsonl --units 3000 --epsilon 0.2

Needs a data set with its truth (`tidyrank generate`). The jobs are the last fifth, ranked as of their time; docs/experiments.md
says how clients choose. With --out events are recorded, as pages would, in place of the figures.";

/// Flags of `tidyrank experiment simulate`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Folder of the data set
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    data: PathBuf,
    /// Folder of the model
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Share of the jobs to draw from, the last ones
    #[arg(long, value_name = "SHARE", default_value_t = 0.2)]
    jobs: f64,
    /// Experiments to simulate of each kind
    #[arg(long, value_name = "N", default_value_t = 2000)]
    replicates: usize,
    /// Share of the places that explore
    #[arg(long, value_name = "SHARE", default_value_t = 0.2)]
    epsilon: f64,
    /// Seed
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Record events into this file, as JSON Lines
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The experiment of these events as JSON; its variants are rules, neural, ensemble [default: all three alike, key `ranking`]
    #[arg(long, value_name = "FILE", requires = "out")]
    definition: Option<PathBuf>,
    /// Visitors of these events
    #[arg(long, value_name = "N", requires = "out", default_value_t = 2000)]
    units: usize,
    /// Days of these events
    #[arg(long, value_name = "N", requires = "out", default_value_t = 28)]
    days: u32,
}

/// The figures, as JSON has them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Simulated {
    jobs: usize,
    seed: u64,
    false_alarms: FalseAlarms,
    power: Vec<PowerRow>,
    off_policy: Vec<OffPolicyRow>,
}

/// Runs the command.
pub(super) fn run(args: Args, context: &Context) -> Result<(), CliError> {
    let market = market(&args, context)?;
    let mut output = Output::new();
    if let Some(path) = &args.out {
        let recorded = record(&args, &market)?;
        let mut text = String::new();
        for event in &recorded {
            text += &serde_json::to_string(event)
                .map_err(|error| CliError::new("cli.json", error.to_string(), "report this as a bug of tidyrank"))?;
            text.push('\n');
        }
        files::write_atomic(path, text.as_bytes())?;
        output.text(&format!("{} events in {}\n", recorded.len(), path.display()))?;
        return output.finish();
    }
    let simulated = simulate(&args, &market)?;
    match context.format {
        Format::Json => {
            output.json(&simulated)?;
            output.text("\n")?;
        }
        Format::Table => output.text(&as_tables(&simulated))?,
    }
    output.finish()
}

fn market(args: &Args, context: &Context) -> Result<SimMarket, CliError> {
    let data = load::dataset(&args.data)?;
    let missing = || {
        let message = format!("{} has no truth", args.data.display());
        CliError::new("experiment.no_truth", message, "simulate on a data set of `tidyrank generate`")
    };
    let truth = read_truth(&args.data, &data)?.ok_or_else(missing)?;
    let mut engine = load::engine(&args.model, Precision::Int8)?;
    load::check_same_cleaners(&engine, &data)?;
    let bar = progress::bar(context, (data.jobs.len() as f64 * args.jobs) as u64, "jobs");
    let market = SimMarket::new(&data, &truth, &mut engine, args.jobs, &mut || bar.inc(1))?;
    bar.finish_and_clear();
    if market.jobs.is_empty() {
        let hint = "choose a larger --jobs";
        return Err(CliError::new("experiment.nothing", "there is no job with two bidders to draw from", hint));
    }
    Ok(market)
}

fn record(args: &Args, market: &SimMarket) -> Result<Vec<crate::native::events::Event>, CliError> {
    let variant = |key: &str| Variant { key: key.to_owned(), weight: 1.0, options: None, manifest: None };
    let variants = vec![variant("rules"), variant("neural"), variant("ensemble")];
    let usual = Experiment { key: "ranking".to_owned(), salt: String::new(), traffic: 1.0, variants };
    let experiment = args.definition.as_deref().map(definition).transpose()?.unwrap_or(usual);
    let (units, days, epsilon, seed) = (args.units, args.days, args.epsilon.clamp(0.0, 1.0), args.seed);
    Ok(events(market, &EventSettings { experiment, units, days, start: None, epsilon, seed })?)
}

fn simulate(args: &Args, market: &SimMarket) -> Result<Simulated, CliError> {
    let (alpha, mixing_sd, seed, replicates) = (0.05, 0.05, args.seed, args.replicates);
    let aa = AaSettings { days: 28, daily: 100, replicates, alpha, mixing_sd, seed };
    let sizes = [500, 1000, 2000, 4000];
    let at = |units| PowerSettings { control: 0, variant: 2, units, looks: 28, replicates, alpha, mixing_sd, seed };
    let logs = OffPolicySettings {
        mode: 2,
        epsilon: args.epsilon,
        requests: 5000,
        replicates: replicates.div_ceil(10),
        estimate: policy::Settings::default(),
        seed,
    };
    Ok(Simulated {
        jobs: market.jobs.len(),
        seed,
        false_alarms: false_alarms(market, 2, &aa)?,
        power: sizes.iter().map(|units| power(market, &at(*units))).collect(),
        off_policy: off_policy(market, &[Policy::Rules, Policy::Neural, Policy::Cheapest, Policy::Random], &logs),
    })
}

fn as_tables(simulated: &Simulated) -> String {
    let alarms = &simulated.false_alarms;
    let mut aa = table(&["A/A, false alarms", "share of experiments"]);
    let rows = [
        ("fixed test, one look at the end", alarms.fixed_once),
        ("fixed test, a look a day", alarms.fixed_peeking),
        ("always valid, a look a day", alarms.always_valid),
    ];
    rows.into_iter().for_each(|(name, share)| {
        aa.add_row([name.to_owned(), format!("{share:.4}")]);
    });
    let mut ab = table(&["units of each", "rules", "ensemble", "planned", "fixed test", "always valid"]);
    for row in &simulated.power {
        let shares = [row.control_share, row.variant_share, row.planned, row.fixed, row.always_valid];
        ab.add_row([row.units.to_string()].into_iter().chain(shares.map(|share| format!("{share:.4}"))));
    }
    let mut policies = table(&["policy", "truth", "logged", "estimator", "mean", "RMSE", "coverage", "effective"]);
    for row in &simulated.off_policy {
        for (name, quality) in [("IPS", row.ips), ("SNIPS", row.snips), ("doubly robust", row.doubly_robust)] {
            policies.add_row([
                format!("{:?}", row.policy).to_lowercase(),
                format!("{:.4}", row.truth),
                format!("{:.4}", row.logged),
                name.to_owned(),
                format!("{:.4}", quality.mean),
                format!("{:.4}", quality.rmse),
                format!("{:.3}", quality.coverage),
                format!("{:.0}", row.effective_sample),
            ]);
        }
    }
    format!(
        "{} jobs, {} experiments of {} units\n{aa}\n{ab}\n{policies}\n",
        simulated.jobs, alarms.replicates, alarms.units
    )
}
