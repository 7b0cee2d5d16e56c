// `tidyrank/node`: files come from the disk, whatever the globals look like (a test environment may imitate a browser).
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { LoadOptions, ModelBytes } from "../../types/index.js";
import { Recommender as Core, canonicalJson, messageText, TidyrankError } from "../recommender.js";

export { canonicalJson, messageText, TidyrankError };

/** Ranks in Node, in the calling thread. */
export class Recommender extends Core {
  static override async load(source: string | URL | ModelBytes, options: LoadOptions = {}): Promise<Recommender> {
    const fetch = fetchWithFiles(options.fetch);
    return await Core.load(addressOf(source), { ...options, fetch, wasm: await moduleOf(options.wasm) });
  }
}

/** A path is relative to the working directory. */
function addressOf<T>(source: T | string): T | URL {
  if (typeof source !== "string") return source;
  return /^[a-z][a-z0-9+.-]+:/i.test(source) ? new URL(source) : pathToFileURL(source);
}

/**
 * The engine's bytes. Its path is not written as `new URL("./…", import.meta.url)`: in its place bundlers for servers put an
 * address of the site.
 */
async function moduleOf(wasm: LoadOptions["wasm"] = join(dirname(fileURLToPath(import.meta.url)), "tidyrank_bg.wasm")) {
  const address = addressOf(wasm);
  if (!(address instanceof URL) || address.protocol !== "file:") return address;
  try {
    return Uint8Array.from(await readFile(fileURLToPath(address)));
  } catch (cause) {
    throw new TidyrankError("load.wasm", `cannot read ${address.href}`, { cause });
  }
}

/** A `fetch` that also knows the disk. */
function fetchWithFiles(otherwise: typeof fetch | undefined): typeof fetch {
  return async (input, init) => {
    if (!(input instanceof URL) || input.protocol !== "file:") return await (otherwise ?? fetch)(input, init);
    const bytes = await readFile(fileURLToPath(input), init?.signal ? { signal: init.signal } : {});
    // An imitated browser may have no Response.
    return { ok: true, arrayBuffer: async () => Uint8Array.from(bytes).buffer } as unknown as Response;
  };
}
