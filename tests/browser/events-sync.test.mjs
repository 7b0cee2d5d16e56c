// Sending: a real server that drops connections, fails, waits, and leaves out what it got before. Nothing may be lost, nothing
// taken twice, whatever happens in between. In Node, where events are kept in memory; browsers are in events.test.mjs.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import fc from "fast-check";
import { eventServer, rankingOf } from "./event-server.mjs";
import { importInstalled, installedPackage } from "./support.mjs";

let EventStore;
let TidyrankError;
let server;

before(async () => {
  const { project } = installedPackage();
  ({ EventStore, TidyrankError } = await importInstalled(project, "tidyrank/events"));
  server = await eventServer();
});
after(() => server?.close());
beforeEach(() => server.reset());

/** A store with so many events of lists of five. */
async function filled(lists = 4, options = {}) {
  const store = await EventStore.open({ storage: "memory", ...options });
  await store.setConsent(true);
  for (let at = 0; at < lists; at++) await store.recordCleaners({ jobId: `job-${at}` }, rankingOf(5));
  return store;
}

const FAST = { backoff: { base: 0.001, most: 5 } };
const sync = (store, options) => store.sync(server.url, { ...FAST, ...options });
const exported = async (store) =>
  (await store.exportEvents())
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
const codeOf = (promise) =>
  promise.then(
    () => "none",
    (error) => (error instanceof TidyrankError ? error.code : `foreign: ${error}`),
  );

/** The server has every event once, in order, and never saw a key with another body. */
async function assertComplete(store) {
  assert.deepEqual(server.state.events, await exported(store));
  assert.deepEqual(server.state.changed, []);
  assert.equal((await store.stats()).unsynced, 0);
}

