// The other direction: what is asked about jobs for a cleaner, and the answer. `src/wasm/jobs.rs` is the other side.
import type {
  JobBreakdown,
  JobContribution,
  JobFilters,
  JobOptions,
  JobPosting,
  JobRanking,
  JobRankingMeta,
  RankedJob,
} from "../types/index.js";
import { interval, mode, model, notice, readReasons } from "./answer.js";
import { type Subject, subject } from "./bids.js";
import { type Fields, job, MODES } from "./request.js";
import {
  choice,
  count,
  flag,
  list,
  needed,
  number,
  object,
  readFlag,
  readList,
  readMaybe,
  readNumber,
  readObject,
  readPart,
  readText,
  text,
  Writer,
} from "./wire.js";

const posting: Fields<JobPosting> = {
  jobId: needed(text),
  ...job,
  clientJobs: count,
  clientCompleted: count,
};

const filters: Fields<JobFilters> = {
  maxDistanceKm: number,
  minPay: number,
  propertyTypes: list(text),
  eco: flag,
  available: flag,
  minScore: number,
  hide: list(text),
  seen: list(text),
  strict: flag,
};

/** A question about jobs. */
export type JobsRequest = Omit<JobOptions, "signal" | "locale"> & Subject & { jobs: readonly JobPosting[] };

const request: Fields<JobsRequest> = {
  ...subject,
  jobs: needed(list(object(posting))),
  limit: count,
  mode: choice(MODES),
  ruleWeight: number,
  filters: object(filters),
  level: number,
};

const whole = object(request);

/** A question in the engine's bytes. */
export function jobsBytes(value: JobsRequest): Uint8Array {
  const to = new Writer();
  whole(to, value, "request");
  return to.bytes();
}

const contribution = readObject<JobContribution>({
  component: readText,
  weight: readNumber,
  value: readMaybe,
  contribution: readNumber,
});

const breakdown = readObject<JobBreakdown>({
  quality: readMaybe,
  location: readMaybe,
  specialisation: readMaybe,
  pricing: readMaybe,
  availability: readMaybe,
});

const item = readObject<RankedJob>({
  jobId: readText,
  clientId: readPart(readText),
  rank: readNumber,
  score: readNumber,
  ruleScore: readNumber,
  neuralScore: readMaybe,
  interval: readPart(interval),
  pay: readMaybe,
  price: readMaybe,
  bidCount: readNumber,
  lowestBid: readMaybe,
  distanceKm: readMaybe,
  contributions: readList(contribution),
  breakdown,
  reasons: readReasons,
});

const meta = readObject<JobRankingMeta>({
  mode,
  requestedMode: mode,
  fallback: readPart(notice),
  ruleWeight: readNumber,
  cleanerKnown: readFlag,
  kernel: readText<JobRankingMeta["kernel"]>,
  model,
  candidates: readNumber,
  scored: readNumber,
  neuralScored: readNumber,
  excluded: readObject<JobRankingMeta["excluded"]>({
    distance: readNumber,
    offer: readNumber,
    pay: readNumber,
    propertyTypes: readNumber,
    eco: readNumber,
    available: readNumber,
    hidden: readNumber,
    seen: readNumber,
    score: readNumber,
  }),
});

export const readJobRanking = readObject<JobRanking>({ items: readList(item), meta });
