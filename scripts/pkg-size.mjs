// The size of the npm package, raw and compressed, against its budget.
import { readFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";

/** wasm + glue + package JavaScript, gzip, in bytes: where it is meant to get to. */
export const GOAL_GZIP = 60_000;
/** And what it must not exceed meanwhile: lowered with every step toward the goal, never raised. */
export const BUDGET_GZIP = 114_000;
const FILES = ["index.js", "worker.js", "host.js", "tidyrank_bg.wasm"];

/** The sizes of every file that a package ships. */
export function sizes(folder) {
  return FILES.map((name) => {
    const bytes = readFileSync(`${folder}/dist/${name}`);
    return {
      name,
      raw: bytes.length,
      gzip: gzipSync(bytes, { level: 9 }).length,
      brotli: brotliCompressSync(bytes).length,
    };
  });
}

/** Prints the table; whether the total is within the budget. */
export function report(folder) {
  const rows = sizes(folder);
  const total = { name: "total", raw: 0, gzip: 0, brotli: 0 };
  for (const row of rows) for (const key of ["raw", "gzip", "brotli"]) total[key] += row[key];
  const line = (name, ...cells) => name.padEnd(20) + cells.map((cell) => String(cell).padStart(10)).join("");
  console.log(line("file", "raw", "gzip", "brotli"));
  for (const row of [...rows, total]) console.log(line(row.name, row.raw, row.gzip, row.brotli));
  const within = total.gzip <= BUDGET_GZIP;
  const goal = total.gzip <= GOAL_GZIP ? "reached" : "not reached";
  console.log(
    `budget: ${total.gzip} of ${BUDGET_GZIP} bytes gzip${within ? "" : "  EXCEEDED"}; goal ${GOAL_GZIP}: ${goal}`,
  );
  return within;
}