describe("sync", () => {
  test("sends everything once, in batches, as lines of JSON with a key each", async () => {
    const store = await filled();
    assert.deepEqual(await sync(store, { batchSize: 8 }), { batches: 3, events: 20, attempts: 3 });
    await assertComplete(store);
    const { requests } = server.state;
    assert.deepEqual(
      requests.map(({ type }) => type),
      Array(3).fill("application/x-ndjson"),
    );
    assert.equal(new Set(requests.map(({ key }) => key)).size, 3);
    assert.ok(requests.every(({ key, body }) => /^[0-9a-f-]{36}$/.test(key) && body.endsWith("}\n")));
    assert.deepEqual(await sync(store), { batches: 0, events: 0, attempts: 0 });
    await store.recordCleaners({ jobId: "later" }, rankingOf(1));
    assert.equal((await sync(store)).events, 1);
    await assertComplete(store);
  });

  test("sends JSON where that is asked for, and further headers, but its own key", async () => {
    const store = await filled(1);
    const headers = { Authorization: "Bearer x", "Idempotency-Key": "mine" };
    await sync(store, { format: "json", headers });
    const [request] = server.state.requests;
    assert.equal(request.type, "application/json");
    assert.equal(request.headers.authorization, "Bearer x");
    assert.notEqual(request.key, "mine");
    await assertComplete(store);
  });

  for (const [what, faults] of [
    ["no answer at all", [{ before: true }, { before: true }]],
    ["a connection that ends after the events were taken", [{ after: true }, { after: true }]],
    ["500 before and after they were taken", [{ status: 500 }, { status: 500, taken: true }]],
    ["408, 409, 425 and 429", [{ status: 408 }, { status: 409 }, { status: 425 }, { status: 429 }]],
    ["503 and when to come back", [{ status: 503, headers: { "retry-after": "0" } }]],
  ]) {
    test(`sends the same batch with the same key after ${what}`, async () => {
      const store = await filled(1);
      server.state.faults = [...faults];
      const result = await sync(store);
      assert.deepEqual(result, { batches: 1, events: 5, attempts: faults.length + 1 });
      const { requests } = server.state;
      assert.equal(new Set(requests.map(({ key }) => key)).size, 1);
      assert.equal(new Set(requests.map(({ body }) => body)).size, 1);
      await assertComplete(store);
    });
  }

  test("gives up after its retries, and the next call sends the same batch", async () => {
    const store = await filled(2);
    server.state.faults = Array(3).fill({ after: true });
    assert.equal(await codeOf(sync(store, { retries: 2 })), "events.network");
    assert.equal(server.state.requests.length, 3);
    assert.equal((await store.stats()).unsynced, 10);
    await store.recordCleaners({ jobId: "meanwhile" }, rankingOf(2));
    server.state.faults = [{ status: 502 }];
    assert.equal(await codeOf(sync(store, { retries: 0 })), "events.server");
    await sync(store);
    assert.equal(new Set(server.state.requests.slice(0, 5).map(({ key }) => key)).size, 1);
    await assertComplete(store);
  });

  test("does not send again what is refused, but keeps it", async () => {
    for (const status of [400, 401, 403, 404, 422]) {
      server.reset();
      const store = await filled(1);
      server.state.faults = [{ status }];
      assert.equal(await codeOf(sync(store)), "events.refused", String(status));
      assert.equal(server.state.requests.length, 1);
      await sync(store);
      await assertComplete(store);
    }
  });

  test("follows no redirection: a POST could become a GET that is answered with 200", async () => {
    const store = await filled(1);
    server.state.faults = [{ status: 302, headers: { location: "/elsewhere" } }];
    assert.equal(await codeOf(sync(store)), "events.refused");
    assert.equal((await store.stats()).unsynced, 5);
    assert.equal(server.state.requests.length, 1);
  });

  test("halves a batch that is too large, with keys of its own", async () => {
    const store = await filled(2);
    server.state.faults = [{ status: 413 }, { status: 413 }];
    const { attempts, events } = await sync(store, { batchSize: 10 });
    assert.deepEqual([attempts, events], [2 + 5, 10]);
    assert.equal(new Set(server.state.requests.map(({ key }) => key)).size, 7);
    await assertComplete(store);
    const one = await filled(1);
    server.state.faults = Array(9).fill({ status: 413 });
    assert.equal(await codeOf(sync(one, { batchSize: 1 })), "events.refused");
    assert.equal((await one.stats()).unsynced, 5);
  });

  test("waits as long as it is told, in seconds or until a date, and not longer than it may", async () => {
    const store = await filled(1);
    server.state.faults = [{ status: 429, headers: { "retry-after": "1" } }];
    const started = performance.now();
    await sync(store);
    assert.ok(performance.now() - started >= 990);
    const later = await filled(1, { clock: () => Date.parse("2026-01-01T00:00:00Z") / 1000 });
    for (const header of ["3600", "Thu, 01 Jan 2026 01:00:00 GMT"]) {
      server.state.faults = [{ status: 503, headers: { "retry-after": header } }];
      const failed = await sync(later).catch((error) => error);
      assert.equal(failed.code, "events.server");
      assert.match(failed.message, /503, and asks for 3600 s/);
    }
    server.state.faults = [
      { status: 503, headers: { "retry-after": "Wed, 31 Dec 2025 00:00:00 GMT" } },
      { status: 503, headers: { "retry-after": "soon" } },
    ];
    assert.equal((await sync(later)).attempts, 3);
  });

  test("waits twice as long each time, by chance, up to the most", async () => {
    const store = await filled(1);
    const waits = [];
    // Odd times, so that the timers of others are left alone.
    const expected = [170, 340, 680, 1360, 1650, 1650];
    const { setTimeout } = globalThis;
    globalThis.setTimeout = (work, ms, ...rest) => {
      if (!expected.includes(ms)) return setTimeout(work, ms, ...rest);
      waits.push(ms);
      return setTimeout(work, 0);
    };
    try {
      const fetch = async () => new Response("", { status: 500 });
      const options = { fetch, retries: 6, random: () => 0.5, backoff: { base: 0.34, most: 3.3 } };
      assert.equal(await codeOf(store.sync("http://test.invalid/", options)), "events.server");
    } finally {
      globalThis.setTimeout = setTimeout;
    }
    assert.deepEqual(waits, expected);
  });

  test("an answer that does not come in time counts as none", async () => {
    const store = await filled(1);
    server.state.faults = [{ delay: 500 }];
    const { attempts } = await sync(store, { timeout: 0.1 });
    assert.equal(attempts, 2);
    await assertComplete(store);
  });

  test("ends when it is cancelled, closed or consent is withdrawn, while it waits or sends", async () => {
    for (const [end, code] of [
      [(_, controller) => controller.abort("enough"), "events.aborted"],
      [(store) => store.close(), "events.closed"],
      [(store) => store.setConsent(false), "events.consent"],
    ]) {
      for (const fault of [{ delay: 300 }, { status: 503, headers: { "retry-after": "3" } }]) {
        server.reset();
        server.state.faults = [fault];
        const store = await filled(1);
        const controller = new AbortController();
        const sending = codeOf(sync(store, { signal: controller.signal }));
        while (server.state.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
        await new Promise((resolve) => setTimeout(resolve, 50));
        await end(store, controller);
        assert.equal(await sending, code);
        assert.equal(server.state.requests.length, 1);
      }
    }
    const store = await filled(1);
    assert.equal(await codeOf(sync(store, { signal: AbortSignal.abort() })), "events.aborted");
    await sync(store);
    await assertComplete(store);
  });

  test("what was erased is not sent, and what is recorded meanwhile is", async () => {
    const store = await filled(1);
    server.state.faults = [{ delay: 100 }];
    const sending = sync(store);
    await new Promise((resolve) => setTimeout(resolve, 30));
    await store.recordCleaners({ jobId: "meanwhile" }, rankingOf(3));
    await sending;
    await assertComplete(store);
    await store.recordCleaners({ jobId: "erased" }, rankingOf(3));
    await store.erase();
    assert.equal((await sync(store)).attempts, 0);
  });

  test("two calls at once send one after the other", async () => {
    const store = await filled(4);
    server.state.faults = Array(8).fill({ delay: 20 });
    const [first, second] = await Promise.all([sync(store, { batchSize: 5 }), sync(store, { batchSize: 5 })]);
    assert.equal(first.events + second.events, 20);
    assert.equal(server.state.most, 1);
    await assertComplete(store);
  });

  test("refuses options that cannot be, and sends nothing without consent", async () => {
    const store = await filled(1);
    const wrong = [
      { batchSize: 0 },
      { batchSize: 1.5 },
      { retries: -1 },
      { timeout: 0 },
      { timeout: Number.NaN },
      { backoff: { base: -1 } },
      { backoff: { most: Infinity } },
      { format: "xml" },
    ];
    for (const options of wrong)
      assert.equal(await codeOf(store.sync(server.url, options)), "events.invalid", JSON.stringify(options));
    const silent = await EventStore.open({ storage: "memory" });
    assert.equal(await codeOf(sync(silent)), "events.consent");
    assert.equal(server.state.requests.length, 0);
  });

  test("loses nothing and sends nothing twice, whatever goes wrong", async () => {
    const fault = fc.oneof(
      fc.constant({}),
      fc.constant({ before: true }),
      fc.constant({ after: true }),
      fc.record({ status: fc.constantFrom(500, 503, 429, 409, 413, 400, 302), taken: fc.boolean() }).map((fault) =>
        // What a server refuses for good it has not taken.
        fault.status >= 500 || fault.status === 429 ? fault : { ...fault, taken: false },
      ),
      fc.record({ delay: fc.nat(3) }),
    );
    const step = fc.oneof(
      fc.record({ lists: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ batchSize: fc.integer({ min: 1, max: 12 }), retries: fc.nat(3) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { maxLength: 25 }), fc.array(step, { maxLength: 8 }), async (faults, steps) => {
        server.reset();
        const store = await filled(2);
        server.state.faults = [...faults];
        for (const { lists, ...options } of steps) {
          if (lists) for (let at = 0; at < lists; at++) await store.recordCleaners({ jobId: `${at}` }, rankingOf(3));
          else
            await sync(store, options).catch((error) => assert.match(error.code, /^events\.(network|server|refused)$/));
        }
        server.state.faults = [];
        await sync(store);
        // After a batch was too large its events may come later than those after them.
        const byId = (events) => events.toSorted((a, b) => (a.id < b.id ? -1 : 1));
        assert.deepEqual(byId(server.state.events), byId(await exported(store)));
        assert.deepEqual(server.state.changed, []);
        assert.equal((await store.stats()).unsynced, 0);
      }),
      { numRuns: 60 },
    );
  });
});
