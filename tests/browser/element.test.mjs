// `<tidyrank-results>` from the tarball, in Chromium: what a person sees, hears and presses, and what a host is told.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { inRoot } from "../../scripts/paths.mjs";
import { serve } from "../../scripts/serve.mjs";
import {
  expectedRankings,
  importInstalled,
  installedPackage,
  knownJob,
  launch,
  modelFolder,
  siteWith,
} from "./support.mjs";

const AXE = readFileSync(inRoot("node_modules/axe-core/axe.min.js"), "utf8");
// biome-ignore lint/suspicious/noTemplateCurlyInString: that is what somebody would try
const HOSTILE = '<img src=x onerror="window.hurt = 1"><script>window.hurt = 1</script>${window.hurt=1}\u202e"\'><b>';
let browser;
let server;
let installed;
let ranking;
let jobRanking;
const open = [];

before(async () => {
  installed = installedPackage();
  const { Recommender } = await importInstalled(installed.project);
  const recommender = await Recommender.load(join(modelFolder(), "manifest.json"));
  ranking = await recommender.recommendCleaners(knownJob(), { limit: 5 });
  jobRanking = await recommender.recommendJobs(CLEANER, postings(), { limit: 4 });
  recommender.dispose();
  server = await serve({ root: siteWith(installed.project), port: 0 });
  browser = await launch();
});
afterEach(() => Promise.all(open.splice(0).map((context) => context.close())));
after(async () => {
  await browser?.close();
  await server?.close();
});

const CLEANER = "cleaner-000003";

/** Jobs of the released market, one of them with bids, and one of which hardly anything is known. */
function postings() {
  const bids = [
    { cleanerId: "cleaner-000001", amount: 47 },
    { cleanerId: "cleaner-000002", amount: 52 },
  ];
  const known = expectedRankings()
    .map(({ job }) => job)
    .filter((job) => job.location && job.durationH && !job.bids)
    .slice(0, 3)
    .map((job, at) => ({ ...job, jobId: `job-${at}`, budget: 80 + at, clientJobs: 4, clientCompleted: 3 }));
  return [...known.with(1, { ...known[1], bids }), { jobId: "bare", durationH: 2 }];
}

/** Jobs as a cleaner sees them. */
const jobs = () => ({
  items: [1, 2].map((rank) => ({
    jobId: `job-${rank}`,
    rank,
    score: 100 - 15 * rank,
    ruleScore: 70,
    pay: 60,
    price: 55,
    bidCount: rank,
    lowestBid: 50,
    distanceKm: 3.25,
    breakdown: { quality: 70, location: 80, specialisation: null, pricing: 40, availability: 100 },
    contributions: [{ component: "location", weight: 25, value: 80, contribution: 20 }],
    reasons: [{ code: "near", text: "Near: 3.3 km away" }],
  })),
});

/** A page with the element in it, and what it tells: `set` are its properties. */
async function openElement(set = {}, settings = {}) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 900 }, ...settings });
  open.push(context);
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => {
    const expected = message.location().url.endsWith("favicon.ico");
    if (["error", "warning"].includes(message.type()) && !expected) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(server.url);
  await page.evaluate(async (set) => {
    await import("/tidyrank/element.js");
    document.body.innerHTML =
      "<main><h1>Page</h1><h2>Results</h2><tidyrank-results><p>Plain</p></tidyrank-results></main>";
    const element = document.querySelector("tidyrank-results");
    window.told = [];
    for (const name of ["select", "contact", "feedback", "toggle"]) {
      document.addEventListener(`tidyrank-${name}`, ({ type, detail }) => window.told.push({ type, ...detail }));
    }
    await Object.assign(element, set).updateComplete;
  }, set);
  return { page, complaints, told: () => page.evaluate(() => window.told) };
}

const setIn = (page, set) =>
  page.evaluate((set) => Object.assign(document.querySelector("tidyrank-results"), set).updateComplete, set);

async function assertAccessible(page, what) {
  await page.evaluate(AXE);
  const violations = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { rules: { "landmark-one-main": { enabled: true } } });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
  });
  assert.deepEqual(violations, [], what);
}

