// Waiting, and who may send: one tab at a time.
import { TidyrankError } from "../errors.js";
import type { EventDatabase } from "./database.js";

/** How long to wait between looks at another tab's lease, in seconds. */
const LOOK = 0.2;

/** Waits some seconds, or until the signal is given: then it rejects with its reason. */
export function wait(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", end);
      resolve();
    }, 1000 * seconds);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}

/** How a turn is held. */
export interface Turn {
  name: string;
  database: EventDatabase;
  clock: () => number;
  randomId: () => string;
  signal: AbortSignal;
  /** Seconds for which one step may hold the turn. */
  seconds: number;
}

/**
 * Does the work while no other tab does: by a Web Lock, or where there are none (insecure pages, memory) by a lease in the
 * database, which `renew` makes longer. A lease ends by itself when its tab does.
 */
export async function inTurn<T>(turn: Turn, work: (renew: () => Promise<void>) => Promise<T>): Promise<T> {
  const { name, database, signal, clock, seconds } = turn;
  const locks = database.persistent ? (globalThis.navigator as Partial<Navigator> | undefined)?.locks : undefined;
  if (locks)
    return (await locks.request(`tidyrank-events:${name}`, { signal }, () => work(async () => undefined))) as T;
  const owner = turn.randomId();
  const lease = () => database.lease(owner, clock(), clock() + seconds);
  while (!(await lease())) await wait(LOOK, signal);
  const renew = async () => {
    if (!(await lease())) throw new TidyrankError("events.storage", "another tab took over sending");
  };
  try {
    return await work(renew);
  } finally {
    // It is over a second ago.
    await database.lease(owner, clock(), clock() - 1).catch(() => false);
  }
}
