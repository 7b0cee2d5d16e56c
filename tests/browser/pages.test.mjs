// The other pages of the demo as built, in Chromium: jobs and bids, explanations, records, the two dashboards.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, afterEach, before, describe, test } from "node:test";
import { serve } from "../../scripts/serve.mjs";
import { builtDemo, newContext as contextIn, faultsOf, openPage as openIn } from "./demo.mjs";
import { launch } from "./support.mjs";

const PAGES = ["jobs", "why", "experiments", "health"];
let browser;
let server;
const open = [];

before(async () => {
  server = await serve({ root: builtDemo(), port: 0 });
  browser = await launch();
});
afterEach(() => Promise.all(open.splice(0).map((context) => context.close())));
after(async () => {
  await browser?.close();
  await server?.close();
});

async function newContext(settings) {
  const context = await contextIn(browser, settings);
  open.push(context);
  return context;
}

const openPage = (name, context) => openIn(context, server.url, name);

const number = (text) => Number(/-?[\d.]+/.exec(text.replaceAll("−", "-"))[0]);

describe("Find jobs", () => {
  test("ranks the open jobs of a cleaner, and of another one differently", async () => {
    const { page, complaints } = await openPage("jobs", await newContext());
    const ids = () => page.$$eval(".card", (cards) => cards.map((card) => card.dataset.id));
    const first = await ids();
    assert.equal(first.length, 12);
    const scores = await page.$$eval(".card .value", (values) => values.map((value) => Number(value.textContent)));
    assert.deepEqual(
      scores,
      scores.toSorted((a, b) => b - a),
    );
    await page.selectOption("#cleaner", { index: 40 });
    await page.waitForFunction((first) => document.querySelector(".card").dataset.id !== first, first[0]);
    await page.locator("#distance").fill("5");
    await page.waitForFunction(() =>
      [...document.querySelectorAll(".card .meta")].every(
        (meta) => Number(/([\d.]+) km/.exec(meta.textContent)[1]) <= 5,
      ),
    );
    assert.deepEqual(complaints, []);
  });

  test("suggests a bid with its win curve: a higher price wins less often", async () => {
    const { page } = await openPage("jobs", await newContext());
    await page.locator(".card .head").first().click();
    await page.locator(".curve svg").waitFor();
    const suggested = await page.textContent(".details h3 .sum");
    const [optimal, min, max] = suggested.match(/[\d.]+/g).map(Number);
    assert.ok(min <= optimal && optimal <= max, `${min} ${optimal} ${max}`);
    await page.getByText("By the bid model.").waitFor();
    const chance = async (price) => {
      await page.locator("#asked").fill(String(price));
      await page.waitForFunction(
        (price) => document.querySelector("#asked").getAttribute("aria-valuetext").includes(String(price)),
        price,
      );
      return number((await page.locator("output[for=asked]").textContent()).split(":")[1]);
    };
    const [low, high] = await page.$eval("#asked", (input) => [Number(input.min), Number(input.max)]);
    assert.ok((await chance(low)) > (await chance(high)));
  });
});

describe("Why", () => {
  test("what makes a score adds up, and so does what moves the model", async () => {
    const { page, complaints } = await openPage("why", await newContext());
    const panels = await page.$$eval("#results .panel", (panels) =>
      panels.map((panel) => ({
        title: panel.querySelector("h2").textContent,
        points: [...panel.querySelectorAll("dd span")].map((span) => span.textContent),
        hint: panel.querySelector(".hint")?.textContent ?? "",
      })),
    );
    const sum = (points) => points.map(number).reduce((a, b) => a + b, 0);
    const [parts, record, model, changes] = panels;
    const total = number((await page.textContent("#results-title")).split(": ")[1]);
    assert.ok(Math.abs(sum(parts.points) - total) < 0.2, JSON.stringify(parts));
    assert.ok(Math.abs(sum(record.points) - number(record.title)) < 0.3, JSON.stringify(record));
    assert.equal(model.points.length, 8);
    assert.ok(Math.abs(number(model.hint) + sum(model.points) - number(model.title)) < 0.5, JSON.stringify(model));
    assert.match(changes.title, /change the place/);
    assert.deepEqual(complaints, []);
  });

  test("speaks Greek, and says which filter leaves somebody out", async () => {
    const { page } = await openPage("why", await newContext());
    await page.getByRole("radio", { name: "Ελληνικά" }).check({ force: true });
    await page
      .locator("ul.reasons[lang=el] li", { hasText: /[α-ω]{3}/ })
      .first()
      .waitFor();
    await page.getByRole("radio", { name: "English" }).check({ force: true });
    await page.locator("#distance").fill("1");
    const others = await page.$$eval("optgroup[label=Others] option", (options) => options.map((one) => one.value));
    await page.selectOption("#cleaner", others[0]);
    await page.locator("#results-title", { hasText: "not in the list" }).waitFor();
    await page.locator("#results .reasons li", { hasText: /km/ }).waitFor();
  });
});

