// How to rank: the mode, the weight of the rules, the distance, and who is looked at.
import { html, nothing, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import type { Filters, Mode } from "tidyrank";
import { variantOf } from "./records.js";
import { ANY_DISTANCE, type State, type Update } from "./state.js";

const MODES: { mode: Mode; name: string; hint: string }[] = [
  { mode: "rules", name: "Rules", hint: "Track record only: reviews, reliability, experience, bids, activity." },
  { mode: "ensemble", name: "Ensemble", hint: "Track record and the model's prediction for this client and job." },
  { mode: "neural", name: "Model", hint: "The model's prediction for this client and job only." },
];

/** The controls; every change ranks again at once. */
export function controlsView(state: State, update: Update): TemplateResult {
  const mode = MODES.findIndex((one) => one.mode === state.mode);
  const percent = Math.round(state.ruleWeight * 100);
  const priceShare = Math.round(state.priceWeight * 100);
  return html`
    <section class="panel" aria-labelledby="controls-title">
      <h2 id="controls-title">The ranking</h2>
      <label class="check">
        <input id="experiment" type="checkbox" .checked=${live(state.inExperiment)}
          @change=${(event: Event) => join((event.target as HTMLInputElement).checked, state, update)} />
        Let the experiment choose
      </label>
      <fieldset ?disabled=${state.inExperiment}>
        <legend>Score by</legend><div class="segments">
        ${MODES.map(
          ({ mode: value, name }) => html`<label>
            <input type="radio" name="mode" value=${value} .checked=${live(value === state.mode)}
              @change=${() => update({ mode: value }, { rank: true })} />
            <span>${name}</span>
          </label>`,
        )}</div>
      </fieldset>
      <p class="hint">${MODES[mode]?.hint}</p>
      <div class="field">
        <label for="weight">Weight</label>
        <output for="weight"><span class="dot rule"></span>Rules ${percent} % <span class="dot neural"></span>Model ${100 - percent} %</output>
        <input id="weight" type="range" min="0" max="100" step="5" .value=${live(String(percent))} ?disabled=${state.mode !== "ensemble"}
          aria-valuetext="Rules ${percent} percent, model ${100 - percent} percent"
          @input=${(event: Event) => update({ ruleWeight: numberOf(event) / 100 }, { rank: true })} />
      </div>
      <div class="field">
        <label for="price">Price</label>
        <output for="price">counts ${priceShare} %</output>
        <input
          id="price"
          type="range"
          min="0"
          max="100"
          step="5"
          .value=${live(String(priceShare))}
          ?disabled=${state.mode !== "ensemble"}
          aria-valuetext="${priceShare} percent of the score"
          @input=${(event: Event) => update({ priceWeight: numberOf(event) / 100 }, { rank: true })}
        />
      </div>
      <div class="field">
        <label for="distance">Distance</label>
        <output for="distance">${distanceText(state.maxDistanceKm)}</output>
        <input id="distance" type="range" min="1" max=${ANY_DISTANCE} step="1" .value=${live(String(state.maxDistanceKm))}
          aria-valuetext=${distanceText(state.maxDistanceKm)}
          @input=${(event: Event) => update({ maxDistanceKm: numberOf(event) }, { rank: true })} />
      </div>
      ${state.job?.bids?.length ? candidatesView(state, update) : nothing}
      ${filtersView(state, update)}
    </section>`;
}

/** Who is left out. A cleaner of whom something is unknown stays. */
function filtersView(state: State, update: Update): TemplateResult {
  const { filters, catalog } = state;
  const change = (part: { [Name in keyof Filters]?: Filters[Name] | undefined }) => {
    const all = Object.entries({ ...filters, ...part }).filter(([, value]) => value !== undefined && value !== false);
    update({ filters: Object.fromEntries(all) }, { rank: true });
  };
  const amount = (event: Event) => (numberOf(event) > 0 ? numberOf(event) : undefined);
  const check = (id: "eco" | "available", name: string) => html`<label class="check">
      <input id="only-${id}" type="checkbox" .checked=${live(filters[id] === true)}
        @change=${(event: Event) => change({ [id]: (event.target as HTMLInputElement).checked })} />${name}
    </label>`;
  return html`<details class="more-filters">
    <summary>Filters${Object.keys(filters).length > 0 ? html` <span class="badge">${Object.keys(filters).length}</span>` : nothing}</summary>
    <div class="draft">
      <div class="pair">
        <div class="field">
          <label for="max-price">At most, ${catalog.market.currency}</label>
          <input id="max-price" type="number" min="0" max="10000" step="5" inputmode="numeric" placeholder="any"
            .value=${String(filters.maxPrice ?? "")} @change=${(event: Event) => change({ maxPrice: amount(event) })} />
        </div>
        <div class="field">
          <label for="min-rating">Rated at least</label>
          <input id="min-rating" type="number" min="0" max="10" step="0.5" inputmode="decimal" placeholder="any"
            .value=${String(filters.minRating ?? "")} @change=${(event: Event) => change({ minRating: amount(event) })} />
        </div>
      </div>
      ${check("eco", "Has eco-friendly products")} ${check("available", "Works at that hour")}
    </div>
  </details>`;
}

/** In the experiment a client always gets the same mode. */
function join(inExperiment: boolean, state: State, update: Update): void {
  update({ inExperiment, ...(inExperiment && { mode: variantOf(state.client.clientId) }) }, { rank: true });
}

const numberOf = (event: Event) => (event.target as HTMLInputElement).valueAsNumber;

function distanceText(km: number): string {
  return km >= ANY_DISTANCE ? "any" : `up to ${km} km`;
}

function candidatesView(state: State, update: Update): TemplateResult {
  const choices = [
    { value: "catalog", name: "Everyone" },
    { value: "bidders", name: "Those who bid" },
  ] as const;
  return html`<fieldset>
    <legend>Cleaners</legend><div class="segments">
    ${choices.map(
      ({ value, name }) => html`<label>
        <input type="radio" name="candidates" value=${value} .checked=${live(value === state.candidates)}
          @change=${() => update({ candidates: value }, { rank: true })} />
        <span>${name}</span>
      </label>`,
    )}</div>
  </fieldset>`;
}
