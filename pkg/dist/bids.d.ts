import type { Reason } from "./explain.js";
import type { ModelName } from "./index.js";

/** How to suggest a bid. */
export interface BidOptions {
  /** The prices of the curve, each above 0; without them 25 around the range. */
  prices?: readonly number[];
  /** The share of the price that the platform keeps, 0 to 1 (0). */
  fee?: number;
  /** When the bid would be placed, seconds since 1970 in UTC. */
  at?: number;
  /** Language of the reasons; without it that of the recommender. */
  locale?: string;
  /** Cancels the request: it rejects with the code `request.aborted`. */
  signal?: AbortSignal;
}

/** One price. */
export interface BidPoint {
  price: number;
  /** 0 to 1. */
  winProbability: number;
  /** The price less the fee, times the win probability. */
  expectedRevenue: number;
}

/** What a suggestion rests on; null where it is unknown. */
export interface BidInputs {
  clientBudget: number | null;
  /** What such a job costs by the market's bids so far. */
  marketAverage: number | null;
  /** What this cleaner usually asks for such a job. */
  cleanerAverage: number | null;
  /** The share of their bids that win, 0 to 1, drawn toward the market's where they made few. */
  winRate: number | null;
  /** How many others have bid. */
  bidCount: number;
  lowestBid: number | null;
}

/** What to bid. Prices are in the market's currency, in whole hundredths; `min <= median <= max`, `min <= optimal <= max`. */
export interface BidSuggestion {
  /** Null for a newcomer without an id. */
  cleanerId: string | null;
  /** ISO 4217 code of every amount. */
  currency: string;
  /** The job goes for less in one of ten cases. */
  min: number;
  /** The job goes for less as often as for more. */
  median: number;
  /** The job goes for more in one of ten cases. */
  max: number;
  /** The price from `min` to `max` with the highest expected revenue; without a bid model the median. */
  optimal: number;
  /** How likely `optimal` wins, 0 to 1. */
  winProbability: number;
  /** The point of the curve with the highest expected revenue; of equals the lowest price. */
  best: BidPoint;
  /** By price, ascending. A higher price never wins more often. */
  curve: BidPoint[];
  inputs: BidInputs;
  /** `market` where there is no bid model: from prices and win rates alone. */
  source: "model" | "market";
  model: ModelName | null;
  reasons: Reason[];
}
