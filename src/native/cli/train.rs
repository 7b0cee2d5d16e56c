//! `tidyrank train`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::output::{Output, table};
use super::{CliError, Context, DEFAULT_DATA, Format, load, progress};
use crate::artifact::{FORMAT_VERSION, Manifest, OLDEST_READABLE};
use crate::domain::Split;
use crate::features::{FEATURES, schema_hash};
use crate::native::datasets::Dataset;
use crate::native::files;
use crate::native::model_dir::ModelDir;
use crate::native::train::{
    Epoch, Names, Recipe, SampleSource, Samples, SplitKind, TrainError, Trained, hybrid_counts, train_hybrid,
};

/// Flags of `tidyrank train`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  tidyrank train models/cleaners/recipe.toml --data data/athens\n  \
    tidyrank train models/cleaners/recipe.toml --data data/athens --out /tmp/model --seed 7 --epochs 20\n  \
    tidyrank train models/cleaners/recipe.toml --data data/athens --export-samples samples.csv\n\n\
    Writes model.safetensors, history.jsonl, recipe.toml (with the flags) and manifest.json; `tidyrank quantize` adds \
    what is served.")]
pub(super) struct Args {
    /// The recipe (TOML)
    recipe: PathBuf,
    /// Folder of the data set
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    data: PathBuf,
    /// Folder of the model [default: beside the recipe, named by the version]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Seed of everything random
    #[arg(long)]
    seed: Option<u64>,
    /// At most that many passes over the training part
    #[arg(long)]
    epochs: Option<usize>,
    /// Step length at the start
    #[arg(long)]
    learning_rate: Option<f64>,
    /// Samples per step
    #[arg(long)]
    batch_size: Option<usize>,
    /// Stop after that many passes without a better validation loss
    #[arg(long)]
    patience: Option<usize>,
    /// Share of hidden values that are dropped
    #[arg(long)]
    dropout: Option<f32>,
    /// Pull of the matrices toward 0
    #[arg(long)]
    weight_decay: Option<f64>,
    /// Pull of the client and cleaner vectors toward 0
    #[arg(long)]
    embedding_decay: Option<f64>,
    /// Decay per step of the running average of the weights; 0 = none
    #[arg(long)]
    average: Option<f64>,
    /// Share of samples whose client or cleaner is hidden
    #[arg(long)]
    unknown_rate: Option<f64>,
    /// What decides in which part a sample is
    #[arg(long, value_enum)]
    split: Option<SplitFlag>,
    /// Version of the model
    #[arg(long)]
    model_version: Option<String>,
    /// Also write the optimiser's state, to resume from
    #[arg(long, value_name = "FILE")]
    save_optimizer: Option<PathBuf>,
    /// Write the samples with their parts as CSV and train nothing
    #[arg(long, value_name = "FILE")]
    export_samples: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum SplitFlag {
    Temporal,
    Random,
}

/// What was trained.
#[derive(Debug, Serialize)]
struct Summary {
    model: String,
    samples: [usize; 3],
    epochs: usize,
    best_epoch: usize,
    train_loss: f64,
    validation_loss: f64,
    alpha: f32,
    state_values: usize,
    trainable_values: usize,
    seconds: f64,
}

/// Runs the command.
pub(super) fn run(args: Args, context: &Context) -> Result<(), CliError> {
    let recipe = resolved(&args)?;
    let dataset = load::dataset(&args.data)?;
    let samples = samples_of(&dataset);
    if let Some(path) = &args.export_samples {
        let csv = samples_csv(&samples, &samples.split(&recipe.split, recipe.seed));
        return Ok(files::write_atomic(path, csv.as_bytes())?);
    }
    let names = Names {
        users: dataset.client_ids.ids().to_vec(),
        items: dataset.cleaner_ids.ids().to_vec(),
        categories: dataset.market.property_types.clone(),
    };
    let bar = progress::bar(context, recipe.training.epochs as u64, "epochs");
    let began = Instant::now();
    let mut least = f64::INFINITY;
    let mut on_epoch = |epoch: &Epoch| {
        least = least.min(epoch.validation_loss);
        let (train, validation) = (epoch.train_loss, epoch.validation_loss);
        bar.set_message(format!("epochs, loss: train {train:.5}, validation {validation:.5}, best {least:.5}"));
        bar.inc(1);
    };
    let trained = train_hybrid(&recipe, &samples, &names, &mut on_epoch)?;
    let seconds = began.elapsed();
    bar.finish_and_clear();
    let beside = args.recipe.parent().unwrap_or(Path::new("."));
    let out = args.out.clone().unwrap_or_else(|| beside.join(&recipe.version));
    write(&out, &recipe, &dataset, &trained)?;
    if let Some(path) = &args.save_optimizer {
        files::write_atomic(path, &trained.optimizer.to_bytes())?;
    }
    show(&summary(&out, &trained, seconds)?, context)
}

/// The samples of a data set.
pub(super) fn samples_of(dataset: &Dataset) -> Samples {
    Samples::build(&SampleSource {
        market: &dataset.market,
        cleaners: &dataset.cleaners,
        jobs: &dataset.jobs,
        history: &dataset.history,
    })
}

/// The recipe of a file.
pub(super) fn read_recipe(path: &Path) -> Result<Recipe, CliError> {
    let bytes = files::read(path)?;
    Recipe::from_toml(&String::from_utf8_lossy(&bytes)).map_err(|error| {
        let error = CliError::from(error);
        CliError { message: format!("{}: {}", path.display(), error.message), ..error }
    })
}

fn resolved(args: &Args) -> Result<Recipe, CliError> {
    fn set<T: Clone>(setting: &mut T, flag: &Option<T>) {
        if let Some(value) = flag {
            setting.clone_from(value);
        }
    }
    let mut recipe = read_recipe(&args.recipe)?;
    set(&mut recipe.seed, &args.seed);
    set(&mut recipe.version, &args.model_version);
    set(&mut recipe.model.dropout, &args.dropout);
    let training = &mut recipe.training;
    set(&mut training.epochs, &args.epochs);
    set(&mut training.learning_rate, &args.learning_rate);
    set(&mut training.batch_size, &args.batch_size);
    set(&mut training.patience, &args.patience);
    set(&mut training.weight_decay, &args.weight_decay);
    set(&mut training.embedding_decay, &args.embedding_decay);
    set(&mut training.average, &args.average);
    set(&mut training.unknown_rate, &args.unknown_rate);
    match args.split {
        Some(SplitFlag::Temporal) => recipe.split.kind = SplitKind::Temporal,
        Some(SplitFlag::Random) => recipe.split.kind = SplitKind::Random,
        None => {}
    }
    recipe.check()?;
    Ok(recipe)
}

fn write(out: &Path, recipe: &Recipe, dataset: &Dataset, trained: &Trained) -> Result<(), CliError> {
    let best = trained.epochs.iter().rev().find(|epoch| epoch.best);
    let manifest = Manifest {
        format_version: FORMAT_VERSION,
        oldest_readable: OLDEST_READABLE,
        name: recipe.name.clone(),
        version: recipe.version.clone(),
        created_by: format!("tidyrank {}", env!("CARGO_PKG_VERSION")),
        model_kind: "hybrid".to_owned(),
        schema_hash: schema_hash(),
        seed: recipe.seed,
        data_fingerprint: dataset.fingerprint.clone(),
        rule_weight: recipe.rule_weight,
        price_weight: 0.0,
        jobs_rule_weight: None,
        metrics: BTreeMap::from([("validation_mse".to_owned(), best.map_or(f64::NAN, |epoch| epoch.validation_loss))]),
        files: Vec::new(),
    };
    let mut history = String::new();
    for epoch in &trained.epochs {
        history += &serde_json::to_string(epoch).unwrap_or_default();
        history.push('\n');
    }
    let text = recipe.to_toml()?;
    for (name, text) in [("history.jsonl", history), ("recipe.toml", text)] {
        files::write_atomic(&out.join(name), text.as_bytes())?;
    }
    let mut model = ModelDir::new(out, manifest);
    Ok(model.write(&[("model.fp32", "model.safetensors", trained.model.to_bytes())])?)
}

fn summary(out: &Path, trained: &Trained, seconds: Duration) -> Result<Summary, CliError> {
    let counts = hybrid_counts(&trained.model).map_err(TrainError::Artifact)?;
    let alpha = trained.model.f32("blend.collaborative_content.alpha", &[1]).map_err(TrainError::Artifact)?;
    let best = trained.epochs.iter().rev().find(|epoch| epoch.best);
    let split = &trained.split;
    Ok(Summary {
        model: out.display().to_string(),
        samples: [split.train.len(), split.validation.len(), split.test.len()],
        epochs: trained.epochs.len(),
        best_epoch: best.map_or(0, |epoch| epoch.epoch),
        train_loss: best.map_or(f64::NAN, |epoch| epoch.train_loss),
        validation_loss: best.map_or(f64::NAN, |epoch| epoch.validation_loss),
        alpha: alpha.first().copied().unwrap_or(f32::NAN),
        state_values: counts.state,
        trainable_values: counts.trainable,
        seconds: seconds.as_secs_f64(),
    })
}

fn show(summary: &Summary, context: &Context) -> Result<(), CliError> {
    let mut output = Output::new();
    if context.format == Format::Json {
        output.json(summary)?;
    } else {
        let [train, validation, test] = summary.samples;
        let mut rows = table(&["trained", &summary.model]);
        rows.add_row(["samples", &format!("{train} to learn from, {validation} to choose by, {test} held out")]);
        rows.add_row(["epochs", &format!("{}, best {}", summary.epochs, summary.best_epoch)]);
        let (train, validation) = (summary.train_loss, summary.validation_loss);
        rows.add_row(["loss (MSE)", &format!("train {train:.6}, validation {validation:.6}")]);
        rows.add_row(["alpha", &format!("{:.4} collaborative, {:.4} content", summary.alpha, 1.0 - summary.alpha)]);
        rows.add_row(["values", &format!("{}, {} of them trained", summary.state_values, summary.trainable_values)]);
        rows.add_row(["seconds", &format!("{:.2}", summary.seconds)]);
        output.text(&rows.to_string())?;
    }
    output.text("\n")?;
    output.finish()
}

fn samples_csv(samples: &Samples, split: &Split) -> String {
    let mut part = vec!["train"; samples.len()];
    split.validation.iter().for_each(|&at| part[at] = "validation");
    split.test.iter().for_each(|&at| part[at] = "test");
    let mut csv = String::from("part,user,item,category,target");
    FEATURES.iter().for_each(|feature| csv = format!("{csv},{}", feature.name));
    csv.push('\n');
    for (at, part) in part.iter().enumerate() {
        let head = [samples.users[at], samples.items[at], samples.categories[at]].map(|index| index.to_string());
        csv += &format!("{part},{},{}", head.join(","), samples.targets[at]);
        for value in samples.features[at] {
            csv.push(',');
            if !value.is_nan() {
                csv += &value.to_string();
            }
        }
        csv.push('\n');
    }
    csv
}

impl From<TrainError> for CliError {
    fn from(error: TrainError) -> Self {
        let hint = match error {
            TrainError::Recipe { .. } | TrainError::Setting { .. } => {
                "models/cleaners/recipe.toml shows every setting with its range; `tidyrank train --help` lists the flags"
            }
            TrainError::Samples { .. } => "only completed and rated jobs are learned from: give a larger data set",
            TrainError::Diverged { .. } => "lower --learning-rate, and look for extreme values in the data",
            _ => "this should not happen with a data set that `tidyrank import` accepts: please report it",
        };
        Self::new(error.code(), error.to_string(), hint)
    }
}
