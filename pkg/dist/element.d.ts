/**
 * `<tidyrank-results>`: a ranking as an accessible list, of cleaners or of jobs.
 *
 * ```ts
 * import "tidyrank/element"; // defines the element; on a server it does nothing
 *
 * const results = document.querySelector("tidyrank-results");
 * results.ranking = await recommender.recommendCleaners(job);
 * results.addEventListener("tidyrank-contact", ({ detail }) => write(detail.item));
 * ```
 *
 * Slots: default (shown until there is anything to rank), `empty`, `before`, `after`. Parts and custom properties are listed
 * in the package's README.
 *
 * @module tidyrank/element
 */

import type { FeedbackKind } from "./events.js";

export type { FeedbackKind } from "./events.js";

/** The parts of a breakdown that have a name in the texts. */
export type BreakdownPart = "quality" | "location" | "specialisation" | "pricing" | "availability" | "reliability";

/** What is shown of an item: every `RankedCleaner` and every `RankedJob` is one. */
export interface ResultItem {
  cleanerId?: string;
  jobId?: string;
  name?: string;
  rank: number;
  /** 0 to 100. */
  score: number;
  ruleScore?: number;
  neuralScore?: number | null;
  /** Where the model's part lies, at the level that was asked for. */
  interval?: readonly [number, number] | null;
  price?: number | null;
  /** Of a cleaner: whether `price` is a bid. */
  bid?: boolean;
  /** Of a job: its budget. */
  pay?: number | null;
  /** Of a job: how many have bid. */
  bidCount?: number;
  lowestBid?: number | null;
  distanceKm?: number | null;
  isNew?: boolean;
  breakdown?: { readonly [part in BreakdownPart]?: number | null };
  contributions?: readonly { component: string; weight: number; value: number | null; contribution: number }[];
  reasons?: readonly { code: string; text: string }[];
}

/** What is shown of a `Ranking` or a `JobRanking`. */
export interface Results<Item extends ResultItem = ResultItem> {
  readonly items: readonly Item[];
  readonly meta?: { readonly fallback?: { readonly code: string; readonly text: string } | null };
}

/** The parts of a score. */
export type ScorePartName = "rules" | "neural" | "price";

/** What is shown of an `Explanation`. */
export interface ResultExplanation {
  /** The parts of the score, whose points add up to it. */
  parts?:
    | {
        readonly [part in ScorePartName]: { weight: number; value: number | null; points: number };
      }
    | null;
  neural?: { baseline: number; score: number; groups: readonly { group: string; points: number }[] } | null;
  counterfactuals?: readonly { code: string; text: string }[];
  reasons?: readonly { code: string; text: string }[];
}

/** Which result an event is about. */
export interface ResultDetail<Item extends ResultItem = ResultItem> {
  /** `cleanerId` or `jobId`. */
  id: string;
  rank: number;
  item: Item;
  /** From `recommendationIds`, by position in the list; null where there is none. */
  recommendationId: string | null;
}

export interface FeedbackDetail<Item extends ResultItem = ResultItem> extends ResultDetail<Item> {
  kind: FeedbackKind;
  /** Only with `other`, where something was written: as `EventStore.feedback` takes it. */
  comment: string | undefined;
}

export interface ToggleDetail<Item extends ResultItem = ResultItem> extends ResultDetail<Item> {
  expanded: boolean;
}

/** The events of the element; all bubble and leave the shadow tree. */
export interface ResultsEventMap<Item extends ResultItem = ResultItem> {
  "tidyrank-select": CustomEvent<ResultDetail<Item>>;
  "tidyrank-contact": CustomEvent<ResultDetail<Item>>;
  "tidyrank-feedback": CustomEvent<FeedbackDetail<Item>>;
  "tidyrank-toggle": CustomEvent<ToggleDetail<Item>>;
}

