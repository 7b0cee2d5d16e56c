// The policy of the GPU: when it pays, what happens when it fails, and when it is tried again. With `device.ts` and the
// second WebAssembly file's glue it makes up dist/gpu.js.
import { Device } from "./device.js";
import { type Failure, isFailure } from "./errors.js";
import { type Choice, type Chosen, type GpuEngine, rankOnCpu, type Tell } from "./gpu.js";

/** After a failure the GPU is left alone for that long, twice as long after each further one. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 300_000;
/** Between an answer and the measurement that it sets off. */
const IDLE_MS = 50;
/** The best of so many passes counts. */
const PASSES = 3;

/** Milliseconds: `fixed + perCandidate * candidates`. The CPU has no fixed cost to speak of. */
interface Costs {
  cpu: number;
  gpuFixed: number;
  gpu: number;
}

export interface Surroundings {
  engine: GpuEngine;
  /** The address of the second WebAssembly file. */
  wasm: string;
  /** Whether the GPU ranks whatever it costs. */
  asked: boolean;
  worthTrying: number;
  tell: Tell;
}

/** Ranks with the GPU where it pays, else on the CPU. One request at a time. */
export class Accelerator {
  readonly #around: Surroundings;
  readonly #costs = new Map<string, Costs>();
  #device: Device | undefined;
  /** What was measured to be the quicker one for the whole catalog. */
  #whole: Choice | undefined;
  #failure: Failure | undefined;
  #pause = FIRST_PAUSE_MS;
  #retryAt = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #measuring = false;
  #freed = false;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Makes the GPU ready. */
  start(): Promise<Choice> {
    return this.#inTurn(async () => {
      const device = await this.#ready();
      return device ? chosen(device) : this.#resting();
    });
  }

  /** Ranks the candidates of a request. */
  recommend(request: Uint8Array, kind: string): Promise<Chosen> {
    return this.#inTurn(async () => {
      const { engine } = this.#around;
      const reason = this.#whyCpu(engine.gpu_rows(), kind, "cleaners");
      if (reason) return this.#onCpu(request, reason, kind);
      const asked = engine.gpu_request(request);
      const candidates = countOf(asked);
      if (candidates === 0) return this.#onCpu(request, "cpu: no candidate that the model scores", kind);
      const few = this.#whyCpu(candidates, kind, "candidates");
      if (few) return this.#onCpu(request, few, kind);
      const device = await this.#ready();
      const answer = device && (await this.#onGpu(device, request, asked));
      if (!answer) return this.#onCpu(request, this.#resting().backendReason, kind);
      return { answer, ...chosen(device, this.#costs.get(kind), candidates) };
    });
  }

  free(): void {
    this.#freed = true;
    this.#rest();
  }

  /** Gives the GPU's memory back until it is needed. */
  #rest(): void {
    this.#device?.close();
    this.#device = undefined;
  }

  /** Measures the GPU on a request that was answered, unless that has been done. */
  consider(request: Uint8Array, kind: string): void {
    if (this.#around.asked || this.#measuring || this.#costs.has(kind) || Date.now() < this.#retryAt) return;
    this.#measuring = true;
    setTimeout(async () => {
      await this.#measure(request, kind).catch((thrown) => this.#fail(thrown));
      this.#measuring = false;
    }, IDLE_MS);
  }

  #onCpu(request: Uint8Array, backendReason: string, kind: string): Chosen {
    const answer = rankOnCpu(this.#around.engine, request);
    this.consider(request, kind);
    return { answer, backend: "cpu", backendReason };
  }

  async #onGpu(device: Device, request: Uint8Array, asked: Uint8Array): Promise<Uint8Array | undefined> {
    try {
      const scores = await device.score(asked);
      const answer = this.#around.engine.recommend(request, scores, ...device.tolerance);
      if (answer.length === 0) {
        throw { code: "webgpu.validation", message: "the GPU computed other scores than the CPU" };
      }
      this.#pause = FIRST_PAUSE_MS;
      return answer;
    } catch (thrown) {
      this.#fail(thrown);
      return undefined;
    }
  }

  /** Why a request with this many candidates is for the CPU, so far as that is known. */
  #whyCpu(count: number, kind: string, what: "cleaners" | "candidates"): string | undefined {
    const { asked, worthTrying } = this.#around;
    if (Date.now() < this.#retryAt) return this.#resting().backendReason;
    if (asked) return undefined;
    if (count < worthTrying) return `cpu: the GPU is not tried below ${worthTrying} ${what}`;
    const costs = this.#costs.get(kind);
    if (!costs) return "cpu: the GPU is not measured yet";
    const pays = paysFrom(costs);
    return count < pays ? `cpu: ${count} ${what}, the GPU ${inWords(pays)}` : undefined;
  }

  /** The device, opened where there is none. */
  async #ready(): Promise<Device | undefined> {
    if (this.#device) return this.#device;
    const { engine, wasm } = this.#around;
    try {
      const device = await Device.open(engine, wasm);
      if (this.#freed) {
        device.close();
        return undefined;
      }
      this.#device = device;
      this.#recovered(device);
    } catch (thrown) {
      this.#fail(thrown);
    }
    return this.#device;
  }

  /** Times both on a request; from then on the quicker one ranks. A request in between waits for one pass at most. */
  async #measure(request: Uint8Array, kind: string): Promise<void> {
    const { engine, tell, worthTrying } = this.#around;
    const asked = await this.#inTurn(async () => engine.gpu_request(request));
    const candidates = countOf(asked);
    const device = candidates < worthTrying ? undefined : await this.#inTurn(() => this.#ready());
    if (!device) return;
    const one = firstOf(asked, candidates, device.rowBytes);
    const gpuFixed = await this.#best(() => device.score(one));
    const gpu = await this.#best(async () => {
      const scores = await device.score(engine.gpu_request(request));
      engine.recommend(request, scores, ...device.tolerance);
    });
    const cpu = await this.#best(async () => rankOnCpu(engine, request));
    const costs = { gpuFixed, gpu: Math.max(0, gpu - gpuFixed) / candidates, cpu: cpu / candidates };
    this.#costs.set(kind, costs);
    const rows = engine.gpu_rows();
    const why = this.#whyCpu(rows, kind, "cleaners");
    this.#whole = why ? { backend: "cpu", backendReason: why } : chosen(device, costs, rows);
    tell({ choice: this.#whole });
    if (why) this.#rest();
  }

  /** The milliseconds of the quickest of some passes, after one that does not count. */
  async #best(pass: () => Promise<unknown>): Promise<number> {
    let least = Number.POSITIVE_INFINITY;
    for (let at = 0; at <= PASSES; at++) {
      const took = await this.#inTurn(async () => {
        const start = performance.now();
        await pass();
        return performance.now() - start;
      });
      if (at > 0) least = Math.min(least, took);
    }
    return least;
  }

  #fail(thrown: unknown): void {
    if (this.#freed) return;
    const failure = isFailure(thrown) ? thrown : { code: "webgpu.lost", message: String(thrown) };
    const known = failure.code === "webgpu.unavailable" && this.#failure?.code === failure.code;
    this.#rest();
    this.#failure = failure;
    this.#retryAt = Date.now() + this.#pause;
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE_MS);
    if (!known)
      this.#around.tell({ warning: { code: failure.code, text: `${failure.message}; the CPU ranks instead` } });
    this.#around.tell({ choice: this.#resting() });
  }

  /** Says that the GPU is used again. */
  #recovered(device: Device): void {
    if (!this.#failure) return;
    this.#failure = undefined;
    this.#retryAt = 0;
    if (this.#around.asked) this.#around.tell({ choice: chosen(device) });
    else if (this.#whole) this.#around.tell({ choice: this.#whole });
  }

  /** The CPU while the GPU is left alone. */
  #resting(): Choice {
    return onCpu(this.#failure?.message ?? "the GPU is not ready");
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

const onCpu = (why: string): Choice => ({ backend: "cpu", backendReason: `cpu: ${why}` });

function chosen(device: Device, costs?: Costs, count = 0): Choice {
  const why = costs ? `${count} candidates, the GPU ${inWords(paysFrom(costs))}` : "as asked for";
  return { backend: "webgpu", backendReason: `webgpu: ${why}; ${device.name}` };
}

/** From how many candidates on the GPU is quicker. */
function paysFrom({ cpu, gpu, gpuFixed }: Costs): number {
  return cpu > gpu ? Math.ceil(gpuFixed / (cpu - gpu)) : Number.POSITIVE_INFINITY;
}

const inWords = (pays: number) =>
  Number.isFinite(pays) ? `pays from ${pays} on (measured)` : "never pays on this machine (measured)";

const wordsOf = (asked: Uint8Array) => new DataView(asked.buffer, asked.byteOffset, asked.length);

function countOf(asked: Uint8Array): number {
  return asked.length === 0 ? 0 : wordsOf(asked).getUint32(0, true);
}

/** The same request for its first candidate alone: header, the query's shares, one row, its pair features. */
function firstOf(asked: Uint8Array, candidates: number, rowBytes: number): Uint8Array {
  const rows = 16 + rowBytes;
  const pairs = rows + 4 * candidates;
  const pair = (asked.length - pairs) / candidates;
  const one = new Uint8Array(rows + 4 + pair);
  one.set(asked.subarray(0, rows + 4));
  one.set(asked.subarray(pairs, pairs + pair), rows + 4);
  wordsOf(one).setUint32(0, 1, true);
  return one;
}
