// Explanations on the page's side: whom a cleaner stands among.
import type { Contribution, Counterfactual, Reason, Scores } from "../types/index.js";

/** The best others, as scores and rows, and the place among them of the one who is explained. */
export interface Rivals {
  rank: number;
  best: [score: number, row: number][];
}

/** What an engine is asked beside the request. */
export interface Question extends Rivals {
  cleanerId: string;
  counterfactuals: boolean;
}

/** As `Rivals::of` in the engine does it: undefined where the row is none of a candidate. */
export function rivalsOf(
  { rows, scores }: Pick<Scores, "rows" | "scores">,
  row: number,
  limit: number,
): Rivals | undefined {
  const all = Array.from(rows, (row, at) => [scores[at] as number, row] as [number, number]);
  const others = all.filter(([score]) => !Number.isNaN(score)).sort((a, b) => b[0] - a[0] || a[1] - b[1]);
  const at = others.findIndex(([, other]) => other === row);
  if (at < 0) return undefined;
  others.splice(at, 1);
  return { rank: at + 1, best: others.slice(0, Math.max(limit, 3)) };
}

/** Where there is nothing to explain. */
export const NOTHING = {
  cleaner: null,
  parts: null,
  neural: null,
  counterfactuals: [] as Counterfactual[],
  contributions: [] as Contribution[],
  reasons: [] as Reason[],
};
