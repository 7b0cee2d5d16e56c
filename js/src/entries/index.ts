// `tidyrank`: ranks in a module worker where there are any.
import type { LoadOptions } from "../../types/index.js";
import { TidyrankError } from "../errors.js";
import type { Tell } from "../gpu.js";
import { isNode } from "../node.js";
import type { Backend } from "../protocol.js";
import { Recommender as Core, canonicalJson, messageText, type Warn } from "../recommender.js";
import { WorkerBackend } from "../remote.js";

export { canonicalJson, messageText, TidyrankError };

/** Ranks cleaners for jobs, in a worker unless it is told otherwise. */
export class Recommender extends Core {
  protected static override backend({ worker }: LoadOptions, warn: Warn, tell: Tell): Backend {
    if (typeof worker === "function") return new WorkerBackend(worker(), tell);
    if (worker === false || (worker === undefined && isNode())) return Core.backend({}, warn, tell);
    const unavailable = "there are no module workers here";
    if (typeof Worker === "undefined") {
      if (worker) throw new TidyrankError("worker.unavailable", unavailable);
      warn({ code: "worker.unavailable", text: `${unavailable}: ranking in the page's own thread` });
      return Core.backend({}, warn, tell);
    }
    return new WorkerBackend(new Worker(new URL("./worker.js", import.meta.url), { type: "module" }), tell);
  }
}
