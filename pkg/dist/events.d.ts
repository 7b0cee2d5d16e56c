/**
 * What was recommended and what came of it, kept in this browser: IndexedDB, off until consent is granted, and sent to a
 * server of yours when you say so. There is no engine in this entry.
 *
 * ```ts
 * import { EventStore } from "tidyrank/events";
 *
 * const events = await EventStore.open();
 * await events.setConsent(true); // when the visitor agreed
 * const ids = await events.recordCleaners({ ...job, jobId }, ranking);
 * await events.outcome(ids[0], "viewed");
 * await events.sync("/events");
 * ```
 *
 * Moments are seconds since 1970 in UTC, scores 0 to 100. `docs/events.md` says what every field means.
 *
 * @module tidyrank/events
 */
import type { Mode, ModelName, Reason } from "./index.js";

export * from "./experiments.js";
export { TidyrankError } from "./index.js";

/** Version of the events' schema. */
export type SchemaVersion = 1;

/** What somebody thought of a recommendation. */
export type FeedbackKind = "helpful" | "not_relevant" | "too_expensive" | "too_far" | "wrong_specialty" | "other";

/** What became of a recommendation; the value is the amount of a bid or a rating on the market's scale. */
export type OutcomeKind = "viewed" | "contacted" | "bid_placed" | "bid_accepted" | "hired" | "rated";

/** What every event has. */
export interface EventBase {
  schema: SchemaVersion;
  /** Unique. Other events name a recommendation by it. */
  id: string;
  at: number;
}

/** What every recommendation has. What is unknown is left out. */
export interface ServedFields {
  /** The recommendations of one list share it. */
  requestId: string;
  jobId: string;
  cleanerId: string;
  clientId?: string;
  /** 0 to 100, and up to 100 points more or less where the house boosts. */
  score: number;
  /** From 1. */
  rank: number;
  ruleScore?: number;
  neuralScore?: number;
  /** Of `neuralScore`. */
  interval?: [number, number];
  /** The share of outcomes that such an interval is to hold. */
  intervalLevel?: number;
  price?: number;
  distanceKm?: number;
  /** With which probability it was shown at this place; left out where nothing explores. */
  propensity?: number;
  mode: Mode;
  model?: ModelName;
  experiment?: string;
  variant?: string;
  /** Whom the variant was assigned to. */
  unitId?: string;
  /** For reports, e.g. the property type. */
  segment?: string;
}

/** How a cleaner fits a job, each 0 to 100; null is unknown. */
export interface CleanerFit {
  quality: number | null;
  location: number | null;
  specialisation: number | null;
  pricing: number | null;
  availability: number | null;
  reliability: number | null;
}

/** How a job fits a cleaner. */
export type JobFit = Omit<CleanerFit, "reliability">;

/** What a bid suggestion rests on. */
export interface BidInputs {
  clientBudget: number | null;
  marketAverage: number | null;
  cleanerAverage: number | null;
  /** 0 to 1. */
  winRate: number | null;
  bidCount: number;
  lowestBid: number | null;
}

/** A cleaner was shown to a client for a job. */
export interface CleanerRecommendationEvent extends EventBase, ServedFields {
  type: "cleaner_recommendation";
  breakdown: CleanerFit;
}

/** A job was shown to a cleaner. */
export interface JobRecommendationEvent extends EventBase, ServedFields {
  type: "job_recommendation";
  breakdown: JobFit;
}

/** A bid was suggested; `score` is the probability that the optimal amount wins, in percent. */
export interface BidSuggestionEvent extends EventBase, ServedFields {
  type: "bid_suggestion";
  /** Ascending. */
  amounts: { min: number; optimal: number; max: number };
  inputs: BidInputs;
}

/** What somebody thought of a recommendation. */
export interface FeedbackEvent extends EventBase {
  type: "feedback";
  recommendationId: string;
  kind: FeedbackKind;
  comment?: string;
}

/** What became of a recommendation. */
export interface OutcomeEvent extends EventBase {
  type: "outcome";
  recommendationId: string;
  outcome: OutcomeKind;
  value?: number;
}

/** A recommendation as it was recorded. */
export type RecommendationEvent = CleanerRecommendationEvent | JobRecommendationEvent | BidSuggestionEvent;

/** Anything that is recorded. */
export type RecordedEvent = RecommendationEvent | FeedbackEvent | OutcomeEvent;

