//! AVX-512 with VNNI: a panel is one vector of 16 sums, and multiplying and adding is one instruction. The first layer goes
//! by 256-bit vectors, so that rows need no wider padding.
#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m256i, __m512i, _mm512_add_ps, _mm512_cvtepi32_epi16, _mm512_cvtepi32_ps, _mm512_cvtps_epi32,
    _mm512_dpwssd_epi32, _mm512_loadu_ps, _mm512_loadu_si512, _mm512_max_ps, _mm512_min_ps, _mm512_mul_ps,
    _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_ps, _mm512_setzero_si512,
};

use super::avx2::Avx2;
use super::vector::{self, Hidden, Unit, tile};
use super::{Block, Buffers};
use crate::numeric::int8::MAX_ACTIVATION;

/// The caller has checked that the processor has the features below, and the block.
pub(super) fn forward(block: &Block<'_>, buffers: &mut Buffers, out: &mut [f32]) {
    // SAFETY: `Kernel::forward` calls this only where they were detected, with what it has checked and prepared.
    unsafe { forward_avx512(block, buffers, out) }
}

#[target_feature(enable = "avx2,avx512f,avx512bw,avx512vnni")]
unsafe fn forward_avx512(block: &Block<'_>, buffers: &mut Buffers, out: &mut [f32]) {
    // SAFETY: as above.
    unsafe { vector::forward::<Avx512>(block, buffers, out) }
}

struct Avx512;

// SAFETY of all blocks: the trait's conditions; loads allow any alignment.
impl Unit for Avx512 {
    type Codes = __m256i;
    type Weights = __m512i;
    type Pair = __m512i;
    type Sums = __m512i;
    const LANES: usize = 16;
    const ROWS: usize = 8;

    #[inline(always)]
    unsafe fn load(at: *const i16) -> __m256i {
        unsafe { Avx2::load(at) }
    }

    #[inline(always)]
    unsafe fn store(at: *mut i16, codes: __m256i) {
        unsafe { Avx2::store(at, codes) }
    }

    #[inline(always)]
    unsafe fn splat(code: i16) -> __m256i {
        unsafe { Avx2::splat(code) }
    }

    #[inline(always)]
    unsafe fn add(a: __m256i, b: __m256i) -> __m256i {
        unsafe { Avx2::add(a, b) }
    }

    #[inline(always)]
    unsafe fn multiply_round(a: __m256i, b: __m256i) -> __m256i {
        unsafe { Avx2::multiply_round(a, b) }
    }

    #[inline(always)]
    unsafe fn clamp(codes: __m256i) -> __m256i {
        unsafe { Avx2::clamp(codes) }
    }

    #[inline(always)]
    unsafe fn or(a: __m256i, b: __m256i) -> __m256i {
        unsafe { Avx2::or(a, b) }
    }

    #[inline(always)]
    unsafe fn dot(a: *const i16, b: *const i16, count: usize) -> i32 {
        unsafe { Avx2::dot(a, b, count) }
    }

    #[inline(always)]
    unsafe fn weights(at: *const i16) -> __m512i {
        unsafe { _mm512_loadu_si512(at.cast()) }
    }

    #[inline(always)]
    unsafe fn pair(at: *const i16) -> __m512i {
        unsafe { _mm512_set1_epi32(at.cast::<i32>().read_unaligned()) }
    }

    #[inline(always)]
    unsafe fn zero() -> __m512i {
        unsafe { _mm512_setzero_si512() }
    }

    #[inline(always)]
    unsafe fn multiply_add(sums: __m512i, weights: __m512i, pair: __m512i) -> __m512i {
        unsafe { _mm512_dpwssd_epi32(sums, weights, pair) }
    }

    /// The maximum with 0 comes second: it is what `max` gives for NaN.
    #[inline(always)]
    unsafe fn activations(sums: __m512i, multipliers: *const f32, biases: *const f32) -> __m256i {
        unsafe {
            let scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(sums), _mm512_loadu_ps(multipliers));
            let steps = _mm512_max_ps(_mm512_add_ps(scaled, _mm512_loadu_ps(biases)), _mm512_setzero_ps());
            let bounded = _mm512_min_ps(steps, _mm512_set1_ps(f32::from(MAX_ACTIVATION)));
            _mm512_cvtepi32_epi16(_mm512_cvtps_epi32(bounded))
        }
    }

    #[inline(always)]
    unsafe fn hidden(layer: &Hidden<'_>) {
        let (outputs, mut output) = (layer.outputs(), 0);
        while output < outputs {
            // Sixteen sums at work hide the latency, and each activation that is broadcast meets several vectors.
            let panels = (outputs - output) / Self::LANES;
            unsafe {
                if panels >= 4 {
                    (0..layer.rows).step_by(4).for_each(|row| tile::<Self, 4, 4>(layer, row, output));
                    output += 4 * Self::LANES;
                } else if panels >= 2 {
                    (0..layer.rows).step_by(8).for_each(|row| tile::<Self, 8, 2>(layer, row, output));
                    output += 2 * Self::LANES;
                } else {
                    (0..layer.rows).step_by(8).for_each(|row| tile::<Self, 8, 1>(layer, row, output));
                    output += Self::LANES;
                }
            }
        }
    }
}
