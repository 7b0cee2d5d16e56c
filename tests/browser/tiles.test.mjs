// A catalog in tiles, in a plain page in Chromium: what is loaded, what is kept, what is thrown away, and that the answers
// are those of the whole catalog. The server counts, delays, damages and refuses.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { inRoot } from "../../scripts/paths.mjs";
import { CSP } from "../../scripts/serve.mjs";
import { moved, writeModel } from "./catalogs.mjs";
import { installedPackage, knownJob, launch, openSite, siteWith } from "./support.mjs";

const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
};
const CLEANERS = 8_000;
/** Three places to work at, 200 km and more from each other, with the cleaners of one town around each. */
const PLACES = { a: [38, 23.7], b: [38, 26.1], c: [41, 23.7] };
const jobAt = (place, north = 0) => {
  const [latitude, longitude] = PLACES[place];
  return { ...knownJob(), location: { latitude: latitude + north, longitude } };
};
const within = (maxDistanceKm) => ({ filters: { maxDistanceKm }, limit: 40 });

let browser;
let server;
let url;
let site;
/** What the server was asked for in the folder of tiles, and how many of its answers were not waited for. */
let seen = [];
let cut = 0;
/** What the server does with a tile: nothing, or something in place of its bytes. */
let treat = async (_name, _times) => undefined;
let delay = 0;

async function answer(request, response) {
  const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
  const file = join(site, path.endsWith("/") ? `${path}index.html` : path);
  const head = { "content-security-policy": CSP, "content-type": TYPES[extname(file)] ?? "application/octet-stream" };
  if (!path.includes("/tiles/")) {
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return response.writeHead(404).end();
    return response.writeHead(200, { ...head, "cache-control": "no-cache" }).end(readFileSync(file));
  }
  seen.push(path.split("/").at(-1));
  response.on("close", () => {
    if (!response.writableEnded) cut += 1;
  });
  await new Promise((done) => setTimeout(done, delay));
  const name = path.split("/").at(-1);
  const instead = await treat(name, seen.filter((other) => other === name).length);
  if (instead === "hang up") return response.destroy();
  if (typeof instead === "number") return response.writeHead(instead).end();
  // As a server would: names are hashes.
  response.writeHead(200, { ...head, "cache-control": "public, max-age=31536000" }).end(instead ?? readFileSync(file));
}

before(async () => {
  site = siteWith(installedPackage().project);
  writeFileSync(join(site, "no-crypto.js"), 'Object.defineProperty(globalThis, "crypto", { value: {} });');
  writeFileSync(join(site, "insecure.js"), 'import "/no-crypto.js";\nimport "/tidyrank/worker.js";');
  const grid = Array.from({ length: CLEANERS / 200 }, (_, copy) => [(copy % 8) * 0.6, Math.floor(copy / 8) * 0.6]);
  writeModel(
    join(site, "whole"),
    Array.from({ length: CLEANERS }, (_, at) => moved((at * 7) % 200, ...grid[Math.floor(at / 200)])),
  );
  const model = ["--model", join(site, "whole"), "--out", join(site, "tiled")];
  execFileSync(inRoot("target/release/tidyrank"), ["--quiet", "catalog", "build", ...model, "--tile-resolution", "5"]);
  server = createServer((request, response) => answer(request, response).catch((error) => response.destroy(error)));
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  url = `http://localhost:${server.address().port}/`;
  browser = await launch();
});
after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
});
beforeEach(() => {
  [seen, cut, delay, treat] = [[], 0, 0, async () => undefined];
});

const openPage = () => openSite(browser, url);

