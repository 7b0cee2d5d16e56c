// What the tests share: the packed package in a folder of its own, the market to rank, a browser.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { inRoot } from "../../scripts/paths.mjs";

export { launch } from "../../scripts/chromium.mjs";

/** The folder with the model and `market.json` that the page shows. */
export function marketFolder() {
  const folder = inRoot("www/public/market");
  if (existsSync(join(folder, "market.json"))) return folder;
  throw new Error(
    `${folder} has no market.json: \`tidyrank export --data DATA --model MODEL --out www/public/market\``,
  );
}

/** The released model that all paths are held to. */
export const modelFolder = () => inRoot("models/cleaners/1.0.0");

/** One of the released model's files. */
export const modelFile = (name) => new Uint8Array(readFileSync(join(modelFolder(), name)));

/** Requests to that model with the native engine's answers (tests/parity writes them), as the package takes them. */
export function expectedRankings() {
  const cases = JSON.parse(readFileSync(inRoot("tests/fixtures/parity.json"), "utf8"));
  return cases.map(({ request: { job, ...options }, ranking }) => ({ job, options, items: ranking.items }));
}

/** A job of a client whom the model knows, as a page knows it. */
export function knownJob() {
  const known = new Set(JSON.parse(clientIds()));
  return expectedRankings().find(({ job }) => known.has(job.clientId) && !job.bids)?.job;
}

/** The ids of the clients whom the model knows. */
export const knownClients = () => JSON.parse(clientIds());

/** The ids in the clients' file: the text between `"ids":` and its end in the safetensors header. */
function clientIds() {
  const bytes = Buffer.from(modelFile("clients.safetensors"));
  const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString());
  return header.__metadata__.ids;
}

const folders = [];
process.on("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder that is gone at the end of the test run. */
export function temporaryFolder(name) {
  const folder = mkdtempSync(join(tmpdir(), `tidyrank-${name}-`));
  folders.push(folder);
  return folder;
}

const npm = (args, cwd) =>
  execFileSync("npm", [...args, "--no-audit", "--no-fund", "--loglevel=error"], { cwd, encoding: "utf8" });

/** Packs pkg/ and installs the tarball into an empty project, as a user would. */
export function installedPackage() {
  const project = temporaryFolder("project");
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  const [{ filename, files }] = JSON.parse(npm(["pack", inRoot("pkg"), "--json"], project));
  npm(["install", `./${filename}`, "--offline"], project);
  return { project, tarball: join(project, filename), files: files.map((file) => file.path) };
}

/** Imports the installed package, or a part of it, by its name, from a module inside the project. */
export async function importInstalled(project, name = "tidyrank") {
  const entry = join(project, `entry-${name.replaceAll("/", "-")}.mjs`);
  writeFileSync(entry, `export * from "${name}";\n`);
  return await import(pathToFileURL(entry).href);
}

/** A site with the installed package and the released model beside each other, for a server. */
export function siteWith(project) {
  const site = temporaryFolder("site");
  cpSync(join(project, "node_modules/tidyrank/dist"), join(site, "tidyrank"), { recursive: true });
  mkdirSync(join(site, "market"));
  cpSync(modelFolder(), join(site, "market"), { recursive: true });
  writeFileSync(join(site, "index.html"), "<!doctype html><html lang=en><meta charset=utf-8><title>plain</title>\n");
  return site;
}

/**
 * A fresh page of a site with the module loaded as `tidyrank`, and the addresses that it and its workers ask for; `setUp`
 * runs in the page before anything else.
 */
export async function openSite(browser, url, setUp) {
  const context = await browser.newContext();
  const requests = [];
  context.on("request", (request) => requests.push(request.url()));
  const page = await context.newPage();
  if (setUp) await page.addInitScript(setUp);
  await page.goto(url);
  await page.evaluate(async () => {
    window.tidyrank = await import("/tidyrank/index.js");
  });
  return { context, page, requests };
}

/** The part of a ranking's items that is compared, to the last bit. */
export function essence(items) {
  return items.map(({ cleanerId, rank, score, ruleScore, neuralScore, price, distanceKm }) => ({
    cleanerId,
    rank,
    score,
    ruleScore,
    neuralScore,
    price,
    distanceKm,
  }));
}
