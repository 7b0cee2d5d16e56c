// Events in IndexedDB. Every operation is one transaction: a page that is closed, a browser that is killed in its middle
// leaves all of it or nothing.
import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB, type StoreNames } from "idb";
import type { Consent, EventStats, RecordedEvent } from "../../types/events.js";
import { TidyrankError } from "../errors.js";
import {
  type Batch,
  DROPPED_FIRST,
  type Dropped,
  type EventDatabase,
  holds,
  listOf,
  NEW,
  noConsent,
  SENDING,
  type State,
  SYNCED,
} from "./database.js";

/** Of the database's structure. */
const VERSION = 1;
/** Seconds that opening may take: behind a deletion that another tab holds up it would wait without a word. */
const PATIENCE = 5;

interface Row {
  seq: number;
  state: State;
  event: RecordedEvent;
}

interface Schema extends DBSchema {
  events: { key: number; value: Row; indexes: { id: string; state: State } };
  batches: { key: string; value: Batch };
  meta: { key: string; value: unknown };
}

type Stores = StoreNames<Schema>;
type Tx<M extends IDBTransactionMode> = IDBPTransaction<Schema, Stores[], M>;
const ALL: Stores[] = ["events", "batches", "meta"];

/** A store that outlives the page. */
export class IndexedDatabase implements EventDatabase {
  readonly persistent = true;
  readonly #name: string;
  #database: Promise<IDBPDatabase<Schema>> | undefined;

  private constructor(name: string) {
    this.#name = name;
  }

  /** Opens or makes it; `events.unavailable` where that cannot be. */
  static async open(name: string): Promise<IndexedDatabase> {
    const database = new IndexedDatabase(name);
    await database.#connected();
    return database;
  }

  async consent(): Promise<Consent> {
    return await this.#transaction("readonly", consentIn);
  }

