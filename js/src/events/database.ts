// Where events are kept: the operations that IndexedDB and memory have in common. Every operation happens as a whole or not
// at all, and none but those for consent does anything without consent.
import type { Consent, EventStats, RecordedEvent } from "../../types/events.js";
import { TidyrankError } from "../errors.js";

/** Not sent, in a batch that is being sent, or known to be on the server. */
export type State = 0 | 1 | 2;
export const [NEW, SENDING, SYNCED] = [0, 1, 2] as const;
/** Whose events are dropped first: those that the server has, then those that a batch has a copy of. */
export const DROPPED_FIRST: readonly State[] = [SYNCED, SENDING, NEW];

/** Events that are sent together. It is kept until it is answered, so that it is the same whenever it is sent. */
export interface Batch {
  key: string;
  /** Content type. */
  type: string;
  body: string;
  /** Which events. */
  seqs: number[];
}

/** How many events were dropped for want of room, and how many of them no server has got. */
export interface Dropped {
  dropped: number;
  lost: number;
}

/** A place for events. */
export interface EventDatabase {
  readonly persistent: boolean;
  consent(): Promise<Consent>;
  /** Anything but "granted" erases. */
  setConsent(consent: Consent): Promise<void>;
  /** Adds all events or none, and drops the oldest beyond `most`. */
  append(events: readonly RecordedEvent[], most: number): Promise<Dropped>;
  /** Whether a recommendation with this id is there. */
  recommended(id: string): Promise<boolean>;
  /** The next events after a number, in their order. */
  page(after: number, count: number): Promise<{ seq: number; event: RecordedEvent }[]>;
  stats(): Promise<EventStats>;
  /** The batch that is not answered yet, or else a new one of the oldest events, if there are any. */
  batch(size: number, make: (events: readonly RecordedEvent[]) => Omit<Batch, "seqs">): Promise<Batch | undefined>;
  /** The server has the batch, or is to get its events in others. */
  settle(key: string, state: typeof SYNCED | typeof NEW): Promise<void>;
  erase(): Promise<void>;
  /** Whether this owner may send alone up to a moment; `until` before now gives it up. */
  lease(owner: string, now: number, until: number): Promise<boolean>;
  close(): void;
}

/** Whether the lease of another owner still holds. One that is too far off was made by a clock that was wrong. */
export function holds(lease: { owner: string; until: number } | undefined, owner: string, now: number): boolean {
  return lease !== undefined && lease.owner !== owner && lease.until > now && lease.until < now + 3600;
}

/** The list that an event is of: it is dropped together with the others. */
export const listOf = (event: RecordedEvent): string | undefined =>
  "requestId" in event ? event.requestId : undefined;

/** The error for a store that may not be used. */
export function noConsent(): TidyrankError {
  return new TidyrankError(
    "events.consent",
    "the visitor has not agreed to being recorded: `setConsent(true)` comes first",
  );
}
