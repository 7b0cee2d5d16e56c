// The public class.
import type {
  Consent,
  EventStats,
  EventStoreOptions,
  FeedbackKind,
  OutcomeKind,
  RecommendationRecord,
  RecordContext,
  RecordedBid,
  RecordedEvent,
  RecordedJob,
  RecordedJobRanking,
  RecordedRanking,
  SyncOptions,
  SyncResult,
} from "../../types/events.js";
import { TidyrankError } from "../errors.js";
import { checked, commentOf } from "./check.js";
import { type EventDatabase, noConsent } from "./database.js";
import { IndexedDatabase } from "./indexeddb.js";
import { MemoryDatabase } from "./memory.js";
import { merged } from "./merge.js";
import { baseOf, bidOf, cleanersOf, jobsOf, type Source } from "./record.js";
import { linesOf, send } from "./sync.js";

/** How many events are read at once. */
const PAGE = 500;

type Settings = Source & Required<Pick<EventStoreOptions, "name" | "maxEvents">> & Pick<EventStoreOptions, "onWarning">;

/** Recommendations, feedback and outcomes of this visitor. */
export class EventStore {
  readonly #database: EventDatabase;
  readonly #settings: Settings;
  #consent: Consent;
  /** Other tabs. */
  readonly #others: BroadcastChannel | undefined;
  /** Ended and made anew when consent is withdrawn. */
  #ending = new AbortController();
  #closed = false;

  private constructor(database: EventDatabase, settings: Settings, consent: Consent) {
    this.#database = database;
    this.#settings = settings;
    this.#consent = consent;
    if (!database.persistent || typeof BroadcastChannel === "undefined") return;
    this.#others = new BroadcastChannel(`tidyrank-events:${settings.name}`);
    this.#others.onmessage = ({ data }: MessageEvent<Consent>) => this.#learn(data);
  }

  static async open(options: EventStoreOptions = {}): Promise<EventStore> {
    const { storage = "auto", onWarning } = options;
    const settings = settingsOf(options);
    const database = await openDatabase(storage, settings.name, onWarning);
    return new EventStore(database, settings, await database.consent());
  }

  get persistent(): boolean {
    return this.#database.persistent;
  }

  consent(): Consent {
    return this.#consent;
  }

  async setConsent(granted: boolean): Promise<void> {
    this.#check();
    if (typeof granted !== "boolean") throw new TidyrankError("events.invalid", "`setConsent` takes true or false");
    const consent = granted ? "granted" : "denied";
    // Before it is stored: what is under way must not be sent any more.
    if (!granted) this.#learn(consent);
    await this.#database.setConsent(consent);
    this.#learn(consent);
    this.#others?.postMessage(consent);
  }

  async recordCleaners(job: RecordedJob, ranking: RecordedRanking, context: RecordContext = {}): Promise<string[]> {
    return await this.#record(() => cleanersOf(job, ranking, context, this.#settings));
  }

  async recordJobs(cleanerId: string, ranking: RecordedJobRanking, context: RecordContext = {}): Promise<string[]> {
    return await this.#record(() => jobsOf(cleanerId, ranking, context, this.#settings));
  }

  async recordBid(
    job: RecordedJob,
    suggestion: RecordedBid,
    context: RecordContext & { cleanerId?: string } = {},
  ): Promise<string> {
    const [id] = await this.#record(() => [bidOf(job, suggestion, context, this.#settings)]);
    return id as string;
  }

  async outcome(recommendationId: string, outcome: OutcomeKind, value?: number): Promise<string> {
    const body = { type: "outcome", recommendationId, outcome, value };
    return await this.#about(recommendationId, () => ({ ...baseOf(this.#settings), ...body }) as RecordedEvent);
  }

  async feedback(recommendationId: string, kind: FeedbackKind, comment?: string): Promise<string> {
    const body = { type: "feedback", recommendationId, kind, comment: commentOf(comment) };
    return await this.#about(recommendationId, () => ({ ...baseOf(this.#settings), ...body }) as RecordedEvent);
  }

  async *events(): AsyncIterable<RecordedEvent> {
    for (let after = 0; ; ) {
      this.#check();
      const rows = await this.#database.page(after, PAGE);
      for (const { event } of rows) yield event;
      const last = rows.at(-1);
      if (!last) return;
      after = last.seq;
    }
  }

