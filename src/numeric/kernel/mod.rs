//! The forward pass of one block of candidates: a scalar reference and SIMD kernels that give the same integers.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;
#[cfg_attr(not(any(target_arch = "x86_64", target_arch = "wasm32", target_arch = "aarch64")), allow(dead_code))]
mod vector;

use super::linear::{Int8Linear, padded};
use super::stack::{Int8Output, MAX_PAIR_FEATURES};

/// Outputs per panel of packed weights.
pub(super) const PANEL: usize = 16;
/// Candidates that go through the layers together: their activations and the weights fit in a first-level cache.
pub(super) const BLOCK: usize = 16;

/// The weights of a panel's outputs for two inputs: output 0's for both, then output 1's, … One cache line.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[repr(C, align(64))]
pub(super) struct PairOfInputs(pub(super) [i16; 2 * PANEL]);

/// Which kernel multiplies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// Plain Rust: the reference, and the fallback.
    Scalar,
    /// 256-bit x86 vectors.
    Avx2,
    /// 512-bit x86 vectors that multiply and add in one instruction.
    Avx512Vnni,
    /// 128-bit ARM vectors.
    Neon,
    /// 128-bit WebAssembly vectors.
    Simd128,
}

/// One block: at most [`BLOCK`] candidates, in the terms of [`FirstLayer`](super::stack::FirstLayer).
pub(super) struct Block<'a> {
    pub(super) query: &'a [i16],
    /// One row per candidate.
    pub(super) items: &'a [&'a [i16]],
    pub(super) pair_weights: &'a [i16],
    pub(super) pairs: &'a [[i16; MAX_PAIR_FEATURES]; BLOCK],
    pub(super) hidden: &'a [Int8Linear],
    pub(super) output: &'a Int8Output,
}

/// The activations of a block: one layer's and the next one's.
#[derive(Debug, Clone, Default)]
pub(super) struct Buffers {
    /// Twice [`BLOCK`] rows of [`STRIDE`](Self::STRIDE) codes.
    codes: Vec<i16>,
    /// Per unit, the bits that are set in any candidate: 0 where the unit is 0 in all of them.
    any: Vec<i16>,
    /// Pairs of units of which one is not 0 in some candidate.
    live: Vec<u16>,
}

impl Buffers {
    /// Codes from one row to the next, whatever the layer: addresses are then constants apart. An odd number of cache lines,
    /// so that rows do not fall on each other.
    pub(super) const STRIDE: usize = 1056;

    fn prepare(&mut self) {
        self.codes.resize(2 * BLOCK * Self::STRIDE, 0);
        self.any.resize(Self::STRIDE, 0);
        self.live.resize(Self::STRIDE / 2, 0);
    }
}

impl Kernel {
    /// All kernels that this build and this processor have, the slowest first.
    pub fn available() -> Vec<Self> {
        let all = [Self::Scalar, Self::Avx2, Self::Avx512Vnni, Self::Neon, Self::Simd128];
        all.into_iter().filter(|kernel| kernel.is_available()).collect()
    }

    /// The fastest of them.
    pub fn detect() -> Self {
        let fast = [Self::Avx512Vnni, Self::Avx2, Self::Neon, Self::Simd128];
        fast.into_iter().find(|kernel| kernel.is_available()).unwrap_or(Self::Scalar)
    }

    /// Whether this build and this processor have it.
    pub fn is_available(self) -> bool {
        match self {
            Self::Scalar => true,
            // Every 64-bit ARM processor that std runs on has it.
            Self::Neon => cfg!(target_arch = "aarch64"),
            Self::Simd128 => cfg!(all(target_arch = "wasm32", target_feature = "simd128")),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => std::arch::is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni => {
                use std::arch::is_x86_feature_detected as has;
                has!("avx2") && has!("avx512f") && has!("avx512bw") && has!("avx512vnni")
            }
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512Vnni => false,
        }
    }

    /// Its name in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
            Self::Avx512Vnni => "avx512vnni",
            Self::Neon => "neon",
            Self::Simd128 => "simd128",
        }
    }

    /// This kernel, or the scalar one where it is not to be had.
    pub(super) fn or_scalar(self) -> Self {
        if self.is_available() { self } else { Self::Scalar }
    }

    /// The outputs of the candidates of a block. `self` must come from [`or_scalar`](Self::or_scalar).
    pub(super) fn forward(self, block: &Block<'_>, buffers: &mut Buffers, out: &mut [f32]) {
        block.check(out.len());
        buffers.prepare();
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => avx2::forward(block, buffers, out),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni => avx512::forward(block, buffers, out),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => neon::forward(block, buffers, out),
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Self::Simd128 => simd128::forward(block, buffers, out),
            _ => scalar::forward(block, buffers, out),
        }
    }
}

impl Block<'_> {
    /// The kernels read and write without further checks: this is the invariant they rest on. That layers fit together was
    /// checked when they were put together, that none has more than [`Buffers::STRIDE`] inputs when it was made.
    fn check(&self, outputs: usize) {
        let width = padded(self.hidden.first().map_or(self.output.inputs(), Int8Linear::inputs));
        assert!(self.query.len() == width && self.items.iter().all(|item| item.len() == width));
        assert!(self.pair_weights.is_empty() || self.pair_weights.len() == MAX_PAIR_FEATURES * width);
        assert!(self.items.len() <= BLOCK && outputs == self.items.len());
    }
}
