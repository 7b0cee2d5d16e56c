// The store of events in a real browser: consent, reloads, crashes, aborted transactions, no room, no database, several tabs.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import fc from "fast-check";
import { chromium } from "playwright-core";
import { inRoot } from "../../scripts/paths.mjs";
import { eventServer, rankingOf } from "./event-server.mjs";
import { importInstalled, installedPackage, launch, temporaryFolder } from "./support.mjs";

let browser;
let server;
let node;

before(async () => {
  const { project } = installedPackage();
  node = await importInstalled(project, "tidyrank/events");
  const root = temporaryFolder("events-site");
  cpSync(join(project, "node_modules/tidyrank/dist"), join(root, "tidyrank"), { recursive: true });
  writeFileSync(join(root, "index.html"), "<!doctype html><html lang=en><meta charset=utf-8><title>events</title>\n");
  server = await eventServer({ root });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.close();
});
beforeEach(() => server.reset());

/** Runs in the page: the module, an opened store, and helpers. */
async function prepare() {
  const { EventStore } = await import("/tidyrank/events.js");
  const warnings = [];
  const open = (options) => EventStore.open({ onWarning: ({ code }) => warnings.push(code), ...options });
  const codeOf = (promise) =>
    promise.then(
      () => "none",
      (error) => (error.name === "TidyrankError" ? error.code : `foreign: ${error}`),
    );
  /** What is in the database, past the store. */
  const raw = async (name = "tidyrank-events") => {
    const database = await new Promise((resolve, reject) => {
      const request = indexedDB.open(name);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const all = (store) =>
      new Promise((resolve) => {
        const request = database.transaction(store).objectStore(store).getAll();
        request.onsuccess = () => resolve(request.result);
      });
    const found = { events: await all("events"), batches: await all("batches") };
    database.close();
    return found;
  };
  const list = (count, start = 0) => {
    const items = window.ranking.items.slice(0, count).map((item, at) => ({ ...item, cleanerId: `c-${start + at}` }));
    return { ...window.ranking, items };
  };
  window.t = { EventStore, open, warnings, codeOf, raw, list };
}

async function openPage(context, setUp) {
  const page = await context.newPage();
  if (setUp) await page.addInitScript(setUp);
  await page.goto(server.url);
  await ready(page);
  return page;
}

async function ready(page) {
  await page.evaluate((ranking) => {
    window.ranking = ranking;
  }, rankingOf(50));
  await page.evaluate(prepare);
}

/** A fresh profile with one page. */
async function fresh(setUp) {
  const context = await browser.newContext();
  return { context, page: await openPage(context, setUp) };
}

/** How many events each list has that is there at all. */
function listSizes(events) {
  const sizes = new Map();
  for (const { requestId } of events) sizes.set(requestId, (sizes.get(requestId) ?? 0) + 1);
  return [...sizes.values()];
}

describe("consent", () => {
  test("nothing is written before it, and it outlives the page", async () => {
    const { context, page } = await fresh();
    const before = await page.evaluate(async () => {
      const store = await t.open();
      const codes = [
        await t.codeOf(store.recordCleaners({ jobId: "j" }, t.list(3))),
        await t.codeOf(store.outcome("x", "viewed")),
        await t.codeOf(store.feedback("x", "helpful")),
        await t.codeOf(store.sync("/")),
      ];
      return { codes, consent: store.consent(), persistent: store.persistent, raw: await t.raw() };
    });
    assert.deepEqual(before, {
      codes: Array(4).fill("events.consent"),
      consent: "unknown",
      persistent: true,
      raw: { events: [], batches: [] },
    });
    await page.evaluate(async () => (await t.open()).setConsent(true));
    await page.reload();
    await ready(page);
    assert.equal(await page.evaluate(async () => (await t.open()).consent()), "granted");
    await context.close();
  });

  test("withdrawing it erases everything, also what another tab holds, and ends what it sends", async () => {
    const { context, page } = await fresh();
    const other = await openPage(context);
    await page.evaluate(async () => {
      window.store = await t.open();
      await store.setConsent(true);
      await store.recordCleaners({ jobId: "j" }, t.list(10));
    });
    server.state.faults = [{ delay: 5000 }];
    await other.evaluate(async () => {
      window.store = await t.open();
      window.sending = t.codeOf(store.sync("/events"));
    });
    while (server.state.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await page.evaluate(() => store.setConsent(false));
    // The server answers after five seconds; nobody waits for that.
    const seen = await other.evaluate(async () => ({
      sending: await Promise.race([window.sending, new Promise((done) => setTimeout(done, 2500, "still sending"))]),
      consent: store.consent(),
      code: await t.codeOf(store.recordCleaners({ jobId: "j" }, t.list(1))),
      raw: await t.raw(),
    }));
    assert.deepEqual(seen, {
      sending: "events.consent",
      consent: "denied",
      code: "events.consent",
      raw: { events: [], batches: [] },
    });
    await page.reload();
    await ready(page);
    assert.equal(await page.evaluate(async () => (await t.open()).consent()), "denied");
    await context.close();
  });

  test("erasing leaves it as it is", async () => {
    const { context, page } = await fresh();
    const outcome = await page.evaluate(async () => {
      const store = await t.open();
      await store.setConsent(true);
      await store.recordCleaners({ jobId: "j" }, t.list(3));
      await store.erase();
      const stats = await store.stats();
      await store.recordCleaners({ jobId: "j" }, t.list(2));
      return { stats, consent: store.consent(), events: (await t.raw()).events.length };
    });
    const stats = { events: 0, unsynced: 0, dropped: 0, lost: 0 };
    assert.deepEqual(outcome, { stats, consent: "granted", events: 2 });
    await context.close();
  });
});

describe("what is recorded", () => {
  test("comes back after a reload as the records of seed 001, with what came of them", async () => {
    const { context, page } = await fresh();
    await page.evaluate(async () => {
      let now = 1_760_000_000;
      let id = 0;
      const store = await t.open({ clock: () => now++ + 0.7, randomId: () => `id-${id++}` });
      await store.setConsent(true);
      const job = { jobId: "j-1", clientId: "u-1", propertyType: "apartment", budget: 80 };
      const assignment = { experiment: "blend", variant: "b", unitId: "u-1", bucket: 0.3 };
      const [first, second] = await store.recordCleaners(job, t.list(2), { assignment });
      const jobs = {
        items: [{ ...t.list(1).items[0], jobId: "j-2", clientId: null, interval: [70, 90] }],
        meta: ranking.meta,
      };
      const [shown] = await store.recordJobs("c-9", jobs, { assignment: { ...assignment, variant: null }, level: 0.8 });
      const inputs = {
        clientBudget: 80,
        marketAverage: 60.5,
        cleanerAverage: null,
        winRate: 0.25,
        bidCount: 2,
        lowestBid: 55,
      };
      const bid = {
        cleanerId: "c-9",
        min: 50,
        optimal: 60,
        max: 75,
        winProbability: 0.62,
        inputs,
        source: "model",
        model: { name: "bids", version: "1" },
      };
      const suggested = await store.recordBid(job, bid);
      await store.outcome(first, "viewed");
      await store.outcome(first, "viewed");
      await store.outcome(first, "contacted");
      await store.outcome(first, "hired");
      await store.outcome(first, "rated", 9);
      await store.outcome(first, "rated", 9.5);
      await store.feedback(first, "helpful");
      await store.feedback(second, "too_far", "on the other side of town");
      await store.outcome(shown, "viewed");
      await store.outcome(suggested, "bid_placed", 61);
      await store.outcome(suggested, "bid_accepted", 61);
    });
    await page.reload();
    await ready(page);
    const { records, exported, stats } = await page.evaluate(async () => {
      const store = await t.open();
      return { records: await store.records(), exported: await store.exportEvents(), stats: await store.stats() };
    });
    const none = { viewed: null, contacted: null, bid_placed: null, bid_accepted: null, hired: null, rated: null };
    const [first, second, shown, suggested] = records;
    const { outcomes, feedback, ...event } = first;
    assert.deepEqual(event, {
      schema: 1,
      id: "id-1",
      at: 1_760_000_000,
      type: "cleaner_recommendation",
      requestId: "id-0",
      jobId: "j-1",
      cleanerId: "c-0",
      clientId: "u-1",
      score: 100 / 1.1,
      rank: 1,
      ruleScore: 80.125,
      neuralScore: 99,
      distanceKm: 0,
      mode: "ensemble",
      model: { name: "cleaners", version: "1.0.0" },
      experiment: "blend",
      variant: "b",
      unitId: "u-1",
      segment: "apartment",
      breakdown: {
        quality: 10 / 3,
        location: null,
        specialisation: 50,
        pricing: 0,
        availability: 100,
        reliability: null,
      },
    });
    assert.deepEqual(outcomes, {
      ...none,
      viewed: { at: 1_760_000_004, value: null },
      contacted: { at: 1_760_000_006, value: null },
      hired: { at: 1_760_000_007, value: null },
      // First rated then, and like that in the end.
      rated: { at: 1_760_000_008, value: 9.5 },
    });
    assert.deepEqual(feedback, [{ kind: "helpful", comment: null, at: 1_760_000_010 }]);
    assert.deepEqual([second.requestId, second.rank, second.outcomes], ["id-0", 2, none]);
    assert.equal(second.feedback[0].comment, "on the other side of town");
    assert.deepEqual(
      [shown.type, shown.jobId, shown.cleanerId, shown.interval, shown.intervalLevel],
      ["job_recommendation", "j-2", "c-9", [70, 90], 0.8],
    );
    assert.deepEqual([shown.clientId, shown.experiment, shown.variant, shown.unitId], Array(4).fill(undefined));
    assert.equal("reliability" in shown.breakdown, false);
    assert.deepEqual(
      [suggested.score, suggested.mode, suggested.amounts],
      [62, "neural", { min: 50, optimal: 60, max: 75 }],
    );
    assert.deepEqual([suggested.actualBid, suggested.wasUsed, suggested.didWin], [61, true, true]);
    assert.equal(exported.trimEnd().split("\n").length, 15);
    assert.deepEqual(stats, { events: 15, unsynced: 15, dropped: 0, lost: 0 });
    await context.close();
  });

  test("is ingested by the command line, and read back as it was exported", async () => {
    const { context, page } = await fresh();
    const exported = await page.evaluate(async () => {
      const store = await t.open();
      await store.setConsent(true);
      for (let at = 0; at < 5; at++) {
        const ids = await store.recordCleaners({ jobId: `j-${at}` }, t.list(30));
        await store.outcome(ids[0], "rated", 1 + at / 3);
        await store.feedback(
          ids[1],
          "other",
          `<b>&\u0000\u001b[2J'); DROP TABLE events;-- \u2028 👷 ${"x".repeat(3000)}`,
        );
      }
      return await store.exportEvents();
    });
    await context.close();
    const binary = inRoot("target/release/tidyrank");
    assert.ok(existsSync(binary), `${binary} is missing: cargo build --release`);
    const folder = temporaryFolder("ingest");
    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "data/market.json"), "{}");
    writeFileSync(join(folder, "events.jsonl"), exported);
    const run = (...args) =>
      execFileSync(binary, ["ingest", ...args, "--data", join(folder, "data")], {
        encoding: "utf8",
        maxBuffer: 1 << 26,
      });
    for (const [inserted, known] of [
      [160, 0],
      [0, 160],
    ]) {
      const report = JSON.parse(run("--format", "json", join(folder, "events.jsonl")));
      assert.deepEqual([report.inserted, report.known, report.unmatched, report.stored], [inserted, known, 0, 160]);
    }
    const parsed = (text) =>
      text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
    const byTime = parsed(exported).sort((a, b) => a.at - b.at);
    assert.deepEqual(parsed(run("--list")), byTime);
  });
});

describe("a list is there as a whole or not at all", () => {
  test("when a transaction fails in its middle", async () => {
    const { context, page } = await fresh();
    const outcome = await page.evaluate(async () => {
      const store = await t.open();
      await store.setConsent(true);
      await store.recordCleaners({ jobId: "before" }, t.list(5));
      const { add } = IDBObjectStore.prototype;
      const codes = [];
      const failures = [
        () => {
          throw new DOMException("no", "UnknownError");
        },
        (store) => store.transaction.abort(),
      ];
      for (const fail of failures) {
        for (const at of [1, 7, 20]) {
          let count = 0;
          IDBObjectStore.prototype.add = function (...args) {
            const request = add.apply(this, args);
            if (++count === at) fail(this);
            return request;
          };
          codes.push(await t.codeOf(store.recordCleaners({ jobId: "half" }, t.list(20))));
        }
      }
      IDBObjectStore.prototype.add = add;
      await store.recordCleaners({ jobId: "after" }, t.list(5));
      // Ids that were there before are refused by the database itself.
      const again = await t.open({ randomId: () => "same" });
      codes.push(await t.codeOf(again.recordCleaners({ jobId: "half" }, t.list(2))));
      const events = [];
      for await (const event of store.events()) events.push(event.jobId);
      return { codes, events };
    });
    assert.deepEqual(outcome.codes, Array(7).fill("events.storage"));
    assert.deepEqual(outcome.events, [...Array(5).fill("before"), ...Array(5).fill("after")]);
    await context.close();
  });

  test("when the page is left in its middle", async () => {
    const context = await browser.newContext();
    for (let round = 0; round < 6; round++) {
      const page = await openPage(context);
      await page.evaluate(async () => {
        const store = await t.open();
        await store.setConsent(true);
        (async () => {
          for (;;) await Promise.all([1, 2, 3].map(() => store.recordCleaners({ jobId: "j" }, t.list(40))));
        })();
      });
      await new Promise((resolve) => setTimeout(resolve, 40 + 23 * round));
      await page.close();
    }
    const page = await openPage(context);
    const events = await page.evaluate(async () => (await t.raw()).events.map(({ event }) => event));
    const sizes = listSizes(events);
    assert.ok(sizes.length > 6, `only ${sizes.length} lists`);
    assert.deepEqual(sizes, Array(sizes.length).fill(40));
    await context.close();
  });

  test("when the browser is killed in its middle", async () => {
    const profile = temporaryFolder("profile");
    let lists = 0;
    for (let round = 0; round < 3; round++) {
      const { context, page, kill } = await spawnBrowser(profile);
      const before = await page.evaluate(
        async () => (await t.open()) && (await t.raw()).events.map(({ event }) => event),
      );
      const sizes = listSizes(before);
      assert.deepEqual(sizes, Array(sizes.length).fill(40), `in round ${round}`);
      assert.ok(sizes.length >= lists, "lists that were there are gone");
      await page.evaluate(async () => {
        window.written = 0;
        const store = await t.open();
        await store.setConsent(true);
        (async () => {
          for (;;) await store.recordCleaners({ jobId: "j" }, t.list(40)).then(() => window.written++);
        })();
      });
      await page.waitForFunction((least) => window.written > least, 3 + 5 * round);
      lists = sizes.length;
      await kill();
      await context.close().catch(() => undefined);
    }
    assert.ok(lists > 0, "nothing was ever there");
  });
});

/** A browser of its own with this profile, which can be killed. */
async function spawnBrowser(profile) {
  const executable = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const flags = [
    "--headless=new",
    "--no-sandbox",
    "--no-first-run",
    "--remote-debugging-port=0",
    `--user-data-dir=${profile}`,
  ];
  const child = spawn(executable, [...flags, "about:blank"], { stdio: ["ignore", "ignore", "pipe"] });
  const address = await new Promise((resolve, reject) => {
    let said = "";
    child.stderr.on("data", (data) => {
      said += data;
      const found = /DevTools listening on (ws:\S+)/.exec(said);
      if (found) resolve(found[1]);
    });
    child.once("exit", () => reject(new Error(`the browser ended: ${said}`)));
  });
  const connected = await chromium.connectOverCDP(address);
  const [context] = connected.contexts();
  const page = await openPage(context);
  const kill = () =>
    new Promise((resolve) => {
      child.once("exit", resolve);
      child.kill("SIGKILL");
    });
  return { context: connected, page, kill };
}

describe("room", () => {
  test("is bounded: whole lists go, those first that the server has", async () => {
    const { context, page } = await fresh();
    const outcome = await page.evaluate(async () => {
      const store = await t.open({ maxEvents: 35 });
      await store.setConsent(true);
      const jobs = async () => [...new Set((await t.raw()).events.map(({ event }) => event.jobId))];
      for (const jobId of ["a", "b", "c"]) await store.recordCleaners({ jobId }, t.list(10));
      await store.sync("/events", { batchSize: 30 });
      await store.recordCleaners({ jobId: "d" }, t.list(10));
      const first = { jobs: await jobs(), stats: await store.stats(), warnings: [...t.warnings] };
      for (const jobId of ["e", "f", "g", "h"]) await store.recordCleaners({ jobId }, t.list(10));
      const second = { jobs: await jobs(), stats: await store.stats() };
      const tooLong = await t.codeOf(store.recordCleaners({ jobId: "i" }, t.list(36)));
      // An outcome of a recommendation that was dropped is recorded all the same.
      await store.outcome("long gone", "viewed");
      return { first, second, tooLong };
    });
    assert.deepEqual(outcome.first, {
      jobs: ["b", "c", "d"],
      stats: { events: 30, unsynced: 10, dropped: 10, lost: 0 },
      warnings: ["events.dropped"],
    });
    assert.deepEqual(outcome.second, {
      jobs: ["f", "g", "h"],
      stats: { events: 30, unsynced: 30, dropped: 50, lost: 20 },
    });
    assert.equal(outcome.tooLong, "events.invalid");
    await context.close();
  });

  test("that the browser does not give is an error", async () => {
    const { context, page } = await fresh();
    const client = await context.newCDPSession(page);
    const origin = new URL(server.url).origin;
    await client.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 500_000 });
    const code = await page.evaluate(async () => {
      window.store = await t.open({ maxEvents: 1e6 });
      await store.setConsent(true);
      window.fill = () => t.codeOf(store.recordCleaners({ jobId: "x".repeat(256) }, t.list(50)));
      for (let at = 0; at < 2000; at++) {
        const code = await fill();
        if (code !== "none") return code;
      }
    });
    assert.equal(code, "events.quota");
    const kept = await page.evaluate(async () => (await t.raw()).events.map(({ event }) => event));
    assert.deepEqual(new Set(listSizes(kept)), new Set([50]));
    await client.send("Storage.overrideQuotaForOrigin", { origin });
    assert.equal(await page.evaluate(() => fill()), "none");
    await context.close();
  });

  test("is made of what the server has when the browser gives no more", async () => {
    const { context, page } = await fresh();
    const outcome = await page.evaluate(async () => {
      const store = await t.open();
      await store.setConsent(true);
      await store.recordCleaners({ jobId: "sent" }, t.list(10));
      await store.sync("/events");
      await store.recordCleaners({ jobId: "unsent" }, t.list(10));
      const { add } = IDBObjectStore.prototype;
      const full = () => {
        throw new DOMException("full", "QuotaExceededError");
      };
      let events = 20;
      const count = async () => (events = (await t.raw()).events.length);
      IDBObjectStore.prototype.add = function (...args) {
        return events > 10 ? full() : add.apply(this, args);
      };
      // The database has room again once something was deleted.
      const remove = IDBObjectStore.prototype.delete;
      IDBObjectStore.prototype.delete = function (...args) {
        events--;
        return remove.apply(this, args);
      };
      await store.recordCleaners({ jobId: "new" }, t.list(5));
      events = 20;
      const code = await t.codeOf(store.recordCleaners({ jobId: "newer" }, t.list(5)));
      Object.assign(IDBObjectStore.prototype, { add, delete: remove });
      await count();
      return { code, events, stats: await store.stats(), warnings: t.warnings };
    });
    assert.deepEqual(outcome, {
      code: "events.quota",
      events: 15,
      stats: { events: 15, unsynced: 15, dropped: 10, lost: 0 },
      warnings: ["events.dropped"],
    });
    await context.close();
  });
});

