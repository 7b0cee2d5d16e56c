//! The forward pass of a block, written once for all vector units.
//!
//! Everything here is inlined into a function that has the features of its vector unit.
#![allow(unsafe_code)]

use super::{BLOCK, Block, Buffers, MAX_PAIR_FEATURES, PANEL, padded};
use crate::numeric::linear::Int8Linear;

/// A vector unit.
///
/// # Safety
/// All methods may be called only where the processor has the unit. Pointers must be readable, or writable, for as many
/// values as is said; alignment does not matter.
pub(super) trait Unit {
    /// [`LANES`](Self::LANES) values of i16.
    type Codes: Copy;
    /// The weights of `LANES` outputs for a pair of inputs.
    type Weights: Copy;
    /// A pair of activations, broadcast.
    type Pair: Copy;
    /// i32 sums of `LANES` outputs.
    type Sums: Copy;
    /// Divides [`PANEL`].
    const LANES: usize;
    /// Blocks are filled up to a multiple of so many candidates; divides [`BLOCK`].
    const ROWS: usize;

    /// `LANES` values.
    unsafe fn load(at: *const i16) -> Self::Codes;
    /// `LANES` values.
    unsafe fn store(at: *mut i16, codes: Self::Codes);
    unsafe fn splat(code: i16) -> Self::Codes;
    /// Saturating.
    unsafe fn add(a: Self::Codes, b: Self::Codes) -> Self::Codes;
    /// [`multiply_round`](crate::numeric::int8::multiply_round).
    unsafe fn multiply_round(a: Self::Codes, b: Self::Codes) -> Self::Codes;
    /// To 0..=16383.
    unsafe fn clamp(codes: Self::Codes) -> Self::Codes;
    unsafe fn or(a: Self::Codes, b: Self::Codes) -> Self::Codes;
    /// `Σ a * b` of `count` values, a multiple of [`PANEL`].
    unsafe fn dot(a: *const i16, b: *const i16, count: usize) -> i32;

    /// `2 * LANES` values.
    unsafe fn weights(at: *const i16) -> Self::Weights;
    /// 2 values.
    unsafe fn pair(at: *const i16) -> Self::Pair;
    unsafe fn zero() -> Self::Sums;
    unsafe fn multiply_add(sums: Self::Sums, weights: Self::Weights, pair: Self::Pair) -> Self::Sums;
    /// [`activation_code`](crate::numeric::int8::activation_code) of `sums * multipliers + biases`, `LANES` values each.
    unsafe fn activations(sums: Self::Sums, multipliers: *const f32, biases: *const f32) -> Self::Codes;
    /// A hidden layer, by [`tile`]s of the shapes that suit the unit.
    unsafe fn hidden(layer: &Hidden<'_>);
}

/// A hidden layer at work.
pub(super) struct Hidden<'a> {
    layer: &'a Int8Linear,
    live: &'a [u16],
    /// A multiple of [`Unit::ROWS`].
    pub(super) rows: usize,
    /// `rows` rows of [`Buffers::STRIDE`].
    codes: *const i16,
    /// As many.
    out: *mut i16,
    /// As many values as there are padded outputs.
    any: *mut i16,
}

impl Hidden<'_> {
    /// Outputs, padding included.
    pub(super) fn outputs(&self) -> usize {
        padded(self.layer.outputs())
    }
}

/// The outputs of a block.
///
/// # Safety
/// The processor has the unit; the block was checked and the buffers were prepared.
#[inline(always)]
pub(super) unsafe fn forward<U: Unit>(block: &Block<'_>, buffers: &mut Buffers, out: &mut [f32]) {
    let rows = block.items.len().next_multiple_of(U::ROWS);
    let (codes, next) = buffers.codes.split_at_mut(BLOCK * Buffers::STRIDE);
    let (mut codes, mut next) = (codes.as_mut_ptr(), next.as_mut_ptr());
    // SAFETY: rows are no longer than STRIDE, `any` and `live` have room for all units and pairs of one.
    unsafe {
        if block.pair_weights.is_empty() {
            first::<U, false>(block, codes, buffers.any.as_mut_ptr());
        } else {
            first::<U, true>(block, codes, buffers.any.as_mut_ptr());
        }
        for layer in block.hidden {
            let live = live_pairs(&buffers.any[..2 * layer.pairs()], &mut buffers.live);
            let outputs = padded(layer.outputs());
            buffers.any[..outputs].fill(0);
            U::hidden(&Hidden { layer, live, rows, codes, out: next, any: buffers.any.as_mut_ptr() });
            (codes, next) = (next, codes);
        }
        let weights = block.output.padded_weights();
        for (at, out) in out.iter_mut().enumerate() {
            let sum = U::dot(weights.as_ptr(), codes.add(at * Buffers::STRIDE), weights.len());
            *out = sum as f32 * block.output.multiplier() + block.output.bias();
        }
    }
}

