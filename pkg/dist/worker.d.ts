/**
 * The worker that `Recommender.load` starts; for bundlers that need it as an entry of its own. It exports nothing.
 *
 * @module tidyrank/worker
 */
export {};
