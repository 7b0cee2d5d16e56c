// What is used of TensorFlow.js, for the bundler.
export * from "@tensorflow/tfjs-backend-wasm";
export {
  add,
  clipByValue,
  concat,
  env,
  fused,
  mul,
  ready,
  setBackend,
  tensor1d,
  tensor2d,
  tidy,
  tile,
  version_core,
} from "@tensorflow/tfjs-core";
