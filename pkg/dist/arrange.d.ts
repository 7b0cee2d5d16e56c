import type { Reason } from "./explain.js";

/**
 * Who is left out. A filter leaves out who is *known* to break it; with `strict` also who may, because it is not known of them.
 */
export interface Filters {
  /** Who is further away than this many kilometres. A catalog in tiles loads no tile beyond it. */
  maxDistanceKm?: number;
  /** Whose bid, or else usual price for such a job, is higher. */
  maxPrice?: number;
  /** Whose mean rating, on the market's scale, is lower. */
  minRating?: number;
  /** True: who does not work with eco-friendly products. */
  eco?: boolean;
  /** True: who does not work, in local time, from `scheduledAt` for `durationH` hours. Who has bid on the job does. */
  available?: boolean;
  /** Who does not offer all of these. */
  propertyTypes?: readonly string[];
  /** Whose score, with what rules of the house add, is lower. */
  minScore?: number;
  /** These cleaners; ids that nobody has are ignored, here and below. */
  hide?: readonly string[];
  /** These cleaners, whom the client has seen. */
  seen?: readonly string[];
  strict?: boolean;
}

/** What the marketplace wants of one cleaner. A pin does not bring back who is left out by a filter. */
export type HouseRule =
  /** Gets this place, from 1; without one the first that is free. Beyond the end of the list they are not shown. */
  | { cleanerId: string; action: "pin"; position?: number }
  /** Gets these points, -100 to 100, on top of the score; those of several rules add up. */
  | { cleanerId: string; action: "boost"; points: number }
  /** Comes after everybody else, and is only shown where there are fewer others than the limit. */
  | { cleanerId: string; action: "bury" };

/** Maximal marginal relevance: people who are like somebody already in the list lose points. `docs/ranking.md` has the formula. */
export interface Diversity {
  /** 1 = by score alone, 0 = by difference alone. */
  lambda: number;
  /** Among how many of the best it chooses: 4 times the limit, at least 50; at most 1000. */
  pool?: number;
}

/** The least share of new cleaners: where the list has fewer, the best new ones get its last places. */
export interface Exposure {
  /** 0 to 1 of the list; rounded up to whole cleaners. */
  share: number;
  /** New = fewer reviews than this (5). */
  below?: number;
}

/** Some places are given away by chance, so that the marketplace learns of those who are never shown. */
export interface Explore {
  /** `epsilon`: anybody, now and then; `thompson`: everybody as often as they may be the best, by how many reviews they have. */
  method: "epsilon" | "thompson";
  /** How often, 0 to 1 (0.1); for `epsilon`. */
  epsilon?: number;
  /** A whole number; the same seed gives the same list. */
  seed: number;
  /** As for diversity. */
  pool?: number;
}

/** What can be wanted of an order beyond the scores. */
export interface Policies {
  house?: readonly HouseRule[];
  diversity?: Diversity;
  exposure?: Exposure;
  explore?: Explore;
}

/** What gave a cleaner their place. */
export type PlacedBy = "score" | "diversity" | "exposure" | "explore" | "pin" | "bury";

/** Whether a cleaner can be in a ranking. */
export interface Exclusion {
  cleanerId: string;
  excluded: boolean;
  /** Every filter that fails; `code` is `excluded_` and the name. */
  by: Reason[];
  /** Place among all candidates by score, from 1, before pins and policies; null where they are left out. */
  rank: number | null;
  /** With what rules of the house add; null where they are left out by anything but it. */
  score: number | null;
}
