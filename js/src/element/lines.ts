// A ranking as plain lines of text: what stands in for the element where there is no script (yet).
import type { TidyrankResults } from "../../types/element.js";
import { textsOf } from "./texts.js";
import { formatsOf, idOf, isNumber, titleOf } from "./view.js";

type Given = Partial<
  Pick<TidyrankResults, "ranking" | "items" | "initialResults" | "locale" | "currency" | "texts" | "titleOf">
>;

/** The same lines wherever the same is given: nothing here asks the page or the machine. */
export function linesOf(given: Given): { id: string; text: string }[] | undefined {
  const items = given.ranking?.items ?? given.items ?? given.initialResults?.items;
  const locale = given.locale || "en";
  const [texts, formats] = [textsOf(locale, given.texts), formatsOf(locale, given.currency)];
  return items?.map((item) => {
    const title = given.titleOf?.(item) || titleOf(item, texts);
    const score = isNumber(item.score) ? `: ${texts.outOf(formats.whole(item.score))}` : "";
    return { id: idOf(item), text: `${title}${score}` };
  });
}
