//! `tidyrank fold-in`.

use std::path::PathBuf;

use super::known;
use super::load;
use super::output::{Output, number, table};
use super::{CliError, Context, DEFAULT_DATA, Format};
use crate::engine::{Folded, Interaction, Precision};
use crate::native::calibrate::{Curve, curve, history};
use crate::native::datasets::Dataset;
use crate::native::eval::bootstrap;
use crate::native::eval::request::Names;
use crate::native::files;

const EXAMPLES: &str = "Examples:
  tidyrank fold-in models/cleaners/1.0.0 --data data/athens --client client-00042
  tidyrank fold-in models/cleaners/1.0.0 --history ratings.json
  tidyrank fold-in models/cleaners/1.0.0 --data data/athens --curve

FILE is a JSON array of {\"cleanerId\": \"…\", \"rating\": 8, \"job\": {…}}, with `job` as in a request, or left out.";

/// Flags of `tidyrank fold-in`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, group = clap::ArgGroup::new("what").required(true))]
pub(super) struct Args {
    /// Folder of the model
    #[arg(value_name = "MODEL_DIR")]
    model: PathBuf,
    /// Folder of the data set, for --client and --curve
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    data: PathBuf,
    /// Ratings that a client gave (JSON)
    #[arg(long, value_name = "FILE", group = "what")]
    history: Option<PathBuf>,
    /// A client of the data set
    #[arg(long, value_name = "ID", group = "what")]
    client: Option<String>,
    /// Measure on the hold-out what the first 0, 1, 2, 5, 10 ratings of a client are worth
    #[arg(long, group = "what")]
    curve: bool,
}

/// Runs the command.
pub(super) fn run(args: Args, context: &Context) -> Result<(), CliError> {
    let mut engine = load::engine(&args.model, Precision::Int8)?;
    let mut output = Output::new();
    if args.curve {
        let data = load::dataset(&args.data)?;
        let rated = super::evaluate::rated_jobs(&args.model, &data)?;
        let found =
            curve(&names(&data), (&data.jobs, &rated), &data.history, &mut engine, &bootstrap::Settings::default())?;
        match context.format {
            Format::Json => output.json(&found)?,
            Format::Table => output.text(&curve_table(&found))?,
        }
        output.text("\n")?;
        return output.finish();
    }
    let folded = engine.fold_in(&ratings(&args)?)?;
    match context.format {
        Format::Json => output.json(&folded)?,
        Format::Table => output.text(&folded_text(&folded))?,
    }
    output.text("\n")?;
    output.finish()
}

fn names(data: &Dataset) -> Names<'_> {
    Names { market: &data.market, cleaners: &data.cleaners, clients: &data.client_ids }
}

fn ratings(args: &Args) -> Result<Vec<Interaction>, CliError> {
    if let Some(path) = &args.history {
        let refuse = |error: serde_json::Error| {
            let hint = "give an array of objects with cleanerId, rating and, where it is known, job";
            CliError::new("fold_in.history", format!("{}: {error}", path.display()), hint)
        };
        return serde_json::from_slice(&files::read(path)?).map_err(refuse);
    }
    let data = load::dataset(&args.data)?;
    let id = args.client.as_deref().unwrap_or_default();
    let client = known::client(&data, id)?;
    Ok(history(&names(&data), &data.jobs, client, i64::MAX))
}

fn folded_text(folded: &Folded) -> String {
    let numbers: Vec<String> = folded.client_vector.iter().map(|x| format!("{x:.5}")).collect();
    let leanings = folded.client_vector.len().checked_sub(5).map_or(&[][..], |at| &folded.client_vector[at..]);
    let text = format!("{} ratings used, {} ignored\n[{}]", folded.used, folded.ignored.len(), numbers.join(", "));
    match leanings {
        [leniency, quality, communication, professionalism, timeliness] if folded.used > 0 => format!(
            "{text}\nleniency {:+.2} points; weights: quality {quality:+.3}, communication {communication:+.3}, \
             professionalism {professionalism:+.3}, timeliness {timeliness:+.3}",
            100.0 * leniency
        ),
        _ => text,
    }
}

fn curve_table(curve: &Curve) -> String {
    let mut rows = table(&["ratings", "RMSE", "R²", "squared error", "neural top 3", "gain", "ensemble top 3", "gain"]);
    for point in &curve.points {
        let gain = |found: &bootstrap::Interval, digits: usize| {
            let mark = if found.excludes_zero() { "" } else { "~" };
            format!("{mark}{:+.digits$} [{:+.digits$}, {:+.digits$}]", found.mean, found.low, found.high)
        };
        rows.add_row([
            point.ratings.clone(),
            number(Some(point.rmse), 5),
            number(point.r2, 4),
            gain(&point.squared_error, 6),
            number(Some(point.neural_top3), 4),
            gain(&point.neural_top3_gain, 3),
            number(Some(point.ensemble_top3), 4),
            gain(&point.ensemble_top3_gain, 3),
        ]);
    }
    format!(
        "{} hold-out jobs of {} clients with ten or more earlier ratings; a fold-in of ten takes {:.0} µs\n{rows}\n\
         gains are over the unknown client (0 ratings), with paired 95 % bootstrap intervals; ~ = it includes 0",
        curve.jobs, curve.clients, curve.microseconds
    )
}
