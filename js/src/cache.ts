// Model files in Cache Storage, addressed by their SHA-256. Every use is optional: where there is no Cache Storage, no
// secure context or no room, the files are simply fetched.

const NAME = "tidyrank-models-1";
// Never requested: Cache Storage wants addresses as keys.
const keyOf = (kind: "sha256" | "manifest" | "order", id: string) =>
  `https://tidyrank.invalid/${kind}/${encodeURIComponent(id)}`;

const ORDER = keyOf("order", "tiles");

/** Whether checksums can be computed here: only in secure contexts. */
export const canHash = () => !!globalThis.crypto?.subtle;

/** The SHA-256 in hex, or `undefined` outside secure contexts, where the engine alone checks. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  if (!canHash()) return undefined;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A store of model files that never throws. */
export class ModelCache {
  readonly #cache: Cache | undefined;

  private constructor(cache: Cache | undefined) {
    this.#cache = cache;
  }

  /** Opens the store; an empty one where it cannot be had. */
  static async open(wanted: boolean): Promise<ModelCache> {
    if (!wanted || !globalThis.caches || !canHash()) return new ModelCache(undefined);
    return new ModelCache(await globalThis.caches.open(NAME).catch(() => undefined));
  }

  /** The file with this hash. What does not have it (any more) is thrown away. */
  async file(hash: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = await this.#get(keyOf("sha256", hash));
    if (!bytes || (await sha256(bytes)) === hash) return bytes;
    await this.#delete(keyOf("sha256", hash));
    return undefined;
  }

  /** Keeps a file under its hash. */
  keepFile(hash: string, bytes: Uint8Array<ArrayBuffer> | Blob): Promise<void> {
    return this.#put(keyOf("sha256", hash), bytes);
  }

  /**
   * Puts tiles, each its hash and its bytes, at the head of the order of use, which outlives the page and is the same for
   * all pages. Throws away the tiles at its end that do not fit the budget; the answer is what is left.
   */
  async use(recent: (readonly [string, number])[], budget: number): Promise<ReadonlySet<string>> {
    if (!this.#cache) return new Set();
    const update = async () => {
      const before = await this.#order();
      const kept = new Map<string, number>();
      let bytes = 0;
      for (const [hash, size] of new Map([
        ...recent,
        ...before.filter(([hash]) => !recent.some(([used]) => used === hash)),
      ])) {
        bytes += size;
        if (bytes <= budget) kept.set(hash, size);
        else await this.#delete(keyOf("sha256", hash));
      }
      await this.#put(ORDER, JSON.stringify([...kept]));
      return new Set(kept.keys());
    };
    return await (globalThis.navigator.locks?.request(ORDER, update) ?? update());
  }

  async #order(): Promise<[string, number][]> {
    try {
      return JSON.parse(new TextDecoder().decode(await this.#get(ORDER)));
    } catch {
      return [];
    }
  }

  /** The manifest that was last loaded from this address. */
  manifest(url: URL): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#get(keyOf("manifest", url.href));
  }

  /** Keeps a manifest, and throws away the files of the one before it that are not in it. */
  async keepManifest(url: URL, bytes: Uint8Array<ArrayBuffer>, dropped: readonly string[]): Promise<void> {
    for (const hash of dropped) await this.#delete(keyOf("sha256", hash));
    await this.#put(keyOf("manifest", url.href), bytes);
  }

  async #get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const response = await this.#cache?.match(key).catch(() => undefined);
    return response && new Uint8Array(await response.arrayBuffer());
  }

  async #put(key: string, bytes: BodyInit): Promise<void> {
    // A full disk is no reason to fail: the bytes are in memory.
    await this.#cache?.put(key, new Response(bytes)).catch(() => undefined);
  }

  async #delete(key: string): Promise<void> {
    await this.#cache?.delete(key).catch(() => undefined);
  }
}
