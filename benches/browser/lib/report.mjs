// The report as Markdown.
import { TOLERANCE } from "./contenders.mjs";
import { QUIET } from "./summary.mjs";

const count = (size) => size.toLocaleString("en-US");
const digits = (value, most = 3) =>
  value === undefined || Number.isNaN(value)
    ? "–"
    : value >= 100
      ? value.toFixed(0)
      : String(Number(value.toPrecision(most)));
const times = (value) => (value === undefined ? "–" : `${digits(value, value < 10 ? 2 : 3)}x`);
const mib = (bytes) => (bytes === undefined ? "–" : `${digits(bytes / 2 ** 20)}`);
const kb = (bytes) => (bytes / 1000).toFixed(0);
const small = (value) => (value === undefined ? "–" : value.toExponential(1));

function table(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, at) => (at ? "---:" : "---"))), ...rows.map(line)].join("\n");
}

function timesTable(report, rows) {
  const cell = ({ cells }, size) => (cells[size] ? `${digits(cells[size].median)} / ${digits(cells[size].p95)}` : "–");
  const worst = ({ cells }) => Math.max(...Object.values(cells).map((found) => found.worst));
  const others = ({ cells }) => Math.max(...Object.values(cells).map((found) => found.others));
  return table(
    ["ms, median / p95", ...report.sizes.map(count), "worst difference", "others' cores"],
    rows.map((row) => [
      row.label,
      ...report.sizes.map((size) => cell(row, size)),
      small(worst(row)),
      digits(others(row), 2),
    ]),
  );
}

const ratios = (report, rows, field) =>
  table(
    ["", ...report.sizes.map(count)],
    rows.map((row) => [row.label, ...report.sizes.map((size) => times(row[field][size]))]),
  );

function ceilings({ ceiling, sizes }, rows) {
  const shown = sizes.filter((size) => size >= 1000);
  const kernel = {
    i16_registers: "i32x4.dot_i16x8_s, registers",
    i16_tile_3x2: "i32x4.dot_i16x8_s, tile 3x2",
    i16_tile_4x2: "i32x4.dot_i16x8_s, tile 4x2",
    f32_registers: "f32x4.relaxed_madd, registers",
    f32_tile_4x2: "f32x4 mul + add, tile 4x2",
    f32_fused_tile_4x2: "f32x4.relaxed_madd, tile 4x2",
  };
  const rates = table(
    ["one thread, best", "GMAC/s"],
    Object.entries(ceiling.kernels).map(([name, rate]) => [kernel[name] ?? name, digits(rate)]),
  );
  const share = (row, size) =>
    row.shareOfCeiling[size] ? `${digits(row.gmacs[size])} (${(100 * row.shareOfCeiling[size]).toFixed(0)} %)` : "–";
  const reached = table(
    ["GMAC/s (share of the ceiling)", "MAC a candidate", "ceiling", ...shown.map(count)],
    rows
      .filter((row) => row.macs && !row.software)
      .map((row) => [
        row.label,
        count(row.macs),
        `${row.threads > 1 ? `${row.threads} x ` : ""}${digits(ceiling[row.arithmetic])}`,
        ...shown.map((size) => share(row, size)),
      ]),
  );
  return `${rates}\n\n${reached}`;
}

function growth({ sizes }, rows) {
  const held = sizes.filter((size) => rows.some((row) => row.memory?.[size]));
  const each = (row, size) => digits(row.cells[size] && (1e6 * row.cells[size].median) / size);
  const memory = (row, size) => {
    const found = row.memory?.[size];
    return found ? `${mib(found.peak)}${found.wasm ? ` (${mib(found.wasm)})` : ""}` : "–";
  };
  return table(
    ["", ...sizes.map((size) => `ns each, ${count(size)}`), ...held.map((size) => `MiB, ${count(size)}`)],
    rows.map((row) => [row.label, ...sizes.map((size) => each(row, size)), ...held.map((size) => memory(row, size))]),
  );
}

function starting(starts) {
  const range = ({ median, min }) => `${digits(median)} (${digits(min)})`;
  const visits = ({ first, again, anew }) =>
    [first.total, first.loading, again.total, again.loading, anew.total, anew.loading].map(range);
  return table(
    [
      "ms, median (least)",
      ...["first visit", "of it loading", "next page", "of it loading", "browser started anew", "of it loading"],
      ...["KB raw", "KB gzip", "KB brotli"],
    ],
    starts.map((row) => [row.label, ...visits(row), ...[row.bytes.raw, row.bytes.gzip, row.bytes.brotli].map(kb)]),
  );
}

const files = (starts) =>
  starts
    .map(({ label, files }) => {
      const sizes = Object.entries(files).map(([name, { brotli }]) => `${name.replace(/^.*\//, "")} ${kb(brotli)}`);
      return `* ${label}: ${sizes.join(", ")}`;
    })
    .join("\n");

