// The chart: milliseconds a request by number of candidates, both logarithmic. Text and lines follow the reader's colours.

const WIDTH = 880;
const HEIGHT = 500;
const PLOT = { left: 64, right: 590, top: 56, bottom: 448 };
const FRAME_MS = 1000 / 60;

/** Which rows are drawn, how, and under which name. */
const LINES = [
  { id: "tidyrank-top10-2w", name: "tidyrank, ten best, 2 workers", style: "a dashed" },
  { id: "tidyrank-top10", name: "tidyrank, ten best", style: "a strong" },
  { id: "tidyrank", name: "tidyrank, all scores", style: "b strong" },
  { id: "rten-sep-1k", name: "rten, first layers ready", style: "c" },
  { id: "ort-sep-int8-2t", name: "onnxruntime-web, its best row", style: "d dashed" },
  { id: "ort-1t", name: "onnxruntime-web", style: "d" },
  { id: "tfjs", name: "TensorFlow.js wasm", style: "e" },
  { id: "js", name: "plain JavaScript", style: "f" },
];

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-size: 16px; font-weight: 600; } .note { font-size: 12px; fill: #59636e; }
  .grid { stroke: #d1d9e0; stroke-width: 1; } .frame { stroke: #59636e; stroke-dasharray: 2 4; }
  .line { fill: none; stroke-width: 2; stroke-linejoin: round; } .strong { stroke-width: 3.5; } .dashed { stroke-dasharray: 6 4; }
  .leader { stroke: #afb8c1; stroke-width: 1; fill: none; }
  .a { stroke: #0a7f3f; } .b { stroke: #0969da; } .c { stroke: #9a6700; } .d { stroke: #bc4c00; } .e { stroke: #8250df; } .f { stroke: #6e7781; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; } .note { fill: #9198a1; } .grid { stroke: #3d444d; } .frame { stroke: #9198a1; } .leader { stroke: #656c76; }
    .a { stroke: #3fb950; } .b { stroke: #4493f8; } .c { stroke: #d29922; } .d { stroke: #f0883e; } .e { stroke: #ab7df8; } .f { stroke: #9198a1; }
  }`;

const escaped = (text) => text.replace(/[&<>]/g, (char) => `&#${char.charCodeAt(0)};`);
const number = (value) => Number(value.toPrecision(2)).toLocaleString("en-US");

function scale(least, most, from, to) {
  const [low, high] = [Math.log10(least), Math.log10(most)];
  return (value) => Number((from + ((Math.log10(value) - low) / (high - low)) * (to - from)).toFixed(1));
}

/** Moves labels apart so that none covers another; keeps their order. */
function spread(labels, gap) {
  const placed = [...labels].sort((a, b) => a.y - b.y).map((label) => ({ ...label, at: label.y }));
  for (let pass = 0; pass < 60; pass++) {
    for (let i = 1; i < placed.length; i++) {
      const overlap = gap - (placed[i].at - placed[i - 1].at);
      if (overlap > 0) {
        placed[i - 1].at -= overlap / 2;
        placed[i].at += overlap / 2;
      }
    }
    for (const label of placed) label.at = Math.min(PLOT.bottom, Math.max(PLOT.top, label.at));
  }
  return placed;
}

/** The best of onnxruntime-web's rows at the largest size takes the place of its fixed row. */
function drawn(report) {
  const largest = Math.max(...report.sizes);
  const ort = report.rows.filter((row) => row.id.startsWith("ort-") && row.cells[largest]);
  const best = ort.sort((a, b) => a.cells[largest].median - b.cells[largest].median)[0];
  return LINES.flatMap((line) => {
    const row = line.id === "ort-sep-int8-2t" ? best : report.rows.find(({ id }) => id === line.id);
    const points = report.sizes.filter((size) => row?.cells[size]).map((size) => [size, row.cells[size].median]);
    return points.length > 1 ? [{ ...line, points }] : [];
  });
}

/** The chart of a report as SVG. */
export function chart(report) {
  const lines = drawn(report);
  const values = lines.flatMap(({ points }) => points.map(([, ms]) => ms));
  const decade = (round, value) => 10 ** round(Math.log10(value));
  const [least, most] = [decade(Math.floor, Math.min(...values)), decade(Math.ceil, Math.max(...values))];
  const x = scale(Math.min(...report.sizes), Math.max(...report.sizes), PLOT.left, PLOT.right);
  const y = scale(least, most, PLOT.bottom, PLOT.top);
  const grid = [];
  for (let ms = least; ms <= most * 1.01; ms *= 10) {
    grid.push(`<path class="grid" d="M${PLOT.left} ${y(ms)}H${PLOT.right}"/>`);
    grid.push(`<text x="${PLOT.left - 8}" y="${y(ms) + 4}" text-anchor="end">${number(ms)}</text>`);
  }
  for (const size of report.sizes) {
    grid.push(
      `<text x="${x(size)}" y="${PLOT.bottom + 20}" text-anchor="middle">${size.toLocaleString("en-US")}</text>`,
    );
  }
  if (FRAME_MS > least && FRAME_MS < most) {
    grid.push(`<path class="frame" d="M${PLOT.left} ${y(FRAME_MS)}H${PLOT.right}"/>`);
    grid.push(`<text class="note" x="${PLOT.left + 4}" y="${y(FRAME_MS) - 5}">one frame at 60 Hz</text>`);
  }
  const paths = lines.map(({ points, style }) => {
    const path = points.map(([size, ms], at) => `${at ? "L" : "M"}${x(size)} ${y(ms)}`).join("");
    return `<path class="line ${style}" d="${path}"/>`;
  });
  const ends = lines.map(({ name, points }) => ({
    name,
    y: y(points.at(-1)[1]),
    ms: points.at(-1)[1],
    x: x(points.at(-1)[0]),
  }));
  const labels = spread(ends, 19).map(
    ({ name, ms, x: from, y: end, at }) =>
      `<path class="leader" d="M${from + 4} ${end}L${PLOT.right + 18} ${at.toFixed(1)}"/>` +
      `<text x="${PLOT.right + 22}" y="${(at + 4).toFixed(1)}">${escaped(name)} ${number(ms)} ms</text>`,
  );
  const note = `${report.browser}, ${report.cpu.replace(/^\d+ x /, "")}; one thread where nothing else is said; ${report.date.slice(0, 10)}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="t">
<title id="t">Milliseconds a request by number of candidates, the same network in the same browser run</title>
<style>${STYLE}
</style>
<text class="title" x="${PLOT.left}" y="22">Milliseconds a request, by number of candidates</text>
<text class="note" x="${PLOT.left}" y="40">${escaped(note)}</text>
${grid.join("\n")}
${paths.join("\n")}
${labels.join("\n")}
</svg>
`;
}
