// Sees to it that everything a run needs is there: the peers' packages, the ONNX graphs, the wasm modules.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { inBench, inRoot, inWork } from "./paths.mjs";
import { buildModules } from "./wasm.mjs";

const EXPORT = inRoot("tools/reference/export_onnx.py");
const REQUIREMENTS = inRoot("tools/reference/requirements-onnx.txt");

const run = (program, args, cwd = inRoot(".")) =>
  execFileSync(program, args, { cwd, stdio: ["ignore", "inherit", "inherit"] });
const hashOf = (...files) => {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest("hex");
};

/** Runs `work` unless it was done for these files before; the mark is left when it is through. */
async function once(name, files, work) {
  const [mark, hash] = [inWork(`${name}.done`), hashOf(...files)];
  if (existsSync(mark) && readFileSync(mark, "utf8") === hash) return;
  console.error(`bench: ${name}`);
  await work();
  writeFileSync(mark, hash);
}

/** The peers' npm packages, by their own lock file; nothing else needs them. */
export const installPeers = () =>
  once("npm-peers", [inBench("package-lock.json")], () =>
    run("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"], inBench()),
  );

/** The ONNX graphs of a model, made by Python in an environment of its own. */
export async function exportGraphs(model, out) {
  const python = inWork("venv/bin/python");
  await once("venv", [REQUIREMENTS], () => {
    run(process.env.PYTHON ?? "python3", ["-m", "venv", "--clear", inWork("venv")]);
    run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS]);
  });
  await once("onnx", [model, EXPORT, REQUIREMENTS], () => run(python, [EXPORT, model, out]));
}

/** What the pages load of the peers, in one folder: `ort/`, `tfjs.js` with its module, `rten.js` with its module, `ceiling.wasm`. */
export async function gatherPeers(out) {
  mkdirSync(join(out, "ort"), { recursive: true });
  buildModules(out);
  const packages = inBench("node_modules");
  const copy = (from, to) => cpSync(join(packages, from), join(out, to));
  for (const name of ["ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm", "ort-wasm-simd-threaded.mjs"]) {
    copy(`onnxruntime-web/dist/${name}`, `ort/${name}`);
  }
  copy("@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm", "tfjs-backend-wasm-simd.wasm");
  await build({
    entryPoints: [inBench("page/tfjs-entry.js")],
    outfile: join(out, "tfjs.js"),
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    logLevel: "error",
    // The package's code for Node is never run in a page.
    external: ["fs", "path", "perf_hooks", "worker_threads", "os", "util", "crypto", "url", "module", "string_decoder"],
    nodePaths: [packages],
  });
}

/** The versions of the peers' packages. */
export function peerVersions() {
  const version = (name) => JSON.parse(readFileSync(inBench("node_modules", name, "package.json"), "utf8")).version;
  const rten = /name = "rten"\nversion = "([^"]+)"/.exec(readFileSync(inBench("rten/Cargo.lock"), "utf8"))[1];
  return {
    "onnxruntime-web": version("onnxruntime-web"),
    "@tensorflow/tfjs-core": version("@tensorflow/tfjs-core"),
    "@tensorflow/tfjs-backend-wasm": version("@tensorflow/tfjs-backend-wasm"),
    rten,
  };
}
