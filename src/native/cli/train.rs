//! `tidyrank train`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use serde::Serialize;

use super::output::{Output, table};
use super::signals::Wish;
use super::split_lists;
pub(super) use super::train_flags::Args;
use super::train_flags::resolved;
use super::{CliError, Context, Format, load, progress, tracking};
use crate::artifact::{ArtifactError, FORMAT_VERSION, Manifest, OLDEST_READABLE, Tensors};
use crate::domain::Split;
use crate::features::{FEATURES, schema_hash};
use crate::native::datasets::Dataset;
use crate::native::files;
use crate::native::model_dir::ModelDir;
use crate::native::tracking::{Status, Trackers};
use crate::native::train::{
    Checkpoint, Epoch, Names, Recipe, SampleSource, Samples, Session, TrainError, Trained, hybrid_counts,
    train_hybrid_in,
};

/// Name of the checkpoint in the folder of a model that is being trained.
const CHECKPOINT: &str = "checkpoint.safetensors";

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

/// What is to be trained.
struct Plan {
    recipe: Recipe,
    /// Where the lists of its split are.
    lists: PathBuf,
    out: PathBuf,
    resume: Option<Checkpoint>,
}

/// Runs the command.
pub(super) fn run(args: Args, context: &Context) -> Result<ExitCode, CliError> {
    if args.schema {
        let mut output = Output::new();
        output.text(&Recipe::json_schema())?;
        return output.finish().map(|()| ExitCode::SUCCESS);
    }
    let mut plan = plan(&args)?;
    let dataset = load::dataset(&args.data)?;
    let samples = samples_of(&dataset);
    let split = split_lists::split_of(&plan.recipe, &plan.lists, &dataset, &samples)?;
    if let Some(path) = &args.export_samples {
        files::write_atomic(path, samples_csv(&samples, &split).as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    split_lists::store(&mut plan.recipe, &plan.lists, &plan.out, plan.resume.is_none())?;
    let began = Instant::now();
    let start = args.from.as_deref().map(earlier).transpose()?;
    let wish = Wish::listen();
    let bar = progress::bar(context, plan.recipe.training.epochs as u64, "epochs");
    let info = tracking::run_info(&plan.recipe, &dataset.fingerprint);
    let mut trackers = tracking::begin(&args.tracking, &plan.out, &bar, &info);
    let (begin, data) = ((&mut plan, start.as_ref()), (&dataset, &samples, split));
    let trained = match train(&args, begin, data, &wish, (&bar, &mut trackers)) {
        Err(error @ TrainError::Interrupted { kept, .. }) => {
            let (out, data) = (plan.out.display(), args.data.display());
            let hint =
                if kept { format!("go on with: tidyrank train --resume {out} --data {data}") } else { String::new() };
            super::tell(&format!("{error}\n{hint}"));
            trackers.end(&Status::Killed);
            return Ok(ExitCode::from(wish.exit_code()));
        }
        result => result.map_err(|error| in_folder(error, &plan.out)),
    };
    let seconds = began.elapsed();
    let written = trained.and_then(|trained| write(&plan.out, &plan.recipe, &dataset, &trained).map(|()| trained));
    trackers.end(&tracking::status(&written));
    let trained = written?;
    // Now that the model is whole, there is nothing to go on with.
    let checkpoint = plan.out.join(CHECKPOINT);
    if checkpoint.exists() {
        let removed = std::fs::remove_file(&checkpoint);
        removed.map_err(|source| files::FileError::Write { path: checkpoint, source })?;
    }
    show(&summary(&plan.out, &trained, seconds)?, context).map(|()| ExitCode::SUCCESS)
}

fn plan(args: &Args) -> Result<Plan, CliError> {
    let given = args.recipe.as_deref().map(|path| Ok::<_, CliError>((path, read_recipe(path)?))).transpose()?;
    let folder = |path: &Path| path.parent().unwrap_or(Path::new("")).to_owned();
    let Some(dir) = &args.resume else {
        let (path, recipe) = given.ok_or_else(|| CliError::new("cli.recipe", "no recipe was given", "name one"))?;
        let recipe = resolved(recipe, args)?;
        let out = args.out.clone().unwrap_or_else(|| folder(path).join(&recipe.version));
        if out.join(CHECKPOINT).exists() && !args.no_checkpoints && args.export_samples.is_none() {
            let text =
                format!("an unfinished training in {} is started anew; --resume would go on with it", out.display());
            super::warn(&text);
        }
        return Ok(Plan { recipe, lists: folder(path), out, resume: None });
    };
    let checkpoint = read_checkpoint(dir)?;
    let resume = if args.finish {
        let message = format!("the training in {} has no finished epoch yet", dir.display());
        let none = || CliError::new("train.no_epoch", message, "go on with it: leave out --finish");
        Some(checkpoint.clone().finished().ok_or_else(none)?)
    } else {
        Some(checkpoint.clone())
    };
    let (recipe, lists) = match given {
        Some((path, recipe)) => (recipe, folder(path)),
        None => (checkpoint.recipe()?, dir.clone()),
    };
    let recipe = resolved(recipe, args)?;
    // The lists of the first run were copied into the folder: by which names they are given is no difference.
    let mut compared = recipe.clone();
    compared.split.lists = compared.split.lists.map(|_| split_lists::stored_names());
    let differences = checkpoint.recipe()?.differences(&compared);
    if !differences.is_empty() {
        let reason = format!("{} in {}", differences.join(", "), dir.join(CHECKPOINT).display());
        return Err(TrainError::Resume { what: "recipe", reason }.into());
    }
    Ok(Plan { recipe, lists, out: dir.clone(), resume })
}

fn read_checkpoint(dir: &Path) -> Result<Checkpoint, CliError> {
    let path = dir.join(CHECKPOINT);
    if !path.is_file() {
        let message = format!("there is no {}", path.display());
        let hint = "name the folder of a training that was stopped; one that has ended keeps no checkpoint";
        return Err(CliError::new("train.no_checkpoint", message, hint));
    }
    Checkpoint::read(&path).map_err(|error| match error {
        TrainError::Artifact(source @ ArtifactError::Schema { .. }) => {
            let hint = "it was made by another version of tidyrank: go on with that one, or train anew";
            CliError::new(source.code(), format!("{}: {source}", path.display()), hint)
        }
        TrainError::Artifact(source) => {
            let hint = "the checkpoint is damaged: copy it again, or train anew";
            CliError::new(source.code(), format!("{}: {source}", path.display()), hint)
        }
        other => other.into(),
    })
}

/// The model of a folder.
fn earlier(dir: &Path) -> Result<Tensors, CliError> {
    let bytes = ModelDir::open(dir)?.read("model.fp32")?;
    Tensors::from_bytes(&bytes).map_err(|error| {
        let hint = "train that model again, or copy its folder again";
        CliError::new(error.code(), format!("{}: {error}", dir.display()), hint)
    })
}

fn train(
    args: &Args,
    (plan, start): (&mut Plan, Option<&Tensors>),
    (dataset, samples, split): (&Dataset, &Samples, Split),
    wish: &Wish,
    (bar, trackers): (&ProgressBar, &mut Trackers<'_>),
) -> Result<Trained, TrainError> {
    let names = Names {
        users: dataset.client_ids.ids().to_vec(),
        items: dataset.cleaner_ids.ids().to_vec(),
        categories: dataset.market.property_types.clone(),
    };
    let mut least = f64::INFINITY;
    let mut on_epoch = |epoch: &Epoch| {
        least = least.min(epoch.validation_loss);
        let (train, validation) = (epoch.train_loss, epoch.validation_loss);
        bar.set_message(format!("epochs, loss: train {train:.5}, validation {validation:.5}, best {least:.5}"));
        bar.inc(1);
        trackers.epoch(&tracking::record(epoch.epoch, epoch));
    };
    let checkpoint = plan.out.join(CHECKPOINT);
    let session = Session {
        split: Some(split),
        source: Some(source(dataset)),
        data_fingerprint: &dataset.fingerprint,
        checkpoint: (!args.no_checkpoints).then_some(checkpoint.as_path()),
        resume: plan.resume.take(),
        start,
        stop: Some(wish.flag()),
    };
    let trained = train_hybrid_in(session, &plan.recipe, samples, &names, &mut on_epoch);
    bar.finish_and_clear();
    trained
}

/// An error of a training with where its checkpoint is.
fn in_folder(error: TrainError, out: &Path) -> CliError {
    let checkpoint = out.join(CHECKPOINT);
    let kept = matches!(error, TrainError::Diverged { good: Some(_), .. });
    let full = matches!(error, TrainError::File(_));
    let mut error = CliError::from(error);
    if kept {
        error.message = format!("{} ({})", error.message, checkpoint.display());
        error.hint = format!(
            "{}; `tidyrank train --resume {} --finish` writes the best epoch so far",
            error.hint,
            out.display()
        );
    } else if full && checkpoint.is_file() {
        let out = out.display();
        error.hint = format!("make room, then go on from the checkpoint before it: tidyrank train --resume {out}");
    }
    error
}

fn source(dataset: &Dataset) -> SampleSource<'_> {
    SampleSource {
        market: &dataset.market,
        cleaners: &dataset.cleaners,
        jobs: &dataset.jobs,
        history: &dataset.history,
    }
}

/// The samples of a data set.
pub(super) fn samples_of(dataset: &Dataset) -> Samples {
    Samples::build(&source(dataset))
}

/// The recipe of a file.
pub(super) fn read_recipe(path: &Path) -> Result<Recipe, CliError> {
    let bytes = files::read(path)?;
    Recipe::from_toml(&String::from_utf8_lossy(&bytes)).map_err(|error| {
        let error = CliError::from(error);
        CliError { message: format!("{}: {}", path.display(), error.message), ..error }
    })
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
        rule_weight: recipe.rule_weight as f32,
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
        rows.add_row(["loss", &format!("train {train:.6}, validation {validation:.6}")]);
        rows.add_row(["alpha", &format!("{:.4} collaborative, {:.4} content", summary.alpha, 1.0 - summary.alpha)]);
        rows.add_row(["values", &format!("{}, {} of them trained", summary.state_values, summary.trainable_values)]);
        rows.add_row(["seconds", &format!("{:.2}", summary.seconds)]);
        output.text(&rows.to_string())?;
    }
    output.text("\n")?;
    output.finish()
}

fn samples_csv(samples: &Samples, split: &Split) -> String {
    let mut part = vec!["none"; samples.len()];
    split.train.iter().for_each(|&at| part[at] = "train");
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
            TrainError::Recipe { .. } | TrainError::Setting { .. } | TrainError::Contradiction { .. } => {
                "docs/training.md and models/cleaners/recipe.toml show every setting; `tidyrank train --help` lists the flags"
            }
            TrainError::Samples { .. } => "only completed and rated jobs are learned from: give a larger data set",
            TrainError::Diverged { .. } => {
                "lower optimizer.learning_rate or set optimizer.clip_norm, and look for extreme values in the data"
            }
            TrainError::Resume { what: "data", .. } => "give the data set of the first run with --data, or train anew",
            TrainError::Resume { .. } => "resume without a recipe and without flags, or train anew into another folder",
            TrainError::Start { .. } => {
                "give --from a model of the recipe's shape, or a recipe of the model's ([model])"
            }
            TrainError::Artifact(ArtifactError::Schema { .. }) => {
                "the model was made for other features, by another version of tidyrank: train anew"
            }
            TrainError::File(_) => "check the path, the permissions and the free space",
            _ => "this should not happen with a data set that `tidyrank import` accepts: please report it",
        };
        Self::new(error.code(), error.to_string(), hint)
    }
}
