// Answers that were given before: a host opts in. Time comes from a clock that is given; nothing here reads one.
import { abortable, TidyrankError, throwIfAborted } from "./errors.js";

/** One hour, as in seed 001. */
const TTL = 3600;
const ENTRIES = 256;

/** As in `LoadOptions`. */
export interface AnswerOptions {
  answers?: boolean | { ttl?: number; entries?: number } | undefined;
  clock?: (() => number) | undefined;
}

interface Entry {
  answer: unknown;
  /** From then on it counts no more, in seconds. */
  end: number;
}

/** A question that is being answered, for everybody who asks it meanwhile. */
interface Pending {
  answer: Promise<unknown>;
  asking: number;
  controller: AbortController;
}

/**
 * Answers by what they depend on. Used last, kept longest. Errors and cancelled questions are not kept; nobody holds what is
 * kept: everybody gets a copy.
 */
export class Answers {
  readonly #identity: string;
  readonly #ttl: number;
  readonly #most: number;
  readonly #clock: () => number;
  readonly #entries = new Map<string, Entry>();
  readonly #pending = new Map<string, Pending>();
  #generation = 0;

  private constructor(identity: string, ttl: number, most: number, clock: () => number) {
    this.#identity = identity;
    this.#ttl = ttl;
    this.#most = most;
    this.#clock = clock;
  }

  /** `undefined` where the host did not opt in. `identity` says which model and catalog answer. */
  static of({ answers, clock }: AnswerOptions, identity: string): Answers | undefined {
    if (!answers) return undefined;
    const { ttl = TTL, entries = ENTRIES } = answers === true ? {} : answers;
    return new Answers(identity, ttl, entries, clock ?? (() => Date.now() / 1000));
  }

  /** The answer to a question, kept or new, and whether it was kept. What cannot be told apart is not kept. */
  async get<T>(
    operation: string,
    question: object,
    signal: AbortSignal | undefined,
    ask: (signal: AbortSignal | undefined) => Promise<T>,
  ): Promise<{ answer: T; cached: boolean }> {
    throwIfAborted(signal, "request.aborted");
    const text = textOf(question);
    if (text === undefined) return { answer: await ask(signal), cached: false };
    const key = `${this.#generation} ${operation} ${this.#identity} ${text}`;
    const now = this.#clock();
    const kept = this.#kept(key, now);
    if (kept) return { answer: structuredClone(kept.answer) as T, cached: true };
    const answer = await this.#shared(key, now, signal, ask);
    return { answer: structuredClone(answer), cached: false };
  }

  /** Forgets everything; what is being answered now is not kept either. */
  invalidate(): void {
    this.#generation++;
    this.#entries.clear();
    this.#pending.clear();
  }

  #kept(key: string, now: number): Entry | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    // A clock that was set back makes no answer live longer.
    if (!(now < entry.end && now >= entry.end - this.#ttl)) return undefined;
    this.#entries.set(key, entry);
    return entry;
  }

  /** Whoever cancels leaves the others their answer; when all have, the question is cancelled. */
  async #shared<T>(
    key: string,
    now: number,
    signal: AbortSignal | undefined,
    ask: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const pending = this.#pending.get(key) ?? this.#start(key, now, ask);
    pending.asking++;
    try {
      return await abortable(pending.answer as Promise<T>, signal);
    } finally {
      if (--pending.asking === 0) {
        if (this.#pending.get(key) === pending) this.#pending.delete(key);
        pending.controller.abort();
      }
    }
  }

  #start(key: string, now: number, ask: (signal: AbortSignal) => Promise<unknown>): Pending {
    const controller = new AbortController();
    const pending: Pending = { answer: ask(controller.signal), asking: 0, controller };
    this.#pending.set(key, pending);
    pending.answer.then(
      (answer) => this.#pending.get(key) === pending && this.#keep(key, { answer, end: now + this.#ttl }),
      // Whoever asked is told.
      () => undefined,
    );
    return pending;
  }

  #keep(key: string, entry: Entry): void {
    if (this.#ttl <= 0) return;
    this.#entries.set(key, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#most) break;
      this.#entries.delete(oldest);
    }
  }
}

/** The options that can be wrong. */
export function checkAnswers({ answers, clock }: AnswerOptions): void {
  const refuse = (what: string) => new TidyrankError("load.invalid", what);
  if (clock !== undefined && typeof clock !== "function") throw refuse("`clock` must be a function");
  if (answers === undefined || typeof answers === "boolean") return;
  if (typeof answers !== "object" || answers === null) throw refuse("`answers` must be true, false or an object");
  const { ttl = TTL, entries = ENTRIES } = answers;
  if (!(ttl >= 0 && ttl < Number.POSITIVE_INFINITY))
    throw refuse(`\`answers.ttl\` must be seconds from 0 up, not ${ttl}`);
  if (!(Number.isInteger(entries) && entries >= 0)) {
    throw refuse(`\`answers.entries\` must be a whole number from 0 up, not ${entries}`);
  }
}

/** What names a model and a catalog: the checksums of the files in a manifest. */
export function identityOf(manifest: Uint8Array): string {
  try {
    const { files } = JSON.parse(new TextDecoder().decode(manifest)) as { files: { sha256: string }[] };
    return files.map(({ sha256 }) => sha256).join(" ");
  } catch {
    // The engine refuses it.
    return "";
  }
}

/**
 * A value as a text that equal values have in common, whatever the order of their fields; `undefined` where it holds what no
 * request can: the engine refuses that itself, and nothing is kept.
 */
export function textOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(sorted(value));
  } catch {
    return undefined;
  }
}

function sorted(value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError("no finite number");
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) {
    if (typeof value === "object" || ["string", "number", "boolean", "undefined"].includes(typeof value)) return value;
    throw new TypeError("no value of a request");
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) throw new TypeError("no plain object");
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  // Marked, so that no list is taken for it.
  return { of: fields.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, field]) => [name, sorted(field)]) };
}
