// Arithmetic of the layers with packed integer dot products; forward.wgsl stands behind it.
// Activation codes of 14 bits are split in two of 7, of which `dot4I8Packed` makes exact sums.
requires packed_4x8_integer_dot_product;

// Four activations: their upper seven bits in one word, the lower seven in another one, `words` further on.
fn put(at: u32, word: u32, words: u32, lane: u32, codes: vec4<i32>) {
    let upper = vec4<u32>(codes) >> vec4<u32>(7u);
    let lower = vec4<u32>(codes) & vec4<u32>(127u);
    columns[(at + word) * LANES + lane] = packed(upper);
    columns[(at + words + word) * LANES + lane] = packed(lower);
}

fn packed(bytes: vec4<u32>) -> u32 {
    return bytes.x | (bytes.y << 8u) | (bytes.z << 16u) | (bytes.w << 24u);
}

fn dots(activations: u32, weights: vec4<u32>) -> vec4<i32> {
    return vec4<i32>(
        dot4I8Packed(activations, weights.x),
        dot4I8Packed(activations, weights.y),
        dot4I8Packed(activations, weights.z),
        dot4I8Packed(activations, weights.w),
    );
}

// Eight outputs of a layer: exact integer sums, `128 * upper + lower`, then one multiply-add each.
fn panel_of(layer: Layer, panel: u32, at: u32, lane: u32) -> Panel {
    var near_upper = vec4<i32>(0);
    var near_lower = vec4<i32>(0);
    var far_upper = vec4<i32>(0);
    var far_lower = vec4<i32>(0);
    let weights = layer.weights + panel * 2u * layer.inputs;
    for (var word = 0u; word < layer.inputs; word++) {
        let upper = columns[(at + word) * LANES + lane];
        let lower = columns[(at + layer.inputs + word) * LANES + lane];
        let near = model[weights + 2u * word];
        let far = model[weights + 2u * word + 1u];
        near_upper += dots(upper, near);
        near_lower += dots(lower, near);
        far_upper += dots(upper, far);
        far_lower += dots(lower, far);
    }
    let scales = layer.scales + 4u * panel;
    let near_sum = vec4<f32>(128 * near_upper + near_lower);
    let far_sum = vec4<f32>(128 * far_upper + far_lower);
    return Panel(
        near_sum * bitcast<vec4<f32>>(model[scales]) + bitcast<vec4<f32>>(model[scales + 2u]),
        far_sum * bitcast<vec4<f32>>(model[scales + 1u]) + bitcast<vec4<f32>>(model[scales + 3u]),
    );
}

