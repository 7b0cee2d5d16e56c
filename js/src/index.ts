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
  ScoreOptions,
  Scores,
} from "../types/index.js";
import { TidyrankError, throwIfAborted } from "./errors.js";
import { loadFiles } from "./files.js";
import { InlineBackend } from "./inline.js";
import { compiled } from "./module.js";
import { isNode } from "./node.js";
import type { Backend } from "./protocol.js";
import { WorkerBackend } from "./remote.js";
import { type Plan, plan, Shards } from "./shards.js";

export { TidyrankError };

const INLINE = "without workers one engine ranks in the caller's own thread";

/** Ranks cleaners for jobs. */
export class Recommender {
  readonly #shards: Shards;
  readonly #capabilities: Capabilities;
  #disposed = false;

  private constructor(shards: Shards, capabilities: Capabilities) {
    this.#shards = shards;
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
    const wanted = wantedWorkers(options);
    const wasm = compiled(options.wasm);
    const shards = new Shards(() => makeBackend(options.worker, warn));
    let planned: Plan = { workers: 1, workersReason: INLINE };
    const grow = (catalogBytes: number) => {
      if (!shards.worker) return;
      planned = plan(wanted, catalogBytes);
      shards.grow(planned.workers);
    };
    try {
      if (wanted !== "auto") grow(0);
      if (!shards.worker && wanted !== "auto" && wanted > 1) warn({ code: "worker.unavailable", text: INLINE });
      const bytes = isAddress(source) ? await loadFiles(source, fileOptions(options, warn, grow)) : source;
      if (bytes === source) grow(bytes.files.catalog?.byteLength ?? 0);
      const engine = await shards.load(bytes, await wasm, bytes !== source, signal);
      engine.warnings.forEach(warn);
      return new Recommender(shards, { worker: shards.worker, ...planned, ...engine });
    } catch (thrown) {
      shards.dispose();
      throw thrown;
    }
  }

  async recommendCleaners(job: Job, options: RecommendOptions = {}): Promise<Ranking> {
    const { signal, ...rest } = options;
    return await this.#shards.recommend(this.#request(job, rest), signal);
  }

  async scoreCleaners(job: Job, options: ScoreOptions = {}): Promise<Scores> {
    const { signal, ...rest } = options;
    return await this.#shards.score(this.#request(job, rest), signal);
  }

  capabilities(): Capabilities {
    return structuredClone(this.#capabilities);
  }

  async catalog(options: { signal?: AbortSignal } = {}): Promise<Catalog> {
    this.#check();
    return await this.#shards.catalog(options.signal);
  }

  dispose(): void {
    this.#disposed = true;
    this.#shards.dispose();
  }

  declare [Symbol.dispose]: () => void;

  #request<O extends object>(job: Job, options: O): O & { job: Job } {
    this.#check();
    return { ...options, job: { ...job, postedAt: job.postedAt ?? this.#capabilities.asOf } };
  }

  #check(): void {
    if (this.#disposed) throw new TidyrankError("disposed", "the recommender was disposed of");
  }
}

function isAddress(source: string | URL | ModelBytes): source is string | URL {
  return typeof source === "string" || source instanceof URL;
}

function fileOptions(options: LoadOptions, warn: (warning: Reason) => void, announce: (catalogBytes: number) => void) {
  const { clients = true, cache = true, fetch, signal } = options;
  return { clients, cache, fetch, signal, warn, announce };
}

/** One where nothing is said. The page's own thread is one, and no more can be had without workers. */
function wantedWorkers({ worker, workers = 1 }: LoadOptions): number | "auto" {
  if (workers !== "auto" && !(Number.isInteger(workers) && workers > 0)) {
    throw new TidyrankError("load.invalid", `\`workers\` must be "auto" or a whole number from 1 up, not ${workers}`);
  }
  if (worker === false && workers !== "auto" && workers > 1) {
    throw new TidyrankError("load.invalid", `\`workers: ${workers}\` cannot be had with \`worker: false\``);
  }
  return workers;
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
