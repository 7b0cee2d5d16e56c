// The public class, ranking in the caller's own thread: `tidyrank/core`, which the other entries extend. Nothing in this
// module runs at import but the definition of classes.
import type { BidOptions, BidSuggestion } from "../types/bids.js";
import type { FoldedClient, FoldInOptions, Interaction } from "../types/foldin.js";
import type {
  Capabilities,
  Catalog,
  Exclusion,
  ExplainOptions,
  Explanation,
  Job,
  JobOptions,
  JobPosting,
  JobRanking,
  LoadOptions,
  ModelBytes,
  Notice,
  Ranking,
  Reason,
  RecommendOptions,
  ScoreOptions,
  Scores,
} from "../types/index.js";
import type { CleanerProfile } from "../types/profile.js";
import { Answers, checkAnswers, identityOf } from "./answers.js";
import { subjectOf } from "./bids.js";
import { ModelCache } from "./cache.js";
import { TidyrankError, throwIfAborted } from "./errors.js";
import { resolve } from "./fetch.js";
import { loadFiles } from "./files.js";
import type { Choice, Tell } from "./gpu.js";
import { InlineBackend } from "./inline.js";
import { checkedLocale, Messages } from "./messages.js";
import { compiled } from "./module.js";
import type { Backend } from "./protocol.js";
import { Shards } from "./shards.js";

export { canonicalJson } from "./canonical.js";
export { TidyrankError };

/** Told what is amiss. */
export type Warn = (warning: Notice) => void;

/** What a reason says in another language. */
export function messageText(
  reason: Pick<Reason, "code" | "params">,
  locale?: string,
  messages?: LoadOptions["messages"],
): string {
  return new Messages(checkedLocale(locale, "request.invalid"), messages).text(reason);
}

const TILE_BUDGET = 64 << 20;

/** Ranks cleaners for jobs. */
export class Recommender {
  readonly #shards: Shards;
  readonly #capabilities: Capabilities;
  readonly #choice: Partial<Choice>;
  readonly #messages: Messages;
  readonly #answers: Answers | undefined;
  #disposed = false;

  protected constructor(
    shards: Shards,
    capabilities: Capabilities,
    choice: Partial<Choice>,
    messages: Messages,
    answers: Answers | undefined,
  ) {
    this.#shards = shards;
    this.#capabilities = capabilities;
    this.#choice = choice;
    this.#messages = messages;
    this.#answers = answers;
  }

  static {
    // Older browsers have no Symbol.dispose; `using` does not work there either.
    if (Symbol.dispose) {
      Object.defineProperty(Recommender.prototype, Symbol.dispose, { value: Recommender.prototype.dispose });
    }
  }

  static async load(source: string | URL | ModelBytes, options: LoadOptions = {}): Promise<Recommender> {
    const { signal, onWarning } = options;
    throwIfAborted(signal, "load.aborted");
    const warn: Warn = (warning) => onWarning?.(warning);
    const { workers, tileBudget, backend } = checked(options);
    const messages = new Messages(checkedLocale(options.locale, "load.invalid"), options.messages);
    checkAnswers(options);
    const wasm = compiled(options.wasm);
    // What is said after loading: which backend turned out to be the quicker one, or that the GPU failed.
    const choice: Partial<Choice> = {};
    const tell: Tell = (said) => ("warning" in said ? warn(said.warning) : Object.assign(choice, said.choice));
    // biome-ignore lint/complexity/noThisInStatic: the class of another entry makes its own
    const shards = new Shards(() => this.backend(options, warn, tell), workers);
    if (shards.plan.workers < Number(workers)) warn({ code: "worker.unavailable", text: shards.plan.workersReason });
    // Of a catalog in tiles, as much is ranked as is kept.
    const announce = (catalogBytes = tileBudget) => shards.share(catalogBytes);
    try {
      const { clients = true, cache = true, fetch } = options;
      const from = { clients, cache, fetch, signal, warn, announce };
      const bytes = isAddress(source) ? await loadFiles(source, from) : given(source);
      if (bytes === source) announce(bytes.files.catalog?.byteLength);
      if (bytes.files.tiles) shards.tile({ ...(await tileSource(source, cache)), fetch, warn, budget: tileBudget });
      const answers = Answers.of(options, identityOf(bytes.manifest));
      const engine = await shards.load(bytes, { wasm: await wasm, backend }, bytes !== source, signal);
      engine.warnings.forEach(warn);
      return new this(shards, { worker: shards.worker, ...shards.plan, ...engine }, choice, messages, answers);
    } catch (thrown) {
      shards.dispose();
      throw thrown;
    }
  }

