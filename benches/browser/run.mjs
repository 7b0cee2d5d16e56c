// How fast the shipped package ranks in Chromium, against plain JavaScript in the same run.
//
//   npm run bench [-- --rounds 41]
//
// Measured in one page, the contenders taking turns: loading the model (bytes in memory to a ready engine), and the neural
// pass over 100, 1,000 and 10,000 candidates. Plain JavaScript does the arithmetic of the same layers with the fp32 weights
// in Float32Array loops. It is let off lightly: its first layer is one addition per value of made-up shares of client and
// cleaner, and batch norm is left out, so it costs what the network costs at least, and its scores mean nothing. The
// engine's column is its whole answer without items: JSON in, prices, distances, features, scores, top-k.
// Larger catalogs are the released one repeated under new ids.
import { readFileSync } from "node:fs";
import { arch, cpus, platform } from "node:os";
import { inRoot } from "../../scripts/paths.mjs";
import { serve } from "../../scripts/serve.mjs";
import { installedPackage, launch, modelFile, siteWith } from "../../tests/browser/support.mjs";
import { enlarge, readModel } from "./safetensors.mjs";

const ROUNDS = Number(process.argv[process.argv.indexOf("--rounds") + 1]) || 41;
const SIZES = [100, 1000, 10_000];

const { project } = installedPackage();
const server = await serve({ root: siteWith(project), port: 0 });
const browser = await launch();
const page = await browser.newPage();
await page.goto(server.url);

const bytes = (data) => Buffer.from(data).toString("base64");
const catalogs = SIZES.map((size) => enlarge(modelFile("manifest.json"), modelFile("catalog.safetensors"), size));
const results = await page.evaluate(bench, {
  rounds: ROUNDS,
  model: bytes(modelFile("model.q8.safetensors")),
  clients: bytes(modelFile("clients.safetensors")),
  catalogs: catalogs.map(({ manifest, catalog, size }) => ({
    manifest: bytes(manifest),
    catalog: bytes(catalog),
    size,
  })),
  released: { manifest: bytes(modelFile("manifest.json")), catalog: bytes(modelFile("catalog.safetensors")) },
  network: readModel(modelFile("model.safetensors")),
});
const version = browser.version();
await browser.close();
await server.close();

const report = {
  machine: `${cpus().length} x ${cpus()[0]?.model ?? "?"}, ${platform()} ${arch()}`,
  browser: `Chromium ${version}`,
  package: JSON.parse(readFileSync(inRoot("pkg/package.json"), "utf8")).version,
  rounds: ROUNDS,
  unit: "ms, median",
  ...results,
};
console.log(JSON.stringify(report, null, 2));
const line = (...cells) =>
  cells.map((cell, at) => (at === 0 ? String(cell).padEnd(22) : String(cell).padStart(12))).join("");
console.log(line("ms, median", "tidyrank", "plain JS", "ratio"));
console.log(line("model load", results.load.toFixed(2), "", ""));
for (const { candidates, engine, plain } of results.scoring) {
  console.log(line(`${candidates} candidates`, engine.toFixed(3), plain.toFixed(3), `${(plain / engine).toFixed(1)}x`));
}

/** Runs in the page. */
async function bench({ rounds, model, clients, catalogs, released, network }) {
  const decode = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  const { Recommender } = await import("/tidyrank/index.js");
  const files = (catalog) => ({ "model.q8": decode(model), clients: decode(clients), catalog: decode(catalog) });
  const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
  const { Host } = await import("/tidyrank/host.js");

  const loads = [];
  const payload = { bytes: { manifest: decode(released.manifest), files: files(released.catalog) }, wasm: undefined };
  for (let round = 0; round < rounds; round++) {
    const host = new Host();
    const began = performance.now();
    await host.run("load", payload);
    loads.push(performance.now() - began);
    host.free();
  }

  const plain = plainNetwork(network);
  const scoring = [];
  for (const { manifest, catalog, size } of catalogs) {
    const options = { worker: false, wasm: undefined };
    const recommender = await Recommender.load({ manifest: decode(manifest), files: files(catalog) }, options);
    const job = { clientId: "client-000001", propertyType: "house", sizeM2: 90, durationH: 4, postedAt: 1_767_000_000 };
    job.location = { latitude: 37.98, longitude: 23.73 };
    const score = plain(size);
    const [engineTimes, plainTimes] = [[], []];
    const inner = Math.max(1, Math.round(1000 / size));
    for (let round = 0; round < rounds; round++) {
      let began = performance.now();
      for (let at = 0; at < inner; at++) await recommender.recommendCleaners(job, { mode: "neural", limit: 0 });
      engineTimes.push((performance.now() - began) / inner);
      began = performance.now();
      for (let at = 0; at < inner; at++) score();
      plainTimes.push((performance.now() - began) / inner);
    }
    recommender.dispose();
    scoring.push({ candidates: size, engine: median(engineTimes), plain: median(plainTimes) });
  }
  for (const row of scoring) row.ratio = row.plain / row.engine;
  return { load: median(loads), scoring };

  /** The network in Float32Array loops; gives a scorer of that many candidates. */
  function plainNetwork(layers) {
    const branches = layers.map((branch) =>
      branch.map(({ weight, bias, inputs }) => ({
        weight: Float32Array.from(weight),
        bias: Float32Array.from(bias),
        inputs,
      })),
    );
    return (size) => {
      const shares = Float32Array.from({ length: size * 128 }, (_, at) => Math.sin(at) / 4);
      const out = new Float32Array(size);
      return () => {
        for (let row = 0; row < size; row++) {
          let blended = 0;
          for (const branch of branches) {
            let values = new Float32Array(128);
            // The first layer: bias, the client's share and the cleaner's share are sums; the rest is dense.
            for (let at = 0; at < 128; at++) values[at] = Math.max(0, branch[0].bias[at] + shares[row * 128 + at]);
            for (let layer = 1; layer < branch.length; layer++) {
              const { weight, bias, inputs } = branch[layer];
              const next = new Float32Array(bias.length);
              for (let output = 0; output < bias.length; output++) {
                let sum = bias[output];
                for (let input = 0; input < inputs; input++) sum += weight[output * inputs + input] * values[input];
                next[output] = layer === branch.length - 1 ? sum : Math.max(0, sum);
              }
              values = next;
            }
            blended += 0.5 * values[0];
          }
          out[row] = blended;
        }
        return out;
      };
    };
  }
}
