// An event as it may be written: the rules of `src/native/events/read.rs`, so that what a page records can be ingested. What
// comes out has the schema's fields in the schema's order and nothing else.
import type { RecordedEvent } from "../../types/events.js";
import { TidyrankError } from "../errors.js";

/** Version of the schema. */
export const SCHEMA = 1;
/** The longest id or name in UTF-16 units. */
export const MAX_TEXT = 256;
/** The longest comment. */
export const MAX_COMMENT = 4000;
const MAX_MOMENT = 253_402_300_799;
const MAX_WHOLE = 2 ** 32 - 1;

/** The value as it is written; `undefined` leaves the field out. Refuses what it cannot be. */
type Check = (value: unknown, field: string) => unknown;

/** The error for an argument or option that cannot be used. */
export function invalid(field: string, what: string): TidyrankError {
  return new TidyrankError("events.invalid", `event field \`${field}\`: ${what}`);
}

const text =
  (longest: number): Check =>
  (value, field) => {
    if (typeof value !== "string") throw invalid(field, `${typeof value} is no text`);
    // Half of a surrogate pair is no text: no encoding has it.
    if (/\p{Surrogate}/u.test(value)) throw invalid(field, "half of a surrogate pair");
    if (value.length === 0 || value.length > longest) {
      throw invalid(field, `it has ${value.length} characters, not 1 to ${longest}`);
    }
    return value;
  };

const number =
  (low: number, high: number, whole = false): Check =>
  (value, field) => {
    const fits = typeof value === "number" && value >= low && value <= high && (!whole || Number.isInteger(value));
    if (!fits) throw invalid(field, `${shown(value)} is no ${whole ? "whole " : ""}number from ${low} to ${high}`);
    // There is no -0 in JSON.
    return value === 0 ? 0 : value;
  };

/** A value in a message: short, whatever it is. */
function shown(value: unknown): string {
  return typeof value === "number" ? String(value) : typeof value;
}

const oneOf =
  (...words: readonly string[]): Check =>
  (value, field) => {
    if (!words.includes(value as string)) throw invalid(field, `it is none of ${words.join(", ")}`);
    return value;
  };

/** Left out where it is unknown. */
const maybe =
  (check: Check): Check =>
  (value, field) =>
    value === undefined || value === null ? undefined : check(value, field);

/** Null where it is unknown. */
const orNull =
  (check: Check): Check =>
  (value, field) =>
    maybe(check)(value, field) ?? null;

const object =
  (fields: Record<string, Check>): Check =>
  (value, field) => {
    if (typeof value !== "object" || value === null) throw invalid(field, "it is no object");
    const checked: Record<string, unknown> = {};
    for (const [name, check] of Object.entries(fields)) {
      const own = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
      const written = check(own, field ? `${field}.${name}` : name);
      if (written !== undefined) checked[name] = written;
    }
    return checked;
  };

const name = text(MAX_TEXT);
// Sums of parts may be off in their last bits.
const percent = number(-1e-3, 100.001);
const share = number(0, 1.000001);
const amount = number(0, 1e12);

const interval: Check = (value, field) => {
  if (!Array.isArray(value) || value.length !== 2) throw invalid(field, "it is no pair of numbers");
  const [low, high] = value.map((end) => percent(end, field)) as [number, number];
  if (low > high) throw invalid(field, "it is not ascending");
  return [low, high];
};

const base = { schema: number(SCHEMA, SCHEMA), id: name, at: number(0, MAX_MOMENT, true) };

const served = {
  requestId: name,
  jobId: name,
  cleanerId: name,
  clientId: maybe(name),
  score: number(-100, 200),
  rank: number(1, MAX_WHOLE, true),
  ruleScore: maybe(percent),
  neuralScore: maybe(percent),
  interval: maybe(interval),
  intervalLevel: maybe(number(0.5, 0.99)),
  price: maybe(amount),
  distanceKm: maybe(number(0, 20_100)),
  propensity: maybe(number(Number.MIN_VALUE, 1.000001)),
  mode: oneOf("rules", "neural", "ensemble"),
  model: maybe(object({ name, version: name })),
  experiment: maybe(name),
  variant: maybe(name),
  unitId: maybe(name),
  segment: maybe(name),
};

const jobFit = {
  quality: orNull(percent),
  location: orNull(percent),
  specialisation: orNull(percent),
  pricing: orNull(percent),
  availability: orNull(percent),
};

const amounts: Check = (value, field) => {
  const checked = object({ min: amount, optimal: amount, max: amount })(value, field);
  const { min, optimal, max } = checked as { min: number; optimal: number; max: number };
  if (min > optimal || optimal > max) throw invalid(`${field}.optimal`, "min, optimal, max are not ascending");
  return checked;
};

const inputs = object({
  clientBudget: orNull(amount),
  marketAverage: orNull(amount),
  cleanerAverage: orNull(amount),
  winRate: orNull(share),
  bidCount: number(0, MAX_WHOLE, true),
  lowestBid: orNull(amount),
});

/** By type. */
const schema: Record<RecordedEvent["type"], Check> = {
  cleaner_recommendation: of({ ...served, breakdown: object({ ...jobFit, reliability: orNull(percent) }) }),
  job_recommendation: of({ ...served, breakdown: object(jobFit) }),
  bid_suggestion: of({ ...served, amounts, inputs }),
  feedback: of({
    recommendationId: name,
    kind: oneOf("helpful", "not_relevant", "too_expensive", "too_far", "wrong_specialty", "other"),
    comment: maybe(text(MAX_COMMENT)),
  }),
  outcome: of({
    recommendationId: name,
    outcome: oneOf("viewed", "contacted", "bid_placed", "bid_accepted", "hired", "rated"),
    value: maybe(amount),
  }),
};

function of(body: Record<string, Check>): Check {
  return object({ ...base, type: (value) => value, ...body });
}

/** The event as it is written; `events.invalid` with the field where it cannot be. */
export function checked(event: RecordedEvent): RecordedEvent {
  return schema[event.type](event, "") as RecordedEvent;
}

/** A comment as people type it: one that was cut off in the middle of a character is no reason to refuse it. */
export function commentOf(comment: unknown): string | undefined {
  if (comment === undefined || comment === null || comment === "") return undefined;
  if (typeof comment !== "string") throw invalid("comment", `${typeof comment} is no text`);
  return comment.replace(/\p{Surrogate}/gu, "\ufffd");
}
