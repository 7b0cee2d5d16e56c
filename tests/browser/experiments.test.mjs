// Assignment in JavaScript: the same golden values (from Python's mmh3) as in Rust, and properties.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, describe, test } from "node:test";
import fc from "fast-check";
import { inRoot } from "../../scripts/paths.mjs";
import { importInstalled, installedPackage } from "./support.mjs";

const golden = JSON.parse(readFileSync(inRoot("tests/fixtures/experiment_assign.json"), "utf8"));
let events;

before(async () => {
  events = await importInstalled(installedPackage().project, "tidyrank/events");
});

const two = (rest = {}) => ({
  key: "e",
  variants: [
    { key: "a", weight: 1, options: { mode: "rules" } },
    { key: "b", weight: 1, options: { mode: "neural", limit: 3 }, manifest: "/models/2/manifest.json" },
  ],
  ...rest,
});
const refused = (call) =>
  assert.throws(call, (error) => error instanceof events.TidyrankError && error.code === "experiment.invalid");

describe("assign", () => {
  test("agrees with mmh3", () => {
    let compared = 0;
    for (const { experiment, assignments } of golden.experiments) {
      for (const expected of assignments) {
        const { variant, bucket, unitId } = events.assign(experiment, expected.unitId);
        assert.deepEqual({ unitId, variant, bucket }, expected);
        compared += 1;
      }
    }
    assert.equal(compared, 528);
  });

  test("never moves a unit when the traffic is raised", () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), share, share, (unitId, a, b) => {
        const before = events.assign(two({ traffic: Math.min(a, b) }), unitId);
        const after = events.assign(two({ traffic: Math.max(a, b) }), unitId);
        assert.ok(before.variant === null || before.variant === after.variant);
        assert.equal(before.bucket, after.bucket);
        assert.notEqual(events.assign(two(), unitId).variant, null);
      }),
    );
  });

  test("refuses what is no experiment", () => {
    const weights = (...all) => two({ variants: all.map((weight, at) => ({ key: `v${at}`, weight })) });
    const wrong = [
      undefined,
      {},
      two({ key: "" }),
      two({ key: "a:b" }),
      two({ salt: ":" }),
      two({ salt: 3 }),
      two({ traffic: 1.1 }),
      two({ traffic: Number.NaN }),
      two({ variants: undefined }),
      two({ variants: [null] }),
      weights(),
      weights(0, 0),
      weights(-1, 2),
      weights(Number.POSITIVE_INFINITY),
      weights(Number.MAX_VALUE, Number.MAX_VALUE),
      weights("1"),
      two({ variants: [two().variants[0], two().variants[0]] }),
    ];
    for (const experiment of wrong) refused(() => events.assign(experiment, "u"));
    refused(() => events.assign(two(), 7));
  });
});

describe("applyVariant", () => {
  test("puts the variant's options over the page's, and says what to record", () => {
    const [experiment, page] = [two(), { limit: 10, filters: { maxDistanceKm: 5 } }];
    const assigned = (variant) => ({ experiment: "e", variant, unitId: "u", bucket: 0 });
    const got = (variant) => events.applyVariant(experiment, assigned(variant), page);
    assert.deepEqual(got("b"), {
      options: { limit: 3, filters: { maxDistanceKm: 5 }, mode: "neural" },
      context: { assignment: assigned("b") },
      manifest: "/models/2/manifest.json",
    });
    assert.equal(got("a").manifest, null);
    assert.deepEqual(got(null), { options: page, context: { assignment: assigned(null) }, manifest: null });
    refused(() => got("c"));
    refused(() => events.applyVariant(two({ key: "f" }), assigned("a")));
  });
});
