// What opens under a result: how well it fits, how its score adds up, what the model makes of it, what would change it.
import { html, nothing, type TemplateResult } from "lit";
import type { ResultExplanation, ResultItem, ResultsTexts } from "../../types/element.js";
import { type Formats, isNumber, partsOf } from "./view.js";

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
  return html`${breakdownTemplate(view)}${contributionsTemplate(view)}${explanationTemplate(view)}`;
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
  return html`<section part="contributions">
    <table>
      <caption class="caption">
        ${texts.contributions}
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
        ${contributions.map(
          ({ component, weight, value, contribution }) => html`<tr>
            <th scope="row">${texts.components[component] ?? component}</th>
            <td>${formats.whole(weight)} %</td>
            <td>${isNumber(value) ? formats.whole(value) : texts.unknown}</td>
            <td>${formats.tenth(contribution)}</td>
          </tr>`,
        )}
      </tbody>
      ${
        isNumber(ruleScore)
          ? html`<tfoot>
              <tr>
                <th scope="row" colspan="3">${texts.total}</th>
                <td>${formats.tenth(ruleScore)}</td>
              </tr>
            </tfoot>`
          : nothing
      }
    </table>
  </section>`;
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
  const signed = (points: number) => `${points < 0 ? "−" : "+"}${formats.tenth(Math.abs(points))}`;
  const widest = Math.max(...neural.groups.map(({ points }) => Math.abs(points)), 1e-9);
  const share = (points: number) => `inline-size:${(Math.abs(points) / widest) * 50}%`;
  return html`<ul class="groups" role="list">
    <li class="bar-row">
      <span class="bar-label">${texts.baseline}</span><span></span>
      <span class="bar-value">${formats.tenth(neural.baseline)}</span>
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
