// What is used of TensorFlow.js, for the bundler.
export * from "@tensorflow/tfjs-backend-wasm";
export {
  add,
  clipByValue,
  concat,
  fused,
  keep,
  mul,
  ready,
  setBackend,
  slice,
  tensor1d,
  tensor2d,
  tidy,
  tile,
  version_core,
} from "@tensorflow/tfjs-core";
