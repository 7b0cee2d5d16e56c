// Builds pkg/, the npm package: cargo (wasm32, simd128) -> wasm-bindgen -> wasm-opt -> esbuild -> size report. The crate is
// compiled twice: as the engine, and as the code for a GPU, which pages fetch only when they use one.
//
//   node scripts/build-pkg.mjs           build everything
//   node scripts/build-pkg.mjs --js      only the JavaScript, on the wasm that is there
//   node scripts/build-pkg.mjs --out DIR into another folder, to see whether the sources still build within the budget
//   node scripts/build-pkg.mjs --room    only a table of what takes the room in the module (npm run size)
//
// The toolchain is found or made by scripts/toolchain.sh; every tool has a fixed version.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { inRoot, root } from "./paths.mjs";
import { report, reportRoom } from "./pkg-size.mjs";
import { sourcesHash, writeStamp } from "./pkg-sources.mjs";

const TARGET = "wasm32-unknown-unknown";
const OUT = inRoot(process.argv.includes("--out") ? process.argv[process.argv.indexOf("--out") + 1] : "pkg");
const BINDGEN_OUT = inRoot("target-wasm/bindgen");
/** The modules: their names, the features of the crate that make them, and options of tidyrank-bindgen. */
const ENGINE = { name: "tidyrank", features: "wasm", options: [] };
const GPU = { name: "tidyrank_gpu", features: "gpu-web", options: ["reset"] };
const NAMED = inRoot("target-wasm/named.wasm");
// What the module may use. relaxed-simd is left out: Node 20 does not compile it.
const WASM_FEATURES = [
  "--enable-simd",
  "--enable-bulk-memory",
  "--enable-bulk-memory-opt",
  "--enable-nontrapping-float-to-int",
  "--enable-sign-ext",
  "--enable-mutable-globals",
  "--enable-multivalue",
  "--enable-reference-types",
];

/** Runs a program in the repository root; its output goes to ours. */
function run(program, args, env = process.env) {
  execFileSync(program, args, { cwd: root, env, stdio: "inherit" });
}

/** The environment that scripts/toolchain.sh says is needed to compile for wasm32. */
function toolchainEnv() {
  run("bash", ["scripts/toolchain.sh"]);
  const printed = execFileSync("bash", ["-c", ". .toolchain/env && env -0"], { cwd: root, maxBuffer: 1 << 24 });
  const pairs = printed.toString().split("\0").filter(Boolean);
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
}

/** Whether the compiler at hand can build what is shipped: the budget is for that. */
let shipped = true;

/** The environment of a build for the browser. */
function wasmEnv() {
  const env = { ...toolchainEnv(), CARGO_TARGET_DIR: inRoot("target-wasm") };
  // Less is inlined than usual: a tenth of the module, and no change of the ranking rate that could be measured. (opt-level
  // "s" also leaves the kernels' small functions alone, and is ten times slower.)
  env.CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS = "-C target-feature=+simd128 -C llvm-args=-inline-threshold=30";
  shipped = env.WASM_TOOLCHAIN_KIND === "debian";
  if (shipped) {
    // A panic stops at once, without composing a text that nobody reads: a tenth of the module. scripts/toolchain.sh has
    // built std the same way; a stable rustup toolchain cannot, and its module is that much larger.
    env.CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS +=
      " -Z unstable-options -C panic=immediate-abort -Z location-detail=none";
    env.RUSTC_BOOTSTRAP = "1";
  }
  // Variables for the host build (RUSTFLAGS and its encoded form) would replace the flags above.
  delete env.RUSTFLAGS;
  delete env.CARGO_ENCODED_RUSTFLAGS;
  return env;
}

function makeBindgen() {
  const host = { ...process.env, CARGO_TARGET_DIR: inRoot(".toolchain/bindgen") };
  run("cargo", ["build", "--quiet", "--locked", "--manifest-path", "scripts/bindgen/Cargo.toml"], host);
  return inRoot(".toolchain/bindgen/debug/tidyrank-bindgen");
}

/** Compiles modules and writes their glue. */
function compile(modules) {
  const [env, bindgen] = [wasmEnv(), makeBindgen()];
  rmSync(BINDGEN_OUT, { recursive: true, force: true });
  for (const { name, features, options } of modules) {
    const flags = ["--lib", "--locked", "--profile", "wasm", "--no-default-features", "--features", features];
    run("cargo", ["build", ...flags, "--target", TARGET], env);
    run(bindgen, [inRoot(`target-wasm/${TARGET}/wasm/tidyrank.wasm`), BINDGEN_OUT, name, ...options]);
  }
}

/** Optimises a module into a file; with `-g` it keeps the names of its functions. */
function optimise({ name }, into, ...flags) {
  const wasmOpt = inRoot("node_modules/binaryen/bin/wasm-opt");
  run(process.execPath, [wasmOpt, "-O3", ...flags, ...WASM_FEATURES, `${BINDGEN_OUT}/${name}_bg.wasm`, "-o", into]);
}

