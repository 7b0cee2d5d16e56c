//! Loops that multiply and add and do nothing else. "Registers": independent chains whose operands never leave them. "Tile": the
//! inner loop of a matrix product, `M` candidates by `N` vectors of outputs, weights and activations streamed from the
//! first-level cache, `K` inputs (128: the widest layer of the network).

use core::arch::wasm32::*;
use core::hint::black_box;

const INPUTS: usize = 128;
/// Values of one kind that a tile reads: the largest tile's candidates or outputs times the inputs.
const VALUES: usize = 16 * INPUTS;

#[repr(align(16))]
struct Aligned<T>([T; VALUES]);

static WORDS: Aligned<i16> = Aligned([3; VALUES]);
static FLOATS: Aligned<f32> = Aligned([0.25; VALUES]);

fn sum_i32(tile: &[[v128; 2]]) -> i32 {
    tile.iter().flatten().fold(0, |sum, lanes| sum.wrapping_add(i32x4_extract_lane::<0>(*lanes)))
}

fn sum_f32(tile: &[[v128; 2]]) -> i32 {
    tile.iter().flatten().fold(0.0, |sum, lanes| sum + f32x4_extract_lane::<0>(*lanes)) as i32
}

/// `rounds` times a tile of `M x 2` vectors of 4 outputs. An activation is read as a scalar of 32 bits (one f32, two i16) into
/// all lanes.
#[inline(always)]
fn tile<const M: usize, const STEPS: usize>(
    rounds: u32,
    weights: *const v128,
    activations: *const u32,
    step: impl Fn(v128, v128, v128) -> v128,
) -> [[v128; 2]; M] {
    let mut total = [[i32x4_splat(0); 2]; M];
    for _ in 0..rounds {
        let (weights, activations) = (black_box(weights), black_box(activations));
        for at in 0..STEPS {
            // SAFETY: the caller's tables hold 2 * STEPS vectors of weights and M * STEPS activations.
            unsafe {
                let pair = [*weights.add(2 * at), *weights.add(2 * at + 1)];
                for (row, sums) in total.iter_mut().enumerate() {
                    let x = v128_load32_splat(activations.add(row * STEPS + at));
                    sums[0] = step(x, pair[0], sums[0]);
                    sums[1] = step(x, pair[1], sums[1]);
                }
            }
        }
    }
    total
}

/// `rounds` times one step of 10 chains. Every step multiplies its own chain's value, or it would be taken out of the loop.
#[inline(always)]
fn chains(rounds: u32, first: v128, w: v128, step: impl Fn(v128, v128, v128) -> v128) -> [[v128; 2]; 5] {
    let (mut sums, w) = ([[first; 2]; 5], black_box(w));
    for _ in 0..rounds {
        for row in 0..5 {
            sums[row][0] = step(sums[row][0], w, sums[row][0]);
            sums[row][1] = step(sums[row][1], w, sums[row][1]);
        }
    }
    sums
}

#[inline(always)]
fn dot_i16(x: v128, w: v128, sum: v128) -> v128 {
    i32x4_add(sum, i32x4_dot_i16x8(x, w))
}

#[inline(always)]
fn mul_add(x: v128, w: v128, sum: v128) -> v128 {
    f32x4_add(sum, f32x4_mul(x, w))
}

#[inline(always)]
fn fused(x: v128, w: v128, sum: v128) -> v128 {
    f32x4_relaxed_madd(x, w, sum)
}

macro_rules! kernels {
    ($($name:ident: $macs:expr, $run:expr;)*) => {$(
        /// Runs the loop `rounds` times; the result only keeps the compiler from leaving it out.
        #[unsafe(no_mangle)]
        pub extern "C" fn $name(rounds: u32) -> i32 {
            $run(rounds)
        }
    )*
    /// Multiply-adds of one round of the kernel with this position in the list, 0 behind its end.
    #[unsafe(no_mangle)]
    pub extern "C" fn macs(kernel: u32) -> u32 {
        [$($macs as u32),*].get(kernel as usize).copied().unwrap_or(0)
    }};
}

const fn words() -> *const u32 {
    WORDS.0.as_ptr().cast()
}

const fn floats() -> *const u32 {
    FLOATS.0.as_ptr().cast()
}

kernels! {
    i16_registers: 10 * 8, |n| sum_i32(&chains(n, i16x8_splat(3), i16x8_splat(0), dot_i16));
    i16_tile_3x2: 3 * 8 * INPUTS, |n| sum_i32(&tile::<3, { INPUTS / 2 }>(n, words().cast(), words(), dot_i16));
    i16_tile_4x2: 4 * 8 * INPUTS, |n| sum_i32(&tile::<4, { INPUTS / 2 }>(n, words().cast(), words(), dot_i16));
    f32_registers: 10 * 4, |n| sum_f32(&chains(n, f32x4_splat(0.5), f32x4_splat(0.0), fused));
    f32_tile_4x2: 4 * 8 * INPUTS, |n| sum_f32(&tile::<4, INPUTS>(n, floats().cast(), floats(), mul_add));
    f32_fused_tile_4x2: 4 * 8 * INPUTS, |n| sum_f32(&tile::<4, INPUTS>(n, floats().cast(), floats(), fused));
}
