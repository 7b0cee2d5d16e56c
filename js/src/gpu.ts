// Which backend ranks a request, and why. What talks to a GPU is a file of its own that is fetched when it will be used.
import type { LoadOptions, Notice } from "../types/index.js";
import type { Accelerator } from "./accelerator.js";

/** With fewer cleaners the GPU's files are not fetched unless they are asked for: the CPU takes a few milliseconds. */
export const WORTH_TRYING = 20_000;

/** What of the engine is needed here: requests and answers are bytes that nobody here reads. */
export interface GpuEngine {
  /**
   * The answer by the GPU's scores and how far they can be off; nothing where they are off by more. Without any scores the
   * CPU computes them.
   */
  recommend(request: Uint8Array, near: Float32Array, collaborative: number, content: number): Uint8Array;
  /** The model as the GPU takes it; nothing where there is none, or the catalog is in tiles. */
  gpu_model(): Uint8Array;
  /** How many cleaners there are; none where a GPU is of no use. */
  gpu_rows(): number;
  /** The shares of some of them in the first layers. */
  gpu_items(from: number, to: number): Uint8Array;
  /** What to ask the GPU about a request; nothing where no model scores, or the request is refused. */
  gpu_request(request: Uint8Array): Uint8Array;
}

/** Who ranks, and why. */
export interface Choice {
  backend: "cpu" | "webgpu";
  backendReason: string;
}

/** An answer, and who gave it. */
export type Chosen = Choice & { answer: Uint8Array };

/** What is said without being asked: a warning, or what a request of the whole catalog would be ranked by from now on. */
export type Said = { warning: Notice } | { choice: Choice };

export type Tell = (said: Said) => void;

/** The GPU's code is asked for again after that long where it could not be fetched. */
const PAUSE_MS = 60_000;

/** Decides for every request. */
export class Backends {
  readonly #engine: GpuEngine;
  readonly #wanted: NonNullable<LoadOptions["backend"]>;
  readonly #tell: Tell;
  #accelerator: Accelerator | undefined;
  #loading: Promise<Accelerator | undefined> | undefined;
  #failure = "the GPU is not measured yet";
  #retryAt = 0;
  #freed = false;

  constructor(engine: GpuEngine, wanted: LoadOptions["backend"], tell: Tell) {
    this.#engine = engine;
    this.#wanted = wanted ?? "auto";
    this.#tell = tell;
  }

  /** What is known before any request; with `backend: "webgpu"` the GPU is made ready for it. */
  async start(): Promise<Choice> {
    const reason = this.#whyCpu();
    if (reason) return onCpu(reason);
    const accelerator = this.#wanted === "webgpu" ? await this.#load() : undefined;
    return accelerator ? await accelerator.start() : onCpu(this.#failure);
  }

  /** Ranks on the CPU or with the GPU: the answer is the same. `kind`: requests of one kind take alike long. */
  async recommend(request: Uint8Array, kind: string): Promise<Chosen> {
    const reason = this.#whyCpu();
    if (!reason) {
      // An answer only waits for the code where the GPU was asked for.
      const loading = this.#load();
      const accelerator = this.#wanted === "webgpu" ? await loading : this.#accelerator;
      if (accelerator) return await accelerator.recommend(request, kind);
    }
    const answer = rankOnCpu(this.#engine, request);
    if (!reason) this.#load().then((accelerator) => accelerator?.consider(request, kind));
    return { ...onCpu(reason ?? this.#failure), answer };
  }

  /** Gives the GPU's memory back. */
  free(): void {
    this.#freed = true;
    this.#accelerator?.free();
  }

  /** Why the GPU is out of the question, without asking it. */
  #whyCpu(): string | undefined {
    if (this.#wanted === "cpu") return "as asked for";
    const rows = this.#engine.gpu_rows();
    if (this.#wanted === "webgpu") return undefined;
    if (rows === 0) return "there is nothing for a GPU: no model, or a catalog in tiles";
    if (rows < WORTH_TRYING) return `the GPU is not tried below ${WORTH_TRYING} cleaners`;
    return hasWebGpu() ? undefined : "no WebGPU here";
  }

  #load(): Promise<Accelerator | undefined> {
    if (!this.#loading && Date.now() >= this.#retryAt) this.#loading = this.#fetch();
    return this.#loading ?? Promise.resolve(undefined);
  }

  async #fetch(): Promise<Accelerator | undefined> {
    try {
      const accelerator = await load(this.#engine, this.#wanted === "webgpu", this.#tell);
      if (this.#freed) accelerator.free();
      this.#accelerator = accelerator;
      return accelerator;
    } catch (thrown) {
      this.#failure = thrown instanceof Error ? thrown.message : String(thrown);
      this.#retryAt = Date.now() + PAUSE_MS;
      this.#loading = undefined;
      this.#tell({ warning: { code: "webgpu.unavailable", text: `${this.#failure}; the CPU ranks instead` } });
      return undefined;
    }
  }
}

/** Ranks without a GPU. */
export function rankOnCpu(engine: GpuEngine, request: Uint8Array): Uint8Array {
  return engine.recommend(request, new Float32Array(0), 0, 0);
}

const onCpu = (why: string): Choice => ({ backend: "cpu", backendReason: `cpu: ${why}` });

function hasWebGpu(): boolean {
  return "gpu" in (globalThis.navigator ?? {});
}

/**
 * Fetches the code for the GPU. Not by a plain `import()`: bundlers would have to split the worker's code, which not all of
 * them do. They see two files that are used by their address.
 */
async function load(engine: GpuEngine, asked: boolean, tell: Tell): Promise<Accelerator> {
  if (!hasWebGpu()) throw new Error("no WebGPU here");
  const code = new URL("./gpu.js", import.meta.url).href;
  const wasm = new URL("./tidyrank_gpu_bg.wasm", import.meta.url).href;
  const module: typeof import("./accelerator.js") = await import(/* @vite-ignore */ /* webpackIgnore: true */ code);
  return new module.Accelerator({ engine, wasm, asked, worthTrying: WORTH_TRYING, tell });
}
