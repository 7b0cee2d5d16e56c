// A static server for the demo page and the tests: right types, the content security policy, nothing else.
//
//   node scripts/serve.mjs [--port 4173] [--root www/dist]
//
// Takes the next free port where that one is in use, and prints the address.
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { inRoot } from "./paths.mjs";

export const CSP = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "worker-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
].join("; ");

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".safetensors": "application/octet-stream",
};

/** The file that an address names, or `undefined`: never one outside the root. */
function fileOf(root, url) {
  let path;
  try {
    path = decodeURIComponent(new URL(url, "http://localhost").pathname);
  } catch {
    return undefined;
  }
  const file = join(root, normalize(path.endsWith("/") ? `${path}index.html` : path));
  if (path.includes("\0") || !file.startsWith(root + sep)) return undefined;
  return statSync(file, { throwIfNoEntry: false })?.isFile() ? file : undefined;
}

function answer(root, request, response) {
  const file = fileOf(root, request.url ?? "/");
  const common = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
  };
  if (!["GET", "HEAD"].includes(request.method ?? "") || !file) {
    const status = file ? 405 : 404;
    response.writeHead(status, { ...common, "content-type": "text/plain" }).end(`${status}\n`);
    return;
  }
  const { size } = statSync(file);
  // Names with a hash in them never change; everything else is asked for again.
  const fixed = /[/\\]assets[/\\]/.test(file);
  response.writeHead(200, {
    ...common,
    "content-type": TYPES[extname(file)] ?? "application/octet-stream",
    "content-length": size,
    "cache-control": fixed ? "public, max-age=31536000, immutable" : "no-cache",
  });
  if (request.method === "HEAD") response.end();
  else
    createReadStream(file)
      .on("error", () => response.destroy())
      .pipe(response);
}

/** Starts the server; `port` 0 takes any free one, another number that one or the next that is free. */
export async function serve({ root = inRoot("www/dist"), port = 4173, host = "127.0.0.1" } = {}) {
  const folder = resolve(root);
  for (let at = port; ; at++) {
    const server = createServer((request, response) => answer(folder, request, response));
    const failed = await new Promise((done) => {
      server.once("error", done);
      server.listen(at, host, () => done(undefined));
    });
    if (!failed) {
      const close = () =>
        new Promise((done) => {
          server.close(done);
          server.closeAllConnections();
        });
      return { url: `http://localhost:${server.address().port}/`, close };
    }
    if (failed.code !== "EADDRINUSE" || port === 0 || at >= port + 50) throw failed;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const flag = (name, fallback) => {
    const at = process.argv.indexOf(name);
    return at > 0 ? process.argv[at + 1] : fallback;
  };
  const { url } = await serve({ root: flag("--root", inRoot("www/dist")), port: Number(flag("--port", 4173)) });
  console.log(`Find a cleaner: ${url}   (stop with Ctrl+C)`);
}
