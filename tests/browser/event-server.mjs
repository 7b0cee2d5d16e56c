// A server that takes events as docs/events.md says: it leaves out batches whose key it knows. It can be told to misbehave. It
// also serves the files of a folder, so that pages of it send to their own origin.
import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };

/**
 * `faults` are used up one for each POST: `{ before: true }` ends the connection before the events are taken, `{ after: true }`
 * after it; `{ status, headers }` answers so, taking the events first where `taken` is true; `{ delay }` waits first, in
 * milliseconds.
 */
export async function eventServer({ root } = {}) {
  const state = { faults: [], requests: [], keys: new Map(), events: [], most: 0, changed: [] };
  // Requests of before a reset are none of the later ones' business.
  let round = { busy: 0 };

  const take = (key, type, body) => {
    if (state.keys.has(key)) {
      if (state.keys.get(key) !== body) state.changed.push(key);
      return;
    }
    state.keys.set(key, body);
    const events =
      type === "application/json"
        ? JSON.parse(body).events
        : body
            .trimEnd()
            .split("\n")
            .map((line) => JSON.parse(line));
    state.events.push(...events);
  };

  const post = async (request, response) => {
    const body = (await request.toArray()).map(String).join("");
    const { "idempotency-key": key, "content-type": type } = request.headers;
    const fault = state.faults.shift() ?? {};
    const mine = round;
    state.requests.push({ key, type, method: request.method, headers: request.headers, body });
    state.most = Math.max(state.most, ++mine.busy);
    try {
      if (fault.delay) await new Promise((resolve) => setTimeout(resolve, fault.delay));
      if (fault.before || mine !== round) return request.socket.destroy();
      if (fault.status === undefined || fault.taken) take(key, type, body);
      if (fault.after) return request.socket.destroy();
      // What was taken under this key cannot have been too large.
      const status = fault.status === 413 && state.keys.has(key) ? 200 : fault.status;
      response.writeHead(status ?? 200, { "content-type": "text/plain", ...fault.headers }).end("answer");
    } finally {
      mine.busy--;
    }
  };

  const get = (request, response) => {
    // Where redirections lead to: an answer that would pass for success.
    if (!root) return response.writeHead(200).end();
    const file = root && join(root, new URL(request.url, "http://localhost").pathname.replace(/\/$/, "/index.html"));
    if (!file || !statSync(file, { throwIfNoEntry: false })?.isFile()) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "text/plain" }).end(readFileSync(file));
  };

  const server = createServer((request, response) => {
    if (request.method === "POST") post(request, response).catch(() => response.destroy());
    else get(request, response);
  });
  await new Promise((resolve) => server.listen(0, "localhost", resolve));
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  const reset = () => {
    round = { busy: 0 };
    Object.assign(state, { faults: [], requests: [], keys: new Map(), events: [], most: 0, changed: [] });
  };
  return { url: `http://localhost:${server.address().port}/`, state, reset, close };
}

/** A ranking as the engine answers it, of so many cleaners. */
export function rankingOf(count, start = 0) {
  const items = Array.from({ length: count }, (_, at) => ({
    cleanerId: `c-${start + at}`,
    row: at,
    name: '<img src=x onerror="alert(1)">',
    rank: at + 1,
    score: 100 / (at + 1.1),
    ruleScore: 80.125,
    neuralScore: at % 2 ? null : 99 / (at + 1),
    price: at % 3 ? 20 + at / 3 : null,
    distanceKm: at / 7,
    breakdown: { quality: 10 / 3, location: null, specialisation: 50, pricing: 0, availability: 100 },
  }));
  return { items, meta: { mode: "ensemble", model: { name: "cleaners", version: "1.0.0" } } };
}
