// One or more engines, each with its part of the catalog, that answer as one. Who has how many cleaners does not change
// an answer: the same items, order and scores come from any number of engines.
import type { BidSuggestion } from "../types/bids.js";
import type {
  Catalog,
  Exclusion,
  Explanation,
  Job,
  JobRanking,
  ModelBytes,
  RankedCleaner,
  Ranking,
  RankingMeta,
  RecommendOptions,
  Scores,
} from "../types/index.js";
import { isArranged } from "./arrange.js";
import type { BidQuestion } from "./bids.js";
import { abortable, quoted, TidyrankError } from "./errors.js";
import { NOTHING, rivalsOf } from "./explain.js";
import type { JobsRequest } from "./jobs.js";
import type { Asked, Backend, EngineCapabilities, EngineMeta, Operation, Operations } from "./protocol.js";
import { bytesOf, type Tile, type TileOptions, Tiles } from "./tiles.js";

/** As in the engine, which does not say it. */
const DEFAULT_LIMIT = 10;
/** A worker takes some 30 ms to start and some megabytes: that is worth it for the ranking of ten thousand cleaners. */
const BYTES_PER_WORKER = 4 << 20;
const MOST_WORKERS = 4;
/** Where a catalog is in tiles, a cleaner is looked for in those that are nearer to the job than this. */
const CLEANERS_REACH_KM = 50;

/** How many workers, and why that many. */
export interface Plan {
  workers: number;
  workersReason: string;
}

type Ranked = "recommend" | "score";
type OfCleaner = "jobs" | "suggestBid" | "exclusion";
type HowToLoad = Pick<Operations["load"]["payload"], "wasm" | "backend">;
type AnyRequest = RecommendOptions & { job: Job };

