// Ranking with WebGPU in Chromium, on its software adapter: the same answers as the CPU, whatever happens to the GPU. A
// browser without an adapter fails here.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { serve } from "../../scripts/serve.mjs";
import { expectedRankings, installedPackage, launch, modelFile, siteWith } from "./support.mjs";

/** As often as the released catalog is repeated for one that is large enough for a GPU to be tried. */
const REPEATED = 101;
const PATIENCE = { timeout: 240_000 };
const GPU_FILES = ["gpu.js", "tidyrank_gpu_bg.wasm"];

let browser;
let server;

before(async () => {
  const site = siteWith(installedPackage().project);
  writeLargeMarket(join(site, "large"));
  server = await serve({ root: site, port: 0 });
  browser = await launch(["--enable-unsafe-webgpu"]);
});
after(async () => {
  await browser?.close();
  await server?.close();
});

/** The released model with a catalog in which every cleaner stands many times, each time a little further away. */
function writeLargeMarket(folder) {
  const catalog = repeated(modelFile("catalog.safetensors"));
  const manifest = JSON.parse(Buffer.from(modelFile("manifest.json")).toString());
  const entry = manifest.files.find(({ role }) => role === "catalog");
  entry.size = catalog.length;
  entry.sha256 = createHash("sha256").update(catalog).digest("hex");
  mkdirSync(folder);
  writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
  writeFileSync(join(folder, "catalog.safetensors"), catalog);
  for (const name of ["model.q8.safetensors", "clients.safetensors"])
    writeFileSync(join(folder, name), modelFile(name));
}

function repeated(bytes) {
  const file = Buffer.from(bytes);
  const start = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, start).toString());
  const copies = Array.from({ length: REPEATED }, (_, copy) => copy);
  const parts = [];
  let at = 0;
  for (const [name, tensor] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const data = file.subarray(start + tensor.data_offsets[0], start + tensor.data_offsets[1]);
    const times = name.startsWith("market.") ? 1 : REPEATED;
    const own = copies.slice(0, times).map((copy) => (name === "location" ? moved(data, copy) : data));
    if (times > 1) tensor.shape[0] *= times;
    tensor.data_offsets = [at, at + times * data.length];
    parts.push(...own);
    at = tensor.data_offsets[1];
  }
  const metadata = header.__metadata__;
  for (const key of ["ids", "names", "embedding_ids"]) {
    const texts = JSON.parse(metadata[key]);
    metadata[key] = JSON.stringify(copies.flatMap((copy) => texts.map((text) => `${text}${copy ? `-${copy}` : ""}`)));
  }
  const head = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([head, Buffer.alloc((8 - (head.length % 8)) % 8, 0x20)]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded, ...parts]);
}

function moved(locations, copy) {
  const out = Buffer.from(locations);
  for (let at = 0; at < out.length; at += 4) out.writeFloatLE(out.readFloatLE(at) + 0.0003 * copy, at);
  return out;
}

/**
 * Runs in a page before any script: `devices` holds every device that is made, and `sabotage`, where it is set, is called
 * with each new one.
 */
function watchDevices() {
  window.devices = [];
  const request = navigator.gpu.requestAdapter.bind(navigator.gpu);
  navigator.gpu.requestAdapter = async (options) => {
    if (window.noAdapter) return null;
    const adapter = await request(options);
    const open = adapter.requestDevice.bind(adapter);
    adapter.requestDevice = async (wanted) => {
      const device = await open(wanted);
      window.devices.push(device);
      window.sabotage?.(device);
      return device;
    };
    return adapter;
  };
}

/** A fresh page with the package as `tidyrank`, `load(backend, options)`, and the files that it asks for. */
async function openPage(from = browser) {
  const context = await from.newContext();
  const page = await context.newPage();
  const files = [];
  page.on("request", (request) => files.push(new URL(request.url()).pathname.split("/").at(-1)));
  await page.goto(server.url);
  await page.evaluate(watchDevices).catch(() => undefined);
  await page.evaluate(async () => {
    const { Recommender } = await import("/tidyrank/index.js");
    window.warnings = [];
    window.load = (backend, options = {}, market = "market") =>
      Recommender.load(`/${market}/manifest.json`, {
        backend,
        worker: false,
        onWarning: ({ code }) => window.warnings.push(code),
        ...options,
      });
  });
  return { context, page, gpuFiles: () => files.filter((file) => GPU_FILES.includes(file)) };
}