describe("without a database", () => {
  const breakages = {
    "that is not there": () => Object.defineProperty(globalThis, "indexedDB", { value: undefined }),
    "that is forbidden": () => {
      IDBFactory.prototype.open = () => {
        throw new DOMException("denied", "SecurityError");
      };
    },
    "that fails to open, as in some private windows": () => {
      const { open } = IDBFactory.prototype;
      IDBFactory.prototype.open = function () {
        const request = open.call(this, "x", 2);
        request.addEventListener("upgradeneeded", () => request.transaction.abort());
        return request;
      };
    },
  };
  for (const [what, breakage] of Object.entries(breakages)) {
    test(`${what}: in memory with a warning, or an error`, async () => {
      const { context, page } = await fresh(breakage);
      const outcome = await page.evaluate(async () => {
        const strict = await t.codeOf(t.open({ storage: "indexeddb" }));
        const store = await t.open();
        await store.setConsent(true);
        const [id] = await store.recordCleaners({ jobId: "j" }, t.list(3));
        await store.outcome(id, "hired");
        const { events } = await store.sync("/events");
        return {
          strict,
          warnings: t.warnings,
          persistent: store.persistent,
          events,
          records: (await store.records()).length,
        };
      });
      assert.deepEqual(outcome, {
        strict: "events.unavailable",
        warnings: ["events.unavailable"],
        persistent: false,
        events: 4,
        records: 3,
      });
      await context.close();
    });
  }

  test("consent counts in memory too: nothing is kept or sent without it, and withdrawing it erases", async () => {
    const { context, page } = await fresh(breakages["that is not there"]);
    const outcome = await page.evaluate(async () => {
      const store = await t.open();
      const refused = async () => [
        await t.codeOf(store.recordCleaners({ jobId: "j" }, t.list(3))),
        await t.codeOf(store.sync("/events")),
        store.consent(),
        (await store.stats()).events,
      ];
      const before = await refused();
      await store.setConsent(true);
      await store.recordCleaners({ jobId: "j" }, t.list(3));
      const granted = (await store.stats()).events;
      await store.setConsent(false);
      return { before, granted, after: await refused() };
    });
    const codes = ["events.consent", "events.consent"];
    assert.deepEqual(outcome, { before: [...codes, "unknown", 0], granted: 3, after: [...codes, "denied", 0] });
    await context.close();
  });

  test("in a page without an origin, where browsers forbid it", async () => {
    const context = await browser.newContext();
    await context.route(server.url, async (route) => {
      const response = await route.fetch();
      await route.fulfill({
        response,
        headers: { ...response.headers(), "content-security-policy": "sandbox allow-scripts" },
      });
    });
    await context.route("**/tidyrank/*", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, headers: { ...response.headers(), "access-control-allow-origin": "*" } });
    });
    const page = await openPage(context);
    const outcome = await page.evaluate(async () => {
      const store = await t.open();
      await store.setConsent(true);
      await store.recordCleaners({ jobId: "j" }, t.list(3));
      return { persistent: store.persistent, warnings: t.warnings, stats: await store.stats() };
    });
    assert.equal(outcome.persistent, false);
    assert.deepEqual(outcome.warnings, ["events.unavailable"]);
    assert.equal(outcome.stats.events, 3);
    await context.close();
  });

  test("of this version: a later one is left alone, a deletion that hangs is not waited for", async () => {
    const { context, page } = await fresh();
    const outcome = await page.evaluate(async () => {
      const made = await new Promise((resolve) => {
        const request = indexedDB.open("later", 7);
        request.onsuccess = () => resolve(request.result);
      });
      made.close();
      const later = await t.codeOf(t.open({ name: "later", storage: "indexeddb" }));
      // A connection that does not care holds up the deletion, and that whoever opens next.
      await new Promise((resolve) => {
        const request = indexedDB.open("held", 1);
        request.onsuccess = () => resolve(request.result);
      });
      indexedDB.deleteDatabase("held");
      const held = await t.open({ name: "held" });
      return { later, held: held.persistent, warnings: t.warnings };
    });
    assert.deepEqual(outcome, { later: "events.unavailable", held: false, warnings: ["events.unavailable"] });
    await context.close();
  });

  test("any more: a store makes way for a deletion and a later version, and goes on with a new database", async () => {
    const { context, page } = await fresh();
    const other = await openPage(context);
    await page.evaluate(async () => {
      window.store = await t.open();
      await store.setConsent(true);
      await store.recordCleaners({ jobId: "j" }, t.list(3));
    });
    const erase = () =>
      new Promise((resolve) => {
        const request = indexedDB.deleteDatabase("tidyrank-events");
        request.onsuccess = () => resolve("deleted");
        request.onblocked = () => resolve("blocked");
      });
    assert.equal(await other.evaluate(erase), "deleted");
    const after = await page.evaluate(async () => ({
      code: await t.codeOf(store.recordCleaners({ jobId: "j" }, t.list(3))),
      consent: store.consent(),
      again: await store.setConsent(true).then(() => t.codeOf(store.recordCleaners({ jobId: "j" }, t.list(3)))),
    }));
    assert.deepEqual(after, { code: "events.consent", consent: "unknown", again: "none" });
    const upgraded = await other.evaluate(
      () =>
        new Promise((resolve) => {
          const request = indexedDB.open("tidyrank-events", 2);
          request.onsuccess = () => resolve("upgraded");
          request.onblocked = () => resolve("blocked");
        }),
    );
    assert.equal(upgraded, "upgraded");
    assert.equal(
      await page.evaluate(() => t.codeOf(store.recordCleaners({ jobId: "j" }, t.list(3)))),
      "events.unavailable",
    );
    await context.close();
  });
});

