// The ranked cleaners: a card each, with the score, what it is made of, and the reasons.
import { html, nothing, svg, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import type { Breakdown, RankedCleaner, RankingMeta } from "tidyrank";
import { bar } from "./bars.js";
import { capital, distance, money, score } from "./format.js";
import { FEEDBACK } from "./records.js";
import { PAGE_SIZE, type State, type Update } from "./state.js";

const MATCH: { key: keyof Breakdown; name: string }[] = [
  { key: "quality", name: "Quality" },
  { key: "location", name: "Location" },
  { key: "specialisation", name: "Specialisation" },
  { key: "pricing", name: "Pricing" },
  { key: "availability", name: "Availability" },
  { key: "reliability", name: "Reliability" },
];

/** The list, or what there is to say in its place. */
export function resultsView(state: State, update: Update): TemplateResult {
  const { ranking } = state;
  return html`
    <section class="results" id="results" aria-labelledby="results-title" tabindex="-1">
      <div class="results-head">
        <h2 id="results-title">Cleaners</h2>
        <p class="count">${ranking ? countText(ranking.meta) : ""}</p>
      </div>
      ${notices(state)}
      ${state.error ? html`<p class="notice bad" role="alert">${state.error}</p>` : nothing}
      ${ranking && ranking.items.length === 0 ? empty(ranking.meta, state, update) : nothing}
      <ol class="cards">
        ${repeat(
          ranking?.items ?? [],
          (item) => item.cleanerId,
          (item) => card(item, state, update),
        )}
      </ol>
      ${
        ranking && ranking.items.length >= state.limit
          ? html`<button class="more" @click=${() => update({ limit: state.limit + PAGE_SIZE }, { rank: true })}>Show more</button>`
          : nothing
      }
    </section>`;
}

function countText({ scored, candidates }: RankingMeta): string {
  return scored === candidates ? `${scored} compared` : `${scored} of ${candidates} compared`;
}

function notices(state: State) {
  const texts = [...state.warnings];
  const { fallback } = state.ranking?.meta ?? {};
  if (fallback && !texts.includes(fallback.text)) texts.push(fallback.text);
  return texts.map((text) => html`<p class="notice" role="status">${capital(text)}</p>`);
}

function empty({ excluded }: RankingMeta, state: State, update: Update): TemplateResult {
  const far = excluded.distance ?? 0;
  return html`<div class="empty">
    <p>No cleaner takes this job${far > 0 ? ` within ${state.maxDistanceKm} km` : ""}.</p>
    ${
      far > 0
        ? html`<button @click=${() => update({ maxDistanceKm: Math.min(40, state.maxDistanceKm * 2) }, { rank: true })}>
          Look further (${far} beyond the limit)
        </button>`
        : nothing
    }
  </div>`;
}

function card(item: RankedCleaner, state: State, update: Update): TemplateResult {
  const open = state.opened === item.cleanerId;
  const id = `cleaner-${item.cleanerId}`;
  return html`
    <li id=${id} data-id=${item.cleanerId} class="card ${open ? "open" : ""} ${state.pointed === item.cleanerId ? "pointed" : ""}"
      @pointerenter=${() => update({ pointed: item.cleanerId })} @pointerleave=${() => update({ pointed: undefined })}>
      <button class="head" aria-expanded=${open} aria-controls="${id}-details"
        @click=${() => {
          if (!open) state.records.outcome(item.cleanerId, "viewed");
          update({ opened: open ? undefined : item.cleanerId });
        }}
        @focus=${() => update({ pointed: item.cleanerId })} @blur=${() => update({ pointed: undefined })}>
        <span class="rank">${item.rank}</span>
        <span class="who"><span class="name">${item.name || item.cleanerId}</span><span class="meta">${metaText(item, state)}</span></span>
        <span class="score"><span class="value">${score(item.score)}</span><span class="of">of 100</span></span>
      </button>
      ${parts(item, state)}
      <ul class="reasons">${item.reasons.slice(0, open ? undefined : 2).map((reason) => html`<li>${reason.text}</li>`)}</ul>
      <div class="details" id="${id}-details" ?hidden=${!open}>${open ? details(item, state) : nothing}</div>
    </li>`;
}

function metaText(item: RankedCleaner, { catalog }: State): string {
  const { currency } = catalog.market;
  const price = item.price === null ? undefined : `${item.bid ? "bids" : "about"} ${money(item.price, currency)}`;
  const away = item.distanceKm === null ? undefined : `${distance(item.distanceKm)} away`;
  return [price, away].filter(Boolean).join(" · ");
}

/** The score as one bar: what the rules, the model and the price add to it. */
function parts(item: RankedCleaner, state: State): TemplateResult {
  const { ruleWeight = 1, priceWeight = 0 } = state.ranking?.meta ?? {};
  const { pricing } = item.breakdown;
  const forPrice = pricing === null ? 0 : priceWeight;
  const shares = [
    { kind: "rule", name: "Rules", value: item.ruleScore, share: (1 - forPrice) * ruleWeight },
    { kind: "neural", name: "Model", value: item.neuralScore, share: (1 - forPrice) * (1 - ruleWeight) },
    { kind: "price", name: "Price", value: pricing, share: forPrice },
  ];
  let end = 0;
  const pieces = shares.map(({ kind, value, share }) => {
    const start = end;
    end += share * (value ?? 0);
    return svg`<rect class=${kind} x=${start} width=${end - start} height="6"></rect>`;
  });
  const named = shares.filter(({ kind }) => kind !== "price" || priceWeight > 0);
  return html`
    <div class="parts">
      <svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect class="track" width="100" height="6"></rect>
        ${pieces}
      </svg>
      <p class="legend">
        ${named.map(
          ({ kind, name, value }) =>
            html`<span><span class="dot ${kind}"></span>${name} ${value === null ? "–" : score(value)}</span>`,
        )}
      </p>
    </div>`;
}

function details(item: RankedCleaner, state: State): TemplateResult {
  return html`
    ${state.job ? actions(item, state, state.job.jobId) : nothing}
    <h3>Match with this job</h3>
    <dl class="bars">${MATCH.map(({ key, name }) => bar(name, item.breakdown[key], "match"))}</dl>
    <h3>Rule score <span class="sum">${score(item.ruleScore)}</span></h3>
    <dl class="bars">
      ${item.contributions.map((part) =>
        bar(
          `${capital(part.component)} × ${Math.round(part.weight)} %`,
          part.value,
          "rule",
          `+${score(part.contribution)}`,
        ),
      )}
    </dl>
    ${item.neuralScore === null ? nothing : neural(item)}`;
}

/** What a client can do, and say of the recommendation: kept in this browser, if it may keep anything. */
function actions(item: RankedCleaner, { records, client }: State, jobId: string): TemplateResult {
  const why = new URLSearchParams({ client: client.clientId, job: jobId, cleaner: item.cleanerId });
  const does = (kind: "contacted" | "hired", name: string) =>
    html`<button class="small" aria-pressed=${records.has(item.cleanerId, kind)}
      @click=${() => records.outcome(item.cleanerId, kind)}>${name}</button>`;
  return html`<div class="actions">
    <a class="small" href="./why.html?${why}">Why here?</a>
    ${
      records.mayRecord
        ? html`${does("contacted", "Contact")} ${does("hired", "Hire")}
          <label class="feedback">Feedback
            <select @change=${(event: Event) => records.feedback(item.cleanerId, (event.target as HTMLSelectElement).value)}>
              <option value="">…</option>
              ${FEEDBACK.map(([kind, text]) => html`<option value=${kind} ?selected=${records.said(item.cleanerId) === kind}>${text}</option>`)}
            </select>
          </label>`
        : nothing
    }
  </div>`;
}

function neural(item: RankedCleaner): TemplateResult {
  const { interval } = item;
  return html`<h3>Model score <span class="sum">${score(item.neuralScore ?? 0)}</span></h3>
    ${
      interval
        ? html`<p class="hint">The rating to expect, in percent of the scale: in nine of ten cases between
          ${score(interval[0])} and ${score(interval[1])}.</p>`
        : nothing
    }
    <dl class="bars">
      ${item.collaborativeScore === null ? nothing : bar("Clients like this one", item.collaborativeScore, "neural")}
      ${item.contentScore === null ? nothing : bar("Jobs like this one", item.contentScore, "neural")}
    </dl>
    <p class="hint">The model blends its two parts; one alone may pass 100.</p>`;
}
