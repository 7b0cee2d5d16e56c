/**
 * The recommender for Node: files and the engine are read from the disk, and nothing depends on the globals of a browser,
 * which a test environment may imitate.
 *
 * ```ts
 * import { Recommender } from "tidyrank/node";
 *
 * const recommender = await Recommender.load("models/cleaners/manifest.json");
 * ```
 *
 * @module tidyrank/node
 */
import { type LoadOptions, type ModelBytes, Recommender as WithWorkers } from "./index.js";

export type * from "./index.js";
export { canonicalJson, messageText, TidyrankError } from "./index.js";

/** How to load in Node: it ranks in the calling thread, and files on the disk need no cache. */
export type NodeLoadOptions = Omit<LoadOptions, "worker" | "workers" | "backend">;

/** Ranks cleaners for jobs in Node. */
export declare class Recommender extends WithWorkers {
  private constructor();
  /** Loads the files that a manifest names, by a path relative to the working directory or by a URL, or takes their bytes. */
  static override load(source: string | URL | ModelBytes, options?: NodeLoadOptions): Promise<Recommender>;
}