/** An outcome that came: when first, and its value as it was said last. */
export interface OutcomeState {
  at: number;
  value: number | null;
}

/** What came of a recommendation. */
export interface WithOutcomes {
  /** Null: not, as far as is known. */
  outcomes: Record<OutcomeKind, OutcomeState | null>;
  feedback: { kind: FeedbackKind; comment: string | null; at: number }[];
}

/** A cleaner who was shown, and what came of it. */
export type CleanerRecommendationRecord = CleanerRecommendationEvent & WithOutcomes;

/** A job that was shown, and what came of it. */
export type JobRecommendationRecord = JobRecommendationEvent & WithOutcomes;

/** A bid that was suggested, and what came of it. */
export type BidSuggestionRecord = BidSuggestionEvent &
  WithOutcomes & {
    /** What the cleaner bid. */
    actualBid: number | null;
    /** Whether that lies from `amounts.min` to `amounts.max`; null before a bid. */
    wasUsed: boolean | null;
    /** Whether the bid was accepted or the cleaner hired; null as long as neither is known. */
    didWin: true | null;
  };

/** A recommendation with what came of it. */
export type RecommendationRecord = CleanerRecommendationRecord | JobRecommendationRecord | BidSuggestionRecord;

/** A job of the marketplace: at least its id. */
export interface RecordedJob {
  jobId: string;
  clientId?: string;
  propertyType?: string;
}

/** What `recordCleaners` reads of a ranking of cleaners; a `Ranking` is one. */
export interface RecordedRanking {
  items: readonly {
    cleanerId: string;
    rank: number;
    score: number;
    ruleScore?: number | null;
    neuralScore?: number | null;
    interval?: readonly [number, number] | null;
    price?: number | null;
    distanceKm?: number | null;
    propensity?: number | null;
    breakdown: Partial<CleanerFit>;
  }[];
  meta: RecordedMeta;
}

/** What `recordJobs` reads of a ranking of jobs. */
export interface RecordedJobRanking {
  items: readonly {
    jobId: string;
    clientId?: string | null;
    rank: number;
    score: number;
    ruleScore?: number | null;
    neuralScore?: number | null;
    interval?: readonly [number, number] | null;
    price?: number | null;
    distanceKm?: number | null;
    propensity?: number | null;
    breakdown: Partial<JobFit>;
  }[];
  meta: RecordedMeta;
}

/** How a ranking came about. */
export interface RecordedMeta {
  mode: Mode;
  model?: ModelName | null;
}

/** What `recordBid` reads of a bid suggestion. */
export interface RecordedBid {
  cleanerId?: string | null;
  min: number;
  optimal: number;
  max: number;
  /** 0 to 1. */
  winProbability: number;
  inputs: Partial<BidInputs>;
  source: "model" | "market";
  model?: ModelName | null;
}

/** What a ranking does not say of itself. */
export interface RecordContext {
  /** Without it a new one for every list. */
  requestId?: string;
  /** Without it the job's. */
  clientId?: string;
  /** What `assign` answered: a unit that is in no variant is in no experiment. */
  assignment?: { experiment: string; variant: string | null; unitId: string };
  /** Without it the job's property type. */
  segment?: string;
  /** The share of outcomes that the intervals of the ranking are to hold, as it was asked for (0.9). */
  level?: number;
}

/** How to open a store. */
export interface EventStoreOptions {
  /** Of the database (`tidyrank-events`); stores with the same name share their events, in all tabs. */
  name?: string;
  /**
   * How many events are kept (10,000). Beyond it lists are dropped, the oldest first: those that were synced, then those that
   * are being sent, then others; `onWarning` is told `events.dropped`, and `stats()` counts them.
   */
  maxEvents?: number;
  /** Where to keep events; `"auto"`: in IndexedDB, and where there is none in memory, with the warning `events.unavailable`. */
  storage?: "auto" | "indexeddb" | "memory";
  /** Seconds since 1970 in UTC (the machine's clock). */
  clock?: () => number;
  /** Makes ids that are never made again (`crypto.randomUUID`). */
  randomId?: () => string;
  /** Told what does not keep the store from working. */
  onWarning?: (warning: Pick<Reason, "code" | "text">) => void;
}

/** How many events there are. */
export interface EventStats {
  events: number;
  /** Of them not known to be on the server. */
  unsynced: number;
  /** Dropped for want of room since the store was last erased. */
  dropped: number;
  /** Of those the ones that no server has got. */
  lost: number;
}

