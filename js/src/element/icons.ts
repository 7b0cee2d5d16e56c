// The icons, drawn by us; none of them says anything that a text does not.
import { html, svg, type TemplateResult } from "lit";

const icon = (paths: TemplateResult) =>
  html`<svg class="icon" viewBox="0 0 20 20" width="16" height="16" aria-hidden="true" focusable="false">${paths}</svg>`;

export const ICONS = {
  price: icon(
    svg`<path d="M3 10.5 10.5 3H16a1 1 0 0 1 1 1v5.5L9.5 17a1.4 1.4 0 0 1-2 0L3 12.5a1.4 1.4 0 0 1 0-2Z"/><circle cx="13.3" cy="6.7" r="1.1"/>`,
  ),
  distance: icon(
    svg`<path d="M10 17.5s5.5-4.6 5.5-9a5.5 5.5 0 0 0-11 0c0 4.4 5.5 9 5.5 9Z"/><circle cx="10" cy="8.5" r="2"/>`,
  ),
  bids: icon(svg`<path d="M4 16h12M5.5 13l4-4M8.3 5.2l6.5 6.5M11 3l-3.5 3.5M17 9l-3.5 3.5"/>`),
  reason: icon(svg`<path d="m4.5 10.5 3.7 3.7 7.3-8"/>`),
  open: icon(svg`<path d="m5.5 8 4.5 4.5L14.5 8"/>`),
  helpful: icon(
    svg`<path d="M6.5 9 9 3.2a1.7 1.7 0 0 1 2.3 1.8L10.8 8h4a1.5 1.5 0 0 1 1.5 1.8l-1 5A1.5 1.5 0 0 1 13.8 16H6.5M6.5 9v7H3.8V9Z"/>`,
  ),
  not: icon(
    svg`<path d="M6.5 11 9 16.8a1.7 1.7 0 0 0 2.3-1.8l-.5-3h4a1.5 1.5 0 0 0 1.5-1.8l-1-5A1.5 1.5 0 0 0 13.8 4H6.5M6.5 11V4H3.8v7Z"/>`,
  ),
};
