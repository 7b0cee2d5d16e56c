// The fp32 network in f64: the reference that every score is held to, and the parts of its first layers that can be summed
// ahead of a request.
import { FEATURES, VARYING } from "./features.mjs";

const NORM_EPSILON = 1e-5;

/** Multiply-adds a candidate of the graphs in the table. */
export const MACS = {
  /** Every layer over all its inputs: 128·128 + 34·128 and twice 128·64 + 64·32 + 32. */
  dense: 128 * 128 + 34 * 128 + 2 * (128 * 64 + 64 * 32 + 32),
  /** What the first layers owe to client, job and embedding is ready; 11 columns are not. */
  separable: 11 * 128 + 2 * (128 * 64 + 64 * 32 + 32),
  /** All that a cleaner owes to themselves is ready, too; 2 columns are not. */
  engine: 2 * 128 + 2 * (128 * 64 + 64 * 32 + 32),
  /** The same for a client whose collaborative scores are known. */
  sameClient: 2 * 128 + 128 * 64 + 64 * 32 + 32,
};

/** Both branches with batch norm folded in: `layers[i] = { weight, bias, inputs, outputs }` in f64. */
export function readNetwork({ metadata, tensors }) {
  const branch = (name) =>
    ["layers.0", "layers.1", "layers.2", "output"].map((layer, at) => folded(tensors, name, layer, at));
  return {
    collaborative: branch("collaborative"),
    content: branch("content"),
    alpha: tensors["blend.collaborative_content.alpha"].values[0],
    categories: Array.from({ length: tensors["content.category_embedding"].shape[0] }, (_, row) => {
      const { shape, values } = tensors["content.category_embedding"];
      return values.slice(row * shape[1], (row + 1) * shape[1]);
    }),
    names: JSON.parse(metadata.categories),
    normaliser: JSON.parse(metadata.normaliser),
  };
}

function folded(tensors, branch, name, at) {
  const weight = Float64Array.from(tensors[`${branch}.${name}.weight`].values);
  const bias = Float64Array.from(tensors[`${branch}.${name}.bias`].values);
  const [outputs, inputs] = tensors[`${branch}.${name}.weight`].shape;
  const norm = (part) => tensors[`${branch}.norms.${at}.${part}`]?.values;
  for (let output = 0; norm("weight") && output < outputs; output++) {
    const factor = norm("weight")[output] / Math.sqrt(norm("running_var")[output] + NORM_EPSILON);
    for (let input = 0; input < inputs; input++) weight[output * inputs + input] *= factor;
    bias[output] = (bias[output] - norm("running_mean")[output]) * factor + norm("bias")[output];
  }
  return { weight, bias, inputs, outputs };
}

/** `out[o] = bias[o] + Σ weight[o][from + i] x[i]`; without `bias` the sum alone. */
function linear({ weight, bias, inputs, outputs }, x, from = 0, start = bias) {
  const out = new Float64Array(outputs);
  for (let output = 0; output < outputs; output++) {
    let sum = start?.[output] ?? 0;
    const row = output * inputs + from;
    for (let input = 0; input < x.length; input++) sum += weight[row + input] * x[input];
    out[output] = sum;
  }
  return out;
}

function branchScore(layers, x) {
  const relu = (values) => values.map((value) => Math.max(0, value));
  return layers.slice(1).reduce((values, layer) => linear(layer, relu(values)), linear(layers[0], x))[0];
}

/** Scores in [0, 1] of `n` candidates: the network as it is written, every layer over all its inputs. */
export function referenceScores(network, { user, items, category, features }) {
  const width = user.length;
  const size = items.length / width;
  const [pair, inputs] = [new Float64Array(2 * width), new Float64Array(category.length + FEATURES)];
  pair.set(user);
  inputs.set(category);
  return Float64Array.from({ length: size }, (_, row) => {
    pair.set(items.subarray(row * width, (row + 1) * width), width);
    inputs.set(features.subarray(row * FEATURES, (row + 1) * FEATURES), category.length);
    const [a, b] = [branchScore(network.collaborative, pair), branchScore(network.content, inputs)];
    return Math.min(1, Math.max(0, network.alpha * a + (1 - network.alpha) * b));
  });
}

/** What `hybrid.sep.onnx` takes ready: the cleaners' shares `[n, 128]`, the client's and the job's with the biases. */
export function separableParts(network, { user, items, category, features }) {
  const { collaborative, content } = network;
  const [first, width] = [collaborative[0], user.length];
  const size = items.length / width;
  const shares = new Float32Array(size * first.outputs);
  for (let row = 0; row < size; row++) {
    const share = linear({ ...first, bias: undefined }, items.subarray(row * width, (row + 1) * width), width);
    shares.set(share, row * first.outputs);
  }
  const known = Float64Array.from(features.subarray(0, FEATURES));
  known.fill(0, VARYING.from, VARYING.to);
  const job = linear(content[0], [...category, ...known]);
  return { shares, client: Float32Array.from(linear(first, user)), job: Float32Array.from(job) };
}
