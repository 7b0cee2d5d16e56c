//! Random numbers of a training, and what the weights are before it.
//!
//! Every purpose has its own stream of one ChaCha8 generator (candle's CPU generator cannot be seeded): drawing more of one
//! leaves the others as they are.

use candle_core::{Device, Result, Var};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What random numbers are drawn for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stream {
    /// The weights before training.
    Weights = 0,
    /// The order of samples.
    Order = 1,
    /// Which hidden values are dropped.
    Dropout = 2,
    /// Which samples hide their client or cleaner.
    Unknown = 3,
    /// What is done to the samples.
    Augmentation = 4,
    /// Which cleaners stand against the hired ones.
    Negatives = 5,
}

/// The generator for one purpose.
pub(super) fn stream(seed: u64, purpose: Stream) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(purpose as u64);
    rng
}

/// The generator for one purpose in one epoch: it needs no place in a checkpoint.
pub(super) fn epoch_stream(seed: u64, purpose: Stream, epoch: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(purpose as u64 | (epoch as u64 + 1) << 8);
    rng
}

/// A standard normal number (G. E. P. Box, M. E. Muller, 1958), from one draw of two numbers.
pub(super) fn normal(rng: &mut ChaCha8Rng) -> f32 {
    // In (0, 1], so that the logarithm is finite.
    let (radius, angle) = (1.0 - rng.random::<f64>(), rng.random::<f64>());
    (libm::sqrt(-2.0 * libm::log(radius)) * libm::cos(std::f64::consts::TAU * angle)) as f32
}

/// A table or matrix with values drawn evenly from -bound to bound.
pub(super) fn uniform(rng: &mut ChaCha8Rng, shape: &[usize], bound: f32) -> Result<Var> {
    let count = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|_| (rng.random::<f32>() * 2.0 - 1.0) * bound).collect();
    Var::from_vec(values, shape, &Device::Cpu)
}

/// The bound of PyTorch's `Linear` for weights and biases: `kaiming_uniform_` with a = √5 is 1/√fan_in.
pub(super) fn linear_bound(fan_in: usize) -> f32 {
    1.0 / (fan_in as f32).sqrt()
}

/// The bound of X. Glorot and Y. Bengio (AISTATS 2010) for a table of vectors; the one in the seed's embeddings.
pub(super) fn table_bound(rows: usize, width: usize) -> f32 {
    (6.0 / (rows + width) as f32).sqrt()
}

/// A dropout mask: 0 with probability `rate` (to 1/65536), else 1/(1 - rate). `None` if nothing is dropped.
pub(super) fn dropout_mask(rng: &mut ChaCha8Rng, count: usize, rate: f32) -> Option<Vec<f32>> {
    let dropped = (rate * 65536.0).round() as u16;
    if dropped == 0 {
        return None;
    }
    let mut bytes = vec![0u8; count * 2];
    rng.fill_bytes(&mut bytes);
    let kept = 1.0 / (1.0 - rate);
    let of_pair = |pair: &[u8]| if u16::from_le_bytes([pair[0], pair[1]]) < dropped { 0.0 } else { kept };
    Some(bytes.chunks_exact(2).map(of_pair).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_drops_its_share_and_keeps_the_mean() {
        let mask = dropout_mask(&mut stream(7, Stream::Dropout), 100_000, 0.2).unwrap();
        let dropped = mask.iter().filter(|&&m| m == 0.0).count() as f32 / 100_000.0;
        assert!((dropped - 0.2).abs() < 0.005, "{dropped}");
        assert!((mask.iter().sum::<f32>() / 100_000.0 - 1.0).abs() < 0.01);
        assert!(dropout_mask(&mut stream(7, Stream::Dropout), 10, 0.0).is_none());
    }

    #[test]
    fn streams_differ_and_repeat() {
        let draw = |purpose| stream(1, purpose).random::<u64>();
        assert_eq!(draw(Stream::Weights), draw(Stream::Weights));
        assert_ne!(draw(Stream::Weights), draw(Stream::Order));
    }

    #[test]
    fn a_generator_goes_on_from_its_position() {
        for drawn in [0usize, 1, 15, 16, 17, 1001] {
            let mut rng = stream(3, Stream::Dropout);
            let mut bytes = vec![0; drawn];
            rng.fill_bytes(&mut bytes);
            let mut other = stream(3, Stream::Dropout);
            other.set_word_pos(rng.get_word_pos());
            assert_eq!(rng.random::<[u64; 20]>(), other.random::<[u64; 20]>(), "after {drawn} bytes");
        }
        let draw = |epoch| epoch_stream(1, Stream::Negatives, epoch).random::<u64>();
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn normal_numbers_are_normal() {
        let mut rng = stream(5, Stream::Augmentation);
        let drawn: Vec<f64> = (0..100_000).map(|_| f64::from(normal(&mut rng))).collect();
        let moment = |power: i32| drawn.iter().map(|x| x.powi(power)).sum::<f64>() / drawn.len() as f64;
        // Standard errors of the first four moments: 0.0032, 0.0045, 0.012, 0.031.
        let off = [moment(1), moment(2) - 1.0, moment(3), moment(4) - 3.0];
        assert!(off.iter().zip([0.012, 0.018, 0.05, 0.13]).all(|(off, bound)| off.abs() < bound), "{off:?}");
    }

    #[test]
    fn the_bounds_are_those_of_the_seed() {
        // seeds/000: standard deviations 0.0630 and 0.0906 after training; a uniform bound b has b / √3.
        assert!((table_bound(507, 64) / 3f32.sqrt() - 0.0592).abs() < 1e-3);
        assert!((table_bound(211, 64) / 3f32.sqrt() - 0.0853).abs() < 1e-3);
    }
}