/** How to send. */
export interface SyncOptions {
  /** Used instead of the global `fetch`. */
  fetch?: typeof fetch;
  /** Further headers. */
  headers?: Record<string, string>;
  /** The most events in one request (100). */
  batchSize?: number;
  /** Lines of JSON (`application/x-ndjson`), or `{"events": […]}` (`application/json`). */
  format?: "jsonl" | "json";
  /** How often a batch is sent again after no answer, 408, 409, 425, 429 or 5xx (5). */
  retries?: number;
  /**
   * Before the n-th retry it waits a random time from 0 up to `base * 2^n` seconds (0.5), at most `most` (30), and at least as
   * long as `Retry-After` says; where that is more than `most`, it gives up for now.
   */
  backoff?: { base?: number; most?: number };
  /** Seconds after which a request without an answer counts as failed (30). */
  timeout?: number;
  /** Cancels it: it rejects with the code `events.aborted`. */
  signal?: AbortSignal;
  /** From 0 to 1 (`Math.random`). */
  random?: () => number;
}

/** What was sent. */
export interface SyncResult {
  /** Requests that were answered with 2xx. */
  batches: number;
  /** Events in them. */
  events: number;
  /** Requests altogether. */
  attempts: number;
}

/** Whether the visitor agreed to being recorded. */
export type Consent = "unknown" | "granted" | "denied";

/**
 * Recommendations, feedback and outcomes of this visitor.
 *
 * Errors have the codes `events.consent` (none is granted), `events.invalid` (an argument, an option), `events.unknown` (no such
 * recommendation), `events.unavailable` (no database), `events.quota` (no room), `events.storage` (the database failed),
 * `events.closed`; and from `sync` also `events.network`, `events.server`, `events.refused`, `events.aborted`.
 */
export declare class EventStore {
  private constructor();
  /** Opens the store of this name. */
  static open(options?: EventStoreOptions): Promise<EventStore>;
  /** Whether events outlive the page. */
  readonly persistent: boolean;
  /** As it was last known here; other tabs tell. */
  consent(): Consent;
  /** Remembers the visitor's answer. `false` erases everything that was recorded. */
  setConsent(granted: boolean): Promise<void>;
  /** Records a list as a whole or not at all; the ids are in the order of its items. */
  recordCleaners(job: RecordedJob, ranking: RecordedRanking, context?: RecordContext): Promise<string[]>;
  /** Records a list of jobs that a cleaner was shown. */
  recordJobs(cleanerId: string, ranking: RecordedJobRanking, context?: RecordContext): Promise<string[]>;
  /** Records a suggestion; where it is for a cleaner who is not in the catalog, the context has to say who. */
  recordBid(
    job: RecordedJob,
    suggestion: RecordedBid,
    context?: RecordContext & { cleanerId?: string },
  ): Promise<string>;
  /** Records what became of a recommendation; the id of the event comes back. */
  outcome(recommendationId: string, outcome: OutcomeKind, value?: number): Promise<string>;
  /** Records what somebody thought of a recommendation, in at most 4,000 characters. */
  feedback(recommendationId: string, kind: FeedbackKind, comment?: string): Promise<string>;
  /** Everything that is kept, in the order in which it was recorded. */
  events(): AsyncIterable<RecordedEvent>;
  /** The recommendations with what came of them, in the order in which they were recorded. */
  records(): Promise<RecommendationRecord[]>;
  /** Everything that is kept as lines of JSON: for the visitor, or for `tidyrank ingest`. */
  exportEvents(): Promise<string>;
  /** How many events there are. */
  stats(): Promise<EventStats>;
  /**
   * Posts what the server does not have yet, in batches. Every request has the header `Idempotency-Key`, which stays the same
   * when a batch is sent again, also after a crash: a server that leaves out keys it knows gets every event once. Of several
   * tabs one sends at a time. Whatever fails, nothing is lost: what was not answered with 2xx is sent the next time.
   */
  sync(url: string | URL, options?: SyncOptions): Promise<SyncResult>;
  /** Erases what was recorded; consent stays as it is. */
  erase(): Promise<void>;
  /** Ends the connection; what is under way is finished, what comes later rejects with `events.closed`. */
  close(): void;
}

/** The longest comment in UTF-16 units. */
export declare const MAX_COMMENT: 4000;
