// The tarball that would be published, in Node: what is in it, how it is typed, and how it behaves by its name.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { inRoot } from "../../scripts/paths.mjs";
import { importInstalled, installedPackage, knownJob, modelFile, modelFolder } from "./support.mjs";

const FILES = { "model.q8": "model.q8.safetensors", catalog: "catalog.safetensors", clients: "clients.safetensors" };
/** What can be imported; `tidyrank/worker` is for workers only. */
const ENTRIES = ["tidyrank", "tidyrank/core", "tidyrank/events", "tidyrank/node"];
let installed;
let tidyrank;

before(async () => {
  installed = installedPackage();
  tidyrank = await importInstalled(installed.project);
});

/** The model's bytes, with some of them changed. */
function modelBytes(change = {}) {
  const files = Object.fromEntries(Object.entries(FILES).map(([role, name]) => [role, modelFile(name)]));
  return { manifest: modelFile("manifest.json"), files: { ...files, ...change } };
}

const job = knownJob;
const failsWith = (code) => (error) => error instanceof tidyrank.TidyrankError && error.code === code;

function altered(name, at = 0.7) {
  const bytes = modelFile(name);
  bytes[Math.floor(bytes.length * at)] ^= 1;
  return bytes;
}

describe("the tarball", () => {
  test("holds what the package needs and nothing else", () => {
    const code = ["core", "element", "errors", "events", "gpu", "host", "index", "node", "react", "worker"];
    const expected = [
      "LICENSE-APACHE",
      "LICENSE-MIT",
      "README.md",
      "THIRD-PARTY-LICENSES",
      ...code.map((name) => `dist/${name}.js`),
      ...readdirSync(inRoot("js/types")).map((name) => `dist/${name}`),
      "dist/tidyrank_bg.wasm",
      "dist/tidyrank_gpu_bg.wasm",
      "package.json",
    ].sort();
    assert.deepEqual([...installed.files].sort(), expected);
  });

  test("names everybody whose code is in it", () => {
    const text = readFileSync(join(installed.project, "node_modules/tidyrank/THIRD-PARTY-LICENSES"), "utf8");
    const named = ["@lit/react", "@lit/reactive-element", "idb", "lit", "lit-element", "lit-html"];
    assert.deepEqual(
      text.match(/^(?:@[a-z]+\/)?[a-z-]+$/gm).filter((line) => !/^-+$/.test(line)),
      named,
    );
  });

  test("is clean for publint and attw", () => {
    const run = (tool, ...args) => execFileSync(inRoot(`node_modules/.bin/${tool}`), args, { encoding: "utf8" });
    run("publint", installed.tarball, "--strict");
    run("attw", installed.tarball, "--profile", "esm-only", "--exclude-entrypoints", "engine.wasm");
  });

  test("needs no code that a content security policy forbids", () => {
    for (const file of installed.files.filter((name) => name.endsWith(".js"))) {
      const text = readFileSync(join(installed.project, "node_modules/tidyrank", file), "utf8");
      assert.doesNotMatch(text, /\beval\(|new Function|importScripts\(/, file);
    }
  });

  for (const resolution of ["bundler", "node16", "nodenext"]) {
    test(`is typed without any, under ${resolution}`, () => {
      const { project } = installed;
      // React's own types are the user's.
      mkdirSync(join(project, "node_modules/@types"), { recursive: true });
      for (const name of ["@types/react", "csstype"]) {
        const link = join(project, "node_modules", name);
        if (!existsSync(link)) symlinkSync(inRoot(`node_modules/${name}`), link);
      }
      writeFileSync(join(project, "consumer.ts"), readFileSync(inRoot("tests/browser/consumer.ts"), "utf8"));
      const module = resolution === "bundler" ? "esnext" : resolution;
      const flags = [
        "--strict",
        "--noEmit",
        "--target",
        "es2022",
        "--lib",
        "es2022,dom",
        "--types",
        "",
        "--ignoreConfig",
      ];
      const args = [...flags, "--module", module, "--moduleResolution", resolution, "consumer.ts"];
      execFileSync(inRoot("node_modules/.bin/tsc"), args, { cwd: project, stdio: "pipe" });
      for (const file of installed.files.filter((name) => name.endsWith(".d.ts"))) {
        const types = readFileSync(join(project, "node_modules/tidyrank", file), "utf8");
        assert.doesNotMatch(types, /\bany\b(?!where)(?=[;,)>\]|])/, file);
      }
    });
  }

  for (const name of ENTRIES) {
    test(`${name} does nothing at import`, () => {
      const names = ["fetch", "Worker", "caches", "document", "window", "customElements", "indexedDB", "localStorage"];
      const traps = names.map(
        (name) => `Object.defineProperty(globalThis,"${name}",{get(){throw new Error("touched ${name}")}});`,
      );
      const script = `${traps.join("")}await import(${JSON.stringify(name)});`;
      execFileSync(process.execPath, ["--input-type=module", "-e", script], { cwd: installed.project, stdio: "pipe" });
    });
  }

  test("loads the element and React only where they are imported", () => {
    for (const file of installed.files.filter((name) => /\.js$/.test(name) && !/(element|react)\.js$/.test(name))) {
      const text = readFileSync(join(installed.project, "node_modules/tidyrank", file), "utf8");
      assert.doesNotMatch(text, /element\.js|react\.js|from"react"|litElement|customElements/, file);
    }
  });

  test("has one class of errors", async () => {
    const { TidyrankError } = await importInstalled(installed.project, "tidyrank/core");
    assert.equal(TidyrankError, tidyrank.TidyrankError);
    assert.equal((await importInstalled(installed.project, "tidyrank/node")).TidyrankError, TidyrankError);
  });

  test("has no code for workers in `tidyrank/core` and `tidyrank/node`", () => {
    for (const file of ["core.js", "errors.js", "host.js", "node.js"]) {
      const text = readFileSync(join(installed.project, "node_modules/tidyrank/dist", file), "utf8");
      assert.doesNotMatch(text, /\bWorker\b|worker\.js|postMessage/, file);
    }
  });
});

