//! `tidyrank bids`: train the bid model of a released model, and measure it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

use super::output::{Output, table};
use super::{CliError, Context, DEFAULT_DATA, DEFAULT_MODEL, Format, load, progress};
use crate::artifact::{ArtifactError, FORMAT_VERSION, Manifest, OLDEST_READABLE, Tensors};
use crate::engine::Catalog;
use crate::features::schema_hash;
use crate::native::datasets::Dataset;
use crate::native::model_dir::{MANIFEST, ModelDir, ModelDirError};
use crate::native::train::{BidRecipe, BidRows, Epoch, SampleSource, TrainedBids, train_bids};

mod evaluate;
mod truth;

/// Flags of `tidyrank bids`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  tidyrank bids train --data data/athens --model models/cleaners/latest\n  \
    tidyrank bids evaluate --data data/athens --model models/cleaners/latest\n  \
    tidyrank bids train --data data/tsuchiura --model models/tsuchiura     # a folder of its own: catalog and bids")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Train the bid model and add it to the folder of a model
    Train(TrainArgs),
    /// Measure the bid model on the hold-out, beside its baselines and, on generated data, ceilings
    Evaluate(evaluate::Args),
}

/// Which data set and model.
#[derive(Debug, clap::Args)]
struct Folders {
    /// Folder of the data set
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    data: PathBuf,
    /// Folder of the model; `train` makes one with a catalog where there is none
    #[arg(long, value_name = "DIR", default_value = DEFAULT_MODEL)]
    model: PathBuf,
}

#[derive(Debug, clap::Args)]
struct TrainArgs {
    #[command(flatten)]
    folders: Folders,
    /// Seed of everything random
    #[arg(long, default_value_t = BidRecipe::default().seed)]
    seed: u64,
    /// At most that many passes over the training part
    #[arg(long, default_value_t = BidRecipe::default().epochs)]
    epochs: usize,
    /// Stop after that many passes without a better validation loss
    #[arg(long, default_value_t = BidRecipe::default().patience)]
    patience: usize,
    /// Step length at the start
    #[arg(long, default_value_t = BidRecipe::default().learning_rate)]
    learning_rate: f64,
    /// Bids per step
    #[arg(long, default_value_t = BidRecipe::default().batch_size)]
    batch_size: usize,
    /// Pull of the matrices toward 0
    #[arg(long, default_value_t = BidRecipe::default().weight_decay)]
    weight_decay: f64,
    /// Decay per step of the running average of the weights; 0 = none
    #[arg(long, default_value_t = BidRecipe::default().average)]
    average: f64,
    /// Share of the features that are hidden at random while training
    #[arg(long, default_value_t = BidRecipe::default().hidden_rate)]
    hidden_rate: f64,
    /// What the pinball loss counts beside the log loss
    #[arg(long, default_value_t = BidRecipe::default().quantile_weight)]
    quantile_weight: f64,
}

/// What was trained.
#[derive(Debug, Serialize)]
struct Summary {
    model: String,
    bids: [usize; 3],
    epochs: usize,
    best_epoch: usize,
    train_loss: f64,
    validation_loss: f64,
    scale: f64,
    shift: f64,
    widen: f64,
    bytes: usize,
    seconds: f64,
}

/// Runs the command.
pub(super) fn run(args: Args, context: &Context) -> Result<(), CliError> {
    match args.command {
        Command::Train(args) => train(&args, context),
        Command::Evaluate(args) => evaluate::run(args, context),
    }
}

fn train(args: &TrainArgs, context: &Context) -> Result<(), CliError> {
    let began = Instant::now();
    let recipe = recipe(args);
    let data = load::dataset(&args.folders.data)?;
    let mut model = folder(&args.folders.model, &data)?;
    let source =
        SampleSource { market: &data.market, cleaners: &data.cleaners, jobs: &data.jobs, history: &data.history };
    let rows = BidRows::build(&source);
    let bar = progress::bar(context, recipe.epochs as u64, "epochs");
    let mut least = f64::INFINITY;
    let mut on_epoch = |epoch: &Epoch| {
        least = least.min(epoch.validation_loss);
        let (train, validation) = (epoch.train_loss, epoch.validation_loss);
        bar.set_message(format!("epochs, loss: train {train:.5}, validation {validation:.5}, best {least:.5}"));
        bar.inc(1);
    };
    let mut trained = train_bids(&recipe, &rows, &data.market.property_types, &mut on_epoch)?;
    bar.finish_and_clear();
    trained.model.set_metadata("recipe", serde_json::to_string(&recipe).unwrap_or_default());
    trained.model.set_metadata("data_fingerprint", &*data.fingerprint);
    let bytes = trained.model.to_bytes();
    let summary = summary(&args.folders.model, &trained, bytes.len(), began);
    model.write(&[("bids", "bids.safetensors", bytes)])?;
    show(&summary, context)
}

