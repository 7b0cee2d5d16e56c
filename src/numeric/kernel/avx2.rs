//! AVX2: a panel is two vectors of eight sums, four candidates at a time.
#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m256i, _mm_add_epi32, _mm_cvtsi128_si32, _mm_shuffle_epi32, _mm256_add_epi32, _mm256_add_ps, _mm256_adds_epi16,
    _mm256_castsi256_si128, _mm256_cvtepi32_ps, _mm256_cvtps_epi32, _mm256_extracti128_si256, _mm256_loadu_ps,
    _mm256_loadu_si256, _mm256_madd_epi16, _mm256_max_epi16, _mm256_max_ps, _mm256_min_epi16, _mm256_min_ps,
    _mm256_mul_ps, _mm256_mulhrs_epi16, _mm256_or_si256, _mm256_packs_epi32, _mm256_permute4x64_epi64,
    _mm256_set1_epi16, _mm256_set1_epi32, _mm256_set1_ps, _mm256_setzero_ps, _mm256_setzero_si256, _mm256_storeu_si256,
};

use super::vector::{self, Hidden, Unit, tile};
use super::{Block, Buffers};
use crate::numeric::int8::MAX_ACTIVATION;

/// The caller has checked that the processor has AVX2, and the block.
pub(super) fn forward(block: &Block<'_>, buffers: &mut Buffers, out: &mut [f32]) {
    // SAFETY: `Kernel::forward` calls this only where AVX2 was detected, with what it has checked and prepared.
    unsafe { forward_avx2(block, buffers, out) }
}

#[target_feature(enable = "avx2")]
unsafe fn forward_avx2(block: &Block<'_>, buffers: &mut Buffers, out: &mut [f32]) {
    // SAFETY: as above.
    unsafe { vector::forward::<Avx2>(block, buffers, out) }
}

pub(super) struct Avx2;

// SAFETY of all blocks: the trait's conditions; loads and stores allow any alignment.
impl Unit for Avx2 {
    type Codes = __m256i;
    type Weights = [__m256i; 2];
    type Pair = __m256i;
    type Sums = [__m256i; 2];
    const LANES: usize = 16;
    const ROWS: usize = 4;

    #[inline(always)]
    unsafe fn load(at: *const i16) -> __m256i {
        unsafe { _mm256_loadu_si256(at.cast()) }
    }

    #[inline(always)]
    unsafe fn store(at: *mut i16, codes: __m256i) {
        unsafe { _mm256_storeu_si256(at.cast(), codes) }
    }

    #[inline(always)]
    unsafe fn splat(code: i16) -> __m256i {
        unsafe { _mm256_set1_epi16(code) }
    }

    #[inline(always)]
    unsafe fn add(a: __m256i, b: __m256i) -> __m256i {
        unsafe { _mm256_adds_epi16(a, b) }
    }

    #[inline(always)]
    unsafe fn multiply_round(a: __m256i, b: __m256i) -> __m256i {
        unsafe { _mm256_mulhrs_epi16(a, b) }
    }

    #[inline(always)]
    unsafe fn clamp(codes: __m256i) -> __m256i {
        unsafe { _mm256_min_epi16(_mm256_max_epi16(codes, _mm256_setzero_si256()), _mm256_set1_epi16(MAX_ACTIVATION)) }
    }

    #[inline(always)]
    unsafe fn or(a: __m256i, b: __m256i) -> __m256i {
        unsafe { _mm256_or_si256(a, b) }
    }

    #[inline(always)]
    unsafe fn dot(a: *const i16, b: *const i16, count: usize) -> i32 {
        unsafe {
            let mut sums = _mm256_setzero_si256();
            for at in (0..count).step_by(Self::LANES) {
                sums = _mm256_add_epi32(sums, _mm256_madd_epi16(Self::load(a.add(at)), Self::load(b.add(at))));
            }
            let four = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256::<1>(sums));
            let two = _mm_add_epi32(four, _mm_shuffle_epi32::<0b01_00_11_10>(four));
            _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32::<0b10_11_00_01>(two)))
        }
    }

    #[inline(always)]
    unsafe fn weights(at: *const i16) -> [__m256i; 2] {
        unsafe { [Self::load(at), Self::load(at.add(Self::LANES))] }
    }

    #[inline(always)]
    unsafe fn pair(at: *const i16) -> __m256i {
        unsafe { _mm256_set1_epi32(at.cast::<i32>().read_unaligned()) }
    }

    #[inline(always)]
    unsafe fn zero() -> [__m256i; 2] {
        unsafe { [_mm256_setzero_si256(); 2] }
    }

    #[inline(always)]
    unsafe fn multiply_add(sums: [__m256i; 2], weights: [__m256i; 2], pair: __m256i) -> [__m256i; 2] {
        unsafe {
            let (low, high) = (_mm256_madd_epi16(weights[0], pair), _mm256_madd_epi16(weights[1], pair));
            [_mm256_add_epi32(sums[0], low), _mm256_add_epi32(sums[1], high)]
        }
    }

    #[inline(always)]
    unsafe fn activations(sums: [__m256i; 2], multipliers: *const f32, biases: *const f32) -> __m256i {
        unsafe {
            let low = rounded(sums[0], multipliers, biases);
            let high = rounded(sums[1], multipliers.add(8), biases.add(8));
            _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packs_epi32(low, high))
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

/// Eight activation codes in i32. The maximum with 0 comes second: it is what `max` gives for NaN.
#[inline(always)]
unsafe fn rounded(sums: __m256i, multipliers: *const f32, biases: *const f32) -> __m256i {
    unsafe {
        let scaled = _mm256_mul_ps(_mm256_cvtepi32_ps(sums), _mm256_loadu_ps(multipliers));
        let steps = _mm256_max_ps(_mm256_add_ps(scaled, _mm256_loadu_ps(biases)), _mm256_setzero_ps());
        _mm256_cvtps_epi32(_mm256_min_ps(steps, _mm256_set1_ps(f32::from(MAX_ACTIVATION))))
    }
}
