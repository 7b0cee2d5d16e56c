// Why: what makes a cleaner's score, feature by feature, and what would change their place.
import { html, nothing, type TemplateResult } from "lit-html";
import type { Explanation, Ranking, Reason, ScoreParts } from "tidyrank";
import { bar, signedBar } from "./bars.js";
import { capital, milliseconds, moment, score, words } from "./format.js";
import { asRequest, type Client, type MarketJob } from "./market.js";
import { begin, head, messageOf, openSession, type Session, scheduler, show } from "./shell.js";

/** The groups of features as people call them. */
const GROUPS: Record<string, string> = {
  client: "This client's taste",
  cleaner: "This cleaner's way",
  property: "Kind, size and duration",
  when_where: "Place and time of the job",
  distance: "Distance",
  price: "Price",
  ratings: "Ratings",
  record: "Reliability and experience",
};
const LISTED = 20;

interface State extends Session {
  client: Client;
  job: MarketJob;
  cleanerId: string | undefined;
  ranking: Ranking | undefined;
  explanation: Explanation | undefined;
  maxDistanceKm: number;
  locale: "en" | "el";
  elapsed: number | undefined;
  error: string | undefined;
}

let state: State;
let asked = 0;
const schedule = scheduler(draw);

async function start(): Promise<void> {
  const session = await openSession();
  const wanted = new URLSearchParams(location.search);
  const withJobs = session.clients.filter(({ jobs }) => jobs.length > 0);
  const client = withJobs.find(({ clientId }) => clientId === wanted.get("client")) ?? withJobs[0];
  const job = client?.jobs.find(({ jobId }) => jobId === wanted.get("job")) ?? client?.jobs[0];
  if (!client || !job) throw new Error("market.json names no job");
  state = {
    ...session,
    client,
    job,
    cleanerId: wanted.get("cleaner") ?? undefined,
    ranking: undefined,
    explanation: undefined,
    maxDistanceKm: 40,
    locale: "en",
    elapsed: undefined,
    error: undefined,
  };
  await explain();
}

/** Ranks, and explains the chosen cleaner's place in it, or why they have none. */
async function explain(): Promise<void> {
  const turn = ++asked;
  const { recommender, client, maxDistanceKm, locale } = state;
  const filters = maxDistanceKm < 40 ? { maxDistanceKm } : {};
  const job = asRequest(state.job, client.clientId);
  const change = (part: Partial<State>) => turn === asked && Object.assign(state, part);
  try {
    const ranking = await recommender.recommendCleaners(job, { limit: LISTED, filters, locale });
    const cleanerId = state.cleanerId ?? ranking.items[1]?.cleanerId ?? ranking.items[0]?.cleanerId;
    change({ ranking, cleanerId, error: undefined, explanation: undefined });
    if (cleanerId) {
      const began = performance.now();
      const explanation = await recommender.explain(job, cleanerId, { limit: LISTED, filters, locale });
      change({ explanation, elapsed: performance.now() - began });
    }
  } catch (thrown) {
    change({ error: messageOf(thrown), explanation: undefined });
  }
  schedule();
}

function draw(): void {
  const { elapsed, explanation } = state;
  const status = html`<p class="status" id="status">
    <span class="time">${elapsed === undefined || !explanation ? "…" : milliseconds(elapsed)}</span>
    <span class="wide">${explanation?.neural ? "256 evaluations of the model" : ""}</span>
  </p>`;
  show(html`${head("why.html", status)}
    <main class="two">
      <div class="side">${choice()}</div>
      <section class="results" id="results" aria-labelledby="results-title" tabindex="-1">
        ${state.error ? html`<p class="notice bad" role="alert">${state.error}</p>` : nothing}
        ${explanation?.parts ? explained(explanation, explanation.parts) : nothing}
        ${explanation && !explanation.parts ? excluded(explanation.cleanerId, explanation.excluded) : nothing}
      </section>
    </main>`);
}