describe("several tabs", () => {
  const withoutLocks = () => Object.defineProperty(Navigator.prototype, "locks", { get: () => undefined });
  for (const [what, setUp] of [
    ["by Web Locks", undefined],
    ["by a lease in the database", withoutLocks],
  ]) {
    test(`record at the same time and send one after the other, ${what}`, async () => {
      const context = await browser.newContext();
      const pages = [await openPage(context, setUp), await openPage(context, setUp), await openPage(context, setUp)];
      server.state.faults = Array.from(
        { length: 12 },
        (_, at) => [{ after: true }, { status: 500 }, { delay: 30 }][at % 3],
      );
      const sent = await Promise.all(
        pages.map((page) =>
          page.evaluate(async () => {
            const store = await t.open();
            await store.setConsent(true);
            let events = 0;
            for (let at = 0; at < 8; at++) {
              await store.recordCleaners({ jobId: `j-${at}` }, t.list(10));
              if (at % 3 === 2) ({ events } = await store.sync("/events", { batchSize: 7, backoff: { base: 0.01 } }));
            }
            return events;
          }),
        ),
      );
      assert.equal(sent.length, 3);
      const rest = await pages[0].evaluate(async () => {
        const store = await t.open();
        await store.sync("/events");
        return { raw: await t.raw(), stats: await store.stats() };
      });
      const events = rest.raw.events.map(({ event }) => event);
      assert.equal(events.length, 240);
      assert.deepEqual(new Set(listSizes(events)), new Set([10]));
      const ids = (events) => events.map(({ id }) => id).sort();
      assert.deepEqual(ids(server.state.events), ids(events));
      assert.deepEqual(server.state.changed, []);
      assert.equal(server.state.most, 1, "two tabs sent at once");
      assert.deepEqual([rest.stats.unsynced, rest.raw.batches], [0, []]);
      await context.close();
    });

    test(`a tab that is closed while it sends leaves its batch and its key to the next, ${what}`, async () => {
      const { context, page } = await fresh(setUp);
      server.state.faults = [{ delay: 200, after: true }, { delay: 10_000 }];
      await page.evaluate(async () => {
        const store = await t.open();
        await store.setConsent(true);
        for (let at = 0; at < 4; at++) await store.recordCleaners({ jobId: `j-${at}` }, t.list(10));
        store.sync("/events", { batchSize: 15, backoff: { base: 0.01 }, timeout: 2 });
      });
      while (server.state.requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
      await page.close();
      // The clock of the next tab: a lease ends by itself.
      const next = await openPage(context, setUp);
      const events = await next.evaluate(async () => {
        const store = await t.open({ clock: () => Date.now() / 1000 + 120 });
        await store.recordCleaners({ jobId: "later" }, t.list(3));
        await store.sync("/events", { batchSize: 15, backoff: { base: 0.01 } });
        return (await t.raw()).events.map(({ event }) => event);
      });
      const { requests } = server.state;
      assert.equal(new Set(requests.slice(0, 3).map(({ key }) => key)).size, 1);
      assert.deepEqual(server.state.events, events);
      assert.deepEqual(server.state.changed, []);
      await context.close();
    });
  }
});

describe("bad input", () => {
  const long = "x".repeat(1 << 20);

  test("is refused with the field, and nothing is written", async () => {
    const { EventStore, TidyrankError, MAX_COMMENT } = node;
    const store = await EventStore.open({ storage: "memory" });
    await store.setConsent(true);
    const ranking = rankingOf(2);
    const [id] = await store.recordCleaners({ jobId: "j" }, ranking);
    const item = (change) => ({ ...ranking, items: [ranking.items[0], { ...ranking.items[1], ...change }] });
    const record = (change) => store.recordCleaners({ jobId: "j" }, item(change));
    const bid = {
      cleanerId: "c",
      min: 1,
      optimal: 2,
      max: 3,
      winProbability: 0.5,
      inputs: { bidCount: 0 },
      source: "market",
    };
    const cases = [
      [() => store.recordCleaners(null, ranking), /arguments/],
      [() => store.recordCleaners({ jobId: "j" }, null), /arguments/],
      [() => store.recordCleaners({ jobId: "j" }, ranking, null), /arguments/],
      [() => store.recordCleaners({ jobId: "j" }, { ...ranking, items: [null] }), /arguments/],
      [() => store.recordBid({ jobId: "j" }), /arguments/],
      [() => store.recordCleaners({}, ranking), /jobId/],
      [() => store.recordCleaners({ jobId: "" }, ranking), /jobId/],
      [() => store.recordCleaners({ jobId: long }, ranking), /jobId.*1048576/],
      [() => store.recordCleaners({ jobId: 7 }, ranking), /jobId/],
      [() => store.recordCleaners({ jobId: "\ud800" }, ranking), /jobId.*surrogate/],
      [() => store.recordCleaners({ jobId: "j" }, {}), /items/],
      [() => store.recordCleaners({ jobId: "j" }, { items: ranking.items }), /mode/],
      [() => store.recordCleaners({ jobId: "j" }, { ...ranking, meta: { mode: "magic" } }), /mode/],
      [() => record({ score: Number.NaN }), /score.*NaN/],
      [() => record({ score: Infinity }), /score/],
      [() => record({ score: "90" }), /score/],
      [() => record({ rank: 0 }), /rank/],
      [() => record({ rank: 1.5 }), /rank/],
      [() => record({ price: -1 }), /price/],
      [() => record({ propensity: 0 }), /propensity/],
      [() => record({ propensity: 2 }), /propensity/],
      [() => record({ interval: [90, 80] }), /interval/],
      [() => record({ interval: [90] }), /interval/],
      [() => record({ breakdown: null }), /breakdown/],
      [() => record({ breakdown: { quality: 900 } }), /breakdown.quality/],
      [() => record({ cleanerId: undefined }), /cleanerId/],
      [() => store.recordJobs(undefined, { ...ranking, items: [{ ...ranking.items[0], jobId: "j" }] }), /cleanerId/],
      [() => store.recordBid({ jobId: "j" }, { ...bid, cleanerId: null }), /cleanerId/],
      [() => store.recordBid({ jobId: "j" }, { ...bid, optimal: 4 }), /amounts.optimal/],
      [() => store.recordBid({ jobId: "j" }, { ...bid, winProbability: Number.NaN }), /score/],
      [() => store.outcome(id, "bought"), /outcome/],
      [() => store.outcome(id, "rated", Number.NaN), /value/],
      [() => store.outcome(id, "rated", -1), /value/],
      [() => store.outcome(undefined, "viewed"), /recommendationId/],
      [() => store.feedback(id, "meh"), /kind/],
      [() => store.feedback(id, "other", long), new RegExp(`comment.*1048576 characters, not 1 to ${MAX_COMMENT}`)],
      [() => store.feedback(id, "other", { html: "<b>" }), /comment/],
      [() => store.setConsent("yes"), /setConsent/],
      [() => EventStore.open({ maxEvents: 0 }), /maxEvents/],
      [() => EventStore.open({ maxEvents: Number.NaN }), /maxEvents/],
      [() => EventStore.open({ name: "" }), /name/],
      [() => EventStore.open({ storage: "cloud" }), /storage/],
    ];
    for (const [call, message] of cases) {
      const error = await call().then(
        () => new Error("was accepted"),
        (error) => error,
      );
      assert.ok(error instanceof TidyrankError && error.code === "events.invalid", `${call}: ${error}`);
      assert.match(error.message, message);
      assert.ok(error.message.length < 300);
    }
    await assert.rejects(store.outcome("nobody", "viewed"), { code: "events.unknown" });
    const feedback = await store.feedback(id, "helpful");
    await assert.rejects(store.outcome(feedback, "viewed"), { code: "events.unknown" });
    assert.equal((await store.stats()).events, 3);
    const twins = await EventStore.open({ storage: "memory", randomId: () => "same" });
    await twins.setConsent(true);
    await assert.rejects(twins.recordCleaners({ jobId: "j" }, ranking), { code: "events.storage" });
    assert.equal((await twins.stats()).events, 0);
    store.close();
    for (const call of [
      () => store.records(),
      () => store.outcome(id, "viewed"),
      () => store.stats(),
      () => store.erase(),
      () => store.setConsent(true),
      () => store.sync("/"),
    ]) {
      await assert.rejects(call, { code: "events.closed" });
    }
  });

  test("hostile texts are kept as they are, and what cannot be text is replaced in comments alone", async () => {
    const { context, page } = await fresh();
    const comments = [
      `<img src=x onerror="document.title='owned'">`,
      "'); DROP TABLE events;--",
      "\u0000\u0007\u001b[31m",
      "a\u2028b\nc\r\n",
      "👷‍♀️ Καθαρίστρια",
      "cut \ud83d",
    ];
    const outcome = await page.evaluate(async (comments) => {
      const store = await t.open();
      await store.setConsent(true);
      const [id] = await store.recordCleaners({ jobId: comments[0] }, t.list(1));
      for (const comment of comments) await store.feedback(id, "other", comment);
      await store.feedback(id, "other", "");
      const [record] = await store.records();
      const lines = (await store.exportEvents()).trimEnd().split("\n");
      return {
        jobId: record.jobId,
        comments: record.feedback.map(({ comment }) => comment),
        lines: lines.length,
        title: document.title,
      };
    }, comments.slice(0, -1).concat("cut \ud83d"));
    assert.equal(outcome.jobId, comments[0]);
    assert.deepEqual(outcome.comments, [...comments.slice(0, -1), "cut \ufffd", null]);
    assert.deepEqual([outcome.lines, outcome.title], [8, "events"]);
    await context.close();
  });

  test("of any kind gives an event that can be ingested or an error with a code, never half a list", async () => {
    const { EventStore, TidyrankError } = node;
    const store = await EventStore.open({ storage: "memory", maxEvents: 1e6 });
    await store.setConsent(true);
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withTypedArray: true,
    });
    const odd = (usual) => fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: anything });
    const number = odd(fc.double({ min: 0, max: 100, noNaN: true }));
    const item = fc.record({
      cleanerId: odd(fc.string({ minLength: 1 })),
      rank: odd(fc.constant(1)),
      score: number,
      price: number,
      interval: odd(fc.constant(null)),
      breakdown: odd(fc.constant({ quality: 3 })),
    });
    const list = odd(
      fc.record({
        items: odd(fc.array(item, { maxLength: 5 })),
        meta: odd(fc.constant({ mode: "rules", model: null })),
      }),
    );
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(
        odd(fc.record({ jobId: odd(fc.string({ minLength: 1 })) })),
        list,
        odd(fc.constant({})),
        async (job, ranking, context) => {
          const before = (await store.stats()).events;
          try {
            const ids = await store.recordCleaners(job, ranking, context);
            assert.equal((await store.stats()).events, before + ids.length);
            accepted++;
          } catch (error) {
            assert.ok(error instanceof TidyrankError, `${error?.stack ?? error}`);
            assert.equal(error.code, "events.invalid");
            assert.equal((await store.stats()).events, before);
          }
        },
      ),
      { numRuns: 400 },
    );
    assert.ok(accepted > 20, `only ${accepted} accepted`);
    const exported = await store.exportEvents();
    const folder = temporaryFolder("anything");
    writeFileSync(join(folder, "market.json"), "{}");
    const args = ["ingest", "-", "--data", folder, "--format", "json"];
    const report = JSON.parse(
      execFileSync(inRoot("target/release/tidyrank"), args, { input: exported, encoding: "utf8" }),
    );
    assert.equal(report.inserted, exported.split("\n").length - 1);
  });
});
