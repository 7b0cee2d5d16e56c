//! `tidyrank bids evaluate`.

use std::path::PathBuf;

use super::truth::Simulation;
use super::{Folders, truth};
use crate::artifact::{ArtifactError, Tensors};
use crate::engine::Precision;
use crate::native::cli::output::{Output, number, table};
use crate::native::cli::{CliError, Context, Format, load, progress};
use crate::native::datagen::Config;
use crate::native::datasets::Dataset;
use crate::native::eval::bids::{BidProtocol, BidReport, ask_bids, report};
use crate::native::eval::request::Names;
use crate::native::files;
use crate::native::model_dir::{ModelDir, ModelDirError};
use crate::native::train::{BidRecipe, BidRows, SampleSource};

/// Flags of `tidyrank bids evaluate`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    folders: Folders,
    /// Write the report as JSON to this file, too
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Seed that the data were generated with, for the ceiling that does not know later bids
    #[arg(long, default_value_t = Config::default().seed)]
    data_seed: u64,
    /// Futures to simulate for every job; 0 leaves that ceiling out
    #[arg(long, value_name = "N", default_value_t = 400)]
    futures: u64,
}

/// Runs the command.
pub(super) fn run(args: Args, context: &Context) -> Result<(), CliError> {
    let recipe = recipe(&args)?;
    let data = load::dataset(&args.folders.data)?;
    let mut engine = load::engine(&args.folders.model, Precision::Int8)?;
    load::check_same_cleaners(&engine, &data)?;
    let source =
        SampleSource { market: &data.market, cleaners: &data.cleaners, jobs: &data.jobs, history: &data.history };
    let rows = BidRows::build(&source);
    let test = rows.split(recipe.fractions()).test;
    let first = test.first().map_or(u32::MAX, |&at| rows.jobs[at]);
    let names = Names { market: &data.market, cleaners: &data.cleaners, clients: &data.client_ids };
    let bar = progress::bar(context, data.jobs.len() as u64, "jobs");
    let asked = ask_bids(&names, &data.jobs, &data.history, &mut engine, &mut || bar.inc(1))?;
    bar.finish_and_clear();
    let simulation = Simulation { seed: args.data_seed, futures: args.futures };
    let truth = truth::of_bids(&args.folders.data, &data, &asked, first, &simulation)?;
    let report = report(&asked, first, truth.as_deref(), protocol(&recipe, &data));
    let json = serde_json::to_string_pretty(&report).unwrap_or_default() + "\n";
    if let Some(path) = &args.out {
        files::write_atomic(path, json.as_bytes())?;
    }
    let mut output = Output::new();
    output.text(&if context.format == Format::Json { json } else { tables(&report) })?;
    output.finish()
}

/// The recipe in the model's file, which says how the data were split.
fn recipe(args: &Args) -> Result<BidRecipe, CliError> {
    let model = ModelDir::open(&args.folders.model)?;
    let bytes = model.read("bids")?;
    let damaged =
        |source: ArtifactError| ModelDirError::Artifact { path: model.path().join("bids.safetensors"), source };
    let tensors = Tensors::from_bytes(&bytes).map_err(damaged)?;
    let text = tensors.metadata("recipe").map_err(damaged)?;
    let unreadable =
        |error: serde_json::Error| ArtifactError::Metadata { key: "recipe".into(), reason: error.to_string() };
    Ok(serde_json::from_str(text).map_err(unreadable).map_err(damaged)?)
}

fn protocol(recipe: &BidRecipe, data: &Dataset) -> BidProtocol {
    let (train, validation) = (100.0 * recipe.train, 100.0 * recipe.validation);
    BidProtocol {
        data_fingerprint: data.fingerprint.clone(),
        split: format!("temporal by posting: {train:.0} % to learn from, {validation:.0} % to choose by, the rest held out"),
        known: "what had happened before the job was posted, and the bids placed before this one".to_owned(),
        scale: "prices relative to the market's price of the job".to_owned(),
        ceilings: vec![
            "truth and all bids: the true utility of every bid on the job, later ones included".to_owned(),
            "truth, later bids unknown: the true utilities of this and the earlier bids; later bids redrawn by the generator, \
             given how many came before"
                .to_owned(),
        ],
        ..BidProtocol::default()
    }
}

fn tables(report: &BidReport) -> String {
    let protocol = &report.protocol;
    let mut parts = vec![format!(
        "{} bids on {} hold-out jobs, answered by the {}; {}. Known: {}.\n\nRange of winning prices ({}); nominal coverage 0.8",
        protocol.bids, protocol.jobs, protocol.source, protocol.split, protocol.known, protocol.scale
    )];
    let mut rows = table(&["", "pinball 10 %", "50 %", "90 %", "sum", "coverage", "width"]);
    for row in &report.range {
        let [low, middle, high] = row.pinball;
        let figures = [low, middle, high, low + middle + high, row.coverage, row.width];
        rows.add_row([vec![row.name.clone()], figures.map(|value| number(Some(value), 4)).to_vec()].concat());
    }
    parts.push(rows.to_string());
    parts.push("\nProbability that the bid wins".to_owned());
    let mut rows = table(&["", "log loss", "Brier", "calibration error"]);
    for row in &report.winning {
        let figures = [row.log_loss, row.brier, row.ece].map(|value| number(Some(value), 4));
        rows.add_row([vec![row.name.clone()], figures.to_vec()].concat());
    }
    parts.push(rows.to_string());
    parts.push("\nReliability of the suggestions".to_owned());
    let mut rows = table(&["bids", "predicted", "won"]);
    for bin in &report.reliability {
        rows.add_row([bin.count.to_string(), number(Some(bin.predicted), 4), number(Some(bin.observed), 4)]);
    }
    parts.push(rows.to_string());
    if !report.revenue.is_empty() {
        parts.push("\nExpected revenue per bid by the truth, the other bids as they were".to_owned());
        let mut rows = table(&["price", "revenue", "wins", "price / market"]);
        for row in &report.revenue {
            let figures = [number(Some(row.revenue), 3), number(Some(row.wins), 4), number(Some(row.price), 3)];
            rows.add_row([vec![row.name.clone()], figures.to_vec()].concat());
        }
        parts.push(rows.to_string());
    }
    parts.join("\n") + "\n"
}
