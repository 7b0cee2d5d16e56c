// TensorFlow.js on its wasm backend: matrix products with bias and ReLU fused in, as its graph converter makes them. The
// cleaners' rows stay in its memory between requests.
import { compare } from "./agree.js";
import { fetchNetwork } from "./weights.js";

const PEERS = new URL("../peers/", import.meta.url);

export async function open() {
  const [tf, network] = await Promise.all([import(new URL("tfjs.js", PEERS)), fetchNetwork()]);
  // One thread: otherwise an isolated page is given the module for several.
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  tf.setWasmPaths(PEERS.href);
  await tf.setBackend("wasm");
  await tf.ready();

  const packed = (layers) =>
    layers.map(({ weight, bias, inputs, outputs }, at) => ({
      b: tf.tensor2d(transposed(weight, outputs, inputs), [inputs, outputs]),
      bias: tf.tensor1d(bias),
      activation: at < layers.length - 1 ? "relu" : undefined,
    }));
  const branches = [packed(network.collaborative), packed(network.content)];
  const forward = (layers, x) => layers.reduce((a, layer) => tf.fused.matMul({ a, ...layer }), x);

  const plain = (user, category, items, features, alpha) => {
    const [size, rows] = [items.length / 64, tf.tensor2d(items, [items.length / 64, 64])];
    const score = () =>
      tf.tidy(() => {
        const users = tf.tile(tf.tensor2d(user, [1, 64]), [size, 1]);
        const kinds = tf.tile(tf.tensor2d(network.categories[category], [1, 16]), [size, 1]);
        const a = forward(branches[0], tf.concat([users, rows], 1));
        const b = forward(branches[1], tf.concat([kinds, tf.tensor2d(features, [size, 18])], 1));
        return tf.clipByValue(tf.add(tf.mul(a, alpha), tf.mul(b, 1 - alpha)), 0, 1).dataSync();
      });
    return { score, free: () => rows.dispose() };
  };

  return {
    about: { version: tf.version_core, threads: 1 },
    plain: (...parts) => plain(...parts).score,
    async prepare({ query, ...inputs }) {
      const made = plain(query.user, query.kind, await inputs.items(), await inputs.features(), query.alpha);
      return { ...made, check: async () => compare(made.score(), await inputs.reference()) };
    },
  };
}

function transposed(weight, outputs, inputs) {
  return Float32Array.from(weight, (_, at) => weight[(at % outputs) * inputs + Math.floor(at / outputs)]);
}
