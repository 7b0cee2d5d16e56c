import type { Contribution, RankedCleaner, RankingMeta, RecommendOptions } from "./index.js";

/** Why something is so: a stable code, the parameters of its text, and the text in the language that was asked for. */
export interface Reason {
  code: string;
  /** Numbers are rounded to what is shown of them. */
  params: Record<string, string | number>;
  /** Plain text, never HTML. */
  text: string;
}

/** What is amiss: a stable code and a text in English for developers. */
export interface Notice {
  code: string;
  text: string;
}

/**
 * Texts by code. `code.one`, `code.other`, … are chosen by the parameter `count` (CLDR plural categories); in a text `{name}` is
 * a parameter, `{name:1}` a number with one decimal, `{name:money}` an amount in the currency of the parameter `currency`,
 * `{name:ordinal}` a place, `{name:word}` a key such as a property type. What `number.decimal`, `number.group`, `money`,
 * `money.EUR`, `ordinal.one`, `word.apartment` and the like say is how those are shown. `docs/explanations.md` lists the keys.
 */
export type MessageCatalogue = Readonly<Record<string, string>>;

/** A group of features that the model's score is shared out among. */
export type FeatureGroup =
  | "client"
  | "cleaner"
  | "property"
  | "when_where"
  | "distance"
  | "price"
  | "ratings"
  | "record";

/** One part of a score. */
export interface ScorePart {
  /** Percent of the score; what is unknown has none, and the others share it. */
  weight: number;
  /** 0 to 100. */
  value: number | null;
  /** Weight times value. */
  points: number;
}

/** The parts of a score, whose points add up to it. */
export interface ScoreParts {
  /** Split further by `contributions`. */
  rules: ScorePart;
  /** Split further by `neural`. */
  neural: ScorePart;
  price: ScorePart;
  /** Points that rules of the house add. */
  boost: number;
}

/** The model's score as exact Shapley values: `baseline` and the points of all groups add up to `score`. */
export interface NeuralParts {
  /** The score where nothing is known of anybody. */
  baseline: number;
  /** As `neuralScore`. */
  score: number;
  /** Points of 100, negative where a group lowers the score. */
  groups: { group: FeatureGroup; points: number }[];
}

/**
 * One change to the cleaner, everything else being as it is, and the place that it would bring: `cheaper` (`amount`,
 * `currency`), `nearer` (`km`), `better_reviewed` (`count` more reviews of the best rating). `out_of_reach`: no such change brings
 * the place `params.rank`; `rank` and `score` are those of now.
 */
export interface Counterfactual extends Reason {
  code: "cheaper" | "nearer" | "better_reviewed" | "out_of_reach";
  rank: number;
  score: number;
}

/** How to explain: as for the ranking that is explained. */
export interface ExplainOptions extends RecommendOptions {
  /** Look for changes that bring a better place (true). */
  counterfactuals?: boolean;
}

/** Why a cleaner has their score and their place. */
export interface Explanation {
  cleanerId: string;
  /** The place by score, from 1, in the whole order; null for who is no candidate. */
  rank: number | null;
  score: number | null;
  parts: ScoreParts | null;
  contributions: Contribution[];
  /** Null in the mode `rules` and where there is no model. */
  neural: NeuralParts | null;
  counterfactuals: Counterfactual[];
  reasons: Reason[];
  /** Which filters leave the cleaner out; empty where none does. */
  excluded: Reason[];
  /** All of it as in a ranking. */
  cleaner: RankedCleaner | null;
  meta: RankingMeta;
}