  /** Where an engine runs. Entries that know workers say so here. */
  protected static backend({ worker, workers }: LoadOptions, _warn: Warn, tell: Tell): Backend {
    if (worker || Number(workers) > 1)
      throw new TidyrankError("load.invalid", "this entry of the package has no workers");
    return new InlineBackend(tell);
  }

  async recommendCleaners(job: Job, options: RecommendOptions = {}): Promise<Ranking> {
    const { signal, locale, ...rest } = optionsOf(options);
    const language = checkedLocale(locale, "request.invalid");
    const request = this.#request(job, rest);
    // Answers are kept without words: they are the same in every language.
    const ranking = this.#answer("cleaners", request, signal, (signal) => this.#shards.recommend(request, signal));
    return this.#messages.fill(await ranking, language);
  }

  async explain(job: Job, cleanerId: string, options: ExplainOptions = {}): Promise<Explanation> {
    const { signal, locale, counterfactuals = true, ...rest } = optionsOf(options);
    const language = checkedLocale(locale, "request.invalid");
    if (typeof cleanerId !== "string") throw new TidyrankError("request.shape", "`cleanerId` must be a text");
    const request = this.#request(job, rest);
    const withChanges = Boolean(counterfactuals);
    const found = this.#answer("explain", { request, cleanerId, withChanges }, signal, (signal) =>
      this.#shards.explain(request, cleanerId, withChanges, signal),
    );
    return this.#messages.fill(await found, language);
  }

  async foldIn(history: readonly Interaction[], options: FoldInOptions = {}): Promise<FoldedClient> {
    const { signal, ...rest } = optionsOf(options);
    const [stranger] = Object.entries(rest).flatMap(([name, value]) => (value == null ? [] : [name]));
    if (stranger !== undefined)
      throw new TidyrankError("request.shape", `unknown field \`${stranger}\`, expected signal`);
    this.#check();
    const whole = (one: Interaction) => (one?.job ? { ...one, job: this.#request(one.job, {}).job } : one);
    const ratings = Array.isArray(history) ? history.map(whole) : history;
    const { clientVector, terms } = await this.#shards.foldIn(ratings, signal);
    const used = new Set(terms.map(({ at }) => at));
    const ignored = history.filter((_, at) => !used.has(at)).map(({ cleanerId }) => cleanerId);
    return { clientVector, used: used.size, ignored };
  }

  async recommendJobs(
    cleaner: string | CleanerProfile,
    jobs: readonly JobPosting[],
    options: JobOptions = {},
  ): Promise<JobRanking> {
    const { signal, locale, ...rest } = optionsOf(options);
    const language = checkedLocale(locale, "request.invalid");
    this.#check();
    if (!Array.isArray(jobs)) throw new TidyrankError("request.shape", "`jobs` must be a list");
    const dated = (jobs as readonly JobPosting[]).map((job) => this.#dated(job));
    const question = { ...rest, ...subjectOf(cleaner), jobs: dated };
    const ranking = this.#answer("jobs", question, signal, (signal) => this.#shards.recommendJobs(question, signal));
    return this.#messages.fill(await ranking, language);
  }

  async scoreCleaners(job: Job, options: ScoreOptions = {}): Promise<Scores> {
    const { signal, ...rest } = optionsOf(options);
    return await this.#shards.score(this.#request(job, rest), signal);
  }

  async suggestBid(job: Job, cleaner: string | CleanerProfile, options: BidOptions = {}): Promise<BidSuggestion> {
    const { signal, locale, ...rest } = optionsOf(options);
    const language = checkedLocale(locale, "request.invalid");
    const question = this.#request(job, { ...rest, ...subjectOf(cleaner) });
    const bid = this.#answer("bid", question, signal, (signal) => this.#shards.suggestBid(question, signal));
    return this.#messages.fill(await bid, language);
  }

  async explainExclusion(job: Job, cleanerId: string, options: RecommendOptions = {}): Promise<Exclusion> {
    const { signal, locale, ...rest } = optionsOf(options);
    const language = checkedLocale(locale, "request.invalid");
    return this.#messages.fill(await this.#shards.exclusion(this.#request(job, rest), cleanerId, signal), language);
  }

  capabilities(): Capabilities {
    return { ...structuredClone(this.#capabilities), ...this.#choice };
  }

  async catalog(options: { signal?: AbortSignal } = {}): Promise<Catalog> {
    this.#check();
    return await this.#shards.catalog(options.signal);
  }

  invalidate(): void {
    this.#answers?.invalidate();
  }

  dispose(): void {
    this.#disposed = true;
    this.invalidate();
    this.#shards.dispose();
  }

  declare [Symbol.dispose]: () => void;

  #request<O extends object>(job: Job, options: O): O & { job: Job } {
    this.#check();
    return { ...options, job: this.#dated(job) };
  }

  /** A job that does not say when it was posted is of the catalog's moment. */
  #dated<J extends Job>(job: J): J & { postedAt: number } {
    if (typeof job !== "object" || job === null || Array.isArray(job)) {
      throw new TidyrankError("request.shape", "request field `job`: an object was expected");
    }
    return { ...job, postedAt: job.postedAt ?? this.#capabilities.asOf };
  }

  /** An answer that may have been given before: the question holds all that it depends on. */
  async #answer<T extends object>(
    operation: string,
    question: object,
    signal: AbortSignal | undefined,
    ask: (signal: AbortSignal | undefined) => Promise<T>,
  ): Promise<T> {
    if (!this.#answers) return await ask(signal);
    const { answer, cached } = await this.#answers.get(operation, question, signal, ask);
    return "meta" in answer ? { ...answer, meta: { ...(answer.meta as object), cached } } : answer;
  }

  #check(): void {
    if (this.#disposed) throw new TidyrankError("disposed", "the recommender was disposed of");
  }
}

/** Options that are null are none. */
function optionsOf<O extends object>(options: O | null): O {
  if (options !== null && (typeof options !== "object" || Array.isArray(options))) {
    throw new TidyrankError("request.shape", "options must be an object");
  }
  return options ?? ({} as O);
}

function isAddress(source: string | URL | ModelBytes): source is string | URL {
  return typeof source === "string" || source instanceof URL;
}

/** Whatever else is passed for a source is refused here, not where it first hurts. */
function given(bytes: ModelBytes): ModelBytes {
  if (bytes?.manifest instanceof Uint8Array && typeof bytes.files === "object" && bytes.files) return bytes;
  throw new TidyrankError("load.invalid", "the source must be an address, or the bytes `{ manifest, files }`");
}

async function tileSource(source: string | URL | ModelBytes, cache: boolean) {
  if (!isAddress(source)) throw new TidyrankError("load.invalid", "a catalog in tiles needs its manifest's address");
  const base = resolve(source);
  return { base, cache: await ModelCache.open(cache && base.protocol !== "file:") };
}

/** The options that can be wrong. */
function checked({ worker, workers = 1, tileBudget = TILE_BUDGET, backend = "auto" }: LoadOptions) {
  const refuse = (what: string) => new TidyrankError("load.invalid", what);
  if (workers !== "auto" && !(Number.isInteger(workers) && workers > 0)) {
    throw refuse(`\`workers\` must be "auto" or a whole number from 1 up, not ${workers}`);
  }
  if (worker === false && Number(workers) > 1) throw refuse(`\`workers: ${workers}\` needs workers`);
  if (!(tileBudget >= 0)) throw refuse(`\`tileBudget\` must be a number of bytes, not ${tileBudget}`);
  if (!["auto", "cpu", "webgpu"].includes(backend)) {
    throw refuse(`\`backend\` must be "auto", "cpu" or "webgpu", not ${JSON.stringify(backend)}`);
  }
  return { workers, tileBudget, backend };
}
