// What wasm-bindgen generates from src/wasm; bundled by scripts/build-pkg.mjs.
declare module "#glue" {
  /** The loaded engine. */
  export class WasmEngine {
    constructor(manifest: Uint8Array, files: Record<string, Uint8Array>);
    recommend(request: Uint8Array): unknown;
    catalog(): unknown;
    capabilities(): unknown;
    free(): void;
  }
  /** Instantiates the module; a second call does nothing. */
  export default function init(options: {
    module_or_path: Response | BufferSource | WebAssembly.Module;
  }): Promise<unknown>;
}
