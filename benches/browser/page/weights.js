// The fp32 network from `weights.f32`, for peers that are given layers and not a graph.

const CATEGORIES = 4;
const CATEGORY_WIDTH = 16;
const SIDES = [
  [128, 64, 32, 1],
  [128, 64, 32, 1],
];

/** The category rows, and for each branch its layers: weights `[outputs, inputs]` and biases. */
export async function fetchNetwork() {
  const values = new Float32Array(await (await fetch(new URL("../data/weights.f32", import.meta.url))).arrayBuffer());
  let at = 0;
  const take = (length) => {
    at += length;
    return values.subarray(at - length, at);
  };
  const categories = Array.from({ length: CATEGORIES }, () => take(CATEGORY_WIDTH));
  const [collaborative, content] = [128, CATEGORY_WIDTH + 18].map((width, branch) => {
    let inputs = width;
    return SIDES[branch].map((outputs) => {
      const layer = { inputs, outputs, weight: take(outputs * inputs), bias: take(outputs) };
      inputs = outputs;
      return layer;
    });
  });
  if (at !== values.length) throw new Error(`weights.f32 has ${values.length} values, not ${at}`);
  return { categories, collaborative, content };
}