const jobs = () => expectedRankings().slice(0, 6);

/** The same requests on the CPU and with the GPU. */
const rankBoth = (page, options) =>
  page.evaluate(
    async ({ requests, options }) => {
      const rankings = { cpu: [], webgpu: [] };
      const capabilities = {};
      for (const backend of ["cpu", "webgpu"]) {
        const recommender = await window.load(backend, options);
        capabilities[backend] = recommender.capabilities();
        for (const { job, options } of requests) {
          for (const mode of ["ensemble", "neural"]) {
            rankings[backend].push(await recommender.recommendCleaners(job, { ...options, mode }));
          }
        }
        recommender.dispose();
      }
      return { rankings, capabilities, warnings: window.warnings };
    },
    { requests: jobs(), options },
  );

describe("with a GPU", PATIENCE, () => {
  for (const [what, options] of [
    ["in a worker", { worker: true }],
    ["in the page's own thread", { worker: false }],
  ]) {
    test(`${what} it ranks as the CPU does`, async () => {
      const { context, page, gpuFiles } = await openPage();
      const { rankings, capabilities, warnings } = await rankBoth(page, options);
      assert.deepEqual(warnings, []);
      for (const [at, ranking] of rankings.webgpu.entries()) {
        assert.deepEqual(ranking.items, rankings.cpu[at].items);
        assert.equal(ranking.meta.backend, "webgpu");
        assert.match(ranking.meta.backendReason, /^webgpu: as asked for; .*dot4$/);
        assert.equal(rankings.cpu[at].meta.backend, "cpu");
        assert.equal(rankings.cpu[at].meta.backendReason, "cpu: as asked for");
      }
      assert.equal(capabilities.webgpu.backend, "webgpu");
      assert.match(capabilities.webgpu.backendReason, /^webgpu: as asked for/);
      assert.equal(capabilities.cpu.backend, "cpu");
      assert.deepEqual(gpuFiles().sort(), GPU_FILES);
      await context.close();
    });
  }

  test("the shader without packed dot products ranks the same", async () => {
    const { context, page } = await openPage();
    await page.evaluate(() => Object.defineProperty(navigator.gpu, "wgslLanguageFeatures", { value: new Set() }));
    const { rankings, warnings } = await rankBoth(page, {});
    assert.deepEqual(warnings, []);
    for (const [at, ranking] of rankings.webgpu.entries()) {
      assert.deepEqual(ranking.items, rankings.cpu[at].items);
      assert.match(ranking.meta.backendReason, /f32$/);
    }
    await context.close();
  });

  test("a request without the model, and the scores of everyone, are the CPU's", async () => {
    const { context, page } = await openPage();
    const metas = await page.evaluate(async () => {
      const recommender = await window.load("webgpu");
      const rules = await recommender.recommendCleaners({}, { mode: "rules" });
      const scores = await recommender.scoreCleaners({});
      return [rules.meta, scores.meta];
    });
    assert.deepEqual(
      metas.map(({ backend }) => backend),
      ["cpu", "cpu"],
    );
    assert.equal(metas[0].backendReason, "cpu: no candidate that the model scores");
    await context.close();
  });
});

