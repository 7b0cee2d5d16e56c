//! The reference: what every other kernel must reproduce to the bit.

use super::{Block, Buffers, Int8Linear, MAX_PAIR_FEATURES};
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
    for (output, (multiplier, bias)) in multipliers.iter().zip(biases).enumerate() {
        let products =
            (0..layer.inputs()).map(|input| i32::from(layer.weight(output, input)) * i32::from(codes[input]));
        next[output] = activation_code(products.sum::<i32>() as f32 * multiplier + bias);
    }
}
