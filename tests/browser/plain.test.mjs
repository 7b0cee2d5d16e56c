// The package in a plain HTML page, from the tarball, without a bundler: worker and inline, cache, cancellation, parity.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { serve } from "../../scripts/serve.mjs";
import {
  essence,
  expectedRankings,
  importInstalled,
  installedPackage,
  knownJob,
  launch,
  modelFile,
  modelFolder,
  siteWith,
} from "./support.mjs";

let browser;
let server;
let installed;

before(async () => {
  installed = installedPackage();
  server = await serve({ root: siteWith(installed.project), port: 0 });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

/** A fresh page with the module loaded as `tidyrank`, and the addresses that it asks for. */
async function openPage() {
  const context = await browser.newContext();
  const page = await context.newPage();
  const requests = [];
  const violations = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("console", (message) => /Content Security Policy/.test(message.text()) && violations.push(message.text()));
  await page.goto(server.url);
  await page.evaluate(async () => {
    window.tidyrank = await import("/tidyrank/index.js");
  });
  return { context, page, requests, violations };
}

const rankIn = (page, jobs, options) =>
  page.evaluate(
    async ({ jobs, options }) => {
      const recommender = await window.tidyrank.Recommender.load("/market/manifest.json", options);
      const rankings = [];
      for (const job of jobs) rankings.push(await recommender.recommendCleaners(job, { limit: 200 }));
      const capabilities = recommender.capabilities();
      recommender.dispose();
      return { rankings, capabilities };
    },
    { jobs, options },
  );

describe("in a plain page", () => {
  test("a worker and the page's own thread give the same answer, without breaking the policy", async () => {
    const { context, page, violations, requests } = await openPage();
    const jobs = expectedRankings()
      .slice(0, 12)
      .map(({ job }) => job);
    const worker = await rankIn(page, jobs, {});
    const inline = await rankIn(page, jobs, { worker: false });
    assert.equal(worker.capabilities.worker, true);
    assert.equal(inline.capabilities.worker, false);
    assert.deepEqual(worker.rankings, inline.rankings);
    assert.equal(worker.rankings[0].meta.kernel, "simd128");
    assert.deepEqual(violations, []);
    assert.deepEqual(
      requests.filter((url) => !url.startsWith(server.url)),
      [],
    );
    assert.equal(requests.filter((url) => url.endsWith("model.safetensors")).length, 0);
    await context.close();
  });

  test("a page that ranks in a worker fetches the engine once and never runs it itself", async () => {
    const { context, page } = await openPage();
    await page.evaluate(() => {
      WebAssembly.instantiate = WebAssembly.Instance = () => {
        throw new Error("instantiated in the page");
      };
    });
    await rankIn(page, [{}], {});
    const loaded = await page.evaluate(() => performance.getEntriesByType("resource").map((entry) => entry.name));
    assert.equal(loaded.filter((name) => /\.wasm/.test(name)).length, 1, loaded.join());
    await context.close();
  });

  test("model files come from Cache Storage by their hash, and are checked there", async () => {
    const { context, page, requests } = await openPage();
    await rankIn(page, [{}], {});
    const files = () => requests.filter((url) => /\.safetensors$/.test(url)).length;
    assert.equal(files(), 6);
    await rankIn(page, [{}], {});
    assert.equal(files(), 6, "the second load fetched model files");
    const kept = await page.evaluate(async () => {
      const cache = await caches.open("tidyrank-models-1");
      const keys = (await cache.keys()).filter((request) => request.url.includes("/sha256/"));
      await cache.put(keys[0], new Response("not what it was"));
      return keys.length;
    });
    assert.equal(kept, 6);
    const { capabilities } = await rankIn(page, [{}], {});
    assert.deepEqual(capabilities.warnings, []);
    assert.equal(files(), 7, "the file that was altered in the cache was not fetched again");
    await context.close();
  });

  test("files that a new manifest does not name any more are thrown away, and no others", async () => {
    const { context, page } = await openPage();
    await rankIn(page, [{}], {});
    const manifest = JSON.parse(new TextDecoder().decode(modelFile("manifest.json")));
    const gone = manifest.files.find(({ role }) => role === "bids").sha256;
    const kept = () =>
      page.evaluate(async () => {
        const keys = await (await caches.open("tidyrank-models-1")).keys();
        return keys.filter(({ url }) => url.includes("/sha256/")).map(({ url }) => url.slice(-64));
      });
    const before = await kept();
    assert.ok(before.includes(gone));
    manifest.files = manifest.files.filter(({ sha256 }) => sha256 !== gone);
    await context.route("**/market/manifest.json", (route) => route.fulfill({ json: manifest }));
    await rankIn(page, [{}], {});
    // What is written to the cache is not waited for.
    for (let tries = 0; (await kept()).includes(gone) && tries < 50; tries++) await page.waitForTimeout(20);
    assert.deepEqual((await kept()).sort(), before.filter((hash) => hash !== gone).sort());
    await context.close();
  });

  test("a cached model loads without a network, manifest included", async () => {
    const { context, page } = await openPage();
    await rankIn(page, [{}], { worker: false });
    await context.route("**/market/**", (route) => route.abort());
    const { rankings } = await rankIn(page, [{}], { worker: false });
    assert.equal(rankings[0].meta.mode, "ensemble");
    await context.close();
  });

  for (const [what, options] of [
    ["without a cache", { cache: false }],
    ["without clients", { clients: false }],
  ]) {
    test(`loads ${what}`, async () => {
      const { context, page } = await openPage();
      const { rankings } = await rankIn(page, [knownJob()], options);
      assert.equal(rankings[0].meta.mode, "ensemble");
      assert.equal(rankings[0].meta.clientKnown, options.clients !== false);
      await context.close();
    });
  }

  test("a file that is damaged on its way is fetched once more, then ranking goes on by rules", async () => {
    const { context, page, requests } = await openPage();
    const bytes = Buffer.from(modelFile("model.q8.safetensors"));
    bytes[bytes.length - 5] ^= 1;
    await context.route("**/model.q8.safetensors", (route) => route.fulfill({ body: bytes }));
    const { rankings, capabilities } = await rankIn(page, [{}], {});
    assert.equal(requests.filter((url) => url.endsWith("q8.safetensors")).length, 2);
    assert.equal(rankings[0].meta.mode, "rules");
    assert.equal(rankings[0].meta.fallback.code, "artifact.checksum");
    assert.equal(capabilities.fallback.code, "artifact.checksum");
    await context.unroute("**/model.q8.safetensors");
    const again = await rankIn(page, [{}], {});
    assert.equal(again.rankings[0].meta.mode, "ensemble", "the damaged file was kept");
    await context.close();
  });

  test("a model that is not there ranks by rules; a catalog that is not there is an error", async () => {
    const { context, page } = await openPage();
    await context.route("**/model.q8.safetensors", (route) => route.fulfill({ status: 404 }));
    const { rankings } = await rankIn(page, [{}], { cache: false });
    assert.equal(rankings[0].meta.mode, "rules");
    await context.route("**/catalog.safetensors", (route) => route.fulfill({ status: 500 }));
    const code = await page.evaluate(() =>
      window.tidyrank.Recommender.load("/market/manifest.json", { cache: false }).then(
        () => "none",
        (error) => error.code,
      ),
    );
    assert.equal(code, "load.http");
    await context.close();
  });

  test("requests wait in order, and a cancelled one is never begun", async () => {
    const { context, page } = await openPage();
    const outcome = await page.evaluate(async () => {
      let sent = 0;
      const make = () => {
        const worker = new Worker("/tidyrank/worker.js", { type: "module" });
        const post = worker.postMessage.bind(worker);
        worker.postMessage = (message) => {
          if (message.operation === "recommend") sent++;
          post(message);
        };
        return worker;
      };
      const recommender = await window.tidyrank.Recommender.load("/market/manifest.json", { worker: make });
      const controllers = [1, 2, 3].map(() => new AbortController());
      const order = [];
      const asked = controllers.map(({ signal }, at) =>
        recommender.recommendCleaners({}, { signal }).then(
          () => order.push(at),
          (error) => order.push(error.code),
        ),
      );
      controllers[1].abort();
      await Promise.all(asked);
      recommender.dispose();
      const late = await recommender.recommendCleaners({}).catch((error) => error.code);
      return { order, sent, late };
    });
    assert.deepEqual(outcome, { order: ["request.aborted", 0, 2], sent: 2, late: "disposed" });
    await context.close();
  });

  test("a worker that cannot start and a load that is cancelled reject with their codes", async () => {
    const { context, page } = await openPage();
    const codes = await page.evaluate(async () => {
      const codeOf = (promise) =>
        promise.then(
          () => "none",
          (error) => error.code,
        );
      const load = (options) => codeOf(window.tidyrank.Recommender.load("/market/manifest.json", options));
      const controller = new AbortController();
      const cancelled = load({ signal: controller.signal });
      controller.abort();
      const missing = () => new Worker("/missing.js", { type: "module" });
      return [await load({ worker: missing }), await cancelled, await load({ wasm: "/missing.wasm" })];
    });
    assert.deepEqual(codes, ["worker.failed", "load.aborted", "load.wasm"]);
    await context.close();
  });
});

describe("parity", () => {
  test("Node and Chromium rank as the native engine does, to the last bit", async () => {
    const cases = expectedRankings();
    assert.ok(cases.length >= 100);
    const { Recommender } = await importInstalled(installed.project);
    const inNode = await Recommender.load(`${modelFolder()}/manifest.json`);
    const { context, page } = await openPage();
    const inChromium = await page.evaluate(async (cases) => {
      const recommender = await window.tidyrank.Recommender.load("/market/manifest.json");
      const rankings = [];
      for (const { job, options } of cases) rankings.push(await recommender.recommendCleaners(job, options));
      return rankings;
    }, cases);
    const different = [];
    for (const [at, { job, options, items }] of cases.entries()) {
      const node = await inNode.recommendCleaners(job, options);
      assert.deepEqual(inChromium[at], node, `request ${at}: Chromium and Node differ`);
      if (!isDeepStrictEqual(essence(node.items), essence(items))) different.push(at);
    }
    assert.deepEqual(different, [], "requests for which wasm and the native engine differ");
    await context.close();
  });
});
