// The forward pass of both branches of the int8 model, one candidate per invocation. The arithmetic of a layer comes before it, in
// dot4.wgsl or in f32.wgsl: `put` keeps activations in the invocation's column, `panel_of` makes eight outputs of a layer.
//
// Bindings of group 0:
//   0  shape    uniform: widths and places, see `Shape` in pack.rs
//   1  model    storage, read: pair weights, layers, multipliers and biases as packed by pack.rs
//   2  items    storage, read: the catalog's shares of the first layers, i16, four channels per element
//   3  request  storage, read: count, the query's shares, the candidates' rows, their pair features (layout.rs)
//   4  scores   storage, write: the two branches' scores of every candidate
//
// An invocation keeps its activations in its own column of workgroup memory, so that no barrier is needed.

const LANES: u32 = 32u;
// Words of one column: an input of up to 128 channels, an output of up to 64, two codes per word.
const NEAR: u32 = 64u;
const COLUMN: u32 = 96u;
const MAX_CODE: i32 = 16383;
// Four words before the query's shares: the count, and three that are 0.
const HEADER: u32 = 4u;

struct Layer {
    inputs: u32,    // channels / 4
    panels: u32,    // groups of eight outputs
    weights: u32,   // index into model
    scales: u32,    // index into model: per panel two multipliers and two biases of four channels each
}

struct Branch {
    width: u32,     // channels of the first layer / 4
    item: u32,      // index into a row of items
    pairs: u32,     // index into model: per four channels and word of features their weights
    pair_words: u32,    // words of pair features that this branch takes
    layers: u32,    // number of layers behind the first
    unused_1: u32,
    unused_2: u32,
    unused_3: u32,
    layer: array<Layer, 7>,
}

struct Shape {
    row: u32,       // elements of a row of items
    pair_words: u32,    // words of pair features per candidate
    unused: vec2<u32>,
    branch: array<Branch, 2>,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> model: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> items: array<vec2<u32>>;
@group(0) @binding(3) var<storage, read> request: array<u32>;
@group(0) @binding(4) var<storage, read_write> scores: array<vec2<f32>>;

var<workgroup> columns: array<u32, COLUMN * LANES>;

// Eight outputs of a layer.
struct Panel {
    near: vec4<f32>,
    far: vec4<f32>,
}

// Two i16 in one word.
fn low(word: u32) -> i32 {
    return bitcast<i32>(word << 16u) >> 16u;
}

fn high(word: u32) -> i32 {
    return bitcast<i32>(word) >> 16u;
}

fn four(words: vec2<u32>) -> vec4<i32> {
    return vec4<i32>(low(words.x), high(words.x), low(words.y), high(words.y));
}

fn sat16(x: vec4<i32>) -> vec4<i32> {
    return clamp(x, vec4<i32>(-32768), vec4<i32>(32767));
}

// Rounding fixed-point product, as `pmulhrsw` and `i16x8.q15mulr_sat_s`.
fn mulhrs(a: i32, b: vec4<i32>) -> vec4<i32> {
    return (a * b + vec4<i32>(0x4000)) >> vec4<u32>(15u);
}

// What the features of the candidate add to four channels of the first layer.
fn pair_share(branch: u32, channel: u32, pair: u32) -> vec4<i32> {
    var sum = vec4<i32>(0);
    let words = shape.branch[branch].pair_words;
    for (var word = 0u; word < words; word++) {
        let x = request[pair + word];
        let weights = model[shape.branch[branch].pairs + channel * words + word];
        sum = sat16(sum + mulhrs(low(x), four(weights.xy)));
        sum = sat16(sum + mulhrs(high(x), four(weights.zw)));
    }
    return sum;
}

// Four activations of the first layer.
fn first(branch: u32, channel: u32, query: u32, item: u32, pair: u32) -> vec4<i32> {
    let from_query = four(vec2<u32>(request[query + 2u * channel], request[query + 2u * channel + 1u]));
    let from_item = four(items[item + channel]);
    let sum = sat16(sat16(from_query + from_item) + pair_share(branch, channel, pair));
    return clamp(sum, vec4<i32>(0), vec4<i32>(MAX_CODE));
}

fn quantised(values: vec4<f32>) -> vec4<i32> {
    return vec4<i32>(clamp(round(values), vec4<f32>(0.0), vec4<f32>(f32(MAX_CODE))));
}

// One branch of one candidate. `query`, `pair`: indices into request; `item`: index into items.
fn forward(branch: u32, query: u32, item: u32, pair: u32, lane: u32) -> f32 {
    let width = shape.branch[branch].width;
    for (var channel = 0u; channel < width; channel++) {
        put(0u, channel, width, lane, first(branch, channel, query, item, pair));
    }
    var from_at = 0u;
    var score = 0.0;
    let layers = shape.branch[branch].layers;
    for (var at = 0u; at < layers; at++) {
        let layer = shape.branch[branch].layer[at];
        let to = NEAR - from_at;
        for (var panel = 0u; panel < layer.panels; panel++) {
            let values = panel_of(layer, panel, from_at, lane);
            put(to, 2u * panel, 2u * layer.panels, lane, quantised(values.near));
            put(to, 2u * panel + 1u, 2u * layer.panels, lane, quantised(values.far));
            score = values.near.x;
        }
        from_at = to;
    }
    return score;
}

@compute @workgroup_size(32)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let at = (group.y * groups.x + group.x) * LANES + lane;
    let count = request[0];
    if (at >= count) {
        return;
    }
    let widths = 2u * (shape.branch[0].width + shape.branch[1].width);
    let rows = HEADER + widths;
    let item = request[rows + at] * shape.row;
    let pair = rows + count + at * shape.pair_words;
    let query = HEADER + 2u * shape.branch[0].width;
    scores[at] = vec2<f32>(
        forward(0u, HEADER, item + shape.branch[0].item, pair, lane),
        forward(1u, query, item + shape.branch[1].item, pair, lane),
    );
}
