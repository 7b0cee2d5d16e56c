// Builds the benchmark's own wasm modules: rten, and the loops that measure the ceiling.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { inBench, inRoot, inWork } from "./paths.mjs";

const TARGET = "wasm32-unknown-unknown";
const FLAGS = "-C target-feature=+simd128,+relaxed-simd";
const OPT = [
  "--enable-simd",
  "--enable-relaxed-simd",
  "--enable-bulk-memory",
  "--enable-bulk-memory-opt",
  "--enable-nontrapping-float-to-int",
  "--enable-sign-ext",
  "--enable-mutable-globals",
  "--enable-multivalue",
  "--enable-reference-types",
];

const run = (program, args, env = process.env) =>
  execFileSync(program, args, { cwd: inRoot("."), env, stdio: ["ignore", "inherit", "inherit"] });

/** The environment that scripts/toolchain.sh says is needed to compile for wasm32. */
function toolchain() {
  run("bash", ["scripts/toolchain.sh"]);
  const printed = execFileSync("bash", ["-c", ". .toolchain/env && env -0"], { cwd: inRoot("."), maxBuffer: 1 << 24 });
  const pairs = printed.toString().split("\0").filter(Boolean);
  const env = Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
  );
  delete env.CARGO_ENCODED_RUSTFLAGS;
  env.RUSTFLAGS = FLAGS;
  if (env.WASM_TOOLCHAIN_KIND === "debian") {
    // The std that the script builds is for panics that stop at once.
    env.RUSTFLAGS += " -Z unstable-options -C panic=immediate-abort";
    env.RUSTC_BOOTSTRAP = "1";
  }
  return { ...env, CARGO_TARGET_DIR: inWork("cargo") };
}

function compile(name, env) {
  run(
    "cargo",
    ["build", "--quiet", "--release", "--locked", "--target", TARGET, "--manifest-path", inBench(name, "Cargo.toml")],
    env,
  );
  return inWork(`cargo/${TARGET}/release/tidyrank_bench_${name}.wasm`);
}

/** Builds both into `out`: `ceiling.wasm`, and `rten.js` with `rten_bg.wasm`. */
export function buildModules(out) {
  console.error("bench: building the wasm modules");
  const env = toolchain();
  mkdirSync(out, { recursive: true });
  cpSync(compile("ceiling", env), `${out}/ceiling.wasm`);
  const module = compile("rten", env);
  const stamp = `${statSync(module).mtimeMs}`;
  if (existsSync(`${out}/rten.stamp`) && readFileSync(`${out}/rten.stamp`, "utf8") === stamp) return;
  const host = { ...process.env, CARGO_TARGET_DIR: inRoot(".toolchain/bindgen") };
  run("cargo", ["build", "--quiet", "--locked", "--manifest-path", "scripts/bindgen/Cargo.toml"], host);
  const glue = inWork("rten-glue");
  rmSync(glue, { recursive: true, force: true });
  run(inRoot(".toolchain/bindgen/debug/tidyrank-bindgen"), [module, glue, "rten"]);
  const optimise = [inRoot("node_modules/binaryen/bin/wasm-opt"), "-O3", ...OPT, `${glue}/rten_bg.wasm`];
  run(process.execPath, [...optimise, "-o", `${out}/rten_bg.wasm`]);
  cpSync(`${glue}/rten.js`, `${out}/rten.js`);
  writeFileSync(`${out}/rten.stamp`, stamp);
}
