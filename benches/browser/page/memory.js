// Keeps track of the wasm memories of a page, so that their size can be told. Import it before anything else.

const memories = new Set();
const { Memory, instantiate, instantiateStreaming } = WebAssembly;

WebAssembly.Memory = new Proxy(Memory, {
  construct(target, parameters) {
    const memory = Reflect.construct(target, parameters);
    memories.add(memory);
    return memory;
  },
});

function exported(result) {
  const instance = result.instance ?? result;
  for (const value of Object.values(instance.exports)) if (value instanceof Memory) memories.add(value);
  return result;
}

WebAssembly.instantiate = async (...parameters) => exported(await instantiate.apply(WebAssembly, parameters));
WebAssembly.instantiateStreaming = async (...parameters) =>
  exported(await instantiateStreaming.apply(WebAssembly, parameters));

/** Bytes of all wasm memories of this page, those of its workers left out unless they are shared. */
export const wasmBytes = () => [...memories].reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
