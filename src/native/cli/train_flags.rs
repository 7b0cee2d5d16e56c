//! The flags of `tidyrank train`, and the recipe with them.

use std::path::PathBuf;

use super::{CliError, DEFAULT_DATA, tracking};
use crate::native::train::{Recipe, SplitKind};

/// Flags of `tidyrank train`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  tidyrank train models/cleaners/recipe.toml --data data/athens\n  \
    tidyrank train models/cleaners/recipe.toml --data data/athens --out /tmp/model --seed 7 --epochs 20\n  \
    tidyrank train --resume /tmp/model --data data/athens\n  \
    tidyrank train models/cleaners/recipe.toml --data data/new --from models/cleaners/1.0.0 --model-version 1.1.0\n  \
    tidyrank train models/cleaners/recipe.toml --data data/athens --export-samples samples.csv\n  \
    tidyrank train models/cleaners/recipe.toml --data data/athens --mlflow http://127.0.0.1:5000 --tensorboard runs/a\n  \
    tidyrank train --schema > recipe.schema.json\n\n\
    Writes model.safetensors, history.jsonl, recipe.toml (with the flags) and manifest.json; `tidyrank quantize` adds \
    what is served. While it trains, checkpoint.safetensors in that folder holds everything to go on from: after Ctrl-C \
    (exit code 130) or a crash, --resume ends with the same bytes as if nothing had happened. docs/training.md explains \
    every setting, docs/tracking.md TensorBoard and MLflow, which never stop a training.")]
pub(super) struct Args {
    /// The recipe (TOML); with --resume it may be left out, and must be the one of the checkpoint
    #[arg(required_unless_present_any = ["resume", "schema"])]
    pub(super) recipe: Option<PathBuf>,
    /// Folder of the data set
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    pub(super) data: PathBuf,
    /// Folder of the model [default: beside the recipe, named by the version]
    #[arg(long, conflicts_with = "resume")]
    pub(super) out: Option<PathBuf>,
    /// Go on with the training whose checkpoint is in this folder
    #[arg(long, value_name = "DIR")]
    pub(super) resume: Option<PathBuf>,
    /// Start from the model in this folder: known clients and cleaners keep their rows, new ones start as the unknown one
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    pub(super) from: Option<PathBuf>,
    /// With --resume: train no further, write the model of the best epoch so far
    #[arg(long, requires = "resume")]
    pub(super) finish: bool,
    /// Make no checkpoints
    #[arg(long)]
    pub(super) no_checkpoints: bool,
    /// Print the JSON Schema of recipes and train nothing
    #[arg(long)]
    pub(super) schema: bool,
    /// Seed of everything random
    #[arg(long)]
    seed: Option<u64>,
    /// At most that many passes over the training part
    #[arg(long)]
    epochs: Option<usize>,
    /// Step length before the scheduler
    #[arg(long)]
    learning_rate: Option<f64>,
    /// Samples per gradient
    #[arg(long)]
    batch_size: Option<usize>,
    /// Stop after that many passes without progress
    #[arg(long)]
    patience: Option<usize>,
    /// Share of hidden values that are dropped
    #[arg(long)]
    dropout: Option<f64>,
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
    /// Write the samples with their parts as CSV and train nothing
    #[arg(long, value_name = "FILE")]
    pub(super) export_samples: Option<PathBuf>,
    #[command(flatten)]
    pub(super) tracking: tracking::Flags,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum SplitFlag {
    Temporal,
    UserTemporal,
    LeaveLastOut,
    Random,
}

impl SplitFlag {
    fn kind(self) -> SplitKind {
        match self {
            Self::Temporal => SplitKind::Temporal,
            Self::UserTemporal => SplitKind::UserTemporal,
            Self::LeaveLastOut => SplitKind::LeaveLastOut,
            Self::Random => SplitKind::Random,
        }
    }
}

/// A recipe with the flags.
pub(super) fn resolved(mut recipe: Recipe, args: &Args) -> Result<Recipe, CliError> {
    fn set<T: Clone>(setting: &mut T, flag: &Option<T>) {
        if let Some(value) = flag {
            setting.clone_from(value);
        }
    }
    set(&mut recipe.seed, &args.seed);
    set(&mut recipe.version, &args.model_version);
    set(&mut recipe.model.dropout, &args.dropout);
    set(&mut recipe.optimizer.learning_rate, &args.learning_rate);
    set(&mut recipe.optimizer.weight_decay, &args.weight_decay);
    set(&mut recipe.optimizer.embedding_decay, &args.embedding_decay);
    set(&mut recipe.training.epochs, &args.epochs);
    set(&mut recipe.training.batch_size, &args.batch_size);
    set(&mut recipe.training.average, &args.average);
    set(&mut recipe.training.unknown_rate, &args.unknown_rate);
    set(&mut recipe.early_stopping.patience, &args.patience);
    if let Some(split) = args.split {
        recipe.split.kind = split.kind();
        recipe.split.lists = None;
    }
    recipe.check()?;
    Ok(recipe)
}
