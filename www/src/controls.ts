// How to rank: the mode, the weight of the rules, the distance, and who is looked at.
import { html, nothing, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import type { Mode } from "tidyrank";
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
      <fieldset>
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
    </section>`;
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
