// An example as a user has it: a copy of its folder, its own dependencies from the registry as its lock says, the package
// from its tarball, a model where it asks for one. Kept in target/examples, so that dependencies are installed once per lock.
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { inRoot } from "../../scripts/paths.mjs";
import { modelFolder } from "../browser/support.mjs";

const run = promisify(execFile);
const STAMP = "node_modules/.installed-for";

/** Times of what was done, in seconds. */
export const seconds = {};

/** Does something and keeps how long it took. */
export async function timed(what, work) {
  const start = performance.now();
  try {
    return await work();
  } finally {
    seconds[what] = Number(((performance.now() - start) / 1000).toFixed(1));
  }
}

const npm = (args, cwd) => run("npm", [...args, "--no-audit", "--no-fund", "--loglevel=error"], { cwd });

/** Packs pkg/ into a folder; the answer is the tarball's path. */
export async function packInto(folder) {
  mkdirSync(folder, { recursive: true });
  const { stdout } = await npm(["pack", inRoot("pkg"), "--json"], folder);
  return join(folder, JSON.parse(stdout)[0].filename);
}

/** The folder of an example, ready to be built. */
export async function prepare(name, tarball) {
  const [source, folder] = [inRoot(`examples/web/${name}`), inRoot(`target/examples/${name}`)];
  const lock = readFileSync(join(source, "package-lock.json"), "utf8");
  const wanted = createHash("sha256").update(lock).digest("hex");
  clear(folder);
  cpSync(source, folder, { recursive: true, filter: (path) => !/node_modules|\.next|[/\\]dist$/.test(path) });
  withoutThePackage(folder);
  const stamp = join(folder, STAMP);
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted) {
    await timed(`${name}: npm ci`, () => npm(["ci", "--prefer-offline"], folder));
    mkdirSync(join(folder, "node_modules"), { recursive: true });
    writeFileSync(stamp, wanted);
  }
  // Last, because npm takes out what no lock names.
  await timed(`${name}: npm install tarball`, async () => {
    const modules = join(folder, "node_modules");
    rmSync(join(modules, "tidyrank"), { recursive: true, force: true });
    await npm(["install", "--no-save", "--no-package-lock", "--offline", tarball], folder);
    writeFileSync(stamp, wanted);
  });
  cpSync(modelFolder(), join(folder, "public/model"), { recursive: true });
  return folder;
}

/** Everything of an earlier run but the dependencies. */
function clear(folder) {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    if (name !== "node_modules") rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** The examples name pkg/ of the checkout; here the tarball takes its place. */
function withoutThePackage(folder) {
  const edit = (name, change) => {
    const path = join(folder, name);
    const json = JSON.parse(readFileSync(path, "utf8"));
    change(json);
    writeFileSync(path, JSON.stringify(json));
  };
  edit("package.json", (json) => delete json.dependencies.tidyrank);
  edit("package-lock.json", ({ packages }) => {
    delete packages[""].dependencies.tidyrank;
    delete packages["node_modules/tidyrank"];
    delete packages["../../../pkg"];
  });
}

/** Runs a program of an example's dependencies. */
export async function runIn(folder, program, args = []) {
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" };
  try {
    return await run(process.execPath, [join(folder, program), ...args], { cwd: folder, env, maxBuffer: 1 << 26 });
  } catch (error) {
    throw new Error(`${program} ${args.join(" ")}:\n${error.stdout}\n${error.stderr}`);
  }
}

/** Starts a server of an example's dependencies and waits until it answers. */
export async function serverIn(folder, program, argsFor, env = {}) {
  const port = await freePort();
  const url = `http://localhost:${port}/`;
  const child = spawn(process.execPath, [join(folder, program), ...argsFor(String(port))], {
    cwd: folder,
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => said.push(data));
  const ended = new Promise((done) => child.once("exit", done));
  const close = async () => {
    child.kill();
    await ended;
  };
  for (let waited = 0; waited < 60_000; waited += 200) {
    if (child.exitCode !== null) break;
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return { url, close };
    await new Promise((done) => setTimeout(done, 200));
  }
  await close();
  throw new Error(`${program} does not answer:\n${Buffer.concat(said)}`);
}

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}
