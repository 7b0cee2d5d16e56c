// Everything that the page knows, in one value; views read it, actions change it and ask for a new picture.
import type { Catalog, Filters, Job, Mode, Ranking } from "tidyrank";
import type { Client, MarketJob } from "./market.js";
import type { Records } from "./records.js";
import type { Session } from "./shell.js";

/** The largest distance of the slider, which stands for "any". */
export const ANY_DISTANCE = 40;
/** How many cleaners are listed at first. */
export const PAGE_SIZE = 10;

/** What a new job starts as, and how it is edited. */
export type Draft = Required<Pick<Job, "propertyType" | "sizeM2" | "durationH" | "eco" | "scheduledAt">> & {
  location: { latitude: number; longitude: number };
  budget: number | undefined;
};

/** The state of the page. */
export interface State extends Session {
  client: Client;
  /** What this browser has recorded, if it may. */
  records: Records;
  /** Whether the experiment chooses the mode. */
  inExperiment: boolean;
  /** Who is left out, beside those who are too far away. */
  filters: Filters;
  /** The chosen job, or `undefined` while a new one is written. */
  job: MarketJob | undefined;
  draft: Draft;
  mode: Mode;
  /** 0 to 1. */
  ruleWeight: number;
  /** 0 to 1. */
  priceWeight: number;
  maxDistanceKm: number;
  candidates: "catalog" | "bidders";
  limit: number;
  ranking: Ranking | undefined;
  /** Why there is no ranking. */
  error: string | undefined;
  /** Milliseconds from the request to its answer. */
  elapsed: number | undefined;
  /** The cleaner whose details are open. */
  opened: string | undefined;
  /** The cleaner under the pointer, in the list or on the map. */
  pointed: string | undefined;
}

/** A change of the state. */
export type Update = (change: Partial<State>, options?: { rank?: boolean }) => void;

/** Where the job is. */
export function jobLocation(state: State): { latitude: number; longitude: number } | undefined {
  return state.job ? state.job.location : state.draft.location;
}

/** A new job for a client: at their first property, two days from now at ten. */
export function draftFor(client: Client, catalog: Catalog): Draft {
  const property = client.properties[0];
  const { market, asOf } = catalog;
  const offset = market.utcOffsetMinutes * 60;
  const midnight = Math.floor((asOf + offset) / 86_400) * 86_400 - offset;
  const sizeM2 = Math.round(property?.sizeM2 ?? 80);
  return {
    propertyType: property?.propertyType ?? market.propertyTypes[0] ?? "",
    location: property?.location ?? market.centre ?? { latitude: 37.98, longitude: 23.73 },
    sizeM2,
    durationH: Math.max(1, Math.round(sizeM2 / 25)),
    eco: false,
    scheduledAt: midnight + 2 * 86_400 + 10 * 3600,
    budget: undefined,
  };
}