/** Asks one recommender these things one after the other, of the method `at`; an error is its code and message. */
const ask = (page, requests, { manifest = "/tiled/manifest.json", at = "recommendCleaners", ...options } = {}) =>
  page.evaluate(
    async ({ requests, manifest, at, options }) => {
      const warnings = [];
      const onWarning = ({ code }) => warnings.push(code);
      const recommender = await window.tidyrank.Recommender.load(manifest, { ...options, onWarning });
      const answers = [];
      for (const request of requests) {
        const answer = recommender[at](...request);
        answers.push(await answer.catch(({ code, message }) => ({ code, message })));
      }
      const capabilities = recommender.capabilities();
      // What is written to the cache is not waited for.
      await new Promise((done) => setTimeout(done, 300));
      recommender.dispose();
      return { answers, warnings, capabilities };
    },
    { requests, manifest, at, options },
  );

const itemsOf = ({ answers }) => answers.map(({ items }) => items);
const tilesOf = ({ answers }) => answers.map(({ meta }) => meta.tiles);
const sizeOf = (name) => statSync(join(site, "tiled/tiles", name)).size;
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
const MANY = 1 << 30;

describe("a catalog in tiles", () => {
  const requests = [
    [jobAt("a"), within(20)],
    [jobAt("b"), within(5)],
    [jobAt("c", 0.3), within(60)],
    [jobAt("a", 5), within(3)],
    [jobAt("b", -0.2), { ...within(25), mode: "rules", limit: 500 }],
    [{ ...jobAt("a", 0.1), propertyType: undefined, durationH: 2 }, within(30)],
    // The same cleaners in several towns, and rules know no distance: equal scores in several tiles.
    [jobAt("a", 0.3), { ...within(70), mode: "rules", limit: 500 }],
  ];

  test("is ranked as the whole catalog is, by any number of engines", async () => {
    const { context, page } = await openPage();
    const whole = await ask(page, requests, { manifest: "/whole/manifest.json" });
    assert.ok(whole.answers[0].items.length === 40 && whole.answers[3].items.length === 0);
    for (const options of [{}, { workers: 2 }, { workers: 3, tileBudget: 1 }, { worker: false }]) {
      const tiled = await ask(page, requests, options);
      assert.deepEqual(itemsOf(tiled), itemsOf(whole), JSON.stringify(options));
      for (const [at, { meta }] of tiled.answers.entries()) {
        assert.equal(meta.scored, whole.answers[at].meta.scored);
        assert.ok(meta.candidates < CLEANERS / 4, `${meta.candidates} were looked at`);
      }
      assert.equal(tiled.capabilities.cleaners, CLEANERS);
    }
    await context.close();
  });

  test("is scored as the whole catalog is", async () => {
    const { context, page } = await openPage();
    const scored = async (options) => {
      const { answers } = await ask(page, requests, { ...options, at: "scoreCleaners" });
      const known = ({ rows, scores }) => {
        const pairs = Object.values(rows).map((row, at) => [row, String(scores[at])]);
        assert.ok(pairs.every(([row], at) => at === 0 || row > pairs[at - 1][0]));
        return pairs.filter(([, score]) => score !== "NaN");
      };
      return answers.map(known);
    };
    const whole = await scored({ manifest: "/whole/manifest.json" });
    assert.deepEqual(await scored({}), whole);
    assert.deepEqual(await scored({ workers: 3 }), whole);
    await context.close();
  });

  test("says the same of a request whatever else is loaded", async () => {
    const { context, page } = await openPage();
    const alone = await ask(page, requests.slice(2, 3));
    const later = await ask(page, requests.slice(0, 3));
    const { tiles: _, ...meta } = alone.answers[0].meta;
    const { tiles: __, ...after } = later.answers[2].meta;
    assert.deepEqual(after, meta);
    await context.close();
  });

  test("is loaded only near the job, a few tiles at a time, and once", async () => {
    const { context, page } = await openPage();
    delay = 40;
    const all = readdirSync(join(site, "tiled/tiles"));
    const [first, again, nearby] = tilesOf(
      await ask(page, [
        [jobAt("a"), within(60)],
        [jobAt("a"), within(60)],
        [jobAt("a"), within(10)],
      ]),
    );
    assert.ok(first.used > 6 && first.used < all.length / 3, `${first.used} of ${all.length}`);
    assert.deepEqual(first, { used: seen.length, loaded: seen.length, bytes: sum(seen.map(sizeOf)) });
    assert.equal(new Set(seen).size, seen.length);
    assert.deepEqual(again, { used: first.used, loaded: 0, bytes: 0 });
    assert.ok(nearby.used < first.used && nearby.loaded === 0);
    const most = await page.evaluate(
      async ({ job, options }) => {
        let [running, most] = [0, 0];
        // The browser itself has no more than six connections to a server.
        const counting = async (url, init) => {
          most = Math.max(most, ++running);
          const bytes = await (await fetch(url, init)).arrayBuffer();
          running--;
          return new Response(bytes);
        };
        const settings = { fetch: counting, cache: false };
        const recommender = await window.tidyrank.Recommender.load("/tiled/manifest.json", settings);
        await recommender.recommendCleaners(job, options);
        return most;
      },
      { job: jobAt("c"), options: within(60) },
    );
    assert.equal(most, 6);
    await context.close();
  });

  test("is shared by requests at the same time", async () => {
    const { context, page } = await openPage();
    delay = 60;
    const answers = await page.evaluate(
      async ({ job, options }) => {
        // The browser itself would make one request of several for the same address.
        window.fetched = [];
        const counting = (url, init) => {
          window.fetched.push(String(url));
          return fetch(url, init);
        };
        const settings = { workers: 2, fetch: counting };
        const recommender = await window.tidyrank.Recommender.load("/tiled/manifest.json", settings);
        const asked = [1, 2, 3].map(() => recommender.recommendCleaners(job, options));
        return await Promise.all(asked);
      },
      { job: jobAt("a"), options: within(20) },
    );
    const fetched = (await page.evaluate(() => window.fetched)).filter((url) => url.includes("/tiles/"));
    assert.equal(new Set(fetched).size, fetched.length);
    assert.equal(fetched.length, answers[0].meta.tiles.used);
    assert.deepEqual(answers[2].items, answers[0].items);
    await context.close();
  });

  test("is spread over the workers", async () => {
    const { context, page } = await openPage();
    const given = await page.evaluate(
      async ({ job, options }) => {
        const given = [];
        const worker = () => {
          const made = new Worker("/tidyrank/worker.js", { type: "module" });
          const post = made.postMessage.bind(made);
          const at = given.push(0) - 1;
          made.postMessage = (call, moved) => {
            if (call.operation === "addTile") given[at] += 1;
            post(call, moved);
          };
          return made;
        };
        const recommender = await window.tidyrank.Recommender.load("/tiled/manifest.json", { worker, workers: 2 });
        await recommender.recommendCleaners(job, options);
        return given;
      },
      { job: jobAt("a"), options: within(40) },
    );
    assert.equal(sum(given), seen.length);
    assert.ok(Math.min(...given) >= seen.length / 4, given.join());
    await context.close();
  });

  test("lists bidders whose tile was not needed, and the cleaners that are loaded", async () => {
    const { context, page } = await openPage();
    const [here, far] = ["c0000003", "c0007999"];
    const bids = [{ cleanerId: here, amount: 30 }, { cleanerId: far, amount: 30 }, { cleanerId: "nobody" }];
    const job = { ...jobAt("a"), bids };
    for (const workers of [1, 3]) {
      const { answers } = await ask(page, [[job, { ...within(20), candidates: "bidders" }]], { workers });
      assert.deepEqual(answers[0].meta.unknownBids, [far, "nobody"]);
      assert.deepEqual(
        answers[0].items.map((item) => item.cleanerId),
        [here],
      );
    }
    const loaded = await page.evaluate(
      async ({ job, options }) => {
        const recommender = await window.tidyrank.Recommender.load("/tiled/manifest.json", { workers: 2 });
        const before = await recommender.catalog();
        const { meta } = await recommender.recommendCleaners(job, options);
        return [before.cleaners.length, meta.candidates, (await recommender.catalog()).cleaners.length];
      },
      { job: jobAt("a"), options: within(20) },
    );
    assert.equal(loaded[0], 0);
    assert.ok(loaded[1] > 0 && loaded[1] === loaded[2]);
    await context.close();
  });
});

