// The size of the npm package, raw and compressed, against its budgets, and what takes the room in it.
import { existsSync, readFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { byCrate, roomOf } from "./wasm-room.mjs";

/** wasm + glue + package JavaScript, gzip, in bytes: where it is meant to get to. */
export const GOAL_GZIP = 60_000;
/** And what it must not exceed meanwhile: raised from 93,500 for the whole recommender, and from now on only lowered. */
export const BUDGET_GZIP = 160_500;
/** What ranking on the GPU may add, in files of its own that are fetched only where it is used. */
export const GPU_BUDGET_GZIP = 75_000;
/** What shows a ranking: only for pages that import it. */
export const ELEMENT_BUDGET_GZIP = 18_000;
const ELEMENT = ["element.js", "react.js"];
const CORE = ["index.js", "core.js", "errors.js", "worker.js", "host.js", "tidyrank_bg.wasm"];
const GPU = ["gpu.js", "tidyrank_gpu_bg.wasm"];
/** How many functions the table of what takes the room names. */
const LARGEST = 25;

/** The sizes of those of these files that a package ships. */
export function sizes(folder, files) {
  const there = files.filter((name) => existsSync(`${folder}/dist/${name}`));
  return there.map((name) => {
    const bytes = readFileSync(`${folder}/dist/${name}`);
    return {
      name,
      raw: bytes.length,
      gzip: gzipSync(bytes, { level: 9 }).length,
      brotli: brotliCompressSync(bytes).length,
    };
  });
}

const line = (name, ...cells) => name.padEnd(24) + cells.map((cell) => String(cell).padStart(10)).join("");

/** Prints the sizes of some files and their sum; whether it is within the budget. */
function reportFiles(folder, files, what, budget) {
  const rows = sizes(folder, files);
  if (rows.length === 0) return true;
  const total = { name: "total", raw: 0, gzip: 0, brotli: 0 };
  for (const row of rows) for (const key of ["raw", "gzip", "brotli"]) total[key] += row[key];
  console.log(line("file", "raw", "gzip", "brotli"));
  for (const row of [...rows, total]) console.log(line(row.name, row.raw, row.gzip, row.brotli));
  const within = total.gzip <= budget;
  console.log(`${what}: ${total.gzip} of ${budget} bytes gzip${within ? "" : "  EXCEEDED"}`);
  return within;
}

/** Prints the tables; whether every budget is kept. */
export function report(folder) {
  const core = reportFiles(folder, CORE, `budget (goal ${GOAL_GZIP})`, BUDGET_GZIP);
  const gpu = reportFiles(folder, GPU, "budget of the GPU's files", GPU_BUDGET_GZIP);
  return reportFiles(folder, ELEMENT, "budget of the element", ELEMENT_BUDGET_GZIP) && gpu && core;
}

/** Prints what takes the room in a module that still has its names. */
export function reportRoom(module) {
  const { functions, code, data, other } = roomOf(module);
  console.log(line("code by crate", "functions", "raw", "gzip"));
  for (const { crate, functions: of, raw, gzip } of byCrate(functions)) console.log(line(crate, of, raw, gzip));
  console.log(line("code", functions.length, code));
  console.log(line("data", "", data));
  console.log(line("types, tables, exports", "", other));
  console.log("\nlargest functions (each with what was inlined into it), raw bytes");
  const largest = functions.toSorted((a, b) => b.bytes.length - a.bytes.length).slice(0, LARGEST);
  for (const { name, bytes } of largest) console.log(`${String(bytes.length).padStart(8)}  ${name.slice(0, 110)}`);
}
