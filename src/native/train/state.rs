//! The hybrid network as tensors in a file, and back.

use candle_core::{Device, Tensor, Var};

use super::TrainError;
use super::hybrid::{Hybrid, Linear, NORM_EPSILON, Norm, Rows};
use super::ops::{sigmoid, with_values};
use super::recipe::ModelConfig;
use crate::artifact::{ArtifactError, Tensors};
use crate::features::{FEATURE_COUNT, Normaliser, schema_hash};

const FORMAT: &str = "tidyrank.model.fp32";
const ALPHA: &str = "blend.collaborative_content.alpha";

/// The ids that rows stand for; row 0 of the clients and cleaners is the unknown one and has no id here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Client ids.
    pub users: Vec<String>,
    /// Cleaner ids.
    pub items: Vec<String>,
    /// Property types.
    pub categories: Vec<String>,
}

/// How many values a model holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub state: usize,
    /// Those that are trained; the rest are running statistics.
    pub trainable: usize,
}

/// Counts the values of a stored hybrid model.
///
/// # Errors
/// [`ArtifactError`] if the tensors contradict themselves.
pub fn hybrid_counts(tensors: &Tensors) -> Result<Counts, ArtifactError> {
    let mut counts = Counts { state: 0, trainable: 0 };
    for name in tensors.names() {
        let values: usize = tensors.shape(name)?.iter().product();
        counts.state += values;
        let buffer = ["running_mean", "running_var", "batches"].iter().any(|end| name.ends_with(end));
        counts.trainable += if buffer { 0 } else { values };
    }
    Ok(counts)
}

/// The model file of a network.
pub(super) fn write(model: &Hybrid, names: &Names, normaliser: &Normaliser) -> Result<Tensors, TrainError> {
    let mut tensors = Tensors::new();
    tensors.set_format(FORMAT);
    tensors.set_metadata("model_kind", "hybrid");
    tensors.set_metadata("schema_hash", schema_hash());
    let json = |key: &str, text: serde_json::Result<String>| {
        text.map_err(|error| ArtifactError::Metadata { key: key.to_owned(), reason: error.to_string() })
    };
    tensors.set_metadata("normaliser", json("normaliser", serde_json::to_string(normaliser))?);
    for (key, ids) in [("users", &names.users), ("items", &names.items), ("categories", &names.categories)] {
        tensors.set_metadata(key, json(key, serde_json::to_string(ids))?);
    }
    put(&mut tensors, "collaborative.user_embedding", &model.users)?;
    put(&mut tensors, "collaborative.item_embedding", &model.items)?;
    put(&mut tensors, "content.category_embedding", &model.categories)?;
    for (branch, layers) in [("collaborative", &model.collaborative), ("content", &model.content)] {
        for (at, layer) in layers.iter().enumerate() {
            let name = layer_name(branch, at);
            put(&mut tensors, &format!("{name}.weight"), &layer.weight.t()?.contiguous()?)?;
            put(&mut tensors, &format!("{name}.bias"), &layer.bias)?;
        }
    }
    if model.norms.is_empty() {
        for (at, layer) in model.content[..3].iter().enumerate() {
            put_identity(&mut tensors, at, layer.bias.elem_count())?;
        }
    }
    for (at, norm) in model.norms.iter().enumerate() {
        let name = format!("content.norms.{at}");
        put(&mut tensors, &format!("{name}.weight"), &norm.weight)?;
        put(&mut tensors, &format!("{name}.bias"), &norm.bias)?;
        tensors.insert_f32(&format!("{name}.running_mean"), &[norm.mean.len()], &norm.mean)?;
        tensors.insert_f32(&format!("{name}.running_var"), &[norm.variance.len()], &norm.variance)?;
        tensors.insert_f32(&format!("{name}.batches"), &[1], &[norm.batches])?;
    }
    let logit = model.logit.to_vec1::<f32>()?.first().copied().unwrap_or_default();
    tensors.insert_f32(ALPHA, &[1], &[sigmoid(logit)])?;
    Ok(tensors)
}

/// A norm that changes nothing, so that a network without norms is read as every other: weight 1, bias 0, mean 0, and a variance
/// to which what is added gives 1.
fn put_identity(tensors: &mut Tensors, at: usize, width: usize) -> Result<(), ArtifactError> {
    let values = [("weight", 1.0), ("bias", 0.0), ("running_mean", 0.0), ("running_var", 1.0 - NORM_EPSILON)];
    for (part, value) in values {
        tensors.insert_f32(&format!("content.norms.{at}.{part}"), &[width], &vec![value; width])?;
    }
    tensors.insert_f32(&format!("content.norms.{at}.batches"), &[1], &[0.0])
}

