// The engine in this thread. Loaded by the worker, and by the page only where it ranks without one.
import init, { WasmEngine } from "#glue";
import type { ModelBytes } from "../types/index.js";
import { type Failure, isFailure, toError } from "./errors.js";
import { isNode, readFile } from "./node.js";
import type { Operation, Operations, WasmSource } from "./protocol.js";

/** One loaded engine and the operations on it. */
export class Host {
  #engine: WasmEngine | undefined;

  /** Runs one operation; whatever goes wrong is thrown as a `Failure`. */
  async run(operation: Operation, payload: unknown): Promise<unknown> {
    try {
      if (operation === "load") return await this.#load(payload as Operations["load"]["payload"]);
      if (!this.#engine) throw { code: "disposed", message: "the engine is not loaded" };
      return operation === "catalog" ? this.#engine.catalog() : this.#engine.recommend(asJson(payload));
    } catch (thrown) {
      throw isFailure(thrown) ? thrown : asFailure(thrown, `${operation === "load" ? "load" : "engine"}.failed`);
    }
  }

  /** Frees the engine's memory. */
  free(): void {
    this.#engine?.free();
    this.#engine = undefined;
  }

  async #load({ bytes, wasm }: { bytes: ModelBytes; wasm: WasmSource | undefined }): Promise<unknown> {
    try {
      await init({ module_or_path: await moduleOf(wasm) });
    } catch (thrown) {
      throw asFailure(thrown, "load.wasm");
    }
    this.#engine = new WasmEngine(bytes.manifest, bytes.files);
    return this.#engine.capabilities();
  }
}

/** A request as the engine reads it. JSON would make null, which is "unknown", of what is no number. */
function asJson(request: unknown): Uint8Array {
  const text = JSON.stringify(request, (key, value: unknown) => {
    if (typeof value !== "number" || Number.isFinite(value)) return value;
    throw { code: "request.invalid", message: `request field \`${key}\`: ${value} is no finite number` };
  });
  return new TextEncoder().encode(text);
}

async function moduleOf(wasm: WasmSource | undefined): Promise<Response | BufferSource | WebAssembly.Module> {
  if (wasm !== undefined && typeof wasm !== "string") return wasm;
  const url = wasm === undefined ? new URL("./tidyrank_bg.wasm", import.meta.url) : new URL(wasm);
  if (url.protocol === "file:" && isNode()) return Uint8Array.from(await readFile(url));
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`${url.href} answered ${response.status}`);
  return response;
}

function asFailure(thrown: unknown, code: string): Failure {
  const error = toError(thrown, code);
  return { code: error.code, message: error.message };
}
