// Starts: how long from import to the first ranking, and what has to be transferred for it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { freshPage, profile } from "./browser.mjs";
import { FEATURES } from "./features.mjs";
import { watchOthers } from "./load.mjs";
import { median } from "./stats.mjs";

/** Time that a browser is given to calm down after its start. */
const CALM_MS = 700;
/** Time that it is given to write down what it compiled. */
const SETTLE_MS = 2500;
const CATALOG = 200;

async function visit(context, url, contender, given, settleMs) {
  const { page, ask } = await freshPage(context, `${url}/cold/`);
  await page.waitForTimeout(CALM_MS);
  const others = watchOthers();
  const argument = { page: contender.page, options: contender.options, ...given };
  const times = await ask(async (what) => (await import("/cold/page/cold.js")).start(what), argument);
  const found = { ...times, others: others() };
  await page.waitForTimeout(settleMs);
  await page.close();
  return found;
}

/** One contender's three starts: an empty profile, another page in the same browser, and the browser started anew. */
async function threeStarts(server, contender, given) {
  const kept = profile();
  try {
    server.requested.clear();
    let context = await kept.open();
    const first = await visit(context, server.url, contender, given, SETTLE_MS);
    const files = Object.fromEntries([...server.requested].filter(([path]) => !path.startsWith("/cold/page/")));
    const again = await visit(context, server.url, contender, given, 0);
    await context.close();
    context = await kept.open();
    const anew = await visit(context, server.url, contender, given, 0);
    await context.close();
    return { first, again, anew, files };
  } finally {
    kept.remove();
  }
}

/** All contenders' starts in turn, `rounds` times. */
export async function startAll({ server, contenders, data, rounds, log }) {
  const bytes = readFileSync(join(data.folder, "features.f32"));
  const features = [
    ...new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 4 * CATALOG * FEATURES)),
  ];
  const given = { query: data.query, features };
  const starts = new Map(contenders.map(({ id }) => [id, []]));
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      starts.get(contender.id).push(await threeStarts(server, contender, given));
      log(round, contender, starts.get(contender.id).at(-1));
    }
  }
  return contenders.map(({ id, label }) => ({ id, label, ...summary(starts.get(id)) }));
}

function summary(starts) {
  const of = (kind, field) => {
    const values = starts.map((start) => start[kind][field]);
    return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
  };
  const files = starts[0].files;
  const sum = (kind) => Object.values(files).reduce((total, sizes) => total + sizes[kind], 0);
  const kinds = ["first", "again", "anew"];
  return {
    ...Object.fromEntries(kinds.map((kind) => [kind, { total: of(kind, "total"), loading: of(kind, "loaded") }])),
    bytes: { raw: sum("raw"), gzip: sum("gzip"), brotli: sum("brotli") },
    files: Object.fromEntries(Object.entries(files).map(([path, sizes]) => [path.replace("/cold/", ""), sizes])),
    others: Math.max(...starts.flatMap((start) => kinds.map((kind) => start[kind].others))),
  };
}
