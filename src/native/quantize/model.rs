//! Quantising a whole model, layer after layer.

use super::QuantizeError;
use super::calibration::Calibration;
use super::equalise::factors;
use super::linalg::{Square, dot};
use super::rounding::{Inputs, nearest};
use super::shares::{Sources, largest_share};
use crate::artifact::{ArtifactError, Tensors};
use crate::features::{FEATURE_COUNT, Group, Normaliser, columns_of};
use crate::model::{DenseLayer, FP32_FORMAT, Q8_FORMAT, Q8_VERSION, folded_layers};
use crate::numeric::{MAX_ACTIVATION, MAX_SHARE};

/// Fewest rows that say how inputs vary.
const FEWEST_ROWS: usize = 64;
/// The range of activations and shares is this much wider than in any calibration row: what is served later may be larger,
/// and the codes have precision to spare.
const HEADROOM: f32 = 2.0;
/// Pair features are kept up to so many standard deviations.
const PAIR_RANGE: f32 = 8.0;
/// Share of the variance between jobs beside that within them: a shift that all candidates of a job share moves none.
const BETWEEN_JOBS: f64 = 0.1;
/// Share of the mean variance that is added to every input's.
const DAMPING: f64 = 1e-4;

/// How weights become codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// Each weight to the nearest code: the baseline.
    Nearest,
    /// With the errors of a row compensating each other, and biases corrected.
    Compensated,
}

/// How far a layer's outputs moved.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerError {
    /// Name of the layer in the model file.
    pub layer: String,
    /// Root mean square of the change within a job, relative to the outputs' own deviation within a job.
    pub relative: f64,
}

/// An int8 model, and how far it is from the fp32 one on the calibration rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantised {
    /// The content of `model.q8.safetensors`.
    pub model: Tensors,
    /// Every layer in order.
    pub layers: Vec<LayerError>,
    /// Root mean square of the change of the blended score.
    pub score_rms: f64,
    /// Largest change of the blended score.
    pub score_max: f64,
}

/// Quantises the state of a hybrid model.
///
/// # Errors
/// [`QuantizeError`] for a state that is no hybrid model, and calibration rows that are too few or do not fit it.
pub fn quantise(state: &Tensors, rows: &Calibration, rounding: Rounding) -> Result<Quantised, QuantizeError> {
    state.expect_format(FP32_FORMAT)?;
    if rows.len() < FEWEST_ROWS {
        return Err(QuantizeError::Calibration { found: rows.len(), needed: FEWEST_ROWS });
    }
    let mut model = Tensors::new();
    model.set_version(Q8_FORMAT, Q8_VERSION);
    for key in ["model_kind", "schema_hash", "categories"] {
        model.set_metadata(key, state.metadata(key)?);
    }
    let tables = Tables::read(state)?;
    for side in ["user", "item"] {
        let (dim, table) = if side == "user" { &tables.users } else { &tables.items };
        model.insert_f32(&format!("collaborative.unknown_{side}"), &[*dim], &table[..*dim])?;
    }
    let alpha = state.f32("blend.collaborative_content.alpha", &[1])?[0];
    model.insert_f32("blend.collaborative_content.alpha", &[1], &[alpha])?;
    let mut run = Run { groups: &rows.groups, rounding, model, layers: Vec::new() };
    let (left, _) = run.branch(state, "collaborative", tables.pairs(rows)?, &tables.pair_sources(), false)?;
    let (inputs, sources) = (tables.content(rows)?, tables.content_sources());
    let (right, divisors) = run.branch(state, "content", inputs, &sources, rounding == Rounding::Compensated)?;
    tables.write_divided(&mut run.model, &divisors)?;
    let changes: Vec<f64> = left.iter().zip(&right).map(|(l, r)| f64::from(alpha * l + (1.0 - alpha) * r)).collect();
    let score_rms = (changes.iter().map(|c| c * c).sum::<f64>() / changes.len() as f64).sqrt();
    let score_max = changes.iter().fold(0.0f64, |most, c| most.max(c.abs()));
    Ok(Quantised { model: run.model, layers: run.layers, score_rms, score_max })
}

