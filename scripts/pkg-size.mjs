// The size of the npm package, raw and compressed, against its budget.
import { readFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { inRoot } from "./paths.mjs";

/** wasm + glue + package JavaScript, gzip, in bytes. */
export const BUDGET_GZIP = 60_000;
const FILES = ["index.js", "worker.js", "host.js", "tidyrank_bg.wasm"];

/** The sizes of every shipped file. */
export function sizes() {
  return FILES.map((name) => {
    const bytes = readFileSync(inRoot(`pkg/dist/${name}`));
    return {
      name,
      raw: bytes.length,
      gzip: gzipSync(bytes, { level: 9 }).length,
      brotli: brotliCompressSync(bytes).length,
    };
  });
}

/** Prints the table; whether the total is within the budget. */
export function report() {
  const rows = sizes();
  const total = { name: "total", raw: 0, gzip: 0, brotli: 0 };
  for (const row of rows) for (const key of ["raw", "gzip", "brotli"]) total[key] += row[key];
  const line = (name, ...cells) => name.padEnd(20) + cells.map((cell) => String(cell).padStart(10)).join("");
  console.log(line("file", "raw", "gzip", "brotli"));
  for (const row of [...rows, total]) console.log(line(row.name, row.raw, row.gzip, row.brotli));
  const within = total.gzip <= BUDGET_GZIP;
  console.log(`budget: ${total.gzip} of ${BUDGET_GZIP} bytes gzip${within ? "" : "  EXCEEDED"}`);
  return within;
}
