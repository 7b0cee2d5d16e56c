// Series over time or over bins, drawn by uPlot, with the same figures in words for who cannot see them.
import { html, type TemplateResult } from "lit-html";
import { ref } from "lit-html/directives/ref.js";
import uPlot from "uplot";
import { day } from "./format.js";
import "uplot/dist/uPlot.min.css";

/** A chart: the first column is what runs along the bottom. */
export interface Chart {
  label: string;
  /** Whether the first column is seconds since 1970; else plain numbers. */
  time: boolean;
  columns: (number | null)[][];
  series: { name: string; color: string; shape?: "points" | "dashed" | "bars" }[];
  /** The least and the largest value of the vertical axis; by default what the data have. */
  range?: [number, number];
  format?: (value: number) => string;
}

const HEIGHT = 220;

/** A colour of the page by its name. */
const color = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** The chart as a part of a page. It is drawn anew whenever the page is, and fits its place. */
export function plot(chart: Chart): TemplateResult {
  const [along = [], ...rest] = chart.columns;
  const format = chart.format ?? ((value: number) => value.toFixed(2));
  const last = chart.series.map(({ name }, at) => {
    const known = (rest[at] ?? []).filter((value) => value !== null);
    const value = known[known.length - 1];
    return `${name} ${value === undefined ? "unknown" : format(value)}`;
  });
  return html`<div class="plot" role="img" aria-label="${chart.label}: ${along.length} points; last: ${last.join(", ")}"
    ${ref((element) => element && fit(element as HTMLElement, chart))}></div>`;
}

const fitted = new WeakMap<HTMLElement, ResizeObserver>();

/** Draws as soon as the place has a width, and again whenever that changes. */
function fit(element: HTMLElement, chart: Chart): void {
  fitted.get(element)?.disconnect();
  let width = 0;
  const observer = new ResizeObserver(() => {
    if (element.clientWidth === width || element.clientWidth === 0) return;
    width = element.clientWidth;
    draw(element, chart, width);
  });
  observer.observe(element);
  fitted.set(element, observer);
}

function draw(element: HTMLElement, chart: Chart, width: number): void {
  element.replaceChildren();
  const axis = { stroke: color("soft"), grid: { stroke: color("line"), width: 1 }, ticks: { stroke: color("line") } };
  const { format } = chart;
  const options: uPlot.Options = {
    width,
    height: HEIGHT,
    scales: { x: { time: chart.time }, ...(chart.range && { y: { range: chart.range } }) },
    axes: [
      { ...axis, ...(chart.time && { values: (_: uPlot, ticks: number[]) => ticks.map(day) }) },
      { ...axis, size: 56, ...(format && { values: (_: uPlot, ticks: number[]) => ticks.map(format) }) },
    ],
    series: [
      {},
      ...chart.series.map(({ name, color: stroke, shape }) => ({
        label: name,
        stroke: color(stroke),
        width: shape === "points" ? 0 : 2,
        ...(shape === "dashed" && { dash: [6, 5] }),
        ...(shape === "bars" &&
          uPlot.paths.bars && { paths: uPlot.paths.bars({ size: [0.8, 60] }), fill: color(stroke) }),
        points: { show: shape === "points", size: 7, fill: color(stroke) },
        spanGaps: true,
      })),
    ],
    legend: { live: false },
    cursor: { show: false },
  };
  new uPlot(options, chart.columns as uPlot.AlignedData, element);
}