/// The tables that the first layers are fed from, each with its width.
struct Tables {
    users: (usize, Vec<f32>),
    items: (usize, Vec<f32>),
    categories: (usize, Vec<f32>),
    normaliser: Normaliser,
}

impl Tables {
    fn read(state: &Tensors) -> Result<Self, QuantizeError> {
        let table = |name: &str| -> Result<(usize, Vec<f32>), ArtifactError> {
            let shape = state.shape(name)?.to_vec();
            match shape[..] {
                [rows, width] if rows > 0 && width > 0 => Ok((width, state.f32(name, &shape)?)),
                _ => Err(ArtifactError::Shape { name: name.to_owned(), expected: vec![1, 1], actual: shape }),
            }
        };
        let invalid =
            |reason: String| QuantizeError::from(ArtifactError::Metadata { key: "normaliser".to_owned(), reason });
        let normaliser: Normaliser =
            serde_json::from_str(state.metadata("normaliser")?).map_err(|error| invalid(error.to_string()))?;
        if !normaliser.is_valid() {
            return Err(invalid("it has not one mean and positive deviation per feature".to_owned()));
        }
        Ok(Self {
            users: table("collaborative.user_embedding")?,
            items: table("collaborative.item_embedding")?,
            categories: table("content.category_embedding")?,
            normaliser,
        })
    }

    /// Stores what feeds the content branch, divided input by input.
    fn write_divided(&self, model: &mut Tensors, divisors: &[f32]) -> Result<(), QuantizeError> {
        let (dim, table) = &self.categories;
        let mut table = table.clone();
        table.iter_mut().zip(divisors.iter().take(*dim).cycle()).for_each(|(value, divisor)| *value /= divisor);
        model.insert_f32("content.category_embedding", &[table.len() / dim, *dim], &table)?;
        let normaliser = self.normaliser.divided_by(divisors.get(*dim..).unwrap_or_default());
        for (name, row) in ["normaliser.mean", "normaliser.std"].iter().zip(normaliser.parts()) {
            model.insert_f32(name, &[row.len()], row)?;
        }
        Ok(())
    }

    fn pair_sources(&self) -> Sources {
        let (user, item) = (self.users.0, self.items.0);
        Sources { item: (user..user + item).collect(), unknown_item: self.items.1[..item].to_vec(), pair: Vec::new() }
    }

    fn content_sources(&self) -> Sources {
        let inputs = |group| columns_of(group).into_iter().map(|column| self.categories.0 + column).collect();
        let item: Vec<usize> = inputs(Group::Item);
        Sources { unknown_item: vec![0.0; item.len()], item, pair: inputs(Group::Pair) }
    }

    /// Inputs of the collaborative branch, row by row.
    fn pairs(&self, rows: &Calibration) -> Result<Vec<f32>, QuantizeError> {
        let mut inputs = Vec::with_capacity(rows.len() * (self.users.0 + self.items.0));
        for (&user, &item) in rows.users.iter().zip(&rows.items) {
            inputs.extend_from_slice(row("users", &self.users, user)?);
            inputs.extend_from_slice(row("items", &self.items, item)?);
        }
        Ok(inputs)
    }

    /// Inputs of the content branch, row by row; an unknown property type is the mean of all.
    fn content(&self, rows: &Calibration) -> Result<Vec<f32>, QuantizeError> {
        let (dim, table) = &self.categories;
        let count = (table.len() / dim) as f32;
        let mean: Vec<f32> = (0..*dim).map(|j| table.iter().skip(j).step_by(*dim).sum::<f32>() / count).collect();
        let mut inputs = Vec::with_capacity(rows.len() * (dim + FEATURE_COUNT));
        for (category, features) in rows.categories.iter().zip(&rows.features) {
            match category {
                Some(category) => inputs.extend_from_slice(row("categories", &self.categories, *category)?),
                None => inputs.extend_from_slice(&mean),
            }
            let mut features = *features;
            self.normaliser.apply(&mut features);
            inputs.extend(features);
        }
        Ok(inputs)
    }
}

