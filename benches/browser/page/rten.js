// rten compiled to wasm. The cleaners' rows stay in its memory between requests.
import { compare } from "./agree.js";

const PEERS = new URL("../peers/", import.meta.url);

/** `chunk`: candidates a run of the graph, 0 for all at once. */
export async function open({ graph, separable, chunk = 0 }) {
  const rten = await import(new URL("rten.js", PEERS));
  const response = await fetch(new URL(`../onnx/${graph}.onnx`, import.meta.url));
  const [onnx] = await Promise.all([response.arrayBuffer(), rten.default(new URL("rten_bg.wasm", PEERS))]);

  const plain = (user, category, items, features) => {
    const scorer = new rten.Scorer(new Uint8Array(onnx), items);
    const together = chunk || features.length / 18;
    return { score: () => scorer.plain(user, category, features, together), free: () => scorer.free() };
  };
  const ready = ({ client, work }, shares, varying) => {
    const scorer = new rten.Scorer(new Uint8Array(onnx), shares);
    const together = chunk || varying.length / 11;
    return { score: () => scorer.separable(client, work, varying, together), free: () => scorer.free() };
  };

  return {
    about: { threads: 1 },
    plain: (...parts) => plain(...parts).score,
    async prepare(inputs) {
      const made = separable
        ? ready(inputs.query, await inputs.shares(), await inputs.varying())
        : plain(inputs.query.user, inputs.query.kind, await inputs.items(), await inputs.features());
      return { ...made, check: async () => compare(made.score(), await inputs.reference()) };
    },
  };
}
