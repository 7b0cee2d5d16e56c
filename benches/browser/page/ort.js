// onnxruntime-web on its wasm backend.
import { compare } from "./agree.js";

const PEERS = new URL("../peers/", import.meta.url);

/** `graph` is the name of an ONNX file, `separable` says whether it takes the first layers' sums ready. */
export async function open({ graph, separable, threads }) {
  const ort = await import(new URL("ort/ort.wasm.bundle.min.mjs", PEERS));
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = { wasm: new URL("ort/ort-wasm-simd-threaded.wasm", PEERS).href };
  ort.env.logLevel = "error";
  const response = await fetch(new URL(`../onnx/${graph}.onnx`, import.meta.url));
  const session = await ort.InferenceSession.create(new Uint8Array(await response.arrayBuffer()), {
    executionProviders: ["wasm"],
    graphOptimizationLevel: "all",
  });
  const f32 = (values, width) => new ort.Tensor("float32", values, [values.length / width, width]);
  const run = (feeds) => async () => (await session.run(feeds())).scores.data;

  const plain = (user, category, items, features) =>
    run(() => ({
      user: f32(user, 64),
      category: new ort.Tensor("int64", BigInt64Array.of(BigInt(category)), [1]),
      item: f32(items, 64),
      features: f32(features, 18),
    }));
  const ready = ({ client, work }, shares, varying) =>
    run(() => ({
      client: f32(client, 128),
      job: f32(work, 128),
      shares: f32(shares, 128),
      features: f32(varying, 11),
    }));

  return {
    about: { version: ort.env.versions.web, threads: ort.env.wasm.numThreads, isolated: crossOriginIsolated },
    /** A scorer of one client and job over embedding rows and features. */
    plain,
    async prepare(inputs) {
      const score = separable
        ? ready(inputs.query, await inputs.shares(), await inputs.varying())
        : plain(inputs.query.user, inputs.query.kind, await inputs.items(), await inputs.features());
      return { score, check: async () => compare(await score(), await inputs.reference()) };
    },
  };
}
