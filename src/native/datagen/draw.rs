//! Random draws whose values depend on the seed alone: no draw uses an algorithm that a library may change.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a stream of draws is for. Every cleaner, client and job has one of its own.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stream {
    Tiers = 1,
    Cleaner = 2,
    Client = 3,
    Clock = 4,
    Job = 5,
    Names = 6,
    Hours = 7,
    WhatIf = 8,
}

/// One stream of draws.
#[derive(Debug, Clone)]
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    pub(super) fn new(seed: u64, stream: Stream, index: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(((stream as u64) << 56) | index);
        Self(rng)
    }

    /// Uniform in (0, 1): the middles of 2^52 equal cells.
    pub(super) fn unit(&mut self) -> f64 {
        ((self.0.next_u64() >> 12) as f64 + 0.5) / (1u64 << 52) as f64
    }

    /// Uniform between the bounds.
    pub(super) fn range(&mut self, (low, high): (f64, f64)) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform in `0..n`; `n` is at least 1.
    pub(super) fn below(&mut self, n: usize) -> usize {
        ((self.unit() * n as f64) as usize).min(n - 1)
    }

    /// True with this probability.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Normal with this standard deviation (G. E. P. Box and M. E. Muller, 1958).
    pub(super) fn normal(&mut self, sd: f64) -> f64 {
        let radius = (-2.0 * libm::log(self.unit())).sqrt();
        sd * radius * libm::cos(2.0 * std::f64::consts::PI * self.unit())
    }

    /// Exponential with mean 1.
    pub(super) fn exponential(&mut self) -> f64 {
        -libm::log(self.unit())
    }

    /// Standard Gumbel: added to utilities, the highest sum is a draw from their softmax.
    pub(super) fn gumbel(&mut self) -> f64 {
        -libm::log(self.exponential())
    }

    /// An index with these probabilities.
    pub(super) fn pick(&mut self, shares: impl Iterator<Item = f64>) -> usize {
        let mut left = self.unit();
        let mut last = 0;
        for (at, share) in shares.enumerate() {
            last = at;
            if left < share {
                break;
            }
            left -= share;
        }
        last
    }

    /// Puts the values in random order (Fisher and Yates).
    pub(super) fn shuffle<T>(&mut self, values: &mut [T]) {
        for last in (1..values.len()).rev() {
            values.swap(last, self.below(last + 1));
        }
    }
}