/** Every text of the element. A host may replace any of them. */
export interface ResultsTexts {
  /** What the list is called for screen readers. */
  list: string;
  cleaner: (id: string) => string;
  job: (id: string) => string;
  /** The score in words, for screen readers. */
  score: (score: string, grade: string) => string;
  /** Of a score from 80, from 60, from 40, and below. */
  grades: readonly [string, string, string, string];
  rank: (rank: number) => string;
  isNew: string;
  price: (amount: string) => string;
  bid: (amount: string) => string;
  pay: (amount: string) => string;
  bids: (count: number, lowest: string | null) => string;
  distance: (km: string) => string;
  why: string;
  details: (name: string) => string;
  breakdown: string;
  parts: Readonly<Record<BreakdownPart, string>>;
  /** A value of the breakdown for screen readers. */
  outOf: (value: string) => string;
  unknown: string;
  scoreParts: string;
  scorePart: Readonly<Record<ScorePartName, string>>;
  scoreTotal: string;
  contributions: string;
  component: string;
  weight: string;
  value: string;
  points: string;
  total: string;
  components: Readonly<Record<string, string>>;
  model: string;
  interval: (score: string, low: string, high: string) => string;
  groups: Readonly<Record<string, string>>;
  baseline: string;
  changes: string;
  explaining: string;
  unexplained: string;
  select: (name: string) => string;
  contact: string;
  contactWith: (name: string) => string;
  feedback: (name: string) => string;
  feedbackQuestion: string;
  kinds: Readonly<Record<FeedbackKind, string>>;
  notHelpful: string;
  comment: string;
  send: string;
  cancel: string;
  thanks: string;
  loading: string;
  empty: string;
  found: (count: number) => string;
}

/** `<tidyrank-results>`. Data are shown as text, never as HTML. */
export declare class TidyrankResults<Item extends ResultItem = ResultItem> extends HTMLElement {
  /** The ranking to show. */
  ranking: Results<Item> | null | undefined;
  /** The items alone, where there is no ranking at hand. */
  items: readonly Item[] | null | undefined;
  /** What is shown until there is a ranking, e.g. what the server ranked. */
  initialResults: Results<Item> | null | undefined;
  /** Says that a ranking is on its way: placeholders, or the old list marked as busy. */
  loading: boolean;
  /** Of texts and numbers (the document's language; `en` and `el` have texts of their own). Attribute `locale`. */
  locale: string | null;
  /** ISO 4217 code; without it amounts are plain numbers. Attribute `currency`. */
  currency: string | null;
  /** Texts to replace. */
  texts: Partial<ResultsTexts> | null | undefined;
  /** `light` or `dark`; otherwise as the system has it. Attribute `theme`. */
  theme: string | null;
  /** Level of the results' headings (3). Attribute `heading-level`. */
  headingLevel: number;
  /** The name of an item: `name` where it has one, otherwise its id. */
  titleOf: ((item: Item) => string) | null | undefined;
  /** Asked for when a result is opened, once for each ranking. */
  explain: ((item: Item) => ResultExplanation | Promise<ResultExplanation | null> | null) | null | undefined;
  /** The ids of the results that are open. */
  expanded: readonly string[];
  /** The ids under which the items were recorded, in their order. */
  recommendationIds: readonly string[] | null | undefined;
  /** Leaves out the button. Attribute `hide-contact`. */
  hideContact: boolean;
  /** Leaves out the buttons. Attribute `hide-feedback`. */
  hideFeedback: boolean;
  /** Leaves out the button and what it opens. Attribute `hide-details`. */
  hideDetails: boolean;
  /** Resolves when everything that was set is shown. */
  readonly updateComplete: Promise<boolean>;
  addEventListener<K extends keyof ResultsEventMap>(
    type: K,
    listener: (this: TidyrankResults<Item>, event: ResultsEventMap<Item>[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener<K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (this: HTMLElement, event: HTMLElementEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

/** The texts that the element has itself, by language. */
export declare const TEXTS: Readonly<Record<"en" | "el", ResultsTexts>>;

declare global {
  interface HTMLElementTagNameMap {
    "tidyrank-results": TidyrankResults;
  }
}
