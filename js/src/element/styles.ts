// How the element looks. Every colour can be replaced by a custom property of the host page; `light-dark()` follows the
// system or the attribute `theme`.
import { css } from "lit";

export const STYLES = css`
  :host {
    --_accent: var(--tidyrank-accent, light-dark(#0b57c9, #8ab8ff));
    --_on-accent: var(--tidyrank-on-accent, light-dark(#fff, #0a1a33));
    --_text: var(--tidyrank-text, light-dark(#1b2330, #e8ecf3));
    --_muted: var(--tidyrank-muted, light-dark(#566173, #a9b4c4));
    --_surface: var(--tidyrank-surface, light-dark(#fff, #1a1f29));
    --_sunken: var(--tidyrank-sunken, light-dark(#f4f6fa, #222936));
    --_border: var(--tidyrank-border, light-dark(#dde3ec, #333c4b));
    --_grade-0: var(--tidyrank-very-good, light-dark(#0a7a4b, #5fd6a2));
    --_grade-1: var(--tidyrank-good, light-dark(#2b7512, #a3d977));
    --_grade-2: var(--tidyrank-fair, light-dark(#8f5a00, #f2bd63));
    --_grade-3: var(--tidyrank-weak, light-dark(#a63c3c, #f3a1a1));
    --_radius: var(--tidyrank-radius, 14px);
    --_gap: var(--tidyrank-gap, 12px);
    --_shadow: var(--tidyrank-shadow, 0 1px 2px light-dark(rgb(20 30 50 / 6%), rgb(0 0 0 / 30%)));
    display: block;
    container-type: inline-size;
    color-scheme: light dark;
    color: var(--_text);
    font: var(--tidyrank-font, 400 1rem / 1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif);
    text-align: start;
  }
  :host([theme="light"]) {
    color-scheme: light;
  }
  :host([theme="dark"]) {
    color-scheme: dark;
  }
  :host([hidden]) {
    display: none;
  }
  * {
    box-sizing: border-box;
  }
  p,
  ul,
  ol {
    margin: 0;
    padding: 0;
    list-style: none;
  }
  .hidden {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .list {
    display: grid;
    gap: var(--_gap);
  }
  .list[aria-busy="true"] {
    opacity: 0.6;
  }
  .card {
    display: grid;
    gap: 12px;
    min-inline-size: 0;
    padding: 16px 18px;
    border: 1px solid var(--_border);
    border-radius: var(--_radius);
    background: var(--_surface);
    box-shadow: var(--_shadow);
    overflow-wrap: anywhere;
  }
  .head {
    display: grid;
    grid-template-columns: auto 1fr auto;
    gap: 14px;
    align-items: start;
  }
  .rank {
    display: grid;
    place-items: center;
    inline-size: 32px;
    block-size: 32px;
    margin-block-start: 2px;
    border-radius: 50%;
    background: var(--_sunken);
    color: var(--_muted);
    font-weight: 650;
    font-variant-numeric: tabular-nums;
  }
  .card:first-child .rank {
    background: var(--_accent);
    color: var(--_on-accent);
  }
  .what {
    min-inline-size: 0;
  }
  .title-row {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 10px;
    align-items: center;
  }
  .title {
    min-inline-size: 0;
    font-size: 1.125rem;
    font-weight: 650;
    line-height: 1.35;
  }
  .title button {
    min-block-size: 24px;
    padding: 0;
    border: 0;
    background: none;
    color: inherit;
    font: inherit;
    text-align: start;
    cursor: pointer;
    overflow-wrap: anywhere;
  }
  .title button:hover {
    color: var(--_accent);
    text-decoration: underline;
    text-underline-offset: 3px;
  }
  .badge {
    padding: 1px 9px;
    border: 1px solid var(--_accent);
    border-radius: 99px;
    color: var(--_accent);
    font-size: 0.75rem;
    font-weight: 600;
  }
  .facts {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 16px;
    margin-block-start: 2px;
    color: var(--_muted);
    font-size: 0.9375rem;
  }
  .facts li,
  .reasons li {
    display: inline-flex;
    gap: 6px;
    align-items: center;
  }
  .icon {
    flex: none;
    fill: none;
    stroke: currentColor;
    stroke-width: 1.6;
    stroke-linecap: round;
    stroke-linejoin: round;
  }
  .score {
    display: grid;
    justify-items: center;
    gap: 1px;
    inline-size: 92px;
    color: var(--_grade);
  }
  .grade-0 {
    --_grade: var(--_grade-0);
  }
  .grade-1 {
    --_grade: var(--_grade-1);
  }
  .grade-2 {
    --_grade: var(--_grade-2);
  }
  .grade-3 {
    --_grade: var(--_grade-3);
  }
  .ring {
    display: grid;
    place-items: center;
  }
  .ring > * {
    grid-area: 1 / 1;
  }
  .ring svg {
    fill: none;
    stroke-width: 4;
    rotate: -90deg;
  }
  .track {
    stroke: var(--_border);
  }
  .arc {
    stroke: currentColor;
    stroke-linecap: round;
  }
  .number {
    color: var(--_text);
    font-size: 1.0625rem;
    font-weight: 700;
    font-variant-numeric: tabular-nums;
  }
  .words {
    font-size: 0.75rem;
    font-weight: 600;
    line-height: 1.3;
    text-align: center;
  }
  .reasons {
    display: flex;
    flex-wrap: wrap;
    gap: 6px;
  }
  .reasons li {
    align-items: start;
    padding: 4px 12px 4px 8px;
    padding-inline: 8px 12px;
    border-radius: 12px;
    background: var(--_sunken);
    font-size: 0.875rem;
  }
  .reasons .icon {
    margin-block-start: 2px;
    color: var(--_grade-0);
    stroke-width: 2;
  }
  .actions {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: center;
  }
  button.main,
  button.quiet,
  button.chip {
    display: inline-flex;
    gap: 6px;
    align-items: center;
    justify-content: center;
    min-block-size: 36px;
    padding: 5px 14px;
    border: 1px solid transparent;
    border-radius: 10px;
    font: inherit;
    font-size: 0.9375rem;
    font-weight: 600;
    overflow-wrap: normal;
    cursor: pointer;
  }
  button.main {
    padding-inline: 20px;
    background: var(--_accent);
    color: var(--_on-accent);
  }
  button.main:hover {
    background: color-mix(in oklab, var(--_accent) 88%, var(--_text));
  }
  button.quiet {
    padding-inline: 10px;
    background: none;
    color: var(--_muted);
    font-weight: 500;
  }
  button.quiet:hover {
    background: var(--_sunken);
    color: var(--_text);
  }
  button.why {
    color: var(--_accent);
    font-weight: 600;
  }
  button.why:hover {
    color: var(--_accent);
  }
  button.why .icon {
    transition: rotate 0.15s;
  }
  button.why[aria-expanded="true"] .icon {
    rotate: 180deg;
  }
  button.chip {
    border-color: var(--_border);
    border-radius: 99px;
    background: var(--_surface);
    color: var(--_text);
    font-weight: 500;
  }
  button.chip:hover {
    border-color: var(--_accent);
    color: var(--_accent);
  }
  button:focus-visible,
  textarea:focus-visible,
  .thanks:focus-visible {
    outline: 3px solid var(--_accent);
    outline-offset: 2px;
    border-radius: 8px;
  }
  button.chip:focus-visible {
    border-radius: 99px;
  }
  .feedback {
    display: flex;
    flex-wrap: wrap;
    gap: 2px;
    margin-inline-start: auto;
  }
  .feedback.asking,
  .feedback.comment {
    flex-basis: 100%;
    gap: 8px;
    align-items: center;
    margin: 0;
    padding-block-start: 12px;
    border-block-start: 1px solid var(--_border);
  }
  .feedback.comment {
    display: grid;
    align-items: start;
  }
  .question,
  label {
    color: var(--_muted);
    font-size: 0.9375rem;
  }
  textarea {
    inline-size: 100%;
    padding: 8px 12px;
    border: 1px solid var(--_muted);
    border-radius: 10px;
    background: var(--_surface);
    color: var(--_text);
    font: inherit;
    resize: vertical;
  }
  .buttons {
    display: flex;
    gap: 8px;
  }
  .thanks {
    margin-inline-start: auto;
    padding: 4px 8px;
    color: var(--_grade-0);
    font-size: 0.9375rem;
    font-weight: 600;
  }
  .details {
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
    gap: 20px 32px;
    padding-block-start: 14px;
    border-block-start: 1px solid var(--_border);
    font-size: 0.9375rem;
  }
  .details[hidden] {
    display: none;
  }
  .caption {
    margin-block-end: 8px;
    color: var(--_text);
    font-size: 0.875rem;
    font-weight: 650;
    text-align: start;
  }
  .bars,
  .groups {
    display: grid;
    grid-template-columns: max-content minmax(40px, 1fr) max-content;
    gap: 7px 12px;
    align-items: center;
  }
  .groups {
    margin-block-start: 8px;
  }
  .bar-row {
    display: grid;
    grid-column: 1 / -1;
    grid-template-columns: subgrid;
    align-items: center;
  }
  .bar-label {
    color: var(--_muted);
  }
  .bar-value {
    font-variant-numeric: tabular-nums;
    text-align: end;
  }
  .bar {
    display: block;
    block-size: 8px;
    border-radius: 99px;
    background: var(--_sunken);
    box-shadow: inset 0 0 0 1px var(--_border);
    overflow: hidden;
  }
  .bar.none {
    background: repeating-linear-gradient(-45deg, var(--_border) 0 3px, transparent 3px 7px);
  }
  .bar > span {
    display: block;
    block-size: 100%;
    border-radius: inherit;
    background: var(--_accent);
  }
  .both {
    display: flex;
    block-size: 8px;
    background: linear-gradient(var(--_border) 0 0) center / 1px 100% no-repeat;
  }
  .both > span {
    block-size: 100%;
  }
  .plus {
    margin-inline-start: 50%;
    border-radius: 2px;
    background: var(--_grade-0);
  }
  .minus {
    margin-inline: auto 50%;
    border-radius: 2px;
    background: var(--_grade-3);
  }
  table {
    inline-size: 100%;
    border-collapse: collapse;
    font-variant-numeric: tabular-nums;
  }
  th,
  td {
    padding: 3px 0 3px 10px;
    padding-inline: 10px 0;
    font-weight: 400;
    text-align: end;
  }
  th:first-child {
    padding-inline-start: 0;
    color: var(--_muted);
    text-align: start;
  }
  thead th {
    color: var(--_muted);
    font-size: 0.8125rem;
  }
  tfoot th,
  tfoot td {
    border-block-start: 1px solid var(--_border);
    color: var(--_text) !important;
    font-weight: 650;
  }
  .changes li {
    padding-inline-start: 14px;
    border-inline-start: 3px solid var(--_accent);
    margin-block-end: 6px;
  }
  .waiting {
    grid-column: 1 / -1;
    color: var(--_muted);
  }
  .notice {
    margin-block-end: var(--_gap);
    padding: 10px 14px;
    border-radius: var(--_radius);
    background: var(--_sunken);
    color: var(--_muted);
    font-size: 0.9375rem;
  }
  .empty {
    padding: 36px 20px;
    border: 1px dashed var(--_muted);
    border-radius: var(--_radius);
    color: var(--_muted);
    text-align: center;
    unicode-bidi: plaintext;
  }
  .skeleton {
    grid-template-columns: auto 1fr auto;
    gap: 14px;
    min-block-size: 132px;
  }
  .bones {
    display: grid;
    gap: 10px;
    align-content: start;
  }
  .bone {
    block-size: 14px;
    border-radius: 7px;
    background: var(--_sunken);
    animation: breathe 1.4s ease-in-out infinite alternate;
  }
  .bone.short {
    inline-size: 55%;
  }
  .bone.round {
    inline-size: 32px;
    block-size: 32px;
    border-radius: 50%;
  }
  .bone.round:last-child {
    inline-size: 48px;
    block-size: 48px;
  }
  @keyframes breathe {
    to {
      background: var(--_border);
    }
  }
  @container (max-inline-size: 520px) {
    .card {
      padding: 14px;
    }
    .head {
      gap: 10px;
    }
    .score {
      inline-size: 76px;
    }
    .details {
      grid-template-columns: minmax(0, 1fr);
    }
    .actions > .main {
      flex: 1 0 auto;
    }
    .feedback {
      flex-basis: 100%;
      justify-content: space-between;
    }
    .feedback.asking,
    .feedback.comment {
      justify-content: normal;
    }
    button.main,
    button.quiet,
    button.chip {
      min-block-size: 44px;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .bone {
      animation: none;
    }
    button.why .icon {
      transition: none;
    }
  }
  @media (forced-colors: active) {
    .bar > span,
    .plus,
    .minus {
      background: CanvasText;
      forced-color-adjust: none;
    }
  }
`;
