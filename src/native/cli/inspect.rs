//! `tidyrank inspect`.

use std::path::PathBuf;

use serde::Serialize;

use super::output::{Output, table};
use super::{CliError, Context, Format};
use crate::artifact::Tensors;
use crate::native::files;
use crate::native::model_dir::{ModelDir, ModelDirError};
use crate::native::train::hybrid_counts;

/// Flags of `tidyrank inspect`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  tidyrank inspect models/cleaners/1.0.0\n  \
    tidyrank inspect models/cleaners/1.0.0 --format json")]
pub(super) struct Args {
    /// Folder of the model, the one with manifest.json
    model: PathBuf,
}

/// What is in a model folder.
#[derive(Debug, Serialize)]
struct Report {
    name: String,
    version: String,
    created_by: String,
    model_kind: String,
    format_version: u32,
    seed: u64,
    rule_weight: f32,
    price_weight: f32,
    jobs_rule_weight: Option<f32>,
    schema_hash: String,
    data_fingerprint: String,
    metrics: std::collections::BTreeMap<String, f64>,
    files: Vec<FileReport>,
    recipe: Option<String>,
}

#[derive(Debug, Serialize)]
struct FileReport {
    role: String,
    path: String,
    size: u64,
    sha256: String,
    /// `ok`, or the code of what is wrong.
    state: String,
    tensors: Vec<TensorReport>,
    /// All values of an fp32 state, and those of them that are trained.
    state_values: Option<usize>,
    trainable_values: Option<usize>,
    /// What is blended and with which share.
    blend: Option<(String, f32)>,
}

#[derive(Debug, Serialize)]
struct TensorReport {
    name: String,
    dtype: &'static str,
    shape: Vec<usize>,
}

/// Runs the command.
pub(super) fn run(args: Args, context: &Context) -> Result<(), CliError> {
    let model = ModelDir::open(&args.model)?;
    let mut damage = None;
    let mut reports = Vec::new();
    for entry in &model.manifest.files {
        let content = model.read(&entry.role).and_then(|bytes| {
            let path = model.path().join(&entry.path);
            // Of any other form the checksum is all that is looked at.
            if path.extension().is_none_or(|form| form != "safetensors") {
                return Ok(Tensors::new());
            }
            Tensors::from_bytes(&bytes).map_err(|source| ModelDirError::Artifact { path, source })
        });
        let state = content.as_ref().err().map_or("ok", ModelDirError::code).to_owned();
        let mut report = content.as_ref().map(describe).unwrap_or_default();
        (report.role, report.path) = (entry.role.clone(), entry.path.clone());
        (report.size, report.sha256, report.state) = (entry.size, entry.sha256.clone(), state);
        reports.push(report);
        damage = damage.or(content.err());
    }
    let manifest = model.manifest;
    let recipe = files::read(&args.model.join("recipe.toml")).ok();
    let report = Report {
        name: manifest.name,
        version: manifest.version,
        created_by: manifest.created_by,
        model_kind: manifest.model_kind,
        format_version: manifest.format_version,
        seed: manifest.seed,
        rule_weight: manifest.rule_weight,
        price_weight: manifest.price_weight,
        jobs_rule_weight: manifest.jobs_rule_weight,
        schema_hash: manifest.schema_hash,
        data_fingerprint: manifest.data_fingerprint,
        metrics: manifest.metrics,
        files: reports,
        recipe: recipe.and_then(|bytes| String::from_utf8(bytes).ok()),
    };
    let mut output = Output::new();
    match context.format {
        Format::Json => output.json(&report)?,
        Format::Table => output.text(&tables(&report))?,
    }
    output.text("\n")?;
    output.finish()?;
    damage.map_or(Ok(()), |error| Err(error.into()))
}

impl Default for FileReport {
    fn default() -> Self {
        let (role, path, sha256, state) = Default::default();
        Self {
            role,
            path,
            size: 0,
            sha256,
            state,
            tensors: vec![],
            state_values: None,
            trainable_values: None,
            blend: None,
        }
    }
}

