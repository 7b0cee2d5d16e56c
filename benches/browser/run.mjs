// How fast tidyrank ranks in Chromium, beside its peers in the same run: the same network, the same candidates.
//
//   node benches/browser/run.mjs           everything, about a quarter of an hour; benches/results/browser.{md,json,svg}
//   node benches/browser/run.mjs --quick   one round of timing, up to 10,000 candidates, about a minute; target/bench/quick
//
//   --rounds N      rounds of timing (5)
//   --sizes A,B,…   numbers of candidates (10,100,1000,10000,100000)
//   --only A,B,…    these rows only, by the beginning of their id; tidyrank is always there
//   --parts A,B,…   of timing, questions, starts, memory; questions alone need no peers and are printed, not kept
//   --package DIR   another build of the package (pkg)
//   --model DIR     another model (models/cleaners/1.0.0)
//   --out DIR       where the results go
//
// It fails if any contender's scores differ from those of the fp32 network by more than is allowed (lib/contenders.mjs).
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { chart } from "./lib/chart.mjs";
import { startAll } from "./lib/cold.mjs";
import { COLD, CONTENDERS } from "./lib/contenders.mjs";
import { prepareData } from "./lib/data.mjs";
import { memoryOf } from "./lib/memory.mjs";
import { inBench, inRoot, inWork } from "./lib/paths.mjs";
import { exportGraphs, gatherPeers, installPeers, peerVersions } from "./lib/peers.mjs";
import { askAll, QUESTIONS } from "./lib/questions.mjs";
import { answering, markdown } from "./lib/report.mjs";
import { timeAll } from "./lib/rounds.mjs";
import { compressAll, compressed, serve } from "./lib/server.mjs";
import { machine, summarise } from "./lib/summary.mjs";

const START_ROUNDS = 3;
const text = { type: "string" };
const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    rounds: text,
    sizes: text,
    only: text,
    parts: text,
    package: { ...text, default: "pkg" },
    model: { ...text, default: "models/cleaners/1.0.0" },
    out: text,
  },
});
const list = (flag, quick, full) => (flag ?? (flags.quick ? quick : full)).split(",");
const rounds = Number(list(flags.rounds, "1", "5")[0]);
const sizes = list(flags.sizes, "10,1000,10000", "10,100,1000,10000,100000").map(Number);
const parts = list(flags.parts, "timing,questions", "timing,questions,starts,memory");
const out = resolve(flags.out ?? (flags.quick ? inWork("quick") : inRoot("benches/results")));
const model = inRoot(flags.model);
const wanted = ({ id, page }) =>
  page === "tidyrank" || !flags.only || flags.only.split(",").some((name) => id.startsWith(name));

const began = Date.now();
const seconds = () => Math.round((Date.now() - began) / 1000);
const log = (...words) => console.error(`bench ${String(seconds()).padStart(4)} s:`, ...words);
process.on("uncaughtException", (error) => {
  console.error(`bench: failed after ${seconds()} s: ${error.stack ?? error}`);
  process.exit(1);
});

function packageFolder() {
  const dist = join(inRoot(flags.package), "dist");
  if (!existsSync(join(dist, "index.js"))) throw new Error(`no package in ${dist}: npm run build:pkg`);
  return dist;
}

const questionsAt = (url) => askAll({ url, questions: parts.includes("questions") ? QUESTIONS : [], rounds, log });

/** Makes or finds everything that is served; gives the server and the inputs. */
async function prepare() {
  const own = { page: inBench("page"), tidyrank: packageFolder(), model };
  mkdirSync(inWork("."), { recursive: true });
  await installPeers();
  await exportGraphs(join(model, "model.safetensors"), inWork("onnx"));
  await gatherPeers(inWork("modules"));
  log("making the inputs");
  const data = prepareData(
    model,
    [...new Set([...sizes, 200])].sort((a, b) => a - b),
  );
  const folders = { ...own, peers: inWork("modules"), onnx: inWork("onnx"), data: data.folder };
  if (parts.includes("starts")) {
    log("compressing what is served");
    const { peers, onnx, tidyrank } = folders;
    for (const folder of [peers, onnx, tidyrank, join(data.folder, "market-200")]) compressAll(folder);
    compressed(join(data.folder, "weights.f32"));
  }
  return { data, server: await serve(folders) };
}

/** The parts of a run; the memory is that of the rows that the timing found fit. */
async function measureAll({ data, server }) {
  const contenders = CONTENDERS.filter(wanted);
  const timing = await timeAll({ url: server.url, contenders, sizes, rounds, log });
  const questions = await questionsAt(server.url);
  const starts = await startAll({
    server,
    contenders: parts.includes("starts") ? COLD.filter(wanted) : [],
    data,
    rounds: START_ROUNDS,
    log: (round, { id }, visits) =>
      log(`start ${round + 1}`, id, ["first", "again", "anew"].map((kind) => visits[kind].total.toFixed(0)).join(" ")),
  });
  const fit = contenders.filter(({ id, weighed }) => weighed && !timing.results.get(id).left);
  const memory = await memoryOf({
    url: server.url,
    contenders: parts.includes("memory") ? fit : [],
    sizes: sizes.filter((size) => size >= 1000),
    log: ({ id }, bySize) =>
      log(
        "memory",
        id,
        Object.values(bySize)
          .map(({ peak }) => peak >> 20)
          .join(" "),
      ),
  });
  return { contenders, sizes, timing, questions, starts, memory };
}

/** What needs neither peers nor inputs. */
async function questionsOnly() {
  const server = await serve({ page: inBench("page"), tidyrank: packageFolder(), model });
  try {
    const questions = await questionsAt(server.url);
    const { date, cpu, browser, loadAverage } = machine(questions.version);
    console.log(`${date} UTC, ${cpu}, ${browser}, load average ${loadAverage.join(", ")}\n\n${answering(questions)}`);
  } finally {
    await server.close();
  }
}

async function everything() {
  const prepared = await prepare();
  try {
    const measured = await measureAll(prepared);
    const setting = { ...machine(measured.timing.version), peers: peerVersions(), rounds, minutes: seconds() / 60 };
    const report = { ...setting, sizes, ...summarise(measured) };
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, "browser.json"), `${JSON.stringify(report, null, 2)}\n`);
    writeFileSync(join(out, "browser.md"), markdown(report));
    writeFileSync(join(out, "browser.svg"), chart(report));
    console.log(markdown(report));
    log("written to", out);
  } finally {
    await prepared.server.close();
  }
}

await (parts.join() === "questions" ? questionsOnly() : everything());