/// The first layer, some units of all candidates at a time, so that what candidates share stays in registers.
#[inline(always)]
unsafe fn first<U: Unit, const PAIRS: bool>(block: &Block<'_>, codes: *mut i16, any: *mut i16) {
    let width = block.query.len();
    let (query, pair_weights) = (block.query.as_ptr(), block.pair_weights.as_ptr());
    // SAFETY: rows are `width` long, a multiple of LANES; there are two rows of pair weights where there are any.
    unsafe {
        for at in (0..width).step_by(U::LANES) {
            let query = U::load(query.add(at));
            let mut weights = [U::splat(0); MAX_PAIR_FEATURES];
            if PAIRS {
                weights = [U::load(pair_weights.add(at)), U::load(pair_weights.add(width + at))];
            }
            let mut merged = U::splat(0);
            for (row, item) in block.items.iter().enumerate() {
                let mut sum = U::add(query, U::load(item.as_ptr().add(at)));
                if PAIRS {
                    let [a, b] = *block.pairs.get_unchecked(row);
                    let a = U::multiply_round(U::splat(a), weights[0]);
                    let b = U::multiply_round(U::splat(b), weights[1]);
                    sum = U::add(sum, U::add(a, b));
                }
                let code = U::clamp(sum);
                merged = U::or(merged, code);
                U::store(codes.add(row * Buffers::STRIDE + at), code);
            }
            U::store(any.add(at), merged);
        }
    }
}

/// The pairs of units of which one is not 0. After ReLU many units are 0 for all candidates of a query.
#[inline(always)]
fn live_pairs<'a>(any: &[i16], live: &'a mut [u16]) -> &'a [u16] {
    let mut count = 0;
    for (pair, any) in any.chunks_exact(2).enumerate() {
        live[count] = pair as u16;
        count += usize::from(any[0] | any[1] != 0);
    }
    &live[..count]
}

/// `ROWS` candidates from `row` and `SUMS` times [`Unit::LANES`] outputs from `output`.
///
/// # Safety
/// The processor has the unit; rows and outputs exist.
#[inline(always)]
pub(super) unsafe fn tile<U: Unit, const ROWS: usize, const SUMS: usize>(
    hidden: &Hidden<'_>,
    row: usize,
    output: usize,
) {
    let Hidden { layer, live, .. } = *hidden;
    let panel = 2 * PANEL * layer.pairs();
    let (multipliers, biases) = layer.padded_affine();
    // SAFETY: weights of whole panels for all pairs, of which the live ones are some; rows are STRIDE apart.
    unsafe {
        let packed = layer.packed().as_ptr().cast::<i16>();
        let mut starts = [packed; SUMS];
        for (at, start) in starts.iter_mut().enumerate() {
            let output = output + at * U::LANES;
            *start = packed.add(output / PANEL * panel + output % PANEL * 2);
        }
        let codes = hidden.codes.add(row * Buffers::STRIDE);
        let mut sums = [[U::zero(); SUMS]; ROWS];
        for pair in live {
            let pair = usize::from(*pair);
            let mut weights = [U::weights(starts[0].add(pair * 2 * PANEL)); SUMS];
            for at in 1..SUMS {
                weights[at] = U::weights(starts[at].add(pair * 2 * PANEL));
            }
            let codes = codes.add(2 * pair);
            for (row, sums) in sums.iter_mut().enumerate() {
                let x = U::pair(codes.add(row * Buffers::STRIDE));
                for (sum, weights) in sums.iter_mut().zip(weights) {
                    *sum = U::multiply_add(*sum, weights, x);
                }
            }
        }
        for at in 0..SUMS {
            let output = output + at * U::LANES;
            let mut merged = U::load(hidden.any.add(output));
            for (r, sums) in sums.iter().enumerate() {
                let codes = U::activations(sums[at], multipliers.as_ptr().add(output), biases.as_ptr().add(output));
                merged = U::or(merged, codes);
                U::store(hidden.out.add((row + r) * Buffers::STRIDE + output), codes);
            }
            U::store(hidden.any.add(output), merged);
        }
    }
}
