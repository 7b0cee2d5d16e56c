//! `tidyrank experiment plan`.

use serde::Serialize;

use crate::native::cli::output::{Output, number, table};
use crate::native::cli::{CliError, Context, Format};
use crate::native::experiment::ExperimentError;
use crate::native::experiment::power::{Effect, Test, cohens_h, share_at};

const EXAMPLES: &str = "Examples:
  tidyrank experiment plan --baseline 0.20 --effect 0.03 --daily 400
  tidyrank experiment plan --baseline 0.20 --units 5000 --variants 3
  tidyrank experiment plan --sd 1.2 --effect 0.1 --power 0.9 --format json

With --baseline shares of units are compared (--effect in shares, 0.03 = 3 points), with --sd means of a value per unit
(--effect in its units). With --units the smallest effect is given that they find. Several variants share alpha.";

/// Flags of `tidyrank experiment plan`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES,
    group = clap::ArgGroup::new("what").required(true),
    group = clap::ArgGroup::new("goal").required(true))]
pub(super) struct Args {
    /// Share of the control's units that convert, 0 to 1
    #[arg(long, value_name = "SHARE", group = "what")]
    baseline: Option<f64>,
    /// Standard deviation of the value over units
    #[arg(long, value_name = "SD", group = "what")]
    sd: Option<f64>,
    /// Difference to find
    #[arg(long, value_name = "DIFFERENCE", group = "goal", allow_negative_numbers = true)]
    effect: Option<f64>,
    /// Units of the control that there will be
    #[arg(long, value_name = "N", group = "goal")]
    units: Option<u64>,
    /// Variants with the control
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(2..=100))]
    variants: u32,
    /// Units of each other variant per unit of the control
    #[arg(long, default_value_t = 1.0)]
    ratio: f64,
    /// Probability of a false alarm, over all variants
    #[arg(long, default_value_t = 0.05)]
    alpha: f64,
    /// Probability of finding the effect
    #[arg(long, default_value_t = 0.8)]
    power: f64,
    /// Look for a difference in the direction of --effect only
    #[arg(long)]
    one_sided: bool,
    /// Units that come each day
    #[arg(long, value_name = "N")]
    daily: Option<f64>,
}

/// The plan, as JSON has it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Plan {
    metric: &'static str,
    variants: u32,
    ratio: f64,
    alpha: f64,
    alpha_per_comparison: f64,
    power: f64,
    two_sided: bool,
    /// Cohen's h or d.
    effect_size: f64,
    /// In the metric's own units.
    effect: Option<f64>,
    control_units: u64,
    units_per_variant: u64,
    total_units: u64,
    days: Option<u64>,
}

/// Runs the command.
pub(super) fn run(args: Args, context: &Context) -> Result<(), CliError> {
    let plan = plan(&args)?;
    let mut output = Output::new();
    match context.format {
        Format::Json => {
            output.json(&plan)?;
            output.text("\n")?;
        }
        Format::Table => output.text(&as_table(&plan))?,
    }
    output.finish()
}

fn plan(args: &Args) -> Result<Plan, CliError> {
    check(args)?;
    let per_comparison = args.alpha / f64::from(args.variants - 1);
    let test = Test { alpha: per_comparison, two_sided: !args.one_sided, ratio: args.ratio };
    let (size, effect, units) = match (args.effect, args.units) {
        (Some(effect), _) => {
            let of = wanted(args, effect);
            let units = test.units(of, args.power)?.ceil() as u64;
            (size_of(of), Some(effect), units)
        }
        (None, units) => {
            let units = units.unwrap_or_default();
            let kind = if args.sd.is_some() { Effect::Means } else { Effect::Shares };
            let size = test.detectable(kind, units as f64, args.power)?;
            let found = match (args.sd, args.baseline) {
                (Some(sd), _) => Some(size * sd),
                (None, base) => base.and_then(|base| Some(share_at(base, size)? - base)),
            };
            (size, found, units)
        }
    };
    let each = (units as f64 * args.ratio).ceil() as u64;
    let total = units + each * u64::from(args.variants - 1);
    Ok(Plan {
        metric: if args.sd.is_some() { "mean" } else { "share" },
        variants: args.variants,
        ratio: args.ratio,
        alpha: args.alpha,
        alpha_per_comparison: per_comparison,
        power: args.power,
        two_sided: !args.one_sided,
        effect_size: size,
        effect,
        control_units: units,
        units_per_variant: each,
        total_units: total,
        days: args.daily.map(|daily| (total as f64 / daily).ceil() as u64),
    })
}

fn wanted(args: &Args, effect: f64) -> Effect {
    match (args.sd, args.baseline) {
        (Some(sd), _) => Effect::Means(effect / sd),
        (None, base) => Effect::Shares(cohens_h(base.unwrap_or_default(), base.unwrap_or_default() + effect)),
    }
}

fn size_of(effect: Effect) -> f64 {
    match effect {
        Effect::Shares(size) | Effect::Means(size) => size,
    }
}

fn check(args: &Args) -> Result<(), ExperimentError> {
    let refuse = |field, value, reason| Err(ExperimentError::Number { field, value, reason });
    if let Some(base) = args.baseline.filter(|base| !(0.0..=1.0).contains(base)) {
        return refuse("baseline", base, "it must be between 0 and 1");
    }
    if let Some(sd) = args.sd.filter(|sd| !(sd.is_finite() && *sd > 0.0)) {
        return refuse("sd", sd, "it must be a number above 0");
    }
    let share = args.baseline.zip(args.effect).map(|(base, effect)| base + effect);
    if let Some(share) = share.filter(|share| !(0.0..=1.0).contains(share)) {
        return refuse("baseline + effect", share, "it must be between 0 and 1");
    }
    match args.daily.filter(|daily| !(daily.is_finite() && *daily > 0.0)) {
        Some(daily) => refuse("daily", daily, "it must be a number above 0"),
        None => Ok(()),
    }
}

fn as_table(plan: &Plan) -> String {
    let mut table = table(&["plan", "value"]);
    let sides = if plan.two_sided { "two-sided" } else { "one-sided" };
    let rows = [
        ("compares", format!("{} of {} variants, {sides}", plan.metric, plan.variants)),
        ("alpha of each comparison", format!("{:.4}", plan.alpha_per_comparison)),
        ("power", format!("{:.2}", plan.power)),
        ("difference", number(plan.effect, 4)),
        (
            "effect size",
            format!("{:.4} ({})", plan.effect_size, if plan.metric == "mean" { "Cohen's d" } else { "Cohen's h" }),
        ),
        ("units of the control", plan.control_units.to_string()),
        ("units of each other variant", plan.units_per_variant.to_string()),
        ("units in all", plan.total_units.to_string()),
        ("days", plan.days.map_or_else(|| "-".to_owned(), |days| days.to_string())),
    ];
    rows.into_iter().for_each(|(name, value)| {
        table.add_row([name.to_owned(), value]);
    });
    format!("{table}\n")
}
