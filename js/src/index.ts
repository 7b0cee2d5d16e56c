// The public class. Nothing in this module runs at import but the definition of classes.
import type {
  Capabilities,
  Catalog,
  Job,
  LoadOptions,
  ModelBytes,
  Ranking,
  Reason,
  RecommendOptions,
} from "../types/index.js";
import { TidyrankError, throwIfAborted } from "./errors.js";
import { resolve } from "./fetch.js";
import { loadFiles } from "./files.js";
import { InlineBackend } from "./inline.js";
import { isNode } from "./node.js";
import type { Backend, WasmSource } from "./protocol.js";
import { WorkerBackend } from "./remote.js";

export { TidyrankError };

/** Ranks cleaners for jobs. */
export class Recommender {
  readonly #backend: Backend;
  readonly #capabilities: Capabilities;
  #disposed = false;

  private constructor(backend: Backend, capabilities: Capabilities) {
    this.#backend = backend;
    this.#capabilities = capabilities;
  }

  static {
    // Older browsers have no Symbol.dispose; `using` does not work there either.
    if (Symbol.dispose) {
      Object.defineProperty(Recommender.prototype, Symbol.dispose, { value: Recommender.prototype.dispose });
    }
  }

  static async load(source: string | URL | ModelBytes, options: LoadOptions = {}): Promise<Recommender> {
    const { signal, onWarning } = options;
    throwIfAborted(signal, "load.aborted");
    const warn = (warning: Reason) => onWarning?.(warning);
    const backend = makeBackend(options.worker, warn);
    try {
      const bytes = isAddress(source) ? await loadFiles(source, fileOptions(options, warn)) : source;
      const engine = await backend.call("load", { bytes, wasm: wasmSource(options.wasm) }, signal);
      engine.warnings.forEach(warn);
      return new Recommender(backend, { worker: backend.worker, ...engine });
    } catch (thrown) {
      backend.dispose();
      throw thrown;
    }
  }

  async recommendCleaners(job: Job, options: RecommendOptions = {}): Promise<Ranking> {
    const { signal, ...rest } = options;
    this.#check();
    const dated = { ...job, postedAt: job.postedAt ?? this.#capabilities.asOf };
    return await this.#backend.call("recommend", { ...rest, job: dated }, signal);
  }

  capabilities(): Capabilities {
    return structuredClone(this.#capabilities);
  }

  async catalog(options: { signal?: AbortSignal } = {}): Promise<Catalog> {
    this.#check();
    return await this.#backend.call("catalog", undefined, options.signal);
  }

  dispose(): void {
    this.#disposed = true;
    this.#backend.dispose();
  }

  declare [Symbol.dispose]: () => void;

  #check(): void {
    if (this.#disposed) throw new TidyrankError("disposed", "the recommender was disposed of");
  }
}

function isAddress(source: string | URL | ModelBytes): source is string | URL {
  return typeof source === "string" || source instanceof URL;
}

function fileOptions(options: LoadOptions, warn: (warning: Reason) => void) {
  const { clients = true, cache = true, fetch, signal } = options;
  return { clients, cache, fetch, signal, warn };
}

/** Relative to the page, not to the worker. */
function wasmSource(wasm: LoadOptions["wasm"]): WasmSource | undefined {
  return typeof wasm === "string" || wasm instanceof URL ? resolve(wasm).href : wasm;
}

function makeBackend(wanted: LoadOptions["worker"], warn: (warning: Reason) => void): Backend {
  if (typeof wanted === "function") return new WorkerBackend(wanted());
  if (wanted === false || (wanted === undefined && isNode())) return new InlineBackend();
  const unavailable = "there are no module workers here";
  if (typeof Worker === "undefined") {
    if (wanted) throw new TidyrankError("worker.unavailable", unavailable);
    warn({ code: "worker.unavailable", text: `${unavailable}: ranking in the page's own thread` });
    return new InlineBackend();
  }
  return new WorkerBackend(new Worker(new URL("./worker.js", import.meta.url), { type: "module" }));
}
