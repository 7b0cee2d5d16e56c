// From a manifest's address to the bytes of the files that it names.
import type { ModelBytes, Notice } from "../types/index.js";
import { ModelCache, sha256 } from "./cache.js";
import { TidyrankError, toError } from "./errors.js";
import { bytesAt, type FetchContext, resolve } from "./fetch.js";

type Bytes = Uint8Array<ArrayBuffer>;

interface ManifestFile {
  role: string;
  path: string;
  sha256: string;
  size?: number;
}

/** What to load and whom to tell. */
export interface FileOptions extends FetchContext {
  clients: boolean;
  cache: boolean;
  warn: (warning: Notice) => void;
  /** Told how long the catalog is as soon as that is known; nothing where it was cut into tiles. */
  announce: (catalogBytes: number | undefined) => void;
}

/** Loads the manifest and, at the same time, the files that serving needs. */
export async function loadFiles(source: string | URL, options: FileOptions): Promise<ModelBytes> {
  const url = resolve(source);
  const cache = await ModelCache.open(options.cache && url.protocol !== "file:");
  const kept = cache.manifest(url);
  // What was needed the last time is looked up while the manifest is on its way.
  const early = kept.then(
    (before) => new Map(before && hashesOf(before).map((hash) => [hash, cache.file(hash)] as const)),
  );
  const manifest = await loadManifest(url, kept, cache, options);
  const wanted = filesOf(manifest).filter((file) => isWanted(file.role, options.clients));
  options.announce(wanted.find((file) => file.role === "catalog")?.size);
  const found = await early;
  const loaded = await Promise.all(wanted.map((file) => loadFile(file, url, found.get(file.sha256), cache, options)));
  const files: Record<string, Uint8Array> = {};
  for (const [at, file] of wanted.entries()) {
    const bytes = loaded[at];
    if (bytes) files[file.role] = bytes;
  }
  return { manifest, files };
}

/** Without the catalog, or the index of its tiles, there is nobody to rank. */
function isNeeded(role: string): boolean {
  return role === "catalog" || role === "tiles";
}

/** What a page can do without, but not do as well. The fp32 model is for training and evaluation: no page needs it. */
const USEFUL = ["model.q8", "conformal", "foldin", "bids"];

function isWanted(role: string, clients: boolean): boolean {
  return isNeeded(role) || USEFUL.includes(role) || (clients && role === "clients");
}

async function loadManifest(url: URL, kept: Promise<Bytes | undefined>, cache: ModelCache, options: FileOptions) {
  try {
    const manifest = await bytesAt(url, options);
    const before = await kept;
    const hashes = new Set(filesOf(manifest).map((file) => file.sha256));
    const dropped = before ? hashesOf(before).filter((hash) => !hashes.has(hash)) : [];
    void cache.keepManifest(url, manifest, dropped);
    return manifest;
  } catch (thrown) {
    const offline = thrown instanceof TidyrankError && thrown.code === "load.network";
    const before = await kept;
    if (!offline || !before) throw thrown;
    options.warn({ code: "load.network", text: "no network: the model that was loaded last is used" });
    return before;
  }
}

/** Without a model the engine ranks by rules and says so. */
async function loadFile(
  file: ManifestFile,
  base: URL,
  early: Promise<Bytes | undefined> | undefined,
  cache: ModelCache,
  options: FileOptions,
) {
  try {
    const url = within(base, file.path);
    return (await (early ?? cache.file(file.sha256))) ?? (await fetchFile(url, file, cache, options));
  } catch (thrown) {
    const error = toError(thrown, "load.network");
    if (isNeeded(file.role) || error.code === "load.aborted") throw error;
    options.warn({ code: error.code, text: `${file.role}: ${error.message}` });
    return undefined;
  }
}

async function fetchFile(url: URL, file: ManifestFile, cache: ModelCache, options: FileOptions) {
  let bytes = await bytesAt(url, options);
  let hash = await sha256(bytes);
  if (hash !== undefined && hash !== file.sha256 && url.protocol !== "file:") {
    // An HTTP cache may hold the file of an earlier release under the same name.
    bytes = await bytesAt(url, options, true);
    hash = await sha256(bytes);
  }
  // A wrong file still goes to the engine, which says what is wrong with it; it is just never kept.
  if (hash === file.sha256) void cache.keepFile(file.sha256, bytes);
  return bytes;
}

/** A file's address; a manifest may only name what lies beside it or below. */
export function within(manifest: URL, path: string): URL {
  const folder = new URL(".", manifest);
  const url = new URL(path, folder);
  if (url.origin === folder.origin && url.pathname.startsWith(folder.pathname)) return url;
  throw new TidyrankError("artifact.manifest", `the manifest names a file outside its folder: ${path}`);
}

function filesOf(manifest: Uint8Array): ManifestFile[] {
  let parsed: { files?: unknown };
  try {
    parsed = JSON.parse(new TextDecoder().decode(manifest));
  } catch (cause) {
    throw new TidyrankError("artifact.manifest", "the manifest is no JSON", { cause });
  }
  const files = parsed?.files;
  if (Array.isArray(files) && files.every(isManifestFile)) return files;
  throw new TidyrankError("artifact.manifest", "the manifest has no list of files with role, path and sha256");
}

function hashesOf(manifest: Uint8Array): string[] {
  try {
    return filesOf(manifest).map((file) => file.sha256);
  } catch {
    return [];
  }
}

function isManifestFile(value: unknown): value is ManifestFile {
  if (typeof value !== "object" || value === null) return false;
  const file = value as Record<string, unknown>;
  return [file.role, file.path, file.sha256].every((field) => typeof field === "string");
}