describe("the element", () => {
  test("is a list with headings, scores in words, reasons and facts", async () => {
    const { page, complaints } = await openElement({ ranking, currency: "EUR" });
    await assert.doesNotReject(page.getByRole("list", { name: "Ranking" }).waitFor());
    const first = ranking.items[0];
    const item = page.getByRole("list", { name: "Ranking" }).locator("> li").first();
    assert.equal(await item.getByRole("heading", { level: 3 }).innerText(), first.name);
    assert.match(await item.innerText(), new RegExp(`Score ${Math.round(first.score)} of 100, (very )?good match`));
    for (const reason of first.reasons) assert.ok((await item.innerText()).includes(reason.text), reason.text);
    assert.match(await item.innerText(), /€\d+/);
    assert.equal(await page.getByRole("heading", { level: 3 }).count(), ranking.items.length);
    assert.equal(await page.getByRole("status").first().textContent(), "5 results");
    await page.setViewportSize({ width: 360, height: 800 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 360, `the page is ${wide} px wide on a phone`);
    assert.deepEqual(complaints, [], "the content security policy allows no inline style or script");
  });

  for (const [what, settings, set] of [
    ["in light", {}, {}],
    ["in dark", { colorScheme: "dark" }, {}],
    ["in dark by its attribute", {}, { theme: "dark" }],
    ["on a phone, in Greek", { viewport: { width: 360, height: 800 } }, { locale: "el" }],
    ["from right to left", {}, { dir: "rtl" }],
  ]) {
    test(`has no violations of axe ${what}`, async () => {
      const { page } = await openElement({ ranking, currency: "EUR", ...set }, settings);
      const dark = settings.colorScheme === "dark" || set.theme === "dark";
      await page.evaluate((dark) => {
        const [background, color] = dark ? ["#12161d", "#fff"] : ["#fff", "#000"];
        Object.assign(document.body.style, { background, color });
      }, dark);
      await setIn(page, { expanded: [ranking.items[0].cleanerId] });
      await page.locator('[part~="not-helpful"]').nth(1).click();
      await assertAccessible(page, "a list");
      await page.locator('[part~="complaint"]').last().click();
      await assertAccessible(page, "a comment");
      await setIn(page, { ranking: null, loading: true });
      await assertAccessible(page, "placeholders");
      await setIn(page, { items: [], loading: false });
      await assertAccessible(page, "an empty list");
    });
  }

  test("is dark by the system, and light or dark by its attribute", async () => {
    const { page } = await openElement({ ranking }, { colorScheme: "dark" });
    const surface = () =>
      page
        .locator(".card")
        .first()
        .evaluate((card) => getComputedStyle(card).backgroundColor);
    const bySystem = await surface();
    await setIn(page, { theme: "light" });
    assert.equal(await surface(), "rgb(255, 255, 255)");
    await setIn(page, { theme: "dark" });
    assert.equal(await surface(), bySystem);
    await page.evaluate(() =>
      document.querySelector("tidyrank-results").style.setProperty("--tidyrank-surface", "rgb(1, 2, 3)"),
    );
    assert.equal(await surface(), "rgb(1, 2, 3)", "a custom property of the host");
  });

  test("shows how a score is made of, with meters that have text", async () => {
    const { page, told } = await openElement({ ranking });
    const button = page.getByRole("button", { name: "Why this place?" }).first();
    assert.equal(await button.getAttribute("aria-expanded"), "false");
    await button.focus();
    await page.keyboard.press("Enter");
    assert.equal(await button.getAttribute("aria-expanded"), "true");
    const { breakdown, contributions, ruleScore, cleanerId } = ranking.items[0];
    const meters = page.getByRole("meter");
    const known = Object.values(breakdown).filter((value) => value !== null);
    assert.equal(await meters.count(), known.length);
    const quality = page.getByRole("meter", { name: "Quality" });
    assert.equal(await quality.getAttribute("aria-valuenow"), String(Math.round(breakdown.quality)));
    assert.equal(await quality.getAttribute("aria-valuetext"), `${Math.round(breakdown.quality)} of 100`);
    const filled = await quality.evaluate((bar) => bar.firstElementChild.offsetWidth / bar.offsetWidth);
    assert.ok(Math.abs(filled - breakdown.quality / 100) < 0.02, `${filled} of the bar is filled`);
    const rows = await page.getByRole("table").getByRole("row").allInnerTexts();
    assert.equal(rows.length, contributions.length + 2);
    assert.match(rows.at(-1), new RegExp(`${ruleScore.toFixed(1)}$`));
    assert.deepEqual(
      (await told()).map(({ type, id, expanded }) => ({ type, id, expanded })),
      [{ type: "tidyrank-toggle", id: cleanerId, expanded: true }],
    );
    await page.keyboard.press("Space");
    assert.equal(await button.getAttribute("aria-expanded"), "false");
    assert.equal(await meters.count(), 0);
  });

  test("tells what was chosen, and what was said of it, by keyboard alone", async () => {
    const recommendationIds = ranking.items.map((_, at) => `rec-${at}`);
    const { page, told } = await openElement({ ranking, recommendationIds });
    const { cleanerId, name } = ranking.items[0];
    await page.keyboard.press("Tab");
    assert.equal(
      await page.evaluate(() => document.querySelector("tidyrank-results").shadowRoot.activeElement.textContent),
      name,
    );
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    for (let i = 0; i < 3; i++) await page.keyboard.press("Tab"); // why, helpful, not for me
    await page.keyboard.press("Enter");
    const focused = () =>
      page.evaluate(() => document.querySelector("tidyrank-results").shadowRoot.activeElement?.textContent.trim());
    assert.equal(await focused(), "Not relevant", "the focus is on the first answer");
    await page.keyboard.press("Escape");
    assert.equal(await focused(), "Not for me", "the focus is back");
    await page.keyboard.press("Enter");
    for (let i = 0; i < 4; i++) await page.keyboard.press("Tab");
    assert.equal(await focused(), "Something else");
    await page.keyboard.press("Enter");
    await page.keyboard.type("  A cat lives here  ");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    assert.equal(await focused(), "Thank you, noted.");
    const common = { id: cleanerId, rank: 1, recommendationId: "rec-0" };
    const events = (await told()).map(({ item, ...rest }) => ({ ...rest, itemOf: item.cleanerId }));
    assert.deepEqual(events, [
      { type: "tidyrank-select", ...common, itemOf: cleanerId },
      { type: "tidyrank-contact", ...common, itemOf: cleanerId },
      { type: "tidyrank-feedback", ...common, kind: "other", comment: "A cat lives here", itemOf: cleanerId },
    ]);
  });

  test("takes every kind of feedback", async () => {
    const kinds = ["not_relevant", "too_expensive", "too_far", "wrong_specialty"];
    const { page, told } = await openElement({ ranking });
    for (const [at] of kinds.entries()) {
      await page.locator('[part~="not-helpful"]').first().click();
      await page.locator('[part~="complaint"]').nth(at).click();
    }
    await page.locator('[part~="helpful"]').last().click();
    assert.deepEqual(
      (await told()).map(({ kind, comment, recommendationId }) => [kind, comment, recommendationId]),
      [...kinds, "helpful"].map((kind) => [kind, undefined, null]),
    );
    // A new ranking can be judged anew.
    await setIn(page, { ranking: { ...ranking } });
    assert.equal(await page.locator('[part~="helpful"]').count(), ranking.items.length);
  });

  test("what is said of a result can be kept as it is told", async () => {
    const { page } = await openElement({ ranking });
    await page.evaluate(async (ranking) => {
      const { EventStore } = await import("/tidyrank/events.js");
      const events = await EventStore.open();
      window.events = events;
      await events.setConsent(true);
      const element = document.querySelector("tidyrank-results");
      element.recommendationIds = await events.recordCleaners({ jobId: "job-1" }, ranking);
      element.addEventListener("tidyrank-feedback", ({ detail: { recommendationId, kind, comment } }) => {
        window.kept = events.feedback(recommendationId, kind, comment);
      });
      element.addEventListener("tidyrank-contact", ({ detail }) => {
        window.kept = events.outcome(detail.recommendationId, "contacted");
      });
      await element.updateComplete;
    }, ranking);
    await page.locator('[part~="helpful"]').nth(0).click();
    await page.evaluate(() => window.kept);
    await page.locator('[part~="contact"]').nth(1).click();
    await page.evaluate(() => window.kept);
    await page.locator('[part~="not-helpful"]').nth(0).click();
    await page.locator('[part~="complaint"]').last().click();
    await page.keyboard.type("<b>no");
    await page.getByRole("button", { name: "Send" }).click();
    await page.evaluate(() => window.kept);
    const records = await page.evaluate(() => window.events.records());
    const said = records.map(({ cleanerId, feedback, outcomes }) => ({ cleanerId, feedback, outcomes }));
    assert.equal(said.length, ranking.items.length);
    assert.match(JSON.stringify(said[0]), /"helpful"/);
    assert.match(JSON.stringify(said[1]), /<b>no/);
    assert.match(JSON.stringify(said[1]), /contacted/);
  });

  test("asks the host for explanations once, and survives one that fails", async () => {
    const { page } = await openElement({ ranking });
    await page.evaluate(() => {
      window.asked = [];
      document.querySelector("tidyrank-results").explain = async ({ cleanerId, rank }) => {
        window.asked.push(cleanerId);
        if (rank === 2) throw new Error("no");
        const groups = [
          { group: "distance", points: 4 },
          { group: "<b>taste", points: -2.5 },
        ];
        return {
          parts: {
            rules: { weight: 14, value: 80, points: 11.2 },
            neural: { weight: 56, value: 85, points: 47.6 },
            price: { weight: 30, value: null, points: 15 },
          },
          neural: { baseline: 60, score: 61.5, groups },
          counterfactuals: [{ code: "nearer", text: "3rd if nearer" }],
        };
      };
    });
    const why = page.getByRole("button", { name: "Why this place?" });
    await why.nth(0).click();
    await page.getByText("3rd if nearer").waitFor();
    assert.match(await page.locator('[part="model"]').innerText(), /Distance\s+\+4\.0\s+<b>taste\s+−2\.5/);
    const table = page.getByRole("table", { name: "How the score adds up" });
    assert.match(
      await table.innerText(),
      /Rules\s+14 %\s+80\s+11\.2\s+Model\s+56 %\s+85\s+47\.6\s+Price\s+30 %\s+unknown\s+15\.0/,
    );
    await assertAccessible(page, "an explanation");
    await why.nth(0).click();
    await why.nth(0).click();
    await why.nth(1).click();
    await page.getByText("There is no explanation just now.").waitFor();
    assert.deepEqual(
      await page.evaluate(() => window.asked),
      ranking.items.slice(0, 2).map((item) => item.cleanerId),
    );
  });

  test("shows what the engine explains", async () => {
    const { page } = await openElement({ ranking });
    const explanation = await page.evaluate(
      async ({ job, id }) => {
        const { Recommender } = await import("/tidyrank/index.js");
        const recommender = await Recommender.load("/market/manifest.json");
        document.querySelector("tidyrank-results").explain = ({ cleanerId }) => recommender.explain(job, cleanerId);
        return await recommender.explain(job, id);
      },
      { job: knownJob(), id: ranking.items[1].cleanerId },
    );
    await page.getByRole("button", { name: "Why this place?" }).nth(1).click();
    const table = page.getByRole("table", { name: "How the score adds up" });
    await table.waitFor();
    const points = (await table.getByRole("row").allInnerTexts()).slice(1).map((row) => Number(/[\d.]+$/.exec(row)[0]));
    const total = points.pop();
    assert.ok(Math.abs(points.reduce((a, b) => a + b) - total) <= 0.2, `${points} do not add up to ${total}`);
    const groups = await page.locator(".groups .bar-row").allInnerTexts();
    assert.equal(groups.length, explanation.neural.groups.length + 1);
    // Every group has a name of its own in the texts.
    for (const { group } of explanation.neural.groups) {
      assert.ok(!groups.some((line) => line.startsWith(group)), `${group} has no text`);
    }
    const changes = await page.locator('[part="changes"] li').allInnerTexts();
    assert.deepEqual(
      changes,
      explanation.counterfactuals.map(({ text }) => text),
    );
  });

  test("lists the jobs that the engine recommends, with bars, reasons and feedback", async () => {
    const { items } = jobRanking;
    assert.equal(items.length, 4);
    const { page, told, complaints } = await openElement({ ranking: jobRanking, currency: "EUR" });
    const cards = page.locator("li.card");
    assert.deepEqual(
      await page.getByRole("heading", { level: 3 }).allInnerTexts(),
      items.map(({ jobId }) => `Job ${jobId}`),
    );
    for (const [at, item] of items.entries()) {
      const text = await cards.nth(at).innerText();
      assert.ok(text.includes(`Score ${Math.round(item.score)} of 100`), text);
      assert.ok(item.reasons.length > 0);
      for (const reason of item.reasons) assert.ok(text.includes(reason.text), `${reason.text} is not in ${text}`);
      assert.equal(text.includes("km away"), item.distanceKm !== null);
      if (item.pay !== null) assert.ok(text.includes(`€${item.pay}`), text);
      if (item.bidCount) assert.match(text, /2 bids, from €47/);
    }
    await setIn(page, { expanded: items.map(({ jobId }) => jobId) });
    for (const [at, { breakdown, contributions, ruleScore }] of items.entries()) {
      const known = Object.values(breakdown).filter((value) => value !== null);
      const shown = await cards.nth(at).getByRole("meter").all();
      const values = await Promise.all(shown.map((meter) => meter.getAttribute("aria-valuenow")));
      assert.deepEqual(values.sort(), known.map((value) => String(Math.round(value))).sort());
      assert.equal(await cards.nth(at).locator(".bar.none").count(), 5 - known.length);
      const rows = await cards.nth(at).getByRole("table").getByRole("row").allInnerTexts();
      const points = rows.slice(1).map((row) => Number(/[\d.]+$/.exec(row)[0]));
      assert.equal(points.at(-1), Number(ruleScore.toFixed(1)));
      const sum = points.slice(0, -1).reduce((a, b) => a + b);
      assert.ok(Math.abs(sum - points.at(-1)) <= 0.26, `${points.slice(0, -1)} do not add up to ${points.at(-1)}`);
      // Every component has a name of its own in the texts.
      for (const { component } of contributions) assert.ok(!rows.some((row) => row.startsWith(component)), component);
    }
    await cards.first().locator('[part~="helpful"]').first().click();
    await cards.nth(1).locator('[part~="not-helpful"]').click();
    await cards.nth(1).locator('[part~="complaint"]').first().click();
    await cards.nth(2).locator('[part~="contact"]').click();
    assert.deepEqual(
      (await told()).map(({ type, id, kind, item }) => [type, id, kind, item.score]),
      [
        ["tidyrank-feedback", items[0].jobId, "helpful", items[0].score],
        ["tidyrank-feedback", items[1].jobId, "not_relevant", items[1].score],
        ["tidyrank-contact", items[2].jobId, undefined, items[2].score],
      ],
    );
    await assertAccessible(page, "jobs of the engine");
    await setIn(page, { locale: "el", theme: "dark" });
    await page.evaluate(() => Object.assign(document.body.style, { background: "#12161d", color: "#fff" }));
    await assertAccessible(page, "jobs of the engine, in Greek, in dark");
    await page.setViewportSize({ width: 360, height: 800 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 360, `the page is ${wide} px wide on a phone`);
    assert.deepEqual(complaints, []);
  });

  test("what is said of a job can be kept as it is told", async () => {
    const { page } = await openElement({ ranking: jobRanking });
    await page.evaluate(
      async ([cleanerId, ranking]) => {
        const { EventStore } = await import("/tidyrank/events.js");
        window.events = await EventStore.open();
        await window.events.setConsent(true);
        const element = document.querySelector("tidyrank-results");
        element.recommendationIds = await window.events.recordJobs(cleanerId, ranking);
        element.addEventListener("tidyrank-feedback", ({ detail: { recommendationId, kind } }) => {
          window.kept = window.events.feedback(recommendationId, kind);
        });
        await element.updateComplete;
      },
      [CLEANER, jobRanking],
    );
    await page.locator('[part~="helpful"]').first().click();
    await page.evaluate(() => window.kept);
    const records = await page.evaluate(() => window.events.records());
    assert.deepEqual(
      records.map(({ jobId, cleanerId }) => [jobId, cleanerId]),
      jobRanking.items.map(({ jobId }) => [jobId, CLEANER]),
    );
    assert.match(JSON.stringify(records[0]), /"helpful"/);
  });

  test("lists jobs, in Greek, with texts of the host", async () => {
    const { page, told, complaints } = await openElement({ ranking: jobs(), locale: "el", currency: "EUR" });
    await page.evaluate(() => {
      const element = document.querySelector("tidyrank-results");
      element.texts = { contact: "Κάνε προσφορά", job: (id) => `Σπίτι ${id}` };
      return element.updateComplete;
    });
    const text = await page.locator("li.card").first().innerText();
    assert.match(text, /Σπίτι job-1[\s\S]*Αμοιβή 60\s€[\s\S]*1 προσφορά, από 50\s€[\s\S]*3,3 χλμ/);
    await page.getByRole("button", { name: "Γιατί" }).first().click();
    assert.match(await page.locator('[part="breakdown"]').innerText(), /Εξειδίκευση\s+άγνωστο/);
    await page.getByText("Κάνε προσφορά").first().click();
    assert.deepEqual(
      (await told()).map(({ type, id }) => [type, id]),
      [
        ["tidyrank-toggle", "job-1"],
        ["tidyrank-contact", "job-1"],
      ],
    );
    assert.deepEqual(complaints, []);
  });

  test("shows hostile texts as texts", async () => {
    const [first] = structuredClone(ranking.items);
    const hostile = {
      ...first,
      cleanerId: HOSTILE,
      name: HOSTILE,
      reasons: [{ code: HOSTILE, text: HOSTILE }],
      contributions: [{ component: HOSTILE, weight: 1, value: 1, contribution: 1 }],
    };
    const meta = { fallback: { code: "x", text: HOSTILE } };
    const { page, complaints } = await openElement({
      ranking: {
        items: [hostile, { ...hostile, cleanerId: "__proto__", name: "" }, { rank: 3, score: Number.NaN }],
        meta,
      },
      locale: HOSTILE,
      currency: HOSTILE,
      theme: HOSTILE,
      recommendationIds: [HOSTILE],
      expanded: [HOSTILE, "__proto__"],
    });
    assert.equal(
      await page
        .getByRole("heading", { level: 3 })
        .first()
        .textContent()
        .then((text) => text.trim()),
      HOSTILE,
    );
    const found = await page.evaluate(() => {
      const { shadowRoot } = document.querySelector("tidyrank-results");
      return { elements: shadowRoot.querySelectorAll("img, script, b").length, hurt: window.hurt };
    });
    assert.deepEqual(found, { elements: 0, hurt: undefined });
    assert.deepEqual(complaints, []);
  });

  test("keeps what was set before it was defined", async () => {
    const { page } = await openElement();
    const shown = await page.evaluate(async (ranking) => {
      const frame = document.body.appendChild(document.createElement("iframe"));
      frame.src = "/index.html";
      await new Promise((done) => frame.addEventListener("load", done));
      const early = frame.contentDocument.createElement("tidyrank-results");
      Object.assign(early, { ranking, hideFeedback: true });
      frame.contentDocument.body.append(early);
      const script = frame.contentDocument.createElement("script");
      Object.assign(script, { type: "module", src: "/tidyrank/element.js" });
      frame.contentDocument.body.append(script);
      await frame.contentWindow.customElements.whenDefined("tidyrank-results");
      await early.updateComplete;
      const count = (selector) => early.shadowRoot.querySelectorAll(selector).length;
      return [count("li.card"), count('[part~="helpful"]')];
    }, ranking);
    assert.deepEqual(shown, [ranking.items.length, 0]);
  });

  test("says that it is waiting, that there is nothing, and leaves the page's own content until then", async () => {
    const { page } = await openElement();
    assert.ok(await page.getByText("Plain").isVisible());
    await setIn(page, { loading: true });
    assert.equal(await page.getByRole("status").first().textContent(), "Ranking …");
    assert.ok(!(await page.getByText("Plain").isVisible()));
    assert.equal(await page.locator(".skeleton").count(), 3);
    await setIn(page, { ranking, loading: true });
    assert.equal(await page.getByRole("list", { name: "Ranking" }).getAttribute("aria-busy"), "true");
    await setIn(page, { ranking: { items: [] }, loading: false });
    assert.match(await page.locator('[part="empty"]').innerText(), /Nobody fits/);
    await setIn(page, { ranking: undefined, initialResults: ranking });
    assert.equal(await page.locator("li.card").count(), ranking.items.length);
    await setIn(page, { initialResults: { items: "none" } });
    assert.ok(await page.getByText("Plain").isVisible(), "what is no ranking is none");
  });
});

test("the README names every custom property, part, event and sub-path, and no other", () => {
  const readme = readFileSync(inRoot("js/README.md"), "utf8");
  const folder = "js/src/element";
  const code = readdirSync(inRoot(folder))
    .map((name) => readFileSync(inRoot(`${folder}/${name}`), "utf8"))
    .join("\n");
  const all = (text, pattern) => [...new Set([...text.matchAll(pattern)].map(([, name]) => name))].sort();
  assert.deepEqual(all(readme, /`(--tidyrank-[a-z-]+)`/g), all(code, /var\((--tidyrank-[a-z-]+)/g));
  const parts = all(code, /part="([a-z -]+)"/g).flatMap((names) => names.split(" "));
  const [, listed] = /\*\*Parts:\*\*([\s\S]*?)\n\n/.exec(readme);
  assert.deepEqual(all(listed, /`([a-z-]+)`/g), [...new Set(parts)].sort());
  const { events } = /(?<events>\| event \|[\s\S]*?)\n\n/.exec(readme).groups;
  const sent = all(code, /#send\("(tidyrank-[a-z]+)"/g);
  assert.deepEqual(all(events, /`(tidyrank-[a-z]+)`/g), sent);
  const { exports } = JSON.parse(readFileSync(inRoot("js/package.template.json"), "utf8"));
  const paths = Object.keys(exports).filter((path) => path !== "./package.json");
  const { imports } = /(?<imports>\| import \|[\s\S]*?)\n\n/.exec(readme).groups;
  assert.deepEqual(
    all(imports, /^\| `(tidyrank[a-z/.]*)`/gm),
    paths.map((path) => path.replace(".", "tidyrank")).sort(),
  );
});

describe("on a server", () => {
  /** Runs a module of a user's project that has React, too. */
  function run(script, input) {
    const modules = join(installed.project, "node_modules");
    for (const name of ["react", "react-dom", "scheduler"]) {
      if (!existsSync(join(modules, name))) symlinkSync(inRoot(`node_modules/${name}`), join(modules, name));
    }
    const args = ["--input-type=module", "-e", script];
    return execFileSync(process.execPath, args, {
      cwd: installed.project,
      input: JSON.stringify(input),
      encoding: "utf8",
    });
  }
  const RENDER = `
    import { text } from "node:stream/consumers";
    import { createElement } from "react";
    import { renderToString } from "react-dom/server";
    import { TidyrankResults } from "tidyrank/react";
    const props = JSON.parse(await text(process.stdin));
    process.stdout.write(renderToString(createElement(TidyrankResults, { ...props, onSelect() {}, explain() {} })));`;

  test("the element can be imported and defines nothing", () => {
    const script =
      'const { TidyrankResults: T } = await import("tidyrank/element"); console.log(typeof T, typeof customElements)';
    assert.equal(run(script).trim(), "function undefined");
  });

  test("the component renders the results as plain text, the same every time", () => {
    const props = { initialResults: ranking, locale: "el", currency: "EUR", className: "mine", id: "r" };
    const html = run(RENDER, props);
    const lines = ranking.items.map(({ name, score }) => `<li>${name}: ${Math.round(score)} στα 100</li>`);
    assert.equal(html, `<tidyrank-results class="mine" id="r"><ol>${lines.join("")}</ol></tidyrank-results>`);
    assert.equal(run(RENDER, props), html);
  });

  test("the component renders hostile texts as texts, and nothing where there is nothing", () => {
    const html = run(RENDER, { items: [{ cleanerId: "c", name: HOSTILE, rank: 1, score: 1 }] });
    assert.doesNotMatch(html, /<(img|script|b)\b/);
    assert.equal(run(RENDER, { loading: true }), "<tidyrank-results></tidyrank-results>");
  });
});