/** The engines. There is one from the start. */
export class Shards {
  readonly #make: () => Backend;
  readonly #wanted: number | "auto";
  readonly #backends: Backend[];
  #plan: Plan = { workers: 1, workersReason: "without workers one engine ranks in the caller's own thread" };
  #tiles: Tiles | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(make: () => Backend, wanted: number | "auto") {
    this.#make = make;
    this.#wanted = wanted;
    this.#backends = [make()];
    if (wanted !== "auto") this.share(0);
  }

  /** Whether the engines are in workers. */
  get worker(): boolean {
    return this.#backends.every((backend) => backend.worker);
  }

  /** How many there are, and why. */
  get plan(): Plan {
    return this.#plan;
  }

  /** Starts the engines that share a catalog of this length, as many as were asked for or as it is worth. */
  share(catalogBytes: number): void {
    if (!this.worker) return;
    this.#plan =
      this.#wanted === "auto" ? planFor(catalogBytes) : { workers: this.#wanted, workersReason: "as asked for" };
    while (this.#backends.length < this.#plan.workers) this.#backends.push(this.#make());
  }

  /** Loads every engine with its part. `owned` bytes are of no use afterwards. */
  async load(bytes: ModelBytes, how: HowToLoad, owned: boolean, signal: AbortSignal | undefined) {
    const count = this.#backends.length;
    const tiled = bytes.files.tiles !== undefined;
    const moved = owned ? [bytes.manifest, ...Object.values(bytes.files)].map((file) => file.buffer) : [];
    const loaded = this.#backends.map((backend, index) => {
      const shard = count > 1 && !tiled ? { index, count } : undefined;
      const transfer = index === count - 1 ? (moved as ArrayBuffer[]) : [];
      return this.#call(backend, "load", { bytes, ...how, shard }, signal, transfer);
    });
    // What each of them says is about the whole catalog.
    const [first] = await all(loaded);
    return first as EngineCapabilities;
  }

  /** Takes tiles from now on, spread over the engines. */
  tile(options: Omit<TileOptions, "add" | "remove">): void {
    const engineOf = (tile: Tile) => this.#backends[tile.index % this.#backends.length] as Backend;
    this.#tiles = new Tiles({
      ...options,
      add: (tile, bytes) =>
        this.#call(engineOf(tile), "addTile", { hash: tile.sha256, bytes }, undefined, [bytes.buffer]),
      remove: (tile) => this.#call(engineOf(tile), "removeTile", tile.sha256, undefined),
    });
  }

  /** Ranks as one engine with the whole catalog would: by score, and equal scores by row. */
  async recommend(request: AnyRequest, signal: AbortSignal | undefined): Promise<Ranking> {
    return await this.#withTiles(request, signal, async () => {
      // One engine arranges what it found; what several found is put together first.
      const unarranged = this.#backends.length > 1 && isArranged(request);
      const answers = await this.#ranked("recommend", unarranged ? { ...request, unarranged } : request, signal);
      const [items, meta] = [answers.flatMap((answer) => answer.items), mergedMeta(answers)];
      if (this.#backends.length === 1) return { items, meta };
      items.sort((a, b) => b.score - a.score || a.row - b.row);
      const limit = request.limit ?? DEFAULT_LIMIT;
      const best = unarranged
        ? await this.#arranged({ ...request, limit }, items, meta, signal)
        : items.slice(0, limit);
      return { items: best.map((item, at) => ({ ...item, rank: at + 1 })), meta };
    });
  }

  /** The scores of all rows, in the order of the rows. */
  async score(request: AnyRequest, signal: AbortSignal | undefined): Promise<Scores> {
    return await this.#withTiles(request, signal, async () => {
      const answers = await this.#ranked("score", request, signal);
      return { ...mergedScores(answers), meta: mergedMeta(answers) };
    });
  }

  /** What the ratings tell, by the engines that have the cleaners, in the order of the ratings; then the vector by any of them. */
  async foldIn(history: readonly unknown[], signal: AbortSignal | undefined) {
    const terms = (await this.#all("foldTerms", history, signal)).flat().sort((a, b) => a.at - b.at);
    const clientVector = await this.#call(this.#backends[0] as Backend, "fold", terms, signal);
    return { clientVector, terms };
  }

  async #arranged(
    request: AnyRequest,
    items: RankedCleaner[],
    meta: RankingMeta,
    signal: AbortSignal | undefined,
  ): Promise<RankedCleaner[]> {
    const arranged = await this.#call(this.#backends[0] as Backend, "arrange", { request, items }, signal);
    meta.excluded.score = arranged.below;
    return arranged.places.map(({ at, ...place }) => ({ ...(items[at] as RankedCleaner), ...place }));
  }

  /**
   * Whether a cleaner can be in a ranking, and where, as `Engine::explain_exclusion` says it natively. The filters are the
   * engine's; the place is found here, as no engine knows the scores that the others gave. One engine is asked the same way:
   * the module has no second way, which would only be bytes.
   */
  async exclusion(request: AnyRequest, cleanerId: string, signal: AbortSignal | undefined): Promise<Exclusion> {
    const { maxDistanceKm } = request.filters ?? {};
    const far = Math.max(maxDistanceKm ?? CLEANERS_REACH_KM, CLEANERS_REACH_KM);
    const near = { ...request, filters: { ...request.filters, maxDistanceKm: far } };
    const { row, by } = await this.#ofCleaner("exclusion", { request, cleanerId }, near, signal);
    const left = { cleanerId, excluded: true, by, rank: null, score: null };
    if (by.length > 0) return left;
    const { rows, scores } = await this.score(request, signal);
    const score = scores[rows.indexOf(row)] as number;
    // The engine reads the least score as it writes scores, in 32 bits.
    const least = Math.fround(request.filters?.minScore ?? -Infinity);
    if (score < least) {
      const params = { limit: tenths(least), score: tenths(score) };
      return { ...left, by: [{ code: "excluded_score", params, text: "" }], score };
    }
    const ahead = (other: number, at: number) => other > score || (other === score && (rows[at] as number) < row);
    return { ...left, excluded: false, rank: 1 + scores.filter(ahead).length, score };
  }

  /** What to bid: by the engine that has the cleaner. */
  async suggestBid(question: BidQuestion, signal: AbortSignal | undefined): Promise<BidSuggestion> {
    const near = { job: question.job, filters: { maxDistanceKm: CLEANERS_REACH_KM } };
    return await this.#ofCleaner("suggestBid", question, near, signal);
  }

  /** Why a cleaner has their place: their engine is told whom they stand among. */
  async explain(request: AnyRequest, cleanerId: string, counterfactuals: boolean, signal: AbortSignal | undefined) {
    return await this.#withTiles(request, signal, async (): Promise<Explanation> => {
      const rows = await this.#all("row", cleanerId, signal);
      const at = rows.findIndex((row) => row !== null);
      const answers = await this.#ranked("score", request, signal);
      const meta = mergedMeta(answers);
      const rivals = rivalsOf(mergedScores(answers), rows[at] ?? -1, request.limit ?? DEFAULT_LIMIT);
      // Who is in no engine is unknown, or in a tile that is too far away: the exclusion knows.
      const asks = !rivals || request.filters?.minScore != null;
      const filtered = asks ? await this.exclusion(request, cleanerId, signal) : undefined;
      const excluded = filtered?.by ?? [];
      if (!rivals) return { ...NOTHING, cleanerId, rank: null, score: null, excluded, meta };
      const question = { ...rivals, cleanerId, counterfactuals };
      const asked = askedByAll(answers);
      const payload = { request: { ...request, ...(asked && { asked }) }, question };
      const found = await this.#call(this.#backends[at] as Backend, "explain", payload, signal);
      if (!found) throw new TidyrankError("engine.failed", "an engine scored a cleaner and cannot explain it");
      const { rank, score, contributions, reasons } = found.cleaner;
      return { cleanerId, rank, score, contributions, reasons, excluded, ...found, meta };
    });
  }

  /** Jobs for a cleaner: by the engine that has them. Which tile they are in nobody says: the loaded ones are asked, then all. */
  async recommendJobs(question: JobsRequest, signal: AbortSignal | undefined): Promise<JobRanking> {
    const near = { job: { postedAt: 0 } };
    const tiles = this.#tiles;
    if (!tiles || question.cleanerId === undefined) return await this.#ofCleaner("jobs", question, near, signal);
    try {
      return await whoKnows(this.#backends.map((backend) => this.#call(backend, "jobs", question, signal)));
    } catch (thrown) {
      const every = await this.#call(this.#backends[0] as Backend, "near", near, signal);
      if (!isUnknown(thrown) || bytesOf(every) > tiles.budget) throw thrown;
      return await this.#ofCleaner("jobs", question, near, signal);
    }
  }

  /** The market, and the cleaners of all engines. */
  async catalog(signal: AbortSignal | undefined): Promise<Catalog> {
    const parts = (await this.#all("catalog", undefined, signal)) as [Catalog, ...Catalog[]];
    return { ...parts[0], cleaners: parts.flatMap(({ cleaners }) => cleaners) };
  }

  /** Ends the engines. */
  dispose(reason = new TidyrankError("disposed", "the recommender was disposed of")): void {
    for (const backend of this.#backends) backend.dispose(reason);
    this.#tiles?.dispose(reason);
  }

  /** Without both a place and a distance every tile is needed: refused unless all of them can be kept. */
  async #withTiles<T extends { meta: RankingMeta }>(
    request: AnyRequest,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    const tiles = this.#tiles;
    if (!tiles) return await work();
    const near = await this.#call(this.#backends[0] as Backend, "near", request, signal);
    const limited = request.job.location && request.filters?.maxDistanceKm != null;
    if (!limited && bytesOf(near) > tiles.budget) {
      const what = "it must be given, and `job.location` too: the catalog is too large to be loaded as a whole";
      throw new TidyrankError("request.invalid", `request field \`filters.maxDistanceKm\`: ${what}`);
    }
    return await tiles.during(near, signal, work);
  }

  /** Asks about one cleaner: whoever has them answers. A newcomer's profile is anybody's to answer. */
  async #ofCleaner<O extends OfCleaner>(
    operation: O,
    payload: Operations[O]["payload"],
    near: AnyRequest,
    signal: AbortSignal | undefined,
  ): Promise<Operations[O]["answer"]> {
    const [first] = this.#backends as [Backend, ...Backend[]];
    if (payload.cleanerId === undefined) return await this.#call(first, operation, payload, signal);
    const { answer } = await this.#withTiles(near, signal, async () => {
      const calls = this.#backends.map((backend) => this.#call(backend, operation, payload, signal));
      return { answer: await whoKnows(calls), meta: {} as RankingMeta };
    });
    return answer;
  }

  /** One engine keeps its calls in order itself; several are asked about one request after the other. */
  async #ranked<O extends Ranked>(operation: O, request: object, signal: AbortSignal | undefined) {
    if (this.#backends.length === 1) return await this.#all(operation, request, signal);
    return await this.#inTurn(() => this.#bothRounds(operation, request, signal), signal);
  }

  async #bothRounds<O extends Ranked>(operation: O, request: object, signal: AbortSignal | undefined) {
    let answers = await this.#all(operation, request, signal);
    const asked = askedByAll(answers);
    if (asked) answers = await this.#all(operation, { ...request, asked }, signal);
    const [nobodys] = unknownTo(answers);
    if (nobodys === undefined || this.#tiles) return answers;
    const what = `no cleaner of the catalog has the id ${quoted(nobodys)}`;
    throw new TidyrankError("request.invalid", `request field \`job.bids.cleanerId\`: ${what}`);
  }

  async #inTurn<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return await abortable(turn, signal);
  }

  #all<O extends Operation>(operation: O, payload: Operations[O]["payload"], signal: AbortSignal | undefined) {
    return all(this.#backends.map((backend) => this.#call(backend, operation, payload, signal)));
  }

  /** An engine that fails takes the others with it: a part of the catalog would be missing. */
  async #call<O extends Operation>(backend: Backend, ...call: Parameters<typeof backend.call<O>>) {
    try {
      return await backend.call(...call);
    } catch (thrown) {
      if (thrown instanceof TidyrankError && thrown.code === "worker.failed") this.dispose(thrown);
      throw thrown;
    }
  }
}

