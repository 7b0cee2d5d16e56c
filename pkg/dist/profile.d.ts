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
  /** When they work, in the market's local time; without it nobody knows. */
  hours?: readonly WorkSpan[];
}

/** A part of a day, every week. */
export interface WorkSpan {
  /** 0 = Monday to 6 = Sunday. */
  weekday: number;
  /** The full hour at which it begins, 0 to 23. */
  from: number;
  /** The full hour at which it ends, 1 to 24. */
  to: number;
}
