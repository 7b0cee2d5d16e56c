// One WebGPU device with the model and the items on it. Whatever goes wrong is thrown as `{code, message}` with a
// `webgpu.*` code, and nothing is left waiting.
import init, { __wbg_reset_state as reset, WasmGpu } from "#gpu-glue";
import type { Failure } from "./errors.js";
import type { GpuEngine } from "./gpu.js";

/** Rows that are uploaded at a time: some megabytes. */
const ROWS_AT_ONCE = 8192;
/** After that long a GPU is taken for lost. */
const PATIENCE_MS = 30_000;

/** A device that is ready to score. */
export class Device {
  readonly #gpu: WasmGpu;
  /** How far the two branches' scores can be from the CPU's. */
  readonly tolerance: readonly [number, number];
  /** Bytes of the shares of one row or query. */
  readonly rowBytes: number;

  private constructor(gpu: WasmGpu) {
    this.#gpu = gpu;
    const [collaborative = 0, content = 0] = gpu.tolerance();
    this.tolerance = [collaborative, content];
    this.rowBytes = gpu.rowBytes();
  }

  /** Puts an engine's model and items on a device. */
  static async open(engine: GpuEngine, wasm: string): Promise<Device> {
    if (!(await navigator.gpu.requestAdapter())) throw unavailable("no WebGPU adapter");
    try {
      await init({ module_or_path: wasm });
    } catch (thrown) {
      throw unavailable(`the GPU's code cannot be loaded: ${thrown}`);
    }
    const model = engine.gpu_model();
    const rows = engine.gpu_rows();
    if (rows === 0) throw unavailable("there is nothing for it: no model, or a catalog in tiles");
    const gpu = await patient(() => WasmGpu.create(model, rows));
    try {
      for (let from = 0; from < rows; from += ROWS_AT_ONCE) {
        const to = Math.min(rows, from + ROWS_AT_ONCE);
        await patient(() => gpu.writeItems(from, engine.gpu_items(from, to)));
      }
    } catch (thrown) {
      gpu.free();
      throw thrown;
    }
    return new Device(gpu);
  }

  /** What is known of the hardware. */
  get name(): string {
    return [this.#gpu.adapter(), this.#gpu.arithmetic()].filter(Boolean).join(", ");
  }

  /** Both branches' scores of every candidate of a request. */
  async score(request: Uint8Array): Promise<Float32Array> {
    return await patient(() => this.#gpu.score(request));
  }

  /** Gives the memory back. */
  close(): void {
    try {
      this.#gpu.free();
    } catch {
      // Its module was started afresh meanwhile.
    }
  }
}

/**
 * Waits for the module, but not for ever. When its code stops in the middle of a task, by a trap or because the browser
 * throws where the standard says that it does not, nobody would settle the promise.
 */
async function patient<T>(work: () => Promise<T>): Promise<T> {
  const timeout = lost(`no answer for ${PATIENCE_MS / 1000} s`);
  const watch = new AbortController();
  try {
    return await new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => reject(timeout), PATIENCE_MS);
      watch.signal.addEventListener("abort", () => clearTimeout(timer));
      const trapped = (event: Event & { error?: unknown; reason?: unknown }) => {
        if (!isStop(event.error ?? event.reason)) return;
        event.preventDefault();
        reject(stopped());
      };
      for (const name of ["error", "unhandledrejection"]) {
        globalThis.addEventListener(name, trapped as EventListener, { signal: watch.signal });
      }
      work().then(resolve, reject);
    });
  } catch (thrown) {
    throw isStop(thrown) ? stopped() : thrown;
  } finally {
    watch.abort();
  }
}

/** Whether something thrown has come out of WebAssembly: other code of the page may fail at the same time. */
function isStop(thrown: unknown): boolean {
  return thrown instanceof WebAssembly.RuntimeError || (thrown instanceof Error && /wasm/.test(thrown.stack ?? ""));
}

/** A module that was stopped is in no state to go on. */
function stopped(): Failure {
  reset();
  return lost("the GPU's code was stopped");
}

const lost = (what: string): Failure => ({ code: "webgpu.lost", message: `the GPU was lost: ${what}` });
const unavailable = (what: string): Failure => ({ code: "webgpu.unavailable", message: `no GPU: ${what}` });
