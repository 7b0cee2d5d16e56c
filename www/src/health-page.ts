// Model health: what `tidyrank monitor` found, and the scores that this browser recorded.
import { html, nothing, type TemplateResult } from "lit-html";
import type { RecommendationRecord } from "tidyrank/events";
import { capital, moment, words } from "./format.js";
import { plot } from "./plot.js";
import { Records } from "./records.js";
import { type HealthReport, readReport } from "./reports.js";
import { begin, head, scheduler, show } from "./shell.js";
import { histogram } from "./stats.js";

const BINS = 20;

interface State {
  report: HealthReport | undefined;
  found: RecommendationRecord[];
}

let state: State;

async function start(): Promise<void> {
  const records = await Records.open(() => undefined);
  const found = (await records.store?.records().catch(() => undefined)) ?? [];
  state = { report: await readReport("monitor"), found };
  scheduler(draw)();
}

function draw(): void {
  const { report } = state;
  show(html`${head("health.html")}
    <main class="one">
      <section id="results" tabindex="-1" aria-labelledby="report-title">
        ${report ? health(report) : html`<h2 id="report-title">No report</h2><p class="hint">\`make demo\` makes one with \`tidyrank monitor\`.</p>`}
      </section>
      <section aria-labelledby="here-title"><h2 id="here-title">In this browser</h2><div class="tiles">${scores()}</div></section>
    </main>`);
}

function health(report: HealthReport): TemplateResult {
  const { status, window, reference } = report;
  const span = ({ jobs, from, until }: HealthReport["window"]) =>
    `${jobs} jobs, ${moment(from, 0)} to ${moment(until, 0)}`;
  return html`<h2 id="report-title">${report.model}: <span class="state ${status}">${status}</span></h2>
    <p class="hint">${span(window)}, against ${span(reference)} at the release.</p>
    ${report.findings.map(({ status, text }) => html`<p class="notice ${status === "retrain" ? "bad" : ""}">${capital(text)}</p>`)}
    ${report.findings.length === 0 ? html`<p class="hint">Nothing is beyond its limit.</p>` : nothing}
    <div class="tiles">${errors(report)}${reliability(report)}${drift(report)}${figures(report)}</div>`;
}

function drift({ features, score, thresholds }: HealthReport): TemplateResult {
  const rows = [...features, ...(score ? [score] : [])].sort((a, b) => b.psi - a.psi);
  const { watch, retrain } = thresholds.feature_psi;
  const kind = (psi: number) => (psi >= retrain ? "retrain" : psi >= watch ? "watch" : "ok");
  const number = (value: number | null) => (value === null ? "–" : value.toFixed(3));
  return html`<section class="panel"><h2>Drift of inputs and scores</h2>
    <div class="scroll" tabindex="0"><table>
      <thead><tr><th scope="col">Input</th><th scope="col" class="number">PSI</th><th scope="col" class="number">KS</th>
        <th scope="col" class="number">p</th><th scope="col" class="number">Median then</th><th scope="col" class="number">now</th></tr></thead>
      <tbody>${rows.map(
        (one) => html`<tr><th scope="row">${capital(words(one.name))}</th>
          <td class="number"><span class="state ${kind(one.psi)}">${one.psi.toFixed(3)}</span></td>
          <td class="number">${number(one.ks)}</td><td class="number">${number(one.pValue)}</td>
          <td class="number">${number(one.reference.median)}</td><td class="number">${number(one.window.median)}</td></tr>`,
      )}</tbody></table></div>
    <p class="hint">Population stability index: from ${watch} on worth a look, from ${retrain} on a change; what chance explains (p) is no alarm.</p>
  </section>`;
}

function errors({ errors, ratingReference }: HealthReport): TemplateResult {
  return html`<section class="panel"><h2>Errors of the expected rating, week by week</h2>${
    errors.length < 2
      ? html`<p class="hint">Too few ratings.</p>`
      : plot({
          label: "Root mean square error by week, in percent of the scale",
          time: true,
          columns: [
            errors.map(({ at }) => at),
            errors.map(({ rmse }) => 100 * rmse),
            errors.map(({ bias }) => 100 * bias),
            errors.map(() => (ratingReference ? 100 * ratingReference.rmse : null)),
          ],
          series: [
            { name: "RMSE", color: "rule" },
            { name: "expected − actual", color: "neural" },
            { name: "RMSE at the release", color: "line-strong", shape: "dashed" },
          ],
          format: (value) => `${Number(value.toFixed(1))} %`,
        })
  }</section>`;
}

function reliability({ rating }: HealthReport): TemplateResult | typeof nothing {
  if (!rating || rating.reliability.length < 2) return nothing;
  const expected = rating.reliability.map((bin) => 100 * bin.expected);
  return html`<section class="panel"><h2>Expected against actual ratings</h2>
    ${plot({
      label: "Mean actual rating by mean expected rating",
      time: false,
      columns: [expected, rating.reliability.map((bin) => 100 * bin.actual), expected],
      series: [
        { name: "actual", color: "rule", shape: "points" },
        { name: "as expected", color: "line-strong", shape: "dashed" },
      ],
      format: (value) => `${Number(value.toFixed(1))} %`,
    })}
    <p class="hint">Ten bins of equal size; the calibration error is ${(100 * rating.ece).toFixed(2)} % of the scale.</p></section>`;
}

function figures({ rating, ratingReference, intervals, coverage }: HealthReport): TemplateResult {
  const percent = (value: number | undefined, digits = 2) =>
    value === undefined ? "–" : `${(100 * value).toFixed(digits)} %`;
  const rows: [string, string, string][] = [
    ["RMSE", percent(ratingReference?.rmse), percent(rating?.rmse)],
    ["Mean absolute error", percent(ratingReference?.mae), percent(rating?.mae)],
    ["Expected − actual", percent(ratingReference?.bias), percent(rating?.bias)],
    ["Calibration error", percent(ratingReference?.ece), percent(rating?.ece)],
    ["Ratings", String(ratingReference?.count ?? "–"), String(rating?.count ?? "–")],
  ];
  return html`<section class="panel"><h2>Figures</h2>
    <div class="scroll" tabindex="0"><table><thead><tr><th scope="col">Figure</th><th scope="col" class="number">At the release</th><th scope="col" class="number">Now</th></tr></thead>
      <tbody>${rows.map(([name, then, now]) => html`<tr><th scope="row">${name}</th><td class="number">${then}</td><td class="number">${now}</td></tr>`)}</tbody></table></div>
    ${intervals ? html`<p class="hint">${percent(intervals.share, 1)} of ${intervals.count} ratings lie in their intervals; ${percent(intervals.level, 0)} were promised.</p>` : nothing}
    ${coverage ? html`<p class="hint">${percent(coverage.share, 0)} of the catalog was shown, in ${coverage.shown} recommendations; Gini ${coverage.gini.toFixed(2)}.</p>` : nothing}
  </section>`;
}

function scores(): TemplateResult {
  const shown = state.found.map(({ score }) => score);
  const bins = histogram(shown, BINS);
  const middle = bins.map((_, at) => (100 * (at + 0.5)) / BINS);
  return html`<section class="panel"><h2>Scores of ${shown.length} recommendations</h2>${
    shown.length === 0
      ? html`<p class="hint">Nothing is recorded yet: allow it on the page <a href="./index.html">Find a cleaner</a>.</p>`
      : plot({
          label: "Recorded recommendations by score",
          time: false,
          columns: [middle, bins],
          series: [{ name: "recommendations", color: "rule", shape: "bars" }],
          format: (value) => value.toFixed(0),
        })
  }</section>`;
}

begin("health.html", start);
