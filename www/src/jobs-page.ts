// Find jobs: a cleaner's view of the open jobs, with a bid for each.
import { html, nothing, type TemplateResult } from "lit-html";
import type { BidSuggestion, JobPosting, JobRanking, RankedJob } from "tidyrank";
import { bar } from "./bars.js";
import { winCurve } from "./curve.js";
import { capital, distance, milliseconds, moment, money, score, words } from "./format.js";
import { groundMap, mapMarker } from "./map.js";
import { asRequest, type MarketJob } from "./market.js";
import { consentView, FEEDBACK, Records } from "./records.js";
import { begin, head, messageOf, openSession, type Session, scheduler, show } from "./shell.js";

/** The parts of a job's match, by their names. */
const PARTS = [
  ["quality", "Expected rating"],
  ["location", "Location"],
  ["specialisation", "Specialisation"],
  ["pricing", "Pay"],
  ["availability", "Working hours"],
] as const;
const LIMIT = 12;

interface State extends Session {
  records: Records;
  cleanerId: string;
  jobs: Map<string, MarketJob & { clientId: string }>;
  maxDistanceKm: number;
  inHours: boolean;
  ranking: JobRanking | undefined;
  elapsed: number | undefined;
  opened: string | undefined;
  bid: BidSuggestion | undefined;
  /** What the cleaner means to ask for the opened job. */
  asked: number | undefined;
  error: string | undefined;
}

let state: State;
const schedule = scheduler(draw);

async function start(): Promise<void> {
  const session = await openSession();
  const entries = session.clients.flatMap(({ clientId, jobs }) =>
    jobs.filter(isOpen).map((job) => [job.jobId, { ...job, clientId }] as const),
  );
  const wanted = new URLSearchParams(location.search).get("cleaner");
  const known = session.catalog.cleaners.find(({ cleanerId }) => cleanerId === wanted) ?? session.catalog.cleaners[0];
  if (!known) throw new Error("the catalog is empty");
  state = {
    ...session,
    records: await Records.open(schedule),
    cleanerId: known.cleanerId,
    jobs: new Map(entries),
    maxDistanceKm: 40,
    inHours: false,
    ranking: undefined,
    elapsed: undefined,
    opened: undefined,
    bid: undefined,
    asked: undefined,
    error: undefined,
  };
  await rank();
}

const isOpen = (job: MarketJob) => job.status === "open" || job.status === "bidding";

function change(part: Partial<State>): void {
  Object.assign(state, part);
  schedule();
}

async function rank(): Promise<void> {
  const { recommender, cleanerId, maxDistanceKm, inHours } = state;
  const jobs: JobPosting[] = [...state.jobs.values()].map((job) => ({
    ...asRequest(job, job.clientId),
    jobId: job.jobId,
  }));
  const filters = { ...(maxDistanceKm < 40 && { maxDistanceKm }), ...(inHours && { available: true }) };
  const began = performance.now();
  try {
    const ranking = await recommender.recommendJobs(cleanerId, jobs, { limit: LIMIT, filters });
    change({ ranking, elapsed: performance.now() - began, error: undefined, opened: undefined, bid: undefined });
    state.records.jobs(cleanerId, ranking);
  } catch (thrown) {
    change({ ranking: undefined, error: messageOf(thrown) });
  }
}

async function open(jobId: string | undefined): Promise<void> {
  change({ opened: jobId, bid: undefined, asked: undefined });
  const job = jobId && state.jobs.get(jobId);
  if (!job) return;
  state.records.outcome(jobId, "viewed");
  try {
    const bid = await state.recommender.suggestBid(asRequest(job, job.clientId), state.cleanerId);
    if (state.opened === jobId) change({ bid, asked: Math.round(bid.optimal) });
  } catch (thrown) {
    change({ error: messageOf(thrown) });
  }
}

