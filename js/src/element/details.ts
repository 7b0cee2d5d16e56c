// What opens under a result: how well it fits, how its score adds up, what the model makes of it, what would change it.
import { html, nothing, type TemplateResult } from "lit";
import type { ResultExplanation, ResultItem, ResultsTexts, ScorePartName } from "../../types/element.js";
import { type Formats, isNumber, partsOf } from "./view.js";

const SCORE_PARTS: ScorePartName[] = ["rules", "neural", "price"];

/** An explanation that was asked for. */
export type Asked = "pending" | "failed" | ResultExplanation;

export interface DetailsView {
  item: ResultItem;
  /** Nothing where the host has no explanations. */
  explanation: Asked | undefined;
  texts: ResultsTexts;
  formats: Formats;
}

export function detailsTemplate(view: DetailsView): TemplateResult {
  const { explanation } = view;
  const parts = isAnswer(explanation) ? scorePartsTemplate(explanation, view) : nothing;
  return html`${breakdownTemplate(view)}${parts}${contributionsTemplate(view)}${explanationTemplate(view)}`;
}

function breakdownTemplate({ item, texts, formats }: DetailsView) {
  const parts = partsOf(item);
  if (parts.length === 0) return nothing;
  return html`<section part="breakdown">
    <p class="caption">${texts.breakdown}</p>
    <ul class="bars" role="list">
      ${parts.map(({ part, value }) => barTemplate(texts.parts[part], value, texts, formats))}
    </ul>
  </section>`;
}

function barTemplate(label: string, value: number | null, texts: ResultsTexts, formats: Formats): TemplateResult {
  if (!isNumber(value)) {
    return html`<li class="bar-row">
      <span class="bar-label">${label}</span><span class="bar none" part="bar"></span>
      <span class="bar-value">${texts.unknown}</span>
    </li>`;
  }
  const shown = Math.min(Math.max(value, 0), 100);
  return html`<li class="bar-row">
    <span class="bar-label" aria-hidden="true">${label}</span>
    <span
      class="bar"
      part="bar"
      role="meter"
      aria-label=${label}
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow=${Math.round(shown)}
      aria-valuetext=${texts.outOf(formats.whole(value))}
      ><span part="bar-fill" .style=${`inline-size:${shown}%`}></span
    ></span>
    <span class="bar-value" aria-hidden="true">${formats.whole(value)}</span>
  </li>`;
}

function contributionsTemplate({ item, texts, formats }: DetailsView) {
  const { contributions = [], ruleScore } = item;
  if (contributions.length === 0) return nothing;
  const rows = contributions.map(({ component, contribution: points, ...row }) => {
    return { ...row, points, label: texts.components[component] ?? component };
  });
  const total = { label: texts.total, points: ruleScore };
  return html`<section part="contributions">${tableTemplate(texts.contributions, rows, total, texts, formats)}</section>`;
}

/** The score itself: of what it is made; the rules are one part of it. */
function scorePartsTemplate({ parts }: ResultExplanation, { item, texts, formats }: DetailsView) {
  if (!parts) return nothing;
  const rows = SCORE_PARTS.map((part) => ({ ...parts[part], label: texts.scorePart[part] }));
  const total = { label: texts.scoreTotal, points: item.score };
  return html`<section part="score-parts">${tableTemplate(texts.scoreParts, rows, total, texts, formats)}</section>`;
}

interface Row {
  label: string;
  weight: number;
  value: number | null;
  points: number;
}

/** A table whose points add up. */
function tableTemplate(
  caption: string,
  rows: Row[],
  total: { label: string; points: number | undefined },
  texts: ResultsTexts,
  formats: Formats,
): TemplateResult {
  const row = ({ label, weight, value, points }: Row) => html`<tr>
    <th scope="row">${label}</th>
    <td>${formats.whole(weight)} %</td>
    <td>${isNumber(value) ? formats.whole(value) : texts.unknown}</td>
    <td>${formats.points(points)}</td>
  </tr>`;
  const foot = isNumber(total.points)
    ? html`<tfoot>
        <tr>
          <th scope="row" colspan="3">${total.label}</th>
          <td>${formats.points(total.points)}</td>
        </tr>
      </tfoot>`
    : nothing;
  return html`<table>
    <caption class="caption">
      ${caption}
    </caption>
    <thead>
      <tr>
        <th scope="col">${texts.component}</th>
        <th scope="col">${texts.weight}</th>
        <th scope="col">${texts.value}</th>
        <th scope="col">${texts.points}</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(row)}
    </tbody>
    ${foot}
  </table>`;
}

function explanationTemplate(view: DetailsView) {
  const { item, explanation, texts, formats } = view;
  const { interval, neuralScore } = item;
  const range =
    interval && isNumber(neuralScore)
      ? html`<p><bdi>${texts.interval(formats.whole(neuralScore), formats.whole(interval[0]), formats.whole(interval[1]))}</bdi></p>`
      : nothing;
  const groups = isAnswer(explanation) ? groupsTemplate(explanation, view) : nothing;
  const changes = isAnswer(explanation) ? changesTemplate(explanation, view) : nothing;
  const waiting =
    explanation === "pending"
      ? html`<p class="waiting" role="status">${texts.explaining}</p>`
      : explanation === "failed"
        ? html`<p class="waiting" role="status">${texts.unexplained}</p>`
        : nothing;
  const model =
    range === nothing && groups === nothing
      ? nothing
      : html`<section part="model"><p class="caption">${texts.model}</p>${range}${groups}</section>`;
  return html`${model}${changes}${waiting}`;
}

/** What each group of features adds to the usual score, or takes from it. */
function groupsTemplate({ neural }: ResultExplanation, { texts, formats }: DetailsView) {
  if (!neural || neural.groups.length === 0) return nothing;
  const signed = (points: number) => `${points < 0 ? "−" : "+"}${formats.points(Math.abs(points))}`;
  const widest = Math.max(...neural.groups.map(({ points }) => Math.abs(points)), 1e-9);
  const share = (points: number) => `inline-size:${(Math.abs(points) / widest) * 50}%`;
  return html`<ul class="groups" role="list">
    <li class="bar-row">
      <span class="bar-label">${texts.baseline}</span><span></span>
      <span class="bar-value">${formats.points(neural.baseline)}</span>
    </li>
    ${neural.groups.map(
      ({ group, points }) => html`<li class="bar-row">
        <span class="bar-label">${texts.groups[group] ?? group}</span>
        <span class="both" aria-hidden="true"
          ><span class=${points < 0 ? "minus" : "plus"} part="group-bar" .style=${share(points)}></span
        ></span>
        <span class="bar-value">${signed(points)}</span>
      </li>`,
    )}
  </ul>`;
}

function changesTemplate({ counterfactuals = [] }: ResultExplanation, { texts }: DetailsView) {
  if (counterfactuals.length === 0) return nothing;
  return html`<section part="changes">
    <p class="caption">${texts.changes}</p>
    <ul class="changes">
      ${counterfactuals.map(({ text }) => html`<li><bdi>${text}</bdi></li>`)}
    </ul>
  </section>`;
}

function isAnswer(explanation: Asked | undefined): explanation is ResultExplanation {
  return typeof explanation === "object" && explanation !== null;
}
