// Sending what is recorded. A batch is stored with its key before it is sent, and stays until it is answered with 2xx: the
// server gets everything at least once, and by the keys knows what it got before.
import type { RecordedEvent, SyncOptions, SyncResult } from "../../types/events.js";
import { TidyrankError } from "../errors.js";
import { type Batch, type EventDatabase, NEW, SYNCED } from "./database.js";
import { inTurn, wait } from "./wait.js";

/** Answers after which the same request may succeed: another is under way (409), too early, too often. */
const LATER = new Set([408, 409, 425, 429]);
const TOO_LARGE = 413;

type Numbers = Required<Pick<SyncOptions, "batchSize" | "retries" | "timeout">> & { base: number; most: number };

/** What a store lends. */
export interface Sender {
  name: string;
  database: EventDatabase;
  clock: () => number;
  randomId: () => string;
  /** Ends when the store is closed or consent is withdrawn. */
  signal: AbortSignal;
}

/** Sends batch after batch until there is nothing left. */
export async function send(url: string | URL, options: SyncOptions, sender: Sender): Promise<SyncResult> {
  const numbers = checkedNumbers(options);
  const result = { batches: 0, events: 0, attempts: 0 };
  const seconds = numbers.timeout + numbers.most + 10;
  let { batchSize } = numbers;
  await inTurn({ ...sender, seconds }, async (renew) => {
    for (;;) {
      const make = (events: readonly RecordedEvent[]) => batchOf(events, options.format, sender.randomId());
      const batch = await sender.database.batch(batchSize, make);
      if (!batch) return;
      const fits = await post(batch, { url, options, numbers, sender, renew, result });
      if (fits) {
        await sender.database.settle(batch.key, SYNCED);
        result.batches++;
        result.events += batch.seqs.length;
      } else {
        // It was refused as a whole: its events go in smaller batches, which have keys of their own.
        await sender.database.settle(batch.key, NEW);
        batchSize = Math.max(1, Math.floor(batch.seqs.length / 2));
      }
    }
  });
  return result;
}

function batchOf(events: readonly RecordedEvent[], format: SyncOptions["format"], key: string): Omit<Batch, "seqs"> {
  if (format === "json") return { key, type: "application/json", body: JSON.stringify({ events }) };
  return { key, type: "application/x-ndjson", body: linesOf(events) };
}

/** One line of JSON for each event. */
export function linesOf(events: readonly RecordedEvent[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join("");
}

interface Posting {
  url: string | URL;
  options: SyncOptions;
  numbers: Numbers;
  sender: Sender;
  renew: () => Promise<void>;
  result: SyncResult;
}

/** What came back: a status, or why there is none. */
type Answer = { status: number; retryAfter: string | null } | { failed: unknown };

/** Sends a batch until it is answered; whether the server did not find it too large. */
async function post(batch: Batch, posting: Posting): Promise<boolean> {
  const { options, numbers, sender, renew, result } = posting;
  for (let retry = 0; ; retry++) {
    await renew();
    throwIfEnded(sender.signal);
    result.attempts++;
    const answer = await request(batch, posting);
    throwIfEnded(sender.signal);
    if ("status" in answer && answer.status >= 200 && answer.status < 300) return true;
    if ("status" in answer && answer.status === TOO_LARGE && batch.seqs.length > 1) return false;
    const after = "status" in answer ? secondsOf(answer.retryAfter, sender.clock()) : 0;
    const error = errorOf(answer, after);
    if (error.code === "events.refused" || retry >= numbers.retries || after > numbers.most) throw error;
    const random = (options.random ?? Math.random)();
    const pause = random * Math.min(numbers.most, numbers.base * 2 ** retry);
    await wait(Math.max(after, pause), sender.signal);
  }
}

async function request(batch: Batch, { url, options, numbers, sender }: Posting): Promise<Answer> {
  const controller = new AbortController();
  const end = () => controller.abort(sender.signal.reason);
  const timer = setTimeout(() => controller.abort("no answer in time"), 1000 * numbers.timeout);
  sender.signal.addEventListener("abort", end, { once: true });
  try {
    const response = await (options.fetch ?? globalThis.fetch)(url, {
      method: "POST",
      body: batch.body,
      headers: { ...options.headers, "Content-Type": batch.type, "Idempotency-Key": batch.key },
      credentials: "same-origin",
      // A redirected POST may arrive as a GET without its body, and be answered with 200.
      redirect: "manual",
      signal: controller.signal,
    });
    // Only the status counts; what was not read would keep the connection.
    await response.body?.cancel().catch(() => undefined);
    return { status: response.status, retryAfter: response.headers.get("Retry-After") };
  } catch (failed) {
    return { failed };
  } finally {
    clearTimeout(timer);
    sender.signal.removeEventListener("abort", end);
  }
}

/** `Retry-After` in seconds from now: a number or a date. */
function secondsOf(header: string | null, now: number): number {
  if (!header) return 0;
  const seconds = /^\d+$/.test(header) ? Number(header) : Date.parse(header) / 1000 - now;
  return seconds > 0 ? seconds : 0;
}

function errorOf(answer: Answer, after: number): TidyrankError {
  if ("failed" in answer) {
    return new TidyrankError("events.network", "the server cannot be reached", { cause: answer.failed });
  }
  const { status } = answer;
  if (status >= 500 || LATER.has(status)) {
    const later = after > 0 ? `, and asks for ${Math.ceil(after)} s` : "";
    return new TidyrankError("events.server", `the server answered ${status}${later}`);
  }
  const what =
    status === 0 || (status >= 300 && status < 400) ? "redirects, which is not followed" : `refused: ${status}`;
  return new TidyrankError("events.refused", `the server ${what}`);
}

function throwIfEnded(signal: AbortSignal): void {
  if (signal.aborted) throw signal.reason;
}

function checkedNumbers({ batchSize = 100, retries = 5, timeout = 30, backoff = {}, format }: SyncOptions): Numbers {
  const { base = 0.5, most = 30 } = backoff;
  const whole = (value: number, least: number) => Number.isInteger(value) && value >= least;
  const wrong =
    (!whole(batchSize, 1) && "batchSize") ||
    (!whole(retries, 0) && "retries") ||
    (!(timeout > 0 && timeout < 1e6) && "timeout") ||
    (!(base >= 0 && base < 1e6) && "backoff.base") ||
    (!(most >= 0 && most < 1e6) && "backoff.most") ||
    (![undefined, "json", "jsonl"].includes(format) && "format");
  if (wrong) throw new TidyrankError("events.invalid", `the option \`${wrong}\` has a value that it cannot have`);
  return { batchSize, retries, timeout, base, most };
}