function draw(): void {
  const { ranking, elapsed, capabilities } = state;
  const status = html`<p class="status" id="status">
    <span class="time">${elapsed === undefined ? "…" : milliseconds(elapsed)}</span>
    <span class="wide">${capabilities.worker ? "worker" : "inline"}</span>
    <span class="wide">${capabilities.model ? `${capabilities.model.name} ${capabilities.model.version}` : "rules only"}</span>
  </p>`;
  show(html`${head("jobs.html", status)}
    <main>
      <div class="side">${cleanerView()}</div>
      <section class="results" id="results" aria-labelledby="results-title" tabindex="-1">
        <div class="results-head">
          <h2 id="results-title">Open jobs</h2>
          <p class="count">${ranking ? `${ranking.items.length} of ${state.jobs.size}` : ""}</p>
        </div>
        ${state.error ? html`<p class="notice bad" role="alert">${state.error}</p>` : nothing}
        ${ranking?.items.length === 0 ? html`<div class="empty"><p>No open job within these limits.</p></div>` : nothing}
        <ol class="cards">${ranking?.items.map(card)}</ol>
      </section>
      <div class="place">${map()}${consentView(state.records)}</div>
    </main>`);
}

function cleanerView(): TemplateResult {
  const { catalog, cleanerId } = state;
  const cleaner = catalog.cleaners.find((one) => one.cleanerId === cleanerId);
  const pick = (event: Event) => {
    state.cleanerId = (event.target as HTMLSelectElement).value;
    void rank();
  };
  return html`<section class="panel" aria-labelledby="cleaner-title">
    <h2 id="cleaner-title">The cleaner</h2>
    <div class="field">
      <label for="cleaner">Name</label>
      <select id="cleaner" @change=${pick}>
        ${catalog.cleaners.map(
          (one) =>
            html`<option value=${one.cleanerId} ?selected=${one === cleaner}>${one.name || one.cleanerId}</option>`,
        )}
      </select>
    </div>
    <dl class="facts">
      <div><dt>Usual rate</dt><dd>${cleaner?.hourlyRate ? `${money(cleaner.hourlyRate, catalog.market.currency)} / h` : "unknown"}</dd></div>
      <div><dt>Eco-friendly products</dt><dd>${cleaner?.eco === null ? "unknown" : cleaner?.eco ? "yes" : "no"}</dd></div>
    </dl>
    <div class="field">
      <label for="distance">Distance</label>
      <output for="distance">${state.maxDistanceKm >= 40 ? "any" : `up to ${state.maxDistanceKm} km`}</output>
      <input id="distance" type="range" min="1" max="40" step="1" .value=${String(state.maxDistanceKm)}
        @input=${(event: Event) => {
          state.maxDistanceKm = (event.target as HTMLInputElement).valueAsNumber;
          void rank();
        }} />
    </div>
    <label class="check"><input id="hours" type="checkbox" .checked=${state.inHours}
      @change=${(event: Event) => {
        state.inHours = (event.target as HTMLInputElement).checked;
        void rank();
      }} />Only in my working hours</label>
  </section>`;
}

function card(item: RankedJob): TemplateResult {
  const job = state.jobs.get(item.jobId);
  const opened = state.opened === item.jobId;
  const { currency, utcOffsetMinutes } = state.catalog.market;
  const title = `${capital(words(job?.propertyType ?? "job"))}${job?.sizeM2 ? `, ${Math.round(job.sizeM2)} m²` : ""}`;
  const when = job?.scheduledAt === undefined ? undefined : moment(job.scheduledAt, utcOffsetMinutes);
  const pays = item.pay === null ? undefined : `budget ${money(item.pay, currency)}`;
  const away = item.distanceKm === null ? undefined : `${distance(item.distanceKm)} away`;
  const bids = `${item.bidCount} ${item.bidCount === 1 ? "bid" : "bids"}`;
  return html`<li id="job-${item.jobId}" class="card ${opened ? "open" : ""}" data-id=${item.jobId}>
    <button class="head" aria-expanded=${opened} aria-controls="job-${item.jobId}-details"
      @click=${() => void open(opened ? undefined : item.jobId)}>
      <span class="rank">${item.rank}</span>
      <span class="who"><span class="name">${title}</span><span class="meta">${[when, pays, away, bids].filter(Boolean).join(" · ")}</span></span>
      <span class="score"><span class="value">${score(item.score)}</span><span class="of">of 100</span></span>
    </button>
    <ul class="reasons">${item.reasons.slice(0, opened ? undefined : 3).map((reason) => html`<li>${reason.text}</li>`)}</ul>
    <div class="details" id="job-${item.jobId}-details" ?hidden=${!opened}>${opened ? details(item) : nothing}</div>
  </li>`;
}