/** Rounded as `engine::reason::tenths` does: halves away from 0, and no -0. */
function tenths(value: number): number {
  return (Math.sign(value) * Math.round(Math.abs(10 * value))) / 10 + 0;
}

function isUnknown(thrown: unknown): boolean {
  return thrown instanceof TidyrankError && thrown.code === "request.unknown_cleaner";
}

function planFor(catalogBytes: number): Plan {
  const processors = globalThis.navigator?.hardwareConcurrency ?? 1;
  const most = Math.max(1, Math.min(MOST_WORKERS, processors - 1));
  const workers = Math.max(1, Math.min(most, Math.floor(catalogBytes / BYTES_PER_WORKER)));
  const reason = `${catalogBytes} bytes of catalog at ${BYTES_PER_WORKER} a worker, ${processors} processors`;
  return { workers, workersReason: reason };
}

/** All answers; else the refusal of the first engine that refused, so that it does not depend on who was faster. */
async function all<T>(calls: Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(calls);
  return settled.map((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  });
}

/** The first answer; the first refusal where there is none, another than that the cleaner is unknown before that one. */
async function whoKnows<T>(calls: Promise<T>[]): Promise<T> {
  const settled = await Promise.allSettled(calls);
  const refusals: unknown[] = [];
  for (const outcome of settled) {
    if (outcome.status === "fulfilled") return outcome.value;
    refusals.push(outcome.reason);
  }
  throw refusals.find((refusal) => !isUnknown(refusal)) ?? refusals[0];
}