/**
 * The files of dist/ and their sources. Those of a group that are named in `siblings` are not copied into the others of the
 * group, which import them: so that there is one class of errors, so that a page which ranks in a worker never loads the
 * glue, and so that nobody loads an element who does not use it.
 */
const GROUPS = [
  {
    files: {
      index: "entries/index",
      core: "recommender",
      errors: "errors",
      node: "entries/node",
      events: "events/index",
      element: "element/index",
      react: "entries/react",
    },
    siblings: { recommender: "core", errors: "errors", host: "host", "element/index": "element" },
  },
  // gpu.js stands alone: nobody imports it by its name.
  { files: { host: "host", worker: "worker", gpu: "accelerator" }, siblings: { host: "host" } },
];
/** Lit calls for a browser as soon as it is imported: on a server it is given what it asks for then. */
const SHIM = inRoot("js/src/element/shim.ts");

async function bundle() {
  const used = new Set();
  for (const { files, siblings } of GROUPS) {
    for (const [out, name] of Object.entries(files)) {
      const inputs = await bundleOne(out, inRoot(`js/src/${name}.ts`), siblings);
      for (const input of inputs) used.add(/^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1]);
    }
  }
  cpSync(inRoot("js/types"), `${OUT}/dist`, { recursive: true });
  used.delete(undefined);
  writeFileSync(`${OUT}/THIRD-PARTY-LICENSES`, licencesOf([...used].sort()));
}

/** The licences of the packages whose code is in dist/. */
function licencesOf(packages) {
  const texts = packages.map(
    (name) => `${name}\n\n${readFileSync(inRoot(`node_modules/${name}/LICENSE`), "utf8").trim()}\n`,
  );
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

/** Writes one file; the answer is what went into it. */

async function bundleOne(out, source, siblings) {
  const isElement = out === "element";
  const { metafile } = await build({
    absWorkingDir: root,
    metafile: true,
    entryPoints: [{ out, in: source }],
    outdir: `${OUT}/dist`,
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    // All licences are in a file of their own.
    legalComments: "none",
    logLevel: "warning",
    external: ["node:*", "react"],
    // In an app with server components, what uses a browser's features says so.
    banner: out === "react" ? { js: '"use client";' } : {},
    inject: isElement ? [SHIM] : [],
    plugins: [siblingsOf(siblings)],
  });
  return Object.keys(metafile.inputs);
}

function siblingsOf(siblings) {
  const outOf = new Map(Object.entries(siblings).map(([name, out]) => [inRoot(`js/src/${name}.ts`), out]));
  return {
    name: "siblings",
    setup(build) {
      build.onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir, kind }) => {
        const out = kind !== "entry-point" && outOf.get(join(resolveDir, path).replace(/\.js$/, ".ts"));
        return out ? { path: `./${out}.js`, external: true, sideEffects: out === "element" } : undefined;
      });
      build.onResolve({ filter: /^#glue$/ }, () => ({ path: `${BINDGEN_OUT}/${ENGINE.name}.js` }));
      build.onResolve({ filter: /^#gpu-glue$/ }, () => ({ path: `${BINDGEN_OUT}/${GPU.name}.js` }));
    },
  };
}

function describe() {
  const version = /^version = "(.+)"$/m.exec(readFileSync(inRoot("Cargo.toml"), "utf8"))[1];
  const manifest = JSON.parse(readFileSync(inRoot("js/package.template.json"), "utf8"));
  const { name, ...rest } = manifest;
  writeFileSync(`${OUT}/package.json`, `${JSON.stringify({ name, version, ...rest }, null, 2)}\n`);
  cpSync(inRoot("js/README.md"), `${OUT}/README.md`);
  for (const licence of ["LICENSE-MIT", "LICENSE-APACHE"]) {
    if (existsSync(inRoot(licence))) cpSync(inRoot(licence), `${OUT}/${licence}`);
  }
}

function buildPackage() {
  if (!process.argv.includes("--js")) {
    compile([ENGINE, GPU]);
    rmSync(`${OUT}/dist`, { recursive: true, force: true });
    mkdirSync(`${OUT}/dist`, { recursive: true });
    for (const module of [ENGINE, GPU]) optimise(module, `${OUT}/dist/${module.name}_bg.wasm`);
  }
  return bundle();
}

if (process.argv.includes("--room")) {
  compile([ENGINE]);
  optimise(ENGINE, NAMED, "-g");
  reportRoom(readFileSync(NAMED));
} else {
  await buildPackage();
  describe();
  writeStamp(OUT, sourcesHash());
  const within = report(OUT);
  if (!shipped) console.log("this compiler keeps panic texts: larger than what is shipped, and not held to the budget");
  process.exitCode = within || !shipped ? 0 : 1;
}
