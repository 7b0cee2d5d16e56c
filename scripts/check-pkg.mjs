// Fails when the committed pkg/ is older than its sources, over its size budget, or of another version than the crate.
import { readFileSync } from "node:fs";
import { inRoot } from "./paths.mjs";
import { report } from "./pkg-size.mjs";
import { readStamp, sourcesHash } from "./pkg-sources.mjs";

const problems = [];
if (readStamp(inRoot("pkg")) !== sourcesHash())
  problems.push("pkg/ is older than its sources: run `npm run build:pkg` and commit pkg/");
const crate = /^version = "(.+)"$/m.exec(readFileSync(inRoot("Cargo.toml"), "utf8"))?.[1];
const { version } = JSON.parse(readFileSync(inRoot("pkg/package.json"), "utf8"));
if (version !== crate) problems.push(`pkg/package.json has version ${version}, Cargo.toml has ${crate}`);
if (!report(inRoot("pkg"))) problems.push("the package is over its size budget");
for (const problem of problems) console.error(`check-pkg: ${problem}`);
process.exitCode = problems.length === 0 ? 0 : 1;
