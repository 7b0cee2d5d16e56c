//! Matrix factorisation of who liked what, by alternating least squares.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Ranker, Training, cholesky};

/// Settings of [`Als`]; the defaults were chosen on a tenth of MovieLens-100K's `u1.base` (docs/baselines.md).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlsSettings {
    /// Length of a user's and an item's vector. 1 or more.
    pub embedding_dim: usize,
    /// Passes over items and users. 1 or more.
    pub epochs: usize,
    /// How much more a liked item counts than any other, which counts 1. Above 0.
    pub confidence: f64,
    /// Pull of the vectors toward 0. Above 0.
    pub weight_decay: f64,
    /// Standard deviation of the first vectors. Above 0.
    pub init_sd: f64,
}

impl Default for AlsSettings {
    fn default() -> Self {
        Self { embedding_dim: 64, epochs: 15, confidence: 4.0, weight_decay: 30.0, init_sd: 0.1 }
    }
}

/// Y. Hu, Y. Koren, C. Volinsky, "Collaborative filtering for implicit feedback datasets", ICDM 2008: `p(user) q(item)` fitted to 1
/// where the user liked the item, and to 0 elsewhere, where it counts less. Every vector is solved exactly.
///
/// A user who is not known to like anything gets 0 for everything, and so does an item that nobody liked.
#[derive(Debug, Clone)]
pub struct Als {
    dim: usize,
    users: Vec<f64>,
    items: Vec<f64>,
}

impl Als {
    /// Alternates between users and items.
    pub fn fit(training: &Training, settings: &AlsSettings, seed: u64) -> Self {
        let dim = settings.embedding_dim;
        let by_user = training.liked_items();
        let mut by_item = vec![Vec::new(); training.items()];
        for (user, of) in (0u32..).zip(&by_user) {
            of.iter().for_each(|item| by_item[*item as usize].push(user));
        }
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut items: Vec<f64> =
            (0..by_item.len() * dim).map(|_| settings.init_sd * super::fit::normal(&mut rng)).collect();
        let mut users = Vec::new();
        for _ in 0..settings.epochs {
            users = solve_all(&by_user, &items, settings);
            items = solve_all(&by_item, &users, settings);
        }
        Self { dim, users, items }
    }

    #[cfg(test)]
    pub(super) fn norm_of_item(&self, item: usize) -> f64 {
        self.items[item * self.dim..(item + 1) * self.dim].iter().map(|x| x * x).sum()
    }
}

/// The vectors of one side, given those of the other: (Y'Y + c Y_u'Y_u + decay I) x = (1 + c) sum of Y_u, where Y_u are the vectors
/// of what this one goes with.
fn solve_all(lists: &[Vec<u32>], others: &[f64], settings: &AlsSettings) -> Vec<f64> {
    let dim = settings.embedding_dim;
    let mut gram = vec![0.0; dim * dim];
    others.chunks_exact(dim).for_each(|other| add_outer(&mut gram, other, 1.0));
    (0..dim).for_each(|at| gram[at * dim + at] += settings.weight_decay);
    let solve = |of: &Vec<u32>| {
        let mut x = vec![0.0; dim];
        if of.is_empty() {
            return x;
        }
        let mut matrix = gram.clone();
        for other in of {
            let other = &others[*other as usize * dim..(*other as usize + 1) * dim];
            add_outer(&mut matrix, other, settings.confidence);
            x.iter_mut().zip(other).for_each(|(x, other)| *x += (1.0 + settings.confidence) * other);
        }
        cholesky::solve(&mut matrix, &mut x);
        x
    };
    lists.par_iter().map(solve).collect::<Vec<_>>().concat()
}

/// Adds weight * v v' to the lower half of a matrix by rows.
fn add_outer(matrix: &mut [f64], v: &[f64], weight: f64) {
    for (at, (row, scale)) in matrix.chunks_exact_mut(v.len()).zip(v).enumerate() {
        let scale = weight * scale;
        row[..=at].iter_mut().zip(v).for_each(|(cell, v)| *cell += scale * v);
    }
}

impl Ranker for Als {
    fn name(&self) -> &'static str {
        "als"
    }

    fn scores(&self, user: Option<u32>, out: &mut [f32]) {
        let start = user.map_or(usize::MAX, |user| user as usize).saturating_mul(self.dim);
        let p = self.users.get(start..start.saturating_add(self.dim)).unwrap_or(&[]);
        for (score, q) in out.iter_mut().zip(self.items.chunks_exact(self.dim)) {
            *score = p.iter().zip(q).map(|(p, q)| p * q).sum::<f64>() as f32;
        }
    }
}
