// The chance to win at a price, and what may be expected of it, as a picture with its figures in words.
import { html, svg, type TemplateResult } from "lit-html";
import type { BidSuggestion } from "tidyrank";
import { money } from "./format.js";

const WIDTH = 560;
const HEIGHT = 220;
const [LEFT, RIGHT, TOP, BOTTOM] = [44, 14, 14, 34];

/** The two curves of a suggestion; the amounts that it names are marked. */
export function winCurve(suggestion: BidSuggestion): TemplateResult {
  const { curve, currency, min, optimal, max, best } = suggestion;
  const first = curve[0];
  const last = curve[curve.length - 1];
  if (!first || !last || last.price <= first.price) return html`<p class="hint">No prices to compare.</p>`;
  // The scale of the chance goes up to the next 10 % above the highest.
  const top = Math.min(1, Math.ceil(10 * Math.max(...curve.map((point) => point.winProbability)) + 0.01) / 10);
  const most = Math.max(...curve.map((point) => point.expectedRevenue), 1);
  const x = (price: number) => LEFT + ((price - first.price) / (last.price - first.price)) * (WIDTH - LEFT - RIGHT);
  const y = (share: number) => TOP + (1 - share) * (HEIGHT - TOP - BOTTOM);
  const line = (value: (at: (typeof curve)[number]) => number) =>
    curve.map((point) => `${x(point.price).toFixed(1)},${y(value(point)).toFixed(1)}`).join(" ");
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const mark = (price: number, kind: string) =>
    svg`<line class="mark ${kind}" x1=${x(price)} x2=${x(price)} y1=${TOP} y2=${HEIGHT - BOTTOM}></line>`;
  const spoken = curve
    .filter((_, at) => at % Math.ceil(curve.length / 6) === 0)
    .map((point) => `${money(point.price, currency)}: ${Math.round(100 * point.winProbability)} percent`)
    .join("; ");
  return html`<figure class="curve">
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Chance to win by price. ${spoken}">
      <rect class="range" x=${x(Math.max(min, first.price))} width=${Math.max(0, x(Math.min(max, last.price)) - x(Math.max(min, first.price)))}
        y=${TOP} height=${HEIGHT - TOP - BOTTOM}></rect>
      ${ticks.map(
        (share) => svg`<line class="grid" x1=${LEFT} x2=${WIDTH - RIGHT} y1=${y(share)} y2=${y(share)}></line>
          <text class="tick" x=${LEFT - 7} y=${y(share) + 4} text-anchor="end">${Number((100 * top * share).toFixed(1))} %</text>`,
      )}
      ${[0, 0.25, 0.5, 0.75, 1].map((share) => {
        const price = first.price + share * (last.price - first.price);
        return svg`<text class="tick" x=${x(price)} y=${HEIGHT - 12} text-anchor="middle">${money(price, currency)}</text>`;
      })}
      ${mark(optimal, "optimal")} ${mark(best.price, "best")}
      <polyline class="line revenue" points=${line((point) => point.expectedRevenue / most)}></polyline>
      <polyline class="line win" points=${line((point) => point.winProbability / top)}></polyline>
    </svg>
    <figcaption class="legend">
      <span><span class="dot rule"></span>chance to win</span>
      <span><span class="dot neural"></span>expected revenue, at most ${money(most, currency)}</span>
      <span><span class="dot band"></span>suggested range</span>
    </figcaption>
  </figure>`;
}
