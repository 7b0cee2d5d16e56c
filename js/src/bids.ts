// Bid suggestions: the fields in the order of `src/wasm/bids.rs`.
import type { BidInputs, BidOptions, BidPoint, BidSuggestion } from "../types/bids.js";
import type { Job } from "../types/index.js";
import type { CleanerProfile } from "../types/profile.js";
import { model, readReasons } from "./answer.js";
import { job, point } from "./request.js";
import {
  count,
  flag,
  integer,
  list,
  needed,
  number,
  object,
  readChoice,
  readList,
  readMaybe,
  readNumber,
  readObject,
  readOptional,
  readText,
  text,
  type Write,
  Writer,
} from "./wire.js";

/** A cleaner by id, or a newcomer's profile. */
export interface Subject {
  cleanerId?: string;
  profile?: CleanerProfile;
}

/** What the engine is asked. */
export type BidQuestion = Subject & Omit<BidOptions, "signal" | "locale"> & { job: Job };

/** Whom a question is about. Anything that is no text is taken for a profile, and refused with its fields if it is none. */
export function subjectOf(cleaner: string | CleanerProfile): Subject {
  return typeof cleaner === "string" ? { cleanerId: cleaner } : { profile: cleaner ?? [] };
}

/** The fields of a subject, as the engine reads them. */
export const subject: Record<keyof Subject, Write> = {
  cleanerId: text,
  profile: object({
    cleanerId: text,
    location: point,
    hourlyRate: number,
    eco: flag,
    propertyTypes: list(text),
    hours: list(object({ weekday: needed(count), from: needed(count), to: needed(count) })),
  } satisfies Record<keyof CleanerProfile, Write>),
};

const question = object({
  job: needed(object(job)),
  ...subject,
  prices: list(number),
  fee: number,
  at: integer,
} satisfies Record<keyof BidQuestion, Write>);

/** A question in the engine's bytes. */
export function bidQuestionBytes(value: unknown): Uint8Array {
  const to = new Writer();
  question(to, value, "question");
  return to.bytes();
}

const bidPoint = readObject<BidPoint>({
  price: readNumber,
  winProbability: readNumber,
  expectedRevenue: readNumber,
});

const inputs = readObject<BidInputs>({
  clientBudget: readMaybe,
  marketAverage: readMaybe,
  cleanerAverage: readMaybe,
  winRate: readMaybe,
  bidCount: readNumber,
  lowestBid: readMaybe,
});

export const readBidSuggestion = readObject<BidSuggestion>({
  cleanerId: (from) => readOptional<string>(readText)(from) ?? null,
  currency: readText,
  min: readNumber,
  median: readNumber,
  max: readNumber,
  optimal: readNumber,
  winProbability: readNumber,
  best: bidPoint,
  curve: readList(bidPoint),
  inputs,
  source: readChoice(["model", "market"]),
  model,
  reasons: readReasons,
});
