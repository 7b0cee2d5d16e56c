//! AVX2: eight outputs a vector, four rows at a time.
#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m256i, _mm256_add_epi32, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_set1_epi32, _mm256_setzero_si256,
    _mm256_storeu_si256,
};

use super::PANEL;

/// The caller has checked that the processor has AVX2 and that the slices fit together.
pub(super) fn multiply(packed: &[i16], pairs: usize, activations: &[i16], sums: &mut [i32]) {
    // SAFETY: `Kernel::multiply` calls this only where AVX2 was detected, after checking every length.
    unsafe { multiply_avx2(packed, pairs, activations, sums) }
}

#[target_feature(enable = "avx2")]
unsafe fn multiply_avx2(packed: &[i16], pairs: usize, activations: &[i16], sums: &mut [i32]) {
    let outputs = packed.len() / (2 * pairs);
    let rows = activations.len() / (2 * pairs);
    let mut row = 0;
    while row < rows {
        let many = (rows - row).min(4);
        for panel in 0..outputs / PANEL {
            let weights = packed[panel * PANEL * 2 * pairs..].as_ptr();
            let x = activations[row * 2 * pairs..].as_ptr();
            let out = sums[row * outputs + panel * PANEL..].as_mut_ptr();
            // SAFETY: `many` rows from `row`, one whole panel: inside the slices by the lengths checked by the caller.
            unsafe {
                match many {
                    4 => tile::<4>(weights, pairs, x, out, outputs),
                    3 => tile::<3>(weights, pairs, x, out, outputs),
                    2 => tile::<2>(weights, pairs, x, out, outputs),
                    _ => tile::<1>(weights, pairs, x, out, outputs),
                }
            }
        }
        row += many;
    }
}

/// One panel for `ROWS` rows.
///
/// # Safety
/// AVX2; `weights`: `pairs * 16` readable values, `x`: `ROWS * 2 * pairs`; `out`: rows of `outputs` with 8 writable.
#[target_feature(enable = "avx2")]
unsafe fn tile<const ROWS: usize>(weights: *const i16, pairs: usize, x: *const i16, out: *mut i32, outputs: usize) {
    let mut sums = [_mm256_setzero_si256(); ROWS];
    for pair in 0..pairs {
        // SAFETY: within the ranges that the caller guarantees; both loads allow any alignment.
        unsafe {
            let w = _mm256_loadu_si256(weights.add(pair * 2 * PANEL).cast::<__m256i>());
            for (row, sum) in sums.iter_mut().enumerate() {
                let both = x.add(row * 2 * pairs + 2 * pair).cast::<i32>().read_unaligned();
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(w, _mm256_set1_epi32(both)));
            }
        }
    }
    for (row, sum) in sums.iter().enumerate() {
        // SAFETY: eight values at the start of each output row.
        unsafe { _mm256_storeu_si256(out.add(row * outputs).cast::<__m256i>(), *sum) };
    }
}
