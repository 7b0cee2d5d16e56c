//! `tidyrank evaluate`.

use std::path::PathBuf;

use super::load;
use super::output::Output;
use super::report_table::report_tables;
use super::split_lists::split_of;
use super::{CliError, Context, DEFAULT_DATA, Format};
use crate::artifact::Manifest;
use crate::engine::Precision;
use crate::native::datasets::{Dataset, Truth, read_truth};
use crate::native::eval::bootstrap;
use crate::native::eval::report::{Protocol, Report, definitions};
use crate::native::eval::request::Names;
use crate::native::eval::run::{Engines, Holdout, TruthView, run as measure};
use crate::native::files;
use crate::native::train::{Recipe, SampleSource, Samples, SplitKind};

const EXAMPLES: &str = "Examples:
  tidyrank evaluate models/cleaners/1.0.0 --data data/athens
  tidyrank evaluate models/cleaners/1.0.0 --data data/athens --bootstrap 1000 --format json
  tidyrank evaluate models/cleaners/1.0.0 --data data/athens --jobs

The report is written to metrics.json in the model's folder, and its main figures to the manifest.";

/// Flags of `tidyrank evaluate`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Folder of the model
    #[arg(value_name = "MODEL_DIR")]
    model: PathBuf,
    /// Folder of the data set that the model was trained on
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    data: PathBuf,
    /// How to split the data [default: as the model was trained; anything else measures on what it has seen]
    #[arg(long, value_enum)]
    split: Option<SplitFlag>,
    /// Resamples of the paired bootstrap
    #[arg(long, value_name = "N", default_value_t = bootstrap::Settings::default().resamples)]
    bootstrap: usize,
    /// Measure the order of jobs for cleaners instead: by the bids for the hold-out's jobs; nothing is written
    #[arg(long, conflicts_with = "out")]
    jobs: bool,
    /// Write the report to this file instead, and leave the model's folder as it is
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum SplitFlag {
    Temporal,
    Random,
}

/// Runs the command.
pub(super) fn run(args: Args, context: &Context) -> Result<(), CliError> {
    let (manifest, _) = load::manifest(&args.model)?;
    let recipe = recipe(&args)?;
    let data = load::dataset(&args.data)?;
    check_data(&manifest, &data)?;
    let mut engines = engines(&args, &data)?;
    if args.jobs {
        let from = Parts::new(&args.model, &data, &recipe)?.ranked.first().copied().unwrap_or(data.jobs.len());
        let settings = bootstrap::Settings { resamples: args.bootstrap, ..bootstrap::Settings::default() };
        return super::evaluate_jobs::run(&args.data, &data, engines.q8, (from, settings), context);
    }
    let truth = read_truth(&args.data, &data)?;
    let parts = Parts::new(&args.model, &data, &recipe)?;
    let progress = super::progress::bar(context, parts.ranked.len() as u64, "hold-out jobs");
    let scores = measure(&parts.holdout(&data, truth.as_ref()), &mut engines, &mut |_| progress.inc(1))?;
    progress.finish_and_clear();
    let report = Report::new(protocol(&args, &manifest, &recipe, &data), &scores);
    write(&args, manifest, &report)?;
    let mut output = Output::new();
    match context.format {
        Format::Json => output.text(&String::from_utf8_lossy(&report.to_bytes()))?,
        Format::Table => output.text(&report_tables(&report))?,
    }
    output.finish()
}

fn recipe_of(model: &std::path::Path) -> Result<Recipe, CliError> {
    let bytes = files::read(&model.join("recipe.toml"))?;
    let refuse = |error: crate::native::train::TrainError| {
        CliError::new(error.code(), error.to_string(), "correct recipe.toml in the model's folder, or train again")
    };
    Recipe::from_toml(&String::from_utf8_lossy(&bytes)).map_err(refuse)
}

fn recipe(args: &Args) -> Result<Recipe, CliError> {
    let mut recipe = recipe_of(&args.model)?;
    let wanted = match args.split {
        Some(SplitFlag::Temporal) => SplitKind::Temporal,
        Some(SplitFlag::Random) => SplitKind::Random,
        None => recipe.split.kind,
    };
    if wanted != recipe.split.kind {
        super::warn("the model was trained on another split: it has seen jobs that it is now measured on");
        recipe.split.kind = wanted;
        recipe.split.lists = None;
    }
    Ok(recipe)
}

fn check_data(manifest: &Manifest, data: &Dataset) -> Result<(), CliError> {
    if manifest.data_fingerprint == data.fingerprint {
        return Ok(());
    }
    let message = format!(
        "the model was trained on other data (fingerprint {:.12}…, here {:.12}…)",
        manifest.data_fingerprint, data.fingerprint
    );
    Err(CliError::new("evaluate.other_data", message, "name the data set that it was trained on, or train on this one"))
}

