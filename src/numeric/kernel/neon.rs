//! NEON: half a panel at a time is two vectors of four sums, for four candidates.
#![allow(unsafe_code)]

use std::arch::aarch64::{
    float32x4_t, int16x8_t, int32x4_t, vaddq_f32, vaddq_s32, vaddvq_s32, vcombine_s16, vcvtnq_s32_f32, vcvtq_f32_s32,
    vdupq_n_f32, vdupq_n_s16, vdupq_n_s32, vget_low_s16, vld1q_f32, vld1q_s16, vmaxnmq_f32, vmaxq_s16, vminq_f32,
    vminq_s16, vmlal_high_s16, vmlal_s16, vmovn_s32, vmull_high_s16, vmull_s16, vmulq_f32, vorrq_s16, vpaddq_s32,
    vqaddq_s16, vqrdmulhq_s16, vreinterpretq_s16_s32, vst1q_s16,
};

use super::vector::{self, Hidden, Unit, tile};
use super::{Block, Buffers};
use crate::numeric::int8::MAX_ACTIVATION;

/// The caller has checked the block.
pub(super) fn forward(block: &Block<'_>, buffers: &mut Buffers, out: &mut [f32]) {
    // SAFETY: this is compiled only for NEON, and `Kernel::forward` calls it with what it has checked and prepared.
    unsafe { vector::forward::<Neon>(block, buffers, out) }
}

struct Neon;

// SAFETY of all blocks: the trait's conditions; loads and stores allow any alignment.
#[allow(unused_unsafe)]
impl Unit for Neon {
    type Codes = int16x8_t;
    type Weights = [int16x8_t; 2];
    type Pair = int16x8_t;
    type Sums = [int32x4_t; 2];
    const LANES: usize = 8;
    const ROWS: usize = 4;

    #[inline(always)]
    unsafe fn load(at: *const i16) -> int16x8_t {
        unsafe { vld1q_s16(at) }
    }

    #[inline(always)]
    unsafe fn store(at: *mut i16, codes: int16x8_t) {
        unsafe { vst1q_s16(at, codes) }
    }

    #[inline(always)]
    unsafe fn splat(code: i16) -> int16x8_t {
        unsafe { vdupq_n_s16(code) }
    }

    #[inline(always)]
    unsafe fn add(a: int16x8_t, b: int16x8_t) -> int16x8_t {
        unsafe { vqaddq_s16(a, b) }
    }

    /// `sqrdmulh` doubles the product and takes its upper half, rounded: the same.
    #[inline(always)]
    unsafe fn multiply_round(a: int16x8_t, b: int16x8_t) -> int16x8_t {
        unsafe { vqrdmulhq_s16(a, b) }
    }

    #[inline(always)]
    unsafe fn clamp(codes: int16x8_t) -> int16x8_t {
        unsafe { vminq_s16(vmaxq_s16(codes, vdupq_n_s16(0)), vdupq_n_s16(MAX_ACTIVATION)) }
    }

    #[inline(always)]
    unsafe fn or(a: int16x8_t, b: int16x8_t) -> int16x8_t {
        unsafe { vorrq_s16(a, b) }
    }

    #[inline(always)]
    unsafe fn dot(a: *const i16, b: *const i16, count: usize) -> i32 {
        unsafe {
            let mut sums = vdupq_n_s32(0);
            for at in (0..count).step_by(Self::LANES) {
                let (a, b) = (Self::load(a.add(at)), Self::load(b.add(at)));
                sums = vmlal_high_s16(vmlal_s16(sums, vget_low_s16(a), vget_low_s16(b)), a, b);
            }
            vaddvq_s32(sums)
        }
    }

    #[inline(always)]
    unsafe fn weights(at: *const i16) -> [int16x8_t; 2] {
        unsafe { [Self::load(at), Self::load(at.add(Self::LANES))] }
    }

    #[inline(always)]
    unsafe fn pair(at: *const i16) -> int16x8_t {
        unsafe { vreinterpretq_s16_s32(vdupq_n_s32(at.cast::<i32>().read_unaligned())) }
    }

    #[inline(always)]
    unsafe fn zero() -> [int32x4_t; 2] {
        unsafe { [vdupq_n_s32(0); 2] }
    }

    #[inline(always)]
    unsafe fn multiply_add(sums: [int32x4_t; 2], weights: [int16x8_t; 2], pair: int16x8_t) -> [int32x4_t; 2] {
        unsafe {
            let [low, high] =
                weights.map(|w| vpaddq_s32(vmull_s16(vget_low_s16(w), vget_low_s16(pair)), vmull_high_s16(w, pair)));
            [vaddq_s32(sums[0], low), vaddq_s32(sums[1], high)]
        }
    }

    #[inline(always)]
    unsafe fn activations(sums: [int32x4_t; 2], multipliers: *const f32, biases: *const f32) -> int16x8_t {
        unsafe {
            let low = rounded(sums[0], vld1q_f32(multipliers), vld1q_f32(biases));
            let high = rounded(sums[1], vld1q_f32(multipliers.add(4)), vld1q_f32(biases.add(4)));
            vcombine_s16(vmovn_s32(low), vmovn_s32(high))
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

/// Four activation codes in i32. `fmaxnm` gives the number where the other is NaN.
#[inline(always)]
#[allow(unused_unsafe)]
unsafe fn rounded(sums: int32x4_t, multipliers: float32x4_t, biases: float32x4_t) -> int32x4_t {
    unsafe {
        let steps = vaddq_f32(vmulq_f32(vcvtq_f32_s32(sums), multipliers), biases);
        let steps = vmaxnmq_f32(steps, vdupq_n_f32(0.0));
        vcvtnq_s32_f32(vminq_f32(steps, vdupq_n_f32(f32::from(MAX_ACTIVATION))))
    }
}
