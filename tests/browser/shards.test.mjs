// One catalog shared among several workers: the same answers for any number of them, in a plain page in Chromium.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { serve } from "../../scripts/serve.mjs";
import { moved, writeModel } from "./catalogs.mjs";
import {
  essence,
  expectedRankings,
  installedPackage,
  knownJob,
  launch,
  modelFile,
  openSite,
  siteWith,
} from "./support.mjs";

let browser;
let server;

/** A worker that ends with an error at a request of the client "die", and says whether its answers were moved. */
const SPY = `
  import "/tidyrank/worker.js";
  const post = self.postMessage.bind(self);
  self.postMessage = (reply, moved) => {
    post(reply, moved);
    if (reply.answer?.scores) post({ id: -1, left: reply.answer.scores.byteLength + reply.answer.rows.byteLength });
  };
  const answer = self.onmessage;
  self.onmessage = (event) => {
    if (event.data.payload?.job?.clientId === "die") throw new Error("died");
    return answer(event);
  };
`;

before(async () => {
  const site = siteWith(installedPackage().project);
  writeFileSync(join(site, "spy.js"), SPY);
  const everybody = Array.from({ length: 200 }, (_, at) => at);
  // Everybody three times over, one after the other and shuffled: every score comes three times.
  writeModel(
    join(site, "ties"),
    [0, 1, 2].flatMap((turn) => everybody.map((at) => moved((at * 73 + turn * 41) % 200))),
  );
  writeModel(join(site, "few"), [moved(7), moved(3), moved(3)]);
  writeModel(
    join(site, "large"),
    Array.from({ length: 30_000 }, (_, at) => moved(at % 200, 0, at / 1e5)),
  );
  server = await serve({ root: site, port: 0 });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

const openPage = (setUp) => openSite(browser, server.url, setUp);

/** What each of the numbers of workers answers to these requests; an error is its code and message. */
const answersOf = (page, requests, counts, { manifest = "/market/manifest.json", what = "recommendCleaners" } = {}) =>
  page.evaluate(
    async ({ requests, counts, manifest, what }) => {
      const answers = [];
      for (const workers of counts) {
        const recommender = await window.tidyrank.Recommender.load(manifest, { workers });
        const asked = requests.map(({ job, options }) =>
          recommender[what](job, options).then(
            (answer) => answer,
            ({ code, message }) => ({ code, message }),
          ),
        );
        answers.push(await Promise.all(asked));
        recommender.dispose();
      }
      return answers;
    },
    { requests, counts, manifest, what },
  );

/** How a ranking came about, without what says how many engines worked on it. */
const settled = ({ workers: _, neuralScored: __, ...meta }) => meta;

describe("any number of workers", () => {
  test("gives the items, order, scores, parts and reasons that one engine gives", async () => {
    const { context, page } = await openPage();
    const cases = expectedRankings().slice(0, 60);
    const limits = [0, 1, 199, 500].map((limit) => ({ job: knownJob(), options: { limit } }));
    const modes = ["rules", "neural"].map((mode) => ({ job: knownJob(), options: { mode, limit: 50 } }));
    const requests = [...cases, ...limits, ...modes, { job: knownJob(), options: {} }];
    const counts = [1, 2, 3, 7];
    const [one, ...others] = await answersOf(page, requests, counts);
    for (const [at, { items }] of cases.entries()) {
      assert.deepEqual(essence(one[at].items), essence(items), `request ${at}: not what the native engine says`);
    }
    for (const [at, request] of requests.entries()) {
      for (const [which, many] of others.entries()) {
        const what = `request ${at}, ${counts[which + 1]} workers: ${JSON.stringify(request.options)}`;
        assert.deepEqual(many[at].items, one[at].items, what);
        assert.deepEqual(settled(many[at].meta), settled(one[at].meta), what);
        assert.equal(many[at].meta.workers, counts[which + 1]);
        assert.ok(many[at].meta.neuralScored <= many[at].meta.scored);
      }
    }
    assert.equal(one.at(-1).items.length, 10);
    await context.close();
  });

  test("ranks equal scores by row, wherever they are", async () => {
    const { context, page } = await openPage();
    const requests = ["rules", "neural", "ensemble"].flatMap((mode) =>
      [7, 100, 600].map((limit) => ({ job: knownJob(), options: { mode, limit } })),
    );
    const [one, ...others] = await answersOf(page, requests, [1, 2, 5], { manifest: "/ties/manifest.json" });
    for (const { items } of one) {
      for (const [at, item] of items.slice(1).entries()) {
        const before = items[at];
        assert.ok(before.score > item.score || (before.score === item.score && before.row < item.row));
      }
    }
    const { items } = one.at(-1);
    assert.equal(items.length, 600);
    assert.ok(new Set(items.map(({ score }) => score)).size <= 200);
    for (const many of others) {
      assert.deepEqual(
        many.map((answer) => answer.items),
        one.map((answer) => answer.items),
      );
    }
    await context.close();
  });

  test("asks twice where the price of an hour rests on what all candidates ask", async () => {
    const { context, page } = await openPage();
    const { propertyType: _, ...job } = knownJob();
    const requests = [
      { job: { ...job, durationH: 3 }, options: { limit: 200 } },
      { job: { ...job, durationH: 3 }, options: { limit: 200, mode: "rules", filters: { maxDistanceKm: 8 } } },
      { job: { ...job, durationH: 3, budget: 40 }, options: { limit: 5 } },
    ];
    const [one, ...others] = await answersOf(page, requests, [1, 2, 5]);
    const alone = await page.evaluate(async (job) => {
      const sent = [];
      const worker = () => {
        const made = new Worker("/tidyrank/worker.js", { type: "module" });
        const post = made.postMessage.bind(made);
        made.postMessage = (call, moved) => {
          if (call.operation === "recommend") sent.push(call.payload.asked ?? null);
          post(call, moved);
        };
        return made;
      };
      const recommender = await window.tidyrank.Recommender.load("/market/manifest.json", { workers: 2, worker });
      await recommender.recommendCleaners({ ...job, durationH: 3 });
      recommender.dispose();
      return sent;
    }, job);
    assert.deepEqual(alone.slice(0, 2), [null, null]);
    assert.equal(alone.length, 4);
    assert.deepEqual(alone[2], alone[3]);
    assert.equal(alone[2].count, 200);
    for (const many of others) {
      assert.deepEqual(
        many.map((answer) => answer.items),
        one.map((answer) => answer.items),
      );
      for (const [at, { meta }] of many.entries()) assert.deepEqual(settled(meta), settled(one[at].meta));
    }
    await context.close();
  });

  test("may be more than there are cleaners", async () => {
    const { context, page } = await openPage();
    const requests = [
      { job: {}, options: {} },
      { job: knownJob(), options: { filters: { maxDistanceKm: 0 } } },
    ];
    const settings = { manifest: "/few/manifest.json" };
    const [one, eight] = await answersOf(page, requests, [1, 8], settings);
    assert.equal(one[0].items.length, 3);
    assert.deepEqual(
      eight.map(({ items }) => items),
      one.map(({ items }) => items),
    );
    const [scored] = await answersOf(page, requests, [5], { ...settings, what: "scoreCleaners" });
    assert.deepEqual(Object.values(scored[0].rows), [0, 1, 2]);
    await context.close();
  });

  test("scores every row as the ranking does, and moves the scores out of the workers", async () => {
    const { context, page } = await openPage();
    const job = knownJob();
    const requests = [
      { job, options: { filters: { maxDistanceKm: 6 } } },
      { job, options: { mode: "rules" } },
    ];
    const outcome = await page.evaluate(
      async ({ requests }) => {
        const answers = [];
        const left = [];
        const worker = () => {
          const made = new Worker("/spy.js", { type: "module" });
          made.addEventListener("message", ({ data }) => data.id === -1 && left.push(data.left));
          return made;
        };
        for (const workers of [1, 3, 5]) {
          const recommender = await window.tidyrank.Recommender.load("/market/manifest.json", { workers, worker });
          for (const { job, options } of requests) {
            const { rows, scores, meta } = await recommender.scoreCleaners(job, options);
            const { items } = await recommender.recommendCleaners(job, { ...options, limit: 1000 });
            const kinds = [rows.constructor.name, scores.constructor.name];
            const ranked = items.map(({ row, score }) => [row, score]);
            answers.push({ kinds, rows: [...rows], scores: [...scores].map(String), ranked, meta });
          }
          recommender.dispose();
        }
        return { answers, left };
      },
      { requests },
    );
    for (const [at, { kinds, rows, scores, ranked, meta }] of outcome.answers.entries()) {
      assert.deepEqual(kinds, ["Uint32Array", "Float32Array"]);
      assert.deepEqual(
        rows,
        Array.from({ length: 200 }, (_, row) => row),
      );
      const expected = Array(200).fill("NaN");
      for (const [row, score] of ranked) expected[row] = String(score);
      assert.deepEqual(scores, expected);
      assert.equal(meta.scored, ranked.length);
      assert.deepEqual(settled(meta), settled(outcome.answers[at % requests.length].meta));
    }
    assert.deepEqual(outcome.left, Array(2 * (1 + 3 + 5)).fill(0), "answers that were copied");
    await context.close();
  });

  test("knows the same catalog and the same model", async () => {
    const { context, page } = await openPage();
    const [one, four] = await page.evaluate(async () => {
      const seen = [];
      for (const workers of [1, 4]) {
        const recommender = await window.tidyrank.Recommender.load("/market/manifest.json", { workers });
        seen.push({ catalog: await recommender.catalog(), capabilities: recommender.capabilities() });
        recommender.dispose();
      }
      return seen;
    });
    assert.deepEqual(four.catalog, one.catalog);
    assert.deepEqual([one.capabilities.workers, four.capabilities.workers], [1, 4]);
    assert.deepEqual({ ...four.capabilities, workers: 1 }, one.capabilities);
    assert.equal(one.capabilities.cleaners, 200);
    await context.close();
  });

  test("takes bids from any part of the catalog, and refuses one of nobody", async () => {
    const { context, page } = await openPage();
    const ids = expectedRankings()[0].items.map((item) => item.cleanerId);
    const bids = ids.slice(0, 8).map((cleanerId, at) => ({ cleanerId, amount: 40 + at }));
    const nobody = [{ cleanerId: "nobody" }, { cleanerId: 'no"one' }];
    const requests = [
      { job: { ...knownJob(), bids }, options: { limit: 100 } },
      { job: { ...knownJob(), bids }, options: { limit: 100, candidates: "bidders" } },
      { job: { ...knownJob(), bids: [...bids, ...nobody] }, options: {} },
      { job: { ...knownJob(), bids: [...nobody.slice(1), ...bids] }, options: { candidates: "bidders" } },
    ];
    const [one, ...others] = await answersOf(page, requests, [1, 2, 6]);
    assert.deepEqual(
      one.map((answer) => answer.code),
      [undefined, undefined, "request.invalid", "request.invalid"],
    );
    assert.equal(one[1].items.length, 8);
    assert.match(one[2].message, /"nobody"/);
    for (const many of others) {
      for (const at of [0, 1]) assert.deepEqual(many[at].items, one[at].items);
      for (const at of [2, 3]) assert.deepEqual(many[at], one[at]);
    }
    await context.close();
  });
});

describe("workers that share a catalog", () => {
  test("compile the engine once, from one request", async () => {
    const { context, page, requests } = await openPage();
    await answersOf(page, [{ job: {} }], [4]);
    assert.equal(requests.filter((url) => url.endsWith(".wasm")).length, 1);
    assert.equal(requests.filter((url) => url.endsWith("catalog.safetensors")).length, 1);
    await context.close();
  });

  test("are all told of nothing that was cancelled, and go on", async () => {
    const { context, page } = await openPage();
    const outcome = await page.evaluate(async () => {
      const sent = [];
      const worker = () => {
        const made = new Worker("/tidyrank/worker.js", { type: "module" });
        const post = made.postMessage.bind(made);
        made.postMessage = (call, moved) => {
          if (call.operation === "recommend") sent.push(call.payload.limit);
          post(call, moved);
        };
        return made;
      };
      const recommender = await window.tidyrank.Recommender.load("/market/manifest.json", { worker, workers: 3 });
      const controllers = [1, 2, 3].map(() => new AbortController());
      const order = [];
      const asked = controllers.map(({ signal }, at) =>
        recommender.recommendCleaners({}, { signal, limit: at + 1 }).then(
          ({ items }) => order.push(items.length),
          (error) => order.push([error.code, error.cause]),
        ),
      );
      // The first is under way, the second waits; both are given up.
      await Promise.resolve();
      controllers[1].abort("second");
      controllers[0].abort("first");
      await Promise.all(asked);
      const before = await recommender
        .recommendCleaners({}, { signal: AbortSignal.abort("early") })
        .catch((e) => e.code);
      const again = await recommender.recommendCleaners({}, { limit: 4 });
      recommender.dispose();
      return { order, sent, before, again: again.items.length };
    });
    assert.deepEqual(
      new Set(outcome.order.slice(0, 2).map(String)),
      new Set(["request.aborted,second", "request.aborted,first"]),
    );
    assert.equal(outcome.order[2], 3);
    assert.deepEqual(
      outcome.sent.filter((limit) => limit === 2),
      [],
    );
    assert.equal(outcome.before, "request.aborted");
    assert.equal(outcome.again, 4);
    await context.close();
  });

  test("all end with the one that dies, and everything is rejected", async () => {
    const { context, page } = await openPage();
    const outcome = await page.evaluate(async () => {
      const made = [];
      const ended = [];
      const worker = () => {
        // Only the last one dies.
        const one = new Worker(made.length === 2 ? "/spy.js" : "/tidyrank/worker.js", { type: "module" });
        const terminate = one.terminate.bind(one);
        one.terminate = () => {
          ended.push(made.indexOf(one));
          terminate();
        };
        made.push(one);
        return one;
      };
      const recommender = await window.tidyrank.Recommender.load("/market/manifest.json", { worker, workers: 3 });
      const codeOf = (promise) =>
        promise.then(
          () => "none",
          (error) => error.code,
        );
      const codes = await Promise.all([
        codeOf(recommender.recommendCleaners({})),
        codeOf(recommender.recommendCleaners({ clientId: "die" })),
        codeOf(recommender.recommendCleaners({})),
        codeOf(recommender.scoreCleaners({})),
      ]);
      const late = [await codeOf(recommender.recommendCleaners({})), await codeOf(recommender.catalog())];
      return { codes, late, ended: ended.sort() };
    });
    assert.deepEqual(outcome.codes, ["none", "worker.failed", "worker.failed", "worker.failed"]);
    assert.deepEqual(outcome.late, ["worker.failed", "worker.failed"]);
    assert.deepEqual(outcome.ended, [0, 1, 2]);
    await context.close();
  });

  test("reject what is under way and what comes later when they are disposed of", async () => {
    const { context, page } = await openPage();
    const codes = await page.evaluate(async () => {
      const recommender = await window.tidyrank.Recommender.load("/market/manifest.json", { workers: 3 });
      const codeOf = (promise) =>
        promise.then(
          () => "none",
          (error) => error.code,
        );
      const asked = [recommender.recommendCleaners({}), recommender.scoreCleaners({}), recommender.catalog()].map(
        codeOf,
      );
      recommender.dispose();
      return [...(await Promise.all(asked)), await codeOf(recommender.scoreCleaners({}))];
    });
    assert.deepEqual(codes, ["disposed", "disposed", "disposed", "disposed"]);
    await context.close();
  });

  test("are as many as asked for, or as the catalog is worth", async () => {
    const { context, page } = await openPage(() => {
      Object.defineProperty(navigator, "hardwareConcurrency", { get: () => 8 });
    });
    const outcome = await page.evaluate(async () => {
      const outcomes = [];
      for (const { manifest = "/market/manifest.json", ...options } of [
        {},
        { workers: 2 },
        { manifest: "/large/manifest.json", workers: "auto" },
        { workers: "auto" },
        { worker: false },
        { worker: false, workers: "auto" },
        { worker: false, workers: 2 },
        { workers: 0 },
        { workers: 1.5 },
        { workers: "many" },
        { workers: Number.NaN },
        { tileBudget: -1 },
        { tileBudget: Number.NaN },
      ]) {
        const outcome = await window.tidyrank.Recommender.load(manifest, options).then(
          (recommender) => {
            const { worker, workers, workersReason } = recommender.capabilities();
            recommender.dispose();
            return { worker, workers, workersReason };
          },
          (error) => error.code,
        );
        outcomes.push(outcome);
      }
      return outcomes;
    });
    assert.match(outcome[2].workersReason, /^1\d{7} bytes of catalog at 4194304 a worker, 8 processors$/);
    const asked = "as asked for";
    const small = `${modelFile("catalog.safetensors").length} bytes of catalog at 4194304 a worker, 8 processors`;
    const inline = {
      worker: false,
      workers: 1,
      workersReason: "without workers one engine ranks in the caller's own thread",
    };
    assert.deepEqual(outcome.slice(0, 6), [
      { worker: true, workers: 1, workersReason: asked },
      { worker: true, workers: 2, workersReason: asked },
      { worker: true, workers: 2, workersReason: outcome[2].workersReason },
      { worker: true, workers: 1, workersReason: small },
      inline,
      inline,
    ]);
    assert.deepEqual(outcome.slice(6), Array(7).fill("load.invalid"));
    await context.close();
  });
});
