// The demo page as built, in Chromium: what a person can do with it, with the mouse, the keyboard, and no network.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { CSP, serve } from "../../scripts/serve.mjs";
import { builtDemo, faultsOf, newContext, openPage as openIn } from "./demo.mjs";
import { launch } from "./support.mjs";

let browser;
let root;
let server;
const open = [];

before(async () => {
  root = builtDemo();
  server = await serve({ root, port: 0 });
  browser = await launch();
});
afterEach(() => Promise.all(open.splice(0).map((context) => context.close())));
after(async () => {
  await browser?.close();
  await server?.close();
});

async function contextWith(settings) {
  const context = await newContext(browser, settings);
  open.push(context);
  return context;
}

/** The page with a ranking on it. */
const openPage = async (settings) => await openIn(await contextWith(settings), server.url);

/** What the list shows: names and scores in order. */
const shown = (page) =>
  page.$$eval(".card", (cards) =>
    cards.map((card) => ({ id: card.dataset.id, score: card.querySelector(".value").textContent })),
  );

/** Does something and waits until the list shows something else. */
async function changes(page, action) {
  const before = JSON.stringify(await shown(page));
  await action();
  await page.waitForFunction(
    (before) => {
      const cards = [...document.querySelectorAll(".card")];
      const now = cards.map((card) => ({ id: card.dataset.id, score: card.querySelector(".value").textContent }));
      return JSON.stringify(now) !== before;
    },
    before,
    { timeout: 10_000 },
  );
  return await shown(page);
}

const slide = (page, id, value) => page.locator(id).fill(String(value));

