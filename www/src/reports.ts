// Reports of the command line, as `make demo` leaves them beside the page, and how the one of an experiment is drawn.
import { html, nothing, svg, type TemplateResult } from "lit-html";
import { capital, moment, words } from "./format.js";
import { plot } from "./plot.js";

type Interval = [low: number, high: number];

interface Count {
  hits: number;
  units: number;
}

/** `tidyrank experiment report --format json`, as far as it is drawn. */
export interface ExperimentReport {
  experiment: string;
  outcome: string;
  control: string;
  level: number;
  window: [number, number];
  variants: { key: string; count: Count; share: number; interval: Interval; requests: number }[];
  sampleRatio: { chi2: number; p: number; mismatch: boolean } | null;
  comparisons: {
    variant: string;
    conversion: { difference: number; p: number; newcombe: Interval } | null;
    adjustedP: number | null;
    looks: { until: number; fixedP: number; validP: number; validInterval: Interval; difference: number }[];
  }[];
  warnings: { code: string; text: string }[];
}

interface Side {
  count: number;
  median: number | null;
  missing: number;
}

interface Drift {
  name: string;
  psi: number;
  ks: number | null;
  pValue: number | null;
  reference: Side;
  window: Side;
}

interface RatingSummary {
  count: number;
  rmse: number;
  mae: number;
  bias: number;
  ece: number;
}

/** `tidyrank monitor --format json`, as far as it is drawn. */
export interface HealthReport {
  status: "ok" | "watch" | "retrain";
  findings: { status: string; code: string; text: string }[];
  model: string;
  window: { jobs: number; from: number; until: number };
  reference: { jobs: number; from: number; until: number };
  features: Drift[];
  score: Drift | null;
  rating: (RatingSummary & { reliability: { count: number; expected: number; actual: number }[] }) | null;
  ratingReference: RatingSummary | null;
  errors: { at: number; count: number; rmse: number; bias: number }[];
  intervals: { count: number; level: number; share: number } | null;
  coverage: { shown: number; share: number; gini: number } | null;
  thresholds: { feature_psi: { watch: number; retrain: number } };
}

interface Reports {
  experiment: ExperimentReport;
  monitor: HealthReport;
}

/** The report of this name; nothing where none was made. */
export async function readReport<Name extends keyof Reports>(name: Name): Promise<Reports[Name] | undefined> {
  const response = await fetch(new URL(`./reports/${name}.json`, document.baseURI)).catch(() => undefined);
  if (!response?.ok) return undefined;
  return (await response.json()) as Reports[Name];
}

const percent = (share: number, digits = 1) => `${(100 * share).toFixed(digits)} %`;
const signed = (share: number) => `${share < 0 ? "−" : "+"}${percent(Math.abs(share))}`;
const pText = (p: number) => (p < 0.001 ? "< 0.001" : p.toFixed(3));

/** Variants, differences, and how sure one could be day by day. */
export function experimentReport(report: ExperimentReport): TemplateResult {
  const { control, level } = report;
  const about = `${report.experiment}: ${words(report.outcome)}, against ${control}, ${moment(report.window[0], 0)} to ${moment(report.window[1], 0)} UTC`;
  return html`<p class="hint">${about}. Clients and their choices are simulated from the market's latent truth.</p>
    ${report.warnings.map(({ text }) => html`<p class="notice">${capital(text)}</p>`)}
    <div class="tiles">
      <section class="panel"><h2>Converted clients</h2>
        <div class="scroll" tabindex="0"><table>
          <thead><tr><th scope="col">Variant</th><th scope="col" class="number">Clients</th><th scope="col" class="number">Converted</th>
            <th scope="col" class="number">${percent(level, 0)} interval</th></tr></thead>
          <tbody>${report.variants.map(
            (one) => html`<tr><th scope="row">${capital(one.key)}${one.key === control ? " (control)" : ""}</th>
              <td class="number">${one.count.units}</td><td class="number">${percent(one.share)}</td>
              <td class="number">${percent(one.interval[0])} – ${percent(one.interval[1])}</td></tr>`,
          )}</tbody></table></div>
        ${ratio(report.sampleRatio)}
      </section>
      <section class="panel"><h2>Difference from ${control}</h2>${forest(report)}
        <p class="hint">In percentage points, with ${percent(level, 0)} intervals; p at the end, adjusted for several variants (Holm).</p></section>
      <section class="panel"><h2>p-value, day by day</h2>${sureness(report)}
        <p class="hint">Below the dashed line the variant differs. This p-value is always valid: it may be looked at every day, and never rises.</p></section>
    </div>`;
}

function ratio(found: ExperimentReport["sampleRatio"]): TemplateResult | typeof nothing {
  if (!found) return nothing;
  return html`<p class="hint">Shares as planned: <span class="state ${found.mismatch ? "mismatch" : "ok"}">${found.mismatch ? "no" : "yes"}</span>
    (χ² ${found.chi2.toFixed(2)}, p ${pText(found.p)})</p>`;
}

/** The differences with their intervals around a line at 0. */
function forest({ comparisons }: ExperimentReport): TemplateResult {
  const known = comparisons.flatMap(({ variant, conversion, adjustedP }) =>
    conversion ? [{ variant, ...conversion, p: adjustedP ?? conversion.p }] : [],
  );
  const most = Math.max(0.01, ...known.flatMap(({ newcombe }) => newcombe.map(Math.abs)));
  const x = (difference: number) => 50 + (46 * difference) / most;
  return html`<dl class="bars">${known.map(
    ({ variant, difference, newcombe, p }) => html`<div>
      <dt>${capital(variant)}</dt>
      <dd class="wide">
        <svg class="forest" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
          <line class="zero" x1="50" x2="50" y1="0" y2="10"></line>
          ${svg`<rect class="span" x=${x(newcombe[0])} width=${x(newcombe[1]) - x(newcombe[0])} y="3.5" height="3"></rect>
            <rect class="point" x=${x(difference) - 0.7} width="1.4" y="0.5" height="9"></rect>`}
        </svg>
        <span>${signed(difference)} [${signed(newcombe[0])}, ${signed(newcombe[1])}], p ${pText(p)}</span>
      </dd>
    </div>`,
  )}</dl>`;
}

const COLORS = ["rule", "neural", "match"];

function sureness({ comparisons }: ExperimentReport): TemplateResult {
  const days = comparisons[0]?.looks.map(({ until }) => until) ?? [];
  if (days.length < 2) return html`<p class="hint">A single day says nothing of this.</p>`;
  return plot({
    label: "Always-valid p-value by day",
    time: true,
    columns: [days, ...comparisons.map(({ looks }) => looks.map(({ validP }) => validP)), days.map(() => 0.05)],
    series: [
      ...comparisons.map(({ variant }, at) => ({ name: variant, color: COLORS[at % COLORS.length] as string })),
      { name: "5 %", color: "line-strong", shape: "dashed" },
    ],
    range: [0, 1],
  });
}
