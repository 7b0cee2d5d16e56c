// The cache of answers: what is kept, for how long, by what, and who is told. The class by itself with a stand-in for the
// engine, then in the package: in Node, and with workers in Chromium.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { build } from "esbuild";
import fc from "fast-check";
import { inRoot } from "../../scripts/paths.mjs";
import { serve } from "../../scripts/serve.mjs";
import { importInstalled, installedPackage, knownJob, launch, modelFolder, openSite, siteWith } from "./support.mjs";

let Answers;
let textOf;
let installed;

before(async () => {
  const entryPoints = [inRoot("js/src/answers.ts")];
  const { outputFiles } = await build({ entryPoints, bundle: true, format: "esm", write: false });
  const url = `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`;
  ({ Answers, textOf } = await import(url));
  installed = installedPackage();
});

/** A cache with a clock that stands still until it is told, and an engine that counts. */
function setUp(answers = true) {
  const state = { now: 1000, asked: 0 };
  const cache = Answers.of({ answers, clock: () => state.now }, "model");
  const ask = async () => ({ items: [{ asked: ++state.asked }] });
  const get = (question, by = ask, signal = undefined) => cache.get("cleaners", question, signal, by);
  return { state, cache, get, ask };
}

const codeOf = (promise) =>
  promise.then(
    () => "none",
    (error) => error.code,
  );

