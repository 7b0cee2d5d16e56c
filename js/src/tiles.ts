// The tiles of a catalog: those near a job are in the engines while it is answered, those used lately stay there and in
// Cache Storage as long as their bytes are within the budget.
import type { Notice, RankingMeta } from "../types/index.js";
import { type ModelCache, sha256 } from "./cache.js";
import { abortable, TidyrankError } from "./errors.js";
import { bytesAt, type FetchContext } from "./fetch.js";
import { within } from "./files.js";

/** How many tiles are loaded at a time. */
const PARALLEL = 6;

/** A tile as the index names it. */
export interface Tile {
  index: number;
  path: string;
  sha256: string;
  bytes: number;
}

/** Where tiles come from and where they go. */
export interface TileOptions {
  /** The manifest's address. */
  base: URL;
  fetch: FetchContext["fetch"];
  cache: ModelCache;
  /** How many bytes of tiles are kept, here and in the cache. */
  budget: number;
  warn: (warning: Notice) => void;
  /** Gives a tile to its engine. */
  add(tile: Tile, bytes: Uint8Array<ArrayBuffer>): Promise<unknown>;
  /** Takes it away again. */
  remove(tile: Tile): Promise<unknown>;
}

interface Held {
  tile: Tile;
  /** How many requests need it. */
  users: number;
  /** Whether its engine was given it. */
  given: boolean;
  load: AbortController;
  /** Whether it came over the network, once it is in its engine. */
  ready: Promise<boolean>;
}

/** The tiles that are in the engines or on their way there. */
export class Tiles {
  readonly #options: TileOptions;
  /** By hash, in the order of their last use. */
  readonly #held = new Map<string, Held>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #noted: Promise<ReadonlySet<string>> = Promise.resolve(new Set<string>());
  #changed = false;
  #warned = false;

  constructor(options: TileOptions) {
    this.#options = options;
  }

  /** How many bytes of tiles are kept. */
  get budget(): number {
    return this.#options.budget;
  }

  /** Has these tiles in the engines while `work` runs. A tile that cannot be had is an error, never a partial answer. */
  async during<T extends { meta: { tiles?: RankingMeta["tiles"] } }>(
    tiles: Tile[],
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    const held = tiles.map((tile) => this.#hold(tile));
    const missing = held.map(({ given }) => !given);
    this.#evict();
    this.#warnOf(tiles);
    try {
      const loaded = await abortable(Promise.all(held.map(({ ready }) => ready)), signal);
      const answer = await work();
      const fetched = tiles.filter((_, at) => missing[at] && loaded[at]);
      answer.meta.tiles = { used: tiles.length, loaded: fetched.length, bytes: bytesOf(fetched) };
      return answer;
    } finally {
      for (const one of held) this.#release(one);
      this.#evict();
      void this.#note();
    }
  }

  /** Ends what is being loaded: the requests that wait for it are rejected with the reason. */
  dispose(reason: TidyrankError): void {
    for (const { load } of this.#held.values()) load.abort(reason);
  }

  #hold(tile: Tile): Held {
    const held = this.#held.get(tile.sha256) ?? this.#begin(tile);
    this.#held.delete(tile.sha256);
    this.#held.set(tile.sha256, held);
    held.users++;
    return held;
  }

  #begin(tile: Tile): Held {
    const held = { tile, users: 0, given: false, load: new AbortController() } as Held;
    held.ready = this.#load(held);
    held.ready.catch(() => this.#drop(held));
    return held;
  }

  /** What nobody waits for any more is not loaded any further. */
  #release(held: Held): void {
    if (--held.users > 0 || held.given) return;
    held.load.abort();
    this.#drop(held);
  }

  #drop(held: Held): void {
    if (this.#held.get(held.tile.sha256) === held) this.#held.delete(held.tile.sha256);
  }

  /** Takes the tiles that were not used for longest out of the engines, but none of a request that is under way. */
  #evict(): void {
    let bytes = bytesOf([...this.#held.values()].map(({ tile }) => tile));
    for (const held of this.#held.values()) {
      if (bytes <= this.#options.budget) return;
      if (held.users > 0) continue;
      this.#drop(held);
      bytes -= held.tile.bytes;
      // An engine that is gone needs none taken away.
      this.#options.remove(held.tile).catch(() => undefined);
    }
  }

  #warnOf(tiles: Tile[]): void {
    const { budget, warn } = this.#options;
    const bytes = bytesOf(tiles);
    if (bytes <= budget || this.#warned) return;
    this.#warned = true;
    warn({
      code: "tiles.budget",
      text: `a request needs ${bytes} bytes of tiles, more than the ${budget} that are kept`,
    });
  }

  async #load(held: Held): Promise<boolean> {
    const { tile } = held;
    const { cache, add } = this.#options;
    const { signal } = held.load;
    const [bytes, fetched] = await this.#slot(async () => {
      const kept = await cache.file(tile.sha256);
      return [kept ?? (await this.#fetch(tile, signal)), !kept] as const;
    }).catch((thrown) => {
      throw signal.reason instanceof TidyrankError ? signal.reason : thrown;
    });
    signal.throwIfAborted();
    // The engine takes the bytes themselves away.
    const copy = fetched ? new Blob([bytes]) : undefined;
    held.given = true;
    await add(tile, bytes);
    if (copy) void this.#keep(tile, copy);
    return fetched;
  }

  async #slot<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= PARALLEL) await new Promise<void>((free) => this.#waiting.push(free));
    else this.#running++;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }

  /** Once more past the HTTP cache where the bytes are not those of the index. */
  async #fetch(tile: Tile, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const { base, fetch } = this.#options;
    const url = within(base, tile.path);
    for (const fresh of [false, true]) {
      const bytes = await bytesAt(url, { fetch, signal }, fresh);
      const hash = await sha256(bytes);
      // Outside secure contexts the engine alone checks.
      if (hash === undefined || hash === tile.sha256) return bytes;
    }
    throw new TidyrankError("artifact.checksum", `${tile.path} is damaged: it does not have the checksum of the index`);
  }

  /** The order of use is written first: a file that is kept is always one that it knows. */
  async #keep(tile: Tile, copy: Blob): Promise<void> {
    const kept = await this.#note();
    if (kept.has(tile.sha256)) await this.#options.cache.keepFile(tile.sha256, copy);
  }

  /** Writes the order of use; calls while it is written share the next writing. */
  #note(): Promise<ReadonlySet<string>> {
    const { cache, budget } = this.#options;
    this.#changed = true;
    this.#noted = this.#noted.then(async (before) => {
      if (!this.#changed) return before;
      this.#changed = false;
      const used = [...this.#held.values()].filter(({ given }) => given).reverse();
      return await cache.use(
        used.map(({ tile }) => [tile.sha256, tile.bytes]),
        budget,
      );
    });
    return this.#noted;
  }
}

/** How long these tiles are together. */
export function bytesOf(tiles: Tile[]): number {
  return tiles.reduce((sum, { bytes }) => sum + bytes, 0);
}
