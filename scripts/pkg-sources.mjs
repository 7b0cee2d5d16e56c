// Which sources pkg/ was built from: a hash that is stored with it and compared by scripts/check-pkg.mjs.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { inRoot } from "./paths.mjs";

const STAMP = ".sources.json";
/** Everything that is compiled into the package; `src/native` and `src/bin` never are. */
const ROOTS = [
  "src",
  "js",
  "messages",
  "scripts/bindgen/src",
  "scripts/bindgen/Cargo.toml",
  "scripts/bindgen/Cargo.lock",
];
const FILES = [
  "Cargo.toml",
  "Cargo.lock",
  "package-lock.json",
  "scripts/build-pkg.mjs",
  "LICENSE-MIT",
  "LICENSE-APACHE",
];
const LEFT_OUT = /^src\/(native|bin)\//;

function filesUnder(path) {
  const files = readdirSync(inRoot(path), { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  return files.map((entry) =>
    `${entry.parentPath ?? entry.path}/${entry.name}`.slice(inRoot("").length).replace(/^\//, ""),
  );
}

/** The source files in a fixed order, relative to the root. */
export function sourceFiles() {
  const listed = [...ROOTS, ...FILES].filter((path) => existsSync(inRoot(path)));
  const all = listed.flatMap((path) => (/\.[a-z]+$|^LICENSE/.test(path) ? [path] : filesUnder(path)));
  return all.filter((path) => !LEFT_OUT.test(path)).sort();
}

/** One SHA-256 over the names and contents of all sources. */
export function sourcesHash() {
  const hash = createHash("sha256");
  for (const path of sourceFiles())
    hash
      .update(`${path}\0`)
      .update(readFileSync(inRoot(path)))
      .update("\0");
  return hash.digest("hex");
}

/** Stores the hash beside a package. */
export function writeStamp(folder, hash) {
  writeFileSync(`${folder}/${STAMP}`, `${JSON.stringify({ sources: hash }, null, 2)}\n`);
}

/** The stored hash, or `undefined` where there is no package. */
export function readStamp(folder) {
  const stamp = `${folder}/${STAMP}`;
  return existsSync(stamp) ? JSON.parse(readFileSync(stamp, "utf8")).sources : undefined;
}
