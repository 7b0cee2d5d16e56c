// Requests as the engine reads them: every field by its name, in the order of `src/wasm/request.rs`. What is unknown, or has
// a value that it cannot have, is refused here.
import type { Job, Mode, RecommendOptions } from "../types/index.js";
import { filters, policies } from "./arrange.js";
import { choice, count, flag, integer, list, needed, number, object, text, type Write, Writer } from "./wire.js";

/** A writer for each field of a type. */
export type Fields<T> = Record<keyof T, Write>;

/** The modes by their number. */
export const MODES: readonly Mode[] = ["rules", "neural", "ensemble"];

export const point = object({ latitude: needed(number), longitude: needed(number) });

export const job: Fields<Job> = {
  clientId: text,
  propertyType: text,
  location: point,
  sizeM2: number,
  durationH: number,
  eco: flag,
  budget: number,
  postedAt: needed(integer),
  scheduledAt: integer,
  bids: list(object({ cleanerId: needed(text), amount: number })),
};

const request: Fields<Omit<RecommendOptions, "signal" | "locale"> & { job: Job; asked: unknown; unarranged: unknown }> =
  {
    job: needed(object(job)),
    limit: count,
    mode: choice(MODES),
    ruleWeight: number,
    priceWeight: number,
    level: number,
    candidates: choice(["catalog", "bidders"]),
    clientVector: list(number),
    filters,
    ...policies,
    // Among the engines of one recommender only: what the candidates of all of them ask.
    asked: object({ count: needed(count), sum: needed(integer) }),
    // Likewise: whether the best are to be put together with those of others.
    unarranged: flag,
  };

const whole = object(request);

/** A request in the engine's bytes. */
export function requestBytes(value: unknown): Uint8Array {
  const to = new Writer();
  whole(to, value, "request");
  return to.bytes();
}
