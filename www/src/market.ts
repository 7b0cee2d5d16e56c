// The page's own data: clients and jobs to choose from, as `tidyrank export` writes them.
import type { Bid, Job } from "tidyrank";

/** A job of the market, with what became of it. */
export interface MarketJob extends Job {
  jobId: string;
  status: string;
  bids?: Bid[];
}

/** A place that a client has cleaned. */
export interface Property {
  propertyId: string;
  propertyType: string;
  location: { latitude: number; longitude: number } | null;
  sizeM2: number | null;
}

/** A client of the market. */
export interface Client {
  clientId: string;
  label: string;
  budgetTier: string | null;
  properties: Property[];
  jobs: MarketJob[];
}

/** Fetches `market.json`. */
export async function loadMarket(url: URL): Promise<Client[]> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.pathname} answered ${response.status}`);
  const { clients } = (await response.json()) as { clients: Client[] };
  return clients;
}

const REQUEST_FIELDS = [
  "clientId",
  "propertyType",
  "location",
  "sizeM2",
  "durationH",
  "eco",
  "budget",
  "postedAt",
  "scheduledAt",
  "bids",
] as const;

/** A job of the market as the recommender takes it: without its outcome, and without what is unknown. */
export function asRequest(job: MarketJob, clientId: string): Job {
  const known = REQUEST_FIELDS.filter((field) => job[field] !== null && job[field] !== undefined);
  return { clientId, ...Object.fromEntries(known.map((field) => [field, job[field]])) };
}