describe("what is asked of one cleaner of a catalog in tiles", () => {
  /** One of the first town, which is at `a`, and one of the last, hundreds of kilometres away. */
  const [here, there, nobody] = ["c0000003", "c0007999", "nobody"];
  const ENGINES = [{}, { workers: 2 }, { workers: 3, tileBudget: 1 }, { worker: false }];
  const near = { ...within(60), limit: 5 };
  const codesOf = (answers) => answers.map(({ code }) => code);
  /** An answer without what machines and tiles say of themselves. */
  const bare = ({ message: _, meta: __, ...answer }) => answer;

  /** Asks the whole catalog, then the tiles of every number of engines; the answers of the whole one. */
  async function same(at, requests, { alike = bare, engines = ENGINES } = {}) {
    const { context, page } = await openPage();
    const whole = (await ask(page, requests, { at, manifest: "/whole/manifest.json" })).answers;
    for (const options of engines) {
      const { answers, warnings } = await ask(page, requests, { ...options, at });
      assert.deepEqual(answers.map(alike), whole.map(alike), `${at} ${JSON.stringify(options)}`);
      assert.deepEqual(
        warnings.filter((code) => code !== "tiles.budget"),
        [],
      );
    }
    await context.close();
    return whole;
  }

  /** What tiles alone answer. */
  async function codes(at, requests, options) {
    const { context, page } = await openPage();
    const { answers } = await ask(page, requests, { ...options, at });
    await context.close();
    return codesOf(answers);
  }

  test("bids are those of the whole catalog, but for somebody more than 50 km from the job", async () => {
    const job = jobAt("a");
    const newcomer = { hourlyRate: 15, location: job.location };
    const answers = await same("suggestBid", [
      [job, here],
      [{ ...job, bids: [{ cleanerId: "c0000004", amount: 40 }] }, here, { fee: 0.1, prices: [20, 40, 60] }],
      [job, newcomer],
      [job, nobody],
      [{ ...job, durationH: -1 }, here],
    ]);
    assert.deepEqual(codesOf(answers), [...Array(3).fill(undefined), "request.unknown_cleaner", "request.invalid"]);
    assert.deepEqual([answers[0].source, answers[0].cleanerId, answers[2].cleanerId], ["model", here, null]);
    seen = [];
    // As the types say: with tiles nobody looks for a cleaner further away.
    assert.deepEqual(await codes("suggestBid", [[job, there]]), ["request.unknown_cleaner"]);
    assert.ok(seen.length > 0 && seen.length < readdirSync(join(site, "tiled/tiles")).length / 3);
    seen = [];
    assert.deepEqual(await codes("suggestBid", [[job, newcomer]]), [undefined]);
    assert.deepEqual(seen, [], "a newcomer's bid needs no tile");
  });

  test("explanations are those of the whole catalog", async () => {
    const job = jobAt("a", 0.3);
    const { context, page } = await openPage();
    const [{ items }] = (await ask(page, [[job, { ...near, limit: 40 }]], { manifest: "/whole/manifest.json" }))
      .answers;
    await context.close();
    const [first, eighth, last] = [items[0], items[7], items.at(-1)].map(({ cleanerId }) => cleanerId);
    const house = [{ cleanerId: last, action: "boost", points: 3 }];
    const answers = await same("explain", [
      [job, first, near],
      [job, eighth, near],
      [job, last, { ...near, house }],
      [job, eighth, { ...near, mode: "rules", locale: "el" }],
      [job, eighth, { ...near, filters: { ...near.filters, minScore: 99 } }],
      [job, eighth, { ...near, filters: { ...near.filters, hide: [eighth] } }],
      [job, nobody, near],
    ]);
    assert.deepEqual([answers[0].rank, answers[1].rank], [1, 8]);
    assert.ok(answers[1].counterfactuals.length > 0 && answers[3].neural === null);
    assert.deepEqual(
      [4, 5].flatMap((at) => codesOf(answers[at].excluded)),
      ["excluded_score", "excluded_hidden"],
    );
    assert.deepEqual(codesOf(answers).at(-1), "request.unknown_cleaner");
  });

  test("exclusions are those of the whole catalog, with tiles as far as 50 km", async () => {
    const job = jobAt("a", 0.3);
    const { context, page } = await openPage();
    const [{ items }] = (await ask(page, [[job, { ...within(60), limit: 500 }]], { manifest: "/whole/manifest.json" }))
      .answers;
    await context.close();
    const eighth = items[7].cleanerId;
    const far = items.find(({ distanceKm }) => distanceKm > 12 && distanceKm < 45);
    const answers = await same("explainExclusion", [
      [job, eighth, near],
      [job, far.cleanerId, within(10)],
      [job, far.cleanerId, { ...within(10), mode: "rules", filters: { maxDistanceKm: 10, maxPrice: 0.01 } }],
      [job, eighth, { filters: { ...near.filters, minScore: 101 }, locale: "el" }],
      [job, nobody, near],
    ]);
    assert.deepEqual([answers[0].rank, answers[0].score, answers[0].excluded], [8, items[7].score, false]);
    assert.deepEqual(
      answers.slice(1, 4).map(({ by }) => codesOf(by)),
      [["excluded_distance"], ["excluded_distance", "excluded_price"], ["excluded_score"]],
    );
    assert.equal(answers[4].code, "request.unknown_cleaner");
    // Of whom no near tile has nothing can be said but that.
    assert.deepEqual(await codes("explainExclusion", [[job, there, near]]), ["request.unknown_cleaner"]);
    assert.deepEqual(await codes("explain", [[job, there, near]]), ["request.unknown_cleaner"]);
  });

  test("jobs are ranked as by the whole catalog, wherever the cleaner lives, if the tiles fit the budget", async () => {
    const jobs = [
      { ...jobAt("a"), jobId: "a" },
      { ...jobAt("b", 0.1), jobId: "b", budget: 90 },
      { ...jobAt("c", 0.2), jobId: "c", bids: [{ cleanerId: "c0000004", amount: 40 }] },
      { jobId: "nowhere", durationH: 3 },
    ];
    const newcomer = { hourlyRate: 15, location: jobs[1].location };
    const requests = [
      [there, jobs],
      [here, jobs, { limit: 2, mode: "rules", locale: "el" }],
      [here, jobs, { filters: { maxDistanceKm: 30 } }],
      [newcomer, jobs],
      [here, []],
      [nobody, jobs],
    ];
    const engines = [{}, { workers: 2 }, { worker: false }];
    const alike = ({ message: _, ...answer }) => answer;
    const answers = await same("recommendJobs", requests, { alike, engines });
    assert.deepEqual(
      answers.slice(0, 5).map(({ items }) => items.length),
      [4, 2, 2, 4, 0],
    );
    assert.ok(answers[0].meta.cleanerKnown && !answers[3].meta.cleanerKnown);
    assert.equal(answers[5].code, "request.unknown_cleaner");
    // Which tile a cleaner is in nobody says: of too many only those are asked that are loaded.
    const few = { tileBudget: 100_000 };
    assert.deepEqual(await codes("recommendJobs", [requests[0], requests[3]], few), [
      "request.unknown_cleaner",
      undefined,
    ]);
    const { context, page } = await openPage();
    const loaded = await page.evaluate(
      async ({ job, options, here, jobs }) => {
        const settings = { tileBudget: 300_000, workers: 2 };
        const recommender = await window.tidyrank.Recommender.load("/tiled/manifest.json", settings);
        await recommender.recommendCleaners(job, options);
        return await recommender.recommendJobs(here, jobs);
      },
      { job: jobAt("a"), options: within(10), here, jobs },
    );
    const [expected] = (await ask(page, [[here, jobs]], { at: "recommendJobs", manifest: "/whole/manifest.json" }))
      .answers;
    assert.deepEqual(loaded.items, expected.items);
    await context.close();
  });
});

