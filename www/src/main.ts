// The page: load, keep the state, draw, rank again whenever something that matters changes.
import { html, nothing, render } from "lit-html";
import { type Job, Recommender, type RecommendOptions, TidyrankError } from "tidyrank";
import { controlsView } from "./controls.js";
import { milliseconds } from "./format.js";
import { jobView } from "./job.js";
import { mapView } from "./map.js";
import { asRequest, loadMarket } from "./market.js";
import { glide } from "./motion.js";
import { resultsView } from "./results.js";
import { ANY_DISTANCE, draftFor, PAGE_SIZE, type State, type Update } from "./state.js";

const app = document.getElementById("app") as HTMLElement;
const MARKET = new URL("./market/", document.baseURI);

let state: State;
let drawing = false;
let running: AbortController | undefined;

async function start(): Promise<void> {
  const warnings: string[] = [];
  const [recommender, clients] = await Promise.all([
    Recommender.load(new URL("manifest.json", MARKET), { onWarning: ({ text }) => warnings.push(text) }),
    loadMarket(new URL("market.json", MARKET)),
  ]);
  const catalog = await recommender.catalog();
  const capabilities = recommender.capabilities();
  // The sliders go in steps of 5 %.
  const percent = (weight: number) => Math.round(weight * 20) / 20;
  const client = clients.find((one) => one.jobs.length > 0) ?? clients[0];
  if (!client) throw new Error("market.json names no client");
  state = {
    recommender,
    capabilities,
    catalog,
    clients,
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
    warnings,
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

function schedule(): void {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    glide(() => document.querySelector(".cards"), draw);
  });
}

function request(): Job {
  if (state.job) return asRequest(state.job, state.client.clientId);
  const { budget, ...rest } = state.draft;
  return { clientId: state.client.clientId, postedAt: state.catalog.asOf, ...rest, ...(budget ? { budget } : {}) };
}

function options(): RecommendOptions {
  const { mode, ruleWeight, priceWeight, candidates, limit, maxDistanceKm } = state;
  const filters = maxDistanceKm < ANY_DISTANCE ? { maxDistanceKm } : {};
  return { mode, candidates, limit, filters, ruleWeight, priceWeight };
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
  } catch (thrown) {
    if (signal.aborted) return;
    update({ ranking: undefined, elapsed: undefined, error: messageOf(thrown) });
  }
}

function messageOf(thrown: unknown): string {
  if (thrown instanceof TidyrankError) return `${thrown.message} (${thrown.code})`;
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function draw(): void {
  const { meta } = state.ranking ?? {};
  const model = state.capabilities.model;
  render(
    html`
      <header class="top">
        <h1 class="brand"><img src="./icon.svg" alt="" width="28" height="28" />Find a cleaner<span class="city">Athens</span></h1>
        <p class="status" id="status">
          <span class="time">${state.elapsed === undefined ? "…" : milliseconds(state.elapsed)}</span>
          <span title="Computed on this device">${meta ? `${meta.backend.toUpperCase()} · ${meta.kernel}` : ""}</span>
          <span class="wide">${state.capabilities.worker ? "worker" : "inline"}</span>
          <span class="wide">${model ? `${model.name} ${model.version}` : "rules only"}</span>
        </p>
      </header>
      <main>
        <div class="side">${jobView(state, update)}${controlsView(state, update)}</div>
        ${resultsView(state, update)}
        <div class="place">${mapView(state, update)}
          <p class="hint">Drawn from the package's own data. Nothing about the job leaves this device.</p></div>
        <p class="spoken" role="status">${state.ranking?.items[0] ? `First: ${state.ranking.items[0].name}` : nothing}</p>
      </main>`,
    app,
  );
}

function fail(thrown: unknown): void {
  render(
    html`<header class="top"><h1 class="brand">Find a cleaner</h1></header>
      <main><div class="boot" role="alert"><p>The marketplace could not be loaded.</p><p class="hint">${messageOf(thrown)}</p>
        <button @click=${() => location.reload()}>Try again</button></div></main>`,
    app,
  );
}

app.replaceChildren();
render(
  html`<header class="top"><h1 class="brand">Find a cleaner</h1></header>
    <main><p class="boot" role="status">Loading the marketplace …</p></main>`,
  app,
);
start().catch(fail);

if (import.meta.env.PROD && "serviceWorker" in navigator) {
  // Without it the page works too, just not offline.
  navigator.serviceWorker.register("./sw.js").catch(() => undefined);
}