  async setConsent(consent: Consent): Promise<void> {
    await this.#transaction("readwrite", async (tx) => {
      await tx.objectStore("meta").put(consent, "consent");
      if (consent !== "granted") await clear(tx);
    });
  }

  async append(events: readonly RecordedEvent[], most: number): Promise<Dropped> {
    const add = () => this.#transaction("readwrite", (tx) => append(tx, events, most));
    try {
      return await add();
    } catch (thrown) {
      if (!(thrown instanceof TidyrankError && thrown.code === "events.quota")) throw thrown;
      // What the server has makes room.
      const freed = await this.#transaction("readwrite", dropSynced);
      if (freed.dropped === 0) throw thrown;
      const dropped = await add();
      return { dropped: dropped.dropped + freed.dropped, lost: dropped.lost };
    }
  }

  async recommended(id: string): Promise<boolean> {
    return await this.#transaction("readonly", async (tx) => {
      const row = await tx.objectStore("events").index("id").get(id);
      return row !== undefined && listOf(row.event) !== undefined;
    });
  }

  async page(after: number, count: number) {
    return await this.#transaction("readonly", async (tx) => {
      return await tx.objectStore("events").getAll(IDBKeyRange.lowerBound(after, true), count);
    });
  }

  async stats(): Promise<EventStats> {
    return await this.#transaction("readonly", async (tx) => {
      const events = await tx.objectStore("events").count();
      const synced = await tx.objectStore("events").index("state").count(SYNCED);
      return { events, unsynced: events - synced, ...(await countsIn(tx)) };
    });
  }

  async batch(size: number, make: (events: readonly RecordedEvent[]) => Omit<Batch, "seqs">) {
    // Strict: a key that is sent must be there after a power cut, or the server would get its events under another.
    return await this.#transaction("readwrite", (tx) => nextBatch(tx, size, make), "strict");
  }

  async settle(key: string, state: typeof SYNCED | typeof NEW): Promise<void> {
    await this.#transaction("readwrite", async (tx) => {
      const batch = await tx.objectStore("batches").get(key);
      if (!batch) return;
      const events = tx.objectStore("events");
      for (const seq of batch.seqs) {
        const row = await events.get(seq);
        if (row) await events.put({ ...row, state });
      }
      await tx.objectStore("batches").delete(key);
    });
  }

  async erase(): Promise<void> {
    await this.#transaction("readwrite", clear);
  }

  async lease(owner: string, now: number, until: number): Promise<boolean> {
    return await this.#transaction("readwrite", async (tx) => {
      const meta = tx.objectStore("meta");
      const lease = (await meta.get("lease")) as { owner: string; until: number } | undefined;
      if (holds(lease, owner, now)) return false;
      await meta.put({ owner, until }, "lease");
      return true;
    });
  }

  close(): void {
    void this.#database?.then((database) => database.close()).catch(() => undefined);
    this.#database = undefined;
  }

  /** The connection. One that was closed, for another version's sake or by the browser, is opened again when it is needed. */
  #connected(): Promise<IDBPDatabase<Schema>> {
    this.#database ??= connect(this.#name, () => this.close()).catch((thrown) => {
      this.#database = undefined;
      throw thrown;
    });
    return this.#database;
  }

  async #transaction<T, M extends "readonly" | "readwrite">(
    mode: M,
    work: (tx: Tx<M>) => Promise<T>,
    durability: IDBTransactionDurability = "relaxed",
  ): Promise<T> {
    const tx = await this.#begin(mode, durability);
    // It rejects when the transaction ends without us waiting for it, too.
    const done = tx.done.then(
      () => undefined,
      (thrown: unknown) => ({ thrown }),
    );
    try {
      const result = await work(tx);
      const failed = await done;
      if (failed) throw failed.thrown;
      return result;
    } catch (thrown) {
      abort(tx);
      await done;
      // A request that only ended because its transaction did knows nothing of why.
      const ended = (thrown as { name?: string } | null)?.name === "AbortError";
      throw storageError(ended ? (tx.error ?? thrown) : thrown);
    }
  }

  async #begin<M extends "readonly" | "readwrite">(mode: M, durability: IDBTransactionDurability) {
    const begin = async () => (await this.#connected()).transaction(ALL, mode, { durability });
    try {
      return await begin();
    } catch (thrown) {
      if (thrown instanceof TidyrankError) throw thrown;
      // The connection is closing.
      this.#database = undefined;
      return await begin().catch((again) => {
        throw storageError(again);
      });
    }
  }
}

function abort(tx: { abort(): void }): void {
  try {
    tx.abort();
  } catch {
    // It has ended already.
  }
}

function connect(name: string, close: () => void): Promise<IDBPDatabase<Schema>> {
  return new Promise((resolve, reject) => {
    let gaveUp = false;
    const giveUp = (why: string, cause?: unknown) => {
      gaveUp = true;
      clearTimeout(timer);
      reject(unavailable(why, cause));
    };
    const timer = setTimeout(() => giveUp(`it did not open within ${PATIENCE} s`), 1000 * PATIENCE);
    const open = async () => {
      const blocked = () => giveUp("another tab keeps an older version open");
      // Another version, or a deletion, waits for this connection to close.
      const callbacks = { upgrade: makeStores, blocked, blocking: close, terminated: close };
      const database = await openDB<Schema>(name, VERSION, callbacks);
      clearTimeout(timer);
      if (gaveUp) database.close();
      else resolve(database);
    };
    // Where there is none it throws at once.
    open().catch((thrown) => giveUp(String(thrown), thrown));
  });
}

function makeStores(database: IDBPDatabase<Schema>): void {
  const events = database.createObjectStore("events", { keyPath: "seq", autoIncrement: true });
  events.createIndex("id", "event.id", { unique: true });
  events.createIndex("state", "state");
  database.createObjectStore("batches", { keyPath: "key" });
  database.createObjectStore("meta");
}

function unavailable(why: string, cause?: unknown): TidyrankError {
  return new TidyrankError("events.unavailable", `IndexedDB cannot be used: ${why}`, { cause });
}