describe("the page", () => {
  test("ranks cleaners with score, parts, reasons, time and backend", async () => {
    const { page, complaints, foreign } = await openPage();
    const cards = await shown(page);
    assert.equal(cards.length, 10);
    const scores = cards.map((card) => Number(card.score));
    assert.deepEqual(
      scores,
      [...scores].sort((a, b) => b - a),
    );
    assert.match(await page.textContent("#status"), /ms[\s\S]*CPU · simd128[\s\S]*worker/);
    assert.match(await page.textContent(".card .legend"), /Rules \d+\.\d[\s\S]*Model \d+\.\d/);
    assert.ok((await page.locator(".card .reasons li").count()) >= 10);
    assert.equal(await page.locator(".map .marker").count(), 10);
    assert.deepEqual(complaints, []);
    assert.deepEqual(foreign, []);
  });

  test("the mode and the sliders rank again while they move", async () => {
    const { page } = await openPage();
    const ensemble = await shown(page);
    const weighted = await changes(page, () => slide(page, "#weight", 10));
    assert.notDeepEqual(weighted, ensemble);
    await page.locator("output[for=weight]", { hasText: /Rules 10 %\s*Model 90 %/ }).waitFor();
    const rules = await changes(page, () => page.getByRole("radio", { name: "Rules" }).check({ force: true }));
    await page.locator("#weight:disabled").waitFor();
    const neural = await changes(page, () => page.getByRole("radio", { name: "Model" }).check({ force: true }));
    assert.notDeepEqual(neural, rules);
    await changes(page, () => slide(page, "#distance", 4));
    const metres = await page.$$eval(".card .meta", (texts) =>
      texts.map((text) => Number(/([\d.]+) km away/.exec(text.textContent)?.[1])),
    );
    assert.ok(
      metres.every((km) => km <= 4),
      metres.join(),
    );
    assert.match(await page.textContent(".count"), /\d+ of 200 compared/);
    await page.locator(".map .reach").waitFor({ state: "attached" });
  });

  test("too small a distance leaves nobody, says so, and offers to look further", async () => {
    const { page } = await openPage();
    await page.selectOption("#job", "new");
    await slide(page, "#distance", 1);
    await page.selectOption("#area", "Koropi");
    const list = page.locator(".card, .empty");
    await list.first().waitFor();
    if ((await page.locator(".empty").count()) === 0) {
      // Somebody lives there: out to sea.
      await page.locator(".pin.movable").focus();
      for (let step = 0; step < 12; step++) await page.keyboard.press("Shift+ArrowLeft");
      for (let step = 0; step < 16; step++) await page.keyboard.press("Shift+ArrowDown");
    }
    await page.locator(".empty").waitFor();
    await page.locator(".empty button").click();
    await page.locator("output[for=distance]", { hasText: "up to 2 km" }).waitFor();
  });

  test("a card opens to its breakdown, and list and map point at each other", async () => {
    const { page } = await openPage();
    const second = page.locator(".card").nth(1);
    await second.locator(".head").click();
    await second.locator(".head[aria-expanded=true]").waitFor();
    const text = await second.locator(".details").textContent();
    for (const word of [
      "Quality",
      "Location",
      "Specialisation",
      "Pricing",
      "Availability",
      "Reliability × 25 %",
      "Clients like this one",
    ]) {
      assert.ok(text.includes(word), `${word} is missing in: ${text}`);
    }
    await page.locator('.marker.marked[data-rank="2"]').waitFor();
    await page.locator(".spoke").waitFor({ state: "attached" });
    await page.locator('.marker[data-rank="3"]').hover();
    await page.locator(".card.pointed .rank", { hasText: /^3$/ }).waitFor();
  });

  test("another client and another job are ranked, and only bidders on request", async () => {
    const { page } = await openPage();
    const clients = await page.$$eval("#client option", (options) => options.map((option) => option.value));
    assert.ok(clients.length >= 10);
    await changes(page, () => page.selectOption("#client", clients[3]));
    await changes(page, () => page.getByRole("radio", { name: "Those who bid" }).check({ force: true }));
    const bidders = await shown(page);
    assert.ok(bidders.length > 0 && bidders.length <= 8, `${bidders.length} bidders`);
    await page.locator(".card .meta", { hasText: /bids/ }).first().waitFor();
  });

  test("a click on the map moves a new job", async () => {
    const { page } = await openPage();
    await page.selectOption("#job", "new");
    const before = await page.inputValue("#area");
    const box = await page.locator(".map").boundingBox();
    await changes(page, () => page.mouse.click(box.x + box.width * 0.55, box.y + box.height * 0.86));
    await page.waitForFunction((before) => document.querySelector("#area").value !== before, before);
  });

  test("a new job can be written with the keyboard alone", async () => {
    const { page } = await openPage();
    const focusOn = async (selector) => {
      for (let press = 0; press < 60; press++) {
        if (await page.evaluate((selector) => document.activeElement?.matches(selector), selector)) return;
        await page.keyboard.press("Tab");
      }
      assert.fail(`Tab never came to ${selector}`);
    };
    const type = async (selector, text) => {
      await focusOn(selector);
      await page.keyboard.press("Control+a");
      await page.keyboard.type(text);
    };
    await focusOn("#job");
    await page.keyboard.press("Home");
    await page.locator("#type").waitFor();
    await focusOn("#type");
    await page.keyboard.type("Of");
    await type("#size", "240");
    await focusOn("#area");
    await page.keyboard.type("Glyf");
    await type("#duration", "6");
    await type("#budget", "90");
    await focusOn("#eco");
    await page.keyboard.press("Space");
    await focusOn(".card:nth-child(1) .head");
    await page.waitForFunction(() => document.querySelector("#area").value === "Glyfada");
    assert.deepEqual(
      [
        await page.inputValue("#type"),
        await page.inputValue("#size"),
        await page.inputValue("#budget"),
        await page.isChecked("#eco"),
      ],
      ["office", "240", "90", true],
    );
    await page.keyboard.press("Enter");
    await page.locator(".card.open .details h3").first().waitFor();
    await focusOn(".pin.movable");
    const label = await page.locator(".pin.movable").getAttribute("aria-label");
    for (let step = 0; step < 8; step++) await page.keyboard.press("Shift+ArrowUp");
    await page.waitForFunction(
      (label) => document.querySelector(".pin.movable").getAttribute("aria-label") !== label,
      label,
    );
  });

  test("works after a reload without a network", async () => {
    const { context, page, foreign } = await openPage();
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    const online = await shown(page);
    await context.setOffline(true);
    await server.close();
    try {
      await page.reload();
      await page.waitForSelector(".card");
      assert.deepEqual(await shown(page), online);
      await changes(page, () => slide(page, "#weight", 0));
      assert.deepEqual(foreign, []);
    } finally {
      const { port } = new URL(server.url);
      server = await serve({ root, port: Number(port) });
    }
  });

  test("keeps to its content security policy, which the server sends too", async () => {
    const { page, response } = await openPage();
    assert.equal(response.headers()["content-security-policy"], CSP);
    const meta = await page.getAttribute("meta[http-equiv]", "content");
    assert.equal(meta, CSP);
    await page.locator(".card .head").first().click();
    await changes(page, () => slide(page, "#weight", 0));
    assert.deepEqual(await page.evaluate(() => window.violations), []);
    // The listener hears: an inline style is a violation.
    await page.evaluate(() => document.body.setAttribute("style", "color:red"));
    await page.waitForFunction(() => window.violations.length > 0);
  });

  for (const [what, settings] of [
    ["light", { colorScheme: "light" }],
    ["dark", { colorScheme: "dark" }],
    ["on a phone", { viewport: { width: 390, height: 844 }, hasTouch: true }],
  ]) {
    test(`axe finds nothing, ${what}`, async () => {
      const { page } = await openPage({ ...settings, bypassCSP: true });
      for (const step of ["a job", "a new job"]) {
        if (step === "a new job") {
          await page.selectOption("#job", "new");
          await page.locator("#type").waitFor();
        }
        await page.locator(".card .head").first().click();
        await page.waitForTimeout(300);
        assert.deepEqual(await faultsOf(page), [], step);
      }
    });
  }

  test("a market that cannot be loaded is said, with a way to try again", async () => {
    const context = await contextWith({ serviceWorkers: "block" });
    await context.route("**/market.json", (route) => route.fulfill({ status: 500 }));
    const page = await context.newPage();
    await page.goto(server.url);
    assert.match(await page.locator("[role=alert]").textContent(), /could not be loaded[\s\S]*500/);
    await context.unroute("**/market.json");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.waitForSelector(".card");
  });

  test("a damaged model is said on the page, which ranks by rules", async () => {
    const context = await contextWith({ serviceWorkers: "block" });
    await context.route("**/model.q8.safetensors", (route) => route.fulfill({ body: "broken" }));
    const page = await context.newPage();
    await page.goto(server.url);
    await page.waitForSelector(".card");
    assert.match(await page.locator(".notice").first().textContent(), /ranked by rules/);
    assert.match(await page.textContent(".card .legend"), /Model –/);
  });
});
