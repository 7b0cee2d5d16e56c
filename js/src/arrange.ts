// Filters, rules of the house and policies: how they are written for the engine (`src/wasm/arrange.rs`), and what it says to them.
import type { Filters, PlacedBy, Policies } from "../types/arrange.js";
import type { RankedCleaner } from "../types/index.js";
import {
  choice,
  count,
  flag,
  integer,
  list,
  needed,
  number,
  object,
  readChoice,
  readList,
  readMaybe,
  readNumber,
  readObject,
  text,
  type Write,
  Writer,
  writeFields,
} from "./wire.js";

type Fields<T> = Record<keyof T, Write>;

const filterFields: Fields<Filters> = {
  maxDistanceKm: number,
  maxPrice: number,
  minRating: number,
  eco: flag,
  available: flag,
  propertyTypes: list(text),
  minScore: number,
  hide: list(text),
  seen: list(text),
  strict: flag,
};

export const filters = object(filterFields);

/** In the order of a request. */
export const policies: Fields<Policies> = {
  house: list(
    object({
      cleanerId: needed(text),
      action: needed(choice(["pin", "boost", "bury"])),
      position: count,
      points: number,
    }),
  ),
  diversity: object({ lambda: needed(number), pool: count }),
  exposure: object({ share: needed(number), below: count }),
  explore: object({
    method: needed(choice(["epsilon", "thompson"])),
    epsilon: number,
    seed: needed(integer),
    pool: count,
  }),
};

/** Whether a ranking is more than the best by score. */
export function isArranged({ filters, ...request }: Policies & { filters?: Filters }): boolean {
  const { house, diversity, exposure, explore } = request;
  return Boolean(house?.length || diversity || exposure || explore) || filters?.minScore != null;
}

/** What an order is made of. */
export function poolBytes(items: readonly RankedCleaner[]): Uint8Array {
  const to = new Writer();
  to.length(items.length);
  const point = object({ latitude: number, longitude: number });
  const fields = { cleanerId: text, row: number, score: number, reviews: number, price: number, location: point };
  for (const item of items) {
    writeFields(to, item, fields);
    for (const { value } of item.contributions) to.number(value ?? Number.NaN);
  }
  return to.bytes();
}

const PLACED_BY: readonly PlacedBy[] = ["score", "diversity", "exposure", "explore", "pin", "bury"];

export const placedBy = readChoice(PLACED_BY);

/** The order of a pool. */
export interface Arranged {
  /** How many have a score below the least one. */
  below: number;
  places: { at: number; placedBy: PlacedBy; propensity: number | null }[];
}

export const readArranged = readObject<Arranged>({
  below: readNumber,
  places: readList(readObject<Arranged["places"][number]>({ at: readNumber, placedBy, propensity: readMaybe })),
});
