/**
 * `<TidyrankResults>`: the element of `tidyrank/element` as a React component (17 or later).
 *
 * On the server, and until the element is defined, it renders a plain list of what it is given: the same markup in every
 * place, so that hydration finds what it expects.
 *
 * @module tidyrank/react
 */
import type { HTMLAttributes, ReactElement, ReactNode, RefAttributes } from "react";
import type { TidyrankResults as Element, ResultItem, ResultsEventMap } from "./element.js";

export type * from "./element.js";

type Properties =
  | "ranking"
  | "items"
  | "initialResults"
  | "loading"
  | "locale"
  | "currency"
  | "texts"
  | "theme"
  | "headingLevel"
  | "titleOf"
  | "explain"
  | "expanded"
  | "recommendationIds"
  | "hideContact"
  | "hideFeedback"
  | "hideDetails";

/** The element's properties and events. */
export interface TidyrankResultsProps<Item extends ResultItem = ResultItem>
  extends Omit<HTMLAttributes<HTMLElement>, "onSelect" | "onToggle">,
    Partial<Pick<Element<Item>, Properties>> {
  onSelect?: (event: ResultsEventMap<Item>["tidyrank-select"]) => void;
  onContact?: (event: ResultsEventMap<Item>["tidyrank-contact"]) => void;
  onFeedback?: (event: ResultsEventMap<Item>["tidyrank-feedback"]) => void;
  onToggle?: (event: ResultsEventMap<Item>["tidyrank-toggle"]) => void;
  /** Shown instead of the plain list, and in the element's slots. */
  children?: ReactNode;
}

/** Shows a ranking. */
export declare const TidyrankResults: {
  <Item extends ResultItem = ResultItem>(
    props: TidyrankResultsProps<Item> & RefAttributes<Element<Item>>,
  ): ReactElement | null;
  displayName?: string;
};