fn row<'a>(column: &'static str, table: &'a (usize, Vec<f32>), row: u32) -> Result<&'a [f32], QuantizeError> {
    let (width, values) = table;
    let start = row as usize * width;
    let missing = QuantizeError::Row { column, row, rows: values.len() / width };
    values.get(start..start + width).ok_or(missing)
}

struct Run<'a> {
    groups: &'a [u32],
    rounding: Rounding,
    model: Tensors,
    layers: Vec<LayerError>,
}

impl Run<'_> {
    /// Quantises one branch. Gives the change of its output, row by row, and what its inputs are to be divided by, which is
    /// 1 unless `divide_inputs`.
    fn branch(
        &mut self,
        state: &Tensors,
        branch: &str,
        mut inputs: Vec<f32>,
        sources: &Sources,
        divide_inputs: bool,
    ) -> Result<(Vec<f32>, Vec<f32>), QuantizeError> {
        let mut layers = folded_layers(state, branch)?;
        let (mut exact, mut rounded) = (inputs.clone(), inputs.clone());
        let mut of_inputs = Vec::new();
        let mut before = String::new();
        for at in 0..layers.len() {
            let (layer, last) = (&layers[at], at + 1 == layers.len());
            let name = if last { format!("{branch}.output") } else { format!("{branch}.layers.{at}") };
            let divide = if at == 0 { divide_inputs } else { self.rounding == Rounding::Compensated };
            let divisors = if divide {
                factors(&layer.weights, &self.variances(&exact, layer.inputs))
            } else {
                vec![1.0; layer.inputs]
            };
            let layer = &multiplied(layer, &divisors);
            for values in [&mut exact, &mut rounded] {
                values.iter_mut().zip(divisors.iter().cycle()).for_each(|(value, divisor)| *value /= divisor);
            }
            if at == 0 {
                inputs.clone_from(&rounded);
                of_inputs = divisors;
            } else {
                self.divide_outputs(&before, &divisors)?;
                let mut step = input_step(&rounded);
                if at == 1 {
                    step = step.max(self.share_step(branch, &inputs, sources, &of_inputs)?);
                }
                self.model.insert_f32(&format!("{name}.input_step"), &[1], &[step])?;
                let code = |x: f32| (x / step).round_ties_even().min(f32::from(MAX_ACTIVATION));
                rounded.iter_mut().for_each(|x| *x = code(*x) * step);
            }
            let quantised = self.layer(&name, layer, &exact, &rounded)?;
            exact = apply(layer, &exact);
            rounded = apply(&quantised, &rounded);
            if exact.iter().chain(&rounded).any(|value| !value.is_finite()) {
                return Err(QuantizeError::NotFinite { layer: name });
            }
            let relative = self.relative(&exact, &rounded, layer.outputs);
            self.layers.push(LayerError { relative, layer: name.clone() });
            before = name;
            if !last {
                exact.iter_mut().chain(&mut rounded).for_each(|value| *value = value.max(0.0));
                let order = by_liveness(&exact, layers[at].outputs);
                self.reorder_outputs(&before, &order)?;
                layers[at + 1].weights = reordered(&layers[at + 1].weights, &order);
                (exact, rounded) = (reordered(&exact, &order), reordered(&rounded, &order));
            }
        }
        Ok((exact.iter().zip(&rounded).map(|(a, b)| b - a).collect(), of_inputs))
    }

    /// Divides the outputs of a stored layer.
    fn divide_outputs(&mut self, name: &str, divisors: &[f32]) -> Result<(), QuantizeError> {
        for part in ["scale", "bias"] {
            let part = format!("{name}.{part}");
            let mut values = self.model.f32(&part, &[divisors.len()])?;
            values.iter_mut().zip(divisors).for_each(|(value, divisor)| *value /= divisor);
            self.model.insert_f32(&part, &[divisors.len()], &values)?;
        }
        Ok(())
    }

    /// Puts the outputs of a stored layer in another order.
    fn reorder_outputs(&mut self, name: &str, order: &[usize]) -> Result<(), QuantizeError> {
        for part in ["scale", "bias"] {
            let part = format!("{name}.{part}");
            let values = self.model.f32(&part, &[order.len()])?;
            self.model.insert_f32(&part, &[order.len()], &reordered(&values, order))?;
        }
        let name = format!("{name}.weight");
        let shape = self.model.shape(&name)?.to_vec();
        let (codes, inputs) = (self.model.i8(&name, &shape)?, shape.get(1).copied().unwrap_or_default());
        let rows: Vec<i8> = order.iter().flat_map(|&row| &codes[row * inputs..(row + 1) * inputs]).copied().collect();
        self.model.insert_i8(&name, &shape, &rows)?;
        Ok(())
    }

    /// The step that the shares of the first layer need, and the ranges of the pair features, which it stores. `inputs` were
    /// divided by `divisors`.
    fn share_step(
        &mut self,
        branch: &str,
        inputs: &[f32],
        sources: &Sources,
        divisors: &[f32],
    ) -> Result<f32, QuantizeError> {
        let ranges: Vec<f32> = sources.pair.iter().map(|&input| PAIR_RANGE / divisors[input]).collect();
        if !ranges.is_empty() {
            self.model.insert_f32(&format!("{branch}.pair_range"), &[ranges.len()], &ranges)?;
        }
        let first = format!("{branch}.layers.0");
        let outputs = self.model.shape(&format!("{first}.bias"))?.iter().product();
        let shape = [outputs, divisors.len()];
        let codes = self.model.i8(&format!("{first}.weight"), &shape)?;
        let scales = self.model.f32(&format!("{first}.scale"), &[outputs])?;
        let biases = self.model.f32(&format!("{first}.bias"), &[outputs])?;
        let weights = codes.iter().enumerate().map(|(at, q)| f32::from(*q) * scales[at / divisors.len()]).collect();
        let layer = DenseLayer { weights, biases, inputs: divisors.len(), outputs };
        let (shares, pairs) = largest_share(&layer, inputs, sources, &ranges);
        Ok((shares * HEADROOM).max(pairs) / f32::from(MAX_SHARE))
    }

    /// The variance of each column within jobs, and a share of that between them.
    fn variances(&self, values: &[f32], width: usize) -> Vec<f64> {
        let overall = mean_of(values, width);
        let mut sums = vec![0.0; width];
        for_jobs(values, width, self.groups, |lines, mean| {
            for line in lines.chunks_exact(width) {
                for (j, sum) in sums.iter_mut().enumerate() {
                    *sum += (f64::from(line[j]) - mean[j]).powi(2) + BETWEEN_JOBS * (mean[j] - overall[j]).powi(2);
                }
            }
        });
        let rows = self.groups.len().max(1) as f64;
        sums.into_iter().map(|sum| sum / rows).collect()
    }

    /// Stores a layer's codes and gives the layer as they make it.
    fn layer(
        &mut self,
        name: &str,
        layer: &DenseLayer,
        exact: &[f32],
        rounded: &[f32],
    ) -> Result<DenseLayer, QuantizeError> {
        let (inputs, outputs) = (layer.inputs, layer.outputs);
        let not_finite = || QuantizeError::NotFinite { layer: name.to_owned() };
        let moments = Moments::of(exact, rounded, inputs, self.groups);
        let known = Inputs::new(moments.covariance.clone(), DAMPING).ok_or_else(not_finite)?;
        let root = known.covariance().cholesky().ok_or_else(not_finite)?;
        let (mut codes, mut scales, mut biases, mut weights) = (vec![], vec![], vec![], vec![]);
        for (line, bias) in layer.weights.chunks_exact(inputs).zip(&layer.biases) {
            let line: Vec<f64> = line.iter().map(|&w| f64::from(w)).collect();
            let largest = line.iter().fold(0.0f64, |most, w| most.max(w.abs()));
            let row = match self.rounding {
                Rounding::Nearest => nearest(&line, largest / 127.0),
                Rounding::Compensated => {
                    // What the layers before lost is made up for first: the weights that fit the rounded inputs best.
                    let lost: Vec<f64> = (0..inputs).map(|i| dot(moments.lost.row(i), &line)).collect();
                    let shift = root.solve_with_cholesky(&lost);
                    let fitted: Vec<f64> = line.iter().zip(shift).map(|(w, shift)| w + shift).collect();
                    known.round(&fitted)
                }
            };
            let kept: Vec<f64> = row.codes.iter().map(|&q| f64::from(q) * row.scale).collect();
            let correction = match self.rounding {
                Rounding::Nearest => 0.0,
                Rounding::Compensated => dot(&line, &moments.exact_mean) - dot(&kept, &moments.rounded_mean),
            };
            biases.push((f64::from(*bias) + correction) as f32);
            codes.extend(row.codes);
            scales.push(row.scale as f32);
            weights.extend(kept.iter().map(|&w| w as f32));
        }
        self.model.insert_i8(&format!("{name}.weight"), &[outputs, inputs], &codes)?;
        self.model.insert_f32(&format!("{name}.scale"), &[outputs], &scales)?;
        self.model.insert_f32(&format!("{name}.bias"), &[outputs], &biases)?;
        Ok(DenseLayer { weights, biases, inputs, outputs })
    }

    /// The change within jobs relative to the deviation within jobs.
    fn relative(&self, exact: &[f32], rounded: &[f32], width: usize) -> f64 {
        let change: Vec<f32> = exact.iter().zip(rounded).map(|(a, b)| b - a).collect();
        let within = |values: &[f32]| {
            let mut sum = 0.0;
            for_jobs(values, width, self.groups, |lines, mean| {
                for line in lines.chunks_exact(width) {
                    sum += line.iter().zip(mean).map(|(x, mean)| (f64::from(*x) - mean).powi(2)).sum::<f64>();
                }
            });
            sum
        };
        (within(&change) / within(exact).max(f64::MIN_POSITIVE)).sqrt()
    }
}

