// What the page and its worker say to each other.
import type { Capabilities, Catalog, LoadOptions, ModelBytes, Ranking } from "../types/index.js";
import type { Failure } from "./errors.js";

/** Where the engine is: a URL travels to a worker as text. */
export type WasmSource = Exclude<NonNullable<LoadOptions["wasm"]>, URL>;

/** The operations and their answers. */
export interface Operations {
  load: { payload: { bytes: ModelBytes; wasm: WasmSource | undefined }; answer: EngineCapabilities };
  recommend: { payload: object; answer: Ranking };
  catalog: { payload: undefined; answer: Catalog };
}

/** What the engine knows about itself. */
export type EngineCapabilities = Omit<Capabilities, "worker">;

export type Operation = keyof Operations;

/** From the page to the worker. */
export interface Call {
  id: number;
  operation: Operation;
  payload: unknown;
}

/** From the worker to the page. */
export type Reply = { id: number; answer: unknown } | { id: number; failure: Failure };

/** Something that answers: an engine in this thread or one in a worker. */
export interface Backend {
  readonly worker: boolean;
  call<O extends Operation>(
    operation: O,
    payload: Operations[O]["payload"],
    signal: AbortSignal | undefined,
  ): Promise<Operations[O]["answer"]>;
  dispose(): void;
}