describe("in Node", () => {
  test("`tidyrank/core` ranks, and refuses workers", async () => {
    const { Recommender, TidyrankError } = await importInstalled(installed.project, "tidyrank/core");
    const recommender = await Recommender.load(modelBytes());
    assert.equal((await recommender.recommendCleaners(job(), { limit: 3 })).items.length, 3);
    assert.equal(recommender.constructor, Recommender);
    for (const options of [{ worker: true }, { workers: 2 }, { worker: () => ({}) }]) {
      await assert.rejects(
        Recommender.load(modelBytes(), options),
        (error) => error instanceof TidyrankError && error.code === "load.invalid",
      );
    }
  });

  test("`tidyrank/node` reads files even where the globals are a browser's", () => {
    const script = `
      globalThis.window = globalThis; globalThis.document = { baseURI: "http://localhost/" };
      globalThis.fetch = () => { throw new Error("fetched") }; delete globalThis.Response;
      const { Recommender } = await import("tidyrank/node");
      const of = async (source) => (await (await Recommender.load(source)).recommendCleaners({}, { limit: 2 })).items.length;
      const { pathToFileURL } = await import("node:url");
      const path = process.argv.at(-1);
      console.log(await of(path), await of(pathToFileURL(path)), await of(pathToFileURL(path).href));`;
    const args = ["--input-type=module", "-e", script, join(modelFolder(), "manifest.json")];
    const said = execFileSync(process.execPath, args, { cwd: installed.project, encoding: "utf8" });
    assert.equal(said.trim(), "2 2 2");
  });

  test("`tidyrank/node` says what it cannot read", async () => {
    const { Recommender } = await importInstalled(installed.project, "tidyrank/node");
    await assert.rejects(Recommender.load("missing/manifest.json"), failsWith("load.network"));
    await assert.rejects(Recommender.load(manifest(), { wasm: "missing.wasm" }), failsWith("load.wasm"));
  });

  const manifest = () => join(modelFolder(), "manifest.json");

  for (const [what, source] of [
    ["a path", () => manifest()],
    ["a file URL", () => pathToFileURL(manifest())],
    ["bytes", () => modelBytes()],
  ]) {
    test(`loads from ${what} and ranks`, async () => {
      const recommender = await tidyrank.Recommender.load(source());
      const { items, meta } = await recommender.recommendCleaners(job(), { limit: 5 });
      assert.equal(items.length, 5);
      assert.deepEqual(
        items.map((item) => item.rank),
        [1, 2, 3, 4, 5],
      );
      assert.equal(meta.mode, "ensemble");
      assert.equal(meta.kernel, "simd128");
      assert.equal(meta.clientKnown, true);
      recommender.dispose();
    });
  }

  test("every score is the sum of what it is said to be made of", async () => {
    const recommender = await tidyrank.Recommender.load(manifest());
    const { items, meta } = await recommender.recommendCleaners(job(), { limit: 200 });
    for (const item of items) {
      const rules = item.contributions.reduce((sum, part) => sum + part.contribution, 0);
      assert.ok(Math.abs(rules - item.ruleScore) < 1e-3, `${item.cleanerId}: ${rules} is not ${item.ruleScore}`);
      const both = meta.ruleWeight * item.ruleScore + (1 - meta.ruleWeight) * item.neuralScore;
      const { pricing } = item.breakdown;
      const score = pricing === null ? both : meta.priceWeight * pricing + (1 - meta.priceWeight) * both;
      assert.ok(Math.abs(score - item.score) < 1e-3, `${item.cleanerId}: ${score} is not ${item.score}`);
    }
  });

  test("says what it can do and whom it knows", async () => {
    const recommender = await tidyrank.Recommender.load(modelBytes());
    const { worker, modes, fallback, model, warnings } = recommender.capabilities();
    assert.deepEqual({ worker, fallback, warnings }, { worker: false, fallback: null, warnings: [] });
    assert.deepEqual([...modes].sort(), ["ensemble", "neural", "rules"]);
    assert.equal(model.name, "cleaners");
    const catalog = await recommender.catalog();
    assert.equal(catalog.cleaners.length, recommender.capabilities().cleaners);
    assert.ok(catalog.market.propertyTypes.includes("apartment"));
  });

  for (const [what, change, code] of [
    ["truncated", () => ({ "model.q8": modelFile(FILES["model.q8"]).slice(0, 1000) }), "artifact.truncated"],
    ["altered", () => ({ "model.q8": altered(FILES["model.q8"]) }), "artifact.checksum"],
    ["too long", () => ({ "model.q8": new Uint8Array([...modelFile(FILES["model.q8"]), 0]) }), "artifact.size"],
    ["missing", () => ({ "model.q8": undefined }), "artifact.manifest"],
  ]) {
    test(`a ${what} model ranks by rules and says so`, async () => {
      const warnings = [];
      const onWarning = (warning) => warnings.push(warning.code);
      const recommender = await tidyrank.Recommender.load(modelBytes(change()), { onWarning });
      const { items, meta } = await recommender.recommendCleaners(job());
      assert.equal(items.length, 10);
      assert.equal(meta.mode, "rules");
      assert.equal(meta.requestedMode, "ensemble");
      assert.equal(meta.fallback.code, code);
      assert.deepEqual(warnings, [code]);
      assert.deepEqual(recommender.capabilities().modes, ["rules"]);
      const asked = await recommender.recommendCleaners(job(), { mode: "rules" });
      assert.equal(asked.meta.fallback, null);
      assert.deepEqual(
        asked.items.map((item) => item.cleanerId),
        items.map((item) => item.cleanerId),
      );
    });
  }

  test("damaged client vectors make every client unknown and are reported", async () => {
    const warnings = [];
    const onWarning = (warning) => warnings.push(warning.code);
    const recommender = await tidyrank.Recommender.load(modelBytes({ clients: altered(FILES.clients) }), { onWarning });
    const { meta } = await recommender.recommendCleaners(job());
    assert.equal(meta.mode, "ensemble");
    assert.equal(meta.clientKnown, false);
    assert.deepEqual(warnings, ["artifact.checksum"]);
  });

  test("a damaged catalog or manifest is refused", async () => {
    const text = (object) => new TextEncoder().encode(object);
    const newer = JSON.stringify({
      ...JSON.parse(new TextDecoder().decode(modelFile("manifest.json"))),
      format_version: 99,
      oldest_readable: 99,
    });
    const cases = [
      [modelBytes({ catalog: altered(FILES.catalog) }), "artifact.checksum"],
      [modelBytes({ catalog: modelFile(FILES.catalog).slice(0, 99) }), "artifact.truncated"],
      [modelBytes({ catalog: undefined }), "artifact.manifest"],
      [{ ...modelBytes(), manifest: text("{") }, "artifact.manifest"],
      [{ ...modelBytes(), manifest: text(newer) }, "artifact.version"],
    ];
    for (const [source, code] of cases) await assert.rejects(tidyrank.Recommender.load(source), failsWith(code), code);
  });

  test("files that are not there are errors of loading", async () => {
    await assert.rejects(tidyrank.Recommender.load("/nowhere/manifest.json"), failsWith("load.network"));
    const answers = (status) => async () => new Response("", { status });
    await assert.rejects(
      tidyrank.Recommender.load("http://test.invalid/m.json", { fetch: answers(404) }),
      failsWith("load.http"),
    );
    const outside = JSON.stringify({ files: [{ role: "catalog", path: "../secret", sha256: "0" }] });
    const fetch = async () => new Response(outside);
    await assert.rejects(
      tidyrank.Recommender.load("http://test.invalid/a/m.json", { fetch }),
      failsWith("artifact.manifest"),
    );
    const wasm = new Uint8Array([0, 97, 115, 109]);
    await assert.rejects(
      tidyrank.Recommender.load(modelBytes(), { wasm, worker: true }),
      failsWith("worker.unavailable"),
    );
  });

  test("a request that cannot be answered says which field and why", async () => {
    const recommender = await tidyrank.Recommender.load(modelBytes());
    const cases = [
      [{ ...job(), propertyType: "castle" }, {}, "request.invalid", /propertyType.*castle/],
      [{ ...job(), location: { latitude: 99, longitude: 0 } }, {}, "request.invalid", /location/],
      [job(), { ruleWeight: 2 }, "request.invalid", /ruleWeight/],
      [job(), { clientVector: [1] }, "request.invalid", /clientVector/],
      [{ ...job(), sizem2: 3 }, {}, "request.shape", /sizem2/],
      [job(), { limit: -1 }, "request.shape", /./],
      [job(), { mode: "magic" }, "request.shape", /mode/],
      [job(), { filters: { km: 1 } }, "request.shape", /unknown field `km`, expected one of maxDistanceKm/],
      [job(), { filters: [] }, "request.shape", /filters/],
      [job(), { limit: 2.5 }, "request.shape", /limit/],
      [job(), { limit: 2 ** 32 }, "request.shape", /limit/],
      [job(), { clientVector: [1, null] }, "request.shape", /clientVector/],
      [job(), { clientVector: new Float32Array(64) }, "request.shape", /clientVector/],
      [job(), { ruleWeight: Number.NaN }, "request.invalid", /ruleWeight.*NaN is no finite number/],
      [job(), { clientVector: [1, Number.POSITIVE_INFINITY] }, "request.invalid", /clientVector.*Infinity/],
      [{ ...job(), clientId: 7 }, {}, "request.shape", /clientId/],
      [{ ...job(), clientId: "\ud800" }, {}, "request.shape", /clientId/],
      [{ ...job(), eco: "yes" }, {}, "request.shape", /eco/],
      [{ ...job(), budget: 3n }, {}, "request.shape", /budget/],
      [{ ...job(), sizeM2: -1 }, {}, "request.invalid", /job.sizeM2/],
      [{ ...job(), sizeM2: Number.NaN }, {}, "request.invalid", /sizeM2.*NaN/],
      [{ ...job(), postedAt: 1.5 }, {}, "request.shape", /postedAt/],
      [{ ...job(), postedAt: 2 ** 62 }, {}, "request.invalid", /job.postedAt/],
      [{ ...job(), location: { latitude: 38 } }, {}, "request.shape", /missing field `longitude`/],
      [{ ...job(), bids: [{}] }, {}, "request.shape", /missing field `cleanerId`/],
      [{ ...job(), bids: [{ cleanerId: "nobody" }] }, {}, "request.invalid", /job.bids.cleanerId.*nobody/],
      [{ ...job(), bids: {} }, {}, "request.shape", /bids/],
    ];
    for (const [asked, options, code, message] of cases) {
      await assert.rejects(
        recommender.recommendCleaners(asked, options),
        (error) => failsWith(code)(error) && message.test(error.message),
        code,
      );
    }
    // And it goes on answering.
    assert.equal((await recommender.recommendCleaners({}, { limit: 3 })).items.length, 3);
    assert.equal((await recommender.recommendCleaners(job(), { limit: 0 })).items.length, 0);
    assert.equal((await recommender.recommendCleaners({ ...job(), eco: undefined, bids: undefined })).items.length, 10);
  });

  test("cancelled and disposed requests reject with their code", async () => {
    const signal = AbortSignal.abort("enough");
    await assert.rejects(tidyrank.Recommender.load(modelBytes(), { signal }), failsWith("load.aborted"));
    const recommender = await tidyrank.Recommender.load(modelBytes());
    await assert.rejects(
      recommender.recommendCleaners(job(), { signal }),
      (error) => failsWith("request.aborted")(error) && error.cause === "enough",
    );
    const controller = new AbortController();
    const running = recommender.recommendCleaners(job(), { signal: controller.signal });
    controller.abort();
    await assert.rejects(running, failsWith("request.aborted"));
    recommender.dispose();
    await assert.rejects(recommender.recommendCleaners(job()), failsWith("disposed"));
    await assert.rejects(recommender.catalog(), failsWith("disposed"));
  });
});
