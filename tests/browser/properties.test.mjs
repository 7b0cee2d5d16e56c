// What holds for any input of the public API: an answer that keeps its promises, or a TidyrankError with a code of its own.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { importInstalled, installedPackage, knownClients, modelFolder } from "./support.mjs";

const RUNS = { numRuns: 200, seed: 42 };
const CODES = ["request.shape", "request.invalid", "request.unknown_cleaner"];
let tidyrank;
let recommender;
let catalog;

before(async () => {
  tidyrank = await importInstalled(installedPackage().project);
  recommender = await tidyrank.Recommender.load(`${modelFolder()}/manifest.json`);
  catalog = await recommender.catalog();
});
after(() => recommender?.dispose());

/** The answer, or nothing where it is refused as it may be. */
async function answerOr(refused, call) {
  try {
    return await call();
  } catch (thrown) {
    assert.ok(thrown instanceof tidyrank.TidyrankError, `${thrown?.stack ?? thrown}`);
    assert.ok(refused.includes(thrown.code), `${thrown.code}: ${thrown.message}`);
    assert.equal(typeof thrown.message, "string");
    return undefined;
  }
}

const optional = (arbitrary) => fc.option(arbitrary, { nil: undefined });
const number = () => fc.oneof({ weight: 6, arbitrary: fc.double({ min: 0, max: 500, noNaN: true }) }, fc.double());
const text = () =>
  fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("<b>x</b>", "\u0000", "__proto__", "constructor"));
const point = () =>
  fc.record({ latitude: fc.double({ min: 37, max: 39 }), longitude: fc.double({ min: 23, max: 25 }) });
const anyPoint = () =>
  fc.oneof({ weight: 5, arbitrary: point() }, fc.record({ latitude: fc.double(), longitude: fc.double() }));
const cleanerId = () =>
  fc.oneof(
    { weight: 5, arbitrary: fc.nat(catalog.cleaners.length - 1).map((at) => catalog.cleaners[at].cleanerId) },
    text(),
  );
const job = () =>
  fc.record(
    {
      clientId: fc.oneof(fc.constantFrom(...knownClients().slice(0, 20)), text()),
      propertyType: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...catalog.market.propertyTypes) }, text()),
      location: anyPoint(),
      sizeM2: number(),
      durationH: number(),
      eco: fc.boolean(),
      budget: number(),
      postedAt: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 2e9 }) }, fc.double()),
      bids: fc.array(fc.record({ cleanerId: cleanerId(), amount: optional(number()) }), { maxLength: 4 }),
    },
    { requiredKeys: [] },
  );
const options = (further = {}) =>
  fc.record(
    {
      limit: fc.oneof(fc.constantFrom(0, 1, 2, 1e9), fc.nat(300), fc.double()),
      mode: fc.oneof({ weight: 5, arbitrary: fc.constantFrom("rules", "neural", "ensemble") }, text()),
      ruleWeight: fc.double({ min: -0.1, max: 1.1 }),
      ...further,
    },
    { requiredKeys: [] },
  );
const postings = () =>
  fc
    .array(fc.tuple(job(), fc.record({ jobId: text(), clientJobs: optional(fc.nat(9)) })), { maxLength: 8 })
    .map((made) => made.map(([job, rest]) => ({ ...job, ...rest })));
const profile = () =>
  fc.record(
    {
      cleanerId: text(),
      location: anyPoint(),
      hourlyRate: number(),
      eco: fc.boolean(),
      propertyTypes: fc.array(fc.constantFrom(...catalog.market.propertyTypes)),
    },
    { requiredKeys: [] },
  );

const check = (arbitraries, property) => fc.assert(fc.asyncProperty(...arbitraries, property), RUNS);

/** What holds for the items of every ranking. */
function assertRanked(items, limit = 10) {
  assert.ok(items.length <= limit);
  for (const [at, item] of items.entries()) {
    assert.equal(item.rank, at + 1);
    assert.ok(item.score >= 0 && item.score <= 100.001, `${item.score}`);
    if (at > 0) assert.ok(items[at - 1].score >= item.score);
    const sum = item.contributions.reduce((sum, part) => sum + part.contribution, 0);
    assert.ok(Math.abs(sum - item.ruleScore) < 1e-3, `${sum} for ${item.ruleScore}`);
    for (const value of Object.values(item.breakdown)) assert.ok(value === null || (value >= 0 && value <= 100.001));
    for (const reason of item.reasons) assert.ok(reason.text.length > 0 && reason.code.length > 0);
  }
}

