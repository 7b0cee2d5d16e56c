// Bytes from an address: over HTTP, or from a file in Node.
import { aborted, TidyrankError, throwIfAborted } from "./errors.js";
import { fileUrl, isNode, readFile } from "./node.js";

export type Fetch = typeof fetch;

/** How to get bytes. */
export interface FetchContext {
  fetch: Fetch | undefined;
  signal: AbortSignal | undefined;
}

/** An absolute address for what the caller gave: a URL, a relative address in a page, a path in Node. */
export function resolve(source: string | URL): URL {
  if (source instanceof URL) return source;
  if (/^[a-z][a-z0-9+.-]+:/i.test(source)) return new URL(source);
  const base = (globalThis as { document?: { baseURI: string } }).document?.baseURI ?? globalThis.location?.href;
  if (base) return new URL(source, base);
  return fileUrl(source);
}

/** The bytes at an address. `fresh` goes past the HTTP cache. */
export async function bytesAt(url: URL, context: FetchContext, fresh = false): Promise<Uint8Array<ArrayBuffer>> {
  throwIfAborted(context.signal, "load.aborted");
  try {
    if (url.protocol === "file:" && isNode()) return Uint8Array.from(await readFile(url, context.signal));
    const response = await responseAt(url, context, fresh);
    return new Uint8Array(await response.arrayBuffer());
  } catch (thrown) {
    if (context.signal?.aborted) throw aborted(context.signal, "load.aborted");
    if (thrown instanceof TidyrankError) throw thrown;
    throw new TidyrankError("load.network", `cannot load ${url.href}`, { cause: thrown });
  }
}

async function responseAt(url: URL, context: FetchContext, fresh: boolean): Promise<Response> {
  const init: RequestInit = { credentials: "same-origin" };
  if (context.signal) init.signal = context.signal;
  if (fresh) init.cache = "reload";
  const response = await (context.fetch ?? globalThis.fetch)(url, init);
  if (!response.ok) throw new TidyrankError("load.http", `${url.href} answered ${response.status}`);
  return response;
}
