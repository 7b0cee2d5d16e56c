// The few things that differ in Node. Nothing is imported: bundlers for the browser see no Node module here.

interface FileSystem {
  readFile(path: string | URL, options?: { signal?: AbortSignal }): Promise<Uint8Array>;
}
interface Addresses {
  pathToFileURL(path: string): { href: string };
}
interface NodeProcess {
  versions?: { node?: string };
  getBuiltinModule?(name: "node:fs/promises"): FileSystem;
  getBuiltinModule?(name: "node:url"): Addresses;
}

const TOO_OLD = "files can only be read in Node 20.16 or later";

function nodeProcess(): NodeProcess | undefined {
  return (globalThis as { process?: NodeProcess }).process;
}

/** Whether this is Node: a browser with somebody's imitation of `process` is not. */
export function isNode(): boolean {
  return (
    typeof nodeProcess()?.versions?.node === "string" && !("document" in globalThis) && !("importScripts" in globalThis)
  );
}

/** The address of a file by its path, relative to the working directory; only in Node. */
export function fileUrl(path: string): URL {
  const addresses = nodeProcess()?.getBuiltinModule?.("node:url");
  if (!addresses) throw new Error(TOO_OLD);
  return new URL(addresses.pathToFileURL(path).href);
}

/** Reads a file; only in Node. */
export async function readFile(path: string | URL, signal?: AbortSignal): Promise<Uint8Array> {
  const files = nodeProcess()?.getBuiltinModule?.("node:fs/promises");
  if (!files) throw new Error(TOO_OLD);
  return await files.readFile(path, signal ? { signal } : {});
}
