// Answers as bytes that do not depend on where they were computed; `src/native/canonical.rs` is the other side and says how.
import { TidyrankError } from "./errors.js";

/** Ten to the number of decimals. */
const SCALE = 1e4;
/** Numbers from here on are whole. */
const WHOLE = 2 ** 53;
/** What says where an answer was computed, and how. */
const OF_THE_MACHINE = [
  "asked",
  "backend",
  "backendReason",
  "cached",
  "kernel",
  "neuralScored",
  "tiles",
  "unknownBids",
  "workers",
];

export function canonicalJson(answer: unknown): string {
  if (!(answer instanceof TidyrankError)) return written(answer, []);
  const { code, message } = answer;
  return written({ error: code === "request.shape" ? { code } : { code, message } }, []);
}

function written(value: unknown, leftOut: readonly string[]): string {
  if (typeof value === "number") return JSON.stringify(rounded(value));
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    return `[${Array.from(value as ArrayLike<unknown>, (element) => written(element ?? null, [])).join(",")}]`;
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const fields = Object.entries(value).filter(([name, field]) => field !== undefined && !leftOut.includes(name));
  const texts = fields
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${written(field, name === "meta" ? OF_THE_MACHINE : [])}`);
  return `{${texts.join(",")}}`;
}

function rounded(value: number): number {
  // JSON writes -0 as 0.
  return Math.abs(value) < WHOLE ? Math.floor(value * SCALE + 0.5) / SCALE : value;
}
