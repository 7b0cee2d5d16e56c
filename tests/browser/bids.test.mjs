// Bid suggestions of the package in Node: the native engine's answers to the last bit, and what is refused.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { before, describe, test } from "node:test";
import { inRoot } from "../../scripts/paths.mjs";
import { importInstalled, installedPackage, modelFile } from "./support.mjs";

let tidyrank;
const recommenders = {};
/** `tests/bids.rs` writes them. */
const cases = JSON.parse(readFileSync(inRoot("tests/fixtures/bids.json"), "utf8"));

/** The released catalog, with the fixture as bid model where it is wanted. */
function modelBytes(withModel) {
  const files = { catalog: modelFile("catalog.safetensors") };
  if (withModel) files.bids = new Uint8Array(readFileSync(inRoot("tests/fixtures/bids-1/supported.safetensors")));
  const manifest = JSON.parse(new TextDecoder().decode(modelFile("manifest.json")));
  manifest.files = Object.entries(files).map(([role, bytes]) => ({
    role,
    path: `${role}.safetensors`,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    size: bytes.length,
  }));
  return { manifest: new TextEncoder().encode(JSON.stringify(manifest)), files };
}

before(async () => {
  tidyrank = await importInstalled(installedPackage().project);
  for (const model of [true, false]) recommenders[model] = await tidyrank.Recommender.load(modelBytes(model));
});

const failsWith = (code) => (error) => error instanceof tidyrank.TidyrankError && error.code === code;

describe("suggestBid", () => {
  test("answers as the native engine, to the last bit", async () => {
    for (const [at, { model, question, suggestion }] of cases.entries()) {
      const { job, cleaner, ...options } = question;
      const found = await recommenders[model].suggestBid(job, cleaner, options);
      for (const reason of found.reasons) {
        assert.ok(reason.text.length > 0);
        delete reason.text;
      }
      assert.deepEqual(found, suggestion, `case ${at}`);
    }
  });

  test("says its reasons in the language asked for", async () => {
    const [{ question }] = cases;
    const greek = await recommenders.true.suggestBid(question.job, question.cleaner, { locale: "el" });
    assert.match(greek.reasons.map(({ text }) => text).join(), /\p{Script=Greek}/u);
  });

  test("refuses whom nobody knows and what is no price", async () => {
    const { job, cleaner } = cases[1].question;
    const ask = (...args) => recommenders.true.suggestBid(...args);
    await assert.rejects(ask(job, "nobody"), failsWith("request.unknown_cleaner"));
    for (const options of [{ prices: [-1] }, { prices: [Number.NaN] }, { fee: 2 }, { fee: Number.POSITIVE_INFINITY }]) {
      await assert.rejects(ask(job, cleaner, options), failsWith("request.invalid"));
    }
    await assert.rejects(ask(job, cleaner, { price: 3 }), failsWith("request.shape"));
    await assert.rejects(ask(job, { rate: 3 }), failsWith("request.shape"));
    await assert.rejects(ask({ ...job, durationH: -1 }, cleaner), failsWith("request.invalid"));
    await assert.rejects(ask(job, cleaner, { signal: AbortSignal.abort() }), failsWith("request.aborted"));
  });
});
