// The engine's answers as plain objects: every field by its name, in the order of `src/wasm/answer.rs`.
import type {
  Breakdown,
  Catalog,
  CatalogCleaner,
  Contribution,
  GeoPoint,
  Market,
  ModelName,
  Notice,
  RankedCleaner,
  RankingMeta,
  Reason,
} from "../types/index.js";
import { placedBy } from "./arrange.js";
import type { Asked, EngineCapabilities, EngineMeta } from "./protocol.js";
import { MODES } from "./request.js";
import type { Tile } from "./tiles.js";
import {
  type Read,
  Reader,
  readChoice,
  readColumn,
  readFlag,
  readList,
  readMaybe,
  readMaybeFlag,
  readNumber,
  readObject,
  readOptional,
  readPart,
  readText,
} from "./wire.js";

export const mode = readChoice(MODES);
const point = readPart(readObject<GeoPoint>({ latitude: readNumber, longitude: readNumber }));
export const notice = readObject<Notice>({ code: readText, text: readText });
export const readParams: Read<Reason["params"]> = (from) =>
  Object.fromEntries(readList((from) => [readText(from), readMaybe(from) ?? readText(from)] as const)(from));
/** Its text is put in by `messages.ts`, on the page's side. */
export const readReasons = readList(readObject<Reason>({ code: readText, params: readParams, text: () => "" }));
export const model = readPart(readObject<ModelName>({ name: readText, version: readText }));

const contribution = readObject<Contribution>({
  component: readText,
  weight: readNumber,
  value: readMaybe,
  contribution: readNumber,
});

const breakdown = readObject<Breakdown>({
  quality: readMaybe,
  location: readMaybe,
  specialisation: readMaybe,
  pricing: readMaybe,
  availability: readMaybe,
  reliability: readMaybe,
});

export const interval: Read<[number, number]> = (from) => [readNumber(from), readNumber(from)];

export const readItem = readObject<RankedCleaner>({
  cleanerId: readText,
  name: readText,
  row: readNumber,
  rank: readNumber,
  score: readNumber,
  ruleScore: readNumber,
  neuralScore: readMaybe,
  collaborativeScore: readMaybe,
  contentScore: readMaybe,
  boost: readNumber,
  interval: readPart(interval),
  price: readMaybe,
  bid: readFlag,
  distanceKm: readMaybe,
  location: point,
  reviews: readNumber,
  isNew: readFlag,
  placedBy,
  propensity: readMaybe,
  contributions: readList(contribution),
  breakdown,
  reasons: readReasons,
});

/** The engine does not know why it was chosen. */
type Unreasoned<T> = Omit<T, "backendReason">;

/** Why cleaners are left out, in the order of the counts. */
const EXCLUDED = [
  "distance",
  "offer",
  "joined",
  "price",
  "rating",
  "eco",
  "available",
  "propertyTypes",
  "hidden",
  "seen",
  "score",
];

const meta = readObject<Unreasoned<EngineMeta>>({
  mode,
  requestedMode: mode,
  fallback: readPart(notice),
  ruleWeight: readNumber,
  priceWeight: readNumber,
  clientKnown: readFlag,
  cold: readObject<RankingMeta["cold"]>({ client: readFlag, city: readFlag }),
  backend: readText<"cpu">,
  kernel: readText<RankingMeta["kernel"]>,
  model,
  candidates: readNumber,
  scored: readNumber,
  neuralScored: readNumber,
  excluded: (from) => Object.fromEntries(EXCLUDED.map((why) => [why, readNumber(from)])),
  asked: readOptional(readObject<Asked>({ count: readNumber, sum: readNumber })),
  unknownBids: readOptional(readList(readText)),
});

export const readRanking = readObject({ items: readList(readItem), meta });

export const readScores = readObject({
  meta,
  rows: readColumn(Uint32Array),
  scores: readColumn(Float32Array),
});

/** A cleaner's row, and the filters that they fail, but for the one by score. */
export interface Failed {
  row: number;
  by: Reason[];
}

export const readFailed = readObject<Failed>({ row: readNumber, by: readReasons });

/** The tiles that a request needs: `index` is their place in the index of all. */
export const readTiles = readList(
  readObject<Tile>({
    index: readNumber,
    path: readText,
    sha256: readText,
    bytes: readNumber,
  }),
);

export const readNothing: Read<undefined> = () => undefined;

export const readCapabilities = readObject<Unreasoned<EngineCapabilities>>({
  backend: readText<"cpu">,
  kernel: readText<RankingMeta["kernel"]>,
  model,
  fallback: readPart(notice),
  warnings: readList(notice),
  modes: readList(mode),
  ruleWeight: readNumber,
  priceWeight: readNumber,
  jobsRuleWeight: readNumber,
  cleaners: readNumber,
  asOf: readNumber,
});

export const readCatalog = readObject<Catalog>({
  market: readObject<Market>({
    name: readText,
    centre: point,
    currency: readText,
    utcOffsetMinutes: readNumber,
    propertyTypes: readList(readText),
  }),
  asOf: readNumber,
  cleaners: readList(
    readObject<CatalogCleaner>({
      cleanerId: readText,
      name: readText,
      location: point,
      hourlyRate: readMaybe,
      eco: readMaybeFlag,
    }),
  ),
});

/** What the engine answers; its failure is thrown. */
export function answerOf<T>(bytes: Uint8Array, read: Read<T>): T {
  const from = new Reader(bytes);
  if (readFlag(from)) return read(from);
  throw { code: readText(from), message: readText(from) };
}
