//! `tidyrank quantize`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

use super::output::{Output, table};
use super::split_lists::split_of;
use super::train::{read_recipe, samples_of};
use super::{CliError, Context, DEFAULT_DATA, Format, load};
use crate::artifact::{ArtifactError, Tensors};
use crate::domain::JobRecord;
use crate::engine::{AREA_TENSOR, Area, Catalog, Conformal, Engine, Precision};
use crate::model::Embeddings;
use crate::native::calibrate::{self, FittedFoldIn};
use crate::native::datasets::Dataset;
use crate::native::eval::ensemble::{Weights, choices, fit, fit_rules};
use crate::native::eval::jobs::JobsHoldout;
use crate::native::eval::jobs_weight::job_choices;
use crate::native::eval::request::Names;
use crate::native::model_dir::{ModelDir, ModelDirError};
use crate::native::monitor::{REFERENCE_ROLE, Reference, observe};
use crate::native::quantize::{Calibration, CalibrationSource, Quantised, QuantizeError, Rounding, quantise};
use crate::native::score::Lives;
use crate::native::train::SplitKind;

/// Flags of `tidyrank quantize`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  tidyrank quantize models/cleaners/1.0.0 --data data/athens\n  \
    tidyrank quantize models/cleaners/1.0.0 --data data/athens --jobs 500 --candidates 100\n\n\
    Adds model.q8.safetensors, catalog.safetensors, clients.safetensors, conformal.safetensors and foldin.safetensors to the folder, and names them \
    in its manifest. Calibration of the codes uses the jobs of the training part alone; the ensembles' weights and the intervals \
    come from the validation part.")]
pub(super) struct Args {
    /// Folder of the model that `tidyrank train` wrote
    model: PathBuf,
    /// Folder of the data set that it was trained on
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    data: PathBuf,
    /// Jobs to calibrate with
    #[arg(long, default_value_t = 600)]
    jobs: usize,
    /// Cleaners to calibrate with per job
    #[arg(long, default_value_t = 100)]
    candidates: usize,
}

const CONFORMAL_FILE: &str = "conformal.safetensors";

/// What was quantised, beside rounding to the nearest codes.
#[derive(Debug, Serialize)]
struct Summary {
    model: String,
    calibration_rows: usize,
    /// Layer, change of its outputs by nearest codes, and as stored; relative to how they vary within a job.
    layers: Vec<(String, f64, f64)>,
    score_rms_nearest: f64,
    score_rms: f64,
    score_max_nearest: f64,
    score_max: f64,
    /// The ensemble's weights, fitted on the hires of the validation part; `None` where there are too few of them.
    ensemble: Option<(f32, f32, usize)>,
    /// The rules' weight where jobs are ranked for a cleaner, and how many bids of the validation part it was fitted on.
    jobs: Option<(f32, usize)>,
    /// Fewest reviews of each bin, and how many validation jobs its intervals rest on.
    intervals: Vec<(u32, u32)>,
    /// Standard deviations of clients' leniency and weights, jobs they were chosen by, the errors there without and with them.
    fold_in: ([f32; 2], usize, f64, f64),
    /// Role and size of the files.
    files: Vec<(String, u64)>,
    seconds: f64,
}

/// Runs the command.
pub(super) fn run(args: Args, context: &Context) -> Result<(), CliError> {
    let began = Instant::now();
    let mut model = ModelDir::open(&args.model)?;
    let path = model.path().join("model.safetensors");
    let bytes = model.read("model.fp32")?;
    let damaged = |source: ArtifactError| ModelDirError::Artifact { path: path.clone(), source };
    let state = Tensors::from_bytes(&bytes).map_err(damaged)?;
    let dataset = load::dataset(&args.data)?;
    if dataset.fingerprint != model.manifest.data_fingerprint {
        let message = format!("{} is not the data set that the model was trained on", args.data.display());
        return Err(CliError::new("quantize.data", message, "give that one with --data, or train again"));
    }
    let parts = Parts::of(&args, &dataset)?;
    let rows = calibration(&args, &dataset, &parts);
    let rounded = |rounding| quantise(&state, &rows, rounding);
    let (nearest, mut stored) = (rounded(Rounding::Nearest)?, rounded(Rounding::Compensated)?);
    if let Some(area) = Area::around(parts.learned.iter().filter_map(|job| job.spec.location)) {
        stored.model.insert_f64(AREA_TENSOR, &[4], &area.ends()).map_err(damaged)?;
    }
    let catalog = catalog(&dataset, &state).map_err(damaged)?;
    let clients = Embeddings::from_state(&state, "users", "collaborative.user_embedding").map_err(damaged)?;
    let clients = clients.to_tensors().map_err(damaged)?;
    let files = [
        ("model.q8", "model.q8.safetensors", stored.model.to_bytes()),
        ("catalog", "catalog.safetensors", catalog.to_bytes()),
        ("clients", "clients.safetensors", clients.to_bytes()),
    ];
    model.write(&files)?;
    let mut engine = load::engine(&args.model, Precision::Int8)?;
    let chosen: Vec<JobRecord> = parts.validation.iter().map(|&at| dataset.jobs[at].clone()).collect();
    let observed = observe(&dataset, &chosen, &mut engine)?;
    let (weights, intervals, fold) =
        fit_served(&dataset, &parts.validation, &chosen, &state, (&mut engine, &mut model))?;
    let jobs = fit_jobs(&args.data, &dataset, &parts.validation, &mut engine)?;
    model.manifest.jobs_rule_weight = jobs.map(|fitted| fitted.rule_weight);
    // What inputs, scores and errors look like on jobs that were not trained on, for `tidyrank monitor` to compare with.
    model.write(&[(REFERENCE_ROLE, "reference.json", Reference::of(&observed).to_bytes())])?;
    let seconds = began.elapsed().as_secs_f64();
    let fitted = (weights, jobs, &intervals, &fold);
    show(&summary(&model, rows.len(), &nearest, &stored, fitted, seconds), context)
}