describe("answers", () => {
  test("are given again until their time is over, which ends at the second", async () => {
    const { state, get } = setUp({ ttl: 60 });
    assert.equal((await get({ a: 1 })).cached, false);
    state.now = 1059.9;
    assert.equal((await get({ a: 1 })).cached, true);
    state.now = 1060;
    assert.equal((await get({ a: 1 })).cached, false);
    // A use does not make it younger, and a clock that was set back does not make it live longer.
    state.now = 1000;
    assert.equal((await get({ a: 1 })).cached, false);
    assert.equal(state.asked, 3);
  });

  test("are as old as their question, however long the answer took", async () => {
    const { state, get } = setUp({ ttl: 60 });
    await get({}, async () => {
      state.now += 50;
      return { items: [] };
    });
    state.now = 1059;
    assert.equal((await get({})).cached, true);
    state.now = 1060;
    assert.equal((await get({})).cached, false);
  });

  test("live an hour where nothing is said", async () => {
    const { state, get } = setUp();
    await get({});
    state.now += 3599;
    assert.equal((await get({})).cached, true);
    state.now += 1;
    assert.equal((await get({})).cached, false);
  });

  test("are found whatever the order of the fields, and never for another question", async () => {
    const { get } = setUp();
    await get({ job: { clientId: "u", eco: true }, limit: 3 });
    assert.equal((await get({ limit: 3, job: { eco: true, clientId: "u", budget: undefined } })).cached, true);
    const others = [
      { job: { clientId: "u", eco: true }, limit: 4 },
      { job: { clientId: "u", eco: true } },
      { job: { clientId: "u" }, limit: 3 },
      { job: { clientId: "u", eco: true }, limit: 3, explore: { method: "epsilon", seed: 1 } },
      { job: { clientId: "u", eco: true }, limit: 3, explore: { method: "epsilon", seed: 2 } },
      { job: { clientId: "u", eco: true }, limit: 3, locale: "el" },
      { job: [["clientId", "u"]], limit: 3 },
      { job: '{"clientId":"u","eco":true}', limit: 3 },
    ];
    for (const other of others) assert.equal((await get(other)).cached, false, JSON.stringify(other));
    for (const other of others) assert.equal((await get(other)).cached, true, JSON.stringify(other));
  });

  test("belong to an operation, a model and a generation", async () => {
    const { cache, ask, get } = setUp();
    await get({});
    assert.equal((await cache.get("explain", {}, undefined, ask)).cached, false);
    cache.invalidate();
    assert.equal((await get({})).cached, false);
    assert.equal((await get({})).cached, true);
  });

  test("that are computed while everything is forgotten are not kept", async () => {
    const { cache, get } = setUp();
    let finish;
    const slow = get({}, () => new Promise((resolve) => (finish = () => resolve({ old: true }))));
    await Promise.resolve();
    cache.invalidate();
    const fresh = await get({});
    finish();
    assert.deepEqual((await slow).answer, { old: true });
    assert.equal((await get({})).cached, true);
    assert.deepEqual((await get({})).answer, fresh.answer);
  });

  test("beyond the number of entries the one that was used longest ago goes", async () => {
    const { get } = setUp({ entries: 2 });
    await get({ a: 1 });
    await get({ a: 2 });
    await get({ a: 1 });
    await get({ a: 3 });
    assert.deepEqual(
      [(await get({ a: 1 })).cached, (await get({ a: 3 })).cached, (await get({ a: 2 })).cached],
      [true, true, false],
    );
    const none = setUp({ entries: 0 });
    await none.get({});
    assert.equal((await none.get({})).cached, false);
    const instant = setUp({ ttl: 0 });
    await instant.get({});
    assert.equal((await instant.get({})).cached, false);
  });

  test("are copies: who changes one changes no other", async () => {
    const { get } = setUp();
    const [first, second] = await Promise.all([get({}), get({})]);
    first.answer.items[0].asked = "spoilt";
    second.answer.items.push("more");
    assert.deepEqual((await get({})).answer, { items: [{ asked: 1 }] });
  });

  test("to the same question at the same time are computed once", async () => {
    const { state, get } = setUp();
    const answers = await Promise.all(Array.from({ length: 10 }, () => get({ a: 1 })));
    assert.equal(state.asked, 1);
    assert.ok(answers.every(({ cached }) => !cached));
  });

  test("that failed are not kept", async () => {
    const { get } = setUp();
    const fail = () => Promise.reject(Object.assign(new Error("no"), { code: "request.invalid" }));
    assert.deepEqual(await Promise.all([codeOf(get({}, fail)), codeOf(get({}, fail))]), [
      "request.invalid",
      "request.invalid",
    ]);
    assert.equal((await get({})).cached, false);
  });

  test("that everybody cancelled are cancelled and not kept; one who waits still gets it", async () => {
    const { state, get } = setUp();
    const [first, second] = [new AbortController(), new AbortController()];
    let given;
    const slow = (signal) =>
      new Promise((resolve) => {
        given = { signal, finish: () => resolve({ slow: true }) };
      });
    const both = [first, second].map(({ signal }) => codeOf(get({}, slow, signal)));
    await Promise.resolve();
    first.abort();
    assert.equal(await both[0], "request.aborted");
    assert.equal(given.signal.aborted, false);
    second.abort();
    assert.equal(await both[1], "request.aborted");
    assert.equal(given.signal.aborted, true);
    given.finish();
    await new Promise((resolve) => setTimeout(resolve));
    assert.equal((await get({})).cached, false);
    assert.equal(state.asked, 1);
    const [leaves, stays] = [new AbortController(), new AbortController()];
    const gone = codeOf(get({ a: 1 }, slow, leaves.signal));
    const kept = get({ a: 1 }, slow, stays.signal);
    await Promise.resolve();
    leaves.abort();
    given.finish();
    assert.deepEqual([await gone, (await kept).answer], ["request.aborted", { slow: true }]);
    assert.equal((await get({ a: 1 })).cached, true);
    assert.equal(await codeOf(get({ a: 1 }, slow, AbortSignal.abort())), "request.aborted");
  });

  test("to what no request can hold are left to the engine", async () => {
    const { state, get } = setUp();
    const circle = {};
    circle.self = circle;
    const odd = [
      { a: Number.NaN },
      { a: Infinity },
      { a: 1n },
      { a: () => 1 },
      { a: new Float32Array(2) },
      { a: new Date(0) },
      circle,
    ];
    for (const question of odd) {
      assert.equal((await get(question)).cached, false);
      assert.equal((await get(question)).cached, false);
    }
    assert.equal(state.asked, 2 * odd.length);
  });

  test("have the same key for equal questions and another for others", () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    const shuffled = (value) => {
      if (Array.isArray(value)) return value.map(shuffled);
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([name, field]) => [name, shuffled(field)]),
      );
    };
    const plain = (value) => JSON.parse(JSON.stringify(value));
    fc.assert(
      fc.property(value, value, (a, b) => {
        assert.equal(textOf(plain(a)), textOf(shuffled(plain(a))));
        let same = true;
        try {
          assert.deepStrictEqual(plain(a), plain(b));
        } catch {
          same = false;
        }
        assert.equal(textOf(plain(a)) === textOf(plain(b)), same);
      }),
    );
  });
});

