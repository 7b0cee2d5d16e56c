// The inputs of a run: a model, catalogs of every size, and the arrays that the peers are given, all from one seed.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { columns, embeddingOf, embeddingRows, FEATURES, features, VARYING } from "./features.mjs";
import { enlarge } from "./market.mjs";
import { readNetwork, referenceScores, separableParts } from "./network.mjs";
import { inBench, inWork } from "./paths.mjs";
import { read } from "./safetensors.mjs";

const FILES = [
  "manifest.json",
  "catalog.safetensors",
  "clients.safetensors",
  "model.safetensors",
  "model.q8.safetensors",
];

/** The job whose scores are compared. */
export const JOB = {
  clientId: "client-000001",
  propertyType: "house",
  location: { latitude: 37.98, longitude: 23.73 },
  sizeM2: 90,
  durationH: 4,
  postedAt: 1_767_000_000,
};

/** Makes the inputs for catalogs of these sizes, or finds them made; gives their folder and `query.json`'s content. */
export function prepareData(modelFolder, sizes) {
  const model = Object.fromEntries(FILES.map((name) => [name, readFileSync(join(modelFolder, name))]));
  const name = `${sizes.join("-")}-`;
  const folder = inWork("data", name + keyOf(model, sizes));
  if (!existsSync(folder)) {
    for (const old of existing(inWork("data"))) {
      if (old.startsWith(name)) rmSync(inWork("data", old), { recursive: true, force: true });
    }
    const made = `${folder}.new`;
    rmSync(made, { recursive: true, force: true });
    mkdirSync(made, { recursive: true });
    writeInputs(made, model, sizes);
    renameSync(made, folder);
  }
  return { folder, query: JSON.parse(readFileSync(join(folder, "query.json"), "utf8")) };
}

const existing = (folder) => (existsSync(folder) ? readdirSync(folder) : []);

/** A hash of everything that decides what is made. */
function keyOf(model, sizes) {
  const hash = createHash("sha256").update(JSON.stringify([sizes, JOB]));
  for (const bytes of Object.values(model)) hash.update(bytes);
  for (const name of readdirSync(inBench("lib")).sort()) {
    if (/^(data|features|market|network|random|safetensors)\.mjs$/.test(name))
      hash.update(readFileSync(inBench("lib", name)));
  }
  return hash.digest("hex").slice(0, 16);
}

function writeInputs(folder, model, sizes) {
  const put = (name, array) =>
    writeFileSync(join(folder, name), Buffer.from(array.buffer, array.byteOffset, array.byteLength));
  for (const size of sizes) {
    const { manifest, catalog } = enlarge(model["manifest.json"], model["catalog.safetensors"], size);
    mkdirSync(join(folder, `market-${size}`));
    writeFileSync(join(folder, `market-${size}/manifest.json`), manifest);
    writeFileSync(join(folder, `market-${size}/catalog.safetensors`), catalog);
    for (const name of FILES.slice(2)) writeFileSync(join(folder, `market-${size}`, name), model[name]);
  }
  const largest = Math.max(...sizes);
  const catalog = read(readFileSync(join(folder, `market-${largest}/catalog.safetensors`)));
  const network = readNetwork(read(model["model.safetensors"]));
  const kind = network.names.indexOf(JOB.propertyType);
  const inputs = {
    user: embeddingOf(read(model["clients.safetensors"]), JOB.clientId),
    items: embeddingRows(catalog),
    category: network.categories[kind],
    features: features(catalog, JOB, network.normaliser),
  };
  const { shares, client, job } = separableParts(network, inputs);
  put("items.f32", inputs.items);
  put("features.f32", inputs.features);
  put("varying.f32", columns(inputs.features, FEATURES, VARYING));
  put("shares.f32", shares);
  put("reference.f64", referenceScores(network, inputs));
  put("weights.f32", weightsOf(network));
  const query = { job: JOB, kind, user: [...inputs.user], client: [...client], work: [...job], alpha: network.alpha };
  writeFileSync(join(folder, "query.json"), JSON.stringify(query));
}

/** The fp32 network as one array: the category rows, then weights and biases of all layers, collaborative ones first. */
function weightsOf({ categories, collaborative, content }) {
  const parts = [...categories, ...[...collaborative, ...content].flatMap(({ weight, bias }) => [weight, bias])];
  const out = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  parts.reduce((at, part) => {
    out.set(part, at);
    return at + part.length;
  }, 0);
  return out;
}
