// The demo page for its tests: built into a folder of its own, opened, and looked over by axe.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { inRoot } from "../../scripts/paths.mjs";
import { marketFolder, temporaryFolder } from "./support.mjs";

const AXE = readFileSync(inRoot("node_modules/axe-core/axe.min.js"), "utf8");

/** Builds the page with the market and the reports that are there; gives its folder. */
export function builtDemo() {
  marketFolder();
  for (const name of ["experiment", "monitor"]) {
    const report = inRoot(`www/public/reports/${name}.json`);
    if (!existsSync(report)) throw new Error(`${report} is missing: scripts/reports.sh makes it`);
  }
  const folder = temporaryFolder("demo");
  const vite = inRoot("node_modules/vite/bin/vite.js");
  const how = ["--outDir", folder, "--emptyOutDir", "--logLevel", "warn"];
  execFileSync(process.execPath, [vite, "build", inRoot("www"), ...how]);
  return folder;
}

/** A window's context; the test closes it. */
export const newContext = (browser, settings = {}) =>
  browser.newContext({ viewport: { width: 1280, height: 900 }, ...settings });

/** A page that is ready, its answer, the addresses that it asked of others, and what it complained of on the way. */
export async function openPage(context, url, name = "index") {
  const page = await context.newPage();
  const [foreign, complaints] = [[], []];
  context.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) foreign.push(request.url());
  });
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
  });
  const response = await page.goto(name === "index" ? url : `${url}${name}.html`);
  await page.waitForSelector(["index", "jobs"].includes(name) ? ".card" : "#results .panel");
  return { context, page, response, foreign, complaints };
}

/** What axe finds wrong with a page, and whether it is wider than its window; its context bypasses the page's policy. */
export async function faultsOf(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const faults = violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`,
  );
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  return over > 0 ? [...faults, `the page is ${over} px wider than the window`] : faults;
}
