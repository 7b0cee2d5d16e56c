// What wasm-bindgen generates from src/wasm; bundled by scripts/build-pkg.mjs.
declare module "#glue" {
  /** The engine: first its files, then `load`, then questions. Answers are bytes that src/answer.ts reads. */
  export class WasmEngine {
    constructor();
    file(role: number, bytes: Uint8Array): void;
    load(manifest: Uint8Array): Uint8Array;
    recommend(request: Uint8Array): Uint8Array;
    score(request: Uint8Array): Uint8Array;
    shard(index: number, count: number): Uint8Array;
    tiles(request: Uint8Array): Uint8Array;
    add_tile(hash: Uint8Array, bytes: Uint8Array, checked: boolean): Uint8Array;
    remove_tile(hash: Uint8Array): Uint8Array;
    catalog(): Uint8Array;
    free(): void;
  }
  /** Instantiates the module; a second call does nothing. */
  export default function init(options: {
    module_or_path: Response | BufferSource | WebAssembly.Module;
  }): Promise<unknown>;
}
