/// <reference lib="esnext.disposable" />
/**
 * tidyrank ranks a service marketplace inside the browser.
 *
 * Importing this module does nothing: no fetch, no worker, no global is touched before `Recommender.load`.
 *
 * @module tidyrank
 */

import type { Exclusion, Filters, PlacedBy, Policies } from "./arrange.js";
import type { BidOptions, BidSuggestion } from "./bids.js";
import type { ExplainOptions, Explanation, MessageCatalogue, Notice, Reason } from "./explain.js";
import type { FoldedClient, FoldInOptions, Interaction } from "./foldin.js";
import type { JobOptions, JobPosting, JobRanking } from "./jobs.js";
import type { CleanerProfile } from "./profile.js";

export type * from "./arrange.js";
export type * from "./bids.js";
export type * from "./explain.js";
export type * from "./foldin.js";
export type * from "./jobs.js";
export type * from "./profile.js";

/** A position in degrees (WGS 84). */
export interface GeoPoint {
  latitude: number;
  longitude: number;
}

/** A bid on the job; without an amount it only says that the cleaner is on offer. */
export interface Bid {
  cleanerId: string;
  /** In the market's currency. */
  amount?: number;
}

/** What a job asks for. Leave out what is unknown: unknown is never zero. */
export interface Job {
  /** Lets the model use what it learned of this client. */
  clientId?: string;
  /** One of `Market.propertyTypes`. */
  propertyType?: string;
  location?: GeoPoint;
  /** Floor area in square metres. */
  sizeM2?: number;
  /** Estimated duration in hours. */
  durationH?: number;
  /** Whether eco-friendly products are asked for. */
  eco?: boolean;
  /** What the client means to spend, in the market's currency. */
  budget?: number;
  /** Seconds since 1970 in UTC; without it the moment of the catalog. */
  postedAt?: number;
  /** Seconds since 1970 in UTC; without it `postedAt`. */
  scheduledAt?: number;
  bids?: readonly Bid[];
}

/** `rules` needs no model; `neural` is the model alone; `ensemble` weighs the two. */
export type Mode = "rules" | "neural" | "ensemble";

/** How to rank. */
export interface RecommendOptions extends Policies {
  /** How many cleaners to return (10). */
  limit?: number;
  /** `ensemble` where nothing is said. */
  mode?: Mode;
  /** The rules' share of an ensemble score, 0 to 1; without it the model's own. */
  ruleWeight?: number;
  /**
   * The price's share of an ensemble score, 0 to 1; without it the model's own. The score is
   * `priceWeight * pricing + (1 - priceWeight) * (ruleWeight * rules + (1 - ruleWeight) * neural)`, with `pricing` as in
   * `breakdown`; where that is unknown the price does not count.
   */
  priceWeight?: number;
  /** How probable it is that the rating lies in an item's `interval`, 0.5 to 0.99 (0.9). */
  level?: number;
  /** Rank everyone in the catalog or only those who bid; without it as the market does it. */
  candidates?: "catalog" | "bidders";
  /** The client's own vector where it is not part of the loaded files: an embedding row (64 numbers), or what `foldIn` gives. */
  clientVector?: readonly number[];
  filters?: Filters;
  /** The language of reasons; without it that of `LoadOptions`. */
  locale?: string;
  /** Cancels the request: it rejects with the code `request.aborted`. */
  signal?: AbortSignal;
}

/** How to score everyone: as for a ranking, without a limit. Rules of the house add their points and do nothing else. */
export type ScoreOptions = Omit<RecommendOptions, "limit" | "locale" | "diversity" | "exposure" | "explore">;

/** One of the five weighted parts of the rule score. */
export interface Contribution {
  component: "quality" | "reliability" | "experience" | "bidding" | "activity";
  /** Percent of the rule score. */
  weight: number;
  /** 0 to 100; null where nobody in the market is known to have any. */
  value: number | null;
  /** Points; the five add up to `ruleScore`. */
  contribution: number;
}

/** How well the cleaner fits this job, each 0 to 100, or null where it is unknown. */
export interface Breakdown {
  quality: number | null;
  location: number | null;
  specialisation: number | null;
  pricing: number | null;
  availability: number | null;
  /** Whether jobs were done, and on time: the part of the rule score. */
  reliability: number | null;
}

