//! A training that starts from an earlier model instead of from chance: rows by id, everything else as it is.
//!
//! Inputs go on being normalised as the earlier model learned them. A client or cleaner whom it did not know starts as its unknown
//! row, a property type as the mean of those that it knew. Whom the new training part says nothing of keeps the earlier row: decay
//! would empty it.

use std::collections::HashMap;

use candle_core::{Device, Tensor, Var};

use super::TrainError;
use super::hybrid::{Hybrid, Linear, NORM_EPSILON, Norm};
use super::ops::with_values;
use super::state::{self, Names};
use crate::artifact::Tensors;
use crate::features::Normaliser;

/// What a training keeps of an earlier model while its weights move on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Inherited {
    /// How inputs are normalised.
    pub(super) normaliser: Normaliser,
    /// Rows of clients and of cleaners that the earlier model had learned, ascending, and then their values.
    pub(super) rows: [Vec<u32>; 2],
    pub(super) values: [Vec<f32>; 2],
}

impl Inherited {
    /// Puts the values of an earlier model into a network for these names.
    ///
    /// # Errors
    /// [`TrainError::Start`] for a network of another shape, [`TrainError::Artifact`] for a file that is no such model or was made
    /// for other features.
    pub(super) fn take(model: &mut Hybrid, names: &Names, from: &Tensors) -> Result<Self, TrainError> {
        let (earlier, normaliser) = state::read(from)?;
        let known = state::names(from)?;
        same_shape(model, &earlier)?;
        let users = take_rows(&model.users, &names.users, &earlier.users, &known.users)?;
        let items = take_rows(&model.items, &names.items, &earlier.items, &known.items)?;
        take_categories(model, &names.categories, &earlier, &known.categories)?;
        for (to, from) in [(&model.collaborative, &earlier.collaborative), (&model.content, &earlier.content)] {
            for (to, from) in to.iter().zip(from) {
                to.weight.set(from.weight.as_tensor())?;
                to.bias.set(from.bias.as_tensor())?;
            }
        }
        model.logit.set(earlier.logit.as_tensor())?;
        if model.norms.is_empty() {
            let plain = earlier.norms.iter().map(is_identity).collect::<Result<Vec<_>, _>>()?;
            if plain.contains(&false) {
                let reason = "it has batch norms, and model.batch_norm = false".to_owned();
                return Err(TrainError::Start { reason });
            }
        } else {
            model.norms.iter().zip(&earlier.norms).try_for_each(|(to, from)| {
                to.weight.set(from.weight.as_tensor())?;
                to.bias.set(from.bias.as_tensor())
            })?;
            for (to, from) in model.norms.iter_mut().zip(earlier.norms) {
                (to.mean, to.variance, to.batches) = (from.mean, from.variance, from.batches);
            }
        }
        let ((users, of_users), (items, of_items)) = (users, items);
        Ok(Self { normaliser, rows: [users, items], values: [of_users, of_items] })
    }

    /// Keeps the rows that the new training part says nothing of.
    pub(super) fn without(mut self, seen: &[Vec<bool>; 2]) -> Self {
        for ((rows, values), seen) in self.rows.iter_mut().zip(&mut self.values).zip(seen) {
            let width = values.len() / rows.len().max(1);
            let kept: Vec<usize> = (0..rows.len()).filter(|&at| !seen[rows[at] as usize]).collect();
            *values = kept.iter().flat_map(|&at| values[at * width..][..width].to_vec()).collect();
            *rows = kept.iter().map(|&at| rows[at]).collect();
        }
        self
    }

    /// Puts the rows back into a network.
    pub(super) fn put_rows(&self, model: &Hybrid) -> Result<(), TrainError> {
        for (table, (rows, values)) in [&model.users, &model.items].into_iter().zip(self.rows.iter().zip(&self.values))
        {
            if rows.is_empty() {
                continue;
            }
            let width = table.dim(1)?;
            let mut all = with_values(table, <[f32]>::to_vec)?;
            for (&row, kept) in rows.iter().zip(values.chunks_exact(width)) {
                all[row as usize * width..][..width].copy_from_slice(kept);
            }
            table.set(&Tensor::from_vec(all, table.shape(), &Device::Cpu)?)?;
        }
        Ok(())
    }
}

fn same_shape(model: &Hybrid, earlier: &Hybrid) -> Result<(), TrainError> {
    let widths = |model: &Hybrid| -> Result<Vec<usize>, TrainError> {
        let mut widths = vec![model.users.dim(1)?, model.categories.dim(1)?];
        widths.extend(model.content[..3].iter().map(|layer: &Linear| layer.bias.elem_count()));
        Ok(widths)
    };
    let (here, there) = (widths(model)?, widths(earlier)?);
    if here == there {
        return Ok(());
    }
    let reason = format!("its embedding_dim, category_dim and hidden are {there:?}, the recipe's {here:?}");
    Err(TrainError::Start { reason })
}

/// Fills a table for `names` with the rows of an earlier one; gives back the rows that it knew, and their values.
fn take_rows(
    table: &Var,
    names: &[String],
    earlier: &Var,
    known: &[String],
) -> Result<(Vec<u32>, Vec<f32>), TrainError> {
    let places: HashMap<&str, usize> = known.iter().enumerate().map(|(at, id)| (id.as_str(), at + 1)).collect();
    let width = table.dim(1)?;
    let from = with_values(earlier, <[f32]>::to_vec)?;
    let row = |at: usize| &from[at * width..][..width];
    let (mut all, mut rows, mut values) = (row(0).to_vec(), Vec::new(), Vec::new());
    for (at, id) in names.iter().enumerate() {
        let place = places.get(id.as_str()).copied().unwrap_or(0);
        all.extend(row(place));
        // A row that equals the unknown one was never learned.
        if place > 0 && row(place) != row(0) {
            rows.push(at as u32 + 1);
            values.extend(row(place));
        }
    }
    table.set(&Tensor::from_vec(all, table.shape(), &Device::Cpu)?)?;
    Ok((rows, values))
}

fn take_categories(model: &Hybrid, names: &[String], earlier: &Hybrid, known: &[String]) -> Result<(), TrainError> {
    let width = model.categories.dim(1)?;
    let from = with_values(&earlier.categories, <[f32]>::to_vec)?;
    let count = known.len().max(1) as f32;
    let mean: Vec<f32> = (0..width).map(|at| from.iter().skip(at).step_by(width).sum::<f32>() / count).collect();
    let mut all: Vec<f32> = Vec::with_capacity(names.len() * width);
    for name in names {
        match known.iter().position(|other| other == name) {
            Some(at) => all.extend(&from[at * width..][..width]),
            None => all.extend(&mean),
        }
    }
    Ok(model.categories.set(&Tensor::from_vec(all, model.categories.shape(), &Device::Cpu)?)?)
}

/// Whether a norm changes nothing, as it is stored for a network without norms.
fn is_identity(norm: &Norm) -> Result<bool, TrainError> {
    let all = |values: &[f32], value: f32| values.iter().all(|&found| found == value);
    let weight = with_values(&norm.weight, |values| all(values, 1.0))?;
    let bias = with_values(&norm.bias, |values| all(values, 0.0))?;
    Ok(weight && bias && all(&norm.mean, 0.0) && all(&norm.variance, 1.0 - NORM_EPSILON))
}
