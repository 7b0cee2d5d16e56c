// Filters, rules of the house, policies and explained exclusions, in a plain page in Chromium: the same answers from one engine
// and from two, whose bests are put together before they are arranged.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { build } from "esbuild";
import { inRoot } from "../../scripts/paths.mjs";
import { serve } from "../../scripts/serve.mjs";
import { installedPackage, knownJob, launch, openSite, siteWith } from "./support.mjs";

let browser;
let server;
let page;

before(async () => {
  server = await serve({ root: siteWith(installedPackage().project), port: 0 });
  browser = await launch();
  ({ page } = await openSite(browser, server.url));
});
after(async () => {
  await browser?.close();
  await server?.close();
});

const MONDAY_AT_TEN = 1_780_300_800;
const job = () => ({ ...knownJob(), durationH: 4, scheduledAt: MONDAY_AT_TEN });

/** What one and two engines answer; an error is its code. */
const answersOf = (calls) =>
  page.evaluate(async (calls) => {
    const answers = [];
    for (const workers of [1, 2]) {
      const recommender = await window.tidyrank.Recommender.load("/market/manifest.json", { workers });
      const one = ([what, ...args]) =>
        recommender[what](...args).then(
          (answer) => answer,
          ({ code }) => ({ code }),
        );
      answers.push(await Promise.all(calls.map(one)));
      recommender.dispose();
    }
    return answers;
  }, calls);

const places = ({ items, meta }) => ({
  items: items.map(({ cleanerId, rank, score, boost, placedBy, propensity, isNew, reviews }) => {
    return { cleanerId, rank, score, boost, placedBy, propensity, isNew, reviews };
  }),
  excluded: meta?.excluded,
});

async function same(calls) {
  const [one, two] = await answersOf(calls);
  const comparable = (answer) => (answer.items ? places(answer) : answer);
  calls.forEach((call, at) => {
    assert.deepEqual(comparable(two[at]), comparable(one[at]), JSON.stringify(call));
  });
  return one;
}

const recommend = (options) => ["recommendCleaners", job(), options];

