// The engine's module: fetched and compiled while the workers start, and once for all of them.
import type { LoadOptions } from "../types/index.js";
import { resolve } from "./fetch.js";
import { isNode } from "./node.js";
import type { WasmSource } from "./protocol.js";

/** The compiled module; where it cannot be had, what the caller gave: the engine then says what is wrong with it. */
export async function compiled(wasm: LoadOptions["wasm"]): Promise<WasmSource | undefined> {
  // Relative to the page, not to the worker.
  const source = typeof wasm === "string" || wasm instanceof URL ? resolve(wasm).href : wasm;
  if (isNode()) return source;
  try {
    if (source !== undefined && typeof source !== "string") {
      return source instanceof WebAssembly.Module ? source : await WebAssembly.compile(source);
    }
    const url = source ?? new URL("./tidyrank_bg.wasm", import.meta.url);
    return await WebAssembly.compileStreaming(fetch(url, { credentials: "same-origin" }));
  } catch {
    return source;
  }
}
