/**
 * The recommender without any code for workers: it ranks in the thread that calls it, which may be a worker of your own.
 *
 * ```ts
 * import { Recommender } from "tidyrank/core";
 * ```
 *
 * Everything else is as in `tidyrank`, whose `Recommender` extends this one.
 *
 * @module tidyrank/core
 */
import { type LoadOptions, type ModelBytes, Recommender as WithWorkers } from "./index.js";

export type * from "./index.js";
export { canonicalJson, messageText, TidyrankError } from "./index.js";

/** How to load where there are no workers. */
export type CoreLoadOptions = Omit<LoadOptions, "worker" | "workers">;

/** Ranks cleaners for jobs in the caller's own thread. */
export declare class Recommender extends WithWorkers {
  private constructor();
  /** Loads the files that a manifest names, or takes their bytes. In Node a plain path will do, too. */
  static override load(source: string | URL | ModelBytes, options?: CoreLoadOptions): Promise<Recommender>;
}