describe("in the package", () => {
  const manifest = () => `${modelFolder()}/manifest.json`;

  test("nothing is kept unless it is asked for, and wrong options are refused", async () => {
    const { Recommender } = await importInstalled(installed.project);
    const recommender = await Recommender.load(manifest());
    await recommender.recommendCleaners(knownJob());
    assert.equal("cached" in (await recommender.recommendCleaners(knownJob())).meta, false);
    recommender.invalidate();
    const wrong = [
      { answers: 1 },
      { answers: { ttl: -1 } },
      { answers: { ttl: Infinity } },
      { answers: { entries: 1.5 } },
      { clock: 7, answers: true },
    ];
    for (const options of wrong) {
      assert.equal(await codeOf(Recommender.load(manifest(), options)), "load.invalid", JSON.stringify(options));
    }
  });

  test("a ranking is given again, equal but for saying so, until it is too old or forgotten", async () => {
    const { Recommender } = await importInstalled(installed.project);
    let now = 0;
    const recommender = await Recommender.load(manifest(), { answers: true, clock: () => now });
    const ask = (options) => recommender.recommendCleaners(knownJob(), { limit: 5, ...options });
    const first = await ask();
    assert.equal(first.meta.cached, false);
    const kept = await ask();
    assert.deepEqual(kept, { ...first, meta: { ...first.meta, cached: true } });
    kept.items.length = 0;
    assert.equal((await ask()).items.length, 5);
    assert.equal((await ask({ mode: "rules" })).meta.cached, false);
    recommender.invalidate();
    assert.equal((await ask()).meta.cached, false);
    now = 3600;
    assert.equal((await ask()).meta.cached, false);
    assert.equal(await codeOf(ask({ limit: -1 })), "request.shape");
    assert.equal(await codeOf(ask({ limit: -1 })), "request.shape");
    recommender.dispose();
    assert.equal(await codeOf(ask()), "disposed");
  });

  describe("in Chromium", () => {
    let browser;
    let server;
    before(async () => {
      server = await serve({ root: siteWith(installed.project), port: 0 });
      browser = await launch();
    });
    after(async () => {
      await browser?.close();
      await server?.close();
    });

    test("explanations and bid suggestions are asked for once, in any language", async () => {
      const { context, page } = await openSite(browser, server.url);
      const outcome = await page.evaluate(async (job) => {
        let sent = 0;
        const worker = () => {
          const worker = new Worker("/tidyrank/worker.js", { type: "module" });
          const post = worker.postMessage.bind(worker);
          worker.postMessage = (message, moved) => {
            sent++;
            post(message, moved);
          };
          return worker;
        };
        const { Recommender } = window.tidyrank;
        const recommender = await Recommender.load("/market/manifest.json", { worker, answers: true });
        const { cleanerId } = (await recommender.recommendCleaners(job)).items[0];
        const both = async (locale, more) => [
          await recommender.explain(job, cleanerId, { locale, ...more }),
          await recommender.suggestBid(job, cleanerId, { locale }),
        ];
        const english = await both("en");
        const first = sent;
        const greek = await both("el");
        english[0].reasons.length = 0;
        const again = await both("el");
        const second = sent;
        await both("el", { counterfactuals: false });
        return { first, second, last: sent, english: english[1], greek, again };
      }, knownJob());
      assert.equal(outcome.second, outcome.first);
      assert.ok(outcome.last > outcome.second, "another question got the kept answer");
      assert.deepEqual(outcome.again, outcome.greek);
      assert.notDeepEqual(outcome.greek[1].reasons, outcome.english.reasons);
      await context.close();
    });

    test("workers are asked once for each question", async () => {
      const { context, page } = await openSite(browser, server.url);
      const outcome = await page.evaluate(async () => {
        let sent = 0;
        const worker = () => {
          const worker = new Worker("/tidyrank/worker.js", { type: "module" });
          const post = worker.postMessage.bind(worker);
          worker.postMessage = (message, moved) => {
            if (message.operation === "recommend") sent++;
            post(message, moved);
          };
          return worker;
        };
        const { Recommender } = window.tidyrank;
        const recommender = await Recommender.load("/market/manifest.json", { worker, workers: 2, answers: true });
        const ask = (limit) => recommender.recommendCleaners({}, { limit, mode: "rules" });
        const together = await Promise.all([ask(3), ask(3), ask(3)]);
        const afterFirst = sent;
        const again = await ask(3);
        const afterSecond = sent;
        await ask(4);
        return { afterFirst, afterSecond, sent, cached: [...together, again].map(({ meta }) => meta.cached) };
      });
      assert.equal(outcome.afterSecond, outcome.afterFirst);
      assert.equal(outcome.sent, 2 * outcome.afterFirst);
      assert.deepEqual(outcome.cached, [false, false, false, true]);
      await context.close();
    });
  });
});