/// How a layer's inputs vary.
struct Moments {
    exact_mean: Vec<f64>,
    rounded_mean: Vec<f64>,
    /// Of the rounded inputs: within jobs, and a share of that between them.
    covariance: Square,
    /// Of the rounded inputs with what rounding took from them, weighed in the same way.
    lost: Square,
}

impl Moments {
    fn of(exact: &[f32], rounded: &[f32], width: usize, groups: &[u32]) -> Self {
        let lost: Vec<f32> = exact.iter().zip(rounded).map(|(a, b)| a - b).collect();
        let (exact_mean, rounded_mean) = (mean_of(exact, width), mean_of(rounded, width));
        let overall: Vec<f64> = exact_mean.iter().zip(&rounded_mean).map(|(a, b)| a - b).collect();
        let mut result =
            Self { exact_mean, rounded_mean, covariance: Square::zeros(width), lost: Square::zeros(width) };
        let mut at = 0;
        for_jobs(rounded, width, groups, |lines, mean| {
            let lost = &lost[at..at + lines.len()];
            at += lines.len();
            let lost_mean = mean_of(lost, width);
            for (line, lost) in lines.chunks_exact(width).zip(lost.chunks_exact(width)) {
                let centred = |values: &[f32], mean: &[f64]| -> Vec<f64> {
                    values.iter().zip(mean).map(|(x, mean)| f64::from(*x) - mean).collect()
                };
                let (x, gone) = (centred(line, mean), centred(lost, &lost_mean));
                add_outer(&mut result.covariance, &x, &x, 1.0);
                add_outer(&mut result.lost, &x, &gone, 1.0);
            }
            let count = (lines.len() / width) as f64 * BETWEEN_JOBS;
            let x: Vec<f64> = mean.iter().zip(&result.rounded_mean).map(|(a, b)| a - b).collect();
            let gone: Vec<f64> = lost_mean.iter().zip(&overall).map(|(a, b)| a - b).collect();
            add_outer(&mut result.covariance, &x, &x, count);
            add_outer(&mut result.lost, &x, &gone, count);
        });
        let share = 1.0 / groups.len().max(1) as f64;
        result.covariance.values.iter_mut().chain(&mut result.lost.values).for_each(|value| *value *= share);
        result
    }
}

