import type { Job, Mode, ModelName, Notice, Reason } from "./index.js";

/** A job that is open, with the bids so far. */
export interface JobPosting extends Job {
  jobId: string;
  /** How many jobs of this client came to an end so far. */
  clientJobs?: number;
  /** How many of them were completed; without it nothing is known of the client. */
  clientCompleted?: number;
}

/** Which jobs are left out. What is unknown of a job is left out only where `strict` says so. */
export interface JobFilters {
  /** Jobs further away than this many kilometres. */
  maxDistanceKm?: number;
  /** Jobs whose stated budget is below this. */
  minPay?: number;
  /** Jobs of another kind than these. */
  propertyTypes?: readonly string[];
  /** Jobs that do not ask for eco-friendly products (`true`), or that do (`false`). */
  eco?: boolean;
  /** Jobs outside the cleaner's working hours. */
  available?: boolean;
  /** Jobs with a lower score, 0 to 100. */
  minScore?: number;
  /** Ids of jobs that the cleaner does not want to see. */
  hide?: readonly string[];
  /** Ids of jobs that the cleaner has seen. */
  seen?: readonly string[];
  /** Leave out what is unknown too. */
  strict?: boolean;
}

/** How to rank jobs. */
export interface JobOptions {
  /** How many jobs to return (10). */
  limit?: number;
  /** `ensemble` where nothing is said. */
  mode?: Mode;
  /** The rules' share of an ensemble score, 0 to 1; without it the model's own for jobs. The rest is the model's. */
  ruleWeight?: number;
  filters?: JobFilters;
  /** How probable it is that the rating lies in an item's `interval`, 0.5 to 0.99 (0.9). */
  level?: number;
  /** The language of reasons; without it that of `LoadOptions`. */
  locale?: string;
  /** Cancels the request: it rejects with the code `request.aborted`. */
  signal?: AbortSignal;
}

/** One of the five weighted parts of a job's rule score. */
export interface JobContribution {
  component: "location" | "specialisation" | "pricing" | "competition" | "client";
  /** Percent of the rule score; the weight of what is unknown goes to the others. */
  weight: number;
  /** 0 to 100; null where it is unknown. */
  value: number | null;
  /** Points; the five add up to `ruleScore`. */
  contribution: number;
}

/** How well the job fits the cleaner, each 0 to 100, or null where it is unknown. */
export interface JobBreakdown {
  /** The rating that the model expects of this client. */
  quality: number | null;
  /** 100 on the spot, halving every 10 km. */
  location: number | null;
  /** 50 = as much of this kind of work as everybody. */
  specialisation: number | null;
  /** 50 = pays what the cleaner asks, more = pays more. */
  pricing: number | null;
  /** 100 within the cleaner's working hours, 0 outside. */
  availability: number | null;
}

/** One job of a ranking. All scores are 0 to 100. */
export interface RankedJob {
  jobId: string;
  clientId: string | null;
  /** From 1. */
  rank: number;
  score: number;
  ruleScore: number;
  /** The rating that the model expects of this client; null in the mode `rules` and where there is no model. */
  neuralScore: number | null;
  /** Where the rating lies with the probability `JobOptions.level`; null where there is no `neuralScore` or that is unknown. */
  interval: [low: number, high: number] | null;
  /** What the client means to spend. */
  pay: number | null;
  /** What this cleaner has bid, or would usually ask. */
  price: number | null;
  /** How many others have bid. */
  bidCount: number;
  /** The lowest of their bids. */
  lowestBid: number | null;
  distanceKm: number | null;
  contributions: JobContribution[];
  breakdown: JobBreakdown;
  reasons: Reason[];
}

/** How a ranking of jobs came about. */
export interface JobRankingMeta {
  /** The mode that was used. */
  mode: Mode;
  requestedMode: Mode;
  /** Why `mode` is not `requestedMode`; null where it is. */
  fallback: Notice | null;
  /** The rules' share of the scores; 1 where the model does not take part. */
  ruleWeight: number;
  /** Whether the model knows this cleaner. */
  cleanerKnown: boolean;
  kernel: "scalar" | "simd128" | "avx2";
  model: ModelName | null;
  /** How many jobs were given. */
  candidates: number;
  /** How many of them were scored. */
  scored: number;
  /** For how many of them the model had to be asked: the others cannot be among the best. */
  neuralScored: number;
  /** How many were left out, by the first reason that holds. */
  excluded: Record<
    "distance" | "offer" | "pay" | "propertyTypes" | "eco" | "available" | "hidden" | "seen" | "score",
    number
  >;
}

/** Jobs for a cleaner, best first; equal scores as they were given. */
export interface JobRanking {
  items: RankedJob[];
  meta: JobRankingMeta;
}
