// What `make demo` made: figures with their protocol, sizes, seconds.   node scripts/summary.mjs MODEL_DIR STEPS_DIR
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const [model, steps] = process.argv.slice(2);
const report = JSON.parse(readFileSync(join(model, "metrics.json"), "utf8"));
const manifest = JSON.parse(readFileSync(join(model, "manifest.json"), "utf8"));
const { protocol, rating, hiring } = report;
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const top3 = (name) => hiring.find((row) => row.scorer === name)?.top3.toFixed(3) ?? "-";

const rows = [
  ["model", `${manifest.name} ${manifest.version}, seed ${manifest.seed}`],
  ["protocol", `${protocol.split} (${protocol.train}/${protocol.validation}/rest)`],
  ["", `${protocol.rated_jobs} rated jobs, ${protocol.hired_jobs} hires held out`],
  ["R² of the rating, int8", `${rating.q8.r2.toFixed(3)} (fp32 ${rating.fp32.r2.toFixed(3)})`],
];
if (rating.ceiling) {
  rows.push(["share of the ceiling's R²", `${percent(rating.share_of_ceiling_q8)} of ${rating.ceiling.r2.toFixed(3)}`]);
}
rows.push(
  ["hired among the top 3", `ensemble ${top3("ensemble_q8")}, network ${top3("neural_q8")}, rules ${top3("rules")}`],
  ["  baselines", `best rated ${top3("best_rated")}, nearest ${top3("nearest")}, random ${top3("random")}`],
);
for (const { path, size } of manifest.files) rows.push([path, `${(size / 1024).toFixed(1)} KB`]);
const done = existsSync(steps) ? readdirSync(steps).map((name) => [statSync(join(steps, name)).mtimeMs, name]) : [];
for (const [, name] of done.sort(([a], [b]) => a - b)) {
  rows.push([`${name}, last run`, `${readFileSync(join(steps, name), "utf8").trim()} s`]);
}
const width = Math.max(...rows.map(([name]) => name.length));
const line = "─".repeat(width + 2);
console.log(`\n${line}┬${"─".repeat(60)}`);
for (const [name, value] of rows) console.log(` ${name.padEnd(width)} │ ${value}`);
console.log(`${line}┴${"─".repeat(60)}`);
