// Find a cleaner: load, keep the state, draw, rank again whenever something that matters changes.
import { html, nothing } from "lit-html";
import type { Job, RecommendOptions } from "tidyrank";
import { controlsView } from "./controls.js";
import { milliseconds } from "./format.js";
import { jobView } from "./job.js";
import { mapView } from "./map.js";
import { asRequest } from "./market.js";
import { glide } from "./motion.js";
import { consentView, Records } from "./records.js";
import { resultsView } from "./results.js";
import { begin, head, messageOf, openSession, scheduler, show } from "./shell.js";
import { ANY_DISTANCE, draftFor, PAGE_SIZE, type State, type Update } from "./state.js";

let state: State;
let running: AbortController | undefined;

async function start(): Promise<void> {
  const session = await openSession();
  const { capabilities, catalog, clients } = session;
  // The sliders go in steps of 5 %.
  const percent = (weight: number) => Math.round(weight * 20) / 20;
  const client = clients.find((one) => one.jobs.length > 0) ?? clients[0];
  if (!client) throw new Error("market.json names no client");
  state = {
    ...session,
    records: await Records.open(schedule),
    inExperiment: false,
    filters: {},
    client,
    job: client.jobs[0],
    draft: draftFor(client, catalog),
    mode: "ensemble",
    ruleWeight: percent(capabilities.ruleWeight),
    priceWeight: percent(capabilities.priceWeight),
    maxDistanceKm: ANY_DISTANCE,
    candidates: "catalog",
    limit: PAGE_SIZE,
    ranking: undefined,
    error: undefined,
    elapsed: undefined,
    opened: undefined,
    pointed: undefined,
  };
  await rank();
}

const update: Update = (change, options = {}) => {
  Object.assign(state, change);
  schedule();
  if (options.rank) void rank();
};

const schedule = scheduler(() => glide(() => document.querySelector(".cards"), draw));

function request(): Job {
  if (state.job) return asRequest(state.job, state.client.clientId);
  const { budget, ...rest } = state.draft;
  return { clientId: state.client.clientId, postedAt: state.catalog.asOf, ...rest, ...(budget ? { budget } : {}) };
}

function options(): RecommendOptions {
  const { mode, ruleWeight, priceWeight, candidates, limit, maxDistanceKm } = state;
  const filters = maxDistanceKm < ANY_DISTANCE ? { maxDistanceKm } : {};
  return { mode, candidates, limit, filters: { ...filters, ...state.filters }, ruleWeight, priceWeight };
}

/** Ranks; a request that a newer one has overtaken is cancelled. */
async function rank(): Promise<void> {
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  const began = performance.now();
  try {
    const ranking = await state.recommender.recommendCleaners(request(), { ...options(), signal });
    const elapsed = performance.now() - began;
    update({ ranking, elapsed, error: undefined });
    if (state.job)
      state.records.cleaners(
        { jobId: state.job.jobId, ...request() },
        ranking,
        state.inExperiment ? state.client.clientId : undefined,
      );
  } catch (thrown) {
    if (signal.aborted) return;
    update({ ranking: undefined, elapsed: undefined, error: messageOf(thrown) });
  }
}

function draw(): void {
  const { meta } = state.ranking ?? {};
  const model = state.capabilities.model;
  const status = html`<p class="status" id="status">
    <span class="time">${state.elapsed === undefined ? "…" : milliseconds(state.elapsed)}</span>
    <span title="Computed on this device">${meta ? `${meta.backend.toUpperCase()} · ${meta.kernel}` : ""}</span>
    <span class="wide">${state.capabilities.worker ? "worker" : "inline"}</span>
    <span class="wide">${model ? `${model.name} ${model.version}` : "rules only"}</span>
  </p>`;
  show(
    html`${head("index.html", status)}
      <main>
        <div class="side">${jobView(state, update)}${controlsView(state, update)}</div>
        ${resultsView(state, update)}
        <div class="place">${mapView(state, update)}
          <p class="hint">Drawn from the package's own data. Nothing about the job leaves this device.</p>
          ${consentView(state.records)}</div>
        <p class="spoken" role="status">${state.ranking?.items[0] ? `First: ${state.ranking.items[0].name}` : nothing}</p>
      </main>`,
  );
}

begin("index.html", start);