/// The jobs that a model may be fitted on.
struct Parts<'a> {
    /// Those up to the last one of the training part.
    learned: &'a [JobRecord],
    /// Places of those that were neither trained on nor held out: the validation part's, and with a temporal split all between.
    validation: Vec<usize>,
}

impl<'a> Parts<'a> {
    fn of(args: &Args, dataset: &'a Dataset) -> Result<Self, CliError> {
        let recipe = read_recipe(&args.model.join("recipe.toml"))?;
        let samples = samples_of(dataset);
        let split = split_of(&recipe, &args.model, dataset, &samples)?;
        let past = split.train.iter().map(|&at| samples.times[at]).max().unwrap_or_default();
        let known = dataset.jobs.partition_point(|job| job.spec.posted_at <= past);
        let mut validation: Vec<usize> = split.validation.iter().map(|&at| samples.jobs[at] as usize).collect();
        validation.sort_unstable();
        if let (SplitKind::Temporal, Some((first, last))) =
            (recipe.split.kind, validation.first().zip(validation.last()))
        {
            validation = (*first..=*last).collect();
        }
        Ok(Self { learned: &dataset.jobs[..known], validation })
    }
}

fn calibration(args: &Args, dataset: &Dataset, parts: &Parts<'_>) -> Calibration {
    let source = CalibrationSource {
        market: &dataset.market,
        cleaners: &dataset.cleaners,
        jobs: parts.learned,
        history: &dataset.history,
    };
    Calibration::draw(&source, args.jobs, args.candidates)
}

/// Fits the ensemble's weights and the intervals on the jobs between the training part and the hold-out, with the model as it
/// will be served.
fn fit_served(
    dataset: &Dataset,
    chosen: &[usize],
    jobs: &[JobRecord],
    state: &Tensors,
    (engine, model): (&mut Engine, &mut ModelDir),
) -> Result<(Option<Weights>, Conformal, FittedFoldIn), CliError> {
    let names = Names { market: &dataset.market, cleaners: &dataset.cleaners, clients: &dataset.client_ids };
    let weights = fit(&choices(&names, jobs, &dataset.history, engine)?);
    if let Some(Weights { rule_weight, price_weight, .. }) = weights {
        (model.manifest.rule_weight, model.manifest.price_weight) = (rule_weight, price_weight);
    }
    let predictions = calibrate::predictions(&names, jobs, &dataset.history, engine)?;
    let path = model.path().join(CONFORMAL_FILE);
    let damaged = |source: ArtifactError| ModelDirError::Artifact { path: path.clone(), source };
    let intervals = calibrate::intervals(&predictions).map_err(damaged)?;
    let all = (&dataset.jobs[..], chosen);
    let fold = calibrate::fit_fold_in(&names, all, &dataset.history, state, engine).map_err(damaged)??;
    model.write(&[
        ("conformal", CONFORMAL_FILE, intervals.to_tensors().map_err(damaged)?.to_bytes()),
        ("foldin", "foldin.safetensors", fold.fold.to_tensors().map_err(damaged)?.to_bytes()),
    ])?;
    Ok((weights, intervals, fold))
}

/// Fits the weight of the rules in the other direction on the bids for the same jobs. `None` where there are too few.
fn fit_jobs(dir: &Path, dataset: &Dataset, part: &[usize], engine: &mut Engine) -> Result<Option<Weights>, CliError> {
    let lives = Lives::read(dir, dataset)?;
    let recorded = JobsHoldout {
        names: Names { market: &dataset.market, cleaners: &dataset.cleaners, clients: &dataset.client_ids },
        jobs: &dataset.jobs,
        history: &dataset.history,
        decided: &lives.decided,
        ended: &lives.ended,
        from: part.first().copied().unwrap_or_default(),
    };
    Ok(fit_rules(&job_choices(&recorded, part, engine)?))
}

