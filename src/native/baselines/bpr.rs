//! Matrix factorisation fitted to orders: what a user liked shall stand before the rest.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{Ranker, Training};

/// Settings of [`Bpr`]; the defaults were chosen on a tenth of MovieLens-100K's `u1.base` (docs/baselines.md).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BprSettings {
    /// Length of a user's and an item's vector. 1 or more.
    pub embedding_dim: usize,
    /// Passes: each draws as many pairs as there are likes. 1 or more.
    pub epochs: usize,
    /// Step length. Above 0.
    pub learning_rate: f64,
    /// Pull of all parameters toward 0, per step. 0 or more.
    pub weight_decay: f64,
    /// Standard deviation of the first vectors. 0 or more.
    pub init_sd: f64,
}

impl Default for BprSettings {
    fn default() -> Self {
        Self { embedding_dim: 64, epochs: 100, learning_rate: 0.02, weight_decay: 0.03, init_sd: 0.1 }
    }
}

/// BPR-MF (S. Rendle et al., "BPR: Bayesian personalized ranking from implicit feedback", UAI 2009): `b(item) + p(user) q(item)`,
/// by gradient steps on `ln sigmoid(score of a liked item - score of another)`. The liked item is drawn among all likes, the other
/// among what the user is not known to like.
///
/// A user who is not known to like anything gets the items' offsets alone; an item that nobody liked keeps what being passed
/// over taught of it. One step follows another, so this runs on one thread.
#[derive(Debug, Clone)]
pub struct Bpr {
    dim: usize,
    users: Vec<f32>,
    items: Vec<f32>,
    offsets: Vec<f32>,
}

impl Bpr {
    /// Takes the steps.
    pub fn fit(training: &Training, settings: &BprSettings, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let dim = settings.embedding_dim;
        let mut start = |n: usize| -> Vec<f32> {
            (0..n * dim).map(|_| (settings.init_sd * super::fit::normal(&mut rng)) as f32).collect()
        };
        let (mut users, items) = (start(training.users()), start(training.items()));
        let liked = training.liked_items();
        for (user, _) in liked.iter().enumerate().filter(|(_, of)| of.is_empty()) {
            users[user * dim..(user + 1) * dim].fill(0.0);
        }
        let pairs: Vec<(u32, u32)> =
            (0u32..).zip(&liked).flat_map(|(user, of)| of.iter().map(move |item| (user, *item))).collect();
        let mut model = Self { dim, users, items, offsets: vec![0.0; training.items()] };
        for _ in 0..settings.epochs * pairs.len() {
            let (user, item) = pairs[rng.random_range(0..pairs.len())];
            let other = rng.random_range(0..training.items() as u32);
            if liked[user as usize].binary_search(&other).is_err() {
                model.step(user as usize, item as usize, other as usize, settings);
            }
        }
        model
    }

    fn step(&mut self, user: usize, item: usize, other: usize, settings: &BprSettings) {
        let (rate, decay, dim) = (settings.learning_rate as f32, settings.weight_decay as f32, self.dim);
        let p = &mut self.users[user * dim..(user + 1) * dim];
        let Ok([q, r]) = self.items.get_disjoint_mut([item * dim..(item + 1) * dim, other * dim..(other + 1) * dim])
        else {
            return;
        };
        let ahead = self.offsets[item] - self.offsets[other]
            + p.iter().zip(&*q).zip(&*r).map(|((p, q), r)| p * (q - r)).sum::<f32>();
        let push = 1.0 / (1.0 + ahead.exp());
        for ((p, q), r) in p.iter_mut().zip(q).zip(r) {
            let (of_user, of_item, of_other) = (*p, *q, *r);
            *p += rate * (push * (of_item - of_other) - decay * of_user);
            *q += rate * (push * of_user - decay * of_item);
            *r += rate * (-push * of_user - decay * of_other);
        }
        self.offsets[item] += rate * (push - decay * self.offsets[item]);
        self.offsets[other] += rate * (-push - decay * self.offsets[other]);
    }
}

impl Ranker for Bpr {
    fn name(&self) -> &'static str {
        "bpr"
    }

    fn scores(&self, user: Option<u32>, out: &mut [f32]) {
        let start = user.map_or(usize::MAX, |user| user as usize).saturating_mul(self.dim);
        let p = self.users.get(start..start.saturating_add(self.dim)).unwrap_or(&[]);
        for (item, (score, offset)) in out.iter_mut().zip(&self.offsets).enumerate() {
            let q = &self.items[item * self.dim..(item + 1) * self.dim];
            *score = offset + p.iter().zip(q).map(|(p, q)| p * q).sum::<f32>();
        }
    }
}
