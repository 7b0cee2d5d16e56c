// One or more engines, each with its part of the catalog, that answer as one. Who has how many cleaners does not change
// an answer: the same items, order and scores come from any number of engines.
import type { Catalog, ModelBytes, Ranking, RankingMeta, Scores } from "../types/index.js";
import { abortable, TidyrankError, throwIfAborted } from "./errors.js";
import type { Backend, EngineCapabilities, EngineMeta, Operation, Operations, WasmSource } from "./protocol.js";

/** As in the engine, which does not say it. */
const DEFAULT_LIMIT = 10;
/** A worker takes some 30 ms to start and some megabytes: that is worth it for the ranking of ten thousand cleaners. */
const BYTES_PER_WORKER = 4 << 20;
const MOST_WORKERS = 4;

/** How many workers, and why that many. */
export interface Plan {
  workers: number;
  workersReason: string;
}

/** What was asked for, or as many as the bytes of a catalog are worth and this machine has processors beside the page's. */
export function plan(wanted: number | "auto", catalogBytes: number): Plan {
  if (wanted !== "auto") return { workers: wanted, workersReason: "as asked for" };
  const processors = globalThis.navigator?.hardwareConcurrency ?? 1;
  const most = Math.max(1, Math.min(MOST_WORKERS, processors - 1));
  const workers = Math.max(1, Math.min(most, Math.floor(catalogBytes / BYTES_PER_WORKER)));
  const mib = (catalogBytes / (1 << 20)).toFixed(1);
  return { workers, workersReason: `one for every 4 MiB of ${mib}, at most ${most} with ${processors} processors` };
}

type Ranked = "recommend" | "score";

/** The engines. There is one from the start. */
export class Shards {
  readonly #make: () => Backend;
  readonly #backends: Backend[];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(make: () => Backend) {
    this.#make = make;
    this.#backends = [make()];
  }

  /** Whether the engines are in workers. */
  get worker(): boolean {
    return this.#backends.every((backend) => backend.worker);
  }

  /** Starts engines until there are `count`. */
  grow(count: number): void {
    while (this.#backends.length < count) this.#backends.push(this.#make());
  }

  /** Loads every engine with its part. `owned` bytes are of no use afterwards. */
  async load(bytes: ModelBytes, wasm: WasmSource | undefined, owned: boolean, signal: AbortSignal | undefined) {
    const count = this.#backends.length;
    const moved = owned ? [bytes.manifest, ...Object.values(bytes.files)].map((file) => file.buffer) : [];
    const loaded = this.#backends.map((backend, index) => {
      const shard = count > 1 ? { index, count } : undefined;
      const transfer = index === count - 1 ? (moved as ArrayBuffer[]) : [];
      return this.#call(backend, "load", { bytes, wasm, shard }, signal, transfer);
    });
    const [first, ...others] = (await all(loaded)) as [EngineCapabilities, ...EngineCapabilities[]];
    return { ...first, cleaners: others.reduce((sum, { cleaners }) => sum + cleaners, first.cleaners) };
  }

  /** Ranks as one engine with the whole catalog would: by score, and equal scores by row. */
  async recommend(request: { limit?: number }, signal: AbortSignal | undefined): Promise<Ranking> {
    const answers = await this.#ranked("recommend", request, signal);
    const items = answers.flatMap((answer) => answer.items).sort((a, b) => b.score - a.score || a.row - b.row);
    const best = items.slice(0, request.limit ?? DEFAULT_LIMIT);
    return { items: best.map((item, at) => ({ ...item, rank: at + 1 })), meta: mergedMeta(answers) };
  }

  /** The scores of all rows, in the order of the rows. */
  async score(request: object, signal: AbortSignal | undefined): Promise<Scores> {
    const answers = await this.#ranked("score", request, signal);
    const length = answers.reduce((sum, { rows }) => sum + rows.length, 0);
    const [rows, scores] = [new Uint32Array(length), new Float32Array(length)];
    let at = 0;
    for (const part of answers) {
      rows.set(part.rows, at);
      scores.set(part.scores, at);
      at += part.rows.length;
    }
    return { rows, scores, meta: mergedMeta(answers) };
  }

  /** The market, and the cleaners of all engines. */
  async catalog(signal: AbortSignal | undefined): Promise<Catalog> {
    const parts = (await this.#all("catalog", undefined, signal)) as [Catalog, ...Catalog[]];
    return { ...parts[0], cleaners: parts.flatMap(({ cleaners }) => cleaners) };
  }

  /** Ends the engines. */
  dispose(reason?: TidyrankError): void {
    for (const backend of this.#backends) backend.dispose(reason);
  }

  /** One engine keeps its calls in order itself; several are asked about one request after the other. */
  async #ranked<O extends Ranked>(operation: O, request: object, signal: AbortSignal | undefined) {
    if (this.#backends.length === 1) return await this.#all(operation, request, signal);
    return await this.#inTurn(() => this.#bothRounds(operation, request, signal), signal);
  }

  async #bothRounds<O extends Ranked>(operation: O, request: object, signal: AbortSignal | undefined) {
    let answers = await this.#all(operation, request, signal);
    const asked = answers.flatMap(({ meta }) => meta.asked ?? []);
    if (asked.length > 0) {
      const total = asked.reduce((a, b) => ({ count: a.count + b.count, sum: a.sum + b.sum }));
      answers = await this.#all(operation, { ...request, asked: total }, signal);
    }
    const unknown = answers.map(({ meta }) => meta.unknownBids ?? []);
    const nobody = unknown[0]?.find((id) => unknown.every((ids) => ids.includes(id)));
    if (nobody === undefined) return answers;
    const what = `no cleaner of the catalog has the id ${JSON.stringify(nobody)}`;
    throw new TidyrankError("request.invalid", `request field \`job.bids.cleanerId\`: ${what}`);
  }

  async #inTurn<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const turn = this.#turn.then(() => {
      throwIfAborted(signal, "request.aborted");
      return work();
    });
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

/** All answers; else the refusal of the first engine that refused, so that it does not depend on who was faster. */
async function all<T>(calls: Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(calls);
  return settled.map((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  });
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
  return { ...meta, workers: answers.length };
}
