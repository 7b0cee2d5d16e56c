// Serves the pages, the package, the peers and the inputs.
//
//   /hot/…    for timing: isolated, so that threads work and the clock is fine; nothing is kept
//   /cold/…   for starts: brotli, kept for a year, as a content network would serve it; not isolated
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize, sep } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { inWork } from "./paths.mjs";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".wasm": "application/wasm",
};
const PAGE = "<!doctype html><html lang=en><meta charset=utf-8><title>bench</title><link rel=icon href=data:,>\n";
const ISOLATED = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cache-control": "no-store",
};
const KEPT = { "cache-control": "public, max-age=31536000, immutable" };

/** The bytes of a file and their sizes in transfer; compressed once and kept by hash. */
export function compressed(file) {
  const bytes = readFileSync(file);
  const name = createHash("sha256").update(bytes).digest("hex").slice(0, 24);
  mkdirSync(inWork("compressed"), { recursive: true });
  const kept = (suffix, compress) => {
    const path = inWork("compressed", `${name}.${suffix}`);
    if (!existsSync(path)) writeFileSync(path, compress());
    return readFileSync(path);
  };
  const parameters = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  const brotli = kept("br", () => brotliCompressSync(bytes, { params: parameters }));
  const gzip = kept("gz", () => gzipSync(bytes, { level: 9 }));
  return { brotli, sizes: { raw: bytes.length, gzip: gzip.length, brotli: brotli.length } };
}

/** Compresses a folder's files, if that was not done before: the larger ones take longer than a page would wait. */
export function compressAll(folder) {
  for (const { name, parentPath } of readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )) {
    if (name.endsWith(".stamp")) continue;
    compressed(join(parentPath, name));
  }
}

/**
 * Starts a server. `folders` maps the first part of a path to a folder, e.g. `{ page: "…/page" }`. `requested` collects the
 * files that `/cold/` was asked for, by path.
 */
export async function serve(folders) {
  const requested = new Map();
  const cache = new Map();
  const server = createServer((request, response) => {
    try {
      answer(request, response);
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });

  function fileOf(path) {
    const [, , folder, ...rest] = path.split("/");
    if (!folders[folder]) return undefined;
    const file = join(folders[folder], normalize(rest.join("/")));
    return file.startsWith(folders[folder] + sep) && statSync(file, { throwIfNoEntry: false })?.isFile()
      ? file
      : undefined;
  }

  function answer(request, response) {
    const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
    const hot = path.startsWith("/hot/");
    if (path === "/hot/" || path === "/cold/") {
      response
        .writeHead(200, { "content-type": TYPES[".html"], ...(hot ? ISOLATED : { "cache-control": "no-store" }) })
        .end(PAGE);
      return;
    }
    const file = fileOf(path);
    if (!file) response.writeHead(404, { "content-type": "text/plain", ...ISOLATED }).end("404\n");
    else if (hot) answerHot(request, response, file);
    else answerCold(response, path, file);
  }

  function answerHot(request, response, file) {
    const bytes = cache.get(file) ?? readFileSync(file);
    cache.set(file, bytes);
    const headers = { ...ISOLATED, "content-type": typeOf(file), "cross-origin-resource-policy": "same-origin" };
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    if (!range) {
      response.writeHead(200, { ...headers, "content-length": bytes.length }).end(bytes);
      return;
    }
    const [from, to] = [Number(range[1]), Math.min(bytes.length - 1, Number(range[2]))];
    const part = { "content-length": to + 1 - from, "content-range": `bytes ${from}-${to}/${bytes.length}` };
    response.writeHead(206, { ...headers, ...part }).end(bytes.subarray(from, to + 1));
  }

  function answerCold(response, path, file) {
    const { brotli, sizes } = cache.get(path) ?? compressed(file);
    cache.set(path, { brotli, sizes });
    requested.set(path, sizes);
    const headers = {
      ...KEPT,
      "content-type": typeOf(file),
      "content-encoding": "br",
      "content-length": brotli.length,
    };
    response.writeHead(200, headers).end(brotli);
  }

  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const close = () =>
    new Promise((done) => {
      server.close(done);
      server.closeAllConnections();
    });
  return { url: `http://localhost:${server.address().port}`, requested, close };
}

const typeOf = (file) => TYPES[extname(file)] ?? "application/octet-stream";
