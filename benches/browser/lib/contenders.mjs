// Who is measured, and what each row of the tables is.
import { MACS } from "./network.mjs";

/** Largest allowed difference from the fp32 network in f64, on scores between 0 and 1. */
export const TOLERANCE = { f32: 1e-5, tidyrank: 2e-3, "dynamic int8": 1e-2 };

const tidyrank = (id, label, options, rest = {}) => ({
  id,
  label,
  page: "tidyrank",
  options: { mode: "neural", ...options, load: { worker: false, backend: "cpu", ...options.load } },
  arithmetic: "i16",
  macs: MACS.engine,
  threads: 1,
  tolerance: TOLERANCE.tidyrank,
  ...rest,
});

const ort = (graph, threads) => {
  const [separable, int8] = [graph.includes(".sep"), graph.endsWith(".int8")];
  const kind = `${int8 ? "int8" : "fp32"}${separable ? ", first layers ready" : ""}, ${threads} thread${threads > 1 ? "s" : ""}`;
  return {
    id: `ort${separable ? "-sep" : ""}${int8 ? "-int8" : ""}-${threads}t`,
    label: `onnxruntime-web, ${kind}`,
    page: "ort",
    options: { graph, separable, threads },
    arithmetic: int8 ? "i16" : "f32",
    macs: separable ? MACS.separable : MACS.dense,
    threads,
    tolerance: int8 ? TOLERANCE["dynamic int8"] : TOLERANCE.f32,
  };
};

const rten = (id, label, options) => ({
  id,
  label: `rten, relaxed SIMD, ${label}`,
  page: "rten",
  options,
  arithmetic: "f32",
  macs: options.separable ? MACS.separable : MACS.dense,
  threads: 1,
  tolerance: TOLERANCE.f32,
});

const dense = { arithmetic: "f32", macs: MACS.dense, threads: 1, tolerance: TOLERANCE.f32, options: {} };
const ensembleTop = { mode: "ensemble", top: true };
const pruned = { macs: undefined };
const half = { macs: MACS.sameClient };
const optional = { optional: true };
const weighed = { weighed: true };

/**
 * All rows. `wants` is what an answer must say of itself; a row is left out, with a note, where it does not, and `optional` ones
 * if they fail, too. `software` marks a GPU that is a program: for information, measured once. `weighed` ones
 * are those whose memory is measured.
 */
export const CONTENDERS = [
  tidyrank("tidyrank-top10", "tidyrank, ensemble, ten best", ensembleTop, pruned),
  tidyrank("tidyrank", "tidyrank, network, all scores", {}, weighed),
  tidyrank("tidyrank-same-client", "tidyrank, network, all scores, same client again", { sameClient: true }, half),
  tidyrank("tidyrank-worker", "tidyrank, network, all scores, in its worker", { load: { worker: true } }, weighed),
  tidyrank(
    "tidyrank-top10-2w",
    "tidyrank, ensemble, ten best, 2 workers",
    { ...ensembleTop, load: { worker: true, workers: 2 } },
    { ...pruned, ...weighed, threads: 2, wants: { workers: 2 } },
  ),
  tidyrank(
    "tidyrank-2w",
    "tidyrank, network, all scores, 2 workers",
    { load: { worker: true, workers: 2 } },
    { threads: 2, wants: { workers: 2 } },
  ),
  tidyrank(
    "tidyrank-webgpu",
    "tidyrank, network, all scores, WebGPU (SwiftShader)",
    { load: { worker: true, backend: "webgpu" } },
    { ...pruned, ...optional, wants: { backend: "webgpu" }, software: true },
  ),
  { ...ort("hybrid", 1), ...weighed },
  ort("hybrid", 2),
  { ...ort("hybrid.int8", 1), ...weighed },
  ort("hybrid.int8", 2),
  { ...ort("hybrid.sep", 1), ...weighed },
  ort("hybrid.sep", 2),
  ort("hybrid.sep.int8", 1),
  ort("hybrid.sep.int8", 2),
  rten("rten", "fp32", { graph: "hybrid" }),
  { ...rten("rten-sep", "fp32, first layers ready", { graph: "hybrid.sep", separable: true }), ...weighed },
  rten("rten-sep-1k", "fp32, first layers ready, 1,000 at a time", {
    graph: "hybrid.sep",
    separable: true,
    chunk: 1000,
  }),
  { id: "tfjs", label: "TensorFlow.js wasm, fp32", page: "tfjs", ...dense, ...weighed },
  { id: "js", label: "plain JavaScript, fp32", page: "plain", ...dense, ...weighed, slow: true },
];

/** Rows whose start is measured: each runtime as one would begin with it. */
export const COLD = [
  { id: "tidyrank", label: "tidyrank", page: "tidyrank" },
  { id: "ort-1t", label: "onnxruntime-web, fp32", page: "ort", options: { graph: "hybrid", threads: 1 } },
  { id: "ort-int8-1t", label: "onnxruntime-web, int8", page: "ort", options: { graph: "hybrid.int8", threads: 1 } },
  { id: "rten", label: "rten, relaxed SIMD, fp32", page: "rten", options: { graph: "hybrid" } },
  { id: "tfjs", label: "TensorFlow.js wasm, fp32", page: "tfjs", options: {} },
  { id: "js", label: "plain JavaScript, fp32", page: "plain", options: {} },
];