describe("tiles that are kept", () => {
  test("answer after a reload without being asked for, and without a network", async () => {
    const { context, page } = await openPage();
    const online = await ask(page, [[jobAt("a"), within(20)]]);
    assert.ok(seen.length > 0);
    seen = [];
    await page.reload();
    await page.evaluate(async () => {
      window.tidyrank = await import("/tidyrank/index.js");
    });
    await context.route("**/tiled/**", (route) => route.abort());
    const offline = await ask(page, [[jobAt("a"), within(20)]]);
    assert.deepEqual(seen, []);
    assert.deepEqual(itemsOf(offline), itemsOf(online));
    assert.equal(offline.answers[0].meta.tiles.loaded, 0);
    assert.deepEqual(offline.warnings, ["load.network"]);
    const [refused] = (await ask(page, [[jobAt("b"), within(20)]])).answers;
    assert.equal(refused.code, "load.network");
    assert.match(refused.message, /tiles\/[0-9a-f]{64}/);
    await context.close();
  });

  test("are those used last, over a reload too, as far as the budget reaches", async () => {
    const { context, page } = await openPage();
    const [a, b, c] = ["a", "b", "c"].map((place) => [jobAt(place), within(15)]);
    const { answers } = await ask(page, [a, b, c], { tileBudget: MANY, cache: false });
    const bytes = answers.map(({ meta }) => meta.tiles.bytes);
    // Any two of the three have room, not all of them.
    const tileBudget = sum(bytes) - 1;
    const loadedBy = async (requests) => {
      seen = [];
      const asked = await ask(page, requests, { tileBudget });
      assert.deepEqual(asked.warnings, []);
      return tilesOf(asked).map(({ loaded, used }) => (loaded === 0 ? "none" : loaded === used ? "all" : "some"));
    };
    // In memory: b is the one that was not used for longest, and is not in the cache any more either.
    assert.deepEqual(await loadedBy([a, b, a, c, a, b]), ["all", "all", "none", "all", "none", "some"]);
    await page.evaluate(() => caches.delete("tidyrank-models-1"));
    assert.deepEqual(await loadedBy([a, b]), ["all", "all"]);
    await page.reload();
    await page.evaluate(async () => {
      window.tidyrank = await import("/tidyrank/index.js");
    });
    assert.deepEqual(await loadedBy([a]), ["none"]);
    assert.deepEqual(await loadedBy([c]), ["all"]);
    // c took the place of some of b, not of a.
    assert.deepEqual(await loadedBy([a, c]), ["none", "none"]);
    assert.notDeepEqual(await loadedBy([b]), ["none"]);
    const kept = await page.evaluate(async () => {
      const cache = await caches.open("tidyrank-models-1");
      const files = (await cache.keys()).filter(({ url }) => url.includes("/sha256/"));
      const sizes = await Promise.all(
        files.map(async (key) => [key.url.slice(-64), (await (await cache.match(key)).blob()).size]),
      );
      return sizes;
    });
    const tiles = kept.filter(([hash]) => readdirSync(join(site, "tiled/tiles")).includes(`${hash}.safetensors`));
    assert.ok(tiles.length > 0 && sum(tiles.map(([, size]) => size)) <= tileBudget);
    await context.close();
  });

  test("are not in memory beyond the budget but for the request under way, which is told", async () => {
    const { context, page } = await openPage();
    const requests = [1, 2].map(() => [jobAt("a"), within(20)]);
    const { answers, warnings } = await ask(page, requests, { tileBudget: 1000 });
    assert.deepEqual(warnings, ["tiles.budget"]);
    assert.deepEqual(answers[1], answers[0]);
    assert.equal(answers[1].meta.tiles.loaded, answers[1].meta.tiles.used);
    const left = await page.evaluate(async ([job, options]) => {
      const settings = { tileBudget: 1000, workers: 2 };
      const recommender = await window.tidyrank.Recommender.load("/tiled/manifest.json", settings);
      const asked = recommender.recommendCleaners(job, options);
      await asked;
      return (await recommender.catalog()).cleaners.length;
    }, requests[0]);
    assert.equal(left, 0);
    await context.close();
  });
});

