// Explanations on the engine's side: what it is asked, and what it answers, in the order of `src/wasm/explain.rs`.
import type { Counterfactual, FeatureGroup, NeuralParts, ScorePart, ScoreParts } from "../types/index.js";
import { readItem, readParams } from "./answer.js";
import type { Question } from "./explain.js";
import { readList, readMaybe, readNumber, readObject, readPart, readText, Writer } from "./wire.js";

/** A question in the engine's bytes. */
export function questionBytes({ cleanerId, counterfactuals, rank, best }: Question): Uint8Array {
  const to = new Writer();
  to.text(cleanerId);
  to.number(Number(counterfactuals));
  to.number(rank);
  to.length(best.length);
  for (const number of best.flat()) to.number(number);
  return to.bytes();
}

const share = readObject<ScorePart>({ weight: readNumber, value: readMaybe, points: readNumber });
const groups = readList(readObject<{ group: FeatureGroup; points: number }>({ group: readText, points: readNumber }));

/** What an engine answers, null for who is no candidate. */
export const readExplanation = readPart(
  readObject({
    cleaner: readItem,
    parts: readObject<ScoreParts>({ rules: share, neural: share, price: share, boost: readNumber }),
    neural: readPart(readObject<NeuralParts>({ baseline: readNumber, score: readNumber, groups })),
    counterfactuals: readList(
      readObject<Counterfactual>({
        code: readText,
        params: readParams,
        text: () => "",
        rank: readNumber,
        score: readNumber,
      }),
    ),
  }),
);