/// The network and normaliser of a model file.
pub(super) fn read(tensors: &Tensors) -> Result<(Hybrid, Normaliser), TrainError> {
    tensors.expect_format(FORMAT)?;
    let found = tensors.metadata("schema_hash")?;
    if found != schema_hash() {
        return Err(ArtifactError::Schema { expected: schema_hash(), found: found.to_owned() }.into());
    }
    let invalid = |reason: String| ArtifactError::Metadata { key: "normaliser".to_owned(), reason };
    let normaliser: Normaliser =
        serde_json::from_str(tensors.metadata("normaliser")?).map_err(|error| invalid(error.to_string()))?;
    if !normaliser.is_valid() {
        return Err(invalid("it has not one mean and positive deviation per feature".to_owned()).into());
    }
    let (config, rows) = sizes(tensors)?;
    let (dim, kind) = (config.embedding_dim, config.category_dim);
    let alpha = tensors.f32(ALPHA, &[1])?[0];
    let logit = (alpha / (1.0 - alpha)).ln();
    let norms = config.hidden.iter().enumerate().map(|(at, &width)| read_norm(tensors, at, width));
    let model = Hybrid {
        users: get(tensors, "collaborative.user_embedding", &[rows.users, dim])?,
        items: get(tensors, "collaborative.item_embedding", &[rows.items, dim])?,
        categories: get(tensors, "content.category_embedding", &[rows.categories, kind])?,
        collaborative: read_branch(tensors, "collaborative", 2 * dim, &config.hidden)?,
        content: read_branch(tensors, "content", kind + FEATURE_COUNT, &config.hidden)?,
        norms: norms.collect::<Result<_, _>>()?,
        logit: Var::from_vec(vec![logit], 1, &Device::Cpu)?,
    };
    Ok((model, normaliser))
}

/// The ids of a model file.
pub(super) fn names(tensors: &Tensors) -> Result<Names, ArtifactError> {
    Ok(Names {
        users: tensors.texts("users")?,
        items: tensors.texts("items")?,
        categories: tensors.texts("categories")?,
    })
}

fn layer_name(branch: &str, at: usize) -> String {
    if at < 3 { format!("{branch}.layers.{at}") } else { format!("{branch}.output") }
}

fn sizes(tensors: &Tensors) -> Result<(ModelConfig, Rows), ArtifactError> {
    let matrix = |name: &str| match *tensors.shape(name)? {
        [rows, columns] => Ok((rows, columns)),
        ref other => Err(ArtifactError::Shape { name: name.to_owned(), expected: vec![0, 0], actual: other.to_vec() }),
    };
    let (users, embedding_dim) = matrix("collaborative.user_embedding")?;
    let (items, _) = matrix("collaborative.item_embedding")?;
    let (categories, category_dim) = matrix("content.category_embedding")?;
    let width = |at: usize| matrix(&format!("{}.weight", layer_name("content", at)));
    let hidden = [width(0)?.0, width(1)?.0, width(2)?.0];
    let config = ModelConfig { embedding_dim, category_dim, hidden, dropout: 0.0, batch_norm: true };
    Ok((config, Rows { users, items, categories }))
}

fn put(tensors: &mut Tensors, name: &str, tensor: &Tensor) -> Result<(), TrainError> {
    with_values(tensor, |values| tensors.insert_f32(name, tensor.dims(), values))??;
    Ok(())
}

fn get(tensors: &Tensors, name: &str, shape: &[usize]) -> Result<Var, TrainError> {
    Ok(Var::from_vec(tensors.f32(name, shape)?, shape, &Device::Cpu)?)
}

fn read_branch(tensors: &Tensors, branch: &str, input: usize, hidden: &[usize; 3]) -> Result<Vec<Linear>, TrainError> {
    let widths = [input, hidden[0], hidden[1], hidden[2], 1];
    let layer = |(at, pair): (usize, &[usize])| -> Result<Linear, TrainError> {
        let name = layer_name(branch, at);
        let weight = get(tensors, &format!("{name}.weight"), &[pair[1], pair[0]])?;
        let weight = Var::from_tensor(&weight.t()?.contiguous()?.detach())?;
        Ok(Linear { weight, bias: get(tensors, &format!("{name}.bias"), &[pair[1]])? })
    };
    widths.windows(2).enumerate().map(layer).collect()
}

fn read_norm(tensors: &Tensors, at: usize, width: usize) -> Result<Norm, TrainError> {
    let name = |part: &str| format!("content.norms.{at}.{part}");
    Ok(Norm {
        weight: get(tensors, &name("weight"), &[width])?,
        bias: get(tensors, &name("bias"), &[width])?,
        mean: tensors.f32(&name("running_mean"), &[width])?,
        variance: tensors.f32(&name("running_var"), &[width])?,
        batches: tensors.f32(&name("batches"), &[1])?[0],
    })
}