/** One cleaner of a ranking. All scores are 0 to 100. */
export interface RankedCleaner {
  cleanerId: string;
  /** The cleaner's row in the whole catalog, from 0: equal scores are ranked by it. */
  row: number;
  /** Empty where the catalog has none. */
  name: string;
  /** From 1. */
  rank: number;
  score: number;
  /** How much of the score rules of the house add; with it a score may leave 0 to 100. */
  boost: number;
  ruleScore: number;
  /** Null in the mode `rules` and where there is no model. */
  neuralScore: number | null;
  collaborativeScore: number | null;
  contentScore: number | null;
  /**
   * Where the client's rating lies, on the scale of `neuralScore`, with the probability `RecommendOptions.level`: wider for a
   * cleaner with few reviews. Null where there is no `neuralScore`, or the model comes without the file of the role `conformal`.
   */
  interval: [low: number, high: number] | null;
  /** The bid, or what the cleaner would probably ask. */
  price: number | null;
  /** Whether `price` is a bid. */
  bid: boolean;
  distanceKm: number | null;
  location: GeoPoint | null;
  /** How many reviews there are. */
  reviews: number;
  /** Whether those are few: fewer than `exposure.below`, or than 5. */
  isNew: boolean;
  /** What gave the place. */
  placedBy: PlacedBy;
  /** With what probability it was given, those before it being as they are; null where nothing explores. */
  propensity: number | null;
  contributions: Contribution[];
  breakdown: Breakdown;
  reasons: Reason[];
}

/** How a ranking came about. */
export interface RankingMeta {
  /** The mode that was used. */
  mode: Mode;
  requestedMode: Mode;
  /** Why `mode` is not `requestedMode`; null where it is. */
  fallback: Notice | null;
  ruleWeight: number;
  priceWeight: number;
  /** Whether the model knows this client. */
  clientKnown: boolean;
  /**
   * Of what the model has seen nothing, and what it therefore takes for the average: the client, and the place of the job
   * (`city`: outside the positions that it learned from, which then count as unknown).
   */
  cold: { client: boolean; city: boolean };
  /** Where the model scored. */
  backend: "cpu" | "webgpu";
  /** Why there. */
  backendReason: string;
  kernel: "scalar" | "simd128" | "avx2";
  model: ModelName | null;
  /** How many cleaners were looked at. */
  candidates: number;
  /** How many of them were scored. */
  scored: number;
  /**
   * How many were left out, each by the first filter of `distance`, `offer`, `joined`, `price`, `rating`, `eco`, `available`,
   * `propertyTypes`, `hidden`, `seen`; `score`: those of the best whose score is below the least one.
   */
  excluded: Record<string, number>;
  /** For how many of them the model had to be asked: the others cannot be among the best. */
  neuralScored: number;
  /** How many engines ranked, each its part of the catalog. */
  workers: number;
  /** Whether the answer was given before; only where `LoadOptions.answers` keeps answers. */
  cached?: boolean;
  /** Only where the catalog is in tiles. */
  tiles?: TileUse;
  /** Only where the catalog is in tiles: bidders who are in none of those that can hold a cleaner near the job. */
  unknownBids?: string[];
}

/** The tiles that a ranking rests on. */
export interface TileUse {
  /** How many can hold a cleaner within the distance. */
  used: number;
  /** How many of them had to be loaded over the network for this request: neither in memory nor in the cache. */
  loaded: number;
  /** Their bytes. */
  bytes: number;
}

/** What everyone in the catalog scores. */
export interface Scores {
  /** Rows of the whole catalog, ascending. */
  rows: Uint32Array;
  /** The score of each row, 0 to 100, or NaN for who is no candidate. */
  scores: Float32Array;
  meta: RankingMeta;
}

/** A ranking, best first. */
export interface Ranking {
  items: RankedCleaner[];
  meta: RankingMeta;
}

/** The name and version of a released model. */
export interface ModelName {
  name: string;
  version: string;
}

/** What holds for the whole marketplace. */
export interface Market {
  name: string;
  centre: GeoPoint | null;
  /** ISO 4217 code of every amount. */
  currency: string;
  /** Local time minus UTC in minutes. */
  utcOffsetMinutes: number;
  propertyTypes: string[];
}

/** A cleaner as the catalog knows them. */
export interface CatalogCleaner {
  cleanerId: string;
  name: string;
  location: GeoPoint | null;
  hourlyRate: number | null;
  eco: boolean | null;
}

