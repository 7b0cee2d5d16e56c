//! The reference: what every other kernel must reproduce to the bit.

use super::{Block, Buffers, Int8Linear, MAX_PAIR_FEATURES, PANEL};
use crate::numeric::int8::{MAX_ACTIVATION, activation_code, multiply_round};

pub(super) fn forward(block: &Block<'_>, buffers: &mut Buffers, out: &mut [f32]) {
    let (mut codes, mut next) = buffers.codes.split_at_mut(Buffers::STRIDE);
    for (at, (item, out)) in block.items.iter().zip(out).enumerate() {
        first(block, item, block.pairs[at], codes);
        for layer in block.hidden {
            hidden(layer, codes, next);
            (codes, next) = (next, codes);
        }
        let products = block.output.padded_weights().iter().zip(&*codes).map(|(w, x)| i32::from(*w) * i32::from(*x));
        *out = products.sum::<i32>() as f32 * block.output.multiplier() + block.output.bias();
    }
}

fn first(block: &Block<'_>, item: &[i16], pairs: [i16; MAX_PAIR_FEATURES], codes: &mut [i16]) {
    for (unit, code) in codes.iter_mut().enumerate().take(item.len()) {
        let mut sum = block.query[unit].saturating_add(item[unit]);
        if !block.pair_weights.is_empty() {
            let share = |f: usize| multiply_round(pairs[f], block.pair_weights[f * item.len() + unit]);
            sum = sum.saturating_add(share(0).saturating_add(share(1)));
        }
        *code = sum.clamp(0, MAX_ACTIVATION);
    }
}

fn hidden(layer: &Int8Linear, codes: &[i16], next: &mut [i16]) {
    let (multipliers, biases) = layer.padded_affine();
    let affine = multipliers.chunks_exact(PANEL).zip(biases.chunks_exact(PANEL));
    let panels = layer.packed().chunks_exact(layer.pairs()).zip(affine);
    for ((panel, (multipliers, biases)), next) in panels.zip(next.chunks_exact_mut(PANEL)) {
        let mut sums = [0i32; PANEL];
        for (x, weights) in codes.chunks_exact(2).zip(panel) {
            for (sum, w) in sums.iter_mut().zip(weights.0.chunks_exact(2)) {
                *sum += i32::from(x[0]) * i32::from(w[0]) + i32::from(x[1]) * i32::from(w[1]);
            }
        }
        for (((code, sum), multiplier), bias) in next.iter_mut().zip(sums).zip(multipliers).zip(biases) {
            *code = activation_code(sum as f32 * multiplier + bias);
        }
    }
}
