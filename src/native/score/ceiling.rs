//! What the machine can multiply and add at most, and what a model asks of it.

use std::time::{Duration, Instant};

use rayon::ThreadPool;

use crate::artifact::Tensors;
use crate::numeric::{Kernel, register_macs};

/// How long the ceiling is measured.
const PERIOD: Duration = Duration::from_millis(100);
/// Steps between two looks at the clock: some tens of microseconds.
const STEPS: usize = 10_000;

/// MACs (multiplications with their additions) of one candidate in the int8 layers of a model, without the first layer, whose
/// shares are computed once for all jobs or all candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Macs {
    /// Of the collaborative branch, which a client's next job finds computed.
    pub collaborative: u64,
    /// Of the content branch.
    pub content: u64,
}

impl Macs {
    /// Those of an int8 model.
    pub fn of(model: &Tensors) -> Self {
        let branch = |branch: &str| {
            let weight = |name: &&str| {
                let part = name.strip_prefix(branch).and_then(|name| name.strip_suffix(".weight"));
                part.is_some_and(|part| part != ".layers.0")
            };
            let shape = |name: &str| model.shape(name).map_or(0, |shape| shape.iter().product::<usize>() as u64);
            model.names().filter(weight).map(shape).sum()
        };
        Self { collaborative: branch("collaborative"), content: branch("content") }
    }
}

/// MACs per second that all threads of a pool reach together on values in registers; `None` where there is no instruction
/// to measure.
pub fn ceiling(pool: &ThreadPool, kernel: Kernel) -> Option<f64> {
    let rates = pool.broadcast(|_| {
        let (began, mut macs) = (Instant::now(), 0);
        while began.elapsed() < PERIOD {
            macs += register_macs(kernel, STEPS)?;
        }
        Some(macs as f64 / began.elapsed().as_secs_f64())
    });
    rates.into_iter().sum()
}
