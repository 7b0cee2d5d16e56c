// A client's vector from the client's own ratings: the fields in the order of `src/wasm/foldin.rs`.
import type { Interaction } from "../types/foldin.js";
import { job } from "./request.js";
import {
  list,
  needed,
  number,
  object,
  type Read,
  readList,
  readNumber,
  readObject,
  text,
  type Write,
  Writer,
} from "./wire.js";

/** What one rating tells: its place in the history, how far it was from the expected one, and what it depends on. */
export interface FoldTerm {
  at: number;
  residual: number;
  row: number[];
}

const maybeJob: Write = (to, value, field) => {
  to.number(value === undefined ? 0 : 1);
  if (value !== undefined) wholeJob(to, value, field);
};
const wholeJob = object(job);

const history = list(
  object({ cleanerId: needed(text), rating: needed(number), job: maybeJob } satisfies Record<keyof Interaction, Write>),
);
const terms = list(object({ residual: needed(number), row: list(number) }, "lenient"));

function bytesBy(write: Write, value: unknown, name: string): Uint8Array {
  const to = new Writer();
  // What is missing is refused like anything else that is no list.
  write(to, value ?? null, name);
  return to.bytes();
}

/** Ratings in the engine's bytes. */
export const historyBytes = (value: unknown) => bytesBy(history, value, "history");

/** Terms in the engine's bytes. */
export const termsBytes = (value: unknown) => bytesBy(terms, value, "terms");

export const readTerms = readList(
  readObject<FoldTerm>({ at: readNumber, residual: readNumber, row: readList(readNumber) }),
);

export const readVector: Read<number[]> = readList(readNumber);