fn describe(tensors: &Tensors) -> FileReport {
    let of = |name: &str| TensorReport {
        name: name.to_owned(),
        dtype: tensors.dtype(name).map_or("", |dtype| dtype.name()),
        shape: tensors.shape(name).unwrap_or_default().to_vec(),
    };
    let fp32 = tensors.metadata("format").is_ok_and(|format| format == crate::model::FP32_FORMAT);
    let counts = hybrid_counts(tensors).ok().filter(|_| fp32);
    let blend = tensors.names().find_map(|name| {
        let blended = name.strip_prefix("blend.")?.strip_suffix(".alpha")?;
        let alpha = tensors.f32(name, &[1]).ok()?.first().copied()?;
        Some((blended.replace('_', " x alpha + ") + " x (1 - alpha)", alpha))
    });
    FileReport {
        tensors: tensors.names().map(of).collect(),
        state_values: counts.map(|counts| counts.state),
        trainable_values: counts.map(|counts| counts.trainable),
        blend,
        ..FileReport::default()
    }
}

fn tables(report: &Report) -> String {
    let mut about = table(&["what", "value"]);
    let mut line = |name: &str, value: String| {
        about.add_row([name.to_owned(), value]);
    };
    line("model", format!("{} {} ({})", report.name, report.version, report.model_kind));
    line("created by", format!("{}, format {}", report.created_by, report.format_version));
    line("seed", report.seed.to_string());
    let (price, rules) = (report.price_weight, report.rule_weight);
    let shares = [price, (1.0 - price) * rules, (1.0 - price) * (1.0 - rules)].map(|share| 100.0 * share);
    line("ensemble", format!("{:.0} % price, {:.0} % rules, {:.0} % network", shares[0], shares[1], shares[2]));
    let jobs = |rules: f32| format!("{:.0} % rules, {:.0} % network", 100.0 * rules, 100.0 * (1.0 - rules));
    line(
        "jobs for cleaners",
        report.jobs_rule_weight.map_or_else(|| "rules alone: no weight was fitted".to_owned(), jobs),
    );
    line("features", report.schema_hash.clone());
    line("data", report.data_fingerprint.clone());
    for file in &report.files {
        if let Some((what, alpha)) = &file.blend {
            line(&format!("{} blend", file.role), format!("{what}, alpha = {alpha:.4}"));
        }
        if let (Some(state), Some(trainable)) = (file.state_values, file.trainable_values) {
            line(&format!("{} values", file.role), format!("{state}, {trainable} of them trained"));
        }
    }
    for (name, value) in &report.metrics {
        line(name, format!("{value:.6}"));
    }
    let mut files = table(&["role", "file", "bytes", "SHA-256", "state"]);
    let mut tensors = table(&["role", "tensor", "type", "shape"]);
    for file in &report.files {
        let sum = file.sha256.get(..16).unwrap_or_default();
        files.add_row([&file.role, &file.path, &file.size.to_string(), sum, &file.state]);
        for tensor in &file.tensors {
            tensors.add_row([&file.role, &tensor.name, tensor.dtype, &format!("{:?}", tensor.shape)]);
        }
    }
    let recipe = report.recipe.as_ref().map(|recipe| format!("\nrecipe.toml\n{recipe}")).unwrap_or_default();
    format!("{about}\n{files}\n{tensors}{recipe}")
}

impl From<ModelDirError> for CliError {
    fn from(error: ModelDirError) -> Self {
        Self::new(error.code(), error.to_string(), hint(&error))
    }
}

fn hint(error: &ModelDirError) -> &'static str {
    match error.code() {
        "file.read" => "give the folder of a model, the one with manifest.json; `tidyrank train` writes one",
        "file.write" => "check that the folder can be written and that there is room",
        "model.role" => "run `tidyrank quantize` on the folder first, or train again",
        "artifact.version" => "use the version of tidyrank that wrote the model, or train again",
        _ => "the file was altered after it was written: restore it, or train and quantise again",
    }
}