function choice(): TemplateResult {
  const { clients, client, job, catalog, ranking, cleanerId, maxDistanceKm } = state;
  const value = (event: Event) => (event.target as HTMLSelectElement).value;
  const pick = (part: Partial<State>) => {
    Object.assign(state, part);
    void explain();
  };
  const chooseClient = (id: string) => {
    const client = clients.find((one) => one.clientId === id);
    if (client?.jobs[0]) pick({ client, job: client.jobs[0], cleanerId: undefined });
  };
  const ranked = new Map(ranking?.items.map((item) => [item.cleanerId, item.rank]));
  const others = catalog.cleaners.filter((one) => !ranked.has(one.cleanerId));
  const label = (one: MarketJob) =>
    `${capital(words(one.propertyType ?? "job"))}${one.scheduledAt === undefined ? "" : ` · ${moment(one.scheduledAt, catalog.market.utcOffsetMinutes)}`}`;
  return html`<section class="panel" aria-labelledby="choice-title">
    <h2 id="choice-title">Who, for what</h2>
    <div class="field"><label for="client">Client</label>
      <select id="client" @change=${(event: Event) => chooseClient(value(event))}>
        ${clients.filter(({ jobs }) => jobs.length > 0).map((one) => html`<option value=${one.clientId} ?selected=${one === client}>${one.label}</option>`)}
      </select></div>
    <div class="field"><label for="job">Job</label>
      <select id="job" @change=${(event: Event) => pick({ job: client.jobs.find((one) => one.jobId === value(event)) ?? job, cleanerId: undefined })}>
        ${client.jobs.map((one) => html`<option value=${one.jobId} ?selected=${one === job}>${label(one)}</option>`)}
      </select></div>
    <div class="field"><label for="cleaner">Cleaner</label>
      <select id="cleaner" @change=${(event: Event) => pick({ cleanerId: value(event) })}>
        <optgroup label="Ranked">${ranking?.items.map(
          (item) =>
            html`<option value=${item.cleanerId} ?selected=${item.cleanerId === cleanerId}>${item.rank}. ${item.name || item.cleanerId}</option>`,
        )}</optgroup>
        <optgroup label="Others">${others.map(
          (one) =>
            html`<option value=${one.cleanerId} ?selected=${one.cleanerId === cleanerId}>${one.name || one.cleanerId}</option>`,
        )}</optgroup>
      </select></div>
    <div class="field"><label for="distance">Distance</label>
      <output for="distance">${maxDistanceKm >= 40 ? "any" : `up to ${maxDistanceKm} km`}</output>
      <input id="distance" type="range" min="1" max="40" .value=${String(maxDistanceKm)}
        @input=${(event: Event) => pick({ maxDistanceKm: (event.target as HTMLInputElement).valueAsNumber })} /></div>
    <fieldset><legend>Language of the reasons</legend><div class="segments">
      ${(["en", "el"] as const).map(
        (locale) => html`<label><input type="radio" name="locale" value=${locale} .checked=${state.locale === locale}
          @change=${() => pick({ locale })} /><span lang=${locale}>${locale === "en" ? "English" : "Ελληνικά"}</span></label>`,
      )}</div></fieldset>
  </section>`;
}

const nameOf = (cleanerId: string) =>
  state.catalog.cleaners.find((one) => one.cleanerId === cleanerId)?.name || cleanerId;

function excluded(cleanerId: string, by: Reason[]): TemplateResult {
  return html`<div class="results-head"><h2 id="results-title">${nameOf(cleanerId)} is not in the list</h2></div>
    <ul class="reasons" lang=${state.locale}>${by.map((reason) => html`<li>${reason.text}</li>`)}</ul>`;
}

function explained(found: Explanation, parts: ScoreParts): TemplateResult {
  const { neural, counterfactuals, reasons } = found;
  const total = score(found.score ?? 0);
  const shares = [
    ["Rules", "rule", parts.rules],
    ["Model", "neural", parts.neural],
    ["Price", "price", parts.price],
  ] as const;
  return html`<div class="results-head">
      <h2 id="results-title">${nameOf(found.cleanerId)}: ${total}, place ${found.rank}</h2>
    </div>
    <ul class="reasons" lang=${state.locale}>${reasons.map((reason) => html`<li>${reason.text}</li>`)}</ul>
    <div class="tiles">
      <section class="panel"><h2>What the score is made of</h2>
        <dl class="bars">${shares.map(([name, kind, part]) =>
          bar(`${name} × ${Math.round(part.weight)} %`, part.value, kind, `+${score(part.points)}`),
        )}</dl>
        <p class="hint">The points add up to ${total}.</p>
      </section>
      <section class="panel"><h2>The track record <span class="sum">${score(parts.rules.value ?? 0)}</span></h2>
        <dl class="bars">${found.contributions.map((part) =>
          bar(
            `${capital(part.component)} × ${Math.round(part.weight)} %`,
            part.value,
            "rule",
            `+${score(part.contribution)}`,
          ),
        )}</dl>
      </section>
      ${neural ? network(neural) : nothing}
      <section class="panel"><h2>What would change the place</h2>
        ${
          counterfactuals.length > 0
            ? html`<ul class="plain" lang=${state.locale}>${counterfactuals.map((one) => html`<li>${one.text}</li>`)}</ul>`
            : html`<p class="hint">Neither a lower price nor a shorter way alone would bring this cleaner further up.</p>`
        }
      </section>
    </div>`;
}

/** How far each group of features moves the model's score from that of an average cleaner and job. */
function network({ baseline, score: value, groups }: NonNullable<Explanation["neural"]>): TemplateResult {
  const most = Math.max(...groups.map(({ points }) => Math.abs(points)), 1);
  const order = [...groups].sort((a, b) => Math.abs(b.points) - Math.abs(a.points));
  return html`<section class="panel"><h2>The model's score <span class="sum">${score(value)}</span></h2>
    <p class="hint">From ${score(baseline)}, what it gives when it knows nothing, by:</p>
    <dl class="bars">${order.map(({ group, points }) =>
      signedBar(GROUPS[group] ?? group, points, most, `${points < 0 ? "−" : "+"}${score(Math.abs(points))}`),
    )}</dl>
    <p class="hint">Exact Shapley values; they add up.</p>
  </section>`;
}

begin("why.html", start);
