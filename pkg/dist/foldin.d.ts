import type { Job } from "./index.js";

/** A rating that a client gave. */
export interface Interaction {
  /** Ratings of cleaners whom the catalog does not have are ignored. */
  cleanerId: string;
  /** On the market's scale. */
  rating: number;
  /** The job, as far as it is known; the cleaner's price of then is in its `bids`. */
  job?: Job;
}

/** A client's vector, and what it rests on. */
export interface FoldedClient {
  /** For `RecommendOptions.clientVector`: it never has to leave the device. */
  clientVector: number[];
  /** How many ratings counted. */
  used: number;
  /** Cleaners of whom nothing is known here, in the order of the ratings. */
  ignored: string[];
}

/** How to fold in. */
export interface FoldInOptions {
  /** Cancels the request: it rejects with the code `request.aborted`. */
  signal?: AbortSignal;
}