/** The market and its cleaners. */
export interface Catalog {
  market: Market;
  /** The moment up to which the catalog knows what happened, seconds since 1970 in UTC. */
  asOf: number;
  cleaners: CatalogCleaner[];
}

/** What this recommender can do on this machine, with these files. */
export interface Capabilities {
  /** Whether the ranking runs in a worker. */
  worker: boolean;
  /** How many engines share the catalog. */
  workers: number;
  /** Why that many. */
  workersReason: string;
  /** Where a request of the whole catalog would be scored now. */
  backend: "cpu" | "webgpu";
  /** Why there. */
  backendReason: string;
  kernel: "scalar" | "simd128" | "avx2";
  /** Null where only rules are available. */
  model: ModelName | null;
  /** Why there is no model although the manifest names one. */
  fallback: Notice | null;
  /** Everything that is amiss with the files. */
  warnings: Notice[];
  /** The modes that will be answered as asked. */
  modes: Mode[];
  /** The rules' share of an ensemble score where a request does not say. */
  ruleWeight: number;
  /** The price's share, likewise. */
  priceWeight: number;
  /** The rules' share of an ensemble score where jobs are ranked for a cleaner, likewise. */
  jobsRuleWeight: number;
  /** How many cleaners the catalog holds. */
  cleaners: number;
  /** The moment up to which the catalog knows what happened, seconds since 1970 in UTC. */
  asOf: number;
}

/** Everything needed, already in memory. */
export interface ModelBytes {
  /** `manifest.json`. */
  manifest: Uint8Array;
  /** By role: `catalog`, and where they are wanted `model.q8` and `clients`. */
  files: Record<string, Uint8Array>;
}

/** How to load. */
export interface LoadOptions {
  /** Rank in a module worker: the default in browsers, unavailable in Node. A function makes the worker itself. */
  worker?: boolean | (() => Worker);
  /**
   * How many workers share the catalog (1), each with an equal part of its rows; the ranking is the same for any number.
   * `"auto"`: one for every 4 MiB of catalog (some ten thousand cleaners), at most 4 and one less than this machine has
   * processors. A number over 1 cannot be had with `worker: false`: the code is `load.invalid`.
   */
  workers?: number | "auto";
  /**
   * How many bytes of a catalog in tiles are kept in memory and in Cache Storage (64 MiB): those used last. A request that
   * needs more gets them for as long as it takes; `onWarning` is told `tiles.budget`.
   */
  tileBudget?: number;
  /** Where the engine is, or its bytes, or the compiled module. */
  wasm?: URL | string | BufferSource | WebAssembly.Module;
  /**
   * Where the model scores (`"auto"`); the ranking is the same everywhere. `"auto"` is the CPU for catalogs of fewer than
   * 20,000 cleaners; above, it measures CPU and GPU once while nothing is asked, and then takes the quicker one for as many
   * candidates as a request has. `"webgpu"` takes the GPU always. Where a GPU is missing or fails, the CPU answers and
   * `onWarning` is told `webgpu.unavailable`, `webgpu.lost`, `webgpu.memory` or `webgpu.validation`; later it is tried again.
   */
  backend?: "auto" | "cpu" | "webgpu";
  /** Load the client embeddings too (true). */
  clients?: boolean;
  /** Keep model files in Cache Storage by their hash (true where there is one). */
  cache?: boolean;
  /**
   * Keep answers (false) and give them again, as copies, to the same question: the same job, options, model and catalog. `ttl`:
   * for how many seconds (3600); `entries`: how many, those used last (256). `meta.cached` says so. `scoreCleaners` is always
   * computed. Errors are not kept. Without it every question is computed.
   */
  answers?: boolean | { ttl?: number; entries?: number };
  /** Seconds since 1970 in UTC, for the age of answers (the machine's clock). No score depends on it. */
  clock?: () => number;
  /** Cancels loading: it rejects with the code `load.aborted`. */
  signal?: AbortSignal;
  /** Used instead of the global `fetch`. */
  fetch?: typeof fetch;
  /** Told when something is amiss that does not keep the recommender from answering, e.g. a damaged model file. */
  onWarning?: (warning: Notice) => void;
  /** The language of reasons (`"en"`); the package has English and Greek (`"el"`). */
  locale?: string;
  /** Texts by language that are taken instead of the package's, or beside them; what is missing is said in English. */
  messages?: Readonly<Record<string, MessageCatalogue>>;
}

