// What the page and its worker say to each other.
import type { BidSuggestion } from "../types/bids.js";
import type {
  Capabilities,
  Catalog,
  JobRanking,
  LoadOptions,
  ModelBytes,
  RankedCleaner,
  Ranking,
  RankingMeta,
  RecommendOptions,
  Scores,
} from "../types/index.js";
import type { Failed } from "./answer.js";
import type { Arranged } from "./arrange.js";
import type { BidQuestion } from "./bids.js";
import type { Failure, TidyrankError } from "./errors.js";
import type { Question } from "./explain.js";
import type { readExplanation } from "./explanation.js";
import type { FoldTerm } from "./foldin.js";
import type { Said } from "./gpu.js";
import type { JobsRequest } from "./jobs.js";
import type { Tile } from "./tiles.js";

/** Where the engine is: a URL travels to a worker as text. */
export type WasmSource = Exclude<NonNullable<LoadOptions["wasm"]>, URL>;

/** Which part of the catalog an engine keeps: the rows from `index / count` of them up to `(index + 1) / count`. */
export interface Shard {
  index: number;
  count: number;
}

/** What the prices of an engine's candidates add up to: the market's price of an hour may rest on them. */
export interface Asked {
  count: number;
  /** In millionths: whole, so that it is the same in any order. */
  sum: number;
}

/** What one engine says of an answer; with several engines `Shards` makes one of all. */
export type EngineMeta = Omit<RankingMeta, "workers" | "tiles" | "cached"> & { asked?: Asked };

type OfEngine<T> = Omit<T, "meta"> & { meta: EngineMeta };

export type EngineExplanation = NonNullable<ReturnType<typeof readExplanation>>;

/** The operations and their answers. */
export interface Operations {
  load: {
    payload: {
      bytes: ModelBytes;
      wasm: WasmSource | undefined;
      backend: LoadOptions["backend"];
      shard: Shard | undefined;
    };
    answer: EngineCapabilities;
  };
  recommend: { payload: Pick<RecommendOptions, "mode">; answer: OfEngine<Ranking> };
  score: { payload: object; answer: OfEngine<Scores> };
  /** The row of a cleaner, null for who is not in this engine. */
  row: { payload: string; answer: number | null };
  explain: { payload: { request: object; question: Question }; answer: EngineExplanation | null };
  jobs: { payload: JobsRequest; answer: JobRanking };
  catalog: { payload: undefined; answer: Catalog };
  suggestBid: { payload: BidQuestion; answer: BidSuggestion };
  foldTerms: { payload: unknown; answer: FoldTerm[] };
  fold: { payload: FoldTerm[]; answer: number[] };
  /** The order of what several engines found. */
  arrange: { payload: { request: object; items: RankedCleaner[] }; answer: Arranged };
  /** By which filters a cleaner is left out. */
  exclusion: { payload: { request: object; cleanerId: string }; answer: Failed };
  /** Which tiles a request needs. */
  near: { payload: object; answer: Tile[] };
  addTile: { payload: { hash: string; bytes: Uint8Array<ArrayBuffer> }; answer: undefined };
  removeTile: { payload: string; answer: undefined };
}

/** What the engine knows about itself. */
export type EngineCapabilities = Omit<Capabilities, "worker" | "workers" | "workersReason">;

export type Operation = keyof Operations;

/** From the page to the worker. */
export interface Call {
  id: number;
  operation: Operation;
  payload: unknown;
}

/** From the worker to the page: answers, and what nobody asked for. */
export type Reply = { id: number; answer: unknown } | { id: number; failure: Failure } | { said: Said };

/** Something that answers: an engine in this thread or one in a worker. */
export interface Backend {
  readonly worker: boolean;
  /** What is in `transfer` is moved, not copied. */
  call<O extends Operation>(
    operation: O,
    payload: Operations[O]["payload"],
    signal: AbortSignal | undefined,
    transfer?: Transferable[],
  ): Promise<Operations[O]["answer"]>;
  /** Calls that are under way and later ones are rejected with the reason. */
  dispose(reason: TidyrankError): void;
}
