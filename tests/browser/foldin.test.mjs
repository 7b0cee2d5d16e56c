// A client's vector from the client's own ratings, the intervals of what is expected, and what the model has not seen.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { serve } from "../../scripts/serve.mjs";
import { importInstalled, installedPackage, knownJob, launch, modelFolder, openSite, siteWith } from "./support.mjs";

/** Ratings of the first cleaners of a catalog, 9 and 8 in turn. */
const ratings = (catalog, count, job) =>
  catalog.cleaners.slice(0, count).map(({ cleanerId }, at) => ({ cleanerId, rating: 9 - (at % 2), job }));

describe("folding in", () => {
  let installed;
  let tidyrank;
  let recommender;
  let catalog;
  const job = knownJob();

  before(async () => {
    installed = installedPackage();
    tidyrank = await importInstalled(installed.project);
    recommender = await tidyrank.Recommender.load(`${modelFolder()}/manifest.json`);
    catalog = await recommender.catalog();
  });
  after(() => recommender?.dispose());

  const refused = (history) =>
    recommender.foldIn(history).then(
      () => undefined,
      (error) => error.code,
    );

  test("turns ratings into a vector that moves what is expected", async () => {
    const nobody = { ...job, clientId: undefined };
    const none = await recommender.foldIn([]);
    assert.deepEqual({ used: none.used, ignored: none.ignored }, { used: 0, ignored: [] });
    const unknown = await recommender.recommendCleaners(nobody, { mode: "neural" });
    const empty = await recommender.recommendCleaners(nobody, { mode: "neural", clientVector: none.clientVector });
    assert.deepEqual(empty.items, unknown.items);
    const stranger = { cleanerId: "nobody", rating: 1 };
    const folded = await recommender.foldIn([...ratings(catalog, 10, job), stranger]);
    assert.deepEqual({ used: folded.used, ignored: folded.ignored }, { used: 10, ignored: ["nobody"] });
    const known = await recommender.recommendCleaners(nobody, { mode: "neural", clientVector: folded.clientVector });
    assert.equal(known.meta.cold.client, false);
    assert.equal(unknown.meta.cold.client, true);
    assert.notDeepEqual(
      known.items.map(({ neuralScore }) => neuralScore),
      unknown.items.map(({ neuralScore }) => neuralScore),
    );
    const began = performance.now();
    for (let round = 0; round < 20; round += 1) await recommender.foldIn(ratings(catalog, 10, job));
    console.log(`a fold-in of ten ratings: ${((performance.now() - began) / 20).toFixed(2)} ms`);
  });

  test("refuses what is no rating", async () => {
    const { cleanerId } = catalog.cleaners[0];
    assert.equal(await refused([{ cleanerId, rating: 10.5 }]), "request.invalid");
    assert.equal(await refused([{ cleanerId, rating: -1 }]), "request.invalid");
    assert.equal(await refused([{ cleanerId, rating: Number.NaN }]), "request.invalid");
    assert.equal(await refused([{ cleanerId, rating: 8, job: { sizeM2: -1 } }]), "request.invalid");
    for (const odd of [
      [{ rating: 8 }],
      [{ cleanerId }],
      [{ cleanerId, rating: 8, stars: 5 }],
      [null],
      undefined,
      "8",
    ]) {
      assert.match(`${await refused(odd)}`, /^request\./, JSON.stringify(odd));
    }
  });

  test("never answers with anything but finite numbers", async () => {
    const ids = catalog.cleaners.map(({ cleanerId }) => cleanerId);
    const one = fc.record({
      cleanerId: fc.constantFrom(...ids, "x"),
      rating: fc.double({ min: 0, max: 10, noNaN: true }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(one, { maxLength: 30 }), async (history) => {
        const { clientVector, used, ignored } = await recommender.foldIn(history);
        assert.ok(clientVector.every(Number.isFinite));
        assert.equal(used + ignored.length, history.length);
      }),
      { numRuns: 50 },
    );
  });

  test("gives each cleaner an interval at the level asked for", async () => {
    const at = async (level) => (await recommender.recommendCleaners(job, { level, limit: 50 })).items;
    const [half, most, usual] = [await at(0.5), await at(0.99), await at()];
    for (const [place, { interval, neuralScore }] of usual.entries()) {
      const [low, high] = interval;
      assert.ok(0 <= low && low <= neuralScore && neuralScore <= high && high <= 100, JSON.stringify(interval));
      const width = ({ interval: [from, to] }) => to - from;
      assert.ok(width(half[place]) <= width(usual[place]) && width(usual[place]) <= width(most[place]));
    }
    await assert.rejects(at(1), { code: "request.invalid" });
    const rules = await recommender.recommendCleaners(job, { mode: "rules" });
    assert.ok(rules.items.every(({ interval }) => interval === null));
  });

  test("says that a place is beyond what the model has seen", async () => {
    const far = { ...job, location: { latitude: 60, longitude: 10 } };
    assert.equal((await recommender.recommendCleaners(far)).meta.cold.city, true);
    assert.equal((await recommender.recommendCleaners(job)).meta.cold.city, false);
  });

  test("is the same with one worker and with two", async () => {
    const server = await serve({ root: siteWith(installed.project), port: 0 });
    const browser = await launch();
    try {
      const { page } = await openSite(browser, server.url);
      const found = await page.evaluate(
        async ({ history, job }) => {
          const of = async (workers) => {
            const recommender = await window.tidyrank.Recommender.load("/market/manifest.json", { workers });
            const folded = await recommender.foldIn(history);
            const { items } = await recommender.recommendCleaners(job, { clientVector: folded.clientVector });
            recommender.dispose();
            return { folded, items };
          };
          return { one: await of(1), two: await of(2) };
        },
        { history: [...ratings(catalog, 150, job), { cleanerId: "nobody", rating: 5 }], job },
      );
      assert.deepEqual(found.two, found.one);
      assert.equal(found.one.folded.used, 150);
    } finally {
      await browser.close();
      await server.close();
    }
  });
});
