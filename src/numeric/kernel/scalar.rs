//! The reference: what every other kernel must reproduce to the bit.

use super::PANEL;

pub(super) fn multiply(packed: &[i16], pairs: usize, activations: &[i16], sums: &mut [i32]) {
    let outputs = packed.len() / (2 * pairs);
    for (row, sums) in activations.chunks_exact(2 * pairs).zip(sums.chunks_exact_mut(outputs)) {
        for (panel, sums) in packed.chunks_exact(PANEL * 2 * pairs).zip(sums.chunks_exact_mut(PANEL)) {
            sums.fill(0);
            for (x, weights) in row.chunks_exact(2).zip(panel.chunks_exact(2 * PANEL)) {
                for (sum, w) in sums.iter_mut().zip(weights.chunks_exact(2)) {
                    *sum += i32::from(x[0]) * i32::from(w[0]) + i32::from(x[1]) * i32::from(w[1]);
                }
            }
        }
    }
}