/// The cleaners with everything that is known at the end of the data, and their vectors.
fn catalog(dataset: &Dataset, state: &Tensors) -> Result<Tensors, ArtifactError> {
    let twice = |id: String| ArtifactError::Metadata { key: "ids".to_owned(), reason: format!("{id:?} comes twice") };
    let mut catalog = Catalog::new(dataset.market.clone(), dataset.cleaners.clone()).map_err(twice)?;
    let mut replay = dataset.history.replay();
    replay.advance_to(dataset.history.last().map_or(0, |last| last + 1));
    catalog.refresh(&mut replay, 0..dataset.cleaners.len() as u32);
    catalog.set_embeddings(Embeddings::from_state(state, "items", "collaborative.item_embedding")?);
    catalog.to_tensors()
}

fn summary(
    model: &ModelDir,
    rows: usize,
    nearest: &Quantised,
    stored: &Quantised,
    (weights, jobs, intervals, fold): (Option<Weights>, Option<Weights>, &Conformal, &FittedFoldIn),
    seconds: f64,
) -> Summary {
    let pairs = nearest.layers.iter().zip(&stored.layers);
    Summary {
        model: model.path().display().to_string(),
        calibration_rows: rows,
        layers: pairs.map(|(n, s)| (s.layer.clone(), n.relative, s.relative)).collect(),
        score_rms_nearest: nearest.score_rms,
        score_rms: stored.score_rms,
        score_max_nearest: nearest.score_max,
        score_max: stored.score_max,
        ensemble: weights.map(|fitted| (fitted.rule_weight, fitted.price_weight, fitted.hires)),
        jobs: jobs.map(|fitted| (fitted.rule_weight, fitted.hires)),
        intervals: intervals.edges().iter().copied().zip(intervals.counts().iter().copied()).collect(),
        fold_in: (fold.scales, fold.jobs, fold.mse_unknown, fold.mse),
        files: model.manifest.files.iter().map(|file| (file.role.clone(), file.size)).collect(),
        seconds,
    }
}

fn show(summary: &Summary, context: &Context) -> Result<(), CliError> {
    let mut output = Output::new();
    if context.format == Format::Json {
        output.json(summary)?;
        output.text("\n")?;
        return output.finish();
    }
    let mut rows = table(&["change by int8", "nearest codes", "as stored"]);
    for (layer, nearest, stored) in &summary.layers {
        rows.add_row([layer, &format!("{nearest:.2e}"), &format!("{stored:.2e}")]);
    }
    let scores = [
        ("score, root mean square", summary.score_rms_nearest, summary.score_rms),
        ("score, largest", summary.score_max_nearest, summary.score_max),
    ];
    for (name, nearest, stored) in scores {
        rows.add_row([name, &format!("{nearest:.2e}"), &format!("{stored:.2e}")]);
    }
    let files: Vec<String> = summary.files.iter().map(|(role, size)| format!("{role} {size}")).collect();
    let (count, seconds, files) = (summary.calibration_rows, summary.seconds, files.join(", "));
    output.text(&format!("{rows}\n{count} calibration rows, {seconds:.1} s; bytes: {files}\n"))?;
    output.text(&match summary.ensemble {
        Some((rules, price, hires)) => format!(
            "ensemble fitted on {hires} hires of the validation part: price {price:.2}; of the rest, rules {rules:.2}\n"
        ),
        None => "ensemble weights as in the recipe: too few hires to fit them on\n".to_owned(),
    })?;
    output.text(&match summary.jobs {
        Some((rules, bids)) => format!("jobs for cleaners, fitted on {bids} bids on those jobs: rules {rules:.2}\n"),
        None => "jobs for cleaners: rules alone, for too few bids to fit a weight on\n".to_owned(),
    })?;
    let bins: Vec<String> = summary.intervals.iter().map(|(edge, count)| format!("{edge}+: {count}")).collect();
    output
        .text(&format!("intervals by reviews of the cleaner, validation jobs they rest on: {}\n", bins.join(", ")))?;
    let ([leniency, weight], jobs, before, after) = summary.fold_in;
    output.text(&format!(
        "fold-in chosen by {jobs} validation jobs: leniency sd {leniency}, weight sd {weight}; squared error {before:.6} without, \
         {after:.6} with earlier ratings\n"
    ))?;
    output.finish()
}

impl From<QuantizeError> for CliError {
    fn from(error: QuantizeError) -> Self {
        let hint = match error {
            QuantizeError::Calibration { .. } => "raise --jobs and --candidates, or give a larger data set",
            QuantizeError::Row { .. } => "give the data set that the model was trained on",
            _ => "train the model again: its state cannot be used",
        };
        Self::new(error.code(), error.to_string(), hint)
    }
}
