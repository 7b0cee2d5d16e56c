// What this browser keeps of its recommendations and of what came of them: nothing before its user allows it.
import { html, type TemplateResult } from "lit-html";
import type { JobRanking, Mode, Ranking } from "tidyrank";
import {
  assign,
  EventStore,
  type Experiment,
  type FeedbackKind,
  type OutcomeKind,
  type RecordedJob,
} from "tidyrank/events";

/** The demo's experiment: which score makes the ranking. */
export const EXPERIMENT: Experiment = {
  key: "score-2026",
  variants: ["rules", "neural", "ensemble"].map((key) => ({ key, weight: 1, options: { mode: key as Mode } })),
};

/** The mode that the experiment gives a client. */
export const variantOf = (clientId: string): Mode => (assign(EXPERIMENT, clientId).variant ?? "ensemble") as Mode;

/** What one can say of a recommendation. */
export const FEEDBACK: readonly (readonly [FeedbackKind, string])[] = [
  ["helpful", "it helps"],
  ["not_relevant", "not relevant"],
  ["too_expensive", "too expensive"],
  ["too_far", "too far away"],
  ["wrong_specialty", "wrong specialty"],
  ["other", "something else"],
];

/** The records of one page. Failures never disturb the page: they are said beside the consent. */
export class Records {
  readonly store: EventStore | undefined;
  readonly #changed: () => void;
  /** The event of each recommendation on the page, by what was recommended. */
  #shown = new Map<string, string>();
  #done = new Map<string, Set<OutcomeKind>>();
  #said = new Map<string, FeedbackKind>();
  #turn: Promise<void> = Promise.resolve();
  problem: string | undefined;

  private constructor(store: EventStore | undefined, changed: () => void, problem?: string) {
    this.store = store;
    this.#changed = changed;
    this.problem = problem;
  }

  static async open(changed: () => void): Promise<Records> {
    const warned: string[] = [];
    try {
      const records = new Records(await EventStore.open({ onWarning: ({ text }) => warned.push(text) }), changed);
      records.problem = warned[0];
      return records;
    } catch (thrown) {
      return new Records(undefined, changed, (thrown as Error).message);
    }
  }

  get mayRecord(): boolean {
    return this.store?.consent() === "granted";
  }

  /** Allows or forbids; forbidding erases. */
  consent(granted: boolean): void {
    this.#shown.clear();
    this.#done.clear();
    this.#said.clear();
    this.#queue(async (store) => store.setConsent(granted));
  }

  /** The list that a client was shown; the newest takes the place of the one before it. */
  cleaners(job: RecordedJob, ranking: Ranking, unit: string | undefined): void {
    const context = unit === undefined ? {} : { assignment: assign(EXPERIMENT, unit) };
    this.#list(
      ranking.items.map((item) => item.cleanerId),
      (store) => store.recordCleaners(job, ranking, context),
    );
  }

  /** The list that a cleaner was shown. */
  jobs(cleanerId: string, ranking: JobRanking): void {
    this.#list(
      ranking.items.map((item) => item.jobId),
      (store) => store.recordJobs(cleanerId, ranking),
    );
  }

  has(id: string, kind: OutcomeKind): boolean {
    return this.#done.get(id)?.has(kind) ?? false;
  }

  said(id: string): FeedbackKind | undefined {
    return this.#said.get(id);
  }

  /** What came of a recommendation; each kind once. */
  outcome(id: string, kind: OutcomeKind, value?: number): void {
    if (!this.mayRecord || this.has(id, kind)) return;
    this.#done.set(id, (this.#done.get(id) ?? new Set()).add(kind));
    this.#about(id, (store, event) => store.outcome(event, kind, value));
  }

  feedback(id: string, kind: string): void {
    const known = FEEDBACK.find(([one]) => one === kind)?.[0];
    if (!known || !this.mayRecord) return;
    this.#said.set(id, known);
    this.#about(id, (store, event) => store.feedback(event, known));
  }

  #list(ids: string[], record: (store: EventStore) => Promise<string[]>): void {
    this.#queue(async (store) => {
      if (store.consent() !== "granted") return;
      const events = await record(store);
      this.#shown = new Map(ids.map((id, at) => [id, events[at] as string]));
      this.#done.clear();
      this.#said.clear();
    });
  }

  #about(id: string, record: (store: EventStore, event: string) => Promise<unknown>): void {
    this.#queue(async (store) => {
      const event = this.#shown.get(id);
      if (event) await record(store, event);
    });
  }

  /** One after the other: an outcome comes after its recommendation. */
  #queue(work: (store: EventStore) => Promise<void>): void {
    const { store } = this;
    if (!store) return;
    this.#turn = this.#turn
      .then(() => work(store))
      .catch((thrown: Error) => {
        this.problem = thrown.message;
      })
      .then(this.#changed);
  }
}

/** What is kept, and the choice whether to keep it. The page that shows the records need not say where they are. */
export function consentView(records: Records, shownHere = false): TemplateResult {
  if (!records.store) return html`<p class="hint consent">This browser keeps no records: ${records.problem}</p>`;
  const granted = records.mayRecord;
  return html`<p class="hint consent">
    <label class="check">
      <input id="consent" type="checkbox" .checked=${granted}
        @change=${(event: Event) => records.consent((event.target as HTMLInputElement).checked)} />
      Remember recommendations and what I do with them, in this browser only
    </label>
    ${granted && !shownHere ? html`Shown under <a href="./experiments.html">Experiments</a>.` : ""}
    ${granted ? "Unticking erases everything." : ""}
    ${records.problem ? html`<span role="alert">${records.problem}</span>` : ""}
  </p>`;
}
