//! Matrix factorisation with biases, fitted to ratings by gradient steps.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{Ranker, Training};

/// Width of the scale that the settings are for: ratings of 1 to 5.
const WIDTH: f64 = 4.0;

/// Settings of [`Svd`]; the defaults are those of Surprise's `SVD`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SvdSettings {
    /// Length of a user's and an item's vector. 1 or more.
    pub embedding_dim: usize,
    /// Passes over the ratings. 1 or more.
    pub epochs: usize,
    /// Step length. Above 0.
    pub learning_rate: f64,
    /// Pull of all parameters toward 0, per step. 0 or more.
    pub weight_decay: f64,
    /// Standard deviation of the first vectors. 0 or more.
    pub init_sd: f64,
}

impl Default for SvdSettings {
    fn default() -> Self {
        Self { embedding_dim: 100, epochs: 20, learning_rate: 0.005, weight_decay: 0.02, init_sd: 0.1 }
    }
}

/// `mean + b(user) + b(item) + p(user) q(item)` (S. Funk 2006; Y. Koren, R. Bell, C. Volinsky, "Matrix factorization techniques for
/// recommender systems", Computer 2009), by stochastic gradient steps over the ratings user by user, as Surprise takes them.
///
/// Step length and first vectors are for ratings of 1 to 5: on another scale the steps are those of ratings stretched to a width
/// of 4. What has no training row has no part in the sum: offset and product are 0. One step follows another, so this runs on one
/// thread.
#[derive(Debug, Clone)]
pub struct Svd {
    mean: f64,
    /// What ratings are multiplied by while fitting.
    unit: f64,
    dim: usize,
    users: Side,
    items: Side,
}

/// The parameters of users or of items.
#[derive(Debug, Clone)]
struct Side {
    offsets: Vec<f64>,
    vectors: Vec<f64>,
}

impl Side {
    fn new(n: usize, settings: &SvdSettings, rng: &mut ChaCha8Rng) -> Self {
        let vectors = (0..n * settings.embedding_dim).map(|_| settings.init_sd * super::fit::normal(rng)).collect();
        Self { offsets: vec![0.0; n], vectors }
    }

    /// Forgets the first, random vector of whatever has no training row.
    fn clear(&mut self, dim: usize, at: usize) {
        self.vectors[at * dim..(at + 1) * dim].fill(0.0);
    }
}

impl Svd {
    /// Takes the steps.
    pub fn fit(training: &Training, settings: &SvdSettings, seed: u64) -> Self {
        let (dim, rate, decay) = (settings.embedding_dim, settings.learning_rate, settings.weight_decay);
        let width = f64::from(training.scale().high) - f64::from(training.scale().low);
        let unit = if width > 0.0 { WIDTH / width } else { 1.0 };
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut model = Self {
            mean: training.mean() * unit,
            unit,
            dim,
            users: Side::new(training.users(), settings, &mut rng),
            items: Side::new(training.items(), settings, &mut rng),
        };
        for _ in 0..settings.epochs {
            for user in 0..training.users() {
                for (item, value) in training.of_user(user as u32) {
                    model.step(user, *item as usize, unit * f64::from(*value), rate, decay);
                }
            }
        }
        (0..training.users())
            .filter(|at| training.of_user(*at as u32).is_empty())
            .for_each(|at| model.users.clear(dim, at));
        (0..training.items())
            .filter(|at| training.of_item(*at as u32).is_empty())
            .for_each(|at| model.items.clear(dim, at));
        model
    }

    fn step(&mut self, user: usize, item: usize, value: f64, rate: f64, decay: f64) {
        let p = &mut self.users.vectors[user * self.dim..(user + 1) * self.dim];
        let q = &mut self.items.vectors[item * self.dim..(item + 1) * self.dim];
        let (of_user, of_item) = (&mut self.users.offsets[user], &mut self.items.offsets[item]);
        let error = value - (self.mean + *of_user + *of_item + dot(p, q));
        *of_user += rate * (error - decay * *of_user);
        *of_item += rate * (error - decay * *of_item);
        for (p, q) in p.iter_mut().zip(q) {
            let before = *p;
            *p += rate * (error * *q - decay * before);
            *q += rate * (error * before - decay * *q);
        }
    }
}

/// Eight sums side by side, so that it runs in vectors; the order is the same everywhere.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (blocks, rest) = a.as_chunks::<8>();
    let (others, other_rest) = b.as_chunks::<8>();
    for (a, b) in blocks.iter().zip(others) {
        sums.iter_mut().zip(a).zip(b).for_each(|((sum, a), b)| *sum += a * b);
    }
    sums.iter().sum::<f64>() + rest.iter().zip(other_rest).map(|(a, b)| a * b).sum::<f64>()
}

impl Ranker for Svd {
    fn name(&self) -> &'static str {
        "svd"
    }

    fn scores(&self, user: Option<u32>, out: &mut [f32]) {
        let known = user.map(|user| user as usize).filter(|user| *user < self.users.offsets.len());
        let base = self.mean + known.map_or(0.0, |user| self.users.offsets[user]);
        let p = known.map(|user| &self.users.vectors[user * self.dim..(user + 1) * self.dim]);
        for (item, (score, offset)) in out.iter_mut().zip(&self.items.offsets).enumerate() {
            let product = p.map_or(0.0, |p| dot(p, &self.items.vectors[item * self.dim..(item + 1) * self.dim]));
            *score = ((base + offset + product) / self.unit) as f32;
        }
    }

    fn predicts_ratings(&self) -> bool {
        true
    }
}