describe("left to choose", PATIENCE, () => {
  test("it ranks small catalogs on the CPU and does not fetch the GPU's files", async () => {
    const { context, page, gpuFiles } = await openPage();
    const { meta, capabilities } = await page.evaluate(async () => {
      const recommender = await window.load("auto", { worker: true });
      const { meta } = await recommender.recommendCleaners({});
      await new Promise((done) => setTimeout(done, 300));
      return { meta, capabilities: recommender.capabilities() };
    });
    assert.equal(meta.backend, "cpu");
    assert.equal(meta.backendReason, "cpu: the GPU is not tried below 20000 cleaners");
    assert.equal(capabilities.backendReason, meta.backendReason);
    assert.deepEqual(gpuFiles(), []);
    await context.close();
  });

  // Every pass takes as long as the clock says: the GPU's fixed cost first, then all candidates on it, then on the CPU.
  const passes = 4;
  for (const [what, took, backend, reason] of [
    ["the quicker GPU", [2, 5, 50], "webgpu", /^webgpu: 20200 candidates, the GPU pays from \d+ on \(measured\)/],
    ["the quicker CPU", [2, 50, 5], "cpu", /^cpu: 20200 cleaners, the GPU never pays on this machine \(measured\)/],
    ["the CPU where a GPU pays later", [40, 41, 30], "cpu", /^cpu: 20200 cleaners, the GPU pays from 27863 on/],
  ]) {
    test(`it measures both once and takes ${what}`, async () => {
      const { context, page, gpuFiles } = await openPage();
      const found = await page.evaluate(
        async ({ took, passes }) => {
          let now = 0;
          let asked = 0;
          performance.now = () => {
            if (asked % 2 === 1) now += took[Math.floor(asked / 2 / passes)] ?? 1;
            asked++;
            return now;
          };
          const recommender = await window.load("auto", {}, "large");
          const before = recommender.capabilities();
          const first = await recommender.recommendCleaners({}, { limit: 30 });
          while (!/measured\)/.test(recommender.capabilities().backendReason)) {
            await new Promise((done) => setTimeout(done, 50));
          }
          const second = await recommender.recommendCleaners({}, { limit: 30 });
          const near = { location: { latitude: 37.98, longitude: 23.73 } };
          const few = await recommender.recommendCleaners(near, { filters: { maxDistanceKm: 1 } });
          return { before, first, second, few, capabilities: recommender.capabilities(), asked };
        },
        { took, passes },
      );
      assert.equal(found.before.backend, "cpu");
      assert.equal(found.before.backendReason, "cpu: the GPU is not measured yet");
      assert.equal(found.first.meta.backendReason, "cpu: the GPU is not measured yet");
      assert.equal(found.second.meta.backend, backend);
      assert.match(found.second.meta.backendReason, reason);
      assert.equal(found.capabilities.backend, backend);
      assert.deepEqual(found.second.items, found.first.items);
      assert.equal(found.few.meta.backend, "cpu");
      if (backend === "webgpu") {
        assert.match(found.few.meta.backendReason, /^cpu: the GPU is not tried below 20000 candidates$/);
      }
      assert.equal(found.asked, 3 * 2 * passes, "it was not measured exactly once");
      assert.deepEqual(gpuFiles().sort(), GPU_FILES);
      await context.close();
    });
  }
});

/**
 * Ranks once with the GPU, then does something to it, ranks again, and once more after the pause that follows a failure.
 * `harm` runs in the page with the current device.
 */
async function harmed(harm, { whileOpening = false } = {}) {
  const { context, page } = await openPage();
  // As text, since a function does not travel, and not by `new Function`, which the page's policy forbids.
  await page.evaluate(`window.hurt = ${harm}`);
  const found = await page.evaluate(
    async ({ whileOpening, job }) => {
      const { hurt } = window;
      if (whileOpening) window.sabotage = hurt;
      const recommender = await window.load("webgpu");
      const rank = async () => {
        const { items, meta } = await recommender.recommendCleaners(job, { limit: 20 });
        return { items, backend: meta.backend, reason: meta.backendReason, choice: recommender.capabilities().backend };
      };
      const before = whileOpening ? undefined : await rank();
      if (!whileOpening) hurt(window.devices.at(-1));
      const during = await rank();
      window.sabotage = undefined;
      const paused = await rank();
      await new Promise((done) => setTimeout(done, 1100));
      const after = await rank();
      return { before, during, paused, after, warnings: window.warnings, devices: window.devices.length };
    },
    { whileOpening, job: jobs()[0].job },
  );
  await context.close();
  return found;
}

