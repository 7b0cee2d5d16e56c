//! WebAssembly SIMD: a panel is two vectors of four outputs, four rows at a time (the tile shape that keeps V8 from
//! spilling: 4 x 2 accumulators).
#![allow(unsafe_code)]

use std::arch::wasm32::{i32x4_add, i32x4_dot_i16x8, i32x4_splat, v128, v128_load, v128_load32_splat, v128_store};

use super::PANEL;

/// The caller has checked that the slices fit together.
pub(super) fn multiply(packed: &[i16], pairs: usize, activations: &[i16], sums: &mut [i32]) {
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
/// `weights`: `pairs * 16` readable values, `x`: `ROWS * 2 * pairs`; `out`: rows of `outputs` with 8 writable.
#[inline(always)]
unsafe fn tile<const ROWS: usize>(weights: *const i16, pairs: usize, x: *const i16, out: *mut i32, outputs: usize) {
    let mut low = [i32x4_splat(0); ROWS];
    let mut high = [i32x4_splat(0); ROWS];
    for pair in 0..pairs {
        // SAFETY: within the ranges that the caller guarantees; WebAssembly loads allow any alignment.
        unsafe {
            let w = weights.add(pair * 2 * PANEL).cast::<v128>();
            let (w_low, w_high) = (v128_load(w), v128_load(w.add(1)));
            for row in 0..ROWS {
                let both = v128_load32_splat(x.add(row * 2 * pairs + 2 * pair).cast::<u32>());
                low[row] = i32x4_add(low[row], i32x4_dot_i16x8(w_low, both));
                high[row] = i32x4_add(high[row], i32x4_dot_i16x8(w_high, both));
            }
        }
    }
    for row in 0..ROWS {
        // SAFETY: eight values at the start of each output row.
        unsafe {
            let at = out.add(row * outputs).cast::<v128>();
            v128_store(at, low[row]);
            v128_store(at.add(1), high[row]);
        }
    }
}