describe("one and two engines", () => {
  test("filter alike, and count whom they leave out", async () => {
    const filters = [
      { maxPrice: 60 },
      { minRating: 8 },
      { eco: true, strict: true },
      { available: true },
      { available: true, strict: true, maxDistanceKm: 8, minRating: 7 },
      { propertyTypes: ["office", "house"] },
      { minScore: 66 },
      { minScore: 1000 },
      { hide: ["cleaner-000001", "nobody"], seen: ["cleaner-000002"] },
    ];
    const answers = await same(filters.map((filters) => recommend({ filters, limit: 200 })));
    const cheap = answers[0];
    assert.ok(cheap.meta.excluded.price > 0 && cheap.items.every(({ price }) => price <= 60));
    assert.ok(answers[1].meta.excluded.rating > 0);
    assert.equal(answers[2].items.length, 200 - answers[2].meta.excluded.eco);
    assert.deepEqual(answers[7].items, []);
    assert.equal(answers[7].meta.excluded.score, 200);
    assert.deepEqual([answers[8].meta.excluded.hidden, answers[8].meta.excluded.seen], [1, 1]);
  });

  test("arrange alike", async () => {
    const [all] = (await answersOf([recommend({ limit: 200 })]))[0];
    const [first, second, , , , last] = [...all.items.slice(0, 5), all.items.at(-1)].map((item) => item.cleanerId);
    const house = [
      { cleanerId: last, action: "pin", position: 3 },
      { cleanerId: first, action: "bury" },
      { cleanerId: second, action: "boost", points: -3.5 },
      { cleanerId: "nobody", action: "pin" },
    ];
    const diversity = { lambda: 0.6 };
    const exposure = { share: 0.5, below: 60 };
    const explore = { method: "epsilon", epsilon: 0.4, seed: 7 };
    const thompson = { method: "thompson", seed: 11, pool: 80 };
    const wishes = [
      { house },
      { diversity },
      { exposure },
      { explore },
      { explore: thompson },
      { house, diversity, exposure, explore, limit: 25 },
      { house, diversity, exposure, explore: thompson, limit: 7, filters: { minScore: 55 } },
      { house, exposure, limit: 1_000_000_000 },
      { house, limit: 0 },
    ];
    const answers = await same(wishes.map(recommend));
    const placed = answers[0].items.find(({ cleanerId }) => cleanerId === last);
    assert.deepEqual([placed.rank, placed.placedBy], [3, "pin"]);
    assert.ok(answers[0].items.every(({ cleanerId }) => cleanerId !== first));
    assert.ok(answers[1].items.some(({ placedBy }) => placedBy === "diversity"));
    assert.ok(answers[2].items.filter(({ isNew }) => isNew).length >= 5);
    for (const { items } of answers.slice(3, 7)) assert.ok(items.every(({ propensity: p }) => p > 0 && p <= 1));
    assert.equal(answers[7].items.at(-1).cleanerId, first);
    assert.equal(answers[7].items.find(({ cleanerId }) => cleanerId === second).boost, -3.5);
    assert.deepEqual(answers[8].items, []);
    assert.ok(answers[0].items.every(({ propensity }) => propensity === null));
  });

  test("arrange alike for each wish alone, where it changes the list", async () => {
    const [[plain]] = await answersOf([recommend({ limit: 20 })]);
    const wishes = [
      { limit: 20, exposure: { share: 0.6 } },
      { limit: 20, filters: { minScore: plain.items[9].score } },
      { limit: 20, explore: { method: "epsilon", epsilon: 1, seed: 3 } },
      { limit: 20, diversity: { lambda: 0.3 } },
    ];
    const answers = await same(wishes.map(recommend));
    const ids = ({ items }) => items.map(({ cleanerId }) => cleanerId);
    for (const [at, answer] of answers.entries())
      assert.notDeepEqual(ids(answer), ids(plain), JSON.stringify(wishes[at]));
    assert.equal(answers[0].items.filter(({ isNew }) => isNew).length, 12);
    // Only those are counted who would be shown.
    assert.deepEqual([answers[1].items.length, answers[1].meta.excluded.score], [10, 10]);
  });

  test("explain exclusions alike", async () => {
    const why = (cleanerId, options) => ["explainExclusion", job(), cleanerId, options];
    const [all] = (await answersOf([recommend({ limit: 200 })]))[0];
    const [tenth, last] = [all.items[9], all.items.at(-1)];
    const filters = { maxPrice: 0.01, hide: [last.cleanerId], minScore: 1000 };
    const answers = await same([
      why(tenth.cleanerId),
      why(last.cleanerId, { filters }),
      why(last.cleanerId, { filters: { minScore: 101 }, locale: "el" }),
      why("nobody"),
      why(last.cleanerId, { house: [{ cleanerId: last.cleanerId, action: "boost", points: 100 }] }),
    ]);
    const { cleanerId, score } = tenth;
    assert.deepEqual(answers[0], { cleanerId, excluded: false, by: [], rank: 10, score });
    assert.deepEqual(
      answers[1].by.map(({ code }) => code),
      ["excluded_price", "excluded_hidden"],
    );
    assert.match(answers[1].by[0].text, /^Asks €[\d.]+, more than €0.01$/);
    assert.deepEqual([answers[2].by[0].code, answers[2].by[0].text[0], answers[2].rank], ["excluded_score", "Β", null]);
    assert.deepEqual(answers[3], { code: "request.unknown_cleaner" });
    assert.deepEqual([answers[4].rank, answers[4].score], [1, Math.fround(last.score + 100)]);
  });

  test("explain an exclusion by score where the ranking leaves somebody out, to the last bit", async () => {
    const [all] = (await answersOf([recommend({ limit: 200 })]))[0];
    const { cleanerId, score } = all.items[9];
    // Scores have 32 bits: the first two are the score itself to the engine, the last is the next one.
    const ulp = 2 ** (Math.floor(Math.log2(score)) - 23);
    const leasts = [score, score + ulp / 4, score + ulp];
    const house = [{ cleanerId, action: "boost", points: -100 }];
    const answers = await same([
      ...leasts.map((minScore) => recommend({ limit: 200, filters: { minScore } })),
      ...leasts.map((minScore) => ["explainExclusion", job(), cleanerId, { filters: { minScore } }]),
      ["explainExclusion", job(), cleanerId, { house, filters: { minScore: 50 } }],
    ]);
    const [rankings, whys] = [answers.slice(0, 3), answers.slice(3, 6)];
    const listed = ({ items }) => items.some((item) => item.cleanerId === cleanerId);
    assert.deepEqual(rankings.map(listed), [true, true, false]);
    assert.deepEqual(
      whys.map(({ excluded }) => !excluded),
      [true, true, false],
    );
    assert.equal(whys[1].rank, 10);
    const { score: low, by } = answers[6];
    assert.equal(low, Math.fround(score - 100));
    assert.deepEqual(by[0].params, { limit: 50, score: -Math.round(-10 * low) / 10 });
  });

  test("refuse what cannot be", async () => {
    const cases = [
      { filters: { maxPrice: -1 } },
      { filters: { propertyTypes: ["yacht"] } },
      { filters: { minRating: Number.NaN } },
      { diversity: { lambda: 2 } },
      { exposure: { share: -0.1 } },
      { explore: { method: "epsilon", epsilon: 7, seed: 1 } },
      { house: [{ cleanerId: "a", action: "pin", position: 0 }] },
      { house: [{ cleanerId: "a", action: "boost", points: 101 }] },
      { explore: { method: "epsilon" } },
      { house: [{ cleanerId: "a", action: "praise" }] },
      { filters: { unknown: 1 } },
    ];
    const answers = await same(cases.map(recommend));
    const codes = answers.map(({ code }) => code);
    assert.deepEqual(codes, [...Array(8).fill("request.invalid"), ...Array(3).fill("request.shape")]);
  });
});

test("what is unknown of a component is unknown to whoever arranges the pool, not 0", async () => {
  const entryPoints = [inRoot("js/src/arrange.ts")];
  const { outputFiles } = await build({ entryPoints, bundle: true, format: "esm", write: false });
  const code = Buffer.from(outputFiles[0].contents).toString("base64");
  const { poolBytes } = await import(`data:text/javascript;base64,${code}`);
  const item = { cleanerId: "a", row: 1, score: 2, reviews: 3, price: null, location: null };
  const last = (value) => {
    const bytes = poolBytes([{ ...item, contributions: [{ value: 50 }, { value }] }]);
    return Buffer.from(bytes).readDoubleLE(bytes.length - 8);
  };
  assert.deepEqual([last(null), last(0), last(12.5)], [Number.NaN, 0, 12.5]);
});
