// The examples without a build step, and the conditions that a page meets where it is deployed.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { inRoot } from "../../scripts/paths.mjs";
import { CSP, serve } from "../../scripts/serve.mjs";
import { namesOf, openExample } from "../examples/page.mjs";
import { installedPackage, launch, modelFolder, siteWith, temporaryFolder } from "./support.mjs";

let browser;
let installed;
const servers = [];

before(async () => {
  installed = installedPackage();
  // A name that is no secure context, as a page on http:// of a company's network is.
  browser = await launch(["--host-resolver-rules=MAP plain.test 127.0.0.1"]);
});
after(async () => {
  await browser?.close();
  for (const server of servers) await server.close();
});

/** A copy of an example with the installed package and a model. */
function exampleFolder(name) {
  const folder = temporaryFolder(name);
  cpSync(inRoot(`examples/web/${name}`), folder, { recursive: true, filter: (path) => !/node_modules/.test(path) });
  cpSync(join(installed.project, "node_modules"), join(folder, "node_modules"), { recursive: true });
  cpSync(modelFolder(), join(folder, "public/model"), { recursive: true });
  return folder;
}

describe("examples", () => {
  test("node: prints a ranking; a manifest that is not there is an error with its code", () => {
    const folder = exampleFolder("node");
    const said = execFileSync(process.execPath, ["rank.js"], { cwd: folder, encoding: "utf8" });
    assert.match(said, /^1\. .+ \(\d+\.\d\): .+\n(.+\n){4}\d+ candidates, ensemble, 1\.0\.0\n$/);
    const { status, stderr } = spawnSync(process.execPath, ["rank.js", "nowhere.json"], {
      cwd: folder,
      encoding: "utf8",
    });
    assert.equal(status, 1);
    assert.match(stderr, /^load\.network: cannot load file:.*nowhere\.json\n$/);
  });

  test("node: ranks in a worker thread of one's own, too", () => {
    const folder = exampleFolder("node");
    const script = `
      import { Worker } from "node:worker_threads";
      const source = 'import("node:worker_threads").then(async ({ parentPort }) => {' +
        'const { Recommender } = await import("tidyrank/node");' +
        'const recommender = await Recommender.load("public/model/manifest.json");' +
        'parentPort.postMessage(await recommender.recommendCleaners({}, { limit: 3 })); });';
      new Worker(source, { eval: true }).once("message", ({ items }) => console.log(items.length));`;
    const said = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
      cwd: folder,
      encoding: "utf8",
    });
    assert.equal(said.trim(), "3");
  });

  test("plain: ranks in a worker under a strict policy, from the package's files as they are", async () => {
    const server = await serve({ root: exampleFolder("plain"), port: 0 });
    servers.push(server);
    const { page, check } = await openExample(browser, server.url, "from a worker");
    const names = await namesOf(page);
    assert.equal(names.length, 5);
    await page.getByRole("button", { name: `Contact ${names[0]}` }).click();
    assert.equal(await page.textContent("#state"), `to ${names[0]}`);
    await check();
  });
});

describe("where it is deployed", () => {
  /** Serves the package and the model with other headers than they should have. */
  async function deployed(headersOf) {
    const root = siteWith(installed.project);
    const types = {
      ".html": "text/html",
      ".js": "text/javascript",
      ".json": "application/json",
      ".wasm": "application/wasm",
    };
    const server = createServer((request, response) => {
      const path = new URL(request.url, "http://localhost").pathname;
      const name = path === "/" ? "/index.html" : path;
      try {
        const bytes = readFileSync(join(root, name));
        response.writeHead(200, { "content-type": types[extname(name)] ?? "", ...headersOf(name) }).end(bytes);
      } catch {
        response.writeHead(404).end();
      }
    });
    await new Promise((done) => server.listen(0, "127.0.0.1", done));
    servers.push({
      close: () =>
        new Promise((done) => {
          server.close(done);
          server.closeAllConnections();
        }),
    });
    return server.address().port;
  }

  /** What comes of loading and ranking in a page there. */
  async function rankedAt(url, options = {}) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(url);
    const outcome = await page.evaluate(async (options) => {
      try {
        const { Recommender } = await import("/tidyrank/index.js");
        const warnings = [];
        const onWarning = ({ code }) => warnings.push(code);
        const recommender = await Recommender.load("/market/manifest.json", { ...options, onWarning });
        const { items, meta } = await recommender.recommendCleaners({}, { limit: 3 });
        const { worker } = recommender.capabilities();
        return { secure: isSecureContext, items: items.length, mode: meta.mode, worker, warnings };
      } catch (error) {
        return { isError: error instanceof Error, code: error.code };
      }
    }, options);
    await context.close();
    return outcome;
  }
  const fine = { secure: true, items: 3, mode: "ensemble", worker: true, warnings: [] };

  test("a server that does not know .wasm", async () => {
    const port = await deployed((name) =>
      name.endsWith(".wasm") ? { "content-type": "application/octet-stream" } : {},
    );
    assert.deepEqual(await rankedAt(`http://localhost:${port}/`), fine);
    assert.deepEqual(await rankedAt(`http://localhost:${port}/`, { worker: false }), { ...fine, worker: false });
  });

  test("a page that is no secure context", async () => {
    const port = await deployed(() => ({}));
    assert.deepEqual(await rankedAt(`http://plain.test:${port}/`), { ...fine, secure: false });
  });

  test("a policy that forbids workers: an error with its code, and `worker: false` ranks", async () => {
    const policy = CSP.replace("worker-src 'self'", "worker-src 'none'");
    assert.notEqual(policy, CSP);
    const port = await deployed(() => ({ "content-security-policy": policy }));
    assert.deepEqual(await rankedAt(`http://localhost:${port}/`), { isError: true, code: "worker.failed" });
    assert.deepEqual(await rankedAt(`http://localhost:${port}/`, { worker: false }), { ...fine, worker: false });
  });

  test("a policy that forbids WebAssembly: an error with its code", async () => {
    const policy = CSP.replace(" 'wasm-unsafe-eval'", "");
    const port = await deployed(() => ({ "content-security-policy": policy }));
    for (const options of [{}, { worker: false }]) {
      assert.deepEqual(await rankedAt(`http://localhost:${port}/`, options), { isError: true, code: "load.wasm" });
    }
  });

  test("engine and worker at addresses of the page's own", async () => {
    const port = await deployed(() => ({ "content-security-policy": CSP }));
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`http://localhost:${port}/`);
    const items = await page.evaluate(async () => {
      const { Recommender } = await import("/tidyrank/index.js");
      // Relative to the page, not to the worker.
      const wasm = "tidyrank/tidyrank_bg.wasm?mine";
      const worker = () => new Worker("tidyrank/worker.js?mine", { type: "module" });
      const recommender = await Recommender.load("market/manifest.json", { wasm, worker, cache: false });
      return (await recommender.recommendCleaners({}, { limit: 3 })).items.length;
    });
    assert.equal(items, 3);
    const asked = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name));
    const engines = asked.filter((name) => name.includes(".wasm"));
    assert.deepEqual(engines, [`http://localhost:${port}/tidyrank/tidyrank_bg.wasm?mine`]);
    await context.close();
  });

  test("isolated across origins", async () => {
    const headers = {
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
      "content-security-policy": CSP,
    };
    const port = await deployed(() => headers);
    assert.deepEqual(await rankedAt(`http://localhost:${port}/`), fine);
  });
});