/** No number of an answer is NaN or infinite. */
function assertFinite(value) {
  if (typeof value === "number") assert.ok(Number.isFinite(value));
  else if (typeof value === "object" && value !== null) Object.values(value).forEach(assertFinite);
}

describe("whatever is asked", () => {
  test("cleaners for a job", async () => {
    const filters = fc.record({ maxDistanceKm: number() }, { requiredKeys: [] });
    await check([job(), options({ priceWeight: fc.double({ min: 0, max: 1 }), filters })], async (job, options) => {
      const ranking = await answerOr(CODES, () => recommender.recommendCleaners(job, options));
      if (!ranking) return;
      assertRanked(ranking.items, options.limit);
      assertFinite(ranking);
      const again = await recommender.recommendCleaners(job, options);
      assert.equal(tidyrank.canonicalJson(again), tidyrank.canonicalJson(ranking));
    });
  });

  test("jobs for a cleaner", async () => {
    const filters = fc.record(
      { maxDistanceKm: number(), minPay: number(), minScore: number(), hide: fc.array(text()), strict: fc.boolean() },
      { requiredKeys: [] },
    );
    const asked = [fc.oneof(cleanerId(), profile()), postings(), options({ filters })];
    await check(asked, async (cleaner, jobs, options) => {
      const ranking = await answerOr(CODES, () => recommender.recommendJobs(cleaner, jobs, options));
      if (!ranking) return;
      assertRanked(ranking.items, options.limit);
      assertFinite(ranking);
      const ids = new Set(jobs.map((job) => job.jobId));
      assert.ok(ranking.items.every((item) => ids.has(item.jobId)));
      const { score: _, ...leftOut } = ranking.meta.excluded;
      const gone = Object.values(leftOut).reduce((sum, count) => sum + count, 0);
      assert.equal(ranking.meta.candidates, ranking.meta.scored + gone);
      const again = await recommender.recommendJobs(cleaner, jobs, options);
      assert.equal(tidyrank.canonicalJson(again), tidyrank.canonicalJson(ranking));
    });
  });

  test("a bid", async () => {
    const how = fc.record({ fee: fc.double({ min: 0, max: 1 }), prices: fc.array(number()) }, { requiredKeys: [] });
    await check([job(), fc.oneof(cleanerId(), profile()), how], async (job, cleaner, options) => {
      const bid = await answerOr(CODES, () => recommender.suggestBid(job, cleaner, options));
      if (!bid) return;
      assert.ok(bid.min <= bid.optimal && bid.optimal <= bid.max, JSON.stringify(bid));
      assertFinite(bid);
      for (const [at, { winProbability }] of bid.curve.entries()) {
        assert.ok(winProbability >= 0 && winProbability <= 1);
        if (at > 0) assert.ok(bid.curve[at - 1].winProbability >= winProbability);
      }
    });
  });

  test("anything at all is answered or refused with a code", async () => {
    const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true });
    const calls = [
      (a, b) => recommender.recommendCleaners(a, b),
      (a, b) => recommender.scoreCleaners(a, b),
      (a, b, c) => recommender.recommendJobs(a, b, c),
      (a, b, c) => recommender.recommendJobs(a, [b, c]),
      (a, b, c) => recommender.suggestBid(a, b, c),
    ];
    await check([fc.nat(calls.length - 1), anything, anything, anything], async (which, a, b, c) => {
      const answer = await answerOr(CODES, () => calls[which](a, b, c));
      if (answer) assert.equal(typeof tidyrank.canonicalJson(answer), "string");
    });
  });

  test("canonicalJson is JSON with sorted fields, and the same for what was parsed again", async () => {
    const values = fc.jsonValue();
    await check([values], async (value) => {
      const text = tidyrank.canonicalJson(value);
      assert.equal(tidyrank.canonicalJson(JSON.parse(text)), text);
    });
    assert.equal(
      tidyrank.canonicalJson({ b: [1.00005, -0, 5], a: undefined, c: Number.NaN }),
      '{"b":[1.0001,0,5],"c":null}',
    );
    const error = new tidyrank.TidyrankError("request.invalid", "no");
    assert.equal(tidyrank.canonicalJson(error), '{"error":{"code":"request.invalid","message":"no"}}');
  });
});
