// The benchmark's own ground: that tidyrank's scores are those of the fp32 network on features computed apart from the engine,
// that a wrong score would be noticed, and that its candidates are what it says. No peers, nothing is timed.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CONTENDERS, TOLERANCE } from "../../benches/browser/lib/contenders.mjs";
import { prepareData } from "../../benches/browser/lib/data.mjs";
import { enlarge } from "../../benches/browser/lib/market.mjs";
import { inBench, inRoot } from "../../benches/browser/lib/paths.mjs";
import { askAll, QUESTIONS } from "../../benches/browser/lib/questions.mjs";
import { timeAll } from "../../benches/browser/lib/rounds.mjs";
import { read } from "../../benches/browser/lib/safetensors.mjs";
import { serve } from "../../benches/browser/lib/server.mjs";
import { compare, topRows } from "../../benches/browser/page/agree.js";
import { modelFile, modelFolder } from "./support.mjs";

const SIZES = [10, 500];
let [data, server] = [];

before(async () => {
  data = prepareData(modelFolder(), SIZES);
  server = await serve({
    page: inBench("page"),
    tidyrank: inRoot("pkg/dist"),
    data: data.folder,
    model: modelFolder(),
  });
});

after(() => server?.close());

test("all ways to ask tidyrank give the scores of the network", { timeout: 120_000 }, async () => {
  const contenders = CONTENDERS.filter(({ page, software }) => ["tidyrank", "plain"].includes(page) && !software);
  const { results } = await timeAll({
    ...{ url: server.url, contenders, sizes: SIZES, rounds: 1, measured: false },
    log: (line) => assert.doesNotMatch(line, /once more/),
  });
  for (const { id } of contenders.filter(({ optional }) => !optional)) {
    const { cells, left } = results.get(id);
    assert.equal(left, undefined, id);
    assert.ok(SIZES.every((size) => cells[size][0].agreement.compared > 0));
  }
});

test("the questions that have no peer are answered with what they ask for", { timeout: 120_000 }, async () => {
  const ask = (questions) => askAll({ url: server.url, questions, rounds: 1, log: () => {}, measured: false });
  const { rows } = await ask(QUESTIONS);
  assert.deepEqual(
    rows.map(({ id }) => id),
    QUESTIONS.map(({ id }) => id),
  );
  // An answer that is not one would be noticed.
  await assert.rejects(ask([{ id: "none", label: "none", asks: "recommendJobs", count: 0 }]), /not the answer/);
});

test("scores of the wrong candidates, and missing ones, would be noticed", () => {
  const bytes = readFileSync(join(data.folder, "reference.f64"));
  const reference = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  assert.equal(compare(reference, reference).worst, 0);
  const shifted = Float64Array.from(reference, (_, at) => reference[(at + 1) % reference.length]);
  for (const allowed of Object.values(TOLERANCE)) assert.ok(compare(shifted, reference).rms > allowed);
  assert.equal(compare(reference.with(3, Number.NaN), reference).worst, Number.POSITIVE_INFINITY);
  assert.throws(() => compare(reference.slice(1), reference));
  assert.deepEqual(topRows([1, 3, Number.NaN, 3, 2], 3), [1, 3, 4]);
});

test("a catalog is the beginning of every larger one, and no two cleaners are alike", () => {
  const made = (size) =>
    read(enlarge(modelFile("manifest.json"), modelFile("catalog.safetensors"), size).catalog).tensors;
  const [small, large] = [made(300), made(600)];
  for (const [name, { values }] of Object.entries(small)) {
    assert.deepEqual(values, large[name].values.subarray(0, values.length), name);
  }
  // What the model sees of a cleaner; two released ones whom it never met have the same embedding.
  const seen = ["rows", "stats.counts", "location"].map((name) => large[name]);
  const row = (at) => seen.map(({ values, shape }) => values.subarray(at * shape[1], (at + 1) * shape[1]).join());
  const rows = Array.from({ length: 600 }, (_, at) => row(at).join());
  assert.equal(new Set(rows).size, 600);
});
