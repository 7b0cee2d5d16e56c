// The left panel: whose job, which job, or a new one.
import { html, nothing, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import { DISTRICTS, nearestDistrict } from "./athens.js";
import { capital, fromInput, moment, money, toInput, words } from "./format.js";
import type { MarketJob } from "./market.js";
import { variantOf } from "./records.js";
import { type Draft, draftFor, type State, type Update } from "./state.js";

const NEW = "new";

// Text fields are not bound "live": a ranking that arrives while somebody types must not take the typing back.

/** The choice of a client and a job, and the form of a new job. */
export function jobView(state: State, update: Update): TemplateResult {
  return html`
    <section class="panel" aria-labelledby="job-title">
      <h2 id="job-title">The job</h2>
      <div class="field">
        <label for="client">Client</label>
        <select id="client" @change=${(event: Event) => chooseClient(chosen(event), state, update)}>
          ${state.clients.map(
            (client) =>
              html`<option value=${client.clientId} ?selected=${client === state.client}>${client.label}</option>`,
          )}
        </select>
      </div>
      <div class="field">
        <label for="job">Job</label>
        <select id="job" .value=${live(state.job?.jobId ?? NEW)} @change=${(event: Event) => chooseJob(chosen(event), state, update)}>
          <option value=${NEW} ?selected=${!state.job}>Write a new job …</option>
          ${state.client.jobs.map(
            (job) => html`<option value=${job.jobId} ?selected=${job === state.job}>${jobLabel(job, state)}</option>`,
          )}
        </select>
      </div>
      ${state.job ? summary(state.job, state) : form(state, update)}
    </section>`;
}

function jobLabel(job: MarketJob, { catalog }: State): string {
  const when = job.scheduledAt === undefined ? "" : ` · ${moment(job.scheduledAt, catalog.market.utcOffsetMinutes)}`;
  return `${capital(words(job.propertyType ?? "job"))}${job.sizeM2 ? `, ${Math.round(job.sizeM2)} m²` : ""}${when}`;
}

function summary(job: MarketJob, { catalog }: State): TemplateResult {
  const { currency, utcOffsetMinutes } = catalog.market;
  const rows: [string, string | undefined][] = [
    ["Where", job.location ? nearestDistrict(job.location.latitude, job.location.longitude) : undefined],
    ["When", job.scheduledAt === undefined ? undefined : moment(job.scheduledAt, utcOffsetMinutes)],
    ["Duration", job.durationH ? `about ${Number(job.durationH.toFixed(1))} h` : undefined],
    ["Budget", job.budget ? money(job.budget, currency) : undefined],
    ["Products", job.eco ? "eco-friendly" : undefined],
    ["Bids", job.bids?.length ? String(job.bids.length) : "none"],
    ["State", words(job.status)],
  ];
  return html`<dl class="facts">
    ${rows.map(([name, value]) => (value ? html`<div><dt>${name}</dt><dd>${value}</dd></div>` : nothing))}
  </dl>`;
}

function form(state: State, update: Update): TemplateResult {
  const { draft, catalog } = state;
  const { market } = catalog;
  const change = (part: Partial<Draft>) => update({ draft: { ...state.draft, ...part } }, { rank: true });
  const number = (event: Event, low: number, high: number, use: (value: number) => Partial<Draft>) => {
    const value = (event.target as HTMLInputElement).valueAsNumber;
    if (value >= low && value <= high) change(use(value));
  };
  return html`
    <form class="draft" @submit=${(event: Event) => event.preventDefault()}>
      <div class="pair">
        <div class="field">
          <label for="type">Property</label>
          <select id="type" @change=${(event: Event) => change({ propertyType: chosen(event) })}>
            ${market.propertyTypes.map(
              (type) =>
                html`<option value=${type} ?selected=${type === draft.propertyType}>${capital(words(type))}</option>`,
            )}
          </select>
        </div>
        <div class="field">
          <label for="size">Size, m²</label>
          <input id="size" type="number" min="10" max="2000" step="5" inputmode="numeric" .value=${String(draft.sizeM2)}
            @change=${(event: Event) => number(event, 10, 2000, (sizeM2) => ({ sizeM2 }))} />
        </div>
      </div>
      <div class="field">
        <label for="area">Area</label>
        <select id="area" aria-describedby="area-hint" .value=${live(nearestDistrict(draft.location.latitude, draft.location.longitude))}
          @change=${(event: Event) => chooseArea(chosen(event), change)}>
          ${DISTRICTS.map(({ name }) => html`<option value=${name}>${name}</option>`)}
        </select>
        <p class="hint" id="area-hint">Or click the map; with the pin in focus the arrow keys move it.</p>
      </div>
      <div class="field">
        <label for="when">Date and time</label>
        <input id="when" type="datetime-local" .value=${toInput(draft.scheduledAt, market.utcOffsetMinutes)}
          @change=${(event: Event) => {
            const scheduledAt = fromInput(chosen(event), market.utcOffsetMinutes);
            if (scheduledAt !== undefined) change({ scheduledAt });
          }} />
      </div>
      <div class="pair">
        <div class="field">
          <label for="duration">Duration, h</label>
          <input id="duration" type="number" min="0.5" max="24" step="0.5" inputmode="decimal" .value=${String(draft.durationH)}
            @change=${(event: Event) => number(event, 0.5, 24, (durationH) => ({ durationH }))} />
        </div>
        <div class="field">
          <label for="budget">Budget, ${market.currency}</label>
          <input id="budget" type="number" min="0" max="10000" step="5" inputmode="numeric" placeholder="any"
            .value=${draft.budget === undefined ? "" : String(draft.budget)}
            @change=${(event: Event) => {
              const budget = (event.target as HTMLInputElement).valueAsNumber;
              change({ budget: budget > 0 ? budget : undefined });
            }} />
        </div>
      </div>
      <label class="check">
        <input id="eco" type="checkbox" .checked=${live(draft.eco)}
          @change=${(event: Event) => change({ eco: (event.target as HTMLInputElement).checked })} />
        Eco-friendly products
      </label>
    </form>`;
}

const chosen = (event: Event) => (event.target as HTMLInputElement | HTMLSelectElement).value;

function chooseArea(name: string, change: (part: Partial<Draft>) => void): void {
  const district = DISTRICTS.find((one) => one.name === name);
  if (district) change({ location: { latitude: district.at[0], longitude: district.at[1] } });
}

function chooseClient(id: string, state: State, update: Update): void {
  const client = state.clients.find((one) => one.clientId === id);
  if (!client) return;
  const job = state.job && client.jobs[0];
  const mode = state.inExperiment ? variantOf(id) : state.mode;
  update({ client, job, mode, draft: draftFor(client, state.catalog), opened: undefined }, { rank: true });
}

function chooseJob(id: string, state: State, update: Update): void {
  const job = state.client.jobs.find((one) => one.jobId === id);
  const candidates = job?.bids?.length ? state.candidates : "catalog";
  update({ job, candidates, opened: undefined }, { rank: true });
}
