// The engine in this thread. Loaded by the worker, and by the page only where it ranks without one.
import init, { WasmEngine } from "#glue";
import {
  answerOf,
  readCapabilities,
  readCatalog,
  readFailed,
  readNothing,
  readRanking,
  readScores,
  readTiles,
} from "./answer.js";
import { poolBytes, readArranged } from "./arrange.js";
import { bidQuestionBytes, readBidSuggestion } from "./bids.js";
import { canHash } from "./cache.js";
import { type Failure, isFailure, toError } from "./errors.js";
import { questionBytes, readExplanation } from "./explanation.js";
import { historyBytes, readTerms, readVector, termsBytes } from "./foldin.js";
import { Backends, type Tell } from "./gpu.js";
import { jobsBytes, readJobRanking } from "./jobs.js";
import { manifestBytes } from "./manifest.js";
import { isNode, readFile } from "./node.js";
import type { Operation, Operations, WasmSource } from "./protocol.js";
import { requestBytes } from "./request.js";
import { readMaybe } from "./wire.js";

/** What files are for, by the number that the engine has for it. */
const ROLES = ["catalog", "model.q8", "clients", "tiles", "conformal", "foldin", "bids"];

type Payload<O extends Operation> = Operations[O]["payload"];

/** One loaded engine and the operations on it. */
export class Host {
  readonly #tell: Tell;
  #engine: WasmEngine | undefined;
  #backends: Backends | undefined;

  /** `tell` is told what nobody asked for. */
  constructor(tell: Tell) {
    this.#tell = tell;
  }

  /** Runs one operation; whatever goes wrong is thrown as a `Failure`. */
  async run(operation: Operation, payload: unknown): Promise<unknown> {
    try {
      if (operation === "load") return await this.#load(payload as Payload<"load">);
      if (!this.#engine) throw { code: "disposed", message: "the engine is not loaded" };
      if (operation === "recommend") return await this.#recommend(payload as Payload<"recommend">);
      return perform(this.#engine, operation, payload);
    } catch (thrown) {
      throw isFailure(thrown) ? thrown : asFailure(thrown, `${operation === "load" ? "load" : "engine"}.failed`);
    }
  }

  /** Frees the engine's memory. */
  free(): void {
    this.#backends?.free();
    this.#engine?.free();
    this.#engine = undefined;
  }

  async #recommend(payload: Payload<"recommend">): Promise<unknown> {
    const request = requestBytes(payload);
    const chosen = await this.#backends?.recommend(request, payload.mode ?? "ensemble");
    if (!chosen) throw { code: "disposed", message: "the engine is not loaded" };
    const { answer, ...choice } = chosen;
    const { items, meta } = answerOf(answer, readRanking);
    return { items, meta: { ...meta, ...choice } };
  }

  async #load({ bytes, wasm, backend, shard }: Payload<"load">): Promise<unknown> {
    try {
      await init({ module_or_path: await moduleOf(wasm) });
    } catch (thrown) {
      throw asFailure(thrown, "load.wasm");
    }
    const engine = new WasmEngine();
    try {
      ROLES.forEach((role, at) => {
        const file = bytes.files[role];
        if (file instanceof Uint8Array) engine.file(at, file);
      });
      const capabilities = answerOf(engine.load(manifestBytes(bytes.manifest)), readCapabilities);
      if (shard) answerOf(engine.shard(shard.index, shard.count), readNothing);
      this.#engine = engine;
      this.#backends = new Backends(engine, backend, this.#tell);
      return { ...capabilities, ...(await this.#backends.start()) };
    } catch (thrown) {
      engine.free();
      throw thrown;
    }
  }
}

/** One operation on a loaded engine. */
function perform(engine: WasmEngine, operation: string, payload: unknown): unknown {
  const bytesOf = (text: string) => new TextEncoder().encode(text);
  switch (operation) {
    case "catalog":
      return answerOf(engine.catalog(), readCatalog);
    case "score": {
      const { meta, ...scores } = answerOf(engine.score(requestBytes(payload)), readScores);
      return { ...scores, meta: { ...meta, backendReason: "cpu: the scores of all are asked for" } };
    }
    case "foldTerms":
      return answerOf(engine.fold_terms(historyBytes(payload)), readTerms);
    case "fold":
      return answerOf(engine.fold(termsBytes(payload)), readVector);
    case "suggestBid":
      return answerOf(engine.suggest_bid(bidQuestionBytes(payload)), readBidSuggestion);
    case "row":
      return answerOf(engine.row(bytesOf(payload as string)), readMaybe);
    case "explain": {
      const { request, question } = payload as Payload<"explain">;
      return answerOf(engine.explain(requestBytes(request), questionBytes(question)), readExplanation);
    }
    case "jobs":
      return answerOf(engine.jobs(jobsBytes(payload as Payload<"jobs">)), readJobRanking);
    case "arrange": {
      const { request, items } = payload as Payload<"arrange">;
      return answerOf(engine.arrange(requestBytes(request), poolBytes(items)), readArranged);
    }
    case "exclusion": {
      const { request, cleanerId } = payload as Payload<"exclusion">;
      return answerOf(engine.exclusion(requestBytes(request), bytesOf(cleanerId)), readFailed);
    }
    case "near":
      return answerOf(engine.tiles(requestBytes(payload)), readTiles);
    case "addTile": {
      const { hash, bytes } = payload as Payload<"addTile">;
      // Where the page could compute its sum, it did.
      return answerOf(engine.add_tile(bytesOf(hash), bytes, canHash()), readNothing);
    }
    case "removeTile":
      return answerOf(engine.remove_tile(bytesOf(payload as string)), readNothing);
  }
  throw { code: "engine.failed", message: `there is no operation ${operation}` };
}

async function moduleOf(wasm: WasmSource | undefined): Promise<Response | BufferSource | WebAssembly.Module> {
  if (wasm !== undefined && typeof wasm !== "string") return wasm;
  const url = wasm === undefined ? new URL("./tidyrank_bg.wasm", import.meta.url) : new URL(wasm);
  if (url.protocol === "file:" && isNode()) return Uint8Array.from(await readFile(url));
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`${url.href} answered ${response.status}`);
  return response;
}

function asFailure(thrown: unknown, code: string): Failure {
  const error = toError(thrown, code);
  return { code: error.code, message: error.message };
}