function details(item: RankedJob): TemplateResult {
  return html`${bidView(item)}
    <h3>Match</h3>
    <dl class="bars">${PARTS.map(([key, name]) => bar(name, item.breakdown[key], "match"))}</dl>
    <h3>Rule score <span class="sum">${score(item.ruleScore)}</span></h3>
    <dl class="bars">${item.contributions.map((part) =>
      bar(
        `${capital(part.component)} × ${Math.round(part.weight)} %`,
        part.value,
        "rule",
        `+${score(part.contribution)}`,
      ),
    )}</dl>`;
}

function bidView(item: RankedJob): TemplateResult {
  const { bid, records } = state;
  if (!bid) return html`<p class="hint" role="status">Looking for a good bid …</p>`;
  const { currency } = state.catalog.market;
  const asked = state.asked ?? bid.optimal;
  const point = bid.curve.reduce(
    (near, one) => (Math.abs(one.price - asked) < Math.abs(near.price - asked) ? one : near),
    bid.best,
  );
  const [low, high] = [bid.curve[0]?.price ?? bid.min, bid.curve[bid.curve.length - 1]?.price ?? bid.max];
  const inputs: [string, number | null][] = [
    ["Client's budget", bid.inputs.clientBudget],
    ["Market asks", bid.inputs.marketAverage],
    ["You usually ask", bid.inputs.cleanerAverage],
    ["Lowest bid so far", bid.inputs.lowestBid],
  ];
  return html`<h3>Suggested bid <span class="sum">${money(bid.optimal, currency)} <small>(${money(bid.min, currency)} to ${money(bid.max, currency)})</small></span></h3>
    ${winCurve(bid)}
    <div class="field">
      <label for="asked">Your price</label>
      <output for="asked">${money(asked, currency)}: ${Math.round(100 * point.winProbability)} % to win, ${money(point.expectedRevenue, currency)} expected</output>
      <input id="asked" type="range" min=${Math.floor(low)} max=${Math.ceil(high)} step="1" .value=${String(Math.round(asked))}
        aria-valuetext="${money(asked, currency)}, ${Math.round(100 * point.winProbability)} percent to win"
        @input=${(event: Event) => change({ asked: (event.target as HTMLInputElement).valueAsNumber })} />
    </div>
    <p class="hint">The most revenue is to be expected at ${money(bid.best.price, currency)}: ${money(bid.best.expectedRevenue, currency)}.
      ${bid.source === "model" ? "By the bid model." : "By the market's figures: there is no bid model."}</p>
    <dl class="facts">${inputs.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value === null ? "unknown" : money(value, currency)}</dd></div>`)}
      <div><dt>You win</dt><dd>${bid.inputs.winRate === null ? "unknown" : `${Math.round(100 * bid.inputs.winRate)} % of your bids`}</dd></div></dl>
    ${
      records.mayRecord
        ? html`<div class="actions">
          <button class="small" aria-pressed=${records.has(item.jobId, "bid_placed")}
            @click=${() => records.outcome(item.jobId, "bid_placed", asked)}>Bid ${money(asked, currency)}</button>
          <label class="feedback">Feedback <select @change=${(event: Event) => records.feedback(item.jobId, (event.target as HTMLSelectElement).value)}>
            <option value="">…</option>${FEEDBACK.map(([kind, text]) => html`<option value=${kind}>${text}</option>`)}
          </select></label></div>`
        : nothing
    }`;
}

function map(): TemplateResult {
  const home = state.catalog.cleaners.find(({ cleanerId }) => cleanerId === state.cleanerId)?.location;
  const items = [...(state.ranking?.items ?? [])].reverse();
  const markers = items.flatMap((item) => {
    const at = state.jobs.get(item.jobId)?.location;
    return at ? [mapMarker(at, item.rank, state.opened === item.jobId, () => void open(item.jobId))] : [];
  });
  return groundMap(
    "Map of Athens with the cleaner and the open jobs, which are in the list",
    home ?? undefined,
    markers,
  );
}

begin("jobs.html", start);