/** The times of the questions that have no peer. */
export function answering({ rows }) {
  const cells = ({ median, p95, min, others }) => [
    `${digits(median)} / ${digits(p95)}`,
    digits(min),
    digits(others, 2),
  ];
  return table(
    [
      "ms",
      ...["in the page: median / p95", "least", "others' cores"],
      ...["in its worker: median / p95", "least", "others' cores"],
    ],
    rows.map(({ label, page, worker }) => [label, ...cells(page), ...cells(worker)]),
  );
}

const ABOUT_TIMES = `The same network, the same candidates. A peer's time is from arrays that are ready (embedding rows, features) to a
\`Float32Array\` of scores; tidyrank's is its whole answer to a job: filters, prices, distances and features are in it, and the ten
best come with everything about them. tidyrank is asked for another client and job each time; what it keeps of a client is
shown by the row "same client again". "First layers ready": the parts of the first layers that client, job and cleaner decide
alone are given to the peer as inputs. rten and TensorFlow.js keep the cleaners' rows in their memory from one request to the
next; onnxruntime-web takes them as an input.

Every row in pages of its own, rounds interleaved; a cell is the median of the rounds' medians and the 95th percentile of all
samples. Rounds in which others used 0.3 cores or more do not count where two others do. Differences are from the fp32 network
in f64, on scores from 0 to 1; the run fails above ${small(TOLERANCE.f32)} for fp32, ${small(TOLERANCE.tidyrank)} for tidyrank (int8 with 14-bit activations) and
${small(TOLERANCE["dynamic int8"])} for onnxruntime's dynamic int8, and if the ten best are not those of a full sort.`;

/** A warning, where most cells were measured while others were at work. */
function noise(rows) {
  const cells = rows.flatMap((row) => Object.values(row.cells));
  const disturbed = cells.filter(({ others }) => others >= QUIET).length;
  if (disturbed * 2 < cells.length) return [];
  return [
    `**Not a quiet machine:** in ${disturbed} of ${cells.length} cells others used ${QUIET} cores or more. Requests longer than a time slice then wait for\nothers and shorter ones do not, so that medians and their ratios are askew; the least times are nearer the truth.`,
  ];
}

/** The whole report. */
export function markdown(report) {
  const rows = report.rows.filter((row) => Object.keys(row.cells).length > 0);
  const peers = rows.filter((row) => !row.id.startsWith("tidyrank"));
  const left = report.rows.filter((row) => row.left).map((row) => `* left out: ${row.label}: ${row.left}`);
  const versions = Object.entries(report.peers).map(([name, version]) => `${name} ${version}`);
  const kernel = rows.find((row) => row.id === "tidyrank")?.about?.kernel ?? "?";
  const parts = [
    "# Ranking in a browser, side by side",
    `Made by \`make bench\` on ${report.date} UTC; ${report.rounds} rounds, ${digits(report.minutes)} minutes. All of it in [browser.json](browser.json).`,
    `* ${report.cpu}, ${report.memoryGib} GiB, ${report.system}; load average at the end ${report.loadAverage.join(", ")}\n* ${report.browser}, headless, no flags that change JavaScript or wasm; Node ${report.node}\n* tidyrank with its ${kernel} kernel; ${versions.join(", ")}`,
    ...noise(rows),
    "## Time of a request",
    ABOUT_TIMES,
    timesTable(report, rows),
    ...(left.length ? [left.join("\n")] : []),
    "![Time of a request by candidates](browser.svg)",
    "## How many times longer than tidyrank",
    "The peer's time divided by that of tidyrank's scores of everybody (one thread, network):",
    ratios(report, peers, "ratioToAll"),
    "… the same by the least time of each:",
    ratios(report, peers, "leastToAll"),
    "By that of tidyrank's ten best (one thread, ensemble), medians:",
    ratios(report, peers, "ratioToTop"),
    "## What the processor can do",
    "The rate of loops that do nothing but multiply and add, in the same run, and the rate that each reaches on the multiply-adds\nthat its own graph has, all its other work included. The ceiling of int8 rows is that of 16-bit products.",
    ceilings(report, rows),
    "## As candidates grow",
    "Nanoseconds a candidate; and the most memory that the page's process held above an empty page, all inputs included, with wasm\nmemory in brackets where it is the page's own.",
    growth(report, rows),
  ];
  if (report.questions.length) {
    parts.push(
      "## Other questions",
      "The released model and its 200 cleaners, from the call to the answer, another question each time: with the engine in the page's own\nthread, and in its worker, messages included. The least is the shortest sample of all.",
      answering({ rows: report.questions }),
    );
  }
  if (report.starts.length) {
    parts.push(
      "## From import to the first ranking",
      '200 candidates, a local server that sends brotli, no network in it. First visit: an empty profile; then another page in the\nsame browser; then the browser started anew on that profile. "Loading" ends when the runtime has its model. Transferred are\nruntime, model and catalog; the client\'s vector, and for the peers the features of the candidates, are there.',
      starting(report.starts),
      files(report.starts),
    );
  }
  return `${parts.join("\n\n")}\n`;
}
