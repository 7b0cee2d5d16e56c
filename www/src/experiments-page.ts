// Experiments: what this browser recorded, by variant, and what the report of the command line says.
import { html, nothing, type TemplateResult } from "lit-html";
import type { EventStore, RecommendationRecord } from "tidyrank/events";
import { capital, moment, score, words } from "./format.js";
import { consentView, EXPERIMENT, Records } from "./records.js";
import { type ExperimentReport, experimentReport, readReport } from "./reports.js";
import { begin, head, messageOf, scheduler, show } from "./shell.js";
import { wilson } from "./stats.js";

const LATEST = 12;

interface State {
  records: Records;
  found: RecommendationRecord[];
  report: ExperimentReport | undefined;
  problem: string | undefined;
}

let state: State;
const schedule = scheduler(draw);

async function start(): Promise<void> {
  const records = await Records.open(() => void refresh());
  state = { records, found: [], report: await readReport("experiment"), problem: undefined };
  await refresh();
}

async function refresh(): Promise<void> {
  try {
    state.found = (await state.records.store?.records()) ?? [];
  } catch (thrown) {
    state.problem = messageOf(thrown);
  }
  schedule();
}

function draw(): void {
  show(html`${head("experiments.html")}
    <main class="one">
      <section id="results" tabindex="-1" aria-labelledby="here-title">
        <h2 id="here-title">In this browser</h2>
        ${consentView(state.records, true)}
        ${state.problem ? html`<p class="notice bad" role="alert">${state.problem}</p>` : nothing}
        <div class="tiles">${variants()}${latest()}</div>
      </section>
      <section aria-labelledby="report-title">
        <h2 id="report-title">A market of simulated clients</h2>
        ${state.report ? experimentReport(state.report) : html`<p class="hint">There is no report: \`make demo\` makes one.</p>`}
      </section>
    </main>`);
}

const inExperiment = (one: RecommendationRecord) => one.experiment === EXPERIMENT.key && one.variant !== undefined;

/** Units, and how many of them came to a contact or a hire. */
function variants(): TemplateResult {
  const rows = EXPERIMENT.variants.map(({ key }) => {
    const mine = state.found.filter((one) => inExperiment(one) && one.variant === key);
    const units = new Set(mine.map((one) => one.unitId));
    const reached = (did: (one: RecommendationRecord) => boolean) =>
      new Set(mine.filter(did).map((one) => one.unitId)).size;
    return {
      key,
      units: units.size,
      contacted: reached((one) => one.outcomes.contacted !== null),
      hired: reached((one) => one.outcomes.hired !== null),
    };
  });
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  return html`<section class="panel"><h2>By variant</h2>
    <p class="hint">Tick “Let the experiment choose” on the page Find a cleaner: every client then gets a variant by their id.</p>
    <div class="scroll" tabindex="0"><table>
      <thead><tr><th scope="col">Variant</th><th scope="col" class="number">Clients</th><th scope="col" class="number">Contacted</th>
        <th scope="col" class="number">Hired</th><th scope="col" class="number">95 %</th></tr></thead>
      <tbody>${rows.map(({ key, units, contacted, hired }) => {
        const rate = wilson(hired, units);
        return html`<tr><th scope="row">${capital(key)}</th><td class="number">${units}</td><td class="number">${contacted}</td>
          <td class="number">${hired}</td><td class="number">${rate ? `${percent(rate.low)} – ${percent(rate.high)}` : "–"}</td></tr>`;
      })}</tbody>
    </table></div>
  </section>`;
}

function latest(): TemplateResult {
  const { store } = state.records;
  const rows = [...state.found].sort((a, b) => b.at - a.at || a.rank - b.rank).slice(0, LATEST);
  const outcomes = (one: RecommendationRecord) =>
    [
      ...Object.entries(one.outcomes).flatMap(([kind, came]) => (came ? [kind] : [])),
      ...one.feedback.map(({ kind }) => kind),
    ]
      .map(words)
      .join(", ");
  if (rows.length === 0) {
    return html`<section class="panel"><h2>Records</h2>
      <p class="hint">Nothing is recorded. With the box above ticked, what the other pages show appears here.</p></section>`;
  }
  return html`<section class="panel"><h2>Latest of ${state.found.length} records</h2>
    <div class="scroll" tabindex="0"><table>
      <thead><tr><th scope="col">When</th><th scope="col">What</th><th scope="col" class="number">Place</th>
        <th scope="col" class="number">Score</th><th scope="col">Outcome</th></tr></thead>
      <tbody>${rows.map(
        (one) => html`<tr><td>${moment(one.at, 0)}</td>
          <td>${one.type === "job_recommendation" ? `${one.jobId} for ${one.cleanerId}` : `${one.cleanerId} for ${one.jobId}`}</td>
          <td class="number">${one.rank}</td><td class="number">${score(one.score)}</td><td>${outcomes(one) || "–"}</td></tr>`,
      )}</tbody>
    </table></div>
    ${
      store && state.found.length > 0
        ? html`<div class="actions">
          <button class="small" @click=${() => void download(store)}>Export as JSON Lines</button>
          <button class="small" @click=${() => void store.erase().then(refresh)}>Erase all</button></div>`
        : nothing
    }
  </section>`;
}

async function download(store: EventStore): Promise<void> {
  const url = URL.createObjectURL(new Blob([await store.exportEvents()], { type: "application/x-ndjson" }));
  const link = Object.assign(document.createElement("a"), { href: url, download: "events.jsonl" });
  link.click();
  URL.revokeObjectURL(url);
}

begin("experiments.html", start);
