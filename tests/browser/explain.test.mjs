// Explanations by the package: parts that add up, the same from one engine and from several, in both languages, and what is refused.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { serve } from "../../scripts/serve.mjs";
import {
  expectedRankings,
  importInstalled,
  installedPackage,
  launch,
  modelFolder,
  openSite,
  siteWith,
} from "./support.mjs";

const GROUPS = ["client", "cleaner", "property", "when_where", "distance", "price", "ratings", "record"];
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
const near = (a, b, tolerance) => assert.ok(Math.abs(a - b) <= tolerance, `${a} is not ${b}`);

/** Requests for everybody that use the model, with the clients' own jobs among them. */
const cases = () =>
  expectedRankings()
    .filter(({ options, items }) => options.mode !== "rules" && items.length >= 10)
    .slice(0, 12);

describe("explanations", () => {
  let project;
  let recommender;

  before(async () => {
    project = installedPackage().project;
    const { Recommender } = await importInstalled(project);
    recommender = await Recommender.load(`${modelFolder()}/manifest.json`);
  });

  after(() => recommender?.dispose());

  test("add up to the score, part by part, and are about the cleaner of the ranking", async () => {
    for (const { job, options } of cases()) {
      const { items, meta } = await recommender.recommendCleaners(job, options);
      for (const item of [items[0], items[4], items[9]]) {
        const found = await recommender.explain(job, item.cleanerId, options);
        assert.deepEqual(found.cleaner, item);
        assert.deepEqual([found.rank, found.score, found.excluded], [item.rank, item.score, []]);
        assert.deepEqual([found.reasons, found.contributions], [item.reasons, item.contributions]);
        const { rules, neural, price } = found.parts;
        near(rules.points + neural.points + price.points, found.score, 1e-12);
        near(rules.weight + neural.weight + price.weight, 100, 1e-9);
        near(sum(found.contributions.map(({ contribution }) => contribution)), item.ruleScore, 1e-3);
        assert.deepEqual(
          found.neural.groups.map(({ group }) => group),
          GROUPS,
        );
        assert.equal(found.neural.score, item.neuralScore);
        near(found.neural.baseline + sum(found.neural.groups.map(({ points }) => points)), item.neuralScore, 1e-11);
        assert.deepEqual([found.meta.mode, found.meta.scored], [meta.mode, meta.scored]);
        if (item.rank === 1) assert.deepEqual(found.counterfactuals, []);
      }
    }
  });

  test("say what would bring a better place, and it does", async () => {
    const { job, options } = cases().find(({ job, options }) => !job.bids && options.mode === "ensemble");
    const everybody = { ...options, limit: 1000 };
    const { items } = await recommender.recommendCleaners(job, everybody);
    const codes = new Set();
    let checked = 0;
    for (const { cleanerId, rank, price } of items.slice(1, 40)) {
      const { counterfactuals } = await recommender.explain(job, cleanerId, { ...options, limit: 10 });
      for (const { code, params, rank: then, score, text } of counterfactuals) {
        codes.add(code);
        assert.equal(params.rank === then || code === "out_of_reach", true);
        assert.match(text, /^(Would be|No single change would make it) \d+(st|nd|rd|th)/);
        if (code !== "cheaper") continue;
        assert.ok(then < rank && params.amount <= price / 2, text);
        const bids = [{ cleanerId, amount: Math.fround(price - params.amount) }];
        const found = await recommender.explain({ ...job, bids }, cleanerId, everybody);
        if (found.parts.price.value !== null) assert.deepEqual([found.rank, found.score], [then, score], text);
        checked++;
      }
    }
    assert.ok(codes.has("cheaper") && checked > 3, `${[...codes]} ${checked}`);
    const last = await recommender.explain(job, items[9].cleanerId, { ...options, counterfactuals: false });
    assert.deepEqual(last.counterfactuals, []);
  });

  test("come in Greek, with the ordinals of Greek", async () => {
    const { job, options, items } = cases()[0];
    const found = await recommender.explain(job, items[9].cleanerId, { ...options, locale: "el" });
    const texts = [...found.counterfactuals, ...found.reasons].map(({ text }) => text);
    assert.ok(found.counterfactuals.length > 0 && texts.every((text) => /[Α-Ωα-ω]/.test(text)), texts.join("\n"));
    for (const { text, params } of found.counterfactuals) assert.ok(text.includes(`${params.rank}η θέση`), text);
  });

  test("are null in parts where no model scores", async () => {
    const { job } = cases()[0];
    const { items } = await recommender.recommendCleaners(job, { mode: "rules" });
    const { neural, parts, score } = await recommender.explain(job, items[3].cleanerId, { mode: "rules" });
    assert.equal(neural, null);
    assert.deepEqual(parts.neural, { weight: 0, value: null, points: 0 });
    assert.equal(parts.rules.points, score);
  });

  test("say of who is no candidate that there is nothing to explain", async () => {
    const { job, options } = cases().find(({ job }) => job.location && !job.bids);
    const { items } = await recommender.recommendCleaners(job, { ...options, limit: 1000, filters: {} });
    const far = items.reduce((a, b) => (a.distanceKm > b.distanceKm ? a : b));
    const filters = { maxDistanceKm: far.distanceKm / 2 };
    const found = await recommender.explain(job, far.cleanerId, { ...options, filters });
    assert.deepEqual(
      [found.rank, found.score, found.parts, found.neural, found.cleaner],
      [null, null, null, null, null],
    );
    assert.deepEqual(found.counterfactuals, []);
    assert.deepEqual(
      found.excluded.map(({ code }) => code),
      ["excluded_distance"],
    );
    assert.ok(found.excluded[0].text.length > 10);
    const least = { minScore: Math.min(100, items[0].score + 1) };
    const below = await recommender.explain(job, items[0].cleanerId, { ...options, filters: least });
    assert.deepEqual([below.excluded.map(({ code }) => code), below.rank], [["excluded_score"], 1]);
  });

  test("count what the house adds apart", async () => {
    const { job, options, items } = cases()[0];
    const { cleanerId } = items[9];
    const house = [{ cleanerId, action: "boost", points: 3 }];
    const [before, after] = [
      await recommender.explain(job, cleanerId, options),
      await recommender.explain(job, cleanerId, { ...options, house }),
    ];
    assert.deepEqual([before.parts.boost, after.parts.boost], [0, 3]);
    near(after.score, before.score + 3, 1e-4);
    const { rules, neural, price, boost } = after.parts;
    near(rules.points + neural.points + price.points + boost, after.score, 1e-12);
    assert.ok(after.rank < before.rank);
  });

  test("refuse what cannot be explained", async () => {
    const { job } = cases()[0];
    const refused = (job, id, options, code) =>
      assert.rejects(recommender.explain(job, id, options), { name: "TidyrankError", code });
    await refused(job, "nobody", {}, "request.unknown_cleaner");
    await refused(job, "", {}, "request.unknown_cleaner");
    await refused(job, 7, {}, "request.shape");
    await refused({ ...job, sizeM2: Number.NaN }, "cleaner-000001", {}, "request.invalid");
    await refused(job, "cleaner-000001", { ruleWeight: 2 }, "request.invalid");
    await refused(job, "cleaner-000001", { nonsense: 2 }, "request.shape");
    await refused(job, "cleaner-000001", { locale: 5 }, "request.invalid");
    await refused(job, "cleaner-000001", { signal: AbortSignal.abort() }, "request.aborted");
  });

  test("are the same in the browser, from one worker and from three", async () => {
    const server = await serve({ root: siteWith(project), port: 0 });
    const browser = await launch();
    try {
      const { page } = await openSite(browser, server.url);
      const asked = cases().map(({ job, options, items }) => ({ job, options, cleanerId: items[7].cleanerId }));
      const answers = await page.evaluate(async (asked) => {
        const all = [];
        for (const workers of [1, 3]) {
          const recommender = await window.tidyrank.Recommender.load("/market/manifest.json", { workers });
          const found = [];
          for (const { job, options, cleanerId } of asked)
            found.push(await recommender.explain(job, cleanerId, options));
          const unknown = await recommender.explain(asked[0].job, "nobody").catch(({ code }) => code);
          all.push({ found, unknown });
          recommender.dispose();
        }
        return all;
      }, asked);
      const expected = [];
      for (const { job, options, cleanerId } of asked)
        expected.push(await recommender.explain(job, cleanerId, options));
      const bare = (list) => list.map(({ meta: _, ...rest }) => rest);
      for (const { found, unknown } of answers) {
        assert.equal(unknown, "request.unknown_cleaner");
        assert.deepEqual(bare(found), bare(expected));
      }
      assert.deepEqual(
        answers.map(({ found }) => found[0].meta.workers),
        [1, 3],
      );
    } finally {
      await browser.close();
      await server.close();
    }
  });
});
