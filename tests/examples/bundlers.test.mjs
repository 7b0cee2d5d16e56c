// Every example that has a build step: built from the tarball as a user would, and run in Chromium.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { inRoot } from "../../scripts/paths.mjs";
import { serve } from "../../scripts/serve.mjs";
import { launch } from "../browser/support.mjs";
import { namesOf, openExample } from "./page.mjs";
import { packInto, prepare, runIn, seconds, serverIn, timed } from "./project.mjs";

const VITE = "node_modules/vite/bin/vite.js";
const NEXT = "node_modules/next/dist/bin/next";
let browser;
let tarball;
/** What `tidyrank/node` ranks in the example for Node: the others have the same job. */
let expected;

before(async () => {
  tarball = await packInto(inRoot("target/examples"));
  const node = await prepare("node", tarball);
  const { stdout } = await runIn(node, "rank.js");
  expected = stdout.match(/^\d\. .+?(?= \()/gm).map((line) => line.slice(3));
  browser = await launch();
});
after(async () => {
  await browser?.close();
  console.log(`seconds: ${JSON.stringify(seconds, null, 1)}`);
});

/** All files under a folder. */
const filesIn = (folder) => readdirSync(folder, { recursive: true }).map(String);

describe("vite and React", () => {
  let folder;
  before(async () => {
    folder = await prepare("vite", tarball);
  });

  test("type-checks, builds, and ranks in a worker under a strict policy", async () => {
    await timed("vite: build", async () => {
      await runIn(folder, "node_modules/typescript/bin/tsc");
      await runIn(folder, VITE, ["build"]);
    });
    const files = filesIn(join(folder, "dist/assets"));
    assert.equal(files.filter((name) => /tidyrank_bg.*\.wasm$/.test(name)).length, 1, files.join());
    const server = await serve({ root: join(folder, "dist"), port: 0 });
    try {
      const { page, check } = await openExample(browser, server.url, "from a worker");
      assert.deepEqual(await namesOf(page), expected);
      await page.selectOption("select", "office");
      await page.waitForFunction((before) => {
        const { shadowRoot } = document.querySelector("tidyrank-results");
        const now = Array.from(shadowRoot.querySelectorAll('[part="title"]'), (title) => title.textContent.trim());
        return now.length === 5 && JSON.stringify(now) !== before;
      }, JSON.stringify(expected));
      const [first] = await namesOf(page);
      await page.getByRole("button", { name: "Helpful" }).first().click();
      assert.equal(await page.textContent("#said"), `helpful: ${first}`);
      await check();
    } finally {
      await server.close();
    }
  });

  test("ranks in a worker on the development server", async () => {
    const server = await timed("vite: dev", () =>
      serverIn(folder, VITE, (port) => ["--port", port, "--strictPort"], { NODE_ENV: "development" }),
    );
    try {
      const { page, check } = await openExample(browser, server.url, "from a worker");
      assert.deepEqual(await namesOf(page), expected);
      await check();
    } finally {
      await server.close();
    }
  });
});

test("own-worker: `tidyrank/core` ranks in the page's own worker, and no other is built", async () => {
  const folder = await prepare("own-worker", tarball);
  await timed("own-worker: build", () => runIn(folder, VITE, ["build"]));
  const scripts = filesIn(join(folder, "dist/assets")).filter((name) => name.endsWith(".js"));
  assert.equal(scripts.filter((name) => /worker/.test(name)).length, 1, scripts.join());
  const server = await serve({ root: join(folder, "dist"), port: 0 });
  try {
    const { page, check } = await openExample(browser, server.url, "from a worker of its own");
    assert.equal((await namesOf(page)).length, 5);
    assert.equal(page.workers().length, 1);
    await check();
  } finally {
    await server.close();
  }
});

test("webpack 5: worker, WebAssembly and element without configuration", async () => {
  const folder = await prepare("webpack", tarball);
  await timed("webpack: build", () => runIn(folder, "node_modules/webpack-cli/bin/cli.js", ["--mode", "production"]));
  const server = await serve({ root: join(folder, "public"), port: 0 });
  try {
    const { page, check } = await openExample(browser, server.url, "from a worker");
    assert.equal((await namesOf(page)).length, 5);
    assert.equal(page.workers().length, 1);
    await check();
  } finally {
    await server.close();
  }
});

test("next: ranked in a server component, hydrated without complaint, ranked again in a worker", async () => {
  const folder = await prepare("next", tarball);
  await timed("next: build", () => runIn(folder, NEXT, ["build"]));
  assert.ok(existsSync(join(folder, ".next/BUILD_ID")));
  const server = await timed("next: start", () =>
    serverIn(folder, NEXT, (port) => ["start", "-p", port, "-H", "localhost"], { NODE_ENV: "production" }),
  );
  try {
    // Without any script the page has the ranking, as text.
    const html = await (await fetch(server.url)).text();
    const lines = [...html.matchAll(/<li>(.+?): \d+ of 100<\/li>/g)].map(([, name]) => name);
    assert.deepEqual(lines, expected);
    const { page, check } = await openExample(browser, server.url, "from a worker");
    assert.deepEqual(await namesOf(page), expected, "the browser ranks as the server does");
    assert.equal(
      await page.locator("tidyrank-results ol li").first().textContent(),
      `${lines[0]}: ${html.match(/: (\d+) of 100/)[1]} of 100`,
    );
    await check();
  } finally {
    await server.close();
  }
});

test("every example pins its versions and says what it is", () => {
  for (const name of readdirSync(inRoot("examples/web"), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  )) {
    const read = (file) => readFileSync(inRoot(`examples/web/${name.name}/${file}`), "utf8");
    const { dependencies = {}, devDependencies = {} } = JSON.parse(read("package.json"));
    for (const [dependency, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      assert.match(version, /^(\d+\.\d+\.\d+|file:\.\.\/\.\.\/\.\.\/pkg)$/, `${name.name}: ${dependency}`);
    }
    assert.ok(JSON.parse(read("package-lock.json")).lockfileVersion >= 3);
    assert.ok(read("README.md").length > 100, name.name);
  }
});