describe("when the GPU fails", PATIENCE, () => {
  const cases = [
    ["is destroyed between requests", "webgpu.lost", (device) => device.destroy()],
    [
      "is lost in the middle of a request",
      "webgpu.lost",
      (device) => {
        const submit = device.queue.submit.bind(device.queue);
        device.queue.submit = (commands) => {
          submit(commands);
          device.destroy();
        };
      },
    ],
    [
      "has no memory left",
      "webgpu.memory",
      (device) => {
        const pop = device.popErrorScope.bind(device);
        let popped = 0;
        // The inner scope is that of validation, the outer one that of memory.
        device.popErrorScope = async () => {
          await pop();
          return ++popped % 2 ? null : new GPUOutOfMemoryError("none left");
        };
      },
    ],
    [
      "refuses a command",
      "webgpu.validation",
      (device) => {
        const encode = device.createCommandEncoder.bind(device);
        device.createCommandEncoder = (wanted) => {
          const encoder = encode(wanted);
          const copy = encoder.copyBufferToBuffer.bind(encoder);
          encoder.copyBufferToBuffer = (from, at, to, toAt) => copy(from, at, to, toAt, 1 << 30);
          return encoder;
        };
      },
    ],
    [
      "throws where it must not",
      "webgpu.lost",
      (device) => {
        device.createCommandEncoder = () => {
          throw new Error("broken");
        };
      },
    ],
  ];
  for (const [what, code, harm] of cases) {
    test(`that ${what}, the CPU answers, and later the GPU is tried again`, async () => {
      const { before, during, paused, after, warnings, devices } = await harmed(harm);
      assert.equal(before.backend, "webgpu", before.reason);
      for (const [ranking, backend] of [
        [during, "cpu"],
        [paused, "cpu"],
        [after, "webgpu"],
      ]) {
        assert.equal(ranking.backend, backend, ranking.reason);
        assert.equal(ranking.choice, backend);
        assert.deepEqual(ranking.items, before.items);
      }
      assert.deepEqual(warnings, [code]);
      assert.equal(devices, 2);
    });
  }

  const atFirst = [
    [
      "does not compile the shader",
      "webgpu.validation",
      (device) => {
        const make = device.createShaderModule.bind(device);
        device.createShaderModule = (wanted) => make({ ...wanted, code: "fn main() { broken" });
      },
    ],
    [
      "computes something else",
      "webgpu.validation",
      (device) => {
        const make = device.createShaderModule.bind(device);
        const wrong = (code) => code.replace("score = values.near.x;", "score = values.near.x + 0.01;");
        device.createShaderModule = (wanted) => make({ ...wanted, code: wrong(wanted.code) });
      },
    ],
    [
      "is lost while it is made ready",
      "webgpu.lost",
      (device) => {
        device.destroy();
      },
    ],
  ];
  for (const [what, code, harm] of atFirst) {
    test(`that ${what}, the CPU answers, and later the GPU is tried again`, async () => {
      const { during, paused, after, warnings } = await harmed(harm, { whileOpening: true });
      assert.deepEqual([during.backend, paused.backend, after.backend], ["cpu", "cpu", "webgpu"]);
      assert.deepEqual(during.items, after.items);
      assert.deepEqual(warnings, [code]);
    });
  }

  test("that never answers is given up", async () => {
    const { context, page } = await openPage();
    const found = await page.evaluate(async () => {
      const recommender = await window.load("webgpu");
      const expected = await recommender.recommendCleaners({});
      const [device] = window.devices;
      device.popErrorScope = () => new Promise(() => undefined);
      const wait = window.setTimeout.bind(window);
      window.setTimeout = (work, ms) => wait(work, Math.min(ms, 200));
      const ranking = await recommender.recommendCleaners({});
      return { expected, ranking, warnings: window.warnings };
    });
    assert.equal(found.expected.meta.backend, "webgpu");
    assert.equal(found.ranking.meta.backend, "cpu");
    assert.match(found.ranking.meta.backendReason, /no answer for 30 s/);
    assert.deepEqual(found.ranking.items, found.expected.items);
    assert.deepEqual(found.warnings, ["webgpu.lost"]);
    await context.close();
  });

  test("that has no adapter, nothing of it is fetched but the code that asks", async () => {
    const { context, page, gpuFiles } = await openPage();
    const found = await page.evaluate(async () => {
      window.noAdapter = true;
      const recommender = await window.load("webgpu");
      const { meta } = await recommender.recommendCleaners({});
      return { meta, warnings: window.warnings, capabilities: recommender.capabilities() };
    });
    assert.equal(found.meta.backend, "cpu");
    assert.equal(found.meta.backendReason, "cpu: no GPU: no WebGPU adapter");
    assert.equal(found.capabilities.backendReason, found.meta.backendReason);
    assert.deepEqual(found.warnings, ["webgpu.unavailable"]);
    assert.deepEqual(gpuFiles(), ["gpu.js"]);
    await context.close();
  });

  test("that a browser does not offer at all, the CPU answers", async () => {
    const plain = await launch();
    const { context, page, gpuFiles } = await openPage(plain);
    const found = await page.evaluate(async () => {
      const recommender = await window.load("webgpu", { worker: true });
      const { meta } = await recommender.recommendCleaners({});
      return { meta, warnings: window.warnings };
    });
    assert.equal(found.meta.backend, "cpu");
    assert.deepEqual(found.warnings, ["webgpu.unavailable"]);
    assert.ok(!gpuFiles().includes("tidyrank_gpu_bg.wasm"));
    await context.close();
    await plain.close();
  });
});
