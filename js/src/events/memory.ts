// Events in memory: for Node, and for browsers without IndexedDB.
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

interface Row {
  state: State;
  event: RecordedEvent;
}

/** A store that ends with the page. */
export class MemoryDatabase implements EventDatabase {
  readonly persistent = false;
  #consent: Consent = "unknown";
  #rows = new Map<number, Row>();
  #ids = new Map<string, number>();
  #last = 0;
  #counts = { dropped: 0, lost: 0 };
  #batch: Batch | undefined;
  #lease: { owner: string; until: number } | undefined;

  async consent(): Promise<Consent> {
    return this.#consent;
  }

  async setConsent(consent: Consent): Promise<void> {
    this.#consent = consent;
    if (consent !== "granted") await this.erase();
  }

  async append(events: readonly RecordedEvent[], most: number): Promise<Dropped> {
    if (this.#consent !== "granted") throw noConsent();
    const ids = new Set(events.map(({ id }) => id));
    if (ids.size < events.length || events.some(({ id }) => this.#ids.has(id))) {
      throw new TidyrankError("events.storage", "the store has an event with this id");
    }
    const first = this.#last + 1;
    for (const event of events) {
      this.#rows.set(++this.#last, { state: NEW, event: structuredClone(event) });
      this.#ids.set(event.id, this.#last);
    }
    return this.#drop(this.#rows.size - most, first);
  }

  async recommended(id: string): Promise<boolean> {
    const row = this.#rows.get(this.#ids.get(id) ?? 0);
    return row !== undefined && listOf(row.event) !== undefined;
  }

  async page(after: number, count: number) {
    const rows = [...this.#rows].filter(([seq]) => seq > after).slice(0, count);
    return rows.map(([seq, { event }]) => ({ seq, event: structuredClone(event) }));
  }

  async stats(): Promise<EventStats> {
    const unsynced = [...this.#rows.values()].filter(({ state }) => state !== SYNCED).length;
    return { events: this.#rows.size, unsynced, ...this.#counts };
  }

  async batch(size: number, make: (events: readonly RecordedEvent[]) => Omit<Batch, "seqs">) {
    if (this.#consent !== "granted") throw noConsent();
    if (this.#batch) return this.#batch;
    const rows = [...this.#rows].filter(([, { state }]) => state === NEW).slice(0, size);
    if (rows.length === 0) return undefined;
    for (const [, row] of rows) row.state = SENDING;
    this.#batch = { ...make(rows.map(([, { event }]) => event)), seqs: rows.map(([seq]) => seq) };
    return this.#batch;
  }

  async settle(key: string, state: typeof SYNCED | typeof NEW): Promise<void> {
    if (this.#batch?.key !== key) return;
    for (const seq of this.#batch.seqs) {
      const row = this.#rows.get(seq);
      if (row) row.state = state;
    }
    this.#batch = undefined;
  }

  async erase(): Promise<void> {
    this.#rows.clear();
    this.#ids.clear();
    this.#batch = undefined;
    this.#counts = { dropped: 0, lost: 0 };
  }

  async lease(owner: string, now: number, until: number): Promise<boolean> {
    if (holds(this.#lease, owner, now)) return false;
    this.#lease = { owner, until };
    return true;
  }

  close(): void {}

  #drop(excess: number, before: number): Dropped {
    const count = { dropped: 0, lost: 0 };
    for (const state of DROPPED_FIRST) {
      let list: string | undefined;
      for (const [seq, row] of this.#rows) {
        if (seq >= before) break;
        if (row.state !== state) continue;
        const more = count.dropped < excess || (list !== undefined && listOf(row.event) === list);
        if (!more) break;
        list = listOf(row.event);
        this.#rows.delete(seq);
        this.#ids.delete(row.event.id);
        count.dropped++;
        if (state === NEW) count.lost++;
      }
    }
    this.#counts.dropped += count.dropped;
    this.#counts.lost += count.lost;
    return count;
  }
}
