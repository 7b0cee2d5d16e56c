//! WebAssembly SIMD: half a panel at a time is two vectors of four sums, for four candidates. Of the tiles tried, this is
//! the largest that V8 does not spill.
#![allow(unsafe_code)]

use std::arch::wasm32::{
    f32x4_add, f32x4_convert_i32x4, f32x4_mul, f32x4_pmax, f32x4_pmin, f32x4_splat, i16x8_add_sat, i16x8_max,
    i16x8_min, i16x8_narrow_i32x4, i16x8_q15mulr_sat, i16x8_splat, i32x4_add, i32x4_dot_i16x8, i32x4_extract_lane,
    i32x4_shuffle, i32x4_splat, i32x4_sub, v128, v128_load, v128_load32_splat, v128_or, v128_store,
};

use super::vector::{self, Hidden, Unit, tile};
use super::{Block, Buffers};
use crate::numeric::int8::MAX_ACTIVATION;

/// The caller has checked the block.
pub(super) fn forward(block: &Block<'_>, buffers: &mut Buffers, out: &mut [f32]) {
    // SAFETY: this is compiled only for SIMD, and `Kernel::forward` calls it with what it has checked and prepared.
    unsafe { vector::forward::<Simd128>(block, buffers, out) }
}

struct Simd128;

// SAFETY of all blocks: the trait's conditions; loads and stores allow any alignment.
impl Unit for Simd128 {
    type Codes = v128;
    type Weights = [v128; 2];
    type Pair = v128;
    type Sums = [v128; 2];
    const LANES: usize = 8;
    const ROWS: usize = 4;

    #[inline(always)]
    unsafe fn load(at: *const i16) -> v128 {
        unsafe { v128_load(at.cast()) }
    }

    #[inline(always)]
    unsafe fn store(at: *mut i16, codes: v128) {
        unsafe { v128_store(at.cast(), codes) }
    }

    #[inline(always)]
    unsafe fn splat(code: i16) -> v128 {
        i16x8_splat(code)
    }

    #[inline(always)]
    unsafe fn add(a: v128, b: v128) -> v128 {
        i16x8_add_sat(a, b)
    }

    #[inline(always)]
    unsafe fn multiply_round(a: v128, b: v128) -> v128 {
        i16x8_q15mulr_sat(a, b)
    }

    #[inline(always)]
    unsafe fn clamp(codes: v128) -> v128 {
        i16x8_min(i16x8_max(codes, i16x8_splat(0)), i16x8_splat(MAX_ACTIVATION))
    }

    #[inline(always)]
    unsafe fn or(a: v128, b: v128) -> v128 {
        v128_or(a, b)
    }

    #[inline(always)]
    unsafe fn dot(a: *const i16, b: *const i16, count: usize) -> i32 {
        unsafe {
            let mut sums = i32x4_splat(0);
            for at in (0..count).step_by(Self::LANES) {
                sums = i32x4_add(sums, i32x4_dot_i16x8(Self::load(a.add(at)), Self::load(b.add(at))));
            }
            let two = i32x4_add(sums, i32x4_shuffle::<2, 3, 0, 1>(sums, sums));
            i32x4_extract_lane::<0>(i32x4_add(two, i32x4_shuffle::<1, 0, 3, 2>(two, two)))
        }
    }

    #[inline(always)]
    unsafe fn weights(at: *const i16) -> [v128; 2] {
        unsafe { [Self::load(at), Self::load(at.add(Self::LANES))] }
    }

    #[inline(always)]
    unsafe fn pair(at: *const i16) -> v128 {
        unsafe { v128_load32_splat(at.cast()) }
    }

    #[inline(always)]
    unsafe fn zero() -> [v128; 2] {
        [i32x4_splat(0); 2]
    }

    #[inline(always)]
    unsafe fn multiply_add(sums: [v128; 2], weights: [v128; 2], pair: v128) -> [v128; 2] {
        let (low, high) = (i32x4_dot_i16x8(weights[0], pair), i32x4_dot_i16x8(weights[1], pair));
        [i32x4_add(sums[0], low), i32x4_add(sums[1], high)]
    }

    #[inline(always)]
    unsafe fn activations(sums: [v128; 2], multipliers: *const f32, biases: *const f32) -> v128 {
        unsafe {
            let low = rounded(sums[0], multipliers, biases);
            i16x8_narrow_i32x4(low, rounded(sums[1], multipliers.add(4), biases.add(4)))
        }
    }

    #[inline(always)]
    unsafe fn hidden(layer: &Hidden<'_>) {
        for output in (0..layer.outputs()).step_by(Self::LANES) {
            for row in (0..layer.rows).step_by(4) {
                unsafe { tile::<Self, 4, 1>(layer, row, output) };
            }
        }
    }
}

/// Four activation codes in i32. Adding 2^23 puts the number, rounded to nearest even by the addition itself, into the low
/// bits. `pmax` and `pmin` are one instruction where `max` and `min` are several; this order gives 0 for NaN.
#[inline(always)]
unsafe fn rounded(sums: v128, multipliers: *const f32, biases: *const f32) -> v128 {
    const TWO_23: f32 = 8_388_608.0;
    unsafe {
        let scaled = f32x4_mul(f32x4_convert_i32x4(sums), v128_load(multipliers.cast()));
        let steps = f32x4_pmax(f32x4_splat(0.0), f32x4_add(scaled, v128_load(biases.cast())));
        let bounded = f32x4_pmin(f32x4_splat(f32::from(MAX_ACTIVATION)), steps);
        i32x4_sub(f32x4_add(bounded, f32x4_splat(TWO_23)), i32x4_splat(TWO_23.to_bits() as i32))
    }
}