function storageError(thrown: unknown): TidyrankError {
  if (thrown instanceof TidyrankError) return thrown;
  const name = (thrown as { name?: string } | null)?.name;
  if (name === "QuotaExceededError") {
    return new TidyrankError("events.quota", "the browser has no more room for events", { cause: thrown });
  }
  return new TidyrankError("events.storage", `the database failed: ${thrown}`, { cause: thrown });
}

async function consentIn(tx: Tx<"readonly"> | Tx<"readwrite">): Promise<Consent> {
  const consent = await (tx as Tx<"readonly">).objectStore("meta").get("consent");
  return consent === "granted" || consent === "denied" ? consent : "unknown";
}

async function countsIn(tx: Tx<"readonly"> | Tx<"readwrite">): Promise<Dropped> {
  const meta = (tx as Tx<"readonly">).objectStore("meta");
  return ((await meta.get("counts")) as Dropped | undefined) ?? { dropped: 0, lost: 0 };
}

async function count(tx: Tx<"readwrite">, { dropped, lost }: Dropped): Promise<Dropped> {
  const before = await countsIn(tx);
  const after = { dropped: before.dropped + dropped, lost: before.lost + lost };
  if (dropped > 0) await tx.objectStore("meta").put(after, "counts");
  return { dropped, lost };
}

async function clear(tx: Tx<"readwrite">): Promise<void> {
  await tx.objectStore("events").clear();
  await tx.objectStore("batches").clear();
  await tx.objectStore("meta").delete("counts");
}

async function append(tx: Tx<"readwrite">, events: readonly RecordedEvent[], most: number): Promise<Dropped> {
  if ((await consentIn(tx)) !== "granted") throw noConsent();
  const store = tx.objectStore("events");
  const keys = await Promise.all(events.map((event) => store.add({ state: NEW, event } as Row)));
  const excess = (await store.count()) - most;
  return await count(
    tx,
    excess > 0 ? await drop(tx, excess, keys[0] ?? Number.POSITIVE_INFINITY) : { dropped: 0, lost: 0 },
  );
}

/** Drops that many events or a few more, so that no list is left in half; none from the number `before` on. */
async function drop(tx: Tx<"readwrite">, excess: number, before: number): Promise<Dropped> {
  const dropped = { dropped: 0, lost: 0 };
  for (const state of DROPPED_FIRST) {
    let list: string | undefined;
    let cursor = await tx.objectStore("events").index("state").openCursor(state);
    while (cursor && cursor.primaryKey < before) {
      const its = listOf(cursor.value.event);
      if (dropped.dropped >= excess && (list === undefined || its !== list)) break;
      list = its;
      await cursor.delete();
      dropped.dropped++;
      if (state === NEW) dropped.lost++;
      cursor = await cursor.continue();
    }
  }
  return dropped;
}

async function dropSynced(tx: Tx<"readwrite">): Promise<Dropped> {
  const events = tx.objectStore("events");
  const keys = await events.index("state").getAllKeys(SYNCED);
  await Promise.all(keys.map((key) => events.delete(key)));
  return await count(tx, { dropped: keys.length, lost: 0 });
}

async function nextBatch(
  tx: Tx<"readwrite">,
  size: number,
  make: (events: readonly RecordedEvent[]) => Omit<Batch, "seqs">,
): Promise<Batch | undefined> {
  if ((await consentIn(tx)) !== "granted") throw noConsent();
  const [pending] = await tx.objectStore("batches").getAll(null, 1);
  if (pending) return pending;
  const events = tx.objectStore("events");
  const rows = await events.index("state").getAll(NEW, size);
  if (rows.length === 0) return undefined;
  const batch = { ...make(rows.map(({ event }) => event)), seqs: rows.map(({ seq }) => seq) };
  await Promise.all(rows.map((row) => events.put({ ...row, state: SENDING })));
  await tx.objectStore("batches").add(batch);
  return batch;
}
