// Arithmetic of the layers for where WGSL has no packed dot product; forward.wgsl stands behind it.
// Activation codes and int8 weights are multiplied and summed as f32.

// Four activations, two in a word.
fn put(at: u32, word: u32, words: u32, lane: u32, codes: vec4<i32>) {
    let bits = vec4<u32>(codes);
    columns[(at + 2u * word) * LANES + lane] = bits.x | (bits.y << 16u);
    columns[(at + 2u * word + 1u) * LANES + lane] = bits.z | (bits.w << 16u);
}

// Eight outputs of a layer. A product of two codes is exact in f32, a sum of them is not.
fn panel_of(layer: Layer, panel: u32, at: u32, lane: u32) -> Panel {
    var near = vec4<f32>(0.0);
    var far = vec4<f32>(0.0);
    let weights = layer.weights + panel * 8u * layer.inputs;
    for (var word = 0u; word < 2u * layer.inputs; word++) {
        let codes = columns[(at + word) * LANES + lane];
        let one = f32(codes & 0xffffu);
        let two = f32(codes >> 16u);
        let place = weights + 4u * word;
        near += one * bitcast<vec4<f32>>(model[place]) + two * bitcast<vec4<f32>>(model[place + 2u]);
        far += one * bitcast<vec4<f32>>(model[place + 1u]) + two * bitcast<vec4<f32>>(model[place + 3u]);
    }
    let scales = layer.scales + 4u * panel;
    return Panel(
        near * bitcast<vec4<f32>>(model[scales]) + bitcast<vec4<f32>>(model[scales + 2u]),
        far * bitcast<vec4<f32>>(model[scales + 1u]) + bitcast<vec4<f32>>(model[scales + 3u]),
    );
}

