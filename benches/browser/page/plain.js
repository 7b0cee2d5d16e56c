// The network in plain JavaScript: loops over Float32Array, as one would write them down.
import { compare } from "./agree.js";
import { fetchNetwork } from "./weights.js";

export async function open() {
  const { categories, collaborative, content } = await fetchNetwork();

  const outs = [collaborative, content].map((layers) => layers.map(({ outputs }) => new Float32Array(outputs)));

  function forward(branch, layers, x) {
    let values = x;
    for (let at = 0; at < layers.length; at++) {
      const { weight, bias, inputs, outputs } = layers[at];
      const next = outs[branch][at];
      const last = at === layers.length - 1;
      for (let output = 0; output < outputs; output++) {
        let sum = bias[output];
        for (let input = 0; input < inputs; input++) sum += weight[output * inputs + input] * values[input];
        next[output] = last ? sum : Math.max(0, sum);
      }
      values = next;
    }
    return values[0];
  }

  const plain = (user, category, items, features, alpha) => () => {
    const out = new Float32Array(items.length / 64);
    const [pair, inputs] = [new Float32Array(128), new Float32Array(34)];
    pair.set(user);
    inputs.set(categories[category]);
    for (let row = 0; row < out.length; row++) {
      pair.set(items.subarray(row * 64, row * 64 + 64), 64);
      inputs.set(features.subarray(row * 18, row * 18 + 18), 16);
      const blend = alpha * forward(0, collaborative, pair) + (1 - alpha) * forward(1, content, inputs);
      out[row] = Math.min(1, Math.max(0, blend));
    }
    return out;
  };

  return {
    about: { threads: 1 },
    plain,
    async prepare({ query, ...inputs }) {
      const score = plain(query.user, query.kind, await inputs.items(), await inputs.features(), query.alpha);
      return { score, check: async () => compare(score(), await inputs.reference()) };
    },
  };
}