fn add_outer(to: &mut Square, a: &[f64], b: &[f64], weight: f64) {
    for (line, a) in to.values.chunks_exact_mut(b.len()).zip(a) {
        line.iter_mut().zip(b).for_each(|(sum, b)| *sum += weight * a * b);
    }
}

/// Calls `each` with the rows of one job after the other and their mean.
fn for_jobs(values: &[f32], width: usize, groups: &[u32], mut each: impl FnMut(&[f32], &[f64])) {
    let mut start = 0;
    for job in groups.chunk_by(|a, b| a == b) {
        let lines = &values[start * width..(start + job.len()) * width];
        each(lines, &mean_of(lines, width));
        start += job.len();
    }
}

fn mean_of(values: &[f32], width: usize) -> Vec<f64> {
    let mut mean = vec![0.0; width];
    for line in values.chunks_exact(width) {
        mean.iter_mut().zip(line).for_each(|(sum, x)| *sum += f64::from(*x));
    }
    let rows = (values.len() / width).max(1) as f64;
    mean.iter_mut().for_each(|sum| *sum /= rows);
    mean
}

/// A layer whose inputs were divided.
fn multiplied(layer: &DenseLayer, divisors: &[f32]) -> DenseLayer {
    let mut layer = layer.clone();
    layer.weights.iter_mut().zip(divisors.iter().cycle()).for_each(|(weight, divisor)| *weight *= divisor);
    layer
}