describe("Records", () => {
  test("are kept only with consent, shown under Experiments, and erased", async () => {
    const context = await newContext();
    const { page } = await openPage("index", context);
    await page.waitForTimeout(300);
    const empty = await openPage("experiments", context);
    await empty.page.getByText("Nothing is recorded.").waitFor();
    await page.locator("#consent").check();
    await page.locator("#experiment").check();
    await page.locator(".card .head").nth(1).click();
    await page.getByRole("button", { name: "Hire" }).click();
    await page.locator("button[aria-pressed=true]", { hasText: "Hire" }).waitFor();
    await page.locator(".feedback select").selectOption("helpful");
    await page.waitForTimeout(500);
    const { page: shown, complaints } = await openPage("experiments", context);
    await shown.getByText("Latest of 10 records").waitFor();
    await shown.locator("td", { hasText: "viewed, hired, helpful" }).waitFor();
    const hired = await shown.$$eval("table tbody tr td:nth-child(4)", (cells) =>
      cells.slice(0, 3).map((one) => one.textContent),
    );
    assert.deepEqual(hired.toSorted(), ["0", "0", "1"]);
    const [download] = await Promise.all([
      shown.waitForEvent("download"),
      shown.getByRole("button", { name: "Export as JSON Lines" }).click(),
    ]);
    const lines = readFileSync(await download.path(), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.equal(lines.filter((event) => event.type === "cleaner_recommendation").length, 10);
    assert.ok(lines.some((event) => event.type === "outcome" && event.outcome === "hired"));
    assert.ok(lines.every((event) => event.type !== "cleaner_recommendation" || event.experiment === "score-2026"));
    await shown.getByRole("button", { name: "Erase all" }).click();
    await shown.getByText("Nothing is recorded.").waitFor();
    assert.deepEqual(complaints, []);
  });
});

describe("Dashboards", () => {
  test("the reports of the command line are drawn", async () => {
    const context = await newContext();
    const { page } = await openPage("experiments", context);
    await page.locator(".plot canvas").waitFor();
    assert.equal(await page.locator(".forest").count(), 2);
    await page.getByText("Shares as planned").waitFor();
    const { page: health } = await openPage("health", context);
    assert.match(await health.textContent("#report-title"), /cleaners 1\.0\.0: (ok|watch|retrain)/);
    assert.equal(await health.locator(".scroll table").first().locator("tbody tr").count(), 19);
    await health.locator(".plot canvas").nth(1).waitFor();
    const widths = await health.$$eval(".plot", (plots) => plots.map((plot) => plot.scrollWidth - plot.clientWidth));
    assert.ok(
      widths.every((over) => over <= 0),
      widths.join(),
    );
  });

  test("a report that is missing is said", async () => {
    const context = await newContext({ serviceWorkers: "block" });
    await context.route("**/reports/*.json", (route) => route.fulfill({ status: 404 }));
    const page = await context.newPage();
    await page.goto(`${server.url}health.html`);
    await page.getByRole("heading", { name: "No report" }).waitFor();
  });
});

test("every page works after a reload without a network", async () => {
  const context = await newContext();
  const { page } = await openPage("index", context);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await context.setOffline(true);
  for (const name of PAGES) {
    const { page: other } = await openPage(name, context);
    assert.match(await other.title(), /tidyrank/);
  }
});

for (const [what, settings] of [
  ["light", { colorScheme: "light" }],
  ["dark", { colorScheme: "dark" }],
  ["on a phone", { viewport: { width: 390, height: 844 }, hasTouch: true }],
]) {
  test(`axe finds nothing on any page, ${what}`, async () => {
    const context = await newContext({ ...settings, bypassCSP: true });
    for (const name of PAGES) {
      const { page } = await openPage(name, context);
      if (name === "jobs") {
        await page.locator("#consent").check();
        await page.locator(".card .head").first().click();
        await page.locator(".curve svg").waitFor();
      }
      await page.waitForTimeout(300);
      assert.deepEqual(await faultsOf(page), [], name);
    }
  });
}

test("on a phone the name of every page is in view among the others", async () => {
  const context = await newContext({ viewport: { width: 390, height: 844 } });
  for (const name of ["index", ...PAGES]) {
    const { page } = await openPage(name, context);
    const { left, right } = await page.$eval(".pages [aria-current]", (link) => link.getBoundingClientRect().toJSON());
    assert.ok(left >= 0 && right <= 390, `${name}: ${left} to ${right}`);
  }
});
