// Writes docs/api from the types of the package, with TypeDoc, which lives in tools/apidoc: it needs a TypeScript of its own.
//
//   node scripts/apidoc.mjs            write (installs TypeDoc where it is not there yet)
//   node scripts/apidoc.mjs --check    only say whether what is there was written from these types
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { inRoot } from "./paths.mjs";

const TOOL = inRoot("tools/apidoc");
const STAMP = inRoot("docs/api/.types.json");

/** One SHA-256 over the types and over what decides how they are written down. */
function typesHash() {
  const types = readdirSync(inRoot("js/types")).map((name) => `js/types/${name}`);
  const files = [...types, "typedoc.json", "tsconfig.json", "package-lock.json"].sort();
  const hash = createHash("sha256");
  for (const file of files) {
    hash.update(`${file}\0`).update(readFileSync(file.startsWith("js/") ? inRoot(file) : `${TOOL}/${file}`));
  }
  return hash.digest("hex");
}

function write() {
  const run = (program, ...args) => execFileSync(program, args, { cwd: TOOL, stdio: "inherit" });
  if (!existsSync(`${TOOL}/node_modules/typedoc`)) run("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error");
  run(process.execPath, "node_modules/typedoc/bin/typedoc");
  writeFileSync(STAMP, `${JSON.stringify({ types: typesHash() }, null, 2)}\n`);
}

if (!process.argv.includes("--check")) write();
else if (!existsSync(STAMP) || JSON.parse(readFileSync(STAMP, "utf8")).types !== typesHash()) {
  console.error("apidoc: docs/api is older than js/types: run `make apidoc` and commit docs/api");
  process.exitCode = 1;
}
