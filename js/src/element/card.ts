// One result of the list.
import { html, nothing, type TemplateResult } from "lit";
import { type DetailsView, detailsTemplate } from "./details.js";
import { type FeedbackView, feedbackTemplate } from "./feedback.js";
import { ICONS } from "./icons.js";
import { factsOf, gradeOf, isNumber } from "./view.js";

/** The circle's length: its radius is 20. */
const AROUND = 125.664;

export interface CardView extends DetailsView, FeedbackView {
  headingLevel: number;
  expanded: boolean;
  hide: { contact: boolean; feedback: boolean; details: boolean };
  select(): void;
  contact(): void;
  toggle(): void;
}

export function cardTemplate(view: CardView): TemplateResult {
  const { item, title, id, texts, headingLevel, expanded, hide } = view;
  return html`<li class="card" part="card" data-id=${id}>
    <div class="head">
      <span class="rank" part="rank"><span class="hidden">${texts.rank(item.rank)}</span><span aria-hidden="true">${item.rank}</span></span>
      <div class="what">
        <div class="title-row">
          <div role="heading" aria-level=${headingLevel} class="title" part="title">
            <button type="button" part="name" aria-label=${texts.select(title)} @click=${view.select}><bdi>${title}</bdi></button>
          </div>
          ${item.isNew ? html`<span class="badge" part="badge">${texts.isNew}</span>` : nothing}
        </div>
        ${factsTemplate(view)}
      </div>
      ${scoreTemplate(view)}
    </div>
    ${reasonsTemplate(view)}
    <div class="actions" part="actions">
      ${
        hide.contact
          ? nothing
          : html`<button
              type="button"
              class="main"
              part="button contact"
              aria-label=${texts.contactWith(title)}
              @click=${view.contact}
            >
              <bdi>${texts.contact}</bdi>
            </button>`
      }
      ${
        hide.details
          ? nothing
          : html`<button
              type="button"
              class="quiet why"
              part="button details-button"
              aria-expanded=${expanded ? "true" : "false"}
              aria-controls="${id}-details"
              aria-label="${texts.why} ${title}"
              @click=${view.toggle}
            >
              <bdi>${texts.why}</bdi>${ICONS.open}
            </button>`
      }
      ${hide.feedback ? nothing : feedbackTemplate(view)}
    </div>
    ${
      hide.details
        ? nothing
        : html`<div
            id="${id}-details"
            class="details"
            part="details"
            role="region"
            aria-label=${texts.details(title)}
            ?hidden=${!expanded}
          >
            ${expanded ? detailsTemplate(view) : nothing}
          </div>`
    }
  </li>`;
}

function factsTemplate({ item, texts, formats }: CardView) {
  const facts = factsOf(item, texts, formats);
  if (facts.length === 0) return nothing;
  return html`<ul class="facts" part="facts" role="list">
    ${facts.map(({ icon, text }) => html`<li>${ICONS[icon]}<bdi>${text}</bdi></li>`)}
  </ul>`;
}

function reasonsTemplate({ item: { reasons = [] } }: CardView) {
  if (reasons.length === 0) return nothing;
  return html`<ul class="reasons" part="reasons" role="list">
    ${reasons.map(({ text }) => html`<li>${ICONS.reason}<bdi>${text}</bdi></li>`)}
  </ul>`;
}

function scoreTemplate({ item: { score }, texts, formats }: CardView) {
  if (!isNumber(score)) return nothing;
  const grade = gradeOf(score);
  const length = (Math.min(Math.max(score, 0), 100) / 100) * AROUND;
  const words = texts.grades[grade];
  return html`<p class="score grade-${grade}" part="score">
    <span class="hidden">${texts.score(formats.whole(score), words)}</span>
    <span class="ring" aria-hidden="true">
      <svg viewBox="0 0 48 48" width="48" height="48" focusable="false">
        <circle class="track" cx="24" cy="24" r="20"/>
        <circle class="arc" cx="24" cy="24" r="20" stroke-dasharray="${length} ${AROUND}"/>
      </svg>
      <span class="number">${formats.whole(score)}</span>
    </span>
    <span class="words" aria-hidden="true">${words}</span>
  </p>`;
}
