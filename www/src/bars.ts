// Values as bars, each with its name and its figure in words.
import { html, svg, type TemplateResult } from "lit-html";
import { score } from "./format.js";

/** One value of 0 to 100; `text` stands in place of its figure. */
export function bar(name: string, value: number | null, kind: string, text?: string): TemplateResult {
  return html`<div>
    <dt>${name}</dt>
    <dd>
      <svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect class="track" width="100" height="6"></rect>
        ${svg`<rect class=${kind} width=${Math.min(100, Math.max(0, value ?? 0))} height="6"></rect>`}
      </svg>
      <span>${value === null ? "unknown" : (text ?? score(value))}</span>
    </dd>
  </div>`;
}

/** One value that helps or harms: to the right or to the left of a line in the middle; `most` fills a side. */
export function signedBar(name: string, value: number, most: number, text: string): TemplateResult {
  const width = (50 * Math.min(Math.abs(value), most)) / (most || 1);
  return html`<div>
    <dt>${name}</dt>
    <dd>
      <svg class="bar signed" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect class="track" width="100" height="6"></rect>
        ${svg`<rect class=${value < 0 ? "harm" : "help"} x=${value < 0 ? 50 - width : 50} width=${width} height="6"></rect>`}
      </svg>
      <span>${text}</span>
    </dd>
  </div>`;
}