/// The columns of rows, those first that are 0 least often: units that are always 0 then share pairs, which are skipped.
fn by_liveness(values: &[f32], width: usize) -> Vec<usize> {
    let mut alive = vec![0u32; width];
    for line in values.chunks_exact(width) {
        alive.iter_mut().zip(line).for_each(|(alive, value)| *alive += u32::from(*value > 0.0));
    }
    let mut order: Vec<usize> = (0..width).collect();
    order.sort_by_key(|&unit| std::cmp::Reverse(alive[unit]));
    order
}

/// Rows with their columns in another order.
fn reordered(values: &[f32], order: &[usize]) -> Vec<f32> {
    values.chunks_exact(order.len()).flat_map(|line| order.iter().map(|&column| line[column])).collect()
}

fn input_step(values: &[f32]) -> f32 {
    let largest = values.iter().fold(0.0f32, |most, x| most.max(*x));
    let range = if largest > 0.0 { largest * HEADROOM } else { 1.0 };
    range / f32::from(MAX_ACTIVATION)
}

fn apply(layer: &DenseLayer, inputs: &[f32]) -> Vec<f32> {
    let mut outputs = Vec::with_capacity(inputs.len() / layer.inputs * layer.outputs);
    for x in inputs.chunks_exact(layer.inputs) {
        for (line, bias) in layer.weights.chunks_exact(layer.inputs).zip(&layer.biases) {
            outputs.push(bias + line.iter().zip(x).map(|(w, x)| w * x).sum::<f32>());
        }
    }
    outputs
}