  async records(): Promise<RecommendationRecord[]> {
    return merged(await this.#all());
  }

  async exportEvents(): Promise<string> {
    return linesOf(await this.#all());
  }

  async stats(): Promise<EventStats> {
    this.#check();
    return await this.#database.stats();
  }

  async sync(url: string | URL, options: SyncOptions = {}): Promise<SyncResult> {
    this.#check();
    const sending = new AbortController();
    const [ending, given] = [this.#ending.signal, options.signal];
    const end = () => sending.abort(ending.aborted ? ending.reason : aborted(given?.reason));
    if (given?.aborted) end();
    for (const signal of [ending, given]) signal?.addEventListener("abort", end, { once: true });
    const { name, clock, randomId } = this.#settings;
    try {
      const sender = { name, clock, randomId, database: this.#database, signal: sending.signal };
      return await this.#agreed(() => send(url, options, sender));
    } finally {
      for (const signal of [ending, given]) signal?.removeEventListener("abort", end);
    }
  }

  async erase(): Promise<void> {
    this.#check();
    await this.#database.erase();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ending.abort(closed());
    this.#others?.close();
    this.#database.close();
  }

  #check(): void {
    if (this.#closed) throw closed();
  }

  /** Takes note of consent, by whomever it was given or withdrawn. */
  #learn(consent: Consent): void {
    this.#consent = consent;
    if (consent === "granted") return;
    this.#ending.abort(noConsent());
    this.#ending = new AbortController();
  }

  /** Writes what is made now: what the caller changes later is not recorded. */
  async #record(make: () => RecordedEvent[]): Promise<string[]> {
    this.#check();
    const events = made(make);
    const { maxEvents, onWarning } = this.#settings;
    if (events.length > maxEvents) {
      const what = `a list of ${events.length} does not fit into a store of ${maxEvents} events`;
      throw new TidyrankError("events.invalid", what);
    }
    const { dropped, lost } = await this.#agreed(() => this.#database.append(events, maxEvents));
    if (dropped > 0) {
      const text = `${dropped} old events were dropped to make room; ${lost} of them had not been sent`;
      onWarning?.({ code: "events.dropped", text });
    }
    return events.map(({ id }) => id);
  }

  /** Writes what is about a recommendation that is there, or may have been dropped. */
  async #about(recommendationId: string, make: () => RecordedEvent): Promise<string> {
    this.#check();
    const event = made(() => checked(make()));
    if (!(await this.#database.recommended(recommendationId))) {
      const [consent, { dropped }] = [await this.#database.consent(), await this.#database.stats()];
      if (consent === "granted" && dropped === 0) {
        throw new TidyrankError("events.unknown", `there is no recommendation ${JSON.stringify(recommendationId)}`);
      }
    }
    const [id] = await this.#record(() => [event]);
    return id as string;
  }

  /** Does what the database only does with consent. If there is none, another tab may have withdrawn it. */
  async #agreed<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      if (thrown instanceof TidyrankError && thrown.code === "events.consent") {
        this.#consent = await this.#database.consent();
      }
      throw thrown;
    }
  }

  async #all(): Promise<RecordedEvent[]> {
    const all: RecordedEvent[] = [];
    for await (const event of this.events()) all.push(event);
    return all;
  }
}

/** What is made of the arguments; whatever they are, an error has a code. */
function made<T>(make: () => T): T {
  try {
    return make();
  } catch (thrown) {
    if (thrown instanceof TidyrankError) throw thrown;
    throw new TidyrankError("events.invalid", "the arguments are not what can be recorded", { cause: thrown });
  }
}

function closed(): TidyrankError {
  return new TidyrankError("events.closed", "the store was closed");
}

function aborted(cause: unknown): TidyrankError {
  return new TidyrankError("events.aborted", "sending was cancelled", { cause });
}

function settingsOf(options: EventStoreOptions): Settings {
  const { name = "tidyrank-events", maxEvents = 10_000, clock, randomId, onWarning } = options;
  const refuse = (what: string) => new TidyrankError("events.invalid", what);
  if (!(Number.isInteger(maxEvents) && maxEvents > 0)) {
    throw refuse(`\`maxEvents\` must be a whole number from 1 up, not ${String(maxEvents)}`);
  }
  if (typeof name !== "string" || name === "") throw refuse("`name` must be a text");
  if (![undefined, "auto", "indexeddb", "memory"].includes(options.storage)) {
    throw refuse('`storage` must be "auto", "indexeddb" or "memory"');
  }
  return {
    name,
    maxEvents,
    clock: clock ?? (() => Date.now() / 1000),
    randomId: randomId ?? uuid,
    ...(onWarning && { onWarning }),
  };
}

/** A random UUID (version 4), also where `crypto.randomUUID` is kept from insecure pages. */
function uuid(): string {
  const made = (crypto as Partial<Crypto>).randomUUID?.();
  if (made) return made;
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

async function openDatabase(
  storage: NonNullable<EventStoreOptions["storage"]>,
  name: string,
  onWarning: EventStoreOptions["onWarning"],
): Promise<EventDatabase> {
  if (storage === "memory") return new MemoryDatabase();
  try {
    return await IndexedDatabase.open(name);
  } catch (thrown) {
    if (storage === "indexeddb" || !(thrown instanceof TidyrankError)) throw thrown;
    onWarning?.({ code: thrown.code, text: `${thrown.message}; events are kept in memory, until the page is left` });
    return new MemoryDatabase();
  }
}
