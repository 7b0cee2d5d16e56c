import type { GeoPoint } from "./index.js";

/** A cleaner who is not in the catalog: what they say of themselves. Leave out what is unknown. */
export interface CleanerProfile {
  /** An id to be answered with. */
  cleanerId?: string;
  /** Where they start from. */
  location?: GeoPoint;
  /** In the market's currency. */
  hourlyRate?: number;
  /** Whether they work with eco-friendly products. */
  eco?: boolean;
  /** Some of `Market.propertyTypes`; without it every one. */
  propertyTypes?: readonly string[];
}