fn engines(args: &Args, data: &Dataset) -> Result<Engines, CliError> {
    let load = |precision| {
        let engine = load::engine(&args.model, precision)?;
        load::check_same_cleaners(&engine, data)?;
        if engine.model().is_none() {
            let message = format!("the file {} of the model cannot be used", precision.role());
            let hint = "see the warning above; `tidyrank quantize` makes the int8 file, `tidyrank train` both";
            return Err(CliError::new("evaluate.no_model", message, hint));
        }
        Ok(engine)
    };
    Ok(Engines { fp32: load(Precision::Fp32)?, q8: load(Precision::Int8)? })
}

/// The rated jobs of the hold-out of a model, as indices.
pub(super) fn rated_jobs(model: &std::path::Path, data: &Dataset) -> Result<Vec<usize>, CliError> {
    let (manifest, _) = load::manifest(model)?;
    check_data(&manifest, data)?;
    Ok(Parts::new(model, data, &recipe_of(model)?)?.rated)
}

/// The jobs that are measured on.
struct Parts {
    ranked: Vec<usize>,
    rated: Vec<usize>,
}

impl Parts {
    /// The samples are those of the training; with a temporal split every job from the first hold-out sample on is ranked.
    fn new(model: &std::path::Path, data: &Dataset, recipe: &Recipe) -> Result<Self, CliError> {
        let source =
            SampleSource { market: &data.market, cleaners: &data.cleaners, jobs: &data.jobs, history: &data.history };
        let samples = Samples::build(&source);
        let test = split_of(recipe, model, data, &samples)?.test;
        let mut rated: Vec<usize> = test.iter().map(|at| samples.jobs[*at] as usize).collect();
        rated.sort_unstable();
        let ranked = match (recipe.split.kind, rated.first()) {
            (SplitKind::Temporal, Some(first)) => (*first..data.jobs.len()).collect(),
            _ => rated.clone(),
        };
        Ok(Self { ranked, rated })
    }

    fn holdout<'a>(&'a self, data: &'a Dataset, truth: Option<&'a Truth>) -> Holdout<'a> {
        Holdout {
            names: Names { market: &data.market, cleaners: &data.cleaners, clients: &data.client_ids },
            jobs: &data.jobs,
            history: &data.history,
            ranked: &self.ranked,
            rated: &self.rated,
            truth: truth.map(|truth| TruthView {
                expected_rating: &truth.expected_rating,
                choice_utility: &truth.choice_utility,
            }),
        }
    }
}

fn protocol(args: &Args, manifest: &Manifest, recipe: &Recipe, data: &Dataset) -> Protocol {
    let split = match recipe.split.kind {
        SplitKind::Temporal => "temporal: by the time the job was posted",
        SplitKind::UserTemporal => "user_temporal: by the time the job was posted, for every client apart",
        SplitKind::LeaveLastOut => "leave_last_out: every client's last job",
        SplitKind::Random => "random",
        SplitKind::Files => "files: given lists of jobs",
    };
    Protocol {
        data_fingerprint: data.fingerprint.clone(),
        split: split.to_owned(),
        train: recipe.split.train,
        validation: recipe.split.validation,
        seed: recipe.seed,
        rated_jobs: 0,
        hired_jobs: 0,
        jobs: 0,
        mean_bidders: 0.0,
        candidates: "hiring: the job's actual bidders; same_top10: the whole catalog".to_owned(),
        label: "the client's overall rating of the hired cleaner, normalised to 0..1".to_owned(),
        as_of: "what had happened before the job was posted, and the job's own bids".to_owned(),
        metrics: definitions(),
        model: format!("{} {}", manifest.name, manifest.version),
        rule_weight: manifest.rule_weight,
        price_weight: manifest.price_weight,
        bootstrap: bootstrap::Settings { resamples: args.bootstrap, ..bootstrap::Settings::default() },
    }
}

/// Writes the report beside the model and its main figures into the manifest, or the report alone to `--out`.
fn write(args: &Args, mut manifest: Manifest, report: &Report) -> Result<(), CliError> {
    if let Some(path) = &args.out {
        return Ok(files::write_atomic(path, &report.to_bytes())?);
    }
    manifest.metrics = report.summary();
    files::write_atomic(&args.model.join("metrics.json"), &report.to_bytes())?;
    Ok(files::write_atomic(&args.model.join("manifest.json"), &manifest.to_bytes())?)
}
