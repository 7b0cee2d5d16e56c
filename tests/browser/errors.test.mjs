// Every code of an error that the package can reject with, provoked: each is a TidyrankError, never a string.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { inRoot } from "../../scripts/paths.mjs";
import { importInstalled, installedPackage, modelFile, modelFolder } from "./support.mjs";

let tidyrank;
let recommender;

before(async () => {
  tidyrank = await importInstalled(installedPackage().project);
  recommender = await tidyrank.Recommender.load(join(modelFolder(), "manifest.json"));
});

const manifest = () => JSON.parse(new TextDecoder().decode(modelFile("manifest.json")));
const bytesOf = (value) => new TextEncoder().encode(JSON.stringify(value));

/** Loads bytes with a manifest that was changed. */
const loadWith = (change) => {
  const json = manifest();
  change(json);
  return load({ manifest: bytesOf(json), files: { catalog: modelFile("catalog.safetensors") } });
};

const load = (source, options) => tidyrank.Recommender.load(source, options);

/** Loads a changed catalog that the manifest says is right: what is wrong is found further inside. */
function loadCatalog(change) {
  const file = Buffer.from(modelFile("catalog.safetensors"));
  const length = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, 8 + length));
  change(header);
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, " ")]);
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(padded.length));
  const catalog = new Uint8Array(Buffer.concat([prefix, padded, file.subarray(8 + length)]));
  const json = manifest();
  const entry = json.files.find(({ role }) => role === "catalog");
  Object.assign(entry, { size: catalog.length, sha256: createHash("sha256").update(catalog).digest("hex") });
  return load({ manifest: bytesOf(json), files: { catalog } });
}

/** Loads a catalog whose bytes are not those that the manifest names. */
const loadDamaged = (change) =>
  load({ manifest: modelFile("manifest.json"), files: { catalog: change(modelFile("catalog.safetensors")) } });

const PROVOKE = {
  "load.network": () => load("/nowhere/manifest.json"),
  "load.http": () => load("http://test.invalid/m.json", { fetch: async () => new Response("", { status: 503 }) }),
  "load.aborted": () => load("/nowhere/manifest.json", { signal: AbortSignal.abort() }),
  "load.wasm": () =>
    loadWith(() => {}).then(() => load(join(modelFolder(), "manifest.json"), { wasm: "/nowhere.wasm" })),
  "load.invalid": () => load("/nowhere/manifest.json", { workers: 0 }),
  "worker.unavailable": () => load("/nowhere/manifest.json", { worker: true }),
  "worker.failed": () => {
    const port = { postMessage: () => port.onerror({ message: "it does not start" }), terminate() {} };
    return load({ manifest: new Uint8Array(), files: {} }, { worker: () => port });
  },
  disposed: async () => {
    const other = await load(join(modelFolder(), "manifest.json"));
    other.dispose();
    return await other.recommendCleaners({});
  },
  "request.aborted": () => recommender.recommendCleaners({}, { signal: AbortSignal.abort() }),
  "request.shape": () => recommender.recommendCleaners({ sizem2: 1 }),
  "request.invalid": () => recommender.recommendCleaners({ sizeM2: -1 }),
  "request.unknown_cleaner": () => recommender.explain({}, "nobody"),
  "artifact.manifest": () => load({ manifest: bytesOf("no manifest"), files: {} }),
  "artifact.version": () => loadWith((json) => Object.assign(json, { format_version: 99, oldest_readable: 99 })),
  "artifact.checksum": () => loadDamaged((bytes) => bytes.with(bytes.length - 1, bytes.at(-1) ^ 1)),
  "artifact.truncated": () => loadDamaged((bytes) => bytes.slice(0, 1000)),
  "artifact.size": () => loadDamaged((bytes) => new Uint8Array([...bytes, 0])),
  "artifact.format": () => loadCatalog((header) => Object.assign(header.__metadata__, { format: "something.else" })),
  "artifact.metadata": () => loadCatalog((header) => delete header.__metadata__.embedding_ids),
  "artifact.shape": () => loadCatalog((header) => Object.assign(header.location, { shape: [100, 4] })),
  "artifact.dtype": () => loadCatalog((header) => Object.assign(header.hourly_rate, { dtype: "U32" })),
  "artifact.missing_tensor": () => {
    return loadCatalog((header) => {
      header.other = header.eco;
      delete header.eco;
    });
  },
};

/**
 * What is no code of a rejection: a model of another schema is done without (below), and `load.failed` and `engine.failed` are
 * for what should not happen.
 */
const OTHERS = /^(artifact\.schema|(load|engine)\.failed)$/;

describe("errors", () => {
  for (const [code, provoke] of Object.entries(PROVOKE)) {
    test(code, async () => {
      await assert.rejects(provoke(), (error) => {
        assert.ok(error instanceof tidyrank.TidyrankError, `${typeof error}: ${error}`);
        assert.ok(error instanceof Error);
        assert.equal(error.name, "TidyrankError");
        assert.equal(error.code, code, error.message);
        assert.match(error.message, /\w{3}/);
        return true;
      });
    });
  }

  test("a model of another schema is no error: ranking goes on by rules", async () => {
    const other = await loadWith((json) => Object.assign(json, { schema_hash: "0".repeat(64) }));
    assert.equal(other.capabilities().fallback.code, "artifact.schema");
  });

  test("of whatever is given instead of a source or a job are errors with a code, too", async () => {
    for (const source of [
      undefined,
      null,
      7,
      {},
      [],
      { manifest: "x" },
      { manifest: new Uint8Array() },
      Symbol.iterator,
    ]) {
      await assert.rejects(load(source), (error) => error instanceof tidyrank.TidyrankError, String(source));
    }
    for (const job of [undefined, null, 7, "job", [], () => {}]) {
      await assert.rejects(
        recommender.recommendCleaners(job),
        (error) => error instanceof tidyrank.TidyrankError,
        String(job),
      );
    }
  });

  test("are all provoked: every code in the sources", () => {
    const found = new Set();
    const sources = [
      ...readdirSync(inRoot("js/src"))
        .filter((name) => name.endsWith(".ts"))
        .map((name) => `js/src/${name}`),
      "src/artifact/error.rs",
      "src/engine/error.rs",
    ];
    for (const path of sources) {
      const text = readFileSync(inRoot(path), "utf8");
      for (const [, code] of text.matchAll(/"((?:load|request|artifact|worker|engine)\.[a-z_]+|disposed)"/g))
        found.add(code);
    }
    const missing = [...found].filter((code) => !(code in PROVOKE) && !OTHERS.test(code));
    assert.ok(found.size > 15, [...found].join());
    assert.deepEqual(missing, [], "codes that nothing here provokes");
  });
});
