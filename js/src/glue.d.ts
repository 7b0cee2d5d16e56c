// What wasm-bindgen generates from src/wasm; bundled by scripts/build-pkg.mjs.
declare module "#glue" {
  /** The engine: first its files, then `load`, then questions. Answers are bytes that src/answer.ts reads. */
  export class WasmEngine {
    constructor();
    file(role: number, bytes: Uint8Array): void;
    load(manifest: Uint8Array): Uint8Array;
    recommend(request: Uint8Array, near: Float32Array, collaborative: number, content: number): Uint8Array;
    score(request: Uint8Array): Uint8Array;
    row(cleaner: Uint8Array): Uint8Array;
    explain(request: Uint8Array, question: Uint8Array): Uint8Array;
    jobs(request: Uint8Array): Uint8Array;
    shard(index: number, count: number): Uint8Array;
    tiles(request: Uint8Array): Uint8Array;
    add_tile(hash: Uint8Array, bytes: Uint8Array, checked: boolean): Uint8Array;
    remove_tile(hash: Uint8Array): Uint8Array;
    catalog(): Uint8Array;
    exclusion(request: Uint8Array, cleaner: Uint8Array): Uint8Array;
    arrange(request: Uint8Array, pool: Uint8Array): Uint8Array;
    suggest_bid(question: Uint8Array): Uint8Array;
    fold_terms(history: Uint8Array): Uint8Array;
    fold(terms: Uint8Array): Uint8Array;
    gpu_model(): Uint8Array;
    gpu_rows(): number;
    gpu_items(from: number, to: number): Uint8Array;
    gpu_request(request: Uint8Array): Uint8Array;
    free(): void;
  }
  /** Instantiates the module; a second call does nothing. */
  export default function init(options: {
    module_or_path: Response | BufferSource | WebAssembly.Module;
  }): Promise<unknown>;
}

// And of src/wasm/gpu.rs.
declare module "#gpu-glue" {
  /** A model and a catalog's items on a GPU. One call at a time; all of them reject with `{code, message}`. */
  export class WasmGpu {
    static create(model: Uint8Array, rows: number, arithmetic?: "dot4" | "f32"): Promise<WasmGpu>;
    writeItems(first: number, shares: Uint8Array): Promise<void>;
    score(request: Uint8Array): Promise<Float32Array>;
    adapter(): string;
    arithmetic(): string;
    rowBytes(): number;
    tolerance(): Float32Array;
    free(): void;
  }
  /** Starts the module afresh; what it made before is of no more use. */
  export function __wbg_reset_state(): void;
  /** Instantiates the module; a second call does nothing. */
  export default function init(options: { module_or_path: string }): Promise<unknown>;
}
