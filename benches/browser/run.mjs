// How fast tidyrank ranks in Chromium, beside its peers in the same run: the same network, the same candidates.
//
//   node benches/browser/run.mjs               everything, about ten minutes; writes benches/results/browser.{md,json,svg}
//   node benches/browser/run.mjs --quick       one round, up to 10,000 candidates, about a minute; writes to target/bench/quick
//
//   --rounds N      rounds of timing (5)
//   --sizes A,B,…   numbers of candidates (10,100,1000,10000,100000)
//   --only A,B,…    these rows only, by the beginning of their id; tidyrank is always there
//   --package DIR   another build of the package (pkg)
//   --model DIR     another model (models/cleaners/1.0.0)
//   --out DIR       where the results go
//   --no-cold, --no-memory   leave these parts out
//
// It fails if any contender's scores differ from those of the fp32 network by more than is allowed (lib/contenders.mjs).
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { chart } from "./lib/chart.mjs";
import { startAll } from "./lib/cold.mjs";
import { COLD, CONTENDERS } from "./lib/contenders.mjs";
import { prepareData } from "./lib/data.mjs";
import { memoryOf } from "./lib/memory.mjs";
import { inBench, inRoot, inWork } from "./lib/paths.mjs";
import { exportGraphs, gatherPeers, installPeers, peerVersions } from "./lib/peers.mjs";
import { markdown } from "./lib/report.mjs";
import { timeAll } from "./lib/rounds.mjs";
import { serve } from "./lib/server.mjs";
import { machine, summarise } from "./lib/summary.mjs";

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    sizes: { type: "string" },
    only: { type: "string" },
    package: { type: "string", default: "pkg" },
    model: { type: "string", default: "models/cleaners/1.0.0" },
    out: { type: "string" },
    "no-cold": { type: "boolean", default: false },
    "no-memory": { type: "boolean", default: false },
  },
});
const rounds = Number(flags.rounds ?? (flags.quick ? 1 : 5));
const sizes = (flags.sizes ?? (flags.quick ? "10,1000,10000" : "10,100,1000,10000,100000")).split(",").map(Number);
const only = flags.only?.split(",");
const out = resolve(flags.out ?? (flags.quick ? inWork("quick") : inRoot("benches/results")));
const wanted = ({ id, page }) => !only || page === "tidyrank" || only.some((name) => id.startsWith(name));
const contenders = CONTENDERS.filter(wanted);
const model = inRoot(flags.model);
const began = Date.now();
const log = (...words) =>
  console.error(`bench ${String(Math.round((Date.now() - began) / 1000)).padStart(4)} s:`, ...words);

process.on("uncaughtException", (error) => {
  console.error(`bench: ${error.stack ?? error}`);
  process.exit(1);
});
mkdirSync(inWork("."), { recursive: true });
await installPeers();
await exportGraphs(join(model, "model.safetensors"), inWork("onnx"));
await gatherPeers(inWork("modules"));
log("making the inputs");
const data = prepareData(
  model,
  [...new Set([...sizes, 200])].sort((a, b) => a - b),
);
const server = await serve({
  page: inBench("page"),
  peers: inWork("modules"),
  onnx: inWork("onnx"),
  tidyrank: join(inRoot(flags.package), "dist"),
  data: data.folder,
});

try {
  const logTurn = (round, { id }, { cells, left }) =>
    log(`round ${round + 1}`, id, left ?? sizes.map((size) => cells[size].at(-1)?.median.toPrecision(3)).join(" "));
  const timing = await timeAll({ url: server.url, contenders, sizes, rounds, log: logTurn });
  const logStart = (round, { id }, { cold, cached }) =>
    log(`start ${round + 1}`, id, cold.total.toFixed(0), cached.total.toFixed(0));
  const startRounds = flags.quick ? 1 : 3;
  const starting = COLD.filter(wanted);
  const starts = flags["no-cold"]
    ? undefined
    : await startAll({ server, contenders: starting, data, rounds: startRounds, log: logStart });
  const held = contenders.filter(({ id, software }) => !software && !timing.results.get(id).left);
  const logMemory = ({ id }, bySize) => log("memory", id, ...Object.values(bySize).map(({ peak }) => peak >> 20));
  const memorySizes = sizes.filter((size) => size >= 1000);
  const memory = flags["no-memory"]
    ? undefined
    : await memoryOf({ url: server.url, contenders: held, sizes: memorySizes, log: logMemory });

  const setting = { ...machine(timing.version), peers: peerVersions(), rounds, minutes: (Date.now() - began) / 60_000 };
  const report = { ...setting, sizes, ...summarise({ contenders, sizes, timing, starts, memory }) };
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "browser.json"), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(join(out, "browser.md"), markdown(report));
  writeFileSync(join(out, "browser.svg"), chart(report));
  console.log(markdown(report));
  log("written to", out);
} finally {
  await server.close();
}
