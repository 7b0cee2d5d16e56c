// From samples to the figures of the report.
import { cpus, loadavg, platform, release, totalmem } from "node:os";
import { median, percentile } from "./stats.mjs";

/** Cores that others may use in a round that counts, where there are enough such rounds. */
export const QUIET = 0.3;

/** Where and with what this was measured. */
export function machine(browser) {
  return {
    date: new Date().toISOString().slice(0, 16).replace("T", " "),
    cpu: `${cpus().length} x ${cpus()[0]?.model ?? "?"}`,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()}`,
    browser: `Chromium ${browser}`,
    node: process.version,
    loadAverage: loadavg().map((load) => Number(load.toFixed(2))),
  };
}

/** The rounds that count: the quiet ones, or all where less than two are. */
export function counted(cells) {
  const quiet = cells.filter(({ others }) => !(others >= QUIET));
  return quiet.length >= Math.min(2, cells.length) ? quiet : cells;
}

function cellOf(cells) {
  const rounds = counted(cells);
  if (!rounds.length) return undefined;
  const samples = rounds.flatMap((round) => round.samples);
  return {
    median: median(rounds.map((round) => round.median)),
    p95: percentile(samples, 0.95),
    min: Math.min(...samples),
    samples: samples.length,
    rounds: rounds.length,
    others: Number(Math.max(...rounds.map(({ others }) => others)).toFixed(2)),
    worst: Math.max(...cells.map(({ agreement }) => agreement.worst)),
  };
}

/** How many times longer `cells` took than `base`, by the median of the rounds in which both were measured. */
function ratioOf(cells, base) {
  const rounds = new Map(counted(base).map(({ round, median }) => [round, median]));
  const paired = counted(cells).filter(({ round }) => rounds.has(round));
  if (paired.length) return median(paired.map(({ round, median }) => median / rounds.get(round)));
  return cells.length && base.length
    ? median(cells.map((cell) => cell.median)) / median([...rounds.values()])
    : undefined;
}

/** The same by the shortest sample of each: what is left when others took the processor now and then. */
const leastRatio = (cell, base) => cell && base && cell.min / base.min;

/** The best rate of each kind of arithmetic, GMAC/s a thread. */
function ceilingOf(ceilings) {
  const kernels = {};
  for (const { rates } of ceilings) {
    for (const [name, rate] of Object.entries(rates)) kernels[name] = Math.max(kernels[name] ?? 0, rate);
  }
  const best = (kind) =>
    Math.max(...Object.entries(kernels).flatMap(([name, rate]) => (name.startsWith(kind) ? rate : [])));
  return { kernels, i16: best("i16"), f32: best("f32") };
}

/** All figures of a run. */
export function summarise({ contenders, sizes, timing, questions, starts, memory }) {
  const ceiling = ceilingOf(timing.ceilings);
  const cellsOf = (id, size) => timing.results.get(id)?.cells[size] ?? [];
  const bySize = (of) =>
    Object.fromEntries(sizes.map((size) => [size, of(size)]).filter(([, value]) => value !== undefined));
  const rows = contenders.map(({ id, label, threads, arithmetic, macs, tolerance, software }) => {
    const { left, about } = timing.results.get(id);
    const cells = bySize((size) => cellOf(cellsOf(id, size)));
    const rate = (size) => (macs && cells[size] ? (macs * size) / cells[size].median / 1e6 : undefined);
    return {
      ...{ id, label, threads, arithmetic, macs, tolerance, software, left, about, cells },
      ratioToAll: bySize((size) => ratioOf(cellsOf(id, size), cellsOf("tidyrank", size))),
      ratioToTop: bySize((size) => ratioOf(cellsOf(id, size), cellsOf("tidyrank-top10", size))),
      leastToAll: bySize((size) => leastRatio(cells[size], cellOf(cellsOf("tidyrank", size)))),
      gmacs: bySize(rate),
      shareOfCeiling: bySize((size) => rate(size) && rate(size) / (threads * ceiling[arithmetic])),
      memory: memory.found[id],
    };
  });
  return { ceiling, rows, questions: questions.rows, starts, emptyPage: memory.empty };
}
