// `tidyrank/react`: the element as a component.
import { createComponent } from "@lit/react";
import * as React from "react";
import type { TidyrankResultsProps } from "../../types/react.js";
import { TidyrankResults as Element, linesOf } from "../element/index.js";

const Wrapped = createComponent({
  react: React,
  tagName: "tidyrank-results",
  elementClass: Element,
  events: {
    onSelect: "tidyrank-select",
    onContact: "tidyrank-contact",
    onFeedback: "tidyrank-feedback",
    onToggle: "tidyrank-toggle",
  },
  displayName: "TidyrankResults.Element",
});

/** Shows a ranking; what is rendered on a server is a plain list of the same results. */
export const TidyrankResults = React.forwardRef<Element, TidyrankResultsProps>((props, ref) => {
  const { children = plainList(props), ...rest } = props;
  return React.createElement(Wrapped as unknown as React.ElementType, { ...rest, ref }, children);
});
TidyrankResults.displayName = "TidyrankResults";

/** The element's default slot: seen until the element itself is there. Only depends on the properties. */
function plainList(props: TidyrankResultsProps) {
  const lines = linesOf(props);
  const line = ({ id, text }: { id: string; text: string }) => React.createElement("li", { key: id }, text);
  return lines && React.createElement("ol", null, lines.map(line));
}
