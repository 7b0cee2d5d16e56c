//! Chance: what a ranking is worth that knows nothing.

use super::Ranker;
use crate::domain::SeededRng;

/// Every user gets an order of their own, drawn by the seed; asked again, the same.
#[derive(Debug, Clone)]
pub struct Random {
    seed: u64,
}

impl Random {
    /// The orders of a seed.
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }
}

impl Ranker for Random {
    fn name(&self) -> &'static str {
        "random"
    }

    /// Uniform in (0, 1). All users of whom nothing is known share one order.
    fn scores(&self, user: Option<u32>, out: &mut [f32]) {
        let user = user.map_or(0, |user| u64::from(user) + 1);
        // The odd constant of SplitMix64 keeps the streams of neighbouring users apart.
        let mut rng = SeededRng::new(self.seed ^ user.wrapping_mul(0xd134_2543_de82_ef95));
        out.iter_mut().for_each(|score| *score = rng.unit() as f32);
    }
}