describe("a request of a catalog in tiles", () => {
  test("needs a place and a distance, unless everything can be kept", async () => {
    const { context, page } = await openPage();
    const { location: _, ...nowhere } = jobAt("a");
    const unlimited = [
      [jobAt("a"), {}],
      [nowhere, within(20)],
      [{}, { filters: {} }],
      [{}, { candidates: "bidders" }],
    ];
    const refused = await ask(page, unlimited, { tileBudget: 100_000 });
    for (const { code, message } of refused.answers) {
      assert.equal(code, "request.invalid");
      assert.match(message, /filters\.maxDistanceKm/);
    }
    assert.deepEqual(seen, []);
    const whole = await ask(page, unlimited, { manifest: "/whole/manifest.json" });
    assert.deepEqual(itemsOf(await ask(page, unlimited)), itemsOf(whole));
    assert.equal(new Set(seen).size, readdirSync(join(site, "tiled/tiles")).length);
    const wrong = [
      [{ ...jobAt("a"), location: { latitude: 99, longitude: 0 } }, within(5)],
      [jobAt("a"), within(-1)],
      [{ ...jobAt("a"), sizem2: 3 }, within(5)],
    ];
    const codes = (await ask(page, wrong)).answers.map(({ code, message }) => [
      code,
      /location|maxDistanceKm|sizem2/.exec(message)[0],
    ]);
    assert.deepEqual(codes, [
      ["request.invalid", "location"],
      ["request.invalid", "maxDistanceKm"],
      ["request.shape", "sizem2"],
    ]);
    await context.close();
  });

  test("is rejected where a tile cannot be had, and answered when it can", async () => {
    const { context, page } = await openPage();
    const outcome = async () => (await ask(page, [[jobAt("a"), within(20)]])).answers[0];
    let chosen;
    treat = async (name) => {
      chosen ??= name;
      return name === chosen ? "hang up" : undefined;
    };
    const lost = await outcome();
    assert.equal(lost.code, "load.network");
    assert.ok(lost.message.includes(chosen), lost.message);
    treat = async (name) => (name === chosen ? 404 : undefined);
    const missing = await outcome();
    assert.equal(missing.code, "load.http");
    assert.ok(missing.message.includes(chosen), missing.message);
    treat = async () => undefined;
    assert.equal((await outcome()).items.length, 40);
    await context.close();
  });

  test("asks once more, past the HTTP cache, for a tile that is damaged", async () => {
    const { context, page } = await openPage();
    const outcome = async () => (await ask(page, [[jobAt("b"), within(10)]])).answers[0];
    const damaged = (name) => {
      const bytes = readFileSync(join(site, "tiled/tiles", name));
      bytes[bytes.length - 3] ^= 1;
      return bytes;
    };
    treat = async (name, times) => (times === 1 ? damaged(name) : undefined);
    const mended = await outcome();
    assert.equal(mended.items.length, 40);
    assert.equal(seen.length, 2 * mended.meta.tiles.used);
    await context.clearCookies();
    await page.evaluate(() => caches.delete("tidyrank-models-1"));
    const other = await openPage();
    seen = [];
    treat = async (name) => damaged(name);
    const [refused] = (await ask(other.page, [[jobAt("b"), within(10)]])).answers;
    assert.equal(refused.code, "artifact.checksum");
    assert.match(refused.message, /tiles\/[0-9a-f]{64}/);
    const hashes = await other.page.evaluate(async () => {
      const keys = await (await caches.open("tidyrank-models-1")).keys();
      return keys.map(({ url }) => url.slice(-64));
    });
    assert.ok(!hashes.some((hash) => seen.includes(`${hash}.safetensors`)), "a damaged tile was kept");
    await Promise.all([context.close(), other.context.close()]);
  });

  test("is refused a damaged tile outside secure contexts too, where only the engine can tell", async () => {
    const insecure = () => Object.defineProperty(globalThis, "crypto", { value: {} });
    const { context, page } = await openSite(browser, url, insecure);
    const outcome = () =>
      page.evaluate(
        async ([job, options]) => {
          const worker = () => new Worker("/insecure.js", { type: "module" });
          const recommender = await window.tidyrank.Recommender.load("/tiled/manifest.json", { worker });
          return await recommender.recommendCleaners(job, options).then(
            ({ items }) => items.length,
            ({ code, message }) => [code, message],
          );
        },
        [jobAt("b"), within(10)],
      );
    assert.equal(await outcome(), 40);
    treat = async (name) => {
      const bytes = readFileSync(join(site, "tiled/tiles", name));
      bytes[bytes.length - 3] ^= 1;
      return bytes;
    };
    // The HTTP cache has what was right.
    const session = await context.newCDPSession(page);
    await session.send("Network.clearBrowserCache");
    const [code, message] = await outcome();
    assert.equal(code, "artifact.checksum");
    assert.match(message, /tiles\/[0-9a-f]{64}/);
    await context.close();
  });

  test("can be given up alone, and nobody's download goes on", async () => {
    const { context, page } = await openPage();
    delay = 300;
    const outcome = await page.evaluate(
      async ({ near, far, options }) => {
        const recommender = await window.tidyrank.Recommender.load("/tiled/manifest.json", { workers: 2 });
        const codeOf = (promise) =>
          promise.then(
            ({ items }) => items.length,
            ({ code, cause }) => [code, cause],
          );
        const [one, two] = [new AbortController(), new AbortController()];
        const asked = [
          codeOf(recommender.recommendCleaners(near, { ...options, signal: one.signal })),
          codeOf(recommender.recommendCleaners(near, options)),
          codeOf(recommender.recommendCleaners(far, { ...options, signal: two.signal })),
        ];
        await new Promise((done) => setTimeout(done, 100));
        one.abort("enough");
        two.abort("enough");
        const again = codeOf(recommender.recommendCleaners(far, options));
        const first = [await asked[0], await asked[2]];
        const second = await asked[1];
        const late = codeOf(
          recommender.recommendCleaners({ ...far, location: { latitude: 41, longitude: 26 } }, options),
        );
        const found = await again;
        recommender.dispose();
        return { first, second, again: found, late: await late };
      },
      { near: jobAt("a"), far: jobAt("c"), options: within(10) },
    );
    assert.deepEqual(outcome.first, [
      ["request.aborted", "enough"],
      ["request.aborted", "enough"],
    ]);
    assert.equal(outcome.second, 40);
    assert.equal(outcome.again, 40);
    assert.equal(outcome.late[0], "disposed");
    // The server hears of it a little later.
    for (let tries = 0; cut === 0 && tries < 100; tries++) await new Promise((done) => setTimeout(done, 20));
    assert.ok(cut > 0, "a download that nobody waits for went on");
    await context.close();
  });

  test("cannot be had from bytes alone", async () => {
    const { context, page } = await openPage();
    const code = await page.evaluate(async () => {
      const bytes = async (name) => new Uint8Array(await (await fetch(`/tiled/${name}`)).arrayBuffer());
      const files = { tiles: await bytes("tiles.safetensors"), "model.q8": await bytes("model.q8.safetensors") };
      const source = { manifest: await bytes("manifest.json"), files };
      return await window.tidyrank.Recommender.load(source).catch((error) => error.code);
    });
    assert.equal(code, "load.invalid");
    await context.close();
  });
});