/**
 * The only class of error that this package throws.
 *
 * `code` is stable: `load.network`, `load.http`, `load.aborted`, `load.wasm`, `load.invalid` (an option), `artifact.*` (a file that cannot be used),
 * `request.*` (a request that cannot be answered), `worker.failed`, `worker.unavailable`, `events.*` (`tidyrank/events`), `disposed`.
 */
export declare class TidyrankError extends Error {
  constructor(code: string, message: string, options?: { cause?: unknown });
  readonly name: "TidyrankError";
  readonly code: string;
}

/** What a reason says in another language, without asking again. `messages` as in `LoadOptions`. */
export declare function messageText(
  reason: Pick<Reason, "code" | "params">,
  locale?: string,
  messages?: Readonly<Record<string, MessageCatalogue>>,
): string;

/**
 * An answer, or an error of this package, as JSON that is the same bytes wherever it was computed: in a browser, in Node, or
 * by `tidyrank ask`.
 *
 * The fields of an object stand in the order of their names. Numbers are rounded to 4 decimals, `floor(x * 1e4 + 0.5) / 1e4`.
 * `meta` is without what says where and how the answer was computed (`backend`, `backendReason`, `cached`, `kernel`, `neuralScored`,
 * `tiles`, `unknownBids`, `workers`). An error is `{"error":{"code","message"}}`, without the message for the code
 * `request.shape`.
 */
export declare function canonicalJson(answer: unknown): string;

/** Ranks cleaners for jobs. */
export declare class Recommender {
  protected constructor();
  /** Loads the files that a manifest names, or takes their bytes. In Node a plain path will do, too. */
  static load(source: string | URL | ModelBytes, options?: LoadOptions): Promise<Recommender>;
  /** Ranks the cleaners for a job. Requests are answered in order; a cancelled one is never begun. */
  recommendCleaners(job: Job, options?: RecommendOptions): Promise<Ranking>;
  /**
   * A client's vector from the client's own ratings, for `clientVector`. Without the file of the role `foldin` it is that of the
   * client whom nobody knows. Of a catalog in tiles only the cleaners that are loaded count.
   */
  foldIn(history: readonly Interaction[], options?: FoldInOptions): Promise<FoldedClient>;
  /**
   * Ranks open jobs for a cleaner of the catalog, by id, or for a newcomer, by profile. An id that is not in the catalog
   * rejects with the code `request.unknown_cleaner`; where the catalog is in tiles, those are known that are loaded, or all
   * if they are within `tileBudget`.
   */
  recommendJobs(
    cleaner: string | CleanerProfile,
    jobs: readonly JobPosting[],
    options?: JobOptions,
  ): Promise<JobRanking>;
  /** The score of every row of the catalog for a job, without items and reasons. */
  scoreCleaners(job: Job, options?: ScoreOptions): Promise<Scores>;
  /**
   * What to bid for a job, and how likely each price wins. A cleaner is named by id, a newcomer by a profile. A bid of theirs
   * among the job's is left out. An id that nobody has is refused with `request.unknown_cleaner`. With a catalog in tiles the
   * cleaner must be within 50 km of the job.
   */
  suggestBid(job: Job, cleaner: string | CleanerProfile, options?: BidOptions): Promise<BidSuggestion>;
  /**
   * Why a cleaner has their score and their place, with the options of the ranking. The code is `request.unknown_cleaner` for who
   * is not in the catalog, and with one in tiles for who is neither near enough for the request nor within 50 km of the job.
   */
  explain(job: Job, cleanerId: string, options?: ExplainOptions): Promise<Explanation>;
  /**
   * Why a cleaner is not in a ranking with these options, or at which place by score. An id that the catalog does not have rejects
   * with `request.unknown_cleaner`; so does, with a catalog in tiles, that of somebody more than 50 km from the job.
   */
  explainExclusion(job: Job, cleanerId: string, options?: RecommendOptions): Promise<Exclusion>;
  /** What is available here. */
  capabilities(): Capabilities;
  /** The market and its cleaners. */
  catalog(options?: { signal?: AbortSignal }): Promise<Catalog>;
  /** Forgets the answers that `LoadOptions.answers` keeps. */
  invalidate(): void;
  /** Ends the worker and frees the memory. Requests that are under way reject with the code `disposed`. */
  dispose(): void;
  [Symbol.dispose](): void;
}
