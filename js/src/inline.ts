// Ranking in the caller's own thread.
import { aborted, TidyrankError, throwIfAborted, toError } from "./errors.js";
import type { Tell } from "./gpu.js";
import type { Host } from "./host.js";
import type { Backend, Operation, Operations } from "./protocol.js";

/** An engine in this thread; its code is only loaded now. */
export class InlineBackend implements Backend {
  readonly worker = false;
  readonly #tell: Tell;
  #host: Host | undefined;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  async call<O extends Operation>(operation: O, payload: Operations[O]["payload"], signal: AbortSignal | undefined) {
    const code = operation === "load" ? "load.aborted" : "request.aborted";
    try {
      if (operation === "load") this.#host = new (await import("./host.js")).Host(this.#tell);
      throwIfAborted(signal, code);
      if (!this.#host) throw new TidyrankError("disposed", "the recommender was disposed of");
      const answer = await this.#host.run(operation, payload);
      if (signal?.aborted) throw aborted(signal, code);
      return answer as Operations[O]["answer"];
    } catch (thrown) {
      throw toError(thrown, operation === "load" ? "load.failed" : "engine.failed");
    }
  }

  dispose(): void {
    this.#host?.free();
    this.#host = undefined;
  }
}