/** What the candidates of all engines ask, where the market's price rests on it. */
function askedByAll(answers: { meta: EngineMeta }[]): Asked | undefined {
  const parts = answers.flatMap(({ meta }) => meta.asked ?? []);
  if (parts.length === 0) return undefined;
  return parts.reduce((a, b) => ({ count: a.count + b.count, sum: a.sum + b.sum }));
}

/** The bidders whom no engine knows. */
function unknownTo(answers: { meta: EngineMeta }[]): string[] {
  const [first = [], ...others] = answers.map(({ meta }) => meta.unknownBids ?? []);
  return first.filter((id) => others.every((ids) => ids.includes(id)));
}

/** All rows in their order. Shards follow each other, tiles do not. */
function mergedScores(answers: Pick<Scores, "rows" | "scores">[]): Pick<Scores, "rows" | "scores"> {
  const length = answers.reduce((sum, { rows }) => sum + rows.length, 0);
  const [rows, scores] = [new Uint32Array(length), new Float32Array(length)];
  let at = 0;
  for (const part of answers) {
    rows.set(part.rows, at);
    scores.set(part.scores, at);
    at += part.rows.length;
  }
  if (rows.every((row, at) => at === 0 || row > (rows[at - 1] as number))) return { rows, scores };
  const order = rows.map((_, at) => at).sort((a, b) => (rows[a] as number) - (rows[b] as number));
  return {
    rows: order.map((at) => rows[at] as number),
    scores: Float32Array.from(order, (at) => scores[at] as number),
  };
}

function mergedMeta(answers: { meta: EngineMeta }[]): RankingMeta {
  const [first, ...others] = answers.map(({ meta }) => meta) as [EngineMeta, ...EngineMeta[]];
  const { unknownBids: _, asked: __, ...meta } = { ...first, excluded: { ...first.excluded } };
  for (const other of others) {
    meta.candidates += other.candidates;
    meta.scored += other.scored;
    meta.neuralScored += other.neuralScored;
    for (const [why, count] of Object.entries(other.excluded)) meta.excluded[why] = (meta.excluded[why] ?? 0) + count;
  }
  // Where some engines used a GPU, that is the answer's backend.
  const { backend, backendReason } = [first, ...others].find(({ backend }) => backend === "webgpu") ?? first;
  const unknown = unknownTo(answers);
  return {
    ...meta,
    backend,
    backendReason,
    workers: answers.length,
    ...(unknown.length > 0 && { unknownBids: unknown }),
  };
}