fn recipe(args: &TrainArgs) -> BidRecipe {
    let &TrainArgs { seed, epochs, patience, learning_rate, batch_size, .. } = args;
    let &TrainArgs { weight_decay, average, hidden_rate, quantile_weight, .. } = args;
    BidRecipe {
        seed,
        epochs,
        patience,
        learning_rate,
        batch_size,
        weight_decay,
        average,
        hidden_rate,
        quantile_weight,
        ..BidRecipe::default()
    }
}

/// The folder of a model for these data: the one that is there, or a new one with a catalog and no ranking model.
fn folder(path: &Path, data: &Dataset) -> Result<ModelDir, CliError> {
    if path.join(MANIFEST).is_file() {
        let model = ModelDir::open(path)?;
        if model.manifest.data_fingerprint != data.fingerprint {
            let message = "the data are not those that the model in the folder was trained on";
            let hint = "give that data set with --data, or another folder with --model";
            return Err(CliError::new("bids.other_data", message, hint));
        }
        return Ok(model);
    }
    let damaged = |source: ArtifactError| ModelDirError::Artifact { path: path.join("catalog.safetensors"), source };
    let manifest = Manifest {
        format_version: FORMAT_VERSION,
        oldest_readable: OLDEST_READABLE,
        name: data.market.name.clone(),
        version: "1.0.0".to_owned(),
        created_by: format!("tidyrank {}", env!("CARGO_PKG_VERSION")),
        model_kind: "bids".to_owned(),
        schema_hash: schema_hash(),
        seed: 0,
        data_fingerprint: data.fingerprint.clone(),
        rule_weight: 1.0,
        price_weight: 0.0,
        jobs_rule_weight: None,
        metrics: BTreeMap::new(),
        files: Vec::new(),
    };
    let catalog = catalog(data).map_err(damaged)?;
    let mut model = ModelDir::new(path, manifest);
    model.write(&[("catalog", "catalog.safetensors", catalog.to_bytes())])?;
    Ok(model)
}

/// The cleaners with everything that is known at the end of the data.
fn catalog(data: &Dataset) -> Result<Tensors, ArtifactError> {
    let twice = |id: String| ArtifactError::Metadata { key: "ids".to_owned(), reason: format!("{id:?} comes twice") };
    let mut catalog = Catalog::new(data.market.clone(), data.cleaners.clone()).map_err(twice)?;
    let mut replay = data.history.replay();
    replay.advance_to(data.history.last().map_or(0, |last| last.saturating_add(1)));
    catalog.refresh(&mut replay, 0..data.cleaners.len() as u32);
    catalog.to_tensors()
}

fn summary(path: &Path, trained: &TrainedBids, bytes: usize, began: Instant) -> Summary {
    let best = trained.epochs.iter().rev().find(|epoch| epoch.best);
    let split = &trained.split;
    Summary {
        model: path.display().to_string(),
        bids: [split.train.len(), split.validation.len(), split.test.len()],
        epochs: trained.epochs.len(),
        best_epoch: best.map_or(0, |epoch| epoch.epoch),
        train_loss: best.map_or(f64::NAN, |epoch| epoch.train_loss),
        validation_loss: best.map_or(f64::NAN, |epoch| epoch.validation_loss),
        scale: trained.calibration.scale,
        shift: trained.calibration.shift,
        widen: trained.calibration.widen,
        bytes,
        seconds: began.elapsed().as_secs_f64(),
    }
}

fn show(summary: &Summary, context: &Context) -> Result<(), CliError> {
    let mut output = Output::new();
    if context.format == Format::Json {
        output.json(summary)?;
    } else {
        let [train, validation, test] = summary.bids;
        let mut rows = table(&["bid model in", &summary.model]);
        rows.add_row(["bids", &format!("{train} to learn from, {validation} to choose by, {test} held out")]);
        rows.add_row(["epochs", &format!("{}, best {}", summary.epochs, summary.best_epoch)]);
        let (train, validation) = (summary.train_loss, summary.validation_loss);
        rows.add_row(["loss", &format!("train {train:.5}, validation {validation:.5}")]);
        let Summary { scale, shift, widen, .. } = summary;
        rows.add_row(["calibration", &format!("logit * {scale:.3} + {shift:.3}, range wider by {widen:.4}")]);
        rows.add_row(["bytes", &summary.bytes.to_string()]);
        rows.add_row(["seconds", &format!("{:.2}", summary.seconds)]);
        output.text(&rows.to_string())?;
    }
    output.text("\n")?;
    output.finish()
}
